// Depthwise convolution over channels-last data: a vector of channels of several neighbouring pixels is summed in registers, and each
// pixel of the input is loaded once for all outputs of a line that meet it.

/// Packed: for each vector of channels its taps, VF floats each, zero beyond the last channel; with several output channels for each
/// input channel, for each tap its output channels.
static size_t last_depthwise_count(const apus_convolution *s) {
    const size_t channels = s->channels_out == 1 ? round_up(s->groups, VF) : saturating_multiply(s->groups, s->channels_out);
    return saturating_multiply(channels, tap_count(s));
}

static void last_pack_depthwise(float *packed, const float *filter, const apus_convolution *s, const apus_filter_strides *strides) {
    const size_t taps = tap_count(s), channels = s->groups * s->channels_out, run = s->channels_out == 1 ? VF : channels;
    for (size_t c = 0; c < channels; c += run) {
        for (size_t tap = 0; tap < taps; tap++, packed += run) {
            const float *from = filter + c * strides->output + tap * strides->tap;
            pack_weights_row(packed, from, strides->output, smaller(run, channels - c), run);
        }
    }
}

/// Most pixels whose sums are held in registers.
#define LAST_PIXELS 8

/// `count` pixels from `column` on, channels c ..< c + some. `pixels`, `taps` (kernel[2]; 0 for any) and `stride` (0 for any) are
/// constant where they are usual, `checked` says that the window may reach outside or that the channels are fewer than a vector.
APUS_INLINE void last_depthwise_tile(float *y, const float *x, const float *packed, size_t pixels, size_t taps, size_t stride, bool checked,
                                     ptrdiff_t column, size_t some, size_t first_tap, size_t end_tap, const apus_convolution *s,
                                     const tile_end *end) {
    const size_t channels = s->groups, width = s->input[2], line = width * channels, kernel = taps ? taps : s->kernel[2];
    const ptrdiff_t dilation = taps ? 1 : (ptrdiff_t)s->dilation[2];
    vf sums[LAST_PIXELS];
#pragma clang loop unroll(full)
    for (size_t p = 0; p < pixels; p++) sums[p] = (vf){};
    for (size_t i = first_tap; i < end_tap; i++) {
        const float *row = x + (ptrdiff_t)(i * s->dilation[1] * line) + column * (ptrdiff_t)channels;
        const float *weights = packed + i * kernel * VF;
        if (taps && stride) {
            vf w[7];
#pragma clang loop unroll(full)
            for (size_t j = 0; j < taps; j++) w[j] = vf_load(weights + j * VF);
#pragma clang loop unroll(full)
            for (size_t at = 0; at < (pixels - 1) * stride + taps; at++) {
                if (checked && (column + (ptrdiff_t)at < 0 || column + (ptrdiff_t)at >= (ptrdiff_t)width)) continue;
                const vf v = checked ? vf_load_first(row + at * channels, some) : vf_load(row + at * channels);
#pragma clang loop unroll(full)
                for (size_t j = 0; j < taps; j++) {
                    if (at >= j && (at - j) % stride == 0 && (at - j) / stride < pixels) sums[(at - j) / stride] += v * w[j];
                }
            }
        } else {
            for (size_t j = 0; j < kernel; j++) {
                const vf w = vf_load(weights + j * VF);
#pragma clang loop unroll(full)
                for (size_t p = 0; p < pixels; p++) {
                    const ptrdiff_t at = (ptrdiff_t)(p * s->stride[2]) + (ptrdiff_t)j * dilation;
                    if (column + at < 0 || column + at >= (ptrdiff_t)width) continue;
                    sums[p] += vf_load_first(row + at * (ptrdiff_t)channels, some) * w;
                }
            }
        }
    }
    const vf bias = end->column_bias ? vf_load_first(end->column_bias, some) : (vf){};
    const bool limits = is_limit(end->activation);
    const vf low = vf_set(limits ? lower_limit(end) : -__builtin_inff()), high = vf_set(limits ? upper_limit(end) : __builtin_inff());
#pragma clang loop unroll(full)
    for (size_t p = 0; p < pixels; p++) {
        vf v = sums[p] + bias;
        if (end->residual) v += vf_load_first(end->residual + p * channels, some);
        v = vf_clip(v, low, high);
        if (!limits && end->activation != APUS_ACTIVATION_NONE) v = activate(v, end->activation, end->alpha, end->beta);
        if (checked) {
            vf_store_first(y + p * channels, v, some);
        } else {
            vf_store(y + p * channels, v);
        }
    }
}

