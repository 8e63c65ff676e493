/// The pointwise parts of recurrent cells, single precision.
#pragma once
#include <stdbool.h>
#include <stddef.h>

/// Functions that the gates of a recurrent cell may apply (ONNX operators LSTM, GRU and RNN, attribute activations).
typedef enum apus_cell_function {
    APUS_CELL_SIGMOID = 0,
    APUS_CELL_TANH,
    APUS_CELL_RELU,
    /// alpha · x + beta
    APUS_CELL_AFFINE,
    /// x when x ≥ 0, else alpha · x
    APUS_CELL_LEAKY_RELU,
    /// x when x ≥ alpha, else 0
    APUS_CELL_THRESHOLDED_RELU,
    /// alpha · tanh(beta · x)
    APUS_CELL_SCALED_TANH,
    /// min(max(alpha · x + beta, 0), 1)
    APUS_CELL_HARD_SIGMOID,
    /// x when x ≥ 0, else alpha · (eˣ - 1)
    APUS_CELL_ELU,
    /// x / (1 + |x|)
    APUS_CELL_SOFTSIGN,
    /// ln(1 + eˣ)
    APUS_CELL_SOFTPLUS,
} apus_cell_function;

typedef struct apus_cell_activation {
    apus_cell_function function;
    float alpha, beta;
} apus_cell_activation;

/// What a cell does besides its matrix products.
typedef struct apus_cell {
    /// Of the gates, of the candidate, and (LSTM) of the cell on its way out.
    apus_cell_activation gate, candidate, output;
    /// What goes into an activation is limited to -clip … clip; INFINITY for no limit.
    float clip;
    /// LSTM: the forget gate is one minus the input gate.
    bool couples_forget;
    /// LSTM: weights [3 · count] from the cell to its input, output and forget gate, or NULL.
    const float *peepholes;
} apus_cell;

typedef struct apus_recurrent_kernels {
    /// One LSTM step for one row. `gates` [4 · count] holds the sums for input, output, forget gate and candidate;
    /// `hidden` receives the new hidden state, `memory` (the cell) is updated; both [count].
    void (*lstm_cell_f32)(float *hidden, float *memory, const float *gates, size_t count, const apus_cell *cell);
    /// The gates of a GRU step for one row: `gates` [2 · count] holds the sums for update and reset gate and receives the
    /// gates; `reset` [count] receives reset gate times hidden state.
    void (*gru_gates_f32)(float *gates, float *reset, const float *hidden, size_t count, const apus_cell *cell);
    /// The rest of a GRU step: `gates` [3 · count] holds update gate, reset gate and the candidate's sum, to which reset gate
    /// times `recurrent` [count] is added unless that is NULL; `hidden` [count] is updated.
    void (*gru_update_f32)(float *hidden, const float *gates, const float *recurrent, size_t count, const apus_cell *cell);
    /// hidden = gate(sums), all [count].
    void (*rnn_cell_f32)(float *hidden, const float *sums, size_t count, const apus_cell *cell);
} apus_recurrent_kernels;
