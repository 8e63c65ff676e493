// Convolution of 3 by 3 at stride 1 over channels-last data by Winograd's F(4×4, 3×3): tiles of 4 by 4 outputs are computed from 36
// products a channel instead of 144.
//
// Tiles of 6 by 6 inputs are transformed into 36 matrices [tiles, channels in], each is multiplied with its matrix of transformed
// weights for a band of output channels, and the inverse transform of the band's products gives the outputs. Interpolation points
// 0, ±1, ±2 and ∞; weights are transformed in double. Errors are about 10⁻⁵ of the largest output.

/// Points of a tile.
#define WINOGRAD_POINTS 36
/// Output channels of a band: their products stay in the second-level cache.
#define WINOGRAD_BAND 64
/// Tiles that are transformed together.
#define WINOGRAD_TILES 28

static bool is_winograd(const apus_convolution *s) {
    const bool fits = s->groups == 1 && s->kernel[0] == 1 && s->kernel[1] == 3 && s->kernel[2] == 3 && s->stride[1] == 1 && s->stride[2] == 1 &&
                      s->dilation[1] == 1 && s->dilation[2] == 1 && s->input[0] == 1 && s->output[0] == 1 && s->pad[0] == 0;
    if (!fits || s->channels_in < 32 || s->channels_out < 32 || s->output[1] < 6 || s->output[2] < 6) return false;
    // Four times the weights are read: worth it where enough outputs share them, or where they stay in a cache.
    const size_t places = saturating_multiply(s->output[1], s->output[2]);
    return places >= 100 || saturating_multiply(s->channels_in, s->channels_out) <= 32 * 1024;
}

APUS_INLINE size_t winograd_rows(const apus_convolution *s) { return divide_up(s->output[1], 4); }
APUS_INLINE size_t winograd_columns(const apus_convolution *s) { return divide_up(s->output[2], 4); }

APUS_INLINE size_t winograd_tiles(const apus_convolution *s) {
    return saturating_multiply(s->batch, saturating_multiply(winograd_rows(s), winograd_columns(s)));
}

/// Tiles of one block: all when they are few, else blocks of one size.
static size_t winograd_block(const apus_convolution *s) {
    const size_t tiles = winograd_tiles(s);
    if (tiles == 0) return 1;
    if (tiles <= 49 && s->channels_in <= 256) return tiles;
    return divide_up(tiles, divide_up(tiles, WINOGRAD_TILES));
}

/// Floats between the matrices of two points.
APUS_INLINE size_t winograd_plane(size_t tiles, size_t columns) {
    return saturating_add(saturating_multiply(tiles, last_stride(columns)), 16);
}

static size_t winograd_packed_count(const apus_convolution *s) {
    return saturating_multiply(WINOGRAD_POINTS, packed_right_count(s->channels_in, s->channels_out));
}

/// G · g · Gᵀ
static void transform_weights(double u[WINOGRAD_POINTS], const double g[9]) {
    double rows[6][3];
    for (int c = 0; c < 3; c++) {
        const double a = g[c], b = g[3 + c], d = g[6 + c];
        rows[0][c] = a / 4;
        rows[1][c] = -(a + b + d) / 6;
        rows[2][c] = -(a - b + d) / 6;
        rows[3][c] = a / 24 + b / 12 + d / 6;
        rows[4][c] = a / 24 - b / 12 + d / 6;
        rows[5][c] = d;
    }
    for (int r = 0; r < 6; r++) {
        const double a = rows[r][0], b = rows[r][1], d = rows[r][2];
        u[6 * r + 0] = a / 4;
        u[6 * r + 1] = -(a + b + d) / 6;
        u[6 * r + 2] = -(a - b + d) / 6;
        u[6 * r + 3] = a / 24 + b / 12 + d / 6;
        u[6 * r + 4] = a / 24 - b / 12 + d / 6;
        u[6 * r + 5] = d;
    }
}

