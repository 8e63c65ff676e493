// Everything of one level, gathered into its table. No include guard: each level's file includes it once.
#include "CKernels.h"
#include "vector.h"
#include "elementwise.h"
#include "matrix.h"

const apus_kernels APUS_NAME(apus_kernels) = {
    .isa = APUS_LEVEL_ID,
    .vector_floats = VF,
    .elementwise = APUS_NAME(elementwise),
    .matrix = APUS_NAME(matrix),
};
