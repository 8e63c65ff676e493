// Register tiles: up to MR rows by two vectors of columns, accumulated over k.

/// Columns of a tile and of a packed panel.
#define NR (2 * VF)
/// Most rows of a tile: as many as leave registers for two vectors of the right operand and one broadcast element.
#if APUS_VECTOR_BYTES == 64
#define MR 14
#elif defined(__aarch64__)
#define MR 12
#else
#define MR 6
#endif

/// Rows of each panel when `m` rows are cut into as few panels as possible, as evenly as possible.
APUS_INLINE size_t panel_rows(size_t m) { return m == 0 ? 1 : divide_up(m, divide_up(m, MR)); }

/// Adds one step of k to `rows` rows of `vectors` vectors.
APUS_INLINE void add_step(vf sums[][2], size_t rows, size_t vectors, const float *a, size_t a_row, const float *b) {
    const vf b0 = vf_load(b), b1 = vectors > 1 ? vf_load(b + VF) : (vf){};
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
        const vf x = vf_set(a[i * a_row]);
        sums[i][0] += x * b0;
        if (vectors > 1) sums[i][1] += x * b1;
    }
}

/// What a tile asks for while it is computed, `step` bytes further on for each step of k.
typedef struct tile_ahead {
    const char *at;
    size_t step;
} tile_ahead;

/// As the tile's end says; a tile that is to ask for nothing asks for its own right operand, which is there.
APUS_INLINE tile_ahead ahead_of(const tile_end *end, const float *b) {
    return end->ahead ? (tile_ahead){end->ahead, end->ahead_step} : (tile_ahead){(const char *)b, 0};
}

/// Sums over k; `rows`, `vectors` (1 or 2) and `unroll` constant: element (i, p) of the left operand at
/// a[i * a_row + p * a_step], row p of the right one at b + p * b_step. Several partial sums (`unroll`) hide the latency of
/// additions where a tile has few of them.
APUS_INLINE void tile_sums(vf sums[][2], size_t rows, size_t vectors, size_t unroll, const float *a, size_t a_row, size_t a_step,
                           const float *b, size_t b_step, size_t k, tile_ahead ahead) {
    vf parts[16][2];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows * unroll; i++) parts[i][0] = parts[i][1] = (vf){};
    size_t p = 0;
    for (; p + unroll <= k; p += unroll, ahead.at += ahead.step) {
        if (unroll == 1) __builtin_prefetch(ahead.at, 0, 2);
#pragma clang loop unroll(full)
        for (size_t u = 0; u < unroll; u++, a += a_step, b += b_step) {
            add_step(parts + u * rows, rows, vectors, a, a_row, b);
        }
    }
    if (unroll > 1) {
        for (; p < k; p++, a += a_step, b += b_step) add_step(parts, rows, vectors, a, a_row, b);
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (size_t u = 1; u < unroll; u++) {
            parts[i][0] += parts[u * rows + i][0];
            parts[i][1] += parts[u * rows + i][1];
        }
        sums[i][0] = parts[i][0];
        sums[i][1] = parts[i][1];
    }
}

/// The left operand in several lines: line l of the rows begins `stride` floats behind the one before and has `steps` steps, of which
/// the right operand's rows lie one after another.
typedef struct apus_lines {
    size_t count, steps, stride;
} apus_lines;

/// Sums over all lines, `rows` and `vectors` constant: element (i, p) of line l at a[l * lines->stride + i * a_row + p].
APUS_INLINE void tile_line_sums(vf sums[][2], size_t rows, size_t vectors, const float *a, size_t a_row, const apus_lines *lines,
                                const float *b, tile_ahead ahead) {
    vf parts[MR][2];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) parts[i][0] = parts[i][1] = (vf){};
    for (size_t line = 0; line < lines->count; line++, a += lines->stride) {
        const float *at = a;
        for (size_t p = 0; p < lines->steps; p++, at++, b += NR, ahead.at += ahead.step) {
            __builtin_prefetch(ahead.at, 0, 2);
            add_step(parts, rows, vectors, at, a_row, b);
        }
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
        sums[i][0] = parts[i][0];
        sums[i][1] = parts[i][1];
    }
}

