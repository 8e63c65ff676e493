// Normalisation of channels-last data by the energy of neighbouring channels.

/// Σ x[n]² over the neighbours of channels c ..< c + VF of one pixel.
APUS_INLINE vf neighbour_energy(const float *x, size_t c, size_t channels, size_t before, size_t after) {
    vf sum = {};
    if (c >= before && c + VF + after <= channels) {
        for (size_t n = 0; n <= before + after; n++) {
            const vf v = vf_load(x + c - before + n);
            sum += v * v;
        }
        return sum;
    }
    float sums[VF] = {0};
    for (size_t i = 0; i < VF && c + i < channels; i++) {
        const size_t at = c + i, first = at > before ? at - before : 0, last = after < channels - at ? at + after : channels - 1;
        for (size_t n = first; n <= last; n++) sums[i] += x[n] * x[n];
    }
    return vf_load(sums);
}

static void last_neighbour_norm(float *y, const float *x, size_t rows, size_t channels, size_t before, size_t after, float alpha, float beta,
                                float bias) {
    for (size_t row = 0; row < rows; row++, x += channels, y += channels) {
        for (size_t c = 0; c < channels; c += VF) {
            const size_t some = smaller(VF, channels - c);
            const vf base = neighbour_energy(x, c, channels, before, after) * alpha + vf_set(bias);
            vf_store_first(y + c, vf_load_first(x + c, some) * inverse_power(base, beta), some);
        }
    }
}
