#if defined(__x86_64__)
// The integer kernels of the level avx2 for processors with VNNI in the AVX encoding. Formats are those of the level.
#include <immintrin.h>
#include "CKernels.h"
#define APUS_LEVEL avx2_vnni
#define APUS_VECTOR_BYTES 32
#define APUS_VNNI
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)
#include "bodies/vector.h"
#include "bodies/count.h"
#include "bodies/geometry.h"
#include "bodies/integer.h"
#pragma clang attribute pop
#endif
