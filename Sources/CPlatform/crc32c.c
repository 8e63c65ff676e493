#include "crc32c.h"
#include <pthread.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define POLYNOMIAL 0x82F63B78u

/// One byte at a time: what a byte does to the remainder.
static uint32_t byte_table[256];

/// Three streams of `LANE` bytes each are summed side by side, since the instruction gives its result three cycles later.
enum { LANE = 4096 };
/// What `LANE` bytes of zero do to a remainder, by its bytes.
static uint32_t lane_table[4][256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint32_t append_zero_byte(uint32_t crc) { return byte_table[crc & 0xFF] ^ crc >> 8; }

static void make_tables(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
        byte_table[byte] = crc;
    }
    // Appending zeros is linear: the remainder of each bit, then sums of them.
    for (int place = 0; place < 4; place++) {
        for (int bit = 0; bit < 8; bit++) {
            uint32_t crc = 1u << (8 * place + bit);
            for (int i = 0; i < LANE; i++) crc = append_zero_byte(crc);
            lane_table[place][1 << bit] = crc;
        }
        for (int value = 1; value < 256; value++) {
            int low = value & -value;
            if (value != low) lane_table[place][value] = lane_table[place][low] ^ lane_table[place][value ^ low];
        }
    }
}

static uint32_t update_portable(uint32_t crc, const uint8_t *bytes, size_t count) {
    for (; count; count--) crc = byte_table[(crc ^ *bytes++) & 0xFF] ^ crc >> 8;
    return crc;
}

#if defined(__x86_64__)
static uint64_t load(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static uint32_t append_lane(uint32_t crc) {
    return lane_table[0][crc & 0xFF] ^ lane_table[1][crc >> 8 & 0xFF] ^ lane_table[2][crc >> 16 & 0xFF] ^ lane_table[3][crc >> 24];
}

__attribute__((target("sse4.2"))) static uint32_t update_sse42(uint32_t crc, const uint8_t *bytes, size_t count) {
    uint64_t first = crc;
    for (; count >= 3 * LANE; bytes += 3 * LANE, count -= 3 * LANE) {
        uint64_t second = 0, third = 0;
        for (size_t i = 0; i < LANE; i += 8) {
            first = _mm_crc32_u64(first, load(bytes + i));
            second = _mm_crc32_u64(second, load(bytes + LANE + i));
            third = _mm_crc32_u64(third, load(bytes + 2 * LANE + i));
        }
        first = append_lane((uint32_t)first) ^ second;
        first = append_lane((uint32_t)first) ^ third;
    }
    for (; count >= 8; bytes += 8, count -= 8) first = _mm_crc32_u64(first, load(bytes));
    crc = (uint32_t)first;
    for (; count; count--) crc = _mm_crc32_u8(crc, *bytes++);
    return crc;
}
#endif

uint32_t apus_crc32c(uint32_t crc, const void *bytes, size_t count) {
    pthread_once(&once, make_tables);
    crc = ~crc;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) return ~update_sse42(crc, bytes, count);
#endif
    return ~update_portable(crc, bytes, count);
}
