// Products of bytes over a packed right operand [taps · channels, n]: a row of panels, each NR columns wide, in which four steps of a
// column lie side by side. A tap begins with new four steps, zeros fill up its last ones and the last panel. Behind the panels stand
// the sums of the columns, int32.

#define NR (2 * VF)
#if APUS_VECTOR_BYTES == 64
#define INTEGER_ROWS 14
#elif APUS_VECTOR_BYTES == 32 && APUS_HAS_DOT
#define INTEGER_ROWS 6
#elif defined(__aarch64__)
#define INTEGER_ROWS 8
#else
#define INTEGER_ROWS 4
#endif

/// Bytes of the left operand that stay near the core while all panels pass over them.
#define INTEGER_BLOCK (256 * 1024)

/// Fours of steps.
APUS_INLINE size_t integer_fours(size_t taps, size_t channels) { return saturating_multiply(taps, divide_up(channels, 4)); }
/// Rows of each tile when `m` rows are cut into as few tiles as possible, as evenly as possible.
APUS_INLINE size_t integer_rows(size_t m) { return m == 0 ? 1 : divide_up(m, divide_up(m, INTEGER_ROWS)); }
APUS_INLINE size_t integer_sums_offset(size_t taps, size_t channels, size_t n) {
    return saturating_multiply(round_up(n, NR), saturating_multiply(integer_fours(taps, channels), 4));
}

static size_t integer_packed_count(size_t taps, size_t channels, size_t n) {
    return saturating_add(integer_sums_offset(taps, channels, n), saturating_multiply(round_up(n, NR), sizeof(int32_t)));
}

static void integer_pack(uint8_t *packed, const apus_integer_right *right, size_t taps, size_t channels, size_t n) {
    const size_t fours = integer_fours(taps, channels);
    const uint8_t flip = right->is_signed ? 0 : 0x80;
    int32_t *sums = (int32_t *)(packed + integer_sums_offset(taps, channels, n));
    memset(packed, 0, integer_packed_count(taps, channels, n));
    for (size_t column = 0; column < n; column++) {
        const uint8_t *from = right->data + column * right->column_stride;
        uint8_t *to = packed + (column / NR * fours * NR + column % NR) * 4;
        int32_t sum = 0;
        for (size_t tap = 0; tap < taps; tap++, to += divide_up(channels, 4) * NR * 4) {
            for (size_t channel = 0; channel < channels; channel++) {
                const uint8_t byte = from[tap * right->tap_stride + channel * right->channel_stride] ^ flip;
                to[channel / 4 * NR * 4 + channel % 4] = byte;
                sum += (int8_t)byte;
            }
        }
        sums[column] = sum;
    }
}

/// Σ (a − za)(w − zw) = Σ a·w − za·Σ w − zw·Σ a + k·za·zw, all in the inner types.
static bool integer_prepare(int32_t *offsets, int32_t *right_zeros, const uint8_t *packed, size_t taps, size_t channels, size_t n,
                            size_t low, size_t high, bool left_is_signed, int32_t left_zero, const uint8_t *zeros, size_t zero_stride,
                            bool right_is_signed, const int32_t *bias) {
    const int32_t *sums = (const int32_t *)(packed + integer_sums_offset(taps, channels, n));
    const uint32_t left = (uint32_t)(left_zero + (left_is_signed ? 128 : 0));
    const uint8_t flip = right_is_signed ? 0 : 0x80;
    bool needs = false;
    for (size_t j = low; j < round_up(high, NR); j++) {
        const int32_t zero = j < n ? (int8_t)((zeros ? zeros[j * zero_stride] : 0) ^ flip) : 0;
        needs |= zero != 0;
        right_zeros[j] = zero;
        const uint32_t middle = (uint32_t)sums[j] - (uint32_t)(taps * channels) * (uint32_t)zero;
        offsets[j] = (int32_t)((j < n && bias ? (uint32_t)bias[j] : 0) - left * middle);
    }
    return needs;
}

/// One tile: `c`, `a` and `b` stand at its first elements, `row` and `column` say where it begins in the result, `factor` in the end's
/// arrays.
typedef struct integer_tile {
    void *c;
    size_t c_stride;
    const uint8_t *a;
    size_t a_stride;
    const uint8_t *b;
    /// Runs of steps that follow one another in a, `line_stride` bytes apart, and the fours of one.
    size_t lines, line_stride, fours;
    size_t columns, row, column, factor;
    /// Sums of the rows of a; NULL where no right zero point asks for them.
    const int32_t *row_sums;
    const apus_integer_end *end;
} integer_tile;

#define FOR_INTEGER_TILE(statement)                                              \
    _Pragma("clang loop unroll(full)") for (size_t i = 0; i < rows; i++) {        \
        _Pragma("clang loop unroll(full)") for (size_t v = 0; v < 2; v++) { statement; } \
    }

