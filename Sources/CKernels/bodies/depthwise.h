// Convolution of one input channel a group: no product, each channel slides its own few taps.
//
// A channel's rows are copied into scratch with their padding, split by column modulo the stride ("phases"), so that the
// inputs under one tap of neighbouring outputs are neighbours too, at any stride and dilation.

/// Floats of scratch that a band of rows may take.
#define DEPTHWISE_BAND (12 * 1024)

static bool is_depthwise(const apus_convolution *s) {
    return s->channels_in == 1 && s->groups > 1 && s->channels_out <= 4 && s->kernel[0] == 1 && s->input[0] == 1 && s->pad[0] == 0 &&
           s->output[0] == 1 && tap_count(s) > 0;
}

/// Floats of one phase of one row: every vector of outputs under the farthest tap stays inside.
APUS_INLINE size_t phase_count(const apus_convolution *s) {
    return round_up(s->output[2], VF) + (s->kernel[2] - 1) * s->dilation[2] / s->stride[2];
}

/// Rows of input that `outputs` rows of output meet.
APUS_INLINE size_t rows_met(size_t outputs, const apus_convolution *s) {
    return (outputs - 1) * s->stride[1] + (s->kernel[1] - 1) * s->dilation[1] + 1;
}

/// Rows of output that are computed from one band.
static size_t band_rows(const apus_convolution *s) {
    const size_t row = phase_count(s) * s->stride[2];
    size_t rows = 1;
    while (rows < s->output[1] && rows_met(rows + 1, s) * row <= DEPTHWISE_BAND) rows++;
    return rows;
}

static size_t depthwise_scratch_count(const apus_convolution *s) {
    if (output_count(s) == 0) return 0;
    // Before the rows stand the taps' offsets, one size_t each.
    return rows_met(band_rows(s), s) * phase_count(s) * s->stride[2] + tap_count(s) * (sizeof(size_t) / sizeof(float)) + 16;
}

/// Copies input row `row` (perhaps outside) into its phases.
static void fill_phases(float *to, const float *plane, ptrdiff_t row, const apus_convolution *s) {
    const size_t phase = phase_count(s), stride = s->stride[2], width = s->input[2];
    zero_floats(to, phase * stride);
    if (row < 0 || row >= (ptrdiff_t)s->input[1]) return;
    const float *from = plane + (size_t)row * width;
    for (size_t r = 0; r < stride; r++) {
        size_t low, high;
        const ptrdiff_t first = (ptrdiff_t)r - s->pad[2];
        inside_range(&low, &high, first, phase, stride, width);
        if (low == high) continue;
        if (stride == 1) {
            copy_floats(to + low, from + (ptrdiff_t)low + first, high - low);
        } else if (stride == 2) {
            for (size_t j = low; j < high; j++) to[r * phase + j] = from[(ptrdiff_t)(j * 2) + first];
        } else {
            for (size_t j = low; j < high; j++) to[r * phase + j] = from[(ptrdiff_t)(j * stride) + first];
        }
    }
}

/// Rows of output from filled rows; `taps` is constant for the usual kernels.
APUS_INLINE void slide_taps(float *y, const float *filled, const float *weights, const size_t *offsets, size_t taps, size_t rows,
                              size_t row_step, size_t width, const tile_end *end) {
    for (size_t row = 0; row < rows; row++, filled += row_step) {
        for (size_t column = 0; column < width; column += VF) {
            vf sum = {};
            for (size_t tap = 0; tap < taps; tap++) sum += weights[tap] * vf_load(filled + offsets[tap] + column);
            const size_t count = smaller(VF, width - column);
            end_vector(y + row * width + column, sum, 0, row * width + column, count, end);
        }
    }
}

static void slide_3x3(float *y, const float *filled, const float *weights, const size_t *offsets, size_t rows, size_t row_step, size_t width,
                      const tile_end *end) {
    slide_taps(y, filled, weights, offsets, 9, rows, row_step, width, end);
}

static void slide_5x5(float *y, const float *filled, const float *weights, const size_t *offsets, size_t rows, size_t row_step, size_t width,
                      const tile_end *end) {
    slide_taps(y, filled, weights, offsets, 25, rows, row_step, width, end);
}

static void slide_any(float *y, const float *filled, const float *weights, const size_t *offsets, size_t taps, size_t rows, size_t row_step,
                      size_t width, const tile_end *end) {
    slide_taps(y, filled, weights, offsets, taps, rows, row_step, width, end);
}

/// One output channel over one band of `rows` rows, at `y`.
static void slide_band(float *y, const float *filled, const float *weights, const size_t *offsets, size_t rows, const apus_convolution *s,
                       const tile_end *end) {
    const size_t taps = tap_count(s), row_step = s->stride[1] * phase_count(s) * s->stride[2], width = s->output[2];
    if (taps == 9) {
        slide_3x3(y, filled, weights, offsets, rows, row_step, width, end);
    } else if (taps == 25) {
        slide_5x5(y, filled, weights, offsets, rows, row_step, width, end);
    } else {
        slide_any(y, filled, weights, offsets, taps, rows, row_step, width, end);
    }
    finish_rows(y, 0, 1, rows * width, end);
}

static void fill_tap_offsets(size_t *offsets, const apus_convolution *s) {
    const size_t phase = phase_count(s), row = phase * s->stride[2];
    for (size_t i = 0; i < s->kernel[1]; i++) {
        for (size_t j = 0; j < s->kernel[2]; j++) {
            const size_t column = j * s->dilation[2];
            *offsets++ = i * s->dilation[1] * row + column % s->stride[2] * phase + column / s->stride[2];
        }
    }
}

static void depthwise(float *y, const float *x, const float *weights, const apus_convolution *s, const apus_epilogue *epilogue,
                      float *scratch) {
    const size_t outputs = output_count(s), inputs = input_count(s), taps = tap_count(s);
    if (outputs == 0) return;
    const size_t band = band_rows(s), row = phase_count(s) * s->stride[2];
    size_t *offsets = (size_t *)(((uintptr_t)scratch + sizeof(size_t) - 1) / sizeof(size_t) * sizeof(size_t));
    float *filled = (float *)(offsets + taps);
    fill_tap_offsets(offsets, s);
    for (size_t plane = 0; plane < s->batch * s->groups; plane++) {
        const size_t group = plane % s->groups;
        for (size_t first = 0; first < s->output[1]; first += band) {
            const size_t rows = smaller(band, s->output[1] - first);
            for (size_t i = 0; i < rows_met(rows, s); i++) {
                fill_phases(filled + i * row, x + plane * inputs, (ptrdiff_t)(first * s->stride[1] + i) - s->pad[1], s);
            }
            for (size_t c = 0; c < s->channels_out; c++) {
                const size_t channel = group * s->channels_out + c, at = (plane * s->channels_out + c) * outputs + first * s->output[2];
                tile_end end = end_at(epilogue, 0, 0, 0, false, true);
                if (end.row_bias) end.row_bias += channel;
                if (end.residual) end.residual += at;
                slide_band(y + at, filled, weights + channel * taps, offsets, rows, s, &end);
            }
        }
    }
}
