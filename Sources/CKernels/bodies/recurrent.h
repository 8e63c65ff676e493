// Recurrent cells of one level.
//
// Each kernel has one body that is inlined twice: with the usual functions as constants, so that the loop has no branch, and
// with whatever the cell states.

APUS_INLINE vf cell_activate(apus_cell_activation a, vf x) {
    switch (a.function) {
        case APUS_CELL_SIGMOID: return vf_sigmoid(x);
        case APUS_CELL_TANH: return vf_tanh(x);
        case APUS_CELL_RELU: return vf_select(x < 0.0f, (vf){}, x);
        case APUS_CELL_AFFINE: return x * a.alpha + a.beta;
        case APUS_CELL_LEAKY_RELU: return vf_select(x < 0.0f, x * a.alpha, x);
        case APUS_CELL_THRESHOLDED_RELU: return vf_select(x < a.alpha, (vf){}, x);
        case APUS_CELL_SCALED_TANH: return vf_tanh(x * a.beta) * a.alpha;
        case APUS_CELL_HARD_SIGMOID: return vf_hard_sigmoid(x, vf_set(a.alpha), vf_set(a.beta));
        case APUS_CELL_ELU: return vf_select(x < 0.0f, vf_expm1(x) * a.alpha, x);
        case APUS_CELL_SOFTSIGN: return vf_softsign(x);
        case APUS_CELL_SOFTPLUS: return vf_softplus(x);
    }
    return x;
}

static const apus_cell_activation APUS_NAME(cell_sigmoid) = {.function = APUS_CELL_SIGMOID};
static const apus_cell_activation APUS_NAME(cell_tanh) = {.function = APUS_CELL_TANH};

/// `count` floats at `p`: a whole vector, or the first ones and zeros.
APUS_INLINE vf cell_load(const float *p, size_t count) { return count >= VF ? vf_load(p) : vf_load_first(p, count); }

APUS_INLINE void cell_store(float *p, vf v, size_t count) {
    if (count >= VF) vf_store(p, v);
    else vf_store_first(p, v, count);
}

APUS_INLINE void lstm_lanes(float *hidden, float *memory, const float *gates, size_t i, size_t count, const apus_cell *cell,
                            apus_cell_activation f, apus_cell_activation g, apus_cell_activation h) {
    const size_t lanes = count - i;
    const vf high = vf_set(cell->clip), low = -high;
    const vf before = cell_load(memory + i, lanes);
    const float *p = cell->peepholes;
    vf input = cell_load(gates + i, lanes), forget = cell_load(gates + 2 * count + i, lanes);
    vf output = cell_load(gates + count + i, lanes), candidate = cell_load(gates + 3 * count + i, lanes);
    if (p) {
        input += cell_load(p + i, lanes) * before;
        forget += cell_load(p + 2 * count + i, lanes) * before;
    }
    input = cell_activate(f, vf_clip(input, low, high));
    forget = cell->couples_forget ? 1.0f - input : cell_activate(f, vf_clip(forget, low, high));
    candidate = cell_activate(g, vf_clip(candidate, low, high));
    const vf after = forget * before + input * candidate;
    if (p) output += cell_load(p + count + i, lanes) * after;
    output = cell_activate(f, vf_clip(output, low, high));
    cell_store(memory + i, after, lanes);
    cell_store(hidden + i, output * cell_activate(h, after), lanes);
}

static void APUS_NAME(lstm_cell_f32)(float *hidden, float *memory, const float *gates, size_t count, const apus_cell *cell) {
    if (cell->gate.function == APUS_CELL_SIGMOID && cell->candidate.function == APUS_CELL_TANH && cell->output.function == APUS_CELL_TANH) {
        for (size_t i = 0; i < count; i += VF)
            lstm_lanes(hidden, memory, gates, i, count, cell, APUS_NAME(cell_sigmoid), APUS_NAME(cell_tanh), APUS_NAME(cell_tanh));
    } else {
        for (size_t i = 0; i < count; i += VF)
            lstm_lanes(hidden, memory, gates, i, count, cell, cell->gate, cell->candidate, cell->output);
    }
}

APUS_INLINE void gru_gate_lanes(float *gates, float *reset, const float *hidden, size_t i, size_t count, const apus_cell *cell,
                                apus_cell_activation f) {
    const size_t lanes = count - i;
    const vf high = vf_set(cell->clip), low = -high;
    const vf update_gate = cell_activate(f, vf_clip(cell_load(gates + i, lanes), low, high));
    const vf reset_gate = cell_activate(f, vf_clip(cell_load(gates + count + i, lanes), low, high));
    cell_store(gates + i, update_gate, lanes);
    cell_store(gates + count + i, reset_gate, lanes);
    cell_store(reset + i, reset_gate * cell_load(hidden + i, lanes), lanes);
}

static void APUS_NAME(gru_gates_f32)(float *gates, float *reset, const float *hidden, size_t count, const apus_cell *cell) {
    if (cell->gate.function == APUS_CELL_SIGMOID) {
        for (size_t i = 0; i < count; i += VF) gru_gate_lanes(gates, reset, hidden, i, count, cell, APUS_NAME(cell_sigmoid));
    } else {
        for (size_t i = 0; i < count; i += VF) gru_gate_lanes(gates, reset, hidden, i, count, cell, cell->gate);
    }
}

APUS_INLINE void gru_update_lanes(float *hidden, const float *gates, const float *recurrent, size_t i, size_t count,
                                  const apus_cell *cell, apus_cell_activation g) {
    const size_t lanes = count - i;
    const vf high = vf_set(cell->clip), low = -high;
    const vf gate = cell_load(gates + i, lanes);
    vf candidate = cell_load(gates + 2 * count + i, lanes);
    if (recurrent) candidate += cell_load(gates + count + i, lanes) * cell_load(recurrent + i, lanes);
    candidate = cell_activate(g, vf_clip(candidate, low, high));
    cell_store(hidden + i, (1.0f - gate) * candidate + gate * cell_load(hidden + i, lanes), lanes);
}

static void APUS_NAME(gru_update_f32)(float *hidden, const float *gates, const float *recurrent, size_t count, const apus_cell *cell) {
    if (cell->candidate.function == APUS_CELL_TANH) {
        for (size_t i = 0; i < count; i += VF) gru_update_lanes(hidden, gates, recurrent, i, count, cell, APUS_NAME(cell_tanh));
    } else {
        for (size_t i = 0; i < count; i += VF) gru_update_lanes(hidden, gates, recurrent, i, count, cell, cell->candidate);
    }
}

static void APUS_NAME(rnn_cell_f32)(float *hidden, const float *sums, size_t count, const apus_cell *cell) {
    const vf high = vf_set(cell->clip), low = -high;
    for (size_t i = 0; i < count; i += VF)
        cell_store(hidden + i, cell_activate(cell->gate, vf_clip(cell_load(sums + i, count - i), low, high)), count - i);
}

static const apus_recurrent_kernels APUS_NAME(recurrent) = {
    .lstm_cell_f32 = APUS_NAME(lstm_cell_f32),
    .gru_gates_f32 = APUS_NAME(gru_gates_f32),
    .gru_update_f32 = APUS_NAME(gru_update_f32),
    .rnn_cell_f32 = APUS_NAME(rnn_cell_f32),
};
