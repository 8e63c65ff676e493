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

/// What is computed in one go: output elements `first ..< last` of output channels `top ..< bottom` of one group of one image.
typedef struct output_block {
    size_t first, last, top, bottom;
} output_block;

/// Adds one slice of channels to a block; `top` is a multiple of the rows of a panel.
static void convolve_slice(float *y, const float *packed, const float *x, output_block block, size_t channel, size_t channels,
                           size_t first_row, const apus_convolution *s, const apus_epilogue *epilogue, float *scratch) {
    const size_t first = block.first, last = block.last;
    const size_t taps = tap_count(s), outputs = output_count(s), rows = panel_rows(s->channels_out), k = s->channels_in * taps;
    const bool in_place = reads_in_place(s);
    const float *slice = x + channel * input_count(s);
    for (size_t j = first; j < last; j += NR) {
        if (in_place && outputs - j >= NR) continue;
        float *panel = in_place ? scratch : scratch + (j - first) * channels * taps;
        fill_columns(panel, slice, channels, j, smaller(NR, outputs - j), s);
    }
    packed += block.top * k;
    for (size_t i = block.top; i < block.bottom; i += rows, packed += rows * k) {
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

/// One block from all its channels; `unit` counts groups of all images.
static void convolve_block(float *y, const float *x, const float *packed, size_t unit, output_block block, column_blocking blocks,
                           const apus_convolution *s, const apus_epilogue *epilogue, float *scratch) {
    const size_t outputs = output_count(s), group = unit % s->groups, plane = unit * s->channels_out * outputs;
    const float *weights = packed + group * packed_left_count(s->channels_out, s->channels_in * tap_count(s));
    apus_epilogue local = *epilogue;
    local.residual = epilogue->residual ? epilogue->residual + plane : NULL;
    size_t channel = 0;
    do {
        const size_t channels = smaller(blocks.channels, s->channels_in - channel);
        convolve_slice(y + plane, weights, x + unit * s->channels_in * input_count(s), block, channel, channels, group * s->channels_out, s,
                       &local, scratch);
        channel += channels;
    } while (channel < s->channels_in);
}

static void convolution(float *y, const float *x, const float *packed, const apus_convolution *s, const apus_epilogue *epilogue,
                        float *scratch) {
    if (is_depthwise(s)) {
        depthwise(y, x, packed, s, epilogue, scratch);
        return;
    }
    const size_t outputs = output_count(s);
    const column_blocking blocks = column_blocks(s);
    for (size_t unit = 0; unit < s->batch * s->groups; unit++) {
        for (size_t first = 0; first < outputs; first += blocks.panels * NR) {
            const output_block block = {first, smaller(outputs, first + blocks.panels * NR), 0, s->channels_out};
            convolve_block(y, x, packed, unit, block, blocks, s, epilogue, scratch);
        }
    }
}

/// How a convolution is cut into parts: blocks of outputs, and bands of channels where those blocks are few. Every band fills the
/// same columns again.
typedef struct part_grid {
    size_t blocks;
    channel_bands bands;
} part_grid;

static part_grid parts_of(const apus_convolution *s, column_blocking blocks) {
    const size_t count = divide_up(output_count(s), blocks.panels * NR);
    const size_t parts = saturating_multiply(saturating_multiply(s->batch, s->groups), count);
    return (part_grid){count, bands_of(s->channels_out, panel_rows(s->channels_out), parts)};
}

static size_t convolution_part_count(const apus_convolution *s) {
    if (is_depthwise(s)) return depthwise_part_count(s);
    const part_grid grid = parts_of(s, column_blocks(s));
    return saturating_multiply(saturating_multiply(s->batch, s->groups), saturating_multiply(grid.blocks, grid.bands.count));
}

static void convolution_part(float *y, const float *x, const float *packed, const apus_convolution *s, const apus_epilogue *epilogue,
                             float *scratch, size_t part) {
    if (is_depthwise(s)) {
        depthwise_part(y, x, packed, s, epilogue, scratch, part);
        return;
    }
    const column_blocking blocks = column_blocks(s);
    const part_grid grid = parts_of(s, blocks);
    const size_t first = part / grid.bands.count % grid.blocks * blocks.panels * NR;
    size_t top, bottom;
    band_range(&top, &bottom, part % grid.bands.count, grid.bands, s->channels_out);
    const output_block block = {first, smaller(output_count(s), first + blocks.panels * NR), top, bottom};
    convolve_block(y, x, packed, part / grid.bands.count / grid.blocks, block, blocks, s, epilogue, scratch);
}
