// Element-wise kernels of one level.

/// A kernel y[i] = result, an expression over the vector x.
#define APUS_MAP(name, result)                                                          \
    APUS_INLINE vf APUS_NAME(name##_of)(vf x) { return result; }                        \
    static void APUS_NAME(name)(float *y, const float *x, size_t count) {               \
        size_t i = 0;                                                                   \
        for (; i + VF <= count; i += VF) vf_store(y + i, APUS_NAME(name##_of)(vf_load(x + i))); \
        const size_t rest = count - i;                                                  \
        if (rest) vf_store_first(y + i, APUS_NAME(name##_of)(vf_load_first(x + i, rest)), rest); \
    }

APUS_MAP(relu_f32, vf_select(x < 0.0f, (vf){}, x))
APUS_MAP(abs_f32, vf_abs(x))
APUS_MAP(neg_f32, -x)
APUS_MAP(sqrt_f32, vf_sqrt(x))
APUS_MAP(reciprocal_f32, 1.0f / x)
APUS_MAP(square_f32, x *x)
APUS_MAP(floor_f32, __builtin_elementwise_floor(x))
APUS_MAP(ceil_f32, __builtin_elementwise_ceil(x))
APUS_MAP(round_f32, __builtin_elementwise_roundeven(x))
APUS_MAP(exp_f32, vf_exp(x))
APUS_MAP(log_f32, vf_log(x))
APUS_MAP(tanh_f32, vf_tanh(x))
APUS_MAP(sigmoid_f32, vf_sigmoid(x))
APUS_MAP(erf_f32, vf_erf(x))
APUS_MAP(gelu_f32, vf_gelu(x))
APUS_MAP(gelu_tanh_f32, vf_gelu_tanh(x))
APUS_MAP(silu_f32, vf_silu(x))
APUS_MAP(hard_swish_f32, vf_hard_swish(x))
APUS_MAP(softplus_f32, vf_softplus(x))
APUS_MAP(softsign_f32, vf_softsign(x))
APUS_MAP(mish_f32, vf_mish(x))

/// A kernel y[i] = result, an expression over the vectors x, first and second.
#define APUS_PARAMETRIC_MAP(name, result)                                                                       \
    APUS_INLINE vf APUS_NAME(name##_of)(vf x, vf first, vf second) {                                            \
        (void)first, (void)second;                                                                              \
        return result;                                                                                          \
    }                                                                                                           \
    static void APUS_NAME(name)(float *y, const float *x, size_t count, float first, float second) {            \
        const vf f = vf_set(first), s = vf_set(second);                                                         \
        size_t i = 0;                                                                                           \
        for (; i + VF <= count; i += VF) vf_store(y + i, APUS_NAME(name##_of)(vf_load(x + i), f, s));           \
        const size_t rest = count - i;                                                                          \
        if (rest) vf_store_first(y + i, APUS_NAME(name##_of)(vf_load_first(x + i, rest), f, s), rest);          \
    }

APUS_PARAMETRIC_MAP(affine_f32, x *first + second)
APUS_PARAMETRIC_MAP(clip_f32, vf_clip(x, first, second))
APUS_PARAMETRIC_MAP(leaky_relu_f32, vf_select(x < 0.0f, x *first, x))
APUS_PARAMETRIC_MAP(elu_f32, vf_select(x < 0.0f, first *vf_expm1(x), x))
APUS_PARAMETRIC_MAP(celu_f32, vf_select(x < 0.0f, first *vf_expm1(x / first), x))
APUS_PARAMETRIC_MAP(selu_f32, second *vf_select(x < 0.0f, first *vf_expm1(x), x))
APUS_PARAMETRIC_MAP(hard_sigmoid_f32, vf_hard_sigmoid(x, first, second))
APUS_PARAMETRIC_MAP(thresholded_relu_f32, vf_select(x > first, x, (vf){}))
APUS_PARAMETRIC_MAP(shrink_f32, vf_select(x < -first, x + second, vf_select(x > first, x - second, (vf){})))
APUS_PARAMETRIC_MAP(swish_f32, vf_finite_below(x) * vf_sigmoid(first * x))

/// One row of a pair kernel, for the four ways its operands can move; `one` computes a vector, `put` and `put_first` store it.
#define APUS_PAIR_ROW(one, put, put_first)                                                            \
    const size_t whole = count - count % VF, rest = count - whole;                                    \
    if (a_column && b_column) {                                                                       \
        for (size_t i = 0; i < whole; i += VF) put(y + i, one(vf_load(a + i), vf_load(b + i)));        \
        if (rest) put_first(y + whole, one(vf_load_first(a + whole, rest), vf_load_first(b + whole, rest)), rest); \
    } else if (a_column) {                                                                            \
        const vf w = vf_set(*b);                                                                      \
        for (size_t i = 0; i < whole; i += VF) put(y + i, one(vf_load(a + i), w));                     \
        if (rest) put_first(y + whole, one(vf_load_first(a + whole, rest), w), rest);                  \
    } else if (b_column) {                                                                            \
        const vf v = vf_set(*a);                                                                      \
        for (size_t i = 0; i < whole; i += VF) put(y + i, one(v, vf_load(b + i)));                     \
        if (rest) put_first(y + whole, one(v, vf_load_first(b + whole, rest)), rest);                  \
    } else {                                                                                          \
        const vf v = one(vf_set(*a), vf_set(*b));                                                     \
        for (size_t i = 0; i < whole; i += VF) put(y + i, v);                                          \
        if (rest) put_first(y + whole, v, rest);                                                       \
    }

/// A kernel over two operands whose result is an expression over the vectors a and b.
#define APUS_PAIR(name, element, result, put, put_first)                                                           \
    APUS_INLINE vf APUS_NAME(name##_of)(vf a, vf b) { return result; }                                             \
    APUS_INLINE void APUS_NAME(name##_row)(element *y, const float *a, size_t a_column, const float *b,            \
                                           size_t b_column, size_t count) {                                        \
        APUS_PAIR_ROW(APUS_NAME(name##_of), put, put_first)                                                        \
    }                                                                                                              \
    static void APUS_NAME(name)(element *y, const float *a, const float *b, const apus_pair_walk *walk) {          \
        const size_t rows = walk->rows, columns = walk->columns, a_row = walk->a_row, b_row = walk->b_row;         \
        const size_t a_column = walk->a_column, b_column = walk->b_column;                                         \
        if (!columns) return;                                                                                      \
        for (size_t r = 0; r < rows; r++)                                                                          \
            APUS_NAME(name##_row)(y + r * columns, a + r * a_row, a_column, b + r * b_row, b_column, columns);     \
    }

APUS_PAIR(add_f32, float, a + b, vf_store, vf_store_first)
APUS_PAIR(sub_f32, float, a - b, vf_store, vf_store_first)
APUS_PAIR(mul_f32, float, a *b, vf_store, vf_store_first)
APUS_PAIR(div_f32, float, a / b, vf_store, vf_store_first)
APUS_PAIR(min_f32, float, vf_min(a, b), vf_store, vf_store_first)
APUS_PAIR(max_f32, float, vf_max(a, b), vf_store, vf_store_first)
APUS_PAIR(prelu_f32, float, vf_select(a < 0.0f, a *b, a), vf_store, vf_store_first)

/// VF truth values, a byte each.
typedef uint8_t APUS_NAME(truths) __attribute__((vector_size(VF)));

/// Stores the lanes of a mask as bytes 0 and 1.
APUS_INLINE void APUS_NAME(put_truths)(uint8_t *y, vf mask) {
    const APUS_NAME(truths) bytes = __builtin_convertvector((vi)mask & 1, APUS_NAME(truths));
    memcpy(y, &bytes, sizeof bytes);
}

APUS_INLINE void APUS_NAME(put_first_truths)(uint8_t *y, vf mask, size_t count) {
    uint8_t bytes[VF];
    APUS_NAME(put_truths)(bytes, mask);
    for (size_t i = 0; i < count; i++) y[i] = bytes[i];
}

APUS_PAIR(equal_f32, uint8_t, (vf)(a == b), APUS_NAME(put_truths), APUS_NAME(put_first_truths))
APUS_PAIR(less_f32, uint8_t, (vf)(a < b), APUS_NAME(put_truths), APUS_NAME(put_first_truths))
APUS_PAIR(less_or_equal_f32, uint8_t, (vf)(a <= b), APUS_NAME(put_truths), APUS_NAME(put_first_truths))

static void APUS_NAME(select_32)(uint32_t *y, const uint8_t *condition, size_t condition_step, const uint32_t *a,
                                 size_t a_step, const uint32_t *b, size_t b_step, size_t count) {
    if (!count) return;
    if (!condition_step) {
        const uint32_t *from = *condition ? a : b;
        const size_t step = *condition ? a_step : b_step;
        for (size_t i = 0; i < count; i++) y[i] = from[i * step];
    } else if (a_step && b_step) {
        // Both are loaded, so that the choice needs no branch.
        for (size_t i = 0; i < count; i++) {
            const uint32_t yes = a[i], no = b[i];
            y[i] = condition[i] ? yes : no;
        }
    } else if (a_step) {
        const uint32_t no = *b;
        for (size_t i = 0; i < count; i++) {
            const uint32_t yes = a[i];
            y[i] = condition[i] ? yes : no;
        }
    } else if (b_step) {
        const uint32_t yes = *a;
        for (size_t i = 0; i < count; i++) {
            const uint32_t no = b[i];
            y[i] = condition[i] ? yes : no;
        }
    } else {
        const uint32_t yes = *a, no = *b;
        for (size_t i = 0; i < count; i++) y[i] = condition[i] ? yes : no;
    }
}

#define APUS_FIELD(name) .name = APUS_NAME(name)
static const apus_elementwise_kernels APUS_NAME(elementwise) = {
    APUS_FIELD(relu_f32), APUS_FIELD(abs_f32), APUS_FIELD(neg_f32), APUS_FIELD(sqrt_f32),
    APUS_FIELD(reciprocal_f32), APUS_FIELD(square_f32), APUS_FIELD(floor_f32), APUS_FIELD(ceil_f32),
    APUS_FIELD(round_f32), APUS_FIELD(exp_f32), APUS_FIELD(log_f32), APUS_FIELD(tanh_f32),
    APUS_FIELD(sigmoid_f32), APUS_FIELD(erf_f32), APUS_FIELD(gelu_f32), APUS_FIELD(gelu_tanh_f32),
    APUS_FIELD(silu_f32), APUS_FIELD(hard_swish_f32), APUS_FIELD(softplus_f32), APUS_FIELD(softsign_f32),
    APUS_FIELD(mish_f32),
    APUS_FIELD(affine_f32), APUS_FIELD(clip_f32), APUS_FIELD(leaky_relu_f32), APUS_FIELD(elu_f32),
    APUS_FIELD(celu_f32), APUS_FIELD(selu_f32), APUS_FIELD(hard_sigmoid_f32), APUS_FIELD(thresholded_relu_f32),
    APUS_FIELD(shrink_f32), APUS_FIELD(swish_f32),
    APUS_FIELD(add_f32), APUS_FIELD(sub_f32), APUS_FIELD(mul_f32), APUS_FIELD(div_f32),
    APUS_FIELD(min_f32), APUS_FIELD(max_f32), APUS_FIELD(prelu_f32),
    APUS_FIELD(equal_f32), APUS_FIELD(less_f32), APUS_FIELD(less_or_equal_f32),
    APUS_FIELD(select_32),
};
