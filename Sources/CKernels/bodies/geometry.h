// Where the elements of a convolution lie.

APUS_INLINE size_t tap_count(const apus_convolution *s) { return saturating_volume(s->kernel); }
APUS_INLINE size_t input_count(const apus_convolution *s) { return saturating_volume(s->input); }
APUS_INLINE size_t output_count(const apus_convolution *s) { return saturating_volume(s->output); }

/// The input coordinate under `tap` of `output`; true when it lies inside.
APUS_INLINE bool input_under(ptrdiff_t *at, size_t output, size_t tap, size_t axis, const apus_convolution *s) {
    *at = (ptrdiff_t)(output * s->stride[axis] + tap * s->dilation[axis]) - s->pad[axis];
    return *at >= 0 && *at < (ptrdiff_t)s->input[axis];
}

/// Output columns `low ..< high` of a run of `count` whose input column `first + i * stride` lies inside 0 ..< extent.
APUS_INLINE void inside_range(size_t *low, size_t *high, ptrdiff_t first, size_t count, size_t stride, size_t extent) {
    const ptrdiff_t step = (ptrdiff_t)stride;
    ptrdiff_t from = first >= 0 ? 0 : (-first + step - 1) / step;
    ptrdiff_t to = (ptrdiff_t)extent > first ? ((ptrdiff_t)extent - first + step - 1) / step : 0;
    if (to > (ptrdiff_t)count) to = (ptrdiff_t)count;
    if (from > to) from = to;
    *low = (size_t)from;
    *high = (size_t)to;
}

/// What a window meets: along each axis the input of its first tap, which may lie outside, and the taps low ..< high that meet data.
typedef struct met_window {
    ptrdiff_t start[3];
    size_t low[3], high[3];
} met_window;

/// Moves the window along one axis to output `at` of a convolution or pooling.
#define MOVE_WINDOW(window, axis, at, s)                                                                            \
    do {                                                                                                            \
        (window)->start[axis] = (ptrdiff_t)((at) * (s)->stride[axis]) - (ptrdiff_t)(s)->pad[axis];                  \
        inside_range(&(window)->low[axis], &(window)->high[axis], (window)->start[axis], (s)->kernel[axis],         \
                     (s)->dilation[axis], (s)->input[axis]);                                                        \
    } while (0)

/// The place of the window's first tap among the pixels of all images.
APUS_INLINE ptrdiff_t window_place(const met_window *window, size_t image, const size_t input[3]) {
    const ptrdiff_t depth = (ptrdiff_t)(image * input[0]) + window->start[0];
    return (depth * (ptrdiff_t)input[1] + window->start[1]) * (ptrdiff_t)input[2] + window->start[2];
}

/// Whether every output meets the input element of its own place.
APUS_INLINE bool is_pointwise(const apus_convolution *s) {
    for (int axis = 0; axis < 3; axis++) {
        if (s->kernel[axis] != 1 || s->stride[axis] != 1 || s->pad[axis] != 0 || s->input[axis] != s->output[axis]) return false;
    }
    return true;
}

/// A pixel of the output.
typedef struct output_pixel {
    size_t image, depth, row, column;
} output_pixel;

/// The pixel with `index` pixels of all images before it.
APUS_INLINE output_pixel pixel_at(size_t index, const apus_convolution *s) {
    const size_t outputs = output_count(s), place = index % outputs, line = place / s->output[2];
    return (output_pixel){index / outputs, line / s->output[1], line % s->output[1], place % s->output[2]};
}

/// The next pixel, without a division.
APUS_INLINE void advance_pixel(output_pixel *p, const apus_convolution *s) {
    if (++p->column < s->output[2]) return;
    p->column = 0;
    if (++p->row < s->output[1]) return;
    p->row = 0;
    if (++p->depth < s->output[0]) return;
    p->depth = 0;
    p->image++;
}

/// Parts that a convolution is cut into at least, where its output channels allow it.
#define WANTED_PARTS 16

/// Output channels of one group in bands of equal length; every band meets the same data again.
typedef struct channel_bands {
    size_t count, channels;
} channel_bands;

/// One band where `parts` parts are enough without; otherwise bands of whole panels of `panel` channels.
static channel_bands bands_of(size_t channels, size_t panel, size_t parts) {
    const size_t panels = divide_up(channels, panel);
    if (parts == 0 || parts >= WANTED_PARTS || panels < 2) return (channel_bands){1, channels};
    const size_t each = divide_up(panels, smaller(panels, divide_up(WANTED_PARTS, parts))) * panel;
    return (channel_bands){divide_up(channels, each), each};
}

/// The channels low ..< high of a band.
APUS_INLINE void band_range(size_t *low, size_t *high, size_t band, channel_bands bands, size_t channels) {
    *low = band * bands.channels;
    *high = smaller(channels, *low + bands.channels);
}
