// A convolution of bytes in parts: blocks of pixels, or of rows where lines are read in place, of one group, cut by output channels where
// those blocks are few.

typedef struct integer_grid {
    /// Pixels of a block, or rows of output of one image.
    size_t rows;
    /// Blocks, or blocks of an image times images.
    size_t blocks;
    channel_bands bands;
    bool lines;
} integer_grid;

static integer_grid integer_blocks(const apus_convolution *s) {
    integer_grid grid = {.bands = {1, s->channels_out}, .lines = reads_lines(s)};
    if (grid.lines) {
        grid.rows = integer_band_rows(s);
        grid.blocks = saturating_multiply(s->batch, divide_up(s->output[1], grid.rows));
    } else {
        grid.rows = integer_convolution_rows(s);
        grid.blocks = divide_up(integer_pixels(s), grid.rows);
    }
    return grid;
}

static integer_grid integer_parts(const apus_convolution *s) {
    integer_grid grid = integer_blocks(s);
    grid.bands = bands_of(s->channels_out, NR, saturating_multiply(grid.blocks, s->groups));
    return grid;
}

static size_t integer_convolution_scratch_count(const apus_convolution *s) {
    if (reads_lines(s)) return integer_lines_scratch_count(s);
    return integer_block_scratch(integer_convolution_rows(s), integer_stride(integer_steps(s)));
}

static size_t integer_convolution_part_count(const apus_convolution *s) {
    const integer_grid grid = integer_parts(s);
    return saturating_multiply(saturating_multiply(grid.blocks, s->groups), grid.bands.count);
}

static void integer_part(void *y, const apus_integer_left *x, const uint8_t *packed, const apus_convolution *s, const apus_integer_end *end,
                         uint8_t *scratch, const integer_grid *grid, size_t part) {
    const size_t group = part / grid->bands.count % s->groups, block = part / grid->bands.count / s->groups;
    size_t low, high;
    band_range(&low, &high, part % grid->bands.count, grid->bands, s->channels_out);
    if (!grid->lines) {
        integer_convolution_block(y, x, packed, s, end, scratch, group, block * grid->rows, grid->rows, low, high);
        return;
    }
    const size_t each = divide_up(s->output[1], grid->rows), first = block % each * grid->rows;
    integer_lines_band(y, x, packed, s, end, scratch, block / each, first, smaller(s->output[1], first + grid->rows), low, high);
}

static void integer_convolution_part(void *y, const apus_integer_left *x, const uint8_t *packed, const apus_convolution *s,
                                     const apus_integer_end *end, uint8_t *scratch, size_t part) {
    const integer_grid grid = integer_parts(s);
    integer_part(y, x, packed, s, end, scratch, &grid, part);
}

static void integer_convolution(void *y, const apus_integer_left *x, const uint8_t *packed, const apus_convolution *s,
                                const apus_integer_end *end, uint8_t *scratch) {
    const integer_grid grid = integer_blocks(s);
    for (size_t part = 0; part < grid.blocks * s->groups; part++) integer_part(y, x, packed, s, end, scratch, &grid, part);
}
