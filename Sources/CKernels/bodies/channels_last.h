// Kernels over data whose channels lie innermost.
#include "last_convolution.h"
#include "last_lined.h"
#include "last_winograd.h"
#include "last_depthwise.h"
#include "last_pooling.h"
#include "last_normalization.h"

/// The same convolution with its outputs along the last axis, where they lie along the one before alone: neither data nor filters lie
/// otherwise. Tiles are of outputs along the last axis.
static apus_convolution along_last_axis(const apus_convolution *s) {
    apus_convolution t = *s;
    if (s->input[2] != 1 || s->output[2] != 1 || s->kernel[2] != 1 || s->pad[2] != 0) return t;
    for (int axis = 2; axis > 0; axis--) {
        t.input[axis] = s->input[axis - 1], t.output[axis] = s->output[axis - 1], t.kernel[axis] = s->kernel[axis - 1];
        t.stride[axis] = s->stride[axis - 1], t.dilation[axis] = s->dilation[axis - 1], t.pad[axis] = s->pad[axis - 1];
    }
    t.input[0] = t.output[0] = t.kernel[0] = t.stride[0] = t.dilation[0] = 1, t.pad[0] = 0;
    return t;
}

/// A way to compute a convolution.
typedef struct filter_way {
    /// Names the packed form of its filters.
    unsigned form;
    size_t (*packed_count)(const apus_convolution *s);
    void (*pack)(float *packed, const float *filter, const apus_convolution *s, const apus_filter_strides *strides);
    size_t (*scratch_count)(const apus_convolution *s);
    void (*whole)(float *y, const float *x, const float *packed, const apus_convolution *s, const apus_epilogue *epilogue, float *scratch);
    size_t (*part_count)(const apus_convolution *s);
    void (*part)(float *y, const float *x, const float *packed, const apus_convolution *s, const apus_epilogue *epilogue, float *scratch,
                 size_t part);
} filter_way;

static const filter_way copied_way = {0, last_packed_count, last_pack, last_scratch_count, last_convolution, last_part_count, last_convolution_part};
static const filter_way lined_way = {0, last_packed_count, last_pack, lined_scratch_count, lined_convolution, lined_part_count, lined_convolution_part};
static const filter_way winograd_way = {1, winograd_packed_count, winograd_pack, winograd_scratch_count, winograd_convolution, winograd_block_count,
                                        winograd_part};

static const filter_way *filter_way_of(const apus_convolution *s) {
    return is_winograd(s) ? &winograd_way : is_lined(s) ? &lined_way : &copied_way;
}

static unsigned filter_kind(const apus_convolution *given) {
    const apus_convolution s = along_last_axis(given);
    return filter_way_of(&s)->form;
}

static size_t packed_filter_count(const apus_convolution *given) {
    const apus_convolution s = along_last_axis(given);
    return filter_way_of(&s)->packed_count(&s);
}

static void pack_filter(float *packed, const float *filter, const apus_convolution *given, const apus_filter_strides *strides) {
    const apus_convolution s = along_last_axis(given);
    filter_way_of(&s)->pack(packed, filter, &s, strides);
}

static size_t filter_scratch_count(const apus_convolution *given) {
    const apus_convolution s = along_last_axis(given);
    return filter_way_of(&s)->scratch_count(&s);
}

static void filter_convolution(float *y, const float *x, const float *packed, const apus_convolution *given, const apus_epilogue *epilogue,
                               float *scratch) {
    const apus_convolution s = along_last_axis(given);
    filter_way_of(&s)->whole(y, x, packed, &s, epilogue, scratch);
}

static size_t filter_part_count(const apus_convolution *given) {
    const apus_convolution s = along_last_axis(given);
    return filter_way_of(&s)->part_count(&s);
}

static void filter_part(float *y, const float *x, const float *packed, const apus_convolution *given, const apus_epilogue *epilogue,
                        float *scratch, size_t part) {
    const apus_convolution s = along_last_axis(given);
    filter_way_of(&s)->part(y, x, packed, &s, epilogue, scratch, part);
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