#define FOR_TILE(statement)                                              \
    _Pragma("clang loop unroll(full)") for (size_t i = 0; i < rows; i++) { \
        _Pragma("clang loop unroll(full)") for (size_t v = 0; v < 2; v++) { statement; } \
    }

/// Ends a whole tile in registers; `rows` is constant.
APUS_INLINE void end_whole_tile(float *c, size_t stride, vf sums[][2], size_t rows, const tile_end *end) {
    if (end->continues) {
        FOR_TILE(sums[i][v] += vf_load(c + i * stride + v * VF))
    } else {
        if (end->column_bias) FOR_TILE(sums[i][v] += vf_load(end->column_bias + v * VF))
        if (end->row_bias) FOR_TILE(sums[i][v] += end->row_bias[i])
        if (end->residual) FOR_TILE(sums[i][v] += vf_load(end->residual + i * end->residual_stride + v * VF))
    }
    if (end->finishes && is_limit(end->activation)) {
        const vf low = vf_set(lower_limit(end)), high = vf_set(upper_limit(end));
        FOR_TILE(sums[i][v] = vf_clip(sums[i][v], low, high))
    }
    FOR_TILE(vf_store(c + i * stride + v * VF, sums[i][v]))
}

/// Writes a tile's sums through the epilogue; `rows` is constant.
APUS_INLINE void end_tile(float *c, size_t stride, vf sums[][2], size_t rows, size_t columns, const tile_end *end) {
    if (columns < NR) {
        float tile[MR * NR];
        FOR_TILE(vf_store(tile + i * NR + v * VF, sums[i][v]))
        end_cut_tile(c, stride, tile, NR, rows, columns, end);
    } else {
        end_whole_tile(c, stride, sums, rows, end);
    }
    finish_rows(c, stride, rows, columns, end);
}

/// One tile of a product: c [rows, columns] over k.
typedef void tile_function(float *c, size_t c_stride, const float *a, size_t a_stride, const float *b, size_t b_step, size_t k,
                           size_t columns, const tile_end *end);

/// Partial sums of a tile of `rows` rows and `vectors` vectors: about eight additions are in flight at once.
#define UNROLL(rows, vectors) ((rows) * (vectors) <= 2 ? 4 : (rows) * (vectors) <= 4 ? 2 : 1)

/// The body of a tile: where one vector holds all columns, the other is left out.
APUS_INLINE void run_tile(float *c, size_t c_stride, size_t rows, const float *a, size_t a_row, size_t a_step, const float *b, size_t b_step,
                          size_t k, size_t columns, const tile_end *end) {
    vf sums[MR][2];
    if (columns <= VF) {
        tile_sums(sums, rows, 1, UNROLL(rows, 1), a, a_row, a_step, b, b_step, k, ahead_of(end, b));
    } else {
        tile_sums(sums, rows, 2, UNROLL(rows, 2), a, a_row, a_step, b, b_step, k, ahead_of(end, b));
    }
    end_tile(c, c_stride, sums, rows, columns, end);
}

/// The left operand lies in a packed panel: `a_stride` floats for each p, of which the first `rows` are read.
#define PACKED_TILE(rows)                                                                                                      \
    static void packed_tile_##rows(float *c, size_t c_stride, const float *a, size_t a_stride, const float *b, size_t b_step, \
                                   size_t k, size_t columns, const tile_end *end) {                                           \
        run_tile(c, c_stride, rows, a, 1, a_stride, b, b_step, k, columns, end);                                               \
    }

/// The left operand lies in place: rows `a_stride` floats apart.
#define DIRECT_TILE(rows)                                                                                                      \
    static void direct_tile_##rows(float *c, size_t c_stride, const float *a, size_t a_stride, const float *b, size_t b_step, \
                                   size_t k, size_t columns, const tile_end *end) {                                           \
        run_tile(c, c_stride, rows, a, a_stride, 1, b, b_step, k, columns, end);                                               \
    }

