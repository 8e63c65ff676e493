#include <png.h>
#include <stdlib.h>
#include <string.h>
#include "CImages.h"

/// Where libpng reads, and what it says.
typedef struct png_source {
    const uint8_t *data;
    size_t count;
    apus_message *message;
} png_source;

static void keep(apus_message *message, const char *text) {
    strncpy(message->text, text, sizeof message->text - 1);
    message->text[sizeof message->text - 1] = 0;
}

static void fail(png_structp png, png_const_charp text) {
    keep((apus_message *)png_get_error_ptr(png), text);
    png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void read_bytes(png_structp png, png_bytep to, size_t count) {
    png_source *source = png_get_io_ptr(png);
    if (source->count < count) png_error(png, "ends early");
    memcpy(to, source->data, count);
    source->data += count;
    source->count -= count;
}

/// Bytes that one part of a file beside the pixels may take: longer colour profiles are left out.
#define PART_BYTES (1 << 21)

/// Parts that are of no use here and may be long.
static const png_byte unread[] = "tEXt\0zTXt\0iTXt\0eXIf\0sPLT";

/// Reads the header and states all conversions.
static void begin(png_structp png, png_infop info, png_source *source, int *channels, int bits, apus_picture *picture) {
    png_uint_32 width, height;
    int depth, color;
    png_set_user_limits(png, 1 << 27, 1 << 27);
    png_set_chunk_malloc_max(png, PART_BYTES);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, unread, (int)(sizeof unread / 5));
    png_set_read_fn(png, source, read_bytes);
    png_read_info(png, info);
    png_get_IHDR(png, info, &width, &height, &depth, &color, NULL, NULL, NULL);
    const bool has_transparency = png_get_valid(png, info, PNG_INFO_tRNS) != 0, has_alpha = (color & PNG_COLOR_MASK_ALPHA) != 0;
    if (*channels == 0) *channels = color == PNG_COLOR_TYPE_PALETTE ? (has_transparency ? 4 : 3) : png_get_channels(png, info);
    if (*channels % 2 == 0) {
        if (!has_alpha && has_transparency) {
            png_set_tRNS_to_alpha(png);
        } else if (!has_alpha) {
            png_set_add_alpha(png, (1u << depth) - 1, PNG_FILLER_AFTER);
        }
    } else if (has_alpha || has_transparency) {
        png_set_strip_alpha(png);
    }
    if (depth > 8 && bits == 8) png_set_strip_16(png);
    png_set_packing(png);
    const int passes = png_set_interlace_handling(png);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (bits == 16) png_set_swap(png);
#endif
    if (color == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    const bool is_gray = !(color & PNG_COLOR_MASK_COLOR);
    if (is_gray && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
    if (*channels < 3) {
        if (!is_gray) png_set_rgb_to_gray(png, PNG_ERROR_ACTION_NONE, 0.299, 0.587);
    } else if (is_gray) {
        png_set_gray_to_rgb(png);
    }
    png_read_update_info(png, info);
    // Two rows of the widest kind, and the tables of the decompressor.
    *picture = (apus_picture){width, height, (uint32_t)*channels, 1, (uint64_t)width * 32 + (1 << 17) + PART_BYTES};
    (void)passes;
}

bool apus_png_measure(const uint8_t *data, size_t count, int channels, apus_picture *picture, apus_message *message) {
    png_source source = {data, count, message};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, fail, ignore);
    if (!png) return keep(message, "no memory for a decoder"), false;
    png_infop volatile info = png_create_info_struct(png);
    if (!info || setjmp(png_jmpbuf(png))) {
        png_infop made = info;
        png_destroy_read_struct(&png, &made, NULL);
        return false;
    }
    begin(png, info, &source, &channels, 8, picture);
    png_infop made = info;
    png_destroy_read_struct(&png, &made, NULL);
    return true;
}

/// 8-bit samples at the front of each row's memory become 16-bit ones.
static void widen(uint8_t *row, size_t samples) {
    uint16_t *wide = (uint16_t *)row;
    for (size_t i = samples; i-- > 0;) wide[i] = (uint16_t)(row[i] * 257);
}

bool apus_png_decode(const uint8_t *data, size_t count, int channels, int bits, uint8_t *samples, size_t byte_count, apus_message *message) {
    png_source source = {data, count, message};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, fail, ignore);
    if (!png) return keep(message, "no memory for a decoder"), false;
    png_infop volatile info = png_create_info_struct(png);
    if (!info || setjmp(png_jmpbuf(png))) {
        png_infop made = info;
        png_destroy_read_struct(&png, &made, NULL);
        return false;
    }
    apus_picture picture;
    begin(png, info, &source, &channels, bits, &picture);
    const size_t row = (size_t)picture.width * picture.channels * (size_t)(bits / 8), made_row = png_get_rowbytes(png, info);
    const bool widens = bits == 16 && png_get_bit_depth(png, info) <= 8;
    if (byte_count < row * picture.height || made_row * (widens ? 2 : 1) > row) png_error(png, "is larger than its header says");
    const int passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < passes; pass++) {
        for (size_t line = 0; line < picture.height; line++) png_read_row(png, samples + line * row, NULL);
    }
    png_read_end(png, NULL);
    if (widens) {
        for (size_t line = 0; line < picture.height; line++) widen(samples + line * row, (size_t)picture.width * picture.channels);
    }
    png_infop made = info;
    png_destroy_read_struct(&png, &made, NULL);
    return true;
}

