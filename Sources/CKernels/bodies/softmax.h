// Softmax of one level, in three walks over each line: maximum, exponentials with their sum, scaling.

/// Writes e^(x − top) into y when y is wanted, and returns the sum.
APUS_INLINE float APUS_NAME(exponentials)(float *y, const float *x, float top, size_t count) {
    const vf offset = vf_set(top);
    vf sum = {};
    size_t i = 0;
    for (; i + VF <= count; i += VF) {
        const vf power = vf_exp(vf_load(x + i) - offset);
        if (y) vf_store(y + i, power);
        sum += power;
    }
    if (i < count) {
        const vf power = vf_fill_rest(vf_exp(vf_load_first(x + i, count - i) - offset), count - i, 0.0f);
        if (y) vf_store_first(y + i, power, count - i);
        sum += power;
    }
    return vf_sum_across(sum);
}

static void APUS_NAME(softmax_rows_f32)(float *y, const float *x, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
        const float sum = APUS_NAME(exponentials)(y, x, APUS_NAME(max_row)(x, columns), columns);
        APUS_NAME(affine_f32)(y, y, columns, 1.0f / sum, 0.0f);
    }
}

static void APUS_NAME(log_softmax_rows_f32)(float *y, const float *x, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
        const float top = APUS_NAME(max_row)(x, columns);
        const float rest = vf_log(vf_set(APUS_NAME(exponentials)(NULL, x, top, columns)))[0];
        // The maximum goes first: it may be large where its difference to x is small.
        for (size_t i = 0; i < columns; i += VF) {
            const size_t n = columns - i < VF ? columns - i : VF;
            vf_store_first(y + i, (vf_load_first(x + i, n) - top) - rest, n);
        }
    }
}

/// The maxima of up to VF neighbouring columns.
APUS_INLINE vf APUS_NAME(column_maxima)(const float *x, size_t rows, size_t columns, size_t n) {
    vf top = vf_set(-INFINITY);
    for (size_t r = 0; r < rows; r++) top = vf_max(top, vf_load_first(x + r * columns, n));
    return top;
}

static void APUS_NAME(softmax_columns_f32)(float *y, const float *x, size_t rows, size_t columns) {
    for (size_t c = 0; c < columns; c += VF) {
        const size_t n = columns - c < VF ? columns - c : VF;
        const vf top = APUS_NAME(column_maxima)(x + c, rows, columns, n);
        vf sum = {};
        for (size_t at = c; at < rows * columns; at += columns) {
            const vf power = vf_exp(vf_load_first(x + at, n) - top);
            vf_store_first(y + at, power, n);
            sum += power;
        }
        const vf scale = 1.0f / sum;
        for (size_t at = c; at < rows * columns; at += columns) vf_store_first(y + at, vf_load_first(y + at, n) * scale, n);
    }
}

static void APUS_NAME(log_softmax_columns_f32)(float *y, const float *x, size_t rows, size_t columns) {
    for (size_t c = 0; c < columns; c += VF) {
        const size_t n = columns - c < VF ? columns - c : VF;
        const vf top = APUS_NAME(column_maxima)(x + c, rows, columns, n);
        vf sum = {};
        for (size_t at = c; at < rows * columns; at += columns) sum += vf_exp(vf_load_first(x + at, n) - top);
        const vf rest = vf_log(sum);
        for (size_t at = c; at < rows * columns; at += columns)
            vf_store_first(y + at, (vf_load_first(x + at, n) - top) - rest, n);
    }
}

static const apus_softmax_kernels APUS_NAME(softmax) = {
    APUS_FIELD(softmax_rows_f32), APUS_FIELD(log_softmax_rows_f32),
    APUS_FIELD(softmax_columns_f32), APUS_FIELD(log_softmax_columns_f32),
};