/// The left operand lies in place, in lines.
#define LINED_TILE(rows)                                                                                                             \
    static void lined_tile_##rows(float *c, size_t c_stride, const float *a, size_t a_stride, const apus_lines *lines, const float *b, \
                                  size_t columns, const tile_end *end) {                                                             \
        vf sums[MR][2];                                                                                                              \
        if (columns <= VF) {                                                                                                         \
            tile_line_sums(sums, rows, 1, a, a_stride, lines, b, ahead_of(end, b));                                                  \
        } else {                                                                                                                     \
            tile_line_sums(sums, rows, 2, a, a_stride, lines, b, ahead_of(end, b));                                                  \
        }                                                                                                                            \
        end_tile(c, c_stride, sums, rows, columns, end);                                                                             \
    }

typedef void lined_tile_function(float *c, size_t c_stride, const float *a, size_t a_stride, const apus_lines *lines, const float *b,
                                 size_t columns, const tile_end *end);

PACKED_TILE(1) PACKED_TILE(2) PACKED_TILE(3) PACKED_TILE(4) PACKED_TILE(5) PACKED_TILE(6)
DIRECT_TILE(1) DIRECT_TILE(2) DIRECT_TILE(3) DIRECT_TILE(4) DIRECT_TILE(5) DIRECT_TILE(6)
LINED_TILE(1) LINED_TILE(2) LINED_TILE(3) LINED_TILE(4) LINED_TILE(5) LINED_TILE(6)
#if MR > 6
PACKED_TILE(7) PACKED_TILE(8) PACKED_TILE(9) PACKED_TILE(10) PACKED_TILE(11) PACKED_TILE(12)
DIRECT_TILE(7) DIRECT_TILE(8) DIRECT_TILE(9) DIRECT_TILE(10) DIRECT_TILE(11) DIRECT_TILE(12)
LINED_TILE(7) LINED_TILE(8) LINED_TILE(9) LINED_TILE(10) LINED_TILE(11) LINED_TILE(12)
#endif
#if MR > 12
PACKED_TILE(13) PACKED_TILE(14)
DIRECT_TILE(13) DIRECT_TILE(14)
LINED_TILE(13) LINED_TILE(14)
#endif

static tile_function *const packed_tiles[MR] = {
    packed_tile_1, packed_tile_2, packed_tile_3, packed_tile_4, packed_tile_5, packed_tile_6,
#if MR > 6
    packed_tile_7, packed_tile_8, packed_tile_9, packed_tile_10, packed_tile_11, packed_tile_12,
#endif
#if MR > 12
    packed_tile_13, packed_tile_14,
#endif
};

static tile_function *const direct_tiles[MR] = {
    direct_tile_1, direct_tile_2, direct_tile_3, direct_tile_4, direct_tile_5, direct_tile_6,
#if MR > 6
    direct_tile_7, direct_tile_8, direct_tile_9, direct_tile_10, direct_tile_11, direct_tile_12,
#endif
#if MR > 12
    direct_tile_13, direct_tile_14,
#endif
};

static lined_tile_function *const lined_tiles[MR] = {
    lined_tile_1, lined_tile_2, lined_tile_3, lined_tile_4, lined_tile_5, lined_tile_6,
#if MR > 6
    lined_tile_7, lined_tile_8, lined_tile_9, lined_tile_10, lined_tile_11, lined_tile_12,
#endif
#if MR > 12
    lined_tile_13, lined_tile_14,
#endif
};

/// Makes tile `index` of the `count` that read one panel of `steps` rows ask for its share of the next one, so that it need not be waited
/// for. A panel that more tiles read is waited for seldom enough.
APUS_INLINE void ask_ahead(tile_end *end, const float *next, size_t index, size_t count, size_t steps) {
    if (next == NULL || count > 16) return;
    end->ahead_step = NR * sizeof(float) / count;
    end->ahead = (const char *)next + index * steps * end->ahead_step;
}
