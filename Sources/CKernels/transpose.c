#include "transpose.h"
#include <stdint.h>
#include <string.h>

typedef uint32_t lanes __attribute__((vector_size(16)));

/// Elements along one side of the squares that are visited in turn: a row of one fills a cache line.
#define BLOCK 16

static inline lanes load(const char *p) {
    lanes v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store(char *p, lanes v) { memcpy(p, &v, sizeof v); }

/// A square of 4 by 4 elements.
static inline void transpose_4x4(char *y, ptrdiff_t y_stride, const char *x, ptrdiff_t x_stride) {
    const lanes a = load(x), b = load(x + x_stride), c = load(x + 2 * x_stride), d = load(x + 3 * x_stride);
    const lanes ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const lanes cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    store(y, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
    store(y + y_stride, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
    store(y + 2 * y_stride, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
    store(y + 3 * y_stride, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
}

static inline void transpose_plain(char *y, ptrdiff_t y_stride, const char *x, ptrdiff_t x_stride, size_t rows, size_t columns) {
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) memcpy(y + (ptrdiff_t)i * y_stride + j * 4, x + (ptrdiff_t)j * x_stride + i * 4, 4);
    }
}

static inline void transpose_block(char *y, ptrdiff_t y_stride, const char *x, ptrdiff_t x_stride, size_t rows, size_t columns) {
    const size_t whole_rows = rows & ~(size_t)3, whole_columns = columns & ~(size_t)3;
    for (size_t i = 0; i < whole_rows; i += 4) {
        char *to = y + (ptrdiff_t)i * y_stride;
        for (size_t j = 0; j < whole_columns; j += 4) transpose_4x4(to + j * 4, y_stride, x + (ptrdiff_t)j * x_stride + i * 4, x_stride);
    }
    transpose_plain(y + whole_columns * 4, y_stride, x + (ptrdiff_t)whole_columns * x_stride, x_stride, whole_rows, columns - whole_columns);
    transpose_plain(y + (ptrdiff_t)whole_rows * y_stride, y_stride, x + whole_rows * 4, x_stride, rows - whole_rows, columns);
}

/// y[i][j] = x[j][i] where a row of y is a few elements and follows the one before: loops of a known width become vector shuffles.
#define INTERLEAVE(columns)                                                                                            \
    static void interleave_##columns(uint32_t *restrict y, const char *x, ptrdiff_t x_stride, size_t rows) {          \
        const uint32_t *restrict from[columns];                                                                       \
        for (int j = 0; j < columns; j++) from[j] = (const uint32_t *)(x + j * x_stride);                             \
        for (size_t i = 0; i < rows; i++) {                                                                           \
            _Pragma("clang loop unroll(full)") for (int j = 0; j < columns; j++) y[i * columns + j] = from[j][i];      \
        }                                                                                                             \
    }

/// The inverse, where a row of x is a few elements.
#define DEAL(rows)                                                                                                     \
    static void deal_##rows(char *y, ptrdiff_t y_stride, const uint32_t *restrict x, size_t columns) {                \
        uint32_t *restrict to[rows];                                                                                  \
        for (int i = 0; i < rows; i++) to[i] = (uint32_t *)(y + i * y_stride);                                        \
        for (size_t j = 0; j < columns; j++) {                                                                        \
            _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++) to[i][j] = x[j * rows + i];              \
        }                                                                                                             \
    }

INTERLEAVE(2) INTERLEAVE(3) INTERLEAVE(4)
DEAL(2) DEAL(3) DEAL(4)

