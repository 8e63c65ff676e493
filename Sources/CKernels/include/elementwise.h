/// Element-wise kernels.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct apus_elementwise_kernels {
    /// y[i] = max(x[i], 0); NaN stays NaN.
    void (*relu_f32)(float *y, const float *x, size_t count);
} apus_elementwise_kernels;
