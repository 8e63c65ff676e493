// Pooling and scaling over channels-last data: vectors of channels are joined in registers over the whole window.

/// `vectors` (constant) vectors of channels, `some` floats of the last, of one output; x stands at the input element of tap 0.
APUS_INLINE void last_pool_channels(float *y, const float *x, size_t vectors, size_t some, const met_window *window, const apus_pooling *s,
                                    size_t channels, bool largest, float divisor) {
    vf sums[4];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) sums[v] = vf_set(largest ? -__builtin_inff() : 0);
    for (size_t i = window->low[0]; i < window->high[0]; i++) {
        for (size_t j = window->low[1]; j < window->high[1]; j++) {
            const size_t row = (i * s->dilation[0] * s->input[1] + j * s->dilation[1]) * s->input[2];
            for (size_t k = window->low[2]; k < window->high[2]; k++) {
                const float *from = x + (row + k * s->dilation[2]) * channels;
#pragma clang loop unroll(full)
                for (size_t v = 0; v < vectors; v++) {
                    sums[v] = combine(sums[v], some == VF ? vf_load(from + v * VF) : vf_load_first(from + v * VF, some), largest);
                }
            }
        }
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        if (!largest) sums[v] = sums[v] / divisor;
        vf_store_first(y + v * VF, sums[v], some);
    }
}

APUS_INLINE void last_pool_rows(float *y, const float *x, const apus_pooling *s, size_t channels, size_t first_row, size_t end_row,
                                bool largest) {
    for (size_t row = first_row; row < end_row; row++) {
        const size_t h = row % s->output[1], d = row / s->output[1] % s->output[0], image = row / s->output[1] / s->output[0];
        met_window window;
        MOVE_WINDOW(&window, 0, d, s);
        MOVE_WINDOW(&window, 1, h, s);
        for (size_t w = 0; w < s->output[2]; w++) {
            MOVE_WINDOW(&window, 2, w, s);
            const float *from = x + window_place(&window, image, s->input) * (ptrdiff_t)channels;
            float *to = y + (row * s->output[2] + w) * channels;
            const float divisor = largest ? 1 : (float)(counted(d, 0, s) * counted(h, 1, s) * counted(w, 2, s));
            size_t c = 0;
            for (; c + 4 * VF <= channels; c += 4 * VF) last_pool_channels(to + c, from + c, 4, VF, &window, s, channels, largest, divisor);
            for (; c + VF <= channels; c += VF) last_pool_channels(to + c, from + c, 1, VF, &window, s, channels, largest, divisor);
            if (c < channels) last_pool_channels(to + c, from + c, 1, channels - c, &window, s, channels, largest, divisor);
        }
    }
}

static void last_max_pool(float *y, const float *x, const apus_pooling *s, size_t channels, size_t first_row, size_t end_row) {
    last_pool_rows(y, x, s, channels, first_row, end_row, true);
}

static void last_average_pool(float *y, const float *x, const apus_pooling *s, size_t channels, size_t first_row, size_t end_row) {
    last_pool_rows(y, x, s, channels, first_row, end_row, false);
}

static void last_scale_rows(float *y, const float *x, const float *scale, const float *shift, size_t rows, size_t channels,
                            apus_activation activation, float alpha, float beta) {
    const apus_epilogue epilogue = {.activation = activation, .alpha = alpha, .beta = beta};
    const tile_end end = end_at(&epilogue, 0, 0, 0, false, true);
    const bool limits = is_limit(activation);
    const vf low = vf_set(limits ? lower_limit(&end) : -__builtin_inff()), high = vf_set(limits ? upper_limit(&end) : __builtin_inff());
    for (size_t i = 0; i < rows; i++, x += channels, y += channels) {
        size_t c = 0;
        for (; c + VF <= channels; c += VF) {
            vf_store(y + c, vf_clip(vf_load(x + c) * vf_load(scale + c) + vf_load(shift + c), low, high));
        }
        if (c < channels) {
            const size_t some = channels - c;
            const vf v = vf_load_first(x + c, some) * vf_load_first(scale + c, some) + vf_load_first(shift + c, some);
            vf_store_first(y + c, vf_clip(v, low, high), some);
        }
        finish_rows(y, channels, 1, channels, &end);
    }
}