static void winograd_pack(float *packed, const float *filter, const apus_convolution *s) {
    const size_t in = s->channels_in, out = s->channels_out, plane = packed_right_count(in, out);
    memset(packed, 0, WINOGRAD_POINTS * plane * sizeof(float));
    for (size_t c = 0; c < in; c++) {
        for (size_t o = 0; o < out; o++) {
            double g[9], u[WINOGRAD_POINTS];
            for (size_t tap = 0; tap < 9; tap++) g[tap] = filter[(tap * in + c) * out + o];
            transform_weights(u, g);
            float *to = packed + o / NR * NR * in + c * NR + o % NR;
            for (size_t p = 0; p < WINOGRAD_POINTS; p++) to[p * plane] = (float)u[p];
        }
    }
}

static size_t winograd_scratch_count(const apus_convolution *s) {
    const size_t tiles = winograd_block(s);
    return saturating_multiply(WINOGRAD_POINTS, saturating_add(winograd_plane(tiles, s->channels_in), winograd_plane(tiles, WINOGRAD_BAND)));
}

/// Bᵀ · d over six vectors `step` apart.
APUS_INLINE void winograd_forward(vf *d, size_t step) {
    const vf d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    const vf even = d4 - 4.0f * d2, odd = d3 - 4.0f * d1, narrow = d4 - d2, wide = 2.0f * (d3 - d1);
    d[0] = 4.0f * d0 - 5.0f * d2 + d4;
    d[step] = even + odd;
    d[2 * step] = even - odd;
    d[3 * step] = narrow + wide;
    d[4 * step] = narrow - wide;
    d[5 * step] = 4.0f * d1 - 5.0f * d3 + d5;
}

/// Where tile `number` begins.
typedef struct winograd_place {
    size_t image, row, column;
} winograd_place;

APUS_INLINE winograd_place winograd_at(size_t number, const apus_convolution *s) {
    const size_t columns = winograd_columns(s), rows = winograd_rows(s);
    return (winograd_place){number / columns / rows, number / columns % rows * 4, number % columns * 4};
}

/// Transforms the inputs of one tile; point p of channel c goes to v[p * plane + c].
static void winograd_gather(float *v, size_t plane, const float *x, winograd_place place, const apus_convolution *s) {
    const size_t channels = s->channels_in, height = s->input[1], width = s->input[2];
    const ptrdiff_t top = (ptrdiff_t)place.row - s->pad[1], left = (ptrdiff_t)place.column - s->pad[2];
    const float *image = x + place.image * height * width * channels;
    const bool inside = top >= 0 && left >= 0 && top + 6 <= (ptrdiff_t)height && left + 6 <= (ptrdiff_t)width;
    for (size_t c = 0; c < channels; c += VF) {
        const size_t some = smaller(VF, channels - c);
        vf d[WINOGRAD_POINTS];
        for (ptrdiff_t i = 0; i < 6; i++) {
            for (ptrdiff_t j = 0; j < 6; j++) {
                const ptrdiff_t h = top + i, w = left + j;
                const bool there = inside || (h >= 0 && w >= 0 && h < (ptrdiff_t)height && w < (ptrdiff_t)width);
                const float *from = image + (h * (ptrdiff_t)width + w) * (ptrdiff_t)channels + (ptrdiff_t)c;
                d[6 * i + j] = !there ? (vf){} : some == VF ? vf_load(from) : vf_load_first(from, some);
            }
        }
#pragma clang loop unroll(full)
        for (size_t j = 0; j < 6; j++) winograd_forward(d + j, 6);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < 6; i++) winograd_forward(d + 6 * i, 1);
        for (size_t p = 0; p < WINOGRAD_POINTS; p++) {
            if (some == VF) {
                vf_store(v + p * plane + c, d[p]);
            } else {
                vf_store_first(v + p * plane + c, d[p], some);
            }
        }
    }
}

/// Aᵀ · m over six vectors `step` apart: the first four become the result.
APUS_INLINE void winograd_backward(vf *m, size_t step) {
    const vf s1 = m[step] + m[2 * step], s2 = m[step] - m[2 * step], s3 = m[3 * step] + m[4 * step], s4 = m[3 * step] - m[4 * step];
    const vf last = m[5 * step];
    m[0] = m[0] + s1 + s3;
    m[step] = s2 + 2.0f * s4;
    m[2 * step] = s1 + 4.0f * s3;
    m[3 * step] = s2 + 8.0f * s4 + last;
}

