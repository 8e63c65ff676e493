// Convolution as a product: packed weights [channels_out, channels_in · taps] of each group times columns of the input.

/// Floats of columns that are filled together: they stay in the second-level cache while all weights pass over them.
#define COLUMN_BLOCK (48 * 1024)

/// How many input channels are summed at a time, and how many panels of outputs they are filled for.
typedef struct column_blocking {
    size_t channels, panels;
} column_blocking;

static column_blocking column_blocks(const apus_convolution *s) {
    const size_t taps = tap_count(s), outputs = divide_up(output_count(s), NR);
    size_t channels = K_BLOCK / (taps ? taps : 1);
    if (channels == 0) channels = 1;
    // Slices of equal length: a short last slice costs a whole pass over the result.
    if (s->channels_in) channels = divide_up(s->channels_in, divide_up(s->channels_in, channels));
    size_t panels = COLUMN_BLOCK / saturating_multiply(NR * channels, taps ? taps : 1);
    if (panels == 0) panels = 1;
    return (column_blocking){channels, smaller(panels, outputs ? outputs : 1)};
}

/// Whether every output meets the input element of its own place, so that the input is the right operand as it lies.
static bool is_pointwise(const apus_convolution *s) {
    for (int axis = 0; axis < 3; axis++) {
        if (s->kernel[axis] != 1 || s->stride[axis] != 1 || s->pad[axis] != 0 || s->input[axis] != s->output[axis]) return false;
    }
    return true;
}

/// Rows of a multiple of this many floats fall into few sets of the first-level cache.
#define CONFLICTING_STRIDE 512

/// Whether whole panels are read from the input itself.
static bool reads_in_place(const apus_convolution *s) {
    return is_pointwise(s) && (input_count(s) % CONFLICTING_STRIDE != 0 || s->channels_out <= 2 * MR);
}

static size_t packed_weights_count(const apus_convolution *s) {
    if (is_depthwise(s)) return saturating_multiply(saturating_multiply(s->groups, s->channels_out), tap_count(s));
    return saturating_multiply(s->groups, packed_left_count(s->channels_out, saturating_multiply(s->channels_in, tap_count(s))));
}

static void pack_weights(float *packed, const float *weights, const apus_convolution *s) {
    const size_t k = s->channels_in * tap_count(s);
    if (is_depthwise(s)) {
        memcpy(packed, weights, s->groups * s->channels_out * k * sizeof(float));
        return;
    }
    for (size_t group = 0; group < s->groups; group++, weights += s->channels_out * k) {
        pack_left(packed, weights, k, 1, s->channels_out, k);
        packed += packed_left_count(s->channels_out, k);
    }
}

static size_t convolution_scratch_count(const apus_convolution *s) {
    if (is_depthwise(s)) return depthwise_scratch_count(s);
    const column_blocking blocks = column_blocks(s);
    const size_t panels = reads_in_place(s) ? 1 : blocks.panels;
    return saturating_multiply(saturating_multiply(panels * NR, blocks.channels), tap_count(s));
}

/// One group of one image over output panels `first_panel ..< last_panel` and one slice of channels.
static void convolve_block(float *y, const float *packed, const float *x, size_t first, size_t last, size_t channel, size_t channels,
                           size_t first_row, const apus_convolution *s, const apus_epilogue *epilogue, float *scratch) {
    const size_t taps = tap_count(s), outputs = output_count(s), rows = panel_rows(s->channels_out), k = s->channels_in * taps;
    const bool in_place = reads_in_place(s);
    const float *slice = x + channel * input_count(s);
    for (size_t j = first; j < last; j += NR) {
        if (in_place && outputs - j >= NR) continue;
        float *panel = in_place ? scratch : scratch + (j - first) * channels * taps;
        fill_columns(panel, slice, channels, j, smaller(NR, outputs - j), s);
    }
    for (size_t i = 0; i < s->channels_out; i += rows, packed += rows * k) {
        tile_function *const tile = packed_tiles[smaller(rows, s->channels_out - i) - 1];
        for (size_t j = first; j < last; j += NR) {
            const size_t columns = smaller(NR, outputs - j);
            const bool direct = in_place && columns == NR;
            const float *b = direct ? slice + j : in_place ? scratch : scratch + (j - first) * channels * taps;
            tile_end end = end_at(epilogue, i, j, outputs, channel > 0, channel + channels == s->channels_in);
            if (end.row_bias) end.row_bias += first_row;
            tile(y + i * outputs + j, outputs, packed + channel * taps * rows, rows, b, direct ? outputs : NR, channels * taps, columns,
                 &end);
        }
    }
}

static void convolution(float *y, const float *x, const float *packed, const apus_convolution *s, const apus_epilogue *epilogue,
                        float *scratch) {
    if (is_depthwise(s)) {
        depthwise(y, x, packed, s, epilogue, scratch);
        return;
    }
    const size_t outputs = output_count(s), inputs = input_count(s), k = s->channels_in * tap_count(s);
    const column_blocking blocks = column_blocks(s);
    const size_t group_weights = packed_left_count(s->channels_out, k);
    apus_epilogue local = *epilogue;
    for (size_t image = 0; image < s->batch; image++) {
        for (size_t group = 0; group < s->groups; group++) {
            const size_t plane = (image * s->groups + group) * s->channels_out * outputs;
            local.residual = epilogue->residual ? epilogue->residual + plane : NULL;
            for (size_t first = 0; first < outputs; first += blocks.panels * NR) {
                const size_t last = smaller(outputs, first + blocks.panels * NR);
                size_t channel = 0;
                do {
                    const size_t channels = smaller(blocks.channels, s->channels_in - channel);
                    convolve_block(y + plane, packed + group * group_weights, x + (image * s->groups + group) * s->channels_in * inputs,
                                   first, last, channel, channels, group * s->channels_out, s, &local, scratch);
                    channel += channels;
                } while (channel < s->channels_in);
            }
        }
    }
}
