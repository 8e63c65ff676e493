// Integer kernels of one level.
#include "integer_dot.h"
#include "integer_end.h"
#include "integer_product.h"
#include "integer_convolution.h"
#include "integer_lines.h"
#include "integer_parts.h"
#include "integer_depthwise.h"

const apus_integer_kernels APUS_NAME(apus_integer_kernels) = {
    .panel_columns = NR,
    .packed_count = integer_packed_count,
    .pack = integer_pack,
    .prepare = integer_prepare,
    .product_scratch_count = integer_product_scratch_count,
    .product = integer_product,
    .convolution_scratch_count = integer_convolution_scratch_count,
    .convolution = integer_convolution,
    .convolution_part_count = integer_convolution_part_count,
    .convolution_part = integer_convolution_part,
    .depthwise_rows = integer_depthwise_rows,
};
