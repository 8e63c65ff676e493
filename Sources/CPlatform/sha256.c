#include "sha256.h"
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/// First 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4 §4.2.2).
static const uint32_t round_constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotate_right(uint32_t x, int n) { return x >> n | x << (32 - n); }

static inline uint32_t load_big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline void store_big_endian(uint8_t *bytes, uint32_t value) {
    bytes[0] = (uint8_t)(value >> 24);
    bytes[1] = (uint8_t)(value >> 16);
    bytes[2] = (uint8_t)(value >> 8);
    bytes[3] = (uint8_t)value;
}

/// The compression function of FIPS 180-4 §6.2.2 over whole blocks.
static void compress_portable(uint32_t state[8], const uint8_t *blocks, size_t block_count) {
    for (; block_count; block_count--, blocks += 64) {
        uint32_t schedule[64];
        for (int t = 0; t < 16; t++) schedule[t] = load_big_endian(blocks + 4 * t);
        for (int t = 16; t < 64; t++) {
            uint32_t x = schedule[t - 15], y = schedule[t - 2];
            schedule[t] = schedule[t - 16] + (rotate_right(x, 7) ^ rotate_right(x, 18) ^ x >> 3) + schedule[t - 7] +
                          (rotate_right(y, 17) ^ rotate_right(y, 19) ^ y >> 10);
        }
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
        uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
        for (int t = 0; t < 64; t++) {
            uint32_t sum1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
            uint32_t first = h + sum1 + ((e & f) ^ (~e & g)) + round_constants[t] + schedule[t];
            uint32_t sum0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
            uint32_t second = sum0 + ((a & b) ^ (a & c) ^ (b & c));
            h = g, g = f, f = e, e = d + first;
            d = c, c = b, b = a, a = first + second;
        }
        state[0] += a, state[1] += b, state[2] += c, state[3] += d;
        state[4] += e, state[5] += f, state[6] += g, state[7] += h;
    }
}

#if defined(__x86_64__)
/// The same with the processor's SHA instructions: two rounds an instruction, the state held as ABEF and CDGH.
__attribute__((target("sha,sse4.1,ssse3")))
static void compress_x86(uint32_t state[8], const uint8_t *blocks, size_t block_count) {
    const __m128i byte_swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    __m128i dcba = _mm_loadu_si128((const __m128i *)state);
    __m128i hgfe = _mm_loadu_si128((const __m128i *)(state + 4));
    __m128i cdab = _mm_shuffle_epi32(dcba, 0xB1), efgh = _mm_shuffle_epi32(hgfe, 0x1B);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);

    for (; block_count; block_count--, blocks += 64) {
        __m128i abef_before = abef, cdgh_before = cdgh, words[4];
        for (int group = 0; group < 16; group++) {
            __m128i current;
            if (group < 4) {
                current = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(blocks + 16 * group)), byte_swap);
            } else {
                // The four words 16, 12, 8 and 4 places back are in the ring's slots 0, 1, 2 and 3 from here.
                __m128i far = words[group & 3], next = words[(group + 1) & 3];
                __m128i middle = words[(group + 2) & 3], near = words[(group + 3) & 3];
                __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(far, next), _mm_alignr_epi8(near, middle, 4));
                current = _mm_sha256msg2_epu32(sum, near);
            }
            words[group & 3] = current;
            __m128i input = _mm_add_epi32(current, _mm_load_si128((const __m128i *)(round_constants + 4 * group)));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, input);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(input, 0x0E));
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }

    __m128i feba = _mm_shuffle_epi32(abef, 0x1B), dchg = _mm_shuffle_epi32(cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}
#endif

static void compress(uint32_t state[8], const uint8_t *blocks, size_t block_count) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sha") && __builtin_cpu_supports("sse4.1")) {
        compress_x86(state, blocks, block_count);
        return;
    }
#endif
    compress_portable(state, blocks, block_count);
}

void apus_sha256_init(apus_sha256 *context) {
    static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(context->state, initial, sizeof initial);
    context->byte_count = 0;
}

void apus_sha256_update(apus_sha256 *context, const void *bytes, size_t count) {
    if (!count) return;
    const uint8_t *input = bytes;
    size_t held = context->byte_count % 64;
    context->byte_count += count;
    if (held) {
        size_t taken = count < 64 - held ? count : 64 - held;
        memcpy(context->block + held, input, taken);
        input += taken, count -= taken;
        if (held + taken < 64) return;
        compress(context->state, context->block, 1);
    }
    compress(context->state, input, count / 64);
    memcpy(context->block, input + count / 64 * 64, count % 64);
}

void apus_sha256_final(apus_sha256 *context, uint8_t *digest) {
    uint64_t bit_count = context->byte_count * 8;
    size_t held = context->byte_count % 64;
    context->block[held++] = 0x80;
    if (held > 56) {
        memset(context->block + held, 0, 64 - held);
        compress(context->state, context->block, 1);
        held = 0;
    }
    memset(context->block + held, 0, 56 - held);
    store_big_endian(context->block + 56, (uint32_t)(bit_count >> 32));
    store_big_endian(context->block + 60, (uint32_t)bit_count);
    compress(context->state, context->block, 1);
    for (int word = 0; word < 8; word++) store_big_endian(digest + 4 * word, context->state[word]);
}
