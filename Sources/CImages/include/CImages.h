/// PNG, JPEG and WebP by Debian's libpng16, libjpeg62-turbo and libwebp: libraries that report errors by jumping, which Swift cannot
/// take part in.
///
/// Functions return true, or false with a message. Nothing is printed, nothing exits. Measuring reads the header alone, so that the
/// caller can refuse a size before it takes memory for it.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

#ifdef __cplusplus
extern "C" {
#endif

typedef struct apus_message {
    char text[256];
} apus_message;

/// A picture's sizes as it will be decoded.
typedef struct apus_picture {
    uint32_t width, height, channels;
    /// 1 but for animations.
    uint32_t frames;
    /// Bytes that decoding takes beside the result, at most.
    uint64_t working_bytes;
} apus_picture;

/// `channels`: 1 to 4, or 0 for those of the file.
bool apus_png_measure(const uint8_t *data, size_t count, int channels, apus_picture *picture, apus_message *message);
/// Writes height · width · channels samples of `bits` (8 or 16, in the machine's byte order).
bool apus_png_decode(const uint8_t *data, size_t count, int channels, int bits, uint8_t *samples, size_t byte_count, apus_message *message);

typedef struct apus_jpeg_options {
    /// 1 or 3, or 0 for those of the file.
    int channels;
    /// Every so many pixels in both directions become one: 1, 2, 4 or 8.
    int ratio;
    bool smooths_chroma;
    bool fast_transform;
    /// Whether a file that ends early gives what there is.
    bool recovers;
    bool crops;
    uint32_t crop_x, crop_y, crop_width, crop_height;
} apus_jpeg_options;

bool apus_jpeg_measure(const uint8_t *data, size_t count, const apus_jpeg_options *options, apus_picture *picture, apus_message *message);
bool apus_jpeg_decode(const uint8_t *data, size_t count, const apus_jpeg_options *options, uint8_t *samples, size_t byte_count,
                      apus_message *message);

bool apus_webp_measure(const uint8_t *data, size_t count, apus_picture *picture, apus_message *message);
/// Writes the first `frames` frames.
bool apus_webp_decode(const uint8_t *data, size_t count, uint32_t frames, uint8_t *samples, size_t byte_count, apus_message *message);

/// What an encoder wrote; the caller frees it with `apus_bytes_free`.
typedef struct apus_bytes {
    uint8_t *_Nullable data;
    size_t count;
} apus_bytes;

void apus_bytes_free(apus_bytes bytes);

bool apus_png_encode(const void *samples, uint32_t width, uint32_t height, int channels, int bits, int compression, apus_bytes *bytes,
                     apus_message *message);

typedef struct apus_jpeg_settings {
    int quality;
    bool progressive, optimizes, halves_chroma;
    /// 1: per inch, 2: per centimetre.
    int density_unit;
    int x_density, y_density;
    const uint8_t *_Nullable metadata;
    size_t metadata_count;
} apus_jpeg_settings;

bool apus_jpeg_encode(const uint8_t *samples, uint32_t width, uint32_t height, int channels, const apus_jpeg_settings *settings,
                      apus_bytes *bytes, apus_message *message);

#ifdef __cplusplus
}
#endif

#pragma clang assume_nonnull end
