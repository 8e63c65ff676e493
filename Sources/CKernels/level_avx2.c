#if defined(__x86_64__)
#include <immintrin.h>
#define APUS_LEVEL avx2
#define APUS_LEVEL_ID APUS_ISA_AVX2
#define APUS_VECTOR_BYTES 32
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "bodies/level.h"
#pragma clang attribute pop

extern const apus_integer_kernels apus_integer_kernels_avx2_vnni;
const apus_kernels apus_kernels_avx2_vnni = APUS_TABLE(apus_integer_kernels_avx2_vnni);
#endif
