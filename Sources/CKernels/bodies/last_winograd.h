// Convolution of 3 by 3 at stride 1 over channels-last data by Winograd's F(4×4, 3×3): tiles of 4 by 4 outputs are computed from 36
// products a channel instead of 144.
//
// Tiles of 6 by 6 inputs are transformed into 36 matrices [tiles, channels in], each is multiplied with its matrix of transformed
// weights for a panel of output channels, and the inverse transform of the panel's products gives the outputs. Interpolation points
// 0, ±1, ±2 and ∞. Errors are about 10⁻⁵ of the largest output.
//
// Transformed weights are four times as large as the filter. They are made anew in each run, for a panel and a third of the points
// at a time, and used while they are in a cache: reading four times as much from memory would take longer.

/// Points of a tile.
#define WINOGRAD_POINTS 36
/// Points whose weights are transformed together: two rows of them.
#define WINOGRAD_GROUP 12
/// Floats of transformed inputs that a block may have.
#define WINOGRAD_BLOCK (512 * 1024)
/// Tiles that a block has at least: fewer would not be worth the transform of the weights.
#define WINOGRAD_TILES 28

static bool is_winograd(const apus_convolution *s) {
    const bool fits = s->groups == 1 && s->kernel[0] == 1 && s->kernel[1] == 3 && s->kernel[2] == 3 && s->stride[1] == 1 && s->stride[2] == 1 &&
                      s->dilation[1] == 1 && s->dilation[2] == 1 && s->input[0] == 1 && s->output[0] == 1 && s->pad[0] == 0;
    if (!fits || s->channels_in < 12 || s->channels_out < 32 || s->output[1] < 6 || s->output[2] < 6) return false;
    // The transform of the weights is worth it where enough outputs share them.
    return saturating_multiply(s->output[1], s->output[2]) >= 100;
}

APUS_INLINE size_t winograd_rows(const apus_convolution *s) { return divide_up(s->output[1], 4); }
APUS_INLINE size_t winograd_columns(const apus_convolution *s) { return divide_up(s->output[2], 4); }

APUS_INLINE size_t winograd_tiles(const apus_convolution *s) {
    return saturating_multiply(s->batch, saturating_multiply(winograd_rows(s), winograd_columns(s)));
}

/// Tiles of one block: blocks are of one size.
static size_t winograd_block(const apus_convolution *s) {
    const size_t tiles = winograd_tiles(s);
    if (tiles == 0) return 1;
    const size_t most = WINOGRAD_BLOCK / WINOGRAD_POINTS / s->channels_in;
    return divide_up(tiles, divide_up(tiles, most > WINOGRAD_TILES ? most : WINOGRAD_TILES));
}

/// Floats between the matrices of two points.
APUS_INLINE size_t winograd_plane(size_t tiles, size_t columns) {
    return saturating_add(saturating_multiply(tiles, last_stride(columns)), 16);
}

/// Floats from the transformed weights of one point to those of the next: whole pages apart they would fall into the same sets of the
/// first-level cache.
APUS_INLINE size_t winograd_weights_plane(size_t in) { return saturating_multiply(NR, saturating_add(in, 1)); }

static size_t winograd_packed_count(const apus_convolution *s) {
    return saturating_multiply(9, packed_right_count(s->channels_in, s->channels_out));
}

/// Panels of output channels; of each the nine taps of one input channel after another.
static void winograd_pack(float *packed, const float *filter, const apus_convolution *s, const apus_filter_strides *strides) {
    const size_t in = s->channels_in, out = s->channels_out;
    for (size_t o = 0; o < out; o += NR) {
        const size_t some = smaller(NR, out - o);
        for (size_t c = 0; c < in; c++) {
            for (size_t tap = 0; tap < 9; tap++, packed += NR) {
                pack_weights_row(packed, filter + o * strides->output + c * strides->input + tap * strides->tap, strides->output, some, NR);
            }
        }
    }
}

/// The rows of points of each group.
static const size_t winograd_rows_of[WINOGRAD_POINTS / WINOGRAD_GROUP][2] = {{0, 5}, {1, 2}, {3, 4}};

/// A row of G · g for three columns: point p of it times Gᵀ goes to u[p * plane].
APUS_INLINE void winograd_weight_row(float *u, size_t plane, const vf row[3]) {
    const vf near = row[0] + row[2], far = row[0] * (1.0f / 24) + row[2] * (1.0f / 6), middle = row[1] * (1.0f / 12);
    vf_store(u, row[0] * 0.25f);
    vf_store(u + plane, (near + row[1]) * (-1.0f / 6));
    vf_store(u + 2 * plane, (near - row[1]) * (-1.0f / 6));
    vf_store(u + 3 * plane, far + middle);
    vf_store(u + 4 * plane, far - middle);
    vf_store(u + 5 * plane, row[2]);
}

