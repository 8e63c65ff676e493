#if defined(__x86_64__)
#include <immintrin.h>
#define APUS_LEVEL avx512
#define APUS_LEVEL_ID APUS_ISA_AVX512
#define APUS_VECTOR_BYTES 64
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))), apply_to = function)
#include "bodies/level.h"
#pragma clang attribute pop
#endif
