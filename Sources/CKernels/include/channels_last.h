/// Convolution and pooling over data whose channels lie innermost: [batch, up to three axes of space, channels], single precision.
///
/// Packed filters and scratch have formats private to the level that wrote them, as in matrix.h, whose geometries and epilogue these
/// functions take; an epilogue's bias is `column_bias` here, one value for each output channel. Functions that return a count return
/// 2⁶⁰ where it would be more.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "attributes.h"
#include "matrix.h"

#pragma clang assume_nonnull begin

/// How a filter lies before it is packed: floats from one output channel, input channel of its group, and tap to the next.
typedef struct apus_filter_strides {
    size_t output, input, tap;
} apus_filter_strides;

typedef struct apus_channels_last_kernels {
    /// Names the packed form of a filter beside its extents: forms of different kinds differ.
    unsigned (*APUS_SENDABLE filter_kind)(const apus_convolution *shape);
    /// Floats of the packed form of a filter with channels_in input and groups · channels_out output channels.
    size_t (*APUS_SENDABLE packed_filter_count)(const apus_convolution *shape);
    void (*APUS_SENDABLE pack_filter_f32)(float *packed, const float *filter, const apus_convolution *shape,
                                          const apus_filter_strides *strides);
    /// Floats of scratch that `convolution_f32` and every part needs.
    size_t (*APUS_SENDABLE convolution_scratch_count)(const apus_convolution *shape);
    /// y [batch, output…, groups · channels_out] = epilogue(x [batch, input…, groups · channels_in] ∗ packed filter).
    void (*APUS_SENDABLE convolution_f32)(float *y, const float *x, const float *packed, const apus_convolution *shape,
                                          const apus_epilogue *epilogue, float *scratch);
    /// Into how many parts a convolution can be cut: they write different places of y and read the residual only there.
    size_t (*APUS_SENDABLE convolution_part_count)(const apus_convolution *shape);
    void (*APUS_SENDABLE convolution_part_f32)(float *y, const float *x, const float *packed, const apus_convolution *shape,
                                               const apus_epilogue *epilogue, float *scratch, size_t part);

    /// The depthwise convolution: shape.groups input channels, each with shape.channels_out output channels beside each other;
    /// channels_in is 1. Floats of the packed form of a filter with groups · channels_out output channels.
    size_t (*APUS_SENDABLE packed_depthwise_count)(const apus_convolution *shape);
    void (*APUS_SENDABLE pack_depthwise_f32)(float *packed, const float *filter, const apus_convolution *shape,
                                             const apus_filter_strides *strides);
    /// y [batch, output…, groups · channels_out]; a part is one row of output. The residual may not lie on y.
    void (*APUS_SENDABLE depthwise_rows_f32)(float *y, const float *x, const float *packed, const apus_convolution *shape,
                                             const apus_epilogue *epilogue, size_t first_row, size_t end_row);

    /// The largest element (NaN does not win) or the mean of what is counted under each window, for the rows
    /// first_row ..< end_row of all rows of output; shape.planes is the batch.
    void (*APUS_SENDABLE max_pool_rows_f32)(float *y, const float *x, const apus_pooling *shape, size_t channels, size_t first_row,
                                            size_t end_row);
    void (*APUS_SENDABLE average_pool_rows_f32)(float *y, const float *x, const apus_pooling *shape, size_t channels, size_t first_row,
                                                size_t end_row);

    /// y = activation(x · scale[c] + shift[c]) over x [rows, channels]. y may be x.
    void (*APUS_SENDABLE scale_rows_f32)(float *y, const float *x, const float *scale, const float *shift, size_t rows, size_t channels,
                                         apus_activation activation, float alpha, float beta);
    /// y = x / (bias + alpha · Σ x²)^beta over x [rows, channels], the sum over a channel, `before` and `after` of its neighbours. y may
    /// not be x.
    void (*APUS_SENDABLE neighbour_norm_rows_f32)(float *y, const float *x, size_t rows, size_t channels, size_t before, size_t after,
                                                  float alpha, float beta, float bias);
} apus_channels_last_kernels;

#pragma clang assume_nonnull end
