// Convolution over channels-last data as a product: rows are output pixels, steps are (tap, input channel), columns are output
// channels. Where every pixel meets itself alone the rows are the data as it lies; elsewhere the pixels under the window are copied
// row by row, whole runs of channels at a time, into a block of scratch that stays in the second-level cache.

/// Floats of the left operand that are gone over again and again for all output channels.
#define LAST_BLOCK (80 * 1024)
/// Steps of one slice of the left operand, at about.
#define LAST_SLICE 2304

/// How a convolution is cut: `rows` pixels at a time, `lines` lines of the window (one place along all axes but the innermost) at a
/// time, rows of the left operand `stride` apart.
typedef struct last_blocking {
    size_t rows, lines, stride;
    /// Whether the data itself is the left operand.
    bool in_place;
} last_blocking;

APUS_INLINE size_t last_line(const apus_convolution *s) { return saturating_multiply(s->kernel[2], s->channels_in); }
APUS_INLINE size_t last_lines(const apus_convolution *s) { return saturating_multiply(s->kernel[0], s->kernel[1]); }
APUS_INLINE size_t last_steps(const apus_convolution *s) { return saturating_multiply(last_lines(s), last_line(s)); }
APUS_INLINE size_t last_pixels(const apus_convolution *s) { return saturating_multiply(s->batch, output_count(s)); }

/// Rows an odd number of cache lines apart fall into all sets of the first-level cache.
APUS_INLINE size_t last_stride(size_t steps) {
    const size_t lines = divide_up(steps, 16);
    return (lines | 1) * 16;
}

static last_blocking last_blocks(const apus_convolution *s) {
    const size_t line = last_line(s), lines = last_lines(s), pixels = last_pixels(s), pixel = saturating_multiply(s->groups, s->channels_in);
    last_blocking b = {0, lines ? lines : 1, pixel, is_pointwise(s) && pixel % CONFLICTING_STRIDE != 0};
    if (!b.in_place) {
        size_t each = line ? LAST_SLICE / line : 1;
        if (each == 0) each = 1;
        // Slices of equal length: a short one costs a whole pass over the result.
        if (lines) b.lines = divide_up(lines, divide_up(lines, each));
        b.stride = last_stride(saturating_multiply(b.lines, line));
    }
    size_t rows = LAST_BLOCK / (b.stride ? b.stride : 1) / MR * MR;
    if (rows == 0) rows = MR;
    if (pixels) {
        const size_t even = round_up(divide_up(pixels, divide_up(pixels, rows)), MR);
        rows = smaller(rows, even);
    }
    b.rows = rows;
    return b;
}

static size_t last_packed_count(const apus_convolution *s) {
    return saturating_multiply(s->groups, packed_right_count(last_steps(s), s->channels_out));
}

/// The weights of one tap and input channel for `some` output channels, zero beyond them up to `count`.
APUS_INLINE void pack_weights_row(float *packed, const float *filter, size_t output_stride, size_t some, size_t count) {
    if (output_stride == 1) {
        copy_floats(packed, filter, some);
    } else {
        for (size_t o = 0; o < some; o++) packed[o] = filter[o * output_stride];
    }
    for (size_t o = some; o < count; o++) packed[o] = 0;
}

static void last_pack(float *packed, const float *filter, const apus_convolution *s, const apus_filter_strides *strides) {
    const size_t in = s->channels_in, taps = tap_count(s);
    for (size_t group = 0; group < s->groups; group++) {
        for (size_t o = 0; o < s->channels_out; o += NR, packed += taps * in * NR) {
            const float *from = filter + (group * s->channels_out + o) * strides->output;
            const size_t some = smaller(NR, s->channels_out - o);
            for (size_t tap = 0; tap < taps; tap++) {
                for (size_t c = 0; c < in; c++) {
                    pack_weights_row(packed + (tap * in + c) * NR, from + tap * strides->tap + c * strides->input, strides->output, some, NR);
                }
            }
        }
    }
}

static size_t last_scratch_count(const apus_convolution *s) {
    const last_blocking b = last_blocks(s);
    return b.in_place ? 0 : saturating_multiply(b.rows, b.stride);
}

/// Copies what one line of the window meets, kernel[2] pixels of one group's channels, zeros where it lies outside.
APUS_INLINE void last_fill_line(float *to, const float *row, ptrdiff_t column, const apus_convolution *s) {
    const size_t channels = s->channels_in, pixel = s->groups * channels, width = s->input[2];
    if (s->dilation[2] == 1 && s->groups == 1) {
        if (column >= 0 && column + (ptrdiff_t)s->kernel[2] <= (ptrdiff_t)width) {
            copy_floats(to, row + column * (ptrdiff_t)channels, s->kernel[2] * channels);
            return;
        }
        size_t low, high;
        inside_range(&low, &high, column, s->kernel[2], 1, width);
        if (low) zero_floats(to, low * channels);
        if (high > low) copy_floats(to + low * channels, row + (column + (ptrdiff_t)low) * (ptrdiff_t)channels, (high - low) * channels);
        if (high < s->kernel[2]) zero_floats(to + high * channels, (s->kernel[2] - high) * channels);
        return;
    }
    for (size_t tap = 0; tap < s->kernel[2]; tap++, to += channels, column += (ptrdiff_t)s->dilation[2]) {
        if (column < 0 || column >= (ptrdiff_t)width) {
            zero_floats(to, channels);
        } else {
            copy_floats(to, row + column * (ptrdiff_t)pixel, channels);
        }
    }
}

