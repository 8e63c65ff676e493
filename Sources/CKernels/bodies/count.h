// Sizes that models and requests decide, computed without wrap-around.

/// What a size function returns for everything that is more: times the bytes of an element it still fits, and no memory is as large.
#define COUNT_LIMIT ((size_t)1 << 60)

/// a · b, at most COUNT_LIMIT.
APUS_INLINE size_t saturating_multiply(size_t a, size_t b) {
    size_t product;
    return __builtin_mul_overflow(a, b, &product) || product > COUNT_LIMIT ? COUNT_LIMIT : product;
}

/// a + b, at most COUNT_LIMIT.
APUS_INLINE size_t saturating_add(size_t a, size_t b) {
    size_t sum;
    return __builtin_add_overflow(a, b, &sum) || sum > COUNT_LIMIT ? COUNT_LIMIT : sum;
}

/// The product of three extents, at most COUNT_LIMIT.
APUS_INLINE size_t saturating_volume(const size_t extents[3]) {
    return saturating_multiply(saturating_multiply(extents[0], extents[1]), extents[2]);
}

APUS_INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
APUS_INLINE size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }
APUS_INLINE size_t round_up(size_t a, size_t b) { return divide_up(a, b) * b; }
