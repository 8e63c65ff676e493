/// SHA-256 (FIPS 180-4), incremental: init, any number of updates, final.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define APUS_SHA256_BYTES 32

/// A computation in progress; lives wherever the caller puts it and needs no release.
typedef struct apus_sha256 {
    uint32_t state[8];
    /// Bytes taken so far.
    uint64_t byte_count;
    /// The bytes of a block not yet complete.
    uint8_t block[64];
} apus_sha256;

void apus_sha256_init(apus_sha256 *context);

/// Takes `count` bytes; `bytes` may be NULL when the count is 0.
void apus_sha256_update(apus_sha256 *context, const void *bytes, size_t count);

/// Writes the digest, APUS_SHA256_BYTES long. The context must be initialised again before further use.
void apus_sha256_final(apus_sha256 *context, uint8_t *digest);

#ifdef __cplusplus
}
#endif