/// Copies what lines first_line ..< first_line + lines of the window meet for `count` pixels from `first` on, of one group.
static void last_fill(float *to, size_t stride, const float *x, size_t group, size_t first, size_t count, size_t first_line, size_t lines,
                      const apus_convolution *s) {
    const size_t line = last_line(s), pixel = s->groups * s->channels_in;
    output_pixel out = pixel_at(first, s);
    const size_t first_depth = first_line / s->kernel[1], first_row = first_line % s->kernel[1];
    for (size_t i = 0; i < count; i++, to += stride, advance_pixel(&out, s)) {
        const float *data = x + out.image * input_count(s) * pixel + group * s->channels_in;
        const ptrdiff_t w = (ptrdiff_t)(out.column * s->stride[2]) - s->pad[2];
        size_t tap_depth = first_depth, tap_row = first_row;
        for (size_t l = 0; l < lines; l++) {
            ptrdiff_t d, h;
            bool inside = input_under(&d, out.depth, tap_depth, 0, s);
            inside = input_under(&h, out.row, tap_row, 1, s) && inside;
            if (inside) {
                last_fill_line(to + l * line, data + (d * (ptrdiff_t)s->input[1] + h) * (ptrdiff_t)(s->input[2] * pixel), w, s);
            } else {
                zero_floats(to + l * line, line);
            }
            if (++tap_row == s->kernel[1]) {
                tap_row = 0;
                tap_depth++;
            }
        }
    }
}

/// Pixels first ..< end, output channels low ..< high (low at a panel) of one group.
static void last_block(float *y, const float *x, const float *packed, size_t group, size_t first, size_t end, size_t low, size_t high,
                       const last_blocking *b, const apus_convolution *s, const apus_epilogue *epilogue, float *scratch) {
    const size_t steps = last_steps(s), line = last_line(s), lines = last_lines(s), columns = s->groups * s->channels_out;
    const size_t count = end - first, rows = panel_rows(count);
    const float *filter = packed + group * packed_right_count(steps, s->channels_out);
    size_t l = 0;
    do {
        const size_t some = smaller(b->lines, lines - l), k = some * line;
        const float *a = scratch;
        if (b->in_place) {
            a = x + first * b->stride + group * s->channels_in;
        } else {
            last_fill(scratch, b->stride, x, group, first, count, l, some, s);
        }
        for (size_t j = low; j < high; j += NR) {
            const float *panel = filter + j * steps + l * line * NR;
            for (size_t i = 0; i < count; i += rows) {
                const size_t column = group * s->channels_out + j;
                tile_end end_of = end_at(epilogue, first + i, column, columns, l > 0, l + some >= lines);
                ask_ahead(&end_of, j + NR < high ? panel + NR * steps : NULL, i / rows, divide_up(count, rows), k);
                direct_tiles[smaller(rows, count - i) - 1](y + (first + i) * columns + column, columns, a + i * b->stride, b->stride, panel, NR,
                                                           k, smaller(NR, high - j), &end_of);
            }
        }
        l += some;
    } while (l < lines);
}

static void last_convolution(float *y, const float *x, const float *packed, const apus_convolution *s, const apus_epilogue *epilogue,
                             float *scratch) {
    const last_blocking b = last_blocks(s);
    const size_t pixels = last_pixels(s);
    for (size_t first = 0; first < pixels; first += b.rows) {
        for (size_t group = 0; group < s->groups; group++) {
            last_block(y, x, packed, group, first, smaller(pixels, first + b.rows), 0, s->channels_out, &b, s, epilogue, scratch);
        }
    }
}

/// Blocks of pixels of each group, which are parts, cut by output channels where they are few; every cut copies the same pixels again.
static size_t last_block_count(const apus_convolution *s, const last_blocking *b) {
    return saturating_multiply(divide_up(last_pixels(s), b->rows), s->groups);
}

static size_t last_part_count(const apus_convolution *s) {
    const last_blocking b = last_blocks(s);
    const size_t blocks = last_block_count(s, &b);
    return saturating_multiply(blocks, bands_of(s->channels_out, NR, blocks).count);
}

static void last_convolution_part(float *y, const float *x, const float *packed, const apus_convolution *s, const apus_epilogue *epilogue,
                                  float *scratch, size_t part) {
    const last_blocking b = last_blocks(s);
    const channel_bands bands = bands_of(s->channels_out, NR, last_block_count(s, &b));
    const size_t block = part / bands.count, first = block / s->groups * b.rows;
    size_t low, high;
    band_range(&low, &high, part % bands.count, bands, s->channels_out);
    last_block(y, x, packed, block % s->groups, first, smaller(last_pixels(s), first + b.rows), low, high, &b, s, epilogue, scratch);
}
