// Vector types of the level being compiled; the including file has set APUS_LEVEL and APUS_VECTOR_BYTES.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define APUS_JOIN2(a, b) a##_##b
#define APUS_JOIN(a, b) APUS_JOIN2(a, b)
/// The name of a function at this level: `relu_f32_avx2`.
#define APUS_NAME(name) APUS_JOIN(name, APUS_LEVEL)

/// Floats in one vector.
#define VF (APUS_VECTOR_BYTES / 4)

typedef float vf __attribute__((vector_size(APUS_VECTOR_BYTES)));
typedef int32_t vi __attribute__((vector_size(APUS_VECTOR_BYTES)));

static inline __attribute__((always_inline)) vf vf_load(const float *p) {
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline __attribute__((always_inline)) void vf_store(float *p, vf v) { memcpy(p, &v, sizeof v); }

static inline __attribute__((always_inline)) vf vf_set(float x) { return x - (vf){}; }

/// mask ? a : b, lane by lane; mask lanes are all ones or all zeros.
static inline __attribute__((always_inline)) vf vf_select(vi mask, vf a, vf b) {
    return (vf)(((vi)a & mask) | ((vi)b & ~mask));
}