/// G · g · Gᵀ for the two rows of points of a group, over one panel: point p of input channel c goes to u[p * plane + c * NR].
APUS_INLINE void winograd_weight_group(float *u, const float *panel, size_t in, const int group) {
    const size_t plane = winograd_weights_plane(in);
    for (size_t c = 0; c < in; c++, panel += 9 * NR) {
        for (size_t half = 0; half < NR; half += VF) {
            vf first[3], second[3];
            for (size_t column = 0; column < 3; column++) {
                const float *taps = panel + column * NR + half;
                const vf a = vf_load(taps), b = vf_load(taps + 3 * NR), d = vf_load(taps + 6 * NR);
                if (group == 0) {
                    first[column] = a * 0.25f, second[column] = d;
                } else if (group == 1) {
                    first[column] = (a + d + b) * (-1.0f / 6), second[column] = (a + d - b) * (-1.0f / 6);
                } else {
                    const vf even = a * (1.0f / 24) + d * (1.0f / 6), odd = b * (1.0f / 12);
                    first[column] = even + odd, second[column] = even - odd;
                }
            }
            winograd_weight_row(u + c * NR + half, plane, first);
            winograd_weight_row(u + 6 * plane + c * NR + half, plane, second);
        }
    }
}

static void winograd_weights(float *u, const float *panel, size_t in, size_t group) {
    if (group == 0) {
        winograd_weight_group(u, panel, in, 0);
    } else if (group == 1) {
        winograd_weight_group(u, panel, in, 1);
    } else {
        winograd_weight_group(u, panel, in, 2);
    }
}

static size_t winograd_scratch_count(const apus_convolution *s) {
    const size_t tiles = winograd_block(s), weights = saturating_multiply(WINOGRAD_GROUP, winograd_weights_plane(s->channels_in));
    const size_t planes = saturating_add(winograd_plane(tiles, s->channels_in), winograd_plane(tiles, NR));
    return saturating_add(weights, saturating_multiply(WINOGRAD_POINTS, planes));
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

/// Ends the outputs of one tile for output channels o ..< o + count of the panel that begins at `m`.
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

/// The end of the products of one point, the `number`th of a panel of weights; they ask for a 36th of the next panel's.
APUS_INLINE tile_end winograd_end(const float *next, size_t number, size_t in) {
    tile_end end = {.finishes = true};
    if (next == NULL) return end;
    end.ahead_step = 9 * NR * sizeof(float) / WINOGRAD_POINTS;
    end.ahead = (const char *)next + number * in * end.ahead_step;
    return end;
}

/// Tiles first ..< end.
static void winograd_tiles_between(float *y, const float *x, const float *packed, size_t first, size_t end, const apus_convolution *s,
                                   const apus_epilogue *epilogue, float *scratch) {
    const size_t in = s->channels_in, count = end - first, rows = panel_rows(count), v_stride = last_stride(in), m_stride = last_stride(NR);
    const size_t v_plane = winograd_plane(count, in), m_plane = winograd_plane(count, NR);
    float *v = scratch, *m = v + WINOGRAD_POINTS * v_plane, *u = m + WINOGRAD_POINTS * m_plane;
    for (size_t t = 0; t < count; t++) winograd_gather(v + t * v_stride, v_plane, x, winograd_at(first + t, s), s);
    for (size_t o = 0; o < s->channels_out; o += NR) {
        const float *next = o + NR < s->channels_out ? packed + 9 * (o + NR) * in : NULL;
        for (size_t group = 0; group < WINOGRAD_POINTS / WINOGRAD_GROUP; group++) {
            winograd_weights(u, packed + 9 * o * in, in, group);
            for (size_t k = 0; k < WINOGRAD_GROUP; k++) {
                const size_t p = winograd_rows_of[group][k / 6] * 6 + k % 6;
                const float *panel = u + k * winograd_weights_plane(in);
                const tile_end end = winograd_end(next, group * WINOGRAD_GROUP + k, in);
                for (size_t t = 0; t < count; t += rows) {
                    direct_tiles[smaller(rows, count - t) - 1](m + p * m_plane + t * m_stride, m_stride, v + p * v_plane + t * v_stride, v_stride,
                                                               panel, NR, in, NR, &end);
                }
            }
        }
        const size_t some = smaller(NR, s->channels_out - o);
        for (size_t t = 0; t < count; t++) winograd_scatter(y, m + t * m_stride, m_plane, winograd_at(first + t, s), o, some, s, epilogue);
    }
}

static size_t winograd_block_count(const apus_convolution *s) { return divide_up(winograd_tiles(s), winograd_block(s)); }

/// Blocks of tiles are the parts.
static void winograd_part(float *y, const float *x, const float *packed, const apus_convolution *s, const apus_epilogue *epilogue,
                          float *scratch, size_t part) {
    const size_t block = winograd_block(s), tiles = winograd_tiles(s);
    winograd_tiles_between(y, x, packed, part * block, smaller(tiles, (part + 1) * block), s, epilogue, scratch);
}

static void winograd_convolution(float *y, const float *x, const float *packed, const apus_convolution *s, const apus_epilogue *epilogue,
                                 float *scratch) {
    const size_t parts = winograd_block_count(s);
    for (size_t part = 0; part < parts; part++) winograd_part(y, x, packed, s, epilogue, scratch, part);
}
