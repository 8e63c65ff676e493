// Transposed convolution: for each output channel, weightsᵀ [taps, channels_in] times the input [channels_in, elements],
// and every product is added to the output element it reaches.

static size_t packed_transposed_count(const apus_convolution *s) {
    return saturating_multiply(saturating_multiply(s->groups, s->channels_out), packed_left_count(tap_count(s), s->channels_in));
}

static void pack_transposed(float *packed, const float *weights, const apus_convolution *s) {
    const size_t taps = tap_count(s), step = packed_left_count(taps, s->channels_in);
    for (size_t group = 0; group < s->groups; group++) {
        for (size_t c = 0; c < s->channels_out; c++, packed += step) {
            const float *from = weights + (group * s->channels_in * s->channels_out + c) * taps;
            pack_left(packed, from, 1, s->channels_out * taps, taps, s->channels_in);
        }
    }
}

/// Outputs of the product that are computed before they are added: panels of NR input elements.
static size_t transposed_scratch_count(const apus_convolution *s) {
    return saturating_multiply(round_up(input_count(s), NR), saturating_add(s->channels_in, tap_count(s)));
}

/// Adds row `tap` of the product (one value for each input element) to one output plane.
static void add_tap(float *y, const float *products, size_t tap, const apus_convolution *s) {
    const size_t tap_column = tap % s->kernel[2], tap_row = tap / s->kernel[2] % s->kernel[1], tap_depth = tap / s->kernel[2] / s->kernel[1];
    const ptrdiff_t first = (ptrdiff_t)(tap_column * s->dilation[2]) - s->pad[2];
    size_t low, high;
    inside_range(&low, &high, first, s->input[2], s->stride[2], s->output[2]);
    for (size_t d = 0; d < s->input[0]; d++) {
        const ptrdiff_t depth = (ptrdiff_t)(d * s->stride[0] + tap_depth * s->dilation[0]) - s->pad[0];
        if (depth < 0 || depth >= (ptrdiff_t)s->output[0]) continue;
        for (size_t r = 0; r < s->input[1]; r++) {
            const ptrdiff_t row = (ptrdiff_t)(r * s->stride[1] + tap_row * s->dilation[1]) - s->pad[1];
            if (row < 0 || row >= (ptrdiff_t)s->output[1]) continue;
            const ptrdiff_t to = (depth * (ptrdiff_t)s->output[1] + row) * (ptrdiff_t)s->output[2] + first;
            const float *from = products + (d * s->input[1] + r) * s->input[2];
            for (size_t i = low; i < high; i++) y[to + (ptrdiff_t)(i * s->stride[2])] += from[i];
        }
    }
}

/// One output plane from the packed input of its group.
static void transpose_plane(float *y, const float *columns, const float *packed, float bias, const apus_convolution *s, float *products) {
    const size_t taps = tap_count(s), inputs = input_count(s), outputs = output_count(s), rows = panel_rows(taps);
    const size_t stride = round_up(inputs, NR);
    const apus_epilogue plain = {0};
    for (size_t i = 0; i < outputs; i++) y[i] = bias;
    for (size_t i = 0; i < taps; i += rows, packed += rows * s->channels_in) {
        for (size_t j = 0; j < inputs; j += NR) {
            const tile_end end = end_at(&plain, 0, 0, 0, false, true);
            packed_tiles[smaller(rows, taps - i) - 1](products + i * stride + j, stride, packed, rows, columns + j * s->channels_in, NR,
                                                      s->channels_in, NR, &end);
        }
    }
    for (size_t tap = 0; tap < taps; tap++) add_tap(y, products + tap * stride, tap, s);
}

static void transposed(float *y, const float *x, const float *packed, const float *bias, const apus_convolution *s, float *scratch) {
    const size_t inputs = input_count(s), outputs = output_count(s);
    const size_t channel_weights = packed_left_count(tap_count(s), s->channels_in);
    float *products = scratch + round_up(inputs, NR) * s->channels_in;
    for (size_t image = 0; image < s->batch; image++) {
        for (size_t group = 0; group < s->groups; group++, x += s->channels_in * inputs) {
            pack_right(scratch, x, inputs, 1, s->channels_in, inputs, 1);
            for (size_t c = 0; c < s->channels_out; c++, y += outputs) {
                const size_t channel = group * s->channels_out + c;
                transpose_plane(y, scratch, packed + channel * channel_weights, bias ? bias[channel] : 0, s, products);
            }
        }
    }
}
