// Conversions of one level; the compiler turns the loops into vector code.

typedef uint16_t APUS_NAME(halves) __attribute__((vector_size(VF * 2)));

#if APUS_VECTOR_BYTES >= 32 || defined(__aarch64__)
typedef _Float16 APUS_NAME(binary16) __attribute__((vector_size(VF * 2)));

APUS_INLINE vf APUS_NAME(widen)(APUS_NAME(halves) bits) { return __builtin_convertvector((APUS_NAME(binary16))bits, vf); }

APUS_INLINE APUS_NAME(halves) APUS_NAME(narrow)(vf x) {
    return (APUS_NAME(halves))__builtin_convertvector(x, APUS_NAME(binary16));
}
#else
/// Without instructions for binary16: exponent and fraction are moved to their binary32 places, then scaled by 2¹¹²,
/// which makes subnormals come out right; infinity and NaN get the largest exponent back.
APUS_INLINE vf APUS_NAME(widen)(APUS_NAME(halves) bits) {
    const vi h = __builtin_convertvector(bits, vi);
    const vi magnitude = (h & 0x7fff) << 13;
    const vf scaled = (vf)magnitude * 0x1p+112f;
    const vi finite = magnitude < 0x0f800000;
    return (vf)((vi)vf_select(finite, scaled, (vf)(magnitude | 0x7f800000)) | (h & 0x8000) << 16);
}

/// Ordinary results are rounded in integers; subnormal ones by adding 1/2, whose last place is theirs.
APUS_INLINE APUS_NAME(halves) APUS_NAME(narrow)(vf x) {
    const vi sign = ((vi)x >> 16) & 0x8000, magnitude = (vi)x & 0x7fffffff;
    const vi rounded = (magnitude + 0xfff + ((magnitude >> 13) & 1) - 0x38000000) >> 13;
    const vi subnormal = (vi)((vf)magnitude + 0.5f) - 0x3f000000;
    vi h = (vi)vf_select(magnitude < 0x38800000, (vf)subnormal, (vf)rounded);
    h = (vi)vf_select(magnitude >= 0x477ff000, (vf)vi_set(0x7c00), (vf)h);
    h = (vi)vf_select(magnitude > 0x7f800000, (vf)vi_set(0x7e00), (vf)h);
    return __builtin_convertvector(h | sign, APUS_NAME(halves));
}
#endif

static void APUS_NAME(f16_to_f32)(float *y, const uint16_t *x, size_t count) {
    for (size_t i = 0; i < count; i += VF) {
        const size_t n = count - i < VF ? count - i : VF;
        APUS_NAME(halves) bits = {};
        memcpy(&bits, x + i, n * sizeof *x);
        vf_store_first(y + i, APUS_NAME(widen)(bits), n);
    }
}

static void APUS_NAME(f32_to_f16)(uint16_t *y, const float *x, size_t count) {
    for (size_t i = 0; i < count; i += VF) {
        const size_t n = count - i < VF ? count - i : VF;
        const APUS_NAME(halves) bits = APUS_NAME(narrow)(vf_load_first(x + i, n));
        memcpy(y + i, &bits, n * sizeof *y);
    }
}

static void APUS_NAME(bf16_to_f32)(float *y, const uint16_t *x, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = (uint32_t)x[i] << 16;
        memcpy(y + i, &bits, sizeof bits);
    }
}

static void APUS_NAME(f32_to_bf16)(uint16_t *y, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        const uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1), quiet = bits | 0x400000;
        y[i] = (uint16_t)(((bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded) >> 16);
    }
}

#define APUS_TO_F32(name, type)                                                  \
    static void APUS_NAME(name)(float *y, const type *x, size_t count) {         \
        for (size_t i = 0; i < count; i++) y[i] = (float)x[i];                   \
    }

APUS_TO_F32(u8_to_f32, uint8_t)
APUS_TO_F32(i8_to_f32, int8_t)
APUS_TO_F32(i32_to_f32, int32_t)
APUS_TO_F32(i64_to_f32, int64_t)

/// `above` is the first float beyond the range upwards, `below` the lowest one inside.
#define APUS_FROM_F32(name, type, lowest, highest, below, above)                                        \
    static void APUS_NAME(name)(type *y, const float *x, size_t count) {                                \
        for (size_t i = 0; i < count; i++) {                                                            \
            const float v = x[i];                                                                       \
            y[i] = v != v ? 0 : v >= above ? highest : v < below ? lowest : (type)v;                    \
        }                                                                                               \
    }

APUS_FROM_F32(f32_to_u8, uint8_t, 0, UINT8_MAX, 0.0f, 256.0f)
APUS_FROM_F32(f32_to_i8, int8_t, INT8_MIN, INT8_MAX, -128.0f, 128.0f)
APUS_FROM_F32(f32_to_i32, int32_t, INT32_MIN, INT32_MAX, -0x1p+31f, 0x1p+31f)
APUS_FROM_F32(f32_to_i64, int64_t, INT64_MIN, INT64_MAX, -0x1p+63f, 0x1p+63f)

static const apus_cast_kernels APUS_NAME(cast) = {
    APUS_FIELD(f16_to_f32), APUS_FIELD(bf16_to_f32), APUS_FIELD(f32_to_f16), APUS_FIELD(f32_to_bf16),
    APUS_FIELD(u8_to_f32), APUS_FIELD(i8_to_f32), APUS_FIELD(i32_to_f32), APUS_FIELD(i64_to_f32),
    APUS_FIELD(f32_to_u8), APUS_FIELD(f32_to_i8), APUS_FIELD(f32_to_i32), APUS_FIELD(f32_to_i64),
};
