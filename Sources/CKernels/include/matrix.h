/// Matrix products, convolution, pooling and normalisation, single precision, row-major.
///
/// Packed operands and scratch have formats private to the level that wrote them: pack, measure and run through the
/// table of one level. No pointer may be NULL unless its comment allows it.
///
/// Functions that return a count return 2⁶⁰ where it would be more: extents may be anything up to 2⁶³ - 1, and the caller refuses
/// what is too large before it packs or runs.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Element-wise functions that a product can apply to its result. NaN stays NaN.
typedef enum apus_activation {
    APUS_ACTIVATION_NONE = 0,
    /// max(x, 0)
    APUS_ACTIVATION_RELU,
    /// min(max(x, alpha), beta)
    APUS_ACTIVATION_CLIP,
    /// x when x ≥ 0, else alpha · x
    APUS_ACTIVATION_LEAKY_RELU,
    /// min(max(alpha · x + beta, 0), 1)
    APUS_ACTIVATION_HARD_SIGMOID,
    /// x · min(max(x / 6 + 1/2, 0), 1)
    APUS_ACTIVATION_HARD_SWISH,
    /// 1 / (1 + e⁻ˣ)
    APUS_ACTIVATION_SIGMOID,
    APUS_ACTIVATION_TANH,
    /// x · Φ(x)
    APUS_ACTIVATION_GELU,
    /// x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))
    APUS_ACTIVATION_GELU_TANH,
    /// x · sigmoid(x)
    APUS_ACTIVATION_SILU,
} apus_activation;

/// What is done to a product before it is stored: activation(product + column_bias + row_bias + residual).
typedef struct apus_epilogue {
    /// One value for each column, or NULL.
    const float *column_bias;
    /// One value for each row (in a convolution: for each output channel), or NULL.
    const float *row_bias;
    /// A matrix laid out as the result, or NULL. It may be the result's own memory.
    const float *residual;
    apus_activation activation;
    float alpha, beta;
} apus_epilogue;

/// The geometry of a convolution over 1 to 3 axes; fewer axes stand at the end, the others have extent, kernel, stride
/// and dilation 1 and no padding.
typedef struct apus_convolution {
    size_t batch, groups;
    /// Channels of one group.
    size_t channels_in, channels_out;
    size_t input[3], output[3], kernel[3], stride[3], dilation[3];
    /// Padding before the first element of an axis; negative pads crop. What follows the last element needs no statement.
    ptrdiff_t pad[3];
} apus_convolution;

/// The geometry of a pooling over 1 to 3 axes, filled up like a convolution's.
typedef struct apus_pooling {
    /// Batch times channels.
    size_t planes;
    size_t input[3], output[3], kernel[3], stride[3], dilation[3];
    size_t pad[3], pad_end[3];
    /// Whether an average counts padding.
    bool counts_padding;
} apus_pooling;

