// Convolution over channels-last data whose windows are read where they lie: what one line of a window meets is one run of floats, and
// the runs of neighbouring pixels overlap. Only padding makes a copy necessary, and it copies each input row once instead of once for
// each window. For few input channels, where copying windows takes as long as multiplying them.

/// Floats of padded rows that a block of output rows has at about, and that those under one row of windows may have.
#define LINED_BLOCK (32 * 1024)
#define LINED_LIMIT (512 * 1024)

/// How a convolution is cut: `rows` output rows at a time; `pitch` floats from one row of the left operand to the next.
typedef struct lined_blocking {
    size_t rows, pitch;
    /// Whether the data itself is the left operand: no window meets padding.
    bool in_place;
} lined_blocking;

/// Columns of input that the windows of a row of outputs span.
APUS_INLINE size_t lined_span(const apus_convolution *s) {
    return saturating_add(saturating_multiply(s->output[2] - 1, s->stride[2]), s->kernel[2]);
}

/// Rows of input that `rows` rows of output span.
APUS_INLINE size_t lined_height(size_t rows, const apus_convolution *s) {
    const size_t window = saturating_add(saturating_multiply(s->kernel[1] - 1, s->dilation[1]), 1);
    return saturating_add(saturating_multiply(rows - 1, s->stride[1]), window);
}

static bool is_lined(const apus_convolution *s) {
    const bool fits = s->groups == 1 && s->kernel[0] == 1 && s->input[0] == 1 && s->output[0] == 1 && s->pad[0] == 0 && s->dilation[2] == 1;
    if (!fits || is_pointwise(s) || s->channels_in == 0 || output_count(s) == 0 || tap_count(s) == 0) return false;
    // Tiles are of one row of outputs; lower ones leave the multipliers waiting.
    if (s->output[2] < 6) return false;
    if (saturating_multiply(lined_height(1, s), saturating_multiply(lined_span(s), s->channels_in)) > LINED_LIMIT) return false;
    // A panel of weights stays in the second-level cache; runs a page apart would fall into the same sets of the first-level cache.
    return last_steps(s) <= LAST_SLICE && saturating_multiply(s->stride[2], s->channels_in) % CONFLICTING_STRIDE != 0;
}

static lined_blocking lined_blocks(const apus_convolution *s) {
    const size_t span = lined_span(s);
    const bool in_place = s->pad[1] == 0 && s->pad[2] == 0 && span <= s->input[2] && lined_height(s->output[1], s) <= s->input[1];
    const size_t pitch = saturating_multiply(in_place ? s->input[2] : span, s->channels_in);
    const size_t fitting = LINED_BLOCK / (pitch ? pitch : 1), window = lined_height(1, s);
    size_t rows = fitting > window ? (fitting - window) / s->stride[1] + 1 : 1;
    rows = divide_up(s->output[1], divide_up(s->output[1], rows));
    return (lined_blocking){rows, pitch, in_place};
}

static size_t lined_scratch_count(const apus_convolution *s) {
    const lined_blocking b = lined_blocks(s);
    return b.in_place ? 0 : saturating_multiply(lined_height(b.rows, s), b.pitch);
}

/// Copies `count` rows of an image from row `first` on, which may lie outside, with the padding that windows meet.
static void lined_fill(float *to, const float *image, ptrdiff_t first, size_t count, const lined_blocking *b, const apus_convolution *s) {
    const size_t channels = s->channels_in, span = lined_span(s), width = s->input[2];
    size_t low, high;
    inside_range(&low, &high, -s->pad[2], span, 1, width);
    const size_t from = high > low ? (size_t)((ptrdiff_t)low - s->pad[2]) * channels : 0;
    for (size_t i = 0; i < count; i++, to += b->pitch) {
        const ptrdiff_t row = first + (ptrdiff_t)i;
        if (row < 0 || row >= (ptrdiff_t)s->input[1]) {
            zero_floats(to, span * channels);
            continue;
        }
        if (low) zero_floats(to, low * channels);
        copy_floats(to + low * channels, image + (size_t)row * width * channels + from, (high - low) * channels);
        if (high < span) zero_floats(to + high * channels, (span - high) * channels);
    }
}

