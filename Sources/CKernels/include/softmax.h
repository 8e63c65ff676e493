/// Softmax of 32-bit floats along one axis of a matrix.
#pragma once
#include <stddef.h>
#include "attributes.h"

#pragma clang assume_nonnull begin

/// x and y are dense [rows, columns]; y may be x. The maximum is subtracted first: a line of −inf gives NaN.
typedef APUS_SENDABLE void (*apus_softmax_f32)(float *y, const float *x, size_t rows, size_t columns);

typedef struct apus_softmax_kernels {
    /// Every row by itself.
    apus_softmax_f32 softmax_rows_f32, log_softmax_rows_f32;
    /// Every column by itself.
    apus_softmax_f32 softmax_columns_f32, log_softmax_columns_f32;
} apus_softmax_kernels;

#pragma clang assume_nonnull end