APUS_INLINE void integer_end_whole(const integer_tile *t, vi sums[][2], size_t rows) {
    const apus_integer_end *end = t->end;
    const size_t at = t->row * t->c_stride + t->column;
    if (end->result == APUS_INTEGER_SUMS) {
        int32_t *c = (int32_t *)t->c + at;
        FOR_INTEGER_TILE(vi_store(c + i * t->c_stride + v * VF, sums[i][v]))
        return;
    }
    const vf factors[2] = {vf_load(end->factors + t->factor), vf_load(end->factors + t->factor + VF)};
    if (end->result == APUS_INTEGER_BYTES) {
        const vf lowest = vf_set(end->lowest), highest = vf_set(end->highest);
        const vi zero = vi_set(end->zero);
        uint8_t *c = (uint8_t *)t->c + at;
        if (end->residual.data) {
            const uint8_t *other = end->residual.data + at;
            FOR_INTEGER_TILE(vb_store(c + i * t->c_stride + v * VF,
                                      vi_rounded(vi_with_residual(__builtin_convertvector(sums[i][v], vf) * factors[v],
                                                                  other + i * t->c_stride + v * VF, VF, &end->residual),
                                                 lowest, highest, zero)))
            return;
        }
        FOR_INTEGER_TILE(vb_store(c + i * t->c_stride + v * VF,
                                  vi_rounded(__builtin_convertvector(sums[i][v], vf) * factors[v], lowest, highest, zero)))
        return;
    }
    float *c = (float *)t->c + at;
    const vf bias[2] = {end->bias ? vf_load(end->bias + t->column) : (vf){}, end->bias ? vf_load(end->bias + t->column + VF) : (vf){}};
    FOR_INTEGER_TILE(vf_store(c + i * t->c_stride + v * VF, __builtin_convertvector(sums[i][v], vf) * factors[v] + bias[v]))
}

static __attribute__((noinline)) void integer_end_cut(const integer_tile *t, const int32_t *sums, size_t rows) {
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < t->columns; j += VF) {
            integer_end_vector(t->c, (t->row + i) * t->c_stride + t->column + j, vi_load(sums + i * NR + j), t->row + i, t->column + j,
                               smaller(VF, t->columns - j), t->factor + j, t->end);
        }
    }
}

/// `rows` is constant.
APUS_INLINE void integer_tile_run(const integer_tile *t, size_t rows) {
    vi sums[INTEGER_ROWS][2];
    const int32_t *offsets = t->end->offsets + t->factor;
    FOR_INTEGER_TILE(sums[i][v] = vi_load(offsets + v * VF))
    const uint8_t *line = t->a, *b = t->b;
    const size_t stride = t->a_stride;
    for (size_t l = 0; l < t->lines; l++, line += t->line_stride) {
        const uint8_t *a = line;
        for (size_t p = 0; p < t->fours; p++, a += 4, b += 4 * NR) {
            const vi b0 = vi_load(b), b1 = vi_load(b + 4 * VF);
#pragma clang loop unroll(full)
            for (size_t i = 0; i < rows; i++) {
                const vi x = vi_repeat(a + i * stride);
                sums[i][0] = dot_step(sums[i][0], x, b0);
                sums[i][1] = dot_step(sums[i][1], x, b1);
            }
        }
    }
    if (t->row_sums) {
        const int32_t *zeros = t->end->right_zeros + t->factor;
        FOR_INTEGER_TILE(sums[i][v] -= vi_load(zeros + v * VF) * t->row_sums[i])
    }
    if (t->columns < NR || t->end->addend) {
        int32_t tile[INTEGER_ROWS * NR];
        FOR_INTEGER_TILE(vi_store(tile + i * NR + v * VF, sums[i][v]))
        integer_end_cut(t, tile, rows);
    } else {
        integer_end_whole(t, sums, rows);
    }
}

typedef void integer_tile_function(const integer_tile *t);

#define INTEGER_TILE(rows) \
    static void integer_tile_##rows(const integer_tile *t) { integer_tile_run(t, rows); }

INTEGER_TILE(1) INTEGER_TILE(2) INTEGER_TILE(3) INTEGER_TILE(4)
#if INTEGER_ROWS > 4
INTEGER_TILE(5) INTEGER_TILE(6)
#endif
#if INTEGER_ROWS > 6
INTEGER_TILE(7) INTEGER_TILE(8)
#endif
#if INTEGER_ROWS > 8
INTEGER_TILE(9) INTEGER_TILE(10) INTEGER_TILE(11) INTEGER_TILE(12) INTEGER_TILE(13) INTEGER_TILE(14)
#endif

