// Elementary functions over vectors of one level.
//
// Every function is right at ±0, ±inf, NaN (a NaN stays one), at overflow and down to denormal results. The stated errors are
// in units of the last place of the result. Polynomials are minimax fits over the stated interval, made for these kernels.
#include <float.h>
#include <math.h>

APUS_INLINE vf vf_abs(vf x) { return (vf)((vi)x & 0x7fffffff); }
APUS_INLINE vf vf_sqrt(vf x) { return __builtin_elementwise_sqrt(x); }

/// The magnitude of x with the sign of s.
APUS_INLINE vf vf_copysign(vf x, vf s) { return (vf)(((vi)x & 0x7fffffff) | ((vi)s & ~0x7fffffff)); }

/// The smaller one; NaN when either is.
APUS_INLINE vf vf_min(vf a, vf b) { return vf_select(a != a, a, vf_select(a < b, a, b)); }

/// The larger one; NaN when either is.
APUS_INLINE vf vf_max(vf a, vf b) { return vf_select(a != a, a, vf_select(a > b, a, b)); }

/// x limited to low … high; NaN stays NaN. Where low exceeds high the result is high.
APUS_INLINE vf vf_clip(vf x, vf low, vf high) {
    x = vf_select(x < low, low, x);
    return vf_select(x > high, high, x);
}

/// Horner's rule, highest coefficient first.
APUS_INLINE vf vf_polynomial(vf x, const float *coefficients, int count) {
    vf sum = vf_set(coefficients[0]);
    for (int i = 1; i < count; i++) sum = sum * x + coefficients[i];
    return sum;
}

/// eʳ = 1 + r + r²·q(r) for |r| ≤ 0.35: this is q, to 2⁻²⁸ of eʳ.
APUS_INLINE vf vf_exp_core(vf r) {
    const float q[] = {0x1.6dbc68p-10f, 0x1.124148p-7f, 0x1.555454p-5f, 0x1.555486p-3f, 0x1.000000p-1f};
    return vf_polynomial(r, q, 5);
}

/// eˣ, to 1.1 ulp (2 where the result is denormal).
///
/// x = n·ln 2 + r; 2ⁿ is applied in two halves, so that a result beyond the exponent range is rounded once, by the processor.
APUS_INLINE vf vf_exp(vf x) {
    x = vf_clip(x, vf_set(-104.0f), vf_set(89.0f));
    // Adding 1.5·2²³ leaves the nearest integer in the low bits.
    const vf shifted = x * 0x1.715476p+0f + 0x1.8p+23f;
    const vf n = shifted - 0x1.8p+23f;
    const vi power = (vi)shifted - 0x4b400000;
    const vf r = (x - n * 0x1.62e400p-1f) - n * 0x1.7f7d1cp-20f;
    const vf mantissa = r * r * vf_exp_core(r) + r + 1.0f;
    const vi half = power >> 1;
    const vf low = (vf)((half + 127) << 23), high = (vf)((power - half + 127) << 23);
    return mantissa * low * high;
}

/// eˣ − 1, to 4 ulp, also near 0.
APUS_INLINE vf vf_expm1(vf x) {
    const vf small = vf_clip(x, vf_set(-0.35f), vf_set(0.35f));
    const vf near = small * small * vf_exp_core(small) + small;
    return vf_select(vf_abs(x) <= 0.35f, near, vf_exp(x) - 1.0f);
}

/// ln x, to 2 ulp; −inf at ±0, NaN below 0.
APUS_INLINE vf vf_log(vf x) {
    const vi denormal = x < FLT_MIN;
    const vf scaled = vf_select(denormal, x * 0x1p+23f, x);
    // The exponent is taken relative to sqrt(1/2), so that the mantissa lies in [0.707, 1.414).
    const vi bits = (vi)scaled - 0x3f3504f3;
    const vi exponent = bits >> 23;
    const vf mantissa = (vf)((bits & 0x007fffff) + 0x3f3504f3);
    const vf n = __builtin_convertvector(exponent, vf) - vf_select(denormal, vf_set(23.0f), (vf){});
    const vf f = mantissa - 1.0f;
    // ln(1 + f) = f − f²/2 + f³·p(f)
    const float p[] = {-0x1.41eddcp-4f, 0x1.07d0dep-3f, -0x1.0ce07ap-3f, 0x1.226e4cp-3f,
                       -0x1.54788cp-3f, 0x1.99a596p-3f, -0x1.000220p-2f, 0x1.55554ap-2f};
    const vf square = f * f;
    const vf tail = square * f * vf_polynomial(f, p, 8) + n * 0x1.7f7d1cp-20f;
    vf result = (tail - square * 0.5f) + f + n * 0x1.62e400p-1f;
    result = vf_select(x == INFINITY, x, result);
    result = vf_select(x == 0.0f, vf_set(-INFINITY), result);
    return vf_select((x < 0.0f) | (x != x), vf_set(NAN), result);
}

