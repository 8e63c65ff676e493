// Convolution of one input channel a group: no product, each channel slides its own few taps.
//
// A channel's rows are copied into scratch with their padding, split by column modulo the stride ("phases"), so that the
// inputs under one tap of neighbouring outputs are neighbours too, at any stride and dilation.

/// Floats of scratch that a band of rows may take.
#define DEPTHWISE_BAND (12 * 1024)

static bool is_depthwise(const apus_convolution *s) {
    return s->channels_in == 1 && s->groups > 1 && s->channels_out <= 4 && s->kernel[0] == 1 && s->input[0] == 1 && s->pad[0] == 0 &&
           s->output[0] == 1 && tap_count(s) > 0;
}

/// Floats of one phase of one row: every vector of outputs under the farthest tap stays inside.
APUS_INLINE size_t phase_count(const apus_convolution *s) {
    const size_t reach = saturating_multiply(s->kernel[2] - 1, s->dilation[2]);
    return reach == COUNT_LIMIT ? COUNT_LIMIT : saturating_add(round_up(s->output[2], VF), reach / s->stride[2]);
}

/// Rows of input that `outputs` rows of output meet.
APUS_INLINE size_t rows_met(size_t outputs, const apus_convolution *s) {
    const size_t starts = saturating_multiply(outputs - 1, s->stride[1]), reach = saturating_multiply(s->kernel[1] - 1, s->dilation[1]);
    return saturating_add(saturating_add(starts, reach), 1);
}

/// Floats of all phases of one row.
APUS_INLINE size_t filled_row_count(const apus_convolution *s) { return saturating_multiply(phase_count(s), s->stride[2]); }

/// Rows of output that are computed from one band.
static size_t band_rows(const apus_convolution *s) {
    const size_t row = filled_row_count(s);
    size_t rows = 1;
    while (rows < s->output[1] && saturating_multiply(rows_met(rows + 1, s), row) <= DEPTHWISE_BAND) rows++;
    return rows;
}

static size_t depthwise_scratch_count(const apus_convolution *s) {
    if (output_count(s) == 0) return 0;
    // Before the rows stand the places of one line's taps and one padded line.
    const size_t rows = saturating_multiply(saturating_add(rows_met(band_rows(s), s), 1), filled_row_count(s));
    return saturating_add(rows, saturating_multiply(saturating_add(s->kernel[2], 1), sizeof(size_t) / sizeof(float)));
}

/// Splits a line of `count` pairs into first and second elements, `count` apart.
static void split_pairs(float *restrict to, const float *restrict line, size_t count) {
    size_t j = 0;
    for (; j + VF <= count; j += VF) {
        const vf a = vf_load(line + 2 * j), b = vf_load(line + 2 * j + VF);
        vf_store(to + j, vf_alternate(a, b, 0));
        vf_store(to + count + j, vf_alternate(a, b, 1));
    }
    for (; j < count; j++) {
        to[j] = line[2 * j];
        to[count + j] = line[2 * j + 1];
    }
}

/// Copies input row `row` (perhaps outside) into its phases of `phase` floats each; `line` has room for a whole padded row.
static void fill_phases(float *to, const float *plane, ptrdiff_t row, float *line, size_t phase, const apus_convolution *s) {
    const size_t stride = s->stride[2], width = s->input[2];
    if (row < 0 || row >= (ptrdiff_t)s->input[1]) {
        zero_floats(to, phase * stride);
        return;
    }
    size_t low, high;
    inside_range(&low, &high, -s->pad[2], phase * stride, 1, width);
    float *padded = stride == 1 ? to : line;
    zero_floats(padded, low);
    copy_floats(padded + low, plane + row * (ptrdiff_t)width + (ptrdiff_t)low - s->pad[2], high - low);
    zero_floats(padded + high, phase * stride - high);
    if (stride == 2) {
        split_pairs(to, line, phase);
    } else if (stride > 2) {
        for (size_t r = 0; r < stride; r++) {
            for (size_t j = 0; j < phase; j++) to[r * phase + j] = line[j * stride + r];
        }
    }
}

/// What ends every output of a depthwise convolution: limits that are always applied, wide open where there are none.
typedef struct slide_end {
    vf bias, low, high;
} slide_end;

