// Matrix kernels of one level.
static const apus_matrix_kernels APUS_NAME(matrix) = {0};