/// ln(1 + x) for x in 0 … 1, to 3 ulp.
APUS_INLINE vf vf_log1p_unit(vf x) {
    const vf sum = x + 1.0f;
    // What the addition rounded away, to first order.
    return vf_log(sum) + (x - (sum - 1.0f)) / sum;
}

/// tanh x, to 2 ulp.
APUS_INLINE vf vf_tanh(vf x) {
    const vf magnitude = vf_abs(x);
    const vf small = vf_select(magnitude < 0.65f, x, (vf){});
    const float p[] = {-0x1.6a5314p-8f, 0x1.4f9942p-6f, -0x1.b7da50p-5f, 0x1.11044ep-3f, -0x1.555526p-2f};
    const vf square = small * small;
    const vf near = square * small * vf_polynomial(square, p, 5) + small;
    // From 9.1 on the result is 1 in a float; the limit keeps the division finite and lets NaN through.
    const vf far = 1.0f - 2.0f / (vf_exp(vf_clip(magnitude * 2.0f, (vf){}, vf_set(20.0f))) + 1.0f);
    return vf_select(magnitude < 0.65f, near, vf_copysign(far, x));
}

/// 1 / (1 + e⁻ˣ), to 3 ulp.
APUS_INLINE vf vf_sigmoid(vf x) {
    // The exponential of the negative magnitude never overflows, and small results keep their digits.
    const vf power = vf_exp(-vf_abs(x));
    return vf_select(x < 0.0f, power, vf_set(1.0f)) / (power + 1.0f);
}

/// ln erfc(t) for t in 0.92 … 4.
APUS_INLINE vf vf_log_erfc(vf t) {
    const float p[] = {-0x1.61ea2ep-16f, 0x1.c790ecp-12f, -0x1.115ac0p-8f, 0x1.9b8e78p-6f,
                       -0x1.bb83e2p-4f, -0x1.44460cp-1f, -0x1.2127e4p+0f, 0x1.6e564ep-13f};
    return vf_polynomial(t, p, 8);
}

/// erf(x) for |x| ≤ 0.92; zero is answered beyond.
APUS_INLINE vf vf_erf_near(vf x) {
    const vf small = vf_select(vf_abs(x) < 0.92f, x, (vf){});
    const float p[] = {0x1.58947ap-14f, -0x1.a8fc70p-11f, 0x1.54a492p-8f, -0x1.b80b0ep-6f,
                       0x1.ce2de2p-4f, -0x1.812742p-2f, 0x1.06eba8p-3f};
    return small * vf_polynomial(small * small, p, 7) + small;
}

/// The error function, to 2 ulp.
APUS_INLINE vf vf_erf(vf x) {
    const vf magnitude = vf_abs(x);
    const vf far = 1.0f - vf_exp(vf_log_erfc(vf_clip(magnitude, vf_set(0.92f), vf_set(4.0f))));
    return vf_select(magnitude < 0.92f, vf_erf_near(x), vf_copysign(far, x));
}

/// x as far as a finite factor 0 can be applied to it: −inf becomes the lowest finite number.
APUS_INLINE vf vf_finite_below(vf x) { return vf_select(x < -FLT_MAX, vf_set(-FLT_MAX), x); }

/// x·Φ(x) = x/2·(1 + erf(x/√2)); the error is below 2⁻²² of max(|result|, 1/4).
APUS_INLINE vf vf_gelu(vf x) {
    const vf t = x * 0x1.6a09e6p-1f, magnitude = vf_abs(t);
    // On the left, 1 + erf would cancel: half of erfc is used instead.
    vf tail = vf_exp(vf_log_erfc(vf_clip(magnitude, vf_set(0.92f), vf_set(4.0f)))) * 0.5f;
    tail = vf_select(magnitude > 4.0f, (vf){}, tail);
    const vf far = vf_select(t < 0.0f, tail, 1.0f - tail);
    return vf_finite_below(x) * vf_select(magnitude < 0.92f, vf_erf_near(t) * 0.5f + 0.5f, far);
}