typedef struct apus_matrix_kernels {
    /// Columns of one panel of a packed right operand: where j is a multiple of it, columns from j on are packed at packed + j · k.
    size_t panel_columns;
    /// Floats of the packed form of a right operand [k, n].
    size_t (*packed_right_count)(size_t k, size_t n);
    /// Packs `scale` times the matrix whose element (p, j) lies at b[p * row_stride + j * column_stride].
    void (*pack_right_f32)(float *packed, const float *b, size_t row_stride, size_t column_stride, size_t k, size_t n, float scale);
    /// Floats of scratch that `product_f32` needs.
    size_t (*product_scratch_count)(size_t m, size_t k, size_t n);
    /// c [m, n] = epilogue(a [m, k] · packed right operand [k, n]).
    void (*product_f32)(float *c, size_t c_stride, const float *a, size_t a_stride, const float *packed, size_t m, size_t k, size_t n,
                        const apus_epilogue *epilogue, float *scratch);

    /// Floats of the packed form of a left operand [m, k].
    size_t (*packed_left_count)(size_t m, size_t k);
    /// Packs the matrix whose element (i, p) lies at a[i * row_stride + p * column_stride].
    void (*pack_left_f32)(float *packed, const float *a, size_t row_stride, size_t column_stride, size_t m, size_t k);

    /// Floats of the packed form of convolution weights [groups · channels_out, channels_in, kernel…].
    size_t (*packed_weights_count)(const apus_convolution *shape);
    void (*pack_weights_f32)(float *packed, const float *weights, const apus_convolution *shape);
    /// Floats of scratch that `convolution_f32` needs.
    size_t (*convolution_scratch_count)(const apus_convolution *shape);
    /// y [batch, groups · channels_out, output…] = epilogue(x [batch, groups · channels_in, input…] ∗ packed weights).
    /// The epilogue's column bias is not read.
    void (*convolution_f32)(float *y, const float *x, const float *packed, const apus_convolution *shape, const apus_epilogue *epilogue,
                            float *scratch);

    /// Into how many parts a convolution can be cut: they write different places of y and read the residual only there.
    size_t (*convolution_part_count)(const apus_convolution *shape);
    /// Computes part `part`, with scratch of its own of `convolution_scratch_count` floats.
    void (*convolution_part_f32)(float *y, const float *x, const float *packed, const apus_convolution *shape,
                                 const apus_epilogue *epilogue, float *scratch, size_t part);

    /// The transposed convolution: `input` is the extent before, `output` after; weights [groups · channels_in, channels_out, kernel…].
    size_t (*packed_transposed_count)(const apus_convolution *shape);
    void (*pack_transposed_f32)(float *packed, const float *weights, const apus_convolution *shape);
    size_t (*transposed_scratch_count)(const apus_convolution *shape);
    /// `bias` has one value for each output channel, or is NULL.
    void (*transposed_f32)(float *y, const float *x, const float *packed, const float *bias, const apus_convolution *shape, float *scratch);

    /// Floats of scratch that the poolings need.
    size_t (*pooling_scratch_count)(const apus_pooling *shape);
    /// The largest element of each window; -inf where a window holds padding only. NaN elements do not win.
    void (*max_pool_f32)(float *y, const float *x, const apus_pooling *shape, float *scratch);
    /// The mean of each window.
    void (*average_pool_f32)(float *y, const float *x, const apus_pooling *shape, float *scratch);
    /// y[i] = the mean of row i of x [rows, columns].
    void (*mean_rows_f32)(float *y, const float *x, size_t rows, size_t columns);
    /// y[i] = the largest element of row i; -inf for an empty row.
    void (*max_rows_f32)(float *y, const float *x, size_t rows, size_t columns);

    /// y = (x - mean) / sqrt(variance + epsilon) · scale + bias over each row of x [rows, columns]; scale, bias [columns], bias may be
    /// NULL. `means` and `inverses` [rows] receive the mean and 1 / sqrt(variance + epsilon) unless NULL. y may be x.
    void (*layer_norm_f32)(float *y, const float *x, const float *scale, const float *bias, size_t rows, size_t columns, float epsilon,
                           float *means, float *inverses);
    /// y = x / sqrt(mean of squares + epsilon) · scale over each row of x [rows, columns]; scale [columns]. y may be x.
    void (*rms_norm_f32)(float *y, const float *x, const float *scale, size_t rows, size_t columns, float epsilon);
    /// Normalises each run of `group` planes of x [planes, columns] by its own mean and variance, then scales plane p by
    /// scale[p % channels] and adds bias[p % channels]. y may be x.
    void (*group_norm_f32)(float *y, const float *x, const float *scale, const float *bias, size_t planes, size_t group, size_t channels,
                           size_t columns, float epsilon);
    /// y = x · scale[p % channels] + shift[p % channels] for plane p of x [planes, columns]. y may be x.
    void (*scale_planes_f32)(float *y, const float *x, const float *scale, const float *shift, size_t planes, size_t channels,
                             size_t columns);
    /// y = x / (bias + alpha / window · Σ x²)^beta over x [channels, columns], the sum over `window` neighbouring channels, of which
    /// (window - 1) / 2 stand before. y may not be x.
    void (*channel_norm_f32)(float *y, const float *x, size_t channels, size_t columns, size_t window, float alpha, float beta, float bias);
} apus_matrix_kernels;
