/// Element-wise kernels over 32-bit floats.
///
/// An output may lie exactly on an input that is walked in the same order; otherwise operands do not overlap.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "attributes.h"

#pragma clang assume_nonnull begin

/// y[i] = f(x[i])
typedef APUS_SENDABLE void (*apus_map_f32)(float *y, const float *x, size_t count);

/// y[i] = f(x[i]) with up to two constants, in the order that the kernel's comment names them.
typedef APUS_SENDABLE void (*apus_parametric_map_f32)(float *y, const float *x, size_t count, float first, float second);

/// The two innermost axes of a broadcast: how two operands move while the result advances by one element at a time.
typedef struct apus_pair_walk {
    size_t rows, columns;
    /// Elements between the rows of an operand; 0 repeats one row.
    size_t a_row, b_row;
    /// 1, or 0 to repeat one element through a row.
    size_t a_column, b_column;
} apus_pair_walk;

/// y = f(a, b), with y dense.
typedef APUS_SENDABLE void (*apus_pair_f32)(float *y, const float *a, const float *b, const apus_pair_walk *walk);

/// y = 1 where the claim holds of (a, b), else 0.
typedef APUS_SENDABLE void (*apus_compare_f32)(uint8_t *y, const float *a, const float *b, const apus_pair_walk *walk);

typedef struct apus_elementwise_kernels {
    /// max(x, 0); NaN stays NaN.
    apus_map_f32 relu_f32;
    apus_map_f32 abs_f32, neg_f32, sqrt_f32, reciprocal_f32, square_f32;
    /// Towards −inf, towards +inf, to nearest with ties to even.
    apus_map_f32 floor_f32, ceil_f32, round_f32;
    apus_map_f32 exp_f32, log_f32, tanh_f32, sigmoid_f32, erf_f32;
    /// x·Φ(x), and its approximation by tanh.
    apus_map_f32 gelu_f32, gelu_tanh_f32;
    /// x·sigmoid(x); x·min(max(x/6 + 1/2, 0), 1); ln(1 + eˣ); x/(1 + |x|); x·tanh(ln(1 + eˣ))
    apus_map_f32 silu_f32, hard_swish_f32, softplus_f32, softsign_f32, mish_f32;

    /// first·x + second
    apus_parametric_map_f32 affine_f32;
    /// x limited to first … second; NaN stays NaN; second wins where they cross.
    apus_parametric_map_f32 clip_f32;
    /// x < 0 ? first·x : x
    apus_parametric_map_f32 leaky_relu_f32;
    /// x < 0 ? first·(eˣ − 1) : x
    apus_parametric_map_f32 elu_f32;
    /// x < 0 ? first·(e^(x/first) − 1) : x
    apus_parametric_map_f32 celu_f32;
    /// second·(x < 0 ? first·(eˣ − 1) : x)
    apus_parametric_map_f32 selu_f32;
    /// min(max(first·x + second, 0), 1)
    apus_parametric_map_f32 hard_sigmoid_f32;
    /// x > first ? x : 0
    apus_parametric_map_f32 thresholded_relu_f32;
    /// x < −first ? x + second : x > first ? x − second : 0
    apus_parametric_map_f32 shrink_f32;
    /// x·sigmoid(first·x)
    apus_parametric_map_f32 swish_f32;

    apus_pair_f32 add_f32, sub_f32, mul_f32, div_f32;
    /// NaN when either is NaN.
    apus_pair_f32 min_f32, max_f32;
    /// a < 0 ? a·b : a
    apus_pair_f32 prelu_f32;

    apus_compare_f32 equal_f32, less_f32, less_or_equal_f32;

    /// y[i] = condition[i·condition_step] ? a[i·a_step] : b[i·b_step] for any 32-bit elements; steps are 0 or 1.
    void (*APUS_SENDABLE select_32)(uint32_t *y, const uint8_t *condition, size_t condition_step, const uint32_t *a, size_t a_step,
                      const uint32_t *b, size_t b_step, size_t count);
} apus_elementwise_kernels;

#pragma clang assume_nonnull end
