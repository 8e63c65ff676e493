// Convolution of bytes over channels-last data as a product: rows are output pixels, steps are (tap, input channel), columns are output
// channels. Where every pixel meets itself alone the rows are the data as it lies; elsewhere what a pixel meets is copied, unless
// integer_lines.h reads it in place.

/// Bytes of a pixel's channels in copies: whole fours.
APUS_INLINE size_t integer_pixel(const apus_convolution *s) { return saturating_multiply(divide_up(s->channels_in, 4), 4); }
APUS_INLINE size_t integer_steps(const apus_convolution *s) { return saturating_multiply(tap_count(s), integer_pixel(s)); }
APUS_INLINE size_t integer_pixels(const apus_convolution *s) { return saturating_multiply(s->batch, output_count(s)); }

static size_t integer_convolution_rows(const apus_convolution *s) {
    return integer_block_rows(integer_pixels(s), integer_stride(integer_steps(s)));
}

/// Two copies that may overlap, for counts up to twice the type's size.
#define COPY_ENDS(type)                                     \
    if (count >= sizeof(type)) {                            \
        type head, tail;                                    \
        memcpy(&head, from, sizeof head);                   \
        memcpy(&tail, from + count - sizeof tail, sizeof tail); \
        memcpy(to, &head, sizeof head);                     \
        memcpy(to + count - sizeof tail, &tail, sizeof tail); \
        return;                                             \
    }

/// For the short runs that windows meet.
APUS_INLINE void copy_bytes(uint8_t *to, const uint8_t *from, size_t count) {
    typedef uint8_t whole __attribute__((vector_size(32)));
    typedef uint8_t half __attribute__((vector_size(16)));
    if (count > 2 * sizeof(whole)) {
        for (size_t i = 0; i + sizeof(whole) <= count; i += sizeof(whole)) memcpy(to + i, from + i, sizeof(whole));
        memcpy(to + count - sizeof(whole), from + count - sizeof(whole), sizeof(whole));
        return;
    }
    COPY_ENDS(whole)
    COPY_ENDS(half)
    COPY_ENDS(uint64_t)
    COPY_ENDS(uint32_t)
    for (size_t i = 0; i < count; i++) to[i] = from[i];
}

/// What fills a pixel up to whole fours: 0 once it is made unsigned.
APUS_INLINE uint8_t integer_nothing(const apus_integer_left *x) { return x->is_signed ? 0x80 : 0; }

/// `count` pixels outside the data.
APUS_INLINE void integer_fill_outside(uint8_t *to, const apus_integer_left *x, size_t count, const apus_convolution *s) {
    const size_t room = integer_pixel(s);
    memset(to, (uint8_t)x->zero, count * room);
    if (room == s->channels_in) return;
    for (size_t i = 0; i < count; i++) memset(to + i * room + s->channels_in, integer_nothing(x), room - s->channels_in);
}

/// What one line of the window meets from column `column` on: kernel[2] pixels of one group's channels.
APUS_INLINE void integer_fill_line(uint8_t *to, const uint8_t *row, ptrdiff_t column, const apus_integer_left *x, const apus_convolution *s) {
    const size_t channels = s->channels_in, pixel = s->groups * channels, room = integer_pixel(s), width = s->input[2];
    if (s->dilation[2] == 1 && s->groups == 1 && room == channels) {
        size_t low = 0, high = s->kernel[2];
        if (column < 0 || column + (ptrdiff_t)high > (ptrdiff_t)width) {
            inside_range(&low, &high, column, s->kernel[2], 1, width);
            memset(to, (uint8_t)x->zero, s->kernel[2] * channels);
        }
        if (high > low) copy_bytes(to + low * channels, row + (column + (ptrdiff_t)low) * (ptrdiff_t)channels, (high - low) * channels);
        return;
    }
    for (size_t tap = 0; tap < s->kernel[2]; tap++, to += room, column += (ptrdiff_t)s->dilation[2]) {
        if (column < 0 || column >= (ptrdiff_t)width) {
            memset(to, (uint8_t)x->zero, channels);
        } else {
            copy_bytes(to, row + column * (ptrdiff_t)pixel, channels);
        }
        if (room > channels) memset(to + channels, integer_nothing(x), room - channels);
    }
}

/// What the window meets for `count` pixels of output from `first` on, of one group.
static void integer_fill(uint8_t *to, size_t stride, const apus_integer_left *x, size_t group, size_t first, size_t count,
                         const apus_convolution *s) {
    const size_t line = s->kernel[2] * integer_pixel(s), pixel = s->groups * s->channels_in;
    output_pixel out = pixel_at(first, s);
    for (size_t i = 0; i < count; i++, to += stride, advance_pixel(&out, s)) {
        const uint8_t *data = x->data + out.image * input_count(s) * pixel + group * s->channels_in;
        const ptrdiff_t w = (ptrdiff_t)(out.column * s->stride[2]) - s->pad[2];
        uint8_t *at = to;
        for (size_t tap_depth = 0; tap_depth < s->kernel[0]; tap_depth++) {
            for (size_t tap_row = 0; tap_row < s->kernel[1]; tap_row++, at += line) {
                ptrdiff_t d, h;
                bool inside = input_under(&d, out.depth, tap_depth, 0, s);
                inside = input_under(&h, out.row, tap_row, 1, s) && inside;
                if (inside) {
                    integer_fill_line(at, data + (d * (ptrdiff_t)s->input[1] + h) * (ptrdiff_t)(s->input[2] * pixel), w, x, s);
                } else {
                    integer_fill_outside(at, x, s->kernel[2], s);
                }
            }
        }
    }
}

/// Pixels first ..< first + rows, output channels low ..< high of one group.
static void integer_convolution_block(void *y, const apus_integer_left *x, const uint8_t *packed, const apus_convolution *s,
                                      const apus_integer_end *end, uint8_t *scratch, size_t group, size_t first, size_t rows, size_t low,
                                      size_t high) {
    const size_t k = integer_steps(s), stride = integer_stride(k), columns = s->groups * s->channels_out;
    const size_t count = smaller(rows, integer_pixels(s) - first), fours = integer_fours(tap_count(s), s->channels_in);
    integer_block block = {x->data + first * s->channels_in, s->channels_in, count, first, NULL};
    if (x->is_signed || s->channels_in % 4 != 0 || s->groups != 1 || !is_pointwise(s)) {
        uint8_t *room = integer_rows_in(scratch, rows);
        integer_fill(room, stride, x, group, first, count, s);
        if (x->is_signed) integer_flip(room, count * stride);
        block.a = room;
        block.a_stride = stride;
    }
    if (end->right_zeros) {
        integer_sum_rows((int32_t *)scratch, block.a, block.a_stride, count, k);
        block.row_sums = (int32_t *)scratch;
    }
    integer_block_product(y, columns, &block, packed + group * integer_packed_count(tap_count(s), s->channels_in, s->channels_out), fours, low,
                          high, group * s->channels_out, group * round_up(s->channels_out, NR), end);
}
