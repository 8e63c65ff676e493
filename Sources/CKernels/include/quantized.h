/// Element-wise functions and poolings of bytes that stand for real numbers: real = (byte − zero) · scale, where a byte is signed or not.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "attributes.h"
#include "matrix.h"

#pragma clang assume_nonnull begin

/// Two operands and a result, all signed or none.
typedef struct apus_quantized_pair {
    bool is_signed;
    /// Elements to the next one: 1, or 0 where one stands for all.
    size_t a_step, b_step;
    int32_t a_zero, b_zero, zero;
    /// A sum's factors, each operand's scale over the result's; a product has one, `a_factor`.
    float a_factor, b_factor;
    /// Limits of the result before its zero is added.
    float lowest, highest;
} apus_quantized_pair;

typedef struct apus_quantized_kernels {
    /// y[i] = x[i] / scale limited, rounded to the nearest integer, of two the even one, plus zero; NaN gives the lowest.
    void (*APUS_SENDABLE quantize_f32)(uint8_t *y, const float *x, size_t count, float scale, float lowest, float highest, int32_t zero);
    /// y[i] = (x[i] − zero) · scale
    void (*APUS_SENDABLE dequantize_f32)(float *y, const uint8_t *x, size_t count, float scale, int32_t zero, bool is_signed);
    /// The least and the largest of the numbers and 0; NaN is passed over.
    void (*APUS_SENDABLE range_f32)(float *low, float *high, const float *x, size_t count);
    /// y[i] = rounded((a[i] − a_zero) · a_factor + (b[i] − b_zero) · b_factor) + zero
    void (*APUS_SENDABLE add)(uint8_t *y, const uint8_t *a, const uint8_t *b, size_t count, const apus_quantized_pair *pair);
    /// y[i] = rounded((a[i] − a_zero) · (b[i] − b_zero) · a_factor) + zero
    void (*APUS_SENDABLE multiply)(uint8_t *y, const uint8_t *a, const uint8_t *b, size_t count, const apus_quantized_pair *pair);
    /// The largest byte under each window of channels-last data, for rows first_row ..< end_row of all rows of output; shape.planes is
    /// the batch. A window beside the data gives 0.
    void (*APUS_SENDABLE max_pool_rows)(uint8_t *y, const uint8_t *x, const apus_pooling *shape, size_t channels, size_t first_row,
                                        size_t end_row, bool is_signed);
    /// sums[c] = Σ x[i, c] over [count, channels]; at most 2²³ rows.
    void (*APUS_SENDABLE sum_rows)(int32_t *sums, const uint8_t *x, size_t count, size_t channels, bool is_signed);
} apus_quantized_kernels;

#pragma clang assume_nonnull end
