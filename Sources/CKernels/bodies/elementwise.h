// Element-wise kernels of one level.
static void APUS_NAME(relu_f32)(float *y, const float *x, size_t count) {
    size_t i = 0;
    for (; i + VF <= count; i += VF) {
        vf v = vf_load(x + i);
        vf_store(y + i, vf_select(v < (vf){}, (vf){}, v));
    }
    for (; i < count; i++) y[i] = x[i] < 0 ? 0 : x[i];
}

static const apus_elementwise_kernels APUS_NAME(elementwise) = {
    .relu_f32 = APUS_NAME(relu_f32),
};