/// Ends the outputs of one tile for output channels o ..< o + count of the band that begins at `m`.
static void winograd_scatter(float *y, const float *m, size_t plane, winograd_place place, size_t o, size_t count, const apus_convolution *s,
                             const apus_epilogue *epilogue) {
    const size_t channels = s->channels_out, width = s->output[2];
    const size_t rows = smaller(4, s->output[1] - place.row), columns = smaller(4, width - place.column);
    const size_t first = (place.image * s->output[1] + place.row) * width + place.column;
    for (size_t c = 0; c < count; c += VF) {
        const size_t some = smaller(VF, count - c);
        vf d[WINOGRAD_POINTS];
        for (size_t p = 0; p < WINOGRAD_POINTS; p++) d[p] = vf_load(m + p * plane + c);
#pragma clang loop unroll(full)
        for (size_t j = 0; j < 6; j++) winograd_backward(d + j, 6);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < 4; i++) winograd_backward(d + 6 * i, 1);
        for (size_t i = 0; i < rows; i++) {
            for (size_t j = 0; j < columns; j++) {
                const size_t pixel = first + i * width + j;
                const tile_end end = end_at(epilogue, pixel, o + c, channels, false, true);
                end_vector(y + pixel * channels + o + c, d[6 * i + j], 0, 0, some, &end);
            }
        }
    }
    const tile_end end = end_at(epilogue, 0, 0, 0, false, true);
    for (size_t i = 0; i < rows; i++) finish_rows(y + (first + i * width) * channels + o, channels, columns, count, &end);
}

/// Tiles first ..< end.
static void winograd_tiles_between(float *y, const float *x, const float *packed, size_t first, size_t end, const apus_convolution *s,
                                   const apus_epilogue *epilogue, float *scratch) {
    const size_t in = s->channels_in, count = end - first, rows = panel_rows(count), v_stride = last_stride(in), m_stride = last_stride(WINOGRAD_BAND);
    const size_t v_plane = winograd_plane(count, in), m_plane = winograd_plane(count, WINOGRAD_BAND), weights = packed_right_count(in, s->channels_out);
    float *v = scratch, *m = scratch + WINOGRAD_POINTS * v_plane;
    const apus_epilogue plain = {0};
    const tile_end whole = end_at(&plain, 0, 0, 0, false, true);
    for (size_t t = 0; t < count; t++) winograd_gather(v + t * v_stride, v_plane, x, winograd_at(first + t, s), s);
    for (size_t o = 0; o < s->channels_out; o += WINOGRAD_BAND) {
        const size_t band = smaller(WINOGRAD_BAND, s->channels_out - o);
        for (size_t p = 0; p < WINOGRAD_POINTS; p++) {
            for (size_t j = 0; j < band; j += NR) {
                const float *panel = packed + p * weights + (o + j) * in;
                for (size_t t = 0; t < count; t += rows) {
                    direct_tiles[smaller(rows, count - t) - 1](m + p * m_plane + t * m_stride + j, m_stride, v + p * v_plane + t * v_stride,
                                                               v_stride, panel, NR, in, NR, &whole);
                }
            }
        }
        for (size_t t = 0; t < count; t++) {
            winograd_scatter(y, m + t * m_stride, m_plane, winograd_at(first + t, s), o, band, s, epilogue);
        }
    }
}

static void winograd_block_at(float *y, const float *x, const float *packed, size_t number, const apus_convolution *s,
                              const apus_epilogue *epilogue, float *scratch) {
    const size_t block = winograd_block(s), tiles = winograd_tiles(s);
    winograd_tiles_between(y, x, packed, number * block, smaller(tiles, (number + 1) * block), s, epilogue, scratch);
}

static size_t winograd_block_count(const apus_convolution *s) { return divide_up(winograd_tiles(s), winograd_block(s)); }