/// All channels of `pixels` pixels of a line of output.
APUS_INLINE void last_depthwise_pixels(float *y, const float *x, const float *packed, size_t pixels, size_t taps, size_t stride,
                                       size_t first, size_t first_tap, size_t end_tap, const apus_convolution *s, const apus_epilogue *epilogue,
                                       const float *residual) {
    const ptrdiff_t column = (ptrdiff_t)(first * s->stride[2]) - s->pad[2];
    const size_t channels = s->groups, all = tap_count(s);
    const bool inside = taps && stride && column >= 0 && column + (ptrdiff_t)((pixels - 1) * stride + taps) <= (ptrdiff_t)s->input[2];
    tile_end end = end_at(epilogue, 0, 0, 0, false, true);
    size_t c = 0;
    if (inside) {
        for (; c + VF <= channels; c += VF) {
            end.column_bias = epilogue->column_bias ? epilogue->column_bias + c : NULL;
            end.residual = residual ? residual + first * channels + c : NULL;
            last_depthwise_tile(y + first * channels + c, x + c, packed + c * all, pixels, taps, stride, false, column, VF, first_tap, end_tap, s,
                                &end);
        }
    }
    for (; c < channels; c += VF) {
        end.column_bias = epilogue->column_bias ? epilogue->column_bias + c : NULL;
        end.residual = residual ? residual + first * channels + c : NULL;
        last_depthwise_tile(y + first * channels + c, x + c, packed + c * all, pixels, taps, stride, true, column, smaller(VF, channels - c),
                            first_tap, end_tap, s, &end);
    }
}

/// One line of output. The last run of pixels begins early enough to be whole, so that some pixels are computed twice.
APUS_INLINE void last_depthwise_line(float *y, const float *x, const float *packed, size_t taps, size_t stride, size_t first_tap,
                                     size_t end_tap, const apus_convolution *s, const apus_epilogue *epilogue, const float *residual) {
    const size_t width = s->output[2];
    if (width >= 8 && width % 7 != 0) {
        for (size_t at = 0; at < width; at += 8) {
            last_depthwise_pixels(y, x, packed, 8, taps, stride, smaller(at, width - 8), first_tap, end_tap, s, epilogue, residual);
        }
    } else if (width >= 7) {
        for (size_t at = 0; at < width; at += 7) {
            last_depthwise_pixels(y, x, packed, 7, taps, stride, smaller(at, width - 7), first_tap, end_tap, s, epilogue, residual);
        }
    } else if (width >= 4) {
        for (size_t at = 0; at < width; at += 4) {
            last_depthwise_pixels(y, x, packed, 4, taps, stride, smaller(at, width - 4), first_tap, end_tap, s, epilogue, residual);
        }
    } else {
        for (size_t at = 0; at < width; at++) {
            last_depthwise_pixels(y, x, packed, 1, taps, stride, at, first_tap, end_tap, s, epilogue, residual);
        }
    }
}

#define LAST_DEPTHWISE_LINE(name, taps, stride)                                                                                       \
    static void name(float *y, const float *x, const float *packed, size_t first_tap, size_t end_tap, const apus_convolution *s,     \
                     const apus_epilogue *epilogue, const float *residual) {                                                         \
        last_depthwise_line(y, x, packed, taps, stride, first_tap, end_tap, s, epilogue, residual);                                   \
    }

LAST_DEPTHWISE_LINE(last_depthwise_3_1, 3, 1)
LAST_DEPTHWISE_LINE(last_depthwise_3_2, 3, 2)
LAST_DEPTHWISE_LINE(last_depthwise_5_1, 5, 1)
LAST_DEPTHWISE_LINE(last_depthwise_5_2, 5, 2)
LAST_DEPTHWISE_LINE(last_depthwise_7_1, 7, 1)
LAST_DEPTHWISE_LINE(last_depthwise_7_2, 7, 2)
LAST_DEPTHWISE_LINE(last_depthwise_any, 0, 0)

