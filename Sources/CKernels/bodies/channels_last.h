// Kernels over data whose channels lie innermost.
#include "last_convolution.h"
#include "last_depthwise.h"
#include "last_pooling.h"

static const apus_channels_last_kernels APUS_NAME(channels_last) = {
    .packed_filter_count = last_packed_count,
    .pack_filter_f32 = last_pack,
    .convolution_scratch_count = last_scratch_count,
    .convolution_f32 = last_convolution,
    .convolution_part_count = last_part_count,
    .convolution_part_f32 = last_convolution_part,
    .packed_depthwise_count = last_depthwise_count,
    .pack_depthwise_f32 = last_pack_depthwise,
    .depthwise_rows_f32 = last_depthwise_rows,
    .max_pool_rows_f32 = last_max_pool,
    .average_pool_rows_f32 = last_average_pool,
    .scale_rows_f32 = last_scale_rows,
};
