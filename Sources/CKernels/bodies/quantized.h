// Functions of bytes with scales and zero points, of one level.

static void APUS_NAME(quantize_f32)(uint8_t *y, const float *x, size_t count, float scale, float lowest, float highest, int32_t zero) {
    const vf low = vf_set(lowest), high = vf_set(highest), divisor = vf_set(scale);
    const vi shift = vi_set(zero);
    size_t i = 0;
    for (; i + VF <= count; i += VF) vb_store(y + i, vi_rounded(vf_load(x + i) / divisor, low, high, shift));
    if (i < count) vb_store_first(y + i, vi_rounded(vf_load_first(x + i, count - i) / divisor, low, high, shift), count - i);
}

APUS_INLINE void dequantize(float *y, const uint8_t *x, size_t count, float scale, int32_t zero, bool is_signed) {
    size_t i = 0;
    for (; i + VF <= count; i += VF) vf_store(y + i, __builtin_convertvector(vi_load_bytes(x + i, VF, is_signed) - zero, vf) * scale);
    if (i < count) vf_store_first(y + i, __builtin_convertvector(vi_load_bytes(x + i, count - i, is_signed) - zero, vf) * scale, count - i);
}

static void APUS_NAME(dequantize_f32)(float *y, const uint8_t *x, size_t count, float scale, int32_t zero, bool is_signed) {
    if (is_signed) {
        dequantize(y, x, count, scale, zero, true);
    } else {
        dequantize(y, x, count, scale, zero, false);
    }
}

static void APUS_NAME(range_f32)(float *low, float *high, const float *x, size_t count) {
    vf least[2] = {}, most[2] = {};
    size_t i = 0;
    for (; i + 2 * VF <= count; i += 2 * VF) {
        for (size_t u = 0; u < 2; u++) {
            const vf v = vf_load(x + i + u * VF);
            least[u] = vf_select(v < least[u], v, least[u]);
            most[u] = vf_select(v > most[u], v, most[u]);
        }
    }
    for (; i < count; i += VF) {
        const vf v = vf_load_first(x + i, smaller(VF, count - i));
        least[0] = vf_select(v < least[0], v, least[0]);
        most[0] = vf_select(v > most[0], v, most[0]);
    }
    *low = *high = 0;
    for (size_t u = 0; u < 2; u++) {
        for (size_t j = 0; j < VF; j++) {
            if (least[u][j] < *low) *low = least[u][j];
            if (most[u][j] > *high) *high = most[u][j];
        }
    }
}

APUS_INLINE vi quantized_sum(vi a, vi b, const apus_quantized_pair *p) {
    const vf sum = __builtin_convertvector(a - p->a_zero, vf) * p->a_factor + __builtin_convertvector(b - p->b_zero, vf) * p->b_factor;
    return vi_rounded(sum, vf_set(p->lowest), vf_set(p->highest), vi_set(p->zero));
}

APUS_INLINE vi quantized_product(vi a, vi b, const apus_quantized_pair *p) {
    const vf product = __builtin_convertvector((a - p->a_zero) * (b - p->b_zero), vf) * p->a_factor;
    return vi_rounded(product, vf_set(p->lowest), vf_set(p->highest), vi_set(p->zero));
}

/// `combine` is constant.
APUS_INLINE void quantized_loop(uint8_t *y, const uint8_t *a, const uint8_t *b, size_t count, const apus_quantized_pair *pair, bool is_signed,
                                vi (*combine)(vi, vi, const apus_quantized_pair *)) {
    const apus_quantized_pair p = *pair;
    const vi one_a = vi_set(count ? (is_signed ? (int8_t)a[0] : a[0]) : 0), one_b = vi_set(count ? (is_signed ? (int8_t)b[0] : b[0]) : 0);
    size_t i = 0;
    for (; i + VF <= count; i += VF) {
        const vi left = p.a_step ? vi_load_bytes(a + i, VF, is_signed) : one_a, right = p.b_step ? vi_load_bytes(b + i, VF, is_signed) : one_b;
        vb_store(y + i, combine(left, right, &p));
    }
    if (i == count) return;
    const vi left = p.a_step ? vi_load_bytes(a + i, count - i, is_signed) : one_a;
    const vi right = p.b_step ? vi_load_bytes(b + i, count - i, is_signed) : one_b;
    vb_store_first(y + i, combine(left, right, &p), count - i);
}