/// Several output channels for each input channel, by plain sums; `x` stands at the input row of tap 0.
static void last_depthwise_plain(float *y, const float *x, const float *filter, size_t first_tap, size_t end_tap, const apus_convolution *s,
                                 const apus_epilogue *epilogue, const float *residual) {
    const size_t channels = s->groups, many = s->channels_out, outputs = channels * many, line = s->input[2] * channels;
    for (size_t at = 0; at < s->output[2]; at++, y += outputs) {
        for (size_t c = 0; c < outputs; c++) y[c] = epilogue->column_bias ? epilogue->column_bias[c] : 0;
        for (size_t i = first_tap; i < end_tap; i++) {
            for (size_t j = 0; j < s->kernel[2]; j++) {
                const ptrdiff_t column = (ptrdiff_t)(at * s->stride[2] + j * s->dilation[2]) - s->pad[2];
                if (column < 0 || column >= (ptrdiff_t)s->input[2]) continue;
                const float *from = x + (ptrdiff_t)(i * s->dilation[1] * line) + column * (ptrdiff_t)channels;
                const float *weights = filter + (i * s->kernel[2] + j) * outputs;
                for (size_t c = 0; c < channels; c++) {
                    for (size_t q = 0; q < many; q++) y[c * many + q] += from[c] * weights[c * many + q];
                }
            }
        }
        if (residual) {
            for (size_t c = 0; c < outputs; c++) y[c] += residual[at * outputs + c];
        }
        const tile_end end = end_at(epilogue, 0, 0, 0, false, true);
        if (is_limit(end.activation)) {
            for (size_t c = 0; c < outputs; c++) {
                y[c] = y[c] < lower_limit(&end) ? lower_limit(&end) : y[c];
                y[c] = y[c] > upper_limit(&end) ? upper_limit(&end) : y[c];
            }
        }
        finish_rows(y, outputs, 1, outputs, &end);
    }
}

/// Only convolutions over one or two axes; rows count through the batch.
static void last_depthwise_rows(float *y, const float *x, const float *packed, const apus_convolution *s, const apus_epilogue *epilogue,
                                size_t first_row, size_t end_row) {
    const size_t channels = s->groups, outputs = channels * s->channels_out, line = s->input[2] * channels;
    for (size_t row = first_row; row < end_row; row++) {
        const size_t image = row / s->output[1], at = row % s->output[1];
        const ptrdiff_t top = (ptrdiff_t)(at * s->stride[1]) - s->pad[1];
        size_t first_tap, end_tap;
        inside_range(&first_tap, &end_tap, top, s->kernel[1], s->dilation[1], s->input[1]);
        const float *from = x + ((ptrdiff_t)(image * s->input[1]) + top) * (ptrdiff_t)line;
        float *to = y + row * s->output[2] * outputs;
        const float *residual = epilogue->residual ? epilogue->residual + row * s->output[2] * outputs : NULL;
        const bool dense = s->dilation[2] == 1;
        if (s->channels_out != 1) {
            last_depthwise_plain(to, from, packed, first_tap, end_tap, s, epilogue, residual);
        } else if (dense && s->kernel[2] == 3 && s->stride[2] == 1) {
            last_depthwise_3_1(to, from, packed, first_tap, end_tap, s, epilogue, residual);
        } else if (dense && s->kernel[2] == 3 && s->stride[2] == 2) {
            last_depthwise_3_2(to, from, packed, first_tap, end_tap, s, epilogue, residual);
        } else if (dense && s->kernel[2] == 5 && s->stride[2] == 1) {
            last_depthwise_5_1(to, from, packed, first_tap, end_tap, s, epilogue, residual);
        } else if (dense && s->kernel[2] == 5 && s->stride[2] == 2) {
            last_depthwise_5_2(to, from, packed, first_tap, end_tap, s, epilogue, residual);
        } else if (dense && s->kernel[2] == 7 && s->stride[2] == 1) {
            last_depthwise_7_1(to, from, packed, first_tap, end_tap, s, epilogue, residual);
        } else if (dense && s->kernel[2] == 7 && s->stride[2] == 2) {
            last_depthwise_7_2(to, from, packed, first_tap, end_tap, s, epilogue, residual);
        } else {
            last_depthwise_any(to, from, packed, first_tap, end_tap, s, epilogue, residual);
        }
    }
}
