// Matrix kernels of one level.
#include "count.h"
#include "geometry.h"
#include "epilogue.h"
#include "tile.h"
#include "product.h"
#include "columns.h"
#include "depthwise.h"
#include "convolution.h"
#include "transposed.h"
#include "pooling.h"
#include "normalization.h"

static const apus_matrix_kernels APUS_NAME(matrix) = {
    .panel_columns = NR,
    .packed_right_count = packed_right_count,
    .pack_right_f32 = pack_right,
    .product_scratch_count = product_scratch_count,
    .product_f32 = product,
    .packed_left_count = packed_left_count,
    .pack_left_f32 = pack_left,
    .packed_weights_count = packed_weights_count,
    .pack_weights_f32 = pack_weights,
    .convolution_scratch_count = convolution_scratch_count,
    .convolution_f32 = convolution,
    .convolution_part_count = convolution_part_count,
    .convolution_part_f32 = convolution_part,
    .packed_transposed_count = packed_transposed_count,
    .pack_transposed_f32 = pack_transposed,
    .transposed_scratch_count = transposed_scratch_count,
    .transposed_f32 = transposed,
    .pooling_scratch_count = pooling_scratch_count,
    .max_pool_f32 = max_pool,
    .average_pool_f32 = average_pool,
    .mean_rows_f32 = mean_rows,
    .max_rows_f32 = max_rows,
    .layer_norm_f32 = layer_norm,
    .rms_norm_f32 = rms_norm,
    .group_norm_f32 = group_norm,
    .scale_planes_f32 = scale_planes,
    .channel_norm_f32 = channel_norm,
};
