// Reductions of one level.

/// Joins a row of `count` elements by `op`, each taken through `map`, in four independent chains.
/// `identity` is the value that changes nothing.
#define APUS_REDUCE_ROW(op, across, identity, map)                                                      \
    vf s0 = vf_set(identity), s1 = s0, s2 = s0, s3 = s0;                                                \
    size_t i = 0;                                                                                       \
    for (; i + 4 * VF <= count; i += 4 * VF) {                                                          \
        s0 = op(s0, map(vf_load(x + i)));                                                               \
        s1 = op(s1, map(vf_load(x + i + VF)));                                                          \
        s2 = op(s2, map(vf_load(x + i + 2 * VF)));                                                      \
        s3 = op(s3, map(vf_load(x + i + 3 * VF)));                                                      \
    }                                                                                                   \
    for (; i + VF <= count; i += VF) s0 = op(s0, map(vf_load(x + i)));                                  \
    if (i < count) s1 = op(s1, vf_fill_rest(map(vf_load_first(x + i, count - i)), count - i, identity)); \
    return across(op(op(s0, s1), op(s2, s3)));

/// Rows that one column sum takes before it is added to the result, so that rounding errors grow with their square root
/// in place of their number.
#define APUS_COLUMN_CHAIN 256

/// Joins `rows` rows of `count` (at most VF, all VF when `whole`) columns into y.
#define APUS_REDUCE_COLUMN_BLOCK(op, identity, map, load, store)                \
    for (size_t start = 0; start < rows; start += APUS_COLUMN_CHAIN) {          \
        const size_t end = rows - start < APUS_COLUMN_CHAIN ? rows : start + APUS_COLUMN_CHAIN; \
        vf sum = vf_set(identity);                                              \
        for (size_t r = start; r < end; r++) sum = op(sum, map(load(x + r * columns))); \
        store(y, op(load(y), sum));                                             \
    }

#define APUS_REDUCTION(name, op, across, identity, map)                                                        \
    APUS_INLINE float APUS_NAME(name##_row)(const float *x, size_t count) {                                    \
        APUS_REDUCE_ROW(op, across, identity, map)                                                             \
    }                                                                                                          \
    static void APUS_NAME(name##_rows_f32)(float *y, const float *x, size_t rows, size_t columns) {            \
        for (size_t r = 0; r < rows; r++)                                                                      \
            y[r] = op(vf_set(y[r]), vf_set(APUS_NAME(name##_row)(x + r * columns, columns)))[0];               \
    }                                                                                                          \
    APUS_INLINE void APUS_NAME(name##_whole)(float *y, const float *x, size_t rows, size_t columns) {          \
        APUS_REDUCE_COLUMN_BLOCK(op, identity, map, vf_load, vf_store)                                         \
    }                                                                                                          \
    APUS_INLINE void APUS_NAME(name##_part)(float *y, const float *x, size_t rows, size_t columns, size_t n) { \
        APUS_REDUCE_COLUMN_BLOCK(op, identity, map, APUS_LOAD_N, APUS_STORE_N)                                 \
    }                                                                                                          \
    static void APUS_NAME(name##_columns_f32)(float *y, const float *x, size_t rows, size_t columns) {         \
        size_t c = 0;                                                                                          \
        for (; c + VF <= columns; c += VF) APUS_NAME(name##_whole)(y + c, x + c, rows, columns);               \
        if (c < columns) APUS_NAME(name##_part)(y + c, x + c, rows, columns, columns - c);                     \
    }

#define APUS_LOAD_N(p) vf_load_first(p, n)
#define APUS_STORE_N(p, v) vf_store_first(p, v, n)

APUS_INLINE vf vf_itself(vf x) { return x; }
APUS_INLINE vf vf_square(vf x) { return x * x; }

APUS_REDUCTION(sum, vf_add, vf_sum_across, 0.0f, vf_itself)
APUS_REDUCTION(sum_magnitudes, vf_add, vf_sum_across, 0.0f, vf_abs)
APUS_REDUCTION(sum_squares, vf_add, vf_sum_across, 0.0f, vf_square)
APUS_REDUCTION(product, vf_multiply, vf_product_across, 1.0f, vf_itself)
APUS_REDUCTION(min, vf_min, vf_min_across, INFINITY, vf_itself)
APUS_REDUCTION(max, vf_max, vf_max_across, -INFINITY, vf_itself)

static void APUS_NAME(sum_exponentials_rows_f32)(float *y, const float *x, const float *shift, size_t rows,
                                                 size_t columns) {
    for (size_t r = 0; r < rows; r++) {
        const float *row = x + r * columns;
        const vf offset = vf_set(shift[r]);
        vf sum = {};
        size_t i = 0;
        for (; i + VF <= columns; i += VF) sum += vf_exp(vf_load(row + i) - offset);
        if (i < columns)
            sum += vf_fill_rest(vf_exp(vf_load_first(row + i, columns - i) - offset), columns - i, 0.0f);
        y[r] += vf_sum_across(sum);
    }
}

static void APUS_NAME(sum_exponentials_columns_f32)(float *y, const float *x, const float *shift, size_t rows,
                                                    size_t columns) {
    for (size_t c = 0; c < columns; c += VF) {
        const size_t n = columns - c < VF ? columns - c : VF;
        const vf offset = vf_load_first(shift + c, n);
        vf sum = {};
        for (size_t r = 0; r < rows; r++) sum += vf_exp(vf_load_first(x + r * columns + c, n) - offset);
        vf_store_first(y + c, vf_load_first(y + c, n) + sum, n);
    }
}

static const apus_reduce_kernels APUS_NAME(reduce) = {
    APUS_FIELD(sum_rows_f32), APUS_FIELD(sum_columns_f32),
    APUS_FIELD(sum_magnitudes_rows_f32), APUS_FIELD(sum_magnitudes_columns_f32),
    APUS_FIELD(sum_squares_rows_f32), APUS_FIELD(sum_squares_columns_f32),
    APUS_FIELD(product_rows_f32), APUS_FIELD(product_columns_f32),
    APUS_FIELD(min_rows_f32), APUS_FIELD(min_columns_f32),
    APUS_FIELD(max_rows_f32), APUS_FIELD(max_columns_f32),
    APUS_FIELD(sum_exponentials_rows_f32), APUS_FIELD(sum_exponentials_columns_f32),
};
