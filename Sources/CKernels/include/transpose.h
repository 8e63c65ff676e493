/// Matrix transposition by blocks; one build serves every level, since 128-bit vectors are everywhere.
#pragma once
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// y[i][j] = x[j][i] for i < rows, j < columns; elements of 4 bytes that lie side by side in a row of y (`columns` of them)
/// and in a row of x (`rows` of them). Strides are bytes between rows and may be any; x and y must not overlap.
void apus_transpose_u32(void *y, ptrdiff_t y_stride, const void *x, ptrdiff_t x_stride, size_t rows, size_t columns);
/// The same of bytes.
void apus_transpose_u8(void *y, ptrdiff_t y_stride, const void *x, ptrdiff_t x_stride, size_t rows, size_t columns);

#ifdef __cplusplus
}
#endif
