// Convolution of bytes without copies of what each pixel meets: the window's lines are runs of bytes in the data itself, or in a copy of
// some of its rows with their padding, where the pixels of a row of output lie a constant distance apart.

/// Bytes of rows that are copied together.
#define INTEGER_BAND (192 * 1024)

/// Whether lines of the window are runs of bytes, and rows of output long enough for tiles.
static bool reads_lines(const apus_convolution *s) {
    if (s->groups != 1 || s->kernel[0] != 1 || s->input[0] != 1 || s->pad[0] != 0 || is_pointwise(s)) return false;
    if (s->kernel[2] != 1 && s->dilation[2] != 1) return false;
    return s->output[2] != 0 && integer_rows(s->output[2]) * 4 >= INTEGER_ROWS * 3;
}

/// The columns that a row of output meets, padding included.
APUS_INLINE size_t integer_width(const apus_convolution *s) {
    return saturating_add(saturating_multiply(s->output[2] - 1, s->stride[2]), s->kernel[2]);
}

/// The rows that `outputs` rows of output meet.
APUS_INLINE size_t integer_height(size_t outputs, const apus_convolution *s) {
    const size_t starts = saturating_multiply(outputs - 1, s->stride[1]), reach = saturating_multiply(s->kernel[1] - 1, s->dilation[1]);
    return saturating_add(saturating_add(starts, reach), 1);
}

/// Rows of output that are computed together.
static size_t integer_band_rows(const apus_convolution *s) {
    const size_t row = saturating_multiply(integer_width(s), integer_pixel(s)), least = saturating_multiply(integer_height(1, s), row);
    if (least >= INTEGER_BAND || s->output[1] == 0) return 1;
    const size_t more = (INTEGER_BAND - least) / saturating_multiply(row, s->stride[1] ? s->stride[1] : 1);
    return divide_up(s->output[1], divide_up(s->output[1], smaller(s->output[1], 1 + more)));
}

/// Whether the data themselves serve: nothing is outside, and channels are whole fours.
APUS_INLINE bool integer_needs_no_copy(const apus_integer_left *x, const apus_convolution *s) {
    return !x->is_signed && s->channels_in % 4 == 0 && s->pad[1] == 0 && s->pad[2] == 0 && integer_width(s) <= s->input[2] &&
           integer_height(s->output[1], s) <= s->input[1];
}

static size_t integer_lines_scratch_count(const apus_convolution *s) {
    const size_t sums = round_up(INTEGER_ROWS * sizeof(int32_t), 64);
    const size_t rows = integer_height(integer_band_rows(s), s);
    return saturating_add(sums, saturating_multiply(rows, saturating_multiply(integer_width(s), integer_pixel(s))));
}

/// Copies `count` rows from row `first` of one image on, with padding, as integer_width pixels each.
static void integer_copy_rows(uint8_t *to, const apus_integer_left *x, size_t image, ptrdiff_t first, size_t count, const apus_convolution *s) {
    const size_t width = integer_width(s), room = integer_pixel(s), channels = s->channels_in;
    size_t low, high;
    inside_range(&low, &high, -s->pad[2], width, 1, s->input[2]);
    for (size_t i = 0; i < count; i++, to += width * room) {
        const ptrdiff_t row = first + (ptrdiff_t)i;
        if (row < 0 || row >= (ptrdiff_t)s->input[1] || low >= high) {
            integer_fill_outside(to, x, width, s);
            continue;
        }
        const uint8_t *from =
            x->data + ((image * s->input[1] + (size_t)row) * s->input[2] + (size_t)((ptrdiff_t)low - s->pad[2])) * channels;
        integer_fill_outside(to, x, low, s);
        if (room == channels) {
            memcpy(to + low * room, from, (high - low) * room);
        } else {
            for (size_t j = low; j < high; j++, from += channels) {
                for (size_t c = 0; c < room; c++) to[j * room + c] = c < channels ? from[c] : integer_nothing(x);
            }
        }
        integer_fill_outside(to + high * room, x, width - high, s);
    }
    if (x->is_signed) integer_flip(to - count * width * room, count * width * room);
}

/// Sums what each of `rows` pixels of a tile meets.
static void integer_sum_lines(int32_t *sums, const integer_tile *t, size_t rows) {
    for (size_t i = 0; i < rows; i++) {
        int32_t sum = 0;
        for (size_t l = 0; l < t->lines; l++) {
            const uint8_t *a = t->a + i * t->a_stride + l * t->line_stride;
            for (size_t p = 0; p < t->fours * 4; p++) sum += a[p];
        }
        sums[i] = sum;
    }
}

/// Rows of output first ..< end of one image, output channels low ..< high.
static void integer_lines_band(void *y, const apus_integer_left *x, const uint8_t *packed, const apus_convolution *s,
                               const apus_integer_end *end, uint8_t *scratch, size_t image, size_t first, size_t last, size_t low, size_t high) {
    int32_t *sums = (int32_t *)scratch;
    uint8_t *room = scratch + round_up(INTEGER_ROWS * sizeof(int32_t), 64);
    const size_t pixel = integer_pixel(s), width = s->output[2], rows = integer_rows(width), line = s->kernel[2] * pixel;
    const uint8_t *data = room;
    size_t row_bytes = integer_width(s) * pixel;
    if (integer_needs_no_copy(x, s)) {
        row_bytes = s->input[2] * pixel;
        data = x->data + (image * s->input[1] + first * s->stride[1]) * row_bytes;
    } else {
        integer_copy_rows(room, x, image, (ptrdiff_t)(first * s->stride[1]) - s->pad[1], integer_height(last - first, s), s);
    }
    const size_t fours = integer_fours(tap_count(s), s->channels_in);
    for (size_t j = low; j < high; j += NR) {
        integer_tile tile = {
            .c = y, .c_stride = s->channels_out, .a_stride = s->stride[2] * pixel, .b = packed + j * fours * 4, .lines = s->kernel[1],
            .line_stride = s->dilation[1] * row_bytes, .fours = line / 4, .columns = smaller(NR, high - j), .column = j, .factor = j, .end = end,
        };
        for (size_t row = first; row < last; row++) {
            for (size_t i = 0; i < width; i += rows) {
                const size_t count = smaller(rows, width - i);
                tile.a = data + (row - first) * s->stride[1] * row_bytes + i * s->stride[2] * pixel;
                tile.row = (image * s->output[1] + row) * width + i;
                if (end->right_zeros) {
                    integer_sum_lines(sums, &tile, count);
                    tile.row_sums = sums;
                }
                integer_tiles[count - 1](&tile);
            }
        }
    }
}