APUS_INLINE slide_end slide_end_of(const tile_end *end) {
    const bool limits = is_limit(end->activation);
    return (slide_end){
        .bias = vf_set(end->row_bias ? *end->row_bias : 0),
        .low = vf_set(limits ? lower_limit(end) : -__builtin_inff()),
        .high = vf_set(limits ? upper_limit(end) : __builtin_inff()),
    };
}

/// Rows of output that share the lines they load, where neighbouring rows meet neighbouring lines.
#define SLIDE_BLOCK 4

/// Adds the windows of `block` rows of output: row r's window begins at line r (for block 1 the lines are `line` apart, else
/// neighbours). `columns[j]` is where tap j of a line stands. Each input vector is loaded once for all rows that meet it.
APUS_INLINE void add_windows(vf *sums, size_t block, const float *window, size_t line, const float *weights, const size_t *columns,
                             size_t kernel_rows, size_t kernel_columns) {
    for (size_t i = 0; i < kernel_rows + block - 1; i++) {
        for (size_t j = 0; j < kernel_columns; j++) {
            const vf x = vf_load(window + i * line + columns[j]);
            for (size_t r = 0; r < block; r++) {
                if (i >= r && i - r < kernel_rows) sums[r] += vf_set(weights[(i - r) * kernel_columns + j]) * x;
            }
        }
    }
}

/// `block` rows of output at `y` from filled lines.
APUS_INLINE void slide_rows(float *y, size_t block, const float *restrict filled, const float *restrict weights,
                            const size_t *columns, size_t kernel_rows, size_t kernel_columns, size_t line, size_t width,
                            const float *residual, const slide_end *last) {
    for (size_t column = 0; column < width; column += VF) {
        vf sums[SLIDE_BLOCK];
        for (size_t r = 0; r < block; r++) sums[r] = last->bias;
        add_windows(sums, block, filled + column, line, weights, columns, kernel_rows, kernel_columns);
        const size_t count = smaller(VF, width - column);
        for (size_t r = 0; r < block; r++) {
            const size_t at = r * width + column;
            if (residual) sums[r] += vf_load_first(residual + at, count);
            vf_store_first(y + at, vf_clip(sums[r], last->low, last->high), count);
        }
    }
}

/// Rows of output from filled lines; the kernel's extents are constant where they are usual.
APUS_INLINE void slide(float *y, const float *filled, const float *weights, const size_t *columns, size_t kernel_rows,
                       size_t kernel_columns, size_t line, size_t rows, size_t row_step, size_t width, const tile_end *end) {
    const slide_end last = slide_end_of(end);
    const float *residual = end->residual;
    size_t row = 0;
    if (row_step == line) {
        for (; row + SLIDE_BLOCK <= rows; row += SLIDE_BLOCK) {
            slide_rows(y + row * width, SLIDE_BLOCK, filled + row * row_step, weights, columns, kernel_rows, kernel_columns, line, width,
                       residual ? residual + row * width : NULL, &last);
        }
    }
    for (; row < rows; row++) {
        slide_rows(y + row * width, 1, filled + row * row_step, weights, columns, kernel_rows, kernel_columns, line, width,
                   residual ? residual + row * width : NULL, &last);
    }
}

static void slide_3x3(float *y, const float *filled, const float *weights, const size_t *columns, size_t line, size_t rows, size_t row_step,
                      size_t width, const tile_end *end) {
    const size_t places[3] = {columns[0], columns[1], columns[2]};
    slide(y, filled, weights, places, 3, 3, line, rows, row_step, width, end);
}

static void slide_5x5(float *y, const float *filled, const float *weights, const size_t *columns, size_t line, size_t rows, size_t row_step,
                      size_t width, const tile_end *end) {
    const size_t places[5] = {columns[0], columns[1], columns[2], columns[3], columns[4]};
    slide(y, filled, weights, places, 5, 5, line, rows, row_step, width, end);
}

static void slide_any(float *y, const float *filled, const float *weights, const size_t *columns, size_t line, size_t rows, size_t row_step,
                      size_t width, const apus_convolution *s, const tile_end *end) {
    slide(y, filled, weights, columns, s->kernel[1], s->kernel[2], line, rows, row_step, width, end);
}