void apus_bytes_free(apus_bytes bytes) { free(bytes.data); }

/// Bytes that grow as they are written.
typedef struct png_sink {
    apus_bytes bytes;
    size_t capacity;
} png_sink;

static void write_bytes(png_structp png, png_bytep from, size_t count) {
    png_sink *sink = png_get_io_ptr(png);
    if (sink->capacity - sink->bytes.count < count) {
        const size_t wanted = (sink->bytes.count + count) * 2;
        uint8_t *grown = realloc(sink->bytes.data, wanted);
        if (!grown) png_error(png, "no memory for the result");
        sink->bytes.data = grown;
        sink->capacity = wanted;
    }
    memcpy(sink->bytes.data + sink->bytes.count, from, count);
    sink->bytes.count += count;
}

static void flush_bytes(png_structp png) { (void)png; }

bool apus_png_encode(const void *samples, uint32_t width, uint32_t height, int channels, int bits, int compression, apus_bytes *bytes,
                     apus_message *message) {
    static const int colors[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, message, fail, ignore);
    if (!png) return keep(message, "no memory for an encoder"), false;
    png_sink sink = {{NULL, 0}, 0};
    png_infop volatile info = png_create_info_struct(png);
    if (!info || setjmp(png_jmpbuf(png))) {
        png_infop made = info;
        // Read through the pointer that libpng has: a jump leaves copies in registers behind.
        png_sink *written = png_get_io_ptr(png);
        if (written) free(written->bytes.data);
        png_destroy_write_struct(&png, &made);
        return false;
    }
    png_set_user_limits(png, 1 << 27, 1 << 27);
    png_set_write_fn(png, &sink, write_bytes, flush_bytes);
    png_set_compression_level(png, compression);
    png_set_compression_mem_level(png, 9);
    png_set_IHDR(png, info, width, height, bits, colors[channels - 1], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (bits == 16) png_set_swap(png);
#endif
    const size_t row = (size_t)width * (size_t)channels * (size_t)(bits / 8);
    for (size_t line = 0; line < height; line++) png_write_row(png, (png_const_bytep)samples + line * row);
    png_write_end(png, NULL);
    png_infop made = info;
    png_destroy_write_struct(&png, &made);
    *bytes = sink.bytes;
    return true;
}
