/// Numeric kernels in C, one source compiled for every instruction-set level; callers choose a level's table.
///
/// Rules for every kernel: sizes are `size_t` counts of elements unless named otherwise; pointers need the alignment of
/// their element type only; nothing is allocated; a count of 0 is legal.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "cast.h"
#include "channels_last.h"
#include "elementwise.h"
#include "forest.h"
#include "integer.h"
#include "matrix.h"
#include "quantized.h"
#include "recurrent.h"
#include "reduce.h"
#include "softmax.h"
#include "transpose.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Instruction-set levels, weakest first.
typedef enum apus_isa {
    APUS_ISA_PORTABLE = 0,
    APUS_ISA_NEON = 1,
    APUS_ISA_AVX2 = 2,
    APUS_ISA_AVX512 = 3,
} apus_isa;

/// All kernels of one level.
typedef struct apus_kernels {
    apus_isa isa;
    /// Floats in one vector register.
    int vector_floats;
    apus_elementwise_kernels elementwise;
    apus_reduce_kernels reduce;
    apus_softmax_kernels softmax;
    apus_cast_kernels cast;
    apus_matrix_kernels matrix;
    apus_channels_last_kernels channels_last;
    apus_recurrent_kernels recurrent;
    apus_forest_kernels forest;
    apus_quantized_kernels quantized;
    const apus_integer_kernels *integer;
} apus_kernels;

/// The name used in `APUS_ISA`, `apus version` and messages.
const char *apus_isa_name(apus_isa isa);

/// Kernels of a level, or NULL when this processor cannot run it.
const apus_kernels *apus_kernels_for(apus_isa isa);

/// Kernels of the best level that this processor can run.
const apus_kernels *apus_kernels_best(void);

/// The integer kernels of the level avx2 on processors without VNNI, whatever this one has; NULL where the level does not run.
const apus_integer_kernels *apus_integer_kernels_without_vnni(void);

#ifdef __cplusplus
}
#endif
