/// Reductions of 32-bit floats along one axis of a matrix, added to what the result already holds.
#pragma once
#include <stddef.h>
#include "attributes.h"

#pragma clang assume_nonnull begin

/// Along rows: y[r] = y[r] ∘ x[r][0] ∘ … ∘ x[r][columns − 1]. Along columns: y[c] = y[c] ∘ x[0][c] ∘ … ∘ x[rows − 1][c].
/// x is dense; y does not overlap it.
typedef APUS_SENDABLE void (*apus_reduce_f32)(float *y, const float *x, size_t rows, size_t columns);

/// The same with a shift for every element of y: x − shift takes the place of x.
typedef APUS_SENDABLE void (*apus_shifted_reduce_f32)(float *y, const float *x, const float *shift, size_t rows, size_t columns);

typedef struct apus_reduce_kernels {
    apus_reduce_f32 sum_rows_f32, sum_columns_f32;
    /// Sums of |x| and of x².
    apus_reduce_f32 sum_magnitudes_rows_f32, sum_magnitudes_columns_f32;
    apus_reduce_f32 sum_squares_rows_f32, sum_squares_columns_f32;
    apus_reduce_f32 product_rows_f32, product_columns_f32;
    /// NaN when any element is NaN.
    apus_reduce_f32 min_rows_f32, min_columns_f32, max_rows_f32, max_columns_f32;
    /// Sums of e^(x − shift).
    apus_shifted_reduce_f32 sum_exponentials_rows_f32, sum_exponentials_columns_f32;
} apus_reduce_kernels;

#pragma clang assume_nonnull end
