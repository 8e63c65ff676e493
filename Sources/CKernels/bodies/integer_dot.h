// Sums of four products of bytes in each 32-bit lane: the step of every integer product. Left bytes are unsigned, right ones signed.

#if APUS_VECTOR_BYTES == 64
#define APUS_HAS_DOT 1
APUS_INLINE vi dot_step(vi sum, vi left, vi right) { return (vi)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)left, (__m512i)right); }
#elif APUS_VECTOR_BYTES == 32 && defined(APUS_VNNI)
#define APUS_HAS_DOT 1
APUS_INLINE vi dot_step(vi sum, vi left, vi right) { return (vi)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)left, (__m256i)right); }
#elif APUS_VECTOR_BYTES == 32
#define APUS_HAS_DOT 0
/// By 16-bit halves of even and odd bytes: products of bytes as they are would saturate.
APUS_INLINE vi dot_step(vi sum, vi left, vi right) {
    const __m256i a = (__m256i)left, b = (__m256i)right;
    const __m256i even = _mm256_madd_epi16(_mm256_and_si256(a, _mm256_set1_epi16(0xff)), _mm256_srai_epi16(_mm256_slli_epi16(b, 8), 8));
    const __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(a, 8), _mm256_srai_epi16(b, 8));
    return sum + (vi)even + (vi)odd;
}
#elif defined(__ARM_FEATURE_MATMUL_INT8)
#include <arm_neon.h>
#define APUS_HAS_DOT 1
APUS_INLINE vi dot_step(vi sum, vi left, vi right) { return (vi)vusdotq_s32((int32x4_t)sum, (uint8x16_t)left, (int8x16_t)right); }
#elif defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#define APUS_HAS_DOT 1
/// The left bytes' seven low bits and their highest one by themselves, since both operands must be signed.
APUS_INLINE vi dot_step(vi sum, vi left, vi right) {
    const int8x16_t low = (int8x16_t)(left & 0x7f7f7f7f), high = (int8x16_t)(((vi)left >> 7) & 0x01010101);
    const int32x4_t tops = vdotq_s32((int32x4_t){}, high, (int8x16_t)right);
    return (vi)vdotq_s32((int32x4_t)sum, low, (int8x16_t)right) + ((vi)tops << 7);
}
#else
#define APUS_HAS_DOT 0
APUS_INLINE vi dot_step(vi sum, vi left, vi right) {
    sum += (left & 0xff) * (right << 24 >> 24);
    sum += (left >> 8 & 0xff) * (right << 16 >> 24);
    sum += (left >> 16 & 0xff) * (right << 8 >> 24);
    return sum + (left >> 24 & 0xff) * (right >> 24);
}
#endif

APUS_INLINE vi vi_load(const void *p) {
    vi v;
    memcpy(&v, p, sizeof v);
    return v;
}

APUS_INLINE void vi_store(void *p, vi v) { memcpy(p, &v, sizeof v); }

/// Four bytes in every lane.
APUS_INLINE vi vi_repeat(const uint8_t *p) {
    int32_t four;
    memcpy(&four, p, sizeof four);
    return vi_set(four);
}