/// x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))), which is x·sigmoid of twice that argument.
APUS_INLINE vf vf_gelu_tanh(vf x) {
    const vf argument = x * (x * x * 0.0713548163f + 1.59576912f);
    return vf_finite_below(x) * vf_sigmoid(argument);
}

/// x·sigmoid(x)
APUS_INLINE vf vf_silu(vf x) { return vf_finite_below(x) * vf_sigmoid(x); }

/// min(max(alpha·x + beta, 0), 1)
APUS_INLINE vf vf_hard_sigmoid(vf x, vf alpha, vf beta) { return vf_clip(x * alpha + beta, (vf){}, vf_set(1.0f)); }

/// x·min(max(x/6 + 1/2, 0), 1)
APUS_INLINE vf vf_hard_swish(vf x) {
    return vf_finite_below(x) * vf_hard_sigmoid(x, vf_set(1.0f / 6.0f), vf_set(0.5f));
}

/// ln(1 + eˣ), to 4 ulp.
APUS_INLINE vf vf_softplus(vf x) {
    return vf_select(x < 0.0f, (vf){}, x) + vf_log1p_unit(vf_exp(-vf_abs(x)));
}

/// x/(1 + |x|)
APUS_INLINE vf vf_softsign(vf x) {
    const vf magnitude = vf_abs(x);
    return vf_select(magnitude == INFINITY, vf_copysign(vf_set(1.0f), x), x / (magnitude + 1.0f));
}

/// x·tanh(softplus(x)): with e = eˣ it is x·e(e + 2)/(e(e + 2) + 2).
APUS_INLINE vf vf_mish(vf x) {
    // Beyond 20 the factor is 1 in a float.
    const vf power = vf_exp(vf_clip(x, vf_set(-104.0f), vf_set(20.0f)));
    const vf product = power * (power + 2.0f);
    return vf_finite_below(x) * (product / (product + 2.0f));
}

#if VF == 16
#define APUS_FOLD_8(op, v) v = op(v, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
#define APUS_FOLD_4(op, v) v = op(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7));
#define APUS_FOLD_2(op, v) v = op(v, __builtin_shufflevector(v, v, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3));
#elif VF == 8
#define APUS_FOLD_8(op, v)
#define APUS_FOLD_4(op, v) v = op(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 4, 5, 6, 7));
#define APUS_FOLD_2(op, v) v = op(v, __builtin_shufflevector(v, v, 2, 3, 2, 3, 2, 3, 2, 3));
#else
#define APUS_FOLD_8(op, v)
#define APUS_FOLD_4(op, v)
#define APUS_FOLD_2(op, v) v = op(v, __builtin_shufflevector(v, v, 2, 3, 2, 3));
#endif

/// Joins the lanes of a vector pairwise by `op` and returns the result.
#define APUS_ACROSS(op, v)            \
    APUS_FOLD_8(op, v)                \
    APUS_FOLD_4(op, v)                \
    APUS_FOLD_2(op, v)                \
    return op(vf_set(v[0]), vf_set(v[1]))[0];

APUS_INLINE vf vf_add(vf a, vf b) { return a + b; }
APUS_INLINE vf vf_multiply(vf a, vf b) { return a * b; }
APUS_INLINE float vf_sum_across(vf v) { APUS_ACROSS(vf_add, v) }
APUS_INLINE float vf_product_across(vf v) { APUS_ACROSS(vf_multiply, v) }
APUS_INLINE float vf_min_across(vf v) { APUS_ACROSS(vf_min, v) }
APUS_INLINE float vf_max_across(vf v) { APUS_ACROSS(vf_max, v) }

/// `v` with `other` in the lanes from `count` on.
APUS_INLINE vf vf_fill_rest(vf v, size_t count, float other) {
    vi lane;
    for (int i = 0; i < VF; i++) lane[i] = i;
    return vf_select(lane < (int32_t)count, v, vf_set(other));
}
