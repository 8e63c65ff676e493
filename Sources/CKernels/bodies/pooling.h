// Pooling over windows: rows of the window are combined vector by vector into one padded row, then its columns.

/// The padded row that holds what the window's rows gave: column c of the input stands at c + pad.
APUS_INLINE size_t pooled_row_count(const apus_pooling *s) {
    const size_t padded = saturating_add(s->input[2], s->pad[2]);
    if (s->output[2] == 0) return padded;
    const size_t starts = saturating_multiply(s->output[2] - 1, s->stride[2]), reach = saturating_multiply(s->kernel[2] - 1, s->dilation[2]);
    const size_t met = saturating_add(saturating_add(starts, reach), 1);
    return met > padded ? met : padded;
}

/// A padded row and, for averages, one count for each output column.
static size_t pooling_scratch_count(const apus_pooling *s) { return saturating_add(pooled_row_count(s), s->output[2]); }

APUS_INLINE vf combine(vf a, vf b, bool largest) { return largest ? vf_select(b > a, b, a) : a + b; }

/// row = combine(row, from), `count` elements.
APUS_INLINE void combine_row(float *row, const float *from, size_t count, bool largest) {
    size_t i = 0;
    for (; i + VF <= count; i += VF) vf_store(row + i, combine(vf_load(row + i), vf_load(from + i), largest));
    if (i < count) {
        vf_store_first(row + i, combine(vf_load_first(row + i, count - i), vf_load_first(from + i, count - i), largest), count - i);
    }
}

/// y[i] = combine(y[i], row[i * stride]).
APUS_INLINE void combine_strided(float *y, const float *row, size_t stride, size_t count, bool largest) {
    for (size_t i = 0; i < count; i++) {
        const float value = row[i * stride];
        if (largest) {
            y[i] = value > y[i] ? value : y[i];
        } else {
            y[i] += value;
        }
    }
}

/// Combines the columns of the padded row into one row of output.
APUS_INLINE void combine_columns(float *y, const float *row, const apus_pooling *s, bool largest) {
    const size_t width = s->output[2];
    for (size_t i = 0; i < width; i++) y[i] = row[i * s->stride[2]];
    for (size_t tap = 1; tap < s->kernel[2]; tap++) {
        const float *from = row + tap * s->dilation[2];
        if (s->stride[2] == 1) {
            combine_row(y, from, width, largest);
        } else if (s->stride[2] == 2) {
            combine_strided(y, from, 2, width, largest);
        } else {
            combine_strided(y, from, s->stride[2], width, largest);
        }
    }
}

/// One row of output: depth `depth`, row `line`.
APUS_INLINE void pool_row(float *y, const float *plane, size_t depth, size_t line, const apus_pooling *s, bool largest, float *row) {
    const float nothing = largest ? -__builtin_inff() : 0;
    const size_t count = pooled_row_count(s);
    for (size_t i = 0; i < count; i++) row[i] = nothing;
    for (size_t i = 0; i < s->kernel[0]; i++) {
        const ptrdiff_t d = (ptrdiff_t)(depth * s->stride[0] + i * s->dilation[0]) - (ptrdiff_t)s->pad[0];
        if (d < 0 || d >= (ptrdiff_t)s->input[0]) continue;
        for (size_t j = 0; j < s->kernel[1]; j++) {
            const ptrdiff_t h = (ptrdiff_t)(line * s->stride[1] + j * s->dilation[1]) - (ptrdiff_t)s->pad[1];
            if (h < 0 || h >= (ptrdiff_t)s->input[1]) continue;
            combine_row(row + s->pad[2], plane + ((size_t)d * s->input[1] + (size_t)h) * s->input[2], s->input[2], largest);
        }
    }
    combine_columns(y, row, s, largest);
}

/// How many elements of a window along one axis an average divides by.
static size_t counted(size_t output, size_t axis, const apus_pooling *s) {
    const size_t start = output * s->stride[axis], low = s->counts_padding ? 0 : s->pad[axis];
    const size_t high = s->pad[axis] + s->input[axis] + (s->counts_padding ? s->pad_end[axis] : 0);
    size_t count = 0;
    for (size_t tap = 0; tap < s->kernel[axis]; tap++) {
        const size_t at = start + tap * s->dilation[axis];
        count += at >= low && at < high;
    }
    return count;
}

static void max_pool(float *y, const float *x, const apus_pooling *s, float *scratch) {
    const size_t plane = s->input[0] * s->input[1] * s->input[2];
    if (s->output[2] == 0) return;
    for (size_t p = 0; p < s->planes; p++, x += plane) {
        for (size_t d = 0; d < s->output[0]; d++) {
            for (size_t h = 0; h < s->output[1]; h++, y += s->output[2]) pool_row(y, x, d, h, s, true, scratch);
        }
    }
}

static void average_pool(float *y, const float *x, const apus_pooling *s, float *scratch) {
    const size_t plane = s->input[0] * s->input[1] * s->input[2];
    if (s->output[2] == 0) return;
    float *counts = scratch + pooled_row_count(s);
    for (size_t i = 0; i < s->output[2]; i++) counts[i] = (float)counted(i, 2, s);
    for (size_t p = 0; p < s->planes; p++, x += plane) {
        for (size_t d = 0; d < s->output[0]; d++) {
            for (size_t h = 0; h < s->output[1]; h++, y += s->output[2]) {
                const float lines = (float)(counted(d, 0, s) * counted(h, 1, s));
                pool_row(y, x, d, h, s, false, scratch);
                for (size_t i = 0; i < s->output[2]; i++) y[i] /= lines * counts[i];
            }
        }
    }
}

APUS_INLINE float lanes_sum(vf v) {
    float sum = 0;
    for (int i = 0; i < VF; i++) sum += v[i];
    return sum;
}

/// Σ x over a row.
static float row_sum(const float *x, size_t count) {
    vf a = {}, b = {};
    size_t i = 0;
    for (; i + 2 * VF <= count; i += 2 * VF) {
        a += vf_load(x + i);
        b += vf_load(x + i + VF);
    }
    for (; i < count; i += VF) a += vf_load_first(x + i, smaller(VF, count - i));
    return lanes_sum(a + b);
}

static void mean_rows(float *y, const float *x, size_t rows, size_t columns) {
    for (size_t i = 0; i < rows; i++, x += columns) y[i] = row_sum(x, columns) / (float)columns;
}

static void max_rows(float *y, const float *x, size_t rows, size_t columns) {
    for (size_t i = 0; i < rows; i++, x += columns) {
        vf best = vf_set(0) - __builtin_inff();
        size_t j = 0;
        for (; j + VF <= columns; j += VF) best = combine(best, vf_load(x + j), true);
        float largest = -__builtin_inff();
        for (int lane = 0; lane < VF; lane++) largest = best[lane] > largest ? best[lane] : largest;
        for (; j < columns; j++) largest = x[j] > largest ? x[j] : largest;
        y[i] = largest;
    }
}
