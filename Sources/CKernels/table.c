#include "CKernels.h"
#if defined(__x86_64__)
#include <cpuid.h>
#endif

extern const apus_kernels apus_kernels_portable;
#if defined(__x86_64__)
extern const apus_kernels apus_kernels_avx2, apus_kernels_avx2_vnni, apus_kernels_avx512;
#elif defined(__aarch64__)
extern const apus_kernels apus_kernels_neon;
#endif

#if defined(__x86_64__)
/// Byte products in the AVX encoding: leaf 7, sub-leaf 1, bit 4 of eax.
static bool has_avx_vnni(void) {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}
#endif

const char *apus_isa_name(apus_isa isa) {
    switch (isa) {
        case APUS_ISA_PORTABLE: return "portable";
        case APUS_ISA_NEON: return "neon";
        case APUS_ISA_AVX2: return "avx2";
        case APUS_ISA_AVX512: return "avx512";
    }
    return "unknown";
}

const apus_kernels *apus_kernels_for(apus_isa isa) {
    switch (isa) {
        case APUS_ISA_PORTABLE: return &apus_kernels_portable;
#if defined(__x86_64__)
        case APUS_ISA_AVX2:
            if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return NULL;
            return has_avx_vnni() ? &apus_kernels_avx2_vnni : &apus_kernels_avx2;
        case APUS_ISA_AVX512:
            return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                           __builtin_cpu_supports("avx512vnni")
                       ? &apus_kernels_avx512
                       : NULL;
#elif defined(__aarch64__)
        case APUS_ISA_NEON: return &apus_kernels_neon;
#endif
        default: return NULL;
    }
}

const apus_kernels *apus_kernels_best(void) {
    for (int isa = APUS_ISA_AVX512; isa > APUS_ISA_PORTABLE; isa--) {
        const apus_kernels *kernels = apus_kernels_for((apus_isa)isa);
        if (kernels) return kernels;
    }
    return &apus_kernels_portable;
}

const apus_integer_kernels *apus_integer_kernels_without_vnni(void) {
#if defined(__x86_64__)
    if (apus_kernels_for(APUS_ISA_AVX2)) return apus_kernels_avx2.integer;
#endif
    return NULL;
}
