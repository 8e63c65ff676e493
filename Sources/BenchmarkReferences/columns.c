#include "BenchmarkReferences.h"
#include <string.h>

/// y[i] = x[i + shift] where that lies in the row, else 0.
static void copy_shifted(float *y, const float *x, size_t width, ptrdiff_t shift) {
    const size_t distance = (size_t)(shift < 0 ? -shift : shift);
    if (distance >= width) {
        memset(y, 0, width * sizeof(float));
    } else if (shift < 0) {
        memset(y, 0, distance * sizeof(float));
        memcpy(y + distance, x, (width - distance) * sizeof(float));
    } else {
        memcpy(y, x + distance, (width - distance) * sizeof(float));
        memset(y + width - distance, 0, distance * sizeof(float));
    }
}

/// One row of the columns: the image's plane, moved by one tap of the kernel.
static void copy_plane(float *y, const float *plane, size_t height, size_t width, ptrdiff_t down, ptrdiff_t right) {
    for (size_t row = 0; row < height; row++, y += width) {
        const ptrdiff_t source = (ptrdiff_t)row + down;
        if (source < 0 || source >= (ptrdiff_t)height) {
            memset(y, 0, width * sizeof(float));
        } else {
            copy_shifted(y, plane + (size_t)source * width, width, right);
        }
    }
}

void apus_reference_columns(float *columns, const float *image, size_t channels, size_t height, size_t width, size_t kernel) {
    const ptrdiff_t reach = (ptrdiff_t)(kernel / 2);
    for (size_t channel = 0; channel < channels; channel++, image += height * width) {
        for (ptrdiff_t down = -reach; down <= reach; down++) {
            for (ptrdiff_t right = -reach; right <= reach; right++, columns += height * width) {
                copy_plane(columns, image, height, width, down, right);
            }
        }
    }
}
