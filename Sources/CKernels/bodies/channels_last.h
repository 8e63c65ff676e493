// Kernels over data whose channels lie innermost.
#include "last_convolution.h"
#include "last_winograd.h"
#include "last_depthwise.h"
#include "last_pooling.h"
#include "last_normalization.h"

/// A filter is packed for the way that its convolution takes.
static unsigned filter_kind(const apus_convolution *s) { return is_winograd(s) ? 1 : 0; }

static size_t packed_filter_count(const apus_convolution *s) { return is_winograd(s) ? winograd_packed_count(s) : last_packed_count(s); }

static void pack_filter(float *packed, const float *filter, const apus_convolution *s, const apus_filter_strides *strides) {
    is_winograd(s) ? winograd_pack(packed, filter, s, strides) : last_pack(packed, filter, s, strides);
}

static size_t filter_scratch_count(const apus_convolution *s) { return is_winograd(s) ? winograd_scratch_count(s) : last_scratch_count(s); }

static size_t filter_part_count(const apus_convolution *s) { return is_winograd(s) ? winograd_block_count(s) : last_part_count(s); }

static void filter_part(float *y, const float *x, const float *packed, const apus_convolution *s, const apus_epilogue *epilogue, float *scratch,
                        size_t part) {
    if (is_winograd(s)) {
        winograd_block_at(y, x, packed, part, s, epilogue, scratch);
    } else {
        last_convolution_part(y, x, packed, s, epilogue, scratch, part);
    }
}

static void filter_convolution(float *y, const float *x, const float *packed, const apus_convolution *s, const apus_epilogue *epilogue,
                               float *scratch) {
    if (!is_winograd(s)) {
        last_convolution(y, x, packed, s, epilogue, scratch);
        return;
    }
    const size_t blocks = winograd_block_count(s);
    for (size_t block = 0; block < blocks; block++) winograd_block_at(y, x, packed, block, s, epilogue, scratch);
}

static const apus_channels_last_kernels APUS_NAME(channels_last) = {
    .filter_kind = filter_kind,
    .packed_filter_count = packed_filter_count,
    .pack_filter_f32 = pack_filter,
    .convolution_scratch_count = filter_scratch_count,
    .convolution_f32 = filter_convolution,
    .convolution_part_count = filter_part_count,
    .convolution_part_f32 = filter_part,
    .packed_depthwise_count = last_depthwise_count,
    .pack_depthwise_f32 = last_pack_depthwise,
    .depthwise_rows_f32 = last_depthwise_rows,
    .max_pool_rows_f32 = last_max_pool,
    .average_pool_rows_f32 = last_average_pool,
    .scale_rows_f32 = last_scale_rows,
    .neighbour_norm_rows_f32 = last_neighbour_norm,
};
