// Vector types of the level being compiled; the including file has set APUS_LEVEL and APUS_VECTOR_BYTES.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define APUS_JOIN2(a, b) a##_##b
#define APUS_JOIN(a, b) APUS_JOIN2(a, b)
/// The name of a function at this level: `relu_f32_avx2`.
#define APUS_NAME(name) APUS_JOIN(name, APUS_LEVEL)

#define APUS_INLINE static inline __attribute__((always_inline))

/// Floats in one vector.
#define VF (APUS_VECTOR_BYTES / 4)

typedef float vf __attribute__((vector_size(APUS_VECTOR_BYTES)));
typedef int32_t vi __attribute__((vector_size(APUS_VECTOR_BYTES)));

APUS_INLINE vf vf_load(const float *p) {
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}

APUS_INLINE void vf_store(float *p, vf v) { memcpy(p, &v, sizeof v); }

APUS_INLINE vf vf_set(float x) { return x - (vf){}; }

APUS_INLINE vi vi_set(int32_t x) { return x - (vi){}; }

/// mask ? a : b, lane by lane; mask lanes are all ones or all zeros.
APUS_INLINE vf vf_select(vi mask, vf a, vf b) {
    return (vf)(((vi)a & mask) | ((vi)b & ~mask));
}

/// The first `count` (at most VF) floats at `p`, zeros after them; what lies beyond is not touched.
APUS_INLINE vf vf_load_first(const float *p, size_t count) {
#if APUS_VECTOR_BYTES == 64
    return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
#elif APUS_VECTOR_BYTES == 32
    return (vf)_mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)));
#else
    vf v = {};
    for (size_t i = 0; i < count; i++) v[i] = p[i];
    return v;
#endif
}

/// Stores the first `count` (at most VF) lanes; what lies beyond is not touched.
APUS_INLINE void vf_store_first(float *p, vf v, size_t count) {
#if APUS_VECTOR_BYTES == 64
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)v);
#elif APUS_VECTOR_BYTES == 32
    _mm256_maskstore_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)), (__m256)v);
#else
    for (size_t i = 0; i < count; i++) p[i] = v[i];
#endif
}

/// The floats low ..< high (at most VF) at `p` in their lanes, zeros elsewhere; what lies outside is not touched.
APUS_INLINE vf vf_load_range(const float *p, size_t low, size_t high) {
#if APUS_VECTOR_BYTES == 64
    return (vf)_mm512_maskz_loadu_ps((__mmask16)(((1u << high) - 1) & ~((1u << low) - 1)), p);
#elif APUS_VECTOR_BYTES == 32
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i below = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)low), lane);
    return (vf)_mm256_maskload_ps(p, _mm256_andnot_si256(below, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)high), lane)));
#else
    vf v = {};
    for (size_t i = low; i < high; i++) v[i] = p[i];
    return v;
#endif
}

/// Every other lane of 2 · VF floats, from the first on (`odd` 0) or the second (`odd` 1).
#if APUS_VECTOR_BYTES == 64
#define vf_alternate(a, b, odd)                                                                                              \
    __builtin_shufflevector(a, b, 0 + odd, 2 + odd, 4 + odd, 6 + odd, 8 + odd, 10 + odd, 12 + odd, 14 + odd, 16 + odd, 18 + odd, \
                            20 + odd, 22 + odd, 24 + odd, 26 + odd, 28 + odd, 30 + odd)
#elif APUS_VECTOR_BYTES == 32
#define vf_alternate(a, b, odd) \
    __builtin_shufflevector(a, b, 0 + odd, 2 + odd, 4 + odd, 6 + odd, 8 + odd, 10 + odd, 12 + odd, 14 + odd)
#else
#define vf_alternate(a, b, odd) __builtin_shufflevector(a, b, 0 + odd, 2 + odd, 4 + odd, 6 + odd)
#endif
