// Matrix products over packed operands.
//
// A packed right operand [k, n] is a row of panels, each NR columns wide: row p of a panel is NR floats, zero beyond
// column n. A packed left operand [m, k] is a column of panels of `panel_rows(m)` rows, each transposed: step p of a
// panel is one float for each row, zero beyond row m.

/// Steps of k whose panel of the right operand stays near the core.
#define K_BLOCK 256
/// Panels of the left operand that are packed together.
#define ROW_BLOCK_PANELS 12

static size_t packed_right_count(size_t k, size_t n) { return saturating_multiply(round_up(n, NR), k); }

static void pack_right(float *packed, const float *b, size_t row_stride, size_t column_stride, size_t k, size_t n, float scale) {
    for (size_t j = 0; j < n; j += NR) {
        const size_t columns = smaller(NR, n - j);
        for (size_t p = 0; p < k; p++, packed += NR) {
            const float *row = b + p * row_stride + j * column_stride;
            size_t column = 0;
            if (column_stride == 1) {
                for (; column < columns; column++) packed[column] = row[column] * scale;
            } else {
                for (; column < columns; column++) packed[column] = row[column * column_stride] * scale;
            }
            for (; column < NR; column++) packed[column] = 0;
        }
    }
}

static size_t packed_left_count(size_t m, size_t k) { return saturating_multiply(round_up(m, panel_rows(m)), k); }

/// Packs one panel of `rows` rows, of which `count` exist.
static void pack_left_panel(float *packed, const float *a, size_t row_stride, size_t column_stride, size_t rows, size_t count, size_t k) {
    for (size_t i = 0; i < rows; i++) {
        if (i < count) {
            const float *row = a + i * row_stride;
            for (size_t p = 0; p < k; p++) packed[p * rows + i] = row[p * column_stride];
        } else {
            for (size_t p = 0; p < k; p++) packed[p * rows + i] = 0;
        }
    }
}

/// Packs `m` rows, cut into panels of `rows`.
static void pack_left_panels(float *packed, const float *a, size_t row_stride, size_t column_stride, size_t m, size_t rows, size_t k) {
    for (size_t i = 0; i < m; i += rows, packed += rows * k) {
        pack_left_panel(packed, a + i * row_stride, row_stride, column_stride, rows, smaller(rows, m - i), k);
    }
}

static void pack_left(float *packed, const float *a, size_t row_stride, size_t column_stride, size_t m, size_t k) {
    pack_left_panels(packed, a, row_stride, column_stride, m, panel_rows(m), k);
}

/// The epilogue for the tile at (row, column) of a result with rows `stride` apart.
APUS_INLINE tile_end end_at(const apus_epilogue *epilogue, size_t row, size_t column, size_t stride, bool continues, bool finishes) {
    return (tile_end){
        .column_bias = epilogue->column_bias ? epilogue->column_bias + column : NULL,
        .row_bias = epilogue->row_bias ? epilogue->row_bias + row : NULL,
        .residual = epilogue->residual ? epilogue->residual + row * stride + column : NULL,
        .residual_stride = stride,
        .continues = continues,
        .finishes = finishes,
        .activation = epilogue->activation,
        .alpha = epilogue->alpha,
        .beta = epilogue->beta,
    };
}

/// Left operands of up to this many floats are read in place: they stay in the first-level cache, and packing would cost
/// more than their strides do.
#define IN_PLACE_COUNT (6 * 1024)

APUS_INLINE bool reads_left_in_place(size_t m, size_t k) { return m <= MR || saturating_multiply(m, k) <= IN_PLACE_COUNT; }

/// The left operand is read in place, the right one streams through once.
static void product_in_place(float *c, size_t c_stride, const float *a, size_t a_stride, const float *packed, size_t m, size_t k, size_t n,
                             const apus_epilogue *epilogue) {
    const size_t rows = panel_rows(m);
    for (size_t j = 0; j < n; j += NR, packed += NR * k) {
        for (size_t i = 0; i < m; i += rows) {
            tile_end end = end_at(epilogue, i, j, c_stride, false, true);
            ask_ahead(&end, j + NR < n && m > rows ? packed + NR * k : NULL, i / rows, divide_up(m, rows), k);
            direct_tiles[smaller(rows, m - i) - 1](c + i * c_stride + j, c_stride, a + i * a_stride, a_stride, packed, NR, k,
                                                   smaller(NR, n - j), &end);
        }
    }
}

static size_t product_scratch_count(size_t m, size_t k, size_t n) {
    (void)n;
    if (reads_left_in_place(m, k)) return 0;
    return smaller(divide_up(m, panel_rows(m)), ROW_BLOCK_PANELS) * panel_rows(m) * smaller(k, K_BLOCK);
}

static void product(float *c, size_t c_stride, const float *a, size_t a_stride, const float *packed, size_t m, size_t k, size_t n,
                    const apus_epilogue *epilogue, float *scratch) {
    if (m == 0 || n == 0) return;
    if (reads_left_in_place(m, k)) {
        product_in_place(c, c_stride, a, a_stride, packed, m, k, n, epilogue);
        return;
    }
    const size_t rows = panel_rows(m), block_rows = rows * ROW_BLOCK_PANELS;
    for (size_t i0 = 0; i0 < m; i0 += block_rows) {
        const size_t i1 = smaller(m, i0 + block_rows);
        size_t k0 = 0;
        do {
            const size_t steps = smaller(k - k0, K_BLOCK);
            pack_left_panels(scratch, a + i0 * a_stride + k0, a_stride, 1, i1 - i0, rows, steps);
            for (size_t j = 0; j < n; j += NR) {
                const float *b = packed + j * k + k0 * NR;
                for (size_t i = i0; i < i1; i += rows) {
                    tile_end end = end_at(epilogue, i, j, c_stride, k0 > 0, k0 + steps == k);
                    ask_ahead(&end, j + NR < n ? b + NR * k : NULL, (i - i0) / rows, divide_up(i1 - i0, rows), steps);
                    packed_tiles[smaller(rows, i1 - i) - 1](c + i * c_stride + j, c_stride, scratch + (i - i0) * steps, rows, b, NR,
                                                            steps, smaller(NR, n - j), &end);
                }
            }
            k0 += steps;
        } while (k0 < k);
    }
}
