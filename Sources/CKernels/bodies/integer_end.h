// From sums of 32 bits to results.

/// Bytes as many as there are lanes.
typedef uint8_t vb __attribute__((vector_size(VF)));

/// value limited, rounded to the nearest integer, of two the even one, plus zero. NaN becomes the lowest.
APUS_INLINE vi vi_rounded(vf value, vf lowest, vf highest, vi zero) {
#if APUS_VECTOR_BYTES == 64
    return (vi)_mm512_cvtps_epi32(_mm512_min_ps(_mm512_max_ps((__m512)value, (__m512)lowest), (__m512)highest)) + zero;
#elif APUS_VECTOR_BYTES == 32
    return (vi)_mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps((__m256)value, (__m256)lowest), (__m256)highest)) + zero;
#else
    // Between the limits, which 16 bits hold, a float plus 3 · 2²² has its units in its last bit, so that the addition rounds.
    const vf raised = vf_select(value >= lowest, value, lowest), limited = vf_select(raised <= highest, raised, highest);
    return (vi)(limited + 12582912.0f) - 0x4B400000 + zero;
#endif
}

typedef int8_t APUS_NAME(signed_bytes) __attribute__((vector_size(VF)));

/// The first `count` (at most VF) bytes, zeros after them; what lies beyond is not touched.
APUS_INLINE vb vb_load_first(const uint8_t *p, size_t count) {
#if APUS_VECTOR_BYTES == 64
    return (vb)_mm_maskz_loadu_epi8((__mmask16)((1u << count) - 1), p);
#else
    vb bytes = {};
    if (count == VF) {
        memcpy(&bytes, p, sizeof bytes);
    } else {
        for (size_t i = 0; i < count; i++) bytes[i] = p[i];
    }
    return bytes;
#endif
}

/// The first `count` bytes as integers.
APUS_INLINE vi vi_load_bytes(const uint8_t *p, size_t count, bool is_signed) {
    const vb bytes = vb_load_first(p, count);
    return is_signed ? __builtin_convertvector((APUS_NAME(signed_bytes))bytes, vi) : __builtin_convertvector(bytes, vi);
}

/// What a result of bytes adds a residual to: `value` is sum · factor, the residual's bytes begin at `p`.
APUS_INLINE vf vi_with_residual(vf value, const uint8_t *p, size_t count, const apus_integer_residual *residual) {
    const vi own = vi_rounded(value, vf_set(residual->lowest), vf_set(residual->highest), (vi){});
    const vi other = vi_load_bytes(p, count, residual->is_signed) - residual->zero;
    return __builtin_convertvector(own, vf) * residual->own_factor + __builtin_convertvector(other, vf) * residual->factor;
}

APUS_INLINE void vb_store(uint8_t *p, vi lanes) {
#if APUS_VECTOR_BYTES == 64
    _mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8((__m512i)lanes));
#else
    const vb bytes = __builtin_convertvector(lanes, vb);
    memcpy(p, &bytes, sizeof bytes);
#endif
}

/// The first `count` (at most VF) lanes; what lies beyond is not touched.
APUS_INLINE void vb_store_first(uint8_t *p, vi lanes, size_t count) {
#if APUS_VECTOR_BYTES == 64
    _mm512_mask_cvtepi32_storeu_epi8(p, (__mmask16)((1u << count) - 1), (__m512i)lanes);
#else
    const vb bytes = __builtin_convertvector(lanes, vb);
    if (count == VF) {
        memcpy(p, &bytes, sizeof bytes);
    } else {
        for (size_t i = 0; i < count; i++) p[i] = bytes[i];
    }
#endif
}

APUS_INLINE vi vi_load_first(const int32_t *p, size_t count) { return (vi)vf_load_first((const float *)p, count); }
APUS_INLINE void vi_store_first(int32_t *p, vi v, size_t count) { vf_store_first((float *)p, (vf)v, count); }

/// Ends `count` (at most VF) sums of row `row`, column `column`, at element `at` of the result.
APUS_INLINE void integer_end_vector(void *c, size_t at, vi sums, size_t row, size_t column, size_t count, size_t factor,
                                    const apus_integer_end *end) {
    if (end->addend) {
        int32_t all[VF] = {0};
        const int32_t *addend = end->addend + row * end->addend_row + column * end->addend_column;
        for (size_t j = 0; j < count; j++) all[j] = addend[j * end->addend_column];
        sums += vi_load(all);
    }
    if (end->result == APUS_INTEGER_SUMS) {
        vi_store_first((int32_t *)c + at, sums, count);
        return;
    }
    vf value = __builtin_convertvector(sums, vf) * vf_load_first(end->factors + factor, count);
    if (end->result == APUS_INTEGER_REALS) {
        vf_store_first((float *)c + at, end->bias ? value + vf_load_first(end->bias + column, count) : value, count);
        return;
    }
    if (end->residual.data) value = vi_with_residual(value, end->residual.data + at, count, &end->residual);
    vb_store_first((uint8_t *)c + at, vi_rounded(value, vf_set(end->lowest), vf_set(end->highest), vi_set(end->zero)), count);
}
