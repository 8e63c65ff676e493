// Normalisations. Variances are means of squared distances from the mean, in a second pass over the row, which also mends the mean:
// a sum of large numbers is rounded by more than they may differ.

/// Σ (x - mean)² over a row.
static float row_squares(const float *x, size_t count, float mean) {
    vf a = {}, b = {};
    const vf middle = vf_set(mean);
    size_t i = 0;
    for (; i + 2 * VF <= count; i += 2 * VF) {
        const vf v = vf_load(x + i) - middle, w = vf_load(x + i + VF) - middle;
        a += v * v;
        b += w * w;
    }
    float tail = 0;
    if (i + VF <= count) {
        const vf v = vf_load(x + i) - middle;
        a += v * v;
        i += VF;
    }
    for (; i < count; i++) tail += (x[i] - mean) * (x[i] - mean);
    return lanes_sum(a + b) + tail;
}

/// The variance of a row whose mean is about `*mean`, which becomes as exact as its type allows.
static float row_variance(const float *x, size_t count, float *mean) {
    vf squares = {}, sums = {};
    const vf middle = vf_set(*mean);
    size_t i = 0;
    for (; i + VF <= count; i += VF) {
        const vf v = vf_load(x + i) - middle;
        squares += v * v;
        sums += v;
    }
    float square = lanes_sum(squares), sum = lanes_sum(sums);
    for (; i < count; i++) {
        const float v = x[i] - *mean;
        square += v * v;
        sum += v;
    }
    const float rest = sum / (float)count, variance = square / (float)count - rest * rest;
    *mean += rest;
    return variance > 0 ? variance : variance == variance ? 0 : variance;
}

/// y = (x - mean) · inverse · scale + bias, element by element.
static void normalize_row(float *y, const float *x, const float *scale, const float *bias, size_t count, float mean, float inverse) {
    const vf middle = vf_set(mean);
    for (size_t i = 0; i < count; i += VF) {
        const size_t some = smaller(VF, count - i);
        vf v = (vf_load_first(x + i, some) - middle) * inverse * vf_load_first(scale + i, some);
        if (bias) v += vf_load_first(bias + i, some);
        vf_store_first(y + i, v, some);
    }
}

static void layer_norm(float *y, const float *x, const float *scale, const float *bias, size_t rows, size_t columns, float epsilon,
                       float *means, float *inverses) {
    for (size_t i = 0; i < rows; i++, x += columns, y += columns) {
        float mean = row_sum(x, columns) / (float)columns;
        const float inverse = 1 / sqrtf(row_variance(x, columns, &mean) + epsilon);
        normalize_row(y, x, scale, bias, columns, mean, inverse);
        if (means) means[i] = mean;
        if (inverses) inverses[i] = inverse;
    }
}

static void rms_norm(float *y, const float *x, const float *scale, size_t rows, size_t columns, float epsilon) {
    for (size_t i = 0; i < rows; i++, x += columns, y += columns) {
        normalize_row(y, x, scale, NULL, columns, 0, 1 / sqrtf(row_squares(x, columns, 0) / (float)columns + epsilon));
    }
}

/// y = x · scale + shift over one plane.
static void scale_plane(float *y, const float *x, float scale, float shift, size_t count) {
    const vf shifts = vf_set(shift);
    size_t i = 0;
    for (; i + VF <= count; i += VF) vf_store(y + i, vf_load(x + i) * scale + shifts);
    if (i < count) vf_store_first(y + i, vf_load_first(x + i, count - i) * scale + shifts, count - i);
}

/// y = (x - mean) · factor + bias over one plane: of a large mean, nothing is left over.
static void center_plane(float *y, const float *x, float mean, float factor, float bias, size_t count) {
    const vf middle = vf_set(mean), shift = vf_set(bias);
    for (size_t i = 0; i < count; i += VF) {
        const size_t some = smaller(VF, count - i);
        vf_store_first(y + i, (vf_load_first(x + i, some) - middle) * factor + shift, some);
    }
}

static void group_norm(float *y, const float *x, const float *scale, const float *bias, size_t planes, size_t group, size_t channels,
                       size_t columns, float epsilon) {
    const size_t count = group * columns;
    for (size_t p = 0; p + group <= planes && group > 0; p += group, x += count, y += count) {
        float mean = row_sum(x, count) / (float)count;
        const float inverse = 1 / sqrtf(row_variance(x, count, &mean) + epsilon);
        for (size_t i = 0; i < group; i++) {
            center_plane(y + i * columns, x + i * columns, mean, inverse * scale[(p + i) % channels], bias[(p + i) % channels], columns);
        }
    }
}

static void scale_planes(float *y, const float *x, const float *scale, const float *shift, size_t planes, size_t channels, size_t columns) {
    for (size_t p = 0; p < planes; p++) scale_plane(y + p * columns, x + p * columns, scale[p % channels], shift[p % channels], columns);
}

/// 1 / base^beta; the usual exponents need roots only.
APUS_INLINE vf inverse_power(vf base, float beta) {
    vf result;
    for (int lane = 0; lane < VF; lane++) {
        result[lane] = beta == 0.75f ? 1 / (sqrtf(base[lane]) * sqrtf(sqrtf(base[lane]))) : powf(base[lane], -beta);
    }
    return result;
}

static void channel_norm(float *y, const float *x, size_t channels, size_t columns, size_t window, float alpha, float beta, float bias) {
    const size_t before = (window - 1) / 2, after = window - 1 - before;
    for (size_t c = 0; c < channels; c++) {
        const size_t first = c > before ? c - before : 0, last = c + after < channels ? c + after : channels - 1;
        for (size_t i = 0; i < columns; i += VF) {
            const size_t some = smaller(VF, columns - i);
            vf sum = {};
            for (size_t n = first; n <= last; n++) {
                const vf v = vf_load_first(x + n * columns + i, some);
                sum += v * v;
            }
            const vf base = sum * (alpha / (float)window) + vf_set(bias);
            vf_store_first(y + c * columns + i, vf_load_first(x + c * columns + i, some) * inverse_power(base, beta), some);
        }
    }
}