static integer_tile_function *const integer_tiles[INTEGER_ROWS] = {
    integer_tile_1, integer_tile_2, integer_tile_3, integer_tile_4,
#if INTEGER_ROWS > 4
    integer_tile_5, integer_tile_6,
#endif
#if INTEGER_ROWS > 6
    integer_tile_7, integer_tile_8,
#endif
#if INTEGER_ROWS > 8
    integer_tile_9, integer_tile_10, integer_tile_11, integer_tile_12, integer_tile_13, integer_tile_14,
#endif
};

/// A block of rows of the left operand in the inner type, a multiple of four bytes each.
typedef struct integer_block {
    const uint8_t *a;
    size_t a_stride;
    /// Rows, and which one of the result is the first.
    size_t rows, first;
    const int32_t *row_sums;
} integer_block;

/// Columns low ..< high of a block of rows of `fours` fours; the result's first column is `column`, the end's first place is `factor`.
static void integer_block_product(void *c, size_t c_stride, const integer_block *block, const uint8_t *packed, size_t fours, size_t low,
                                  size_t high, size_t column, size_t factor, const apus_integer_end *end) {
    const size_t rows = integer_rows(block->rows);
    for (size_t j = low; j < high; j += NR) {
        integer_tile tile = {
            .c = c, .c_stride = c_stride, .a_stride = block->a_stride, .b = packed + j * fours * 4, .lines = 1, .fours = fours,
            .columns = smaller(NR, high - j), .column = column + j, .factor = factor + j, .end = end,
        };
        for (size_t i = 0; i < block->rows; i += rows) {
            tile.a = block->a + i * block->a_stride;
            tile.row = block->first + i;
            tile.row_sums = block->row_sums ? block->row_sums + i : NULL;
            integer_tiles[smaller(rows, block->rows - i) - 1](&tile);
        }
    }
}

/// Rows a distance apart that spreads them over the sets of the first-level cache, with room for whole steps.
APUS_INLINE size_t integer_stride(size_t k) { return saturating_multiply(divide_up(k, 64) | 1, 64); }

/// Rows that are made at a time, when `m` rows lie `stride` bytes apart.
static size_t integer_block_rows(size_t m, size_t stride) {
    size_t rows = INTEGER_BLOCK / (stride ? stride : 1) / INTEGER_ROWS * INTEGER_ROWS;
    if (rows == 0) rows = INTEGER_ROWS;
    return m ? smaller(rows, round_up(divide_up(m, divide_up(m, rows)), INTEGER_ROWS)) : rows;
}

/// Scratch for a block: the sums of its rows, then the rows, if they are to be copied.
static size_t integer_block_scratch(size_t rows, size_t stride) {
    return saturating_add(round_up(saturating_multiply(rows, sizeof(int32_t)), 64), saturating_multiply(rows, stride));
}

APUS_INLINE uint8_t *integer_rows_in(uint8_t *scratch, size_t rows) { return scratch + round_up(rows * sizeof(int32_t), 64); }

static void integer_sum_rows(int32_t *sums, const uint8_t *a, size_t stride, size_t rows, size_t k) {
    for (size_t i = 0; i < rows; i++, a += stride) {
        int32_t sum = 0;
        for (size_t p = 0; p < k; p++) sum += a[p];
        sums[i] = sum;
    }
}

/// Makes signed bytes unsigned ones by adding 128.
static void integer_flip(uint8_t *a, size_t count) {
    for (size_t i = 0; i < count; i++) a[i] ^= 0x80;
}

static size_t integer_product_scratch_count(size_t m, size_t k) {
    const size_t stride = integer_stride(k);
    return integer_block_scratch(integer_block_rows(m, stride), stride);
}

static void integer_product(void *c, size_t c_stride, const apus_integer_left *left, const uint8_t *packed, size_t m, size_t k, size_t low,
                            size_t high, const apus_integer_end *end, uint8_t *scratch) {
    const bool copies = left->is_signed || k % 4 != 0;
    const size_t stride = integer_stride(k), rows = integer_block_rows(m, stride);
    int32_t *sums = (int32_t *)scratch;
    uint8_t *room = integer_rows_in(scratch, rows);
    for (size_t first = 0; first < m; first += rows) {
        const uint8_t *data = left->data + first * left->stride;
        integer_block block = {data, left->stride, smaller(rows, m - first), first, NULL};
        if (copies) {
            for (size_t i = 0; i < block.rows; i++) memcpy(room + i * stride, data + i * left->stride, k);
            if (left->is_signed) integer_flip(room, block.rows * stride);
            block.a = room;
            block.a_stride = stride;
        }
        if (end->right_zeros) {
            integer_sum_rows(sums, block.a, block.a_stride, block.rows, k);
            block.row_sums = sums;
        }
        integer_block_product(c, c_stride, &block, packed, integer_fours(1, k), low, high, 0, 0, end);
    }
}
