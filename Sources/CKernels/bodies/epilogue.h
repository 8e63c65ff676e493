// The end of every product: bias, residual and activation. Limits are applied in registers; other activations follow
// while the block lies in the first-level cache.

/// An epilogue at one tile: pointers stand at the tile's first element.
typedef struct tile_end {
    const float *column_bias, *row_bias, *residual;
    size_t residual_stride;
    /// The sum continues one that stands in the result (a later slice of k), so bias and residual are in it already.
    bool continues;
    /// The sum is whole after this tile.
    bool finishes;
    apus_activation activation;
    float alpha, beta;
    /// What is asked for while the tile is computed, as it is read soon: `ahead_step` bytes for each step of k. NULL for nothing.
    const char *ahead;
    size_t ahead_step;
} tile_end;

APUS_INLINE bool is_limit(apus_activation activation) {
    return activation == APUS_ACTIVATION_RELU || activation == APUS_ACTIVATION_CLIP;
}

APUS_INLINE float lower_limit(const tile_end *end) { return end->activation == APUS_ACTIVATION_RELU ? 0 : end->alpha; }

APUS_INLINE float upper_limit(const tile_end *end) {
    return end->activation == APUS_ACTIVATION_RELU ? __builtin_inff() : end->beta;
}

APUS_INLINE vf activate(vf v, apus_activation activation, float alpha, float beta) {
    switch (activation) {
        case APUS_ACTIVATION_LEAKY_RELU: return vf_select(v < 0.0f, v * alpha, v);
        case APUS_ACTIVATION_HARD_SIGMOID: return vf_hard_sigmoid(v, vf_set(alpha), vf_set(beta));
        case APUS_ACTIVATION_HARD_SWISH: return vf_hard_swish(v);
        case APUS_ACTIVATION_SIGMOID: return vf_sigmoid(v);
        case APUS_ACTIVATION_TANH: return vf_tanh(v);
        case APUS_ACTIVATION_GELU: return vf_gelu(v);
        case APUS_ACTIVATION_GELU_TANH: return vf_gelu_tanh(v);
        case APUS_ACTIVATION_SILU: return vf_silu(v);
        default: return v;
    }
}

static __attribute__((noinline)) void activate_row(float *c, size_t count, apus_activation activation, float alpha, float beta) {
    size_t i = 0;
    for (; i + VF <= count; i += VF) vf_store(c + i, activate(vf_load(c + i), activation, alpha, beta));
    if (i < count) vf_store_first(c + i, activate(vf_load_first(c + i, count - i), activation, alpha, beta), count - i);
}

/// Applies what is left of the activation to a finished block of the result.
APUS_INLINE void finish_rows(float *c, size_t stride, size_t rows, size_t columns, const tile_end *end) {
    if (!end->finishes || end->activation == APUS_ACTIVATION_NONE || is_limit(end->activation)) return;
    for (size_t i = 0; i < rows; i++) activate_row(c + i * stride, columns, end->activation, end->alpha, end->beta);
}

/// Ends `count` (at most VF) sums of one row at `c`; `row` and `column` count from the tile's first element.
APUS_INLINE void end_vector(float *c, vf v, size_t row, size_t column, size_t count, const tile_end *end) {
    if (end->continues) {
        v += vf_load_first(c, count);
    } else {
        if (end->column_bias) v += vf_load_first(end->column_bias + column, count);
        if (end->row_bias) v += end->row_bias[row];
        if (end->residual) v += vf_load_first(end->residual + row * end->residual_stride + column, count);
    }
    if (end->finishes && is_limit(end->activation)) v = vf_clip(v, vf_set(lower_limit(end)), vf_set(upper_limit(end)));
    vf_store_first(c, v, count);
}

/// Ends a tile that the result's right edge cuts: `tile` holds rows of `tile_stride` sums, of which `columns` count.
static __attribute__((noinline)) void end_cut_tile(float *c, size_t stride, const float *tile, size_t tile_stride, size_t rows,
                                                   size_t columns, const tile_end *end) {
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j += VF) {
            const size_t count = columns - j < VF ? columns - j : VF;
            end_vector(c + i * stride + j, vf_load(tile + i * tile_stride + j), i, j, count, end);
        }
    }
}