#define QUANTIZED_PAIR(name, combine)                                                                                             \
    static void APUS_NAME(name)(uint8_t *y, const uint8_t *a, const uint8_t *b, size_t count, const apus_quantized_pair *pair) { \
        if (pair->is_signed) {                                                                                                    \
            quantized_loop(y, a, b, count, pair, true, combine);                                                                  \
        } else {                                                                                                                  \
            quantized_loop(y, a, b, count, pair, false, combine);                                                                 \
        }                                                                                                                         \
    }

QUANTIZED_PAIR(add, quantized_sum)
QUANTIZED_PAIR(multiply, quantized_product)

typedef uint8_t APUS_NAME(all_bytes) __attribute__((vector_size(APUS_VECTOR_BYTES)));

/// The largest bytes of `count` channels (at most a vector) under one window; x stands at the input element of tap 0. Signed bytes are
/// compared as unsigned ones after a flip of their first bit.
APUS_INLINE void quantized_largest(uint8_t *y, const uint8_t *x, size_t count, const met_window *window, const apus_pooling *s,
                                   size_t channels, uint8_t flip) {
    APUS_NAME(all_bytes) largest = {};
    for (size_t i = window->low[0]; i < window->high[0]; i++) {
        for (size_t j = window->low[1]; j < window->high[1]; j++) {
            const size_t row = (i * s->dilation[0] * s->input[1] + j * s->dilation[1]) * s->input[2];
            for (size_t k = window->low[2]; k < window->high[2]; k++) {
                APUS_NAME(all_bytes) bytes = {};
                memcpy(&bytes, x + (row + k * s->dilation[2]) * channels, count);
                bytes ^= flip;
                largest = __builtin_elementwise_max(largest, bytes);
            }
        }
    }
    largest ^= flip;
    memcpy(y, &largest, count);
}

static void APUS_NAME(max_pool_rows)(uint8_t *y, const uint8_t *x, const apus_pooling *s, size_t channels, size_t first_row,
                                     size_t end_row, bool is_signed) {
    const uint8_t flip = is_signed ? 0x80 : 0;
    for (size_t row = first_row; row < end_row; row++) {
        const size_t h = row % s->output[1], d = row / s->output[1] % s->output[0], image = row / s->output[1] / s->output[0];
        met_window window;
        MOVE_WINDOW(&window, 0, d, s);
        MOVE_WINDOW(&window, 1, h, s);
        for (size_t w = 0; w < s->output[2]; w++) {
            uint8_t *to = y + (row * s->output[2] + w) * channels;
            MOVE_WINDOW(&window, 2, w, s);
            if (window.low[0] >= window.high[0] || window.low[1] >= window.high[1] || window.low[2] >= window.high[2]) {
                memset(to, 0, channels);
                continue;
            }
            const uint8_t *from = x + window_place(&window, image, s->input) * (ptrdiff_t)channels;
            size_t c = 0;
            for (; c + APUS_VECTOR_BYTES <= channels; c += APUS_VECTOR_BYTES) {
                quantized_largest(to + c, from + c, APUS_VECTOR_BYTES, &window, s, channels, flip);
            }
            if (c < channels) quantized_largest(to + c, from + c, channels - c, &window, s, channels, flip);
        }
    }
}

static void APUS_NAME(sum_rows)(int32_t *sums, const uint8_t *x, size_t count, size_t channels, bool is_signed) {
    for (size_t c = 0; c < channels; c += VF) {
        const size_t some = smaller(VF, channels - c);
        vi sum = {};
        const uint8_t *from = x + c;
        for (size_t i = 0; i < count; i++, from += channels) {
            sum += some == VF ? vi_load_bytes(from, VF, is_signed) : vi_load_bytes(from, some, is_signed);
        }
        memcpy(sums + c, &sum, some * sizeof *sums);
    }
}

static const apus_quantized_kernels APUS_NAME(quantized) = {
    APUS_FIELD(quantize_f32), APUS_FIELD(dequantize_f32), APUS_FIELD(range_f32), APUS_FIELD(add), APUS_FIELD(multiply),
    APUS_FIELD(max_pool_rows), APUS_FIELD(sum_rows),
};
