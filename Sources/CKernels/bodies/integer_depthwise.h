// Convolution of bytes with one channel a group over channels-last data: vectors of channels, summed over the window in registers.

typedef int16_t APUS_NAME(shorts) __attribute__((vector_size(VF * 2)));

/// The first `count` (at most VF) 16-bit integers.
APUS_INLINE vi vi_load_shorts(const int16_t *p, size_t count) {
#if APUS_VECTOR_BYTES == 64
    const APUS_NAME(shorts) shorts = (APUS_NAME(shorts))_mm256_maskz_loadu_epi16((__mmask16)((1u << count) - 1), p);
#else
    APUS_NAME(shorts) shorts = {};
    if (count == VF) {
        memcpy(&shorts, p, sizeof shorts);
    } else {
        for (size_t i = 0; i < count; i++) shorts[i] = p[i];
    }
#endif
    return __builtin_convertvector(shorts, vi);
}

/// `vectors` (constant) vectors of channels, `some` in the last, of one output; x stands at the input element of tap 0.
APUS_INLINE void integer_depthwise_channels(vi *sums, size_t vectors, size_t some, const uint8_t *x, const int16_t *w,
                                            const met_window *window, bool is_signed, vi zero, const apus_convolution *s) {
    const size_t channels = s->groups;
    for (size_t i = window->low[0]; i < window->high[0]; i++) {
        for (size_t j = window->low[1]; j < window->high[1]; j++) {
            const size_t row = (i * s->dilation[0] * s->input[1] + j * s->dilation[1]) * s->input[2];
            const size_t line = (i * s->kernel[1] + j) * s->kernel[2];
            for (size_t k = window->low[2]; k < window->high[2]; k++) {
                const uint8_t *from = x + (row + k * s->dilation[2]) * channels;
                const int16_t *tap = w + (line + k) * channels;
#pragma clang loop unroll(full)
                for (size_t v = 0; v < vectors; v++) {
                    const size_t count = vectors == 1 ? some : VF;
                    sums[v] += (vi_load_bytes(from + v * VF, count, is_signed) - zero) * vi_load_shorts(tap + v * VF, count);
                }
            }
        }
    }
}

static void integer_depthwise_rows(void *y, const apus_integer_left *x, const int16_t *packed, const apus_convolution *s,
                                   const apus_integer_end *end, size_t first_row, size_t end_row) {
    const size_t channels = s->groups;
    const vi zero = vi_set(x->zero);
    for (size_t row = first_row; row < end_row; row++) {
        const size_t h = row % s->output[1], d = row / s->output[1] % s->output[0], image = row / s->output[1] / s->output[0];
        met_window window;
        MOVE_WINDOW(&window, 0, d, s);
        MOVE_WINDOW(&window, 1, h, s);
        for (size_t w = 0; w < s->output[2]; w++) {
            MOVE_WINDOW(&window, 2, w, s);
            const ptrdiff_t at = window_place(&window, image, s->input);
            const size_t pixel = row * s->output[2] + w;
            for (size_t c = 0; c < channels;) {
                const uint8_t *from = x->data + at * (ptrdiff_t)channels + (ptrdiff_t)c;
                const size_t left = channels - c, count = left >= 4 * VF ? 4 * VF : smaller(VF, left);
                vi sums[4] = {};
                if (count == 4 * VF) {
                    integer_depthwise_channels(sums, 4, VF, from, packed + c, &window, x->is_signed, zero, s);
                } else if (count == VF) {
                    integer_depthwise_channels(sums, 1, VF, from, packed + c, &window, x->is_signed, zero, s);
                } else {
                    integer_depthwise_channels(sums, 1, count, from, packed + c, &window, x->is_signed, zero, s);
                }
                for (size_t v = 0; v * VF < count; v++) {
                    const size_t here = c + v * VF, some = smaller(VF, count - v * VF);
                    const vi sum = sums[v] + vi_load_first(end->offsets + here, some);
                    integer_end_vector(y, pixel * channels + here, sum, pixel, here, some, here, end);
                }
                c += count;
            }
        }
    }
}
