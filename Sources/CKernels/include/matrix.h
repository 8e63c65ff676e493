/// Matrix products and convolution.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct apus_matrix_kernels {
    /// Placeholder until the first kernel of the family.
    int reserved;
} apus_matrix_kernels;
