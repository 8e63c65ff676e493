/// Conversions between 32-bit floats and other element types.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "attributes.h"

#pragma clang assume_nonnull begin

/// y may lie exactly on x where their elements are of one size; otherwise operands do not overlap. binary16 and bfloat16
/// travel as their bits.
typedef struct apus_cast_kernels {
    /// Exact.
    void (*APUS_SENDABLE f16_to_f32)(float *y, const uint16_t *x, size_t count);
    void (*APUS_SENDABLE bf16_to_f32)(float *y, const uint16_t *x, size_t count);
    /// To nearest, ties to even; beyond the range infinity; a NaN stays a NaN.
    void (*APUS_SENDABLE f32_to_f16)(uint16_t *y, const float *x, size_t count);
    void (*APUS_SENDABLE f32_to_bf16)(uint16_t *y, const float *x, size_t count);
    /// To nearest.
    void (*APUS_SENDABLE u8_to_f32)(float *y, const uint8_t *x, size_t count);
    void (*APUS_SENDABLE i8_to_f32)(float *y, const int8_t *x, size_t count);
    void (*APUS_SENDABLE i32_to_f32)(float *y, const int32_t *x, size_t count);
    void (*APUS_SENDABLE i64_to_f32)(float *y, const int64_t *x, size_t count);
    /// Towards 0; the nearest end of the range beyond it; 0 for NaN.
    void (*APUS_SENDABLE f32_to_u8)(uint8_t *y, const float *x, size_t count);
    void (*APUS_SENDABLE f32_to_i8)(int8_t *y, const float *x, size_t count);
    void (*APUS_SENDABLE f32_to_i32)(int32_t *y, const float *x, size_t count);
    void (*APUS_SENDABLE f32_to_i64)(int64_t *y, const float *x, size_t count);
} apus_cast_kernels;

#pragma clang assume_nonnull end
