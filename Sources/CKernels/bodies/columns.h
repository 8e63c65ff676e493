// The right operand of a convolution as a product: for a panel of NR output elements, row (channel, tap) holds the input
// element that each output meets under the tap, zero in the padding.

/// A run of a panel's outputs that lie in one row of the output.
typedef struct output_run {
    size_t depth, row, column;
    size_t count, offset;
} output_run;

/// Cuts outputs `first ..< first + count` at row ends; at most `count` runs.
static size_t cut_runs(output_run *runs, size_t first, size_t count, const apus_convolution *s) {
    const size_t width = s->output[2], height = s->output[1];
    size_t line = first / width, column = first % width, made = 0, done = 0;
    while (done < count) {
        const size_t length = smaller(width - column, count - done);
        runs[made++] = (output_run){line / height, line % height, column, length, done};
        done += length;
        column = 0;
        line++;
    }
    return made;
}

APUS_INLINE void zero_floats(float *to, size_t count) {
    for (; count >= VF; count -= VF, to += VF) vf_store(to, (vf){});
    if (count) vf_store_first(to, (vf){}, count);
}

APUS_INLINE void copy_floats(float *to, const float *from, size_t count) {
    for (; count >= VF; count -= VF, to += VF, from += VF) vf_store(to, vf_load(from));
    if (count) vf_store_first(to, vf_load_first(from, count), count);
}

/// Copies one run (at most NR outputs) under one tap for each channel; `to` rows are `to_step` apart, channels of `from` `from_step`.
static void copy_run(float *to, size_t to_step, const float *from, size_t from_step, size_t channels, size_t count, size_t low,
                     size_t high, size_t stride) {
    if (stride == 1 && low == 0 && high == NR) {
        for (size_t c = 0; c < channels; c++, to += to_step, from += from_step) {
            vf_store(to, vf_load(from));
            vf_store(to + VF, vf_load(from + VF));
        }
    } else if (stride == 1 && count <= VF) {
        for (size_t c = 0; c < channels; c++, to += to_step, from += from_step) {
            vf_store_first(to, vf_load_range(from, low, high), count);
        }
    } else if (stride == 1) {
        const size_t second_low = low > VF ? low - VF : 0, second_high = high > VF ? high - VF : 0;
        for (size_t c = 0; c < channels; c++, to += to_step, from += from_step) {
            vf_store(to, vf_load_range(from, low < VF ? low : VF, smaller(high, VF)));
            vf_store_first(to + VF, vf_load_range(from + VF, second_low, second_high), count - VF);
        }
    } else {
        for (size_t c = 0; c < channels; c++, to += to_step, from += from_step) {
            if (low > 0 || high < count) zero_floats(to, count);
            for (size_t i = low; i < high; i++) to[i] = from[i * stride];
        }
    }
}

/// Fills a panel for outputs `first ..< first + count` from `channels` channels of one image at `x`.
static void fill_columns(float *panel, const float *x, size_t channels, size_t first, size_t count, const apus_convolution *s) {
    output_run runs[NR];
    const size_t run_count = cut_runs(runs, first, count, s), taps = tap_count(s), plane = input_count(s);
    if (count < NR) {
        for (size_t i = 0; i < channels * taps; i++) zero_floats(panel + i * NR + count, NR - count);
    }
    for (size_t tap = 0; tap < taps; tap++) {
        const size_t tap_column = tap % s->kernel[2], tap_row = tap / s->kernel[2] % s->kernel[1],
                     tap_depth = tap / s->kernel[2] / s->kernel[1];
        for (const output_run *run = runs; run < runs + run_count; run++) {
            float *to = panel + tap * NR + run->offset;
            ptrdiff_t depth, row, column;
            bool inside = input_under(&depth, run->depth, tap_depth, 0, s);
            inside = input_under(&row, run->row, tap_row, 1, s) && inside;
            input_under(&column, run->column, tap_column, 2, s);
            size_t low = 0, high = 0;
            if (inside) inside_range(&low, &high, column, run->count, s->stride[2], s->input[2]);
            if (low == high) {
                for (size_t c = 0; c < channels; c++) zero_floats(to + c * taps * NR, run->count);
                continue;
            }
            const ptrdiff_t at = (depth * (ptrdiff_t)s->input[1] + row) * (ptrdiff_t)s->input[2] + column;
            copy_run(to, taps * NR, x + at, plane, channels, run->count, low, high, s->stride[2]);
        }
    }
}