/// Output rows first ..< end of all images, all of one image; output channels low ..< high (low at a panel).
static void lined_block(float *y, const float *x, const float *packed, size_t image, size_t first, size_t end, size_t low, size_t high,
                        const lined_blocking *b, const apus_convolution *s, const apus_epilogue *epilogue, float *scratch) {
    const size_t steps = last_steps(s), channels = s->channels_out, width = s->output[2], tile = panel_rows(width);
    const size_t tiles = divide_up(width, tile);
    const float *data = x + image * input_count(s) * s->channels_in;
    const ptrdiff_t top = (ptrdiff_t)(first * s->stride[1]) - s->pad[1];
    const float *left = scratch;
    if (b->in_place) {
        left = data + (size_t)top * b->pitch;
    } else {
        lined_fill(scratch, data, top, lined_height(end - first, s), b, s);
    }
    const apus_lines lines = {s->kernel[1], last_line(s), s->dilation[1] * b->pitch};
    for (size_t j = low; j < high; j += NR) {
        for (size_t row = first; row < end; row++) {
            const float *windows = left + (row - first) * s->stride[1] * b->pitch;
            const size_t pixel = (image * s->output[1] + row) * width;
            for (size_t i = 0; i < width; i += tile) {
                tile_end end_of = end_at(epilogue, pixel + i, j, channels, false, true);
                ask_ahead(&end_of, j + NR < high ? packed + (j + NR) * steps : NULL, (row - first) * tiles + i / tile, tiles * (end - first), steps);
                lined_tiles[smaller(tile, width - i) - 1](y + (pixel + i) * channels + j, channels, windows + i * s->stride[2] * s->channels_in,
                                                          s->stride[2] * s->channels_in, &lines, packed + j * steps, smaller(NR, high - j),
                                                          &end_of);
            }
        }
    }
}

/// Blocks of output rows of each image.
APUS_INLINE size_t lined_block_count(const apus_convolution *s, const lined_blocking *b) {
    return saturating_multiply(divide_up(s->output[1], b->rows), s->batch);
}

APUS_INLINE void lined_block_at(float *y, const float *x, const float *packed, size_t block, size_t low, size_t high, const lined_blocking *b,
                                const apus_convolution *s, const apus_epilogue *epilogue, float *scratch) {
    const size_t each = divide_up(s->output[1], b->rows), first = block % each * b->rows;
    lined_block(y, x, packed, block / each, first, smaller(s->output[1], first + b->rows), low, high, b, s, epilogue, scratch);
}

static void lined_convolution(float *y, const float *x, const float *packed, const apus_convolution *s, const apus_epilogue *epilogue,
                              float *scratch) {
    const lined_blocking b = lined_blocks(s);
    const size_t blocks = lined_block_count(s, &b);
    for (size_t block = 0; block < blocks; block++) lined_block_at(y, x, packed, block, 0, s->channels_out, &b, s, epilogue, scratch);
}

static size_t lined_part_count(const apus_convolution *s) {
    const lined_blocking b = lined_blocks(s);
    const size_t blocks = lined_block_count(s, &b);
    return saturating_multiply(blocks, bands_of(s->channels_out, NR, blocks).count);
}

static void lined_convolution_part(float *y, const float *x, const float *packed, const apus_convolution *s, const apus_epilogue *epilogue,
                                   float *scratch, size_t part) {
    const lined_blocking b = lined_blocks(s);
    const channel_bands bands = bands_of(s->channels_out, NR, lined_block_count(s, &b));
    size_t low, high;
    band_range(&low, &high, part % bands.count, bands, s->channels_out);
    lined_block_at(y, x, packed, part / bands.count, low, high, &b, s, epilogue, scratch);
}
