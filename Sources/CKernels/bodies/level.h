// Everything of one level, gathered into its table. No include guard: each level's file includes it once.
#include "CKernels.h"
#include "vector.h"
#include "math.h"
#include "elementwise.h"
#include "reduce.h"
#include "softmax.h"
#include "cast.h"
#include "matrix.h"
#include "channels_last.h"
#include "recurrent.h"
#include "forest.h"
#include "integer.h"
#include "quantized.h"

/// The table of this level with integer kernels of a choice.
#define APUS_TABLE(integer_kernels)                 \
    {                                               \
        .isa = APUS_LEVEL_ID,                       \
        .vector_floats = VF,                        \
        .elementwise = APUS_NAME(elementwise),      \
        .reduce = APUS_NAME(reduce),                \
        .softmax = APUS_NAME(softmax),              \
        .cast = APUS_NAME(cast),                    \
        .matrix = APUS_NAME(matrix),                \
        .channels_last = APUS_NAME(channels_last),  \
        .recurrent = APUS_NAME(recurrent),          \
        .forest = APUS_NAME(forest),                \
        .quantized = APUS_NAME(quantized),          \
        .integer = &(integer_kernels),              \
    }

const apus_kernels APUS_NAME(apus_kernels) = APUS_TABLE(APUS_NAME(apus_integer_kernels));