/// Whether the transposition was one of few rows or columns, which is done.
static int transpose_few(char *y, ptrdiff_t y_stride, const char *x, ptrdiff_t x_stride, size_t rows, size_t columns) {
    if (y_stride == (ptrdiff_t)columns * 4) {
        switch (columns) {
        case 2: return interleave_2((uint32_t *)y, x, x_stride, rows), 1;
        case 3: return interleave_3((uint32_t *)y, x, x_stride, rows), 1;
        case 4: return interleave_4((uint32_t *)y, x, x_stride, rows), 1;
        }
    }
    if (x_stride == (ptrdiff_t)rows * 4) {
        switch (rows) {
        case 2: return deal_2(y, y_stride, (const uint32_t *)x, columns), 1;
        case 3: return deal_3(y, y_stride, (const uint32_t *)x, columns), 1;
        case 4: return deal_4(y, y_stride, (const uint32_t *)x, columns), 1;
        }
    }
    return 0;
}

void apus_transpose_u32(void *y, ptrdiff_t y_stride, const void *x, ptrdiff_t x_stride, size_t rows, size_t columns) {
    if (transpose_few(y, y_stride, x, x_stride, rows, columns)) return;
    for (size_t j = 0; j < columns; j += BLOCK) {
        const size_t width = columns - j < BLOCK ? columns - j : BLOCK;
        const char *from = (const char *)x + (ptrdiff_t)j * x_stride;
        char *to = (char *)y + j * 4;
        for (size_t i = 0; i < rows; i += BLOCK) {
            const size_t height = rows - i < BLOCK ? rows - i : BLOCK;
            transpose_block(to + (ptrdiff_t)i * y_stride, y_stride, from + i * 4, x_stride, height, width);
        }
    }
}

typedef uint8_t bytes8 __attribute__((vector_size(8)));

static inline bytes8 load_8(const uint8_t *p) {
    bytes8 v;
    memcpy(&v, p, sizeof v);
    return v;
}

#define LOW_8(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH_8(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)

/// A square of 8 by 8 bytes: three rounds that each interleave lines half a square apart.
static inline void transpose_8x8(uint8_t *y, ptrdiff_t y_stride, const uint8_t *x, ptrdiff_t x_stride) {
    bytes8 from[8], to[8];
    for (int i = 0; i < 8; i++) from[i] = load_8(x + i * x_stride);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 4; i++) {
            to[2 * i] = LOW_8(from[i], from[i + 4]);
            to[2 * i + 1] = HIGH_8(from[i], from[i + 4]);
        }
        for (int i = 0; i < 8; i++) from[i] = to[i];
    }
    for (int i = 0; i < 8; i++) memcpy(y + i * y_stride, &from[i], sizeof from[i]);
}

static inline void transpose_bytes_plain(uint8_t *y, ptrdiff_t y_stride, const uint8_t *x, ptrdiff_t x_stride, size_t rows, size_t columns) {
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) y[(ptrdiff_t)i * y_stride + (ptrdiff_t)j] = x[(ptrdiff_t)j * x_stride + (ptrdiff_t)i];
    }
}

void apus_transpose_u8(void *y, ptrdiff_t y_stride, const void *x, ptrdiff_t x_stride, size_t rows, size_t columns) {
    const uint8_t *from = x;
    uint8_t *to = y;
    // Images have few channels: loops of a known length.
    if (columns == 3) return transpose_bytes_plain(to, y_stride, from, x_stride, rows, 3);
    if (columns < 8) return transpose_bytes_plain(to, y_stride, from, x_stride, rows, columns);
    const size_t whole_rows = rows & ~(size_t)7, whole_columns = columns & ~(size_t)7;
    for (size_t j = 0; j < whole_columns; j += 8) {
        for (size_t i = 0; i < whole_rows; i += 8) {
            transpose_8x8(to + (ptrdiff_t)i * y_stride + j, y_stride, from + (ptrdiff_t)j * x_stride + i, x_stride);
        }
    }
    transpose_bytes_plain(to + whole_columns, y_stride, from + (ptrdiff_t)whole_columns * x_stride, x_stride, whole_rows, columns - whole_columns);
    transpose_bytes_plain(to + (ptrdiff_t)whole_rows * y_stride, y_stride, from + whole_rows, x_stride, rows - whole_rows, columns);
}
