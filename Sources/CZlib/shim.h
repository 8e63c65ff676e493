#include <zlib.h>

/* zlib's initialisers are macros that carry its version along; Swift sees functions only. */

static inline int apus_inflate_begin(z_stream *stream, int window_bits) {
    return inflateInit2(stream, window_bits);
}

static inline int apus_deflate_begin(z_stream *stream, int level, int window_bits, int memory_level) {
    return deflateInit2(stream, level, Z_DEFLATED, window_bits, memory_level, Z_DEFAULT_STRATEGY);
}