/// One output channel over one band of `rows` rows, at `y`; `row` floats are filled for each row of input.
static void slide_band(float *y, const float *filled, size_t row, const float *weights, const size_t *columns, size_t rows,
                       const apus_convolution *s, const tile_end *end) {
    const size_t row_step = s->stride[1] * row, line = s->dilation[1] * row;
    const size_t width = s->output[2];
    if (s->kernel[1] == 3 && s->kernel[2] == 3) {
        slide_3x3(y, filled, weights, columns, line, rows, row_step, width, end);
    } else if (s->kernel[1] == 5 && s->kernel[2] == 5) {
        slide_5x5(y, filled, weights, columns, line, rows, row_step, width, end);
    } else {
        slide_any(y, filled, weights, columns, line, rows, row_step, width, s, end);
    }
    finish_rows(y, 0, 1, rows * width, end);
}

/// Where the taps of one line stand in a filled row.
static void fill_tap_columns(size_t *columns, const apus_convolution *s) {
    for (size_t j = 0; j < s->kernel[2]; j++) {
        const size_t column = j * s->dilation[2];
        columns[j] = column % s->stride[2] * phase_count(s) + column / s->stride[2];
    }
}

/// What all bands of one call share: operands, and the scratch memory with the places of one line's taps, one padded line and the
/// filled rows.
typedef struct depthwise_call {
    float *y;
    const float *x, *weights;
    const apus_convolution *s;
    const apus_epilogue *epilogue;
    size_t *columns;
    float *line;
    /// Floats of one phase, rows of output in one band.
    size_t phase, band;
    /// Elements of one plane, and of its weights.
    size_t inputs, outputs, taps;
} depthwise_call;

/// Fills the places of the taps at the beginning of `scratch`.
static depthwise_call begin_depthwise(float *y, const float *x, const float *weights, const apus_convolution *s,
                                      const apus_epilogue *epilogue, float *scratch) {
    size_t *columns = (size_t *)(((uintptr_t)scratch + sizeof(size_t) - 1) / sizeof(size_t) * sizeof(size_t));
    fill_tap_columns(columns, s);
    return (depthwise_call){
        .y = y, .x = x, .weights = weights, .s = s, .epilogue = epilogue, .columns = columns, .line = (float *)(columns + s->kernel[2]),
        .phase = phase_count(s), .band = band_rows(s), .inputs = input_count(s), .outputs = output_count(s), .taps = tap_count(s),
    };
}

/// The band that begins at row `first` of one plane: planes are the input channels of all images.
static void depthwise_band(const depthwise_call *call, size_t plane, size_t first) {
    const apus_convolution *s = call->s;
    const size_t rows = smaller(call->band, s->output[1] - first), met = rows_met(rows, s), group = plane % s->groups;
    const size_t phase = call->phase, row = phase * s->stride[2];
    const float *input = call->x + plane * call->inputs;
    float *line = call->line, *filled = line + row;
    for (size_t i = 0; i < met; i++) {
        fill_phases(filled + i * row, input, (ptrdiff_t)(first * s->stride[1] + i) - s->pad[1], line, phase, s);
    }
    for (size_t c = 0; c < s->channels_out; c++) {
        const size_t channel = group * s->channels_out + c, at = (plane * s->channels_out + c) * call->outputs + first * s->output[2];
        tile_end end = end_at(call->epilogue, 0, 0, 0, false, true);
        if (end.row_bias) end.row_bias += channel;
        if (end.residual) end.residual += at;
        slide_band(call->y + at, filled, row, call->weights + channel * call->taps, call->columns, rows, s, &end);
    }
}

static void depthwise(float *y, const float *x, const float *weights, const apus_convolution *s, const apus_epilogue *epilogue,
                      float *scratch) {
    if (output_count(s) == 0) return;
    const depthwise_call call = begin_depthwise(y, x, weights, s, epilogue, scratch);
    for (size_t plane = 0; plane < s->batch * s->groups; plane++) {
        for (size_t first = 0; first < s->output[1]; first += call.band) depthwise_band(&call, plane, first);
    }
}

static size_t depthwise_part_count(const apus_convolution *s) {
    if (output_count(s) == 0) return 0;
    return saturating_multiply(saturating_multiply(s->batch, s->groups), divide_up(s->output[1], band_rows(s)));
}

static void depthwise_part(float *y, const float *x, const float *weights, const apus_convolution *s, const apus_epilogue *epilogue,
                           float *scratch, size_t part) {
    const depthwise_call call = begin_depthwise(y, x, weights, s, epilogue, scratch);
    const size_t bands = divide_up(s->output[1], call.band);
    depthwise_band(&call, part / bands, part % bands * call.band);
}
