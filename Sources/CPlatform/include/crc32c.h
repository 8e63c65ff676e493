/// CRC-32C (Castagnoli; reflected polynomial 0x82F63B78), as iSCSI, LevelDB and TensorFlow's files use it.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The checksum of what `crc` is the checksum of, followed by `count` bytes; 0 to begin. `bytes` may be NULL when the count is 0.
uint32_t apus_crc32c(uint32_t crc, const void *bytes, size_t count);

#ifdef __cplusplus
}
#endif
