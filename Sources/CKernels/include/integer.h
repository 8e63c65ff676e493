/// Products and convolutions of 8-bit integers: sums of 32 bits, which wrap, and what becomes of them.
///
/// Left operands (activations) and right ones (weights) may each be signed or not; all levels give the same sums. Inside, left
/// elements are unsigned and right ones signed: the other kinds are moved by 128, and zero points with them. Packed right operands
/// and scratch have formats private to the level that wrote them. Functions that return a count return 2⁶⁰ where it would be more.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "attributes.h"
#include "matrix.h"

#pragma clang assume_nonnull begin

/// What sums become.
typedef enum apus_integer_result {
    /// int32: the sum.
    APUS_INTEGER_SUMS = 0,
    /// float: sum · factor + bias.
    APUS_INTEGER_REALS,
    /// One byte: sum · factor limited, rounded to the nearest integer (of two the even one), plus zero.
    APUS_INTEGER_BYTES,
} apus_integer_result;

/// Bytes laid out as a result of bytes, which are added to it: rounded(result · own_factor + (byte − zero) · factor), where the result
/// counts from its zero and has been rounded within lowest and highest before. The factors are scales over that of the sum.
typedef struct apus_integer_residual {
    const uint8_t *_Nullable data;
    bool is_signed;
    int32_t zero;
    float own_factor, factor;
    float lowest, highest;
} apus_integer_residual;

/// The end of a product. Arrays have one element for each column of the result, and room for whole panels.
typedef struct apus_integer_end {
    apus_integer_result result;
    /// Added to the sums: what `prepare` wrote.
    const int32_t *offsets;
    /// What `prepare` wrote; NULL where every right zero point is 0 in the signed form.
    const int32_t *_Nullable right_zeros;
    /// NULL for sums.
    const float *_Nullable factors;
    const float *_Nullable bias;
    /// Added to the sum in row i and column j: addend[i · addend_row + j · addend_column]. NULL without.
    const int32_t *_Nullable addend;
    size_t addend_row, addend_column;
    /// For bytes; data is NULL without.
    apus_integer_residual residual;
    float lowest, highest;
    int32_t zero;
} apus_integer_end;

/// A left operand: rows of bytes.
typedef struct apus_integer_left {
    const uint8_t *data;
    /// From one row to the next.
    size_t stride;
    bool is_signed;
    /// In the operand's own type.
    int32_t zero;
} apus_integer_left;

/// How a right operand [taps · channels, columns] lies in memory; a matrix has one tap.
typedef struct apus_integer_right {
    const uint8_t *data;
    size_t tap_stride, channel_stride, column_stride;
    bool is_signed;
} apus_integer_right;

typedef struct apus_integer_kernels {
    /// Columns of one panel: arrays of an end are as long as whole panels.
    size_t panel_columns;
    /// Bytes of the packed form of a right operand [taps · channels, n], aligned to 64 bytes.
    size_t (*APUS_SENDABLE packed_count)(size_t taps, size_t channels, size_t n);
    void (*APUS_SENDABLE pack)(uint8_t *packed, const apus_integer_right *right, size_t taps, size_t channels, size_t n);
    /// Writes an end's `offsets`, and its `right_zeros` unless they may be NULL, for columns low ..< high (low at a panel) of n and a
    /// left operand with this zero point.
    ///
    /// - zeros: zero points of the right operand, `zero_stride` (0 or 1) apart; NULL for 0.
    /// - bias: one for each column, or NULL.
    /// - Returns: whether a right zero point of these columns is other than 0 in the signed form, so that the end needs `right_zeros`.
    bool (*APUS_SENDABLE prepare)(int32_t *offsets, int32_t *right_zeros, const uint8_t *packed, size_t taps, size_t channels,
                                  size_t n, size_t low, size_t high, bool left_is_signed, int32_t left_zero,
                                  const uint8_t *_Nullable zeros, size_t zero_stride, bool right_is_signed,
                                  const int32_t *_Nullable bias);
    /// Bytes of scratch of a product and of each part of one.
    size_t (*APUS_SENDABLE product_scratch_count)(size_t m, size_t k);
    /// Columns low ..< high (low at a panel) of c [m, n], rows c_stride elements apart, = end(left [m, k] · packed right [k, n]).
    void (*APUS_SENDABLE product)(void *c, size_t c_stride, const apus_integer_left *left, const uint8_t *packed, size_t m, size_t k,
                                  size_t low, size_t high, const apus_integer_end *end, uint8_t *scratch);

    /// Convolution over channels-last data: y [batch, output…, groups · channels_out] = end(x [batch, input…, groups · channels_in] ∗
    /// filter), padded with the left zero point. The filter's groups are packed one after the other, each as [taps · channels_in,
    /// channels_out]; arrays of the end hold whole panels for each group.
    size_t (*APUS_SENDABLE convolution_scratch_count)(const apus_convolution *shape);
    void (*APUS_SENDABLE convolution)(void *y, const apus_integer_left *x, const uint8_t *packed, const apus_convolution *shape,
                                      const apus_integer_end *end, uint8_t *scratch);
    /// Into how many parts a convolution can be cut: they write different places of y.
    size_t (*APUS_SENDABLE convolution_part_count)(const apus_convolution *shape);
    void (*APUS_SENDABLE convolution_part)(void *y, const apus_integer_left *x, const uint8_t *packed, const apus_convolution *shape,
                                           const apus_integer_end *end, uint8_t *scratch, size_t part);

    /// The same with one input and one output channel a group, over the packed form [taps, groups] of int16 (weights less their zero
    /// points); `offsets` are biases here, `right_zeros` is not read. Output rows first_row ..< end_row of all.
    void (*APUS_SENDABLE depthwise_rows)(void *y, const apus_integer_left *x, const int16_t *packed, const apus_convolution *shape,
                                         const apus_integer_end *end, size_t first_row, size_t end_row);
} apus_integer_kernels;

#pragma clang assume_nonnull end
