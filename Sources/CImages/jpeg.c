#include <stdio.h>
#include <jerror.h>
#include <jpeglib.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include "CImages.h"

/// libjpeg's error handler with the place to jump to.
typedef struct jpeg_errors {
    struct jpeg_error_mgr manager;
    jmp_buf place;
    apus_message *message;
} jpeg_errors;

static void jump(j_common_ptr codec) {
    jpeg_errors *errors = (jpeg_errors *)codec->err;
    char text[JMSG_LENGTH_MAX];
    codec->err->format_message(codec, text);
    snprintf(errors->message->text, sizeof errors->message->text, "%s", text);
    longjmp(errors->place, 1);
}

static void be_silent(j_common_ptr codec) { (void)codec; }

static void be_silent_about(j_common_ptr codec, int level) {
    if (level < 0) codec->err->num_warnings++;
}

static struct jpeg_error_mgr *set_errors(jpeg_errors *errors, apus_message *message) {
    jpeg_std_error(&errors->manager);
    errors->manager.error_exit = jump;
    errors->manager.output_message = be_silent;
    errors->manager.emit_message = be_silent_about;
    errors->message = message;
    return &errors->manager;
}

/// The whole file, then perhaps an end of image that it lacks.
typedef struct jpeg_source {
    struct jpeg_source_mgr manager;
    bool recovers;
} jpeg_source;

static const JOCTET end_of_image[2] = {0xff, JPEG_EOI};

static void source_nothing(j_decompress_ptr codec) { (void)codec; }

static boolean source_fill(j_decompress_ptr codec) {
    jpeg_source *source = (jpeg_source *)codec->src;
    if (!source->recovers) ERREXIT(codec, JERR_INPUT_EOF);
    source->manager.next_input_byte = end_of_image;
    source->manager.bytes_in_buffer = 2;
    return TRUE;
}

static void source_skip(j_decompress_ptr codec, long count) {
    if (count <= 0) return;
    if ((size_t)count > codec->src->bytes_in_buffer) {
        codec->src->next_input_byte += codec->src->bytes_in_buffer;
        codec->src->bytes_in_buffer = 0;
        source_fill(codec);
        return;
    }
    codec->src->next_input_byte += count;
    codec->src->bytes_in_buffer -= (size_t)count;
}

/// Scans of a progressive file: more than any encoder makes would only keep the processor busy.
#define MOST_SCANS 200

static void count_scans(j_common_ptr codec) {
    if (codec->is_decompressor && ((j_decompress_ptr)codec)->input_scan_number > MOST_SCANS) ERREXIT(codec, JERR_BAD_PROGRESSION);
}

typedef struct jpeg_decoder {
    struct jpeg_decompress_struct codec;
    jpeg_errors errors;
    jpeg_source source;
    struct jpeg_progress_mgr progress;
    /// One line before it is converted or cut.
    JSAMPLE *line;
} jpeg_decoder;

static void discard(jpeg_decoder *decoder) {
    free(decoder->line);
    jpeg_destroy_decompress(&decoder->codec);
    free(decoder);
}

static jpeg_decoder *make_decoder(apus_message *message) {
    jpeg_decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder) {
        snprintf(message->text, sizeof message->text, "no memory for a decoder");
        return NULL;
    }
    decoder->codec.err = set_errors(&decoder->errors, message);
    return decoder;
}

/// Reads the header and states how to decode.
static void begin(jpeg_decoder *decoder, const uint8_t *data, size_t count, const apus_jpeg_options *options, apus_picture *picture) {
    j_decompress_ptr codec = &decoder->codec;
    jpeg_create_decompress(codec);
    decoder->source.recovers = options->recovers;
    decoder->source.manager = (struct jpeg_source_mgr){
        .next_input_byte = data, .bytes_in_buffer = count, .init_source = source_nothing, .fill_input_buffer = source_fill,
        .skip_input_data = source_skip, .resync_to_restart = jpeg_resync_to_restart, .term_source = source_nothing,
    };
    codec->src = &decoder->source.manager;
    decoder->progress.progress_monitor = count_scans;
    codec->progress = &decoder->progress;
    if (count == 0) ERREXIT(codec, JERR_INPUT_EMPTY);
    jpeg_read_header(codec, TRUE);
    const int channels = options->channels ? options->channels : codec->num_components < 3 ? codec->num_components : 3;
    const bool is_print = codec->jpeg_color_space == JCS_CMYK || codec->jpeg_color_space == JCS_YCCK;
    switch (channels) {
        case 1: codec->out_color_space = JCS_GRAYSCALE; break;
        case 3: codec->out_color_space = is_print ? JCS_CMYK : JCS_RGB; break;
        default: ERREXIT1(codec, JERR_COMPONENT_COUNT, channels);
    }
    codec->do_fancy_upsampling = options->smooths_chroma;
    codec->scale_num = 1;
    codec->scale_denom = (unsigned)options->ratio;
    codec->dct_method = options->fast_transform ? JDCT_IFAST : JDCT_ISLOW;
    jpeg_calc_output_dimensions(codec);
    // A progressive file's coefficients are all kept, two bytes each, in whole blocks of up to 32 by 32; else some lines.
    const uint64_t width = (codec->image_width + 63) / 32 * 32, height = (codec->image_height + 63) / 32 * 32;
    const uint64_t lines = width * 4 * 64, coefficients = width * height * 2 * (uint64_t)codec->num_components;
    *picture = (apus_picture){codec->output_width, codec->output_height, (uint32_t)channels, 1,
                              lines + (1 << 17) + (jpeg_has_multiple_scans(codec) ? coefficients : 0)};
}

bool apus_jpeg_measure(const uint8_t *data, size_t count, const apus_jpeg_options *options, apus_picture *picture, apus_message *message) {
    jpeg_decoder *decoder = make_decoder(message);
    if (!decoder) return false;
    if (setjmp(decoder->errors.place)) return discard(decoder), false;
    begin(decoder, data, count, options, picture);
    discard(decoder);
    return true;
}

/// Pixels of cyan, magenta, yellow and black as red, green and blue; files by Adobe hold them inverted.
static void convert_print(uint8_t *to, const JSAMPLE *from, size_t pixels, bool inverted) {
    for (size_t i = 0; i < pixels; i++, from += 4, to += 3) {
        const int k = from[3];
        for (int c = 0; c < 3; c++) to[c] = (uint8_t)(inverted ? k * from[c] / 255 : (255 - k) * (255 - from[c]) / 255);
    }
}

static void read_lines(jpeg_decoder *decoder, const apus_jpeg_options *options, apus_picture picture, uint8_t *samples, size_t byte_count) {
    j_decompress_ptr codec = &decoder->codec;
    jpeg_start_decompress(codec);
    size_t width = picture.width, height = picture.height, skipped = 0;
    if (options->crops) {
        width = options->crop_width;
        height = options->crop_height;
        if (width == 0 || height == 0 || (size_t)options->crop_x + width > codec->output_width ||
            (size_t)options->crop_y + height > codec->output_height) {
            ERREXIT(codec, JERR_WIDTH_OVERFLOW);
        }
        JDIMENSION x = options->crop_x, crop_width = options->crop_width;
        jpeg_crop_scanline(codec, &x, &crop_width);
        skipped = jpeg_skip_scanlines(codec, options->crop_y);
    }
    if (byte_count < width * height * picture.channels) ERREXIT(codec, JERR_BUFFER_SIZE);
    const bool is_print = codec->out_color_space == JCS_CMYK, is_cut = codec->output_width != width;
    const size_t parts = is_print ? 4 : picture.channels, offset = (codec->output_width - width) * parts;
    if (is_print || is_cut) {
        decoder->line = malloc((size_t)codec->output_width * parts);
        if (!decoder->line) ERREXIT1(codec, JERR_OUT_OF_MEMORY, 0);
    }
    const size_t row = width * picture.channels;
    while (codec->output_scanline < skipped + height) {
        JSAMPROW line = decoder->line ? decoder->line : samples;
        if (jpeg_read_scanlines(codec, &line, 1) == 0) ERREXIT(codec, JERR_INPUT_EOF);
        if (is_print) {
            convert_print(samples, decoder->line + offset, width, codec->saw_Adobe_marker);
        } else if (is_cut) {
            memcpy(samples, decoder->line + offset, row);
        }
        samples += row;
    }
}

bool apus_jpeg_decode(const uint8_t *data, size_t count, const apus_jpeg_options *options, uint8_t *samples, size_t byte_count,
                      apus_message *message) {
    jpeg_decoder *decoder = make_decoder(message);
    if (!decoder) return false;
    if (setjmp(decoder->errors.place)) return discard(decoder), false;
    apus_picture picture;
    begin(decoder, data, count, options, &picture);
    read_lines(decoder, options, picture, samples, byte_count);
    discard(decoder);
    return true;
}

/// The destination, whose buffer doubles when it is full, comes first: libjpeg knows no more of it.
typedef struct jpeg_encoder {
    struct jpeg_destination_mgr destination;
    struct jpeg_compress_struct codec;
    jpeg_errors errors;
    uint8_t *data;
    size_t capacity;
    uint8_t *packet;
} jpeg_encoder;

static void discard_encoder(jpeg_encoder *encoder) {
    jpeg_destroy_compress(&encoder->codec);
    free(encoder->packet);
    free(encoder->data);
    free(encoder);
}

static void destination_nothing(j_compress_ptr codec) { (void)codec; }

static void grow(jpeg_encoder *encoder, size_t used, size_t capacity) {
    uint8_t *data = realloc(encoder->data, capacity);
    if (!data) ERREXIT1(&encoder->codec, JERR_OUT_OF_MEMORY, 2);
    encoder->data = data;
    encoder->capacity = capacity;
    encoder->destination.next_output_byte = data + used;
    encoder->destination.free_in_buffer = capacity - used;
}

static boolean destination_full(j_compress_ptr codec) {
    jpeg_encoder *encoder = (jpeg_encoder *)codec->dest;
    grow(encoder, encoder->capacity, encoder->capacity * 2);
    return TRUE;
}

static const char metadata_name[] = "http://ns.adobe.com/xap/1.0/";

static void write_metadata(jpeg_encoder *encoder, const apus_jpeg_settings *settings) {
    if (settings->metadata_count == 0) return;
    const size_t count = sizeof metadata_name + settings->metadata_count;
    encoder->packet = malloc(count);
    if (!encoder->packet) ERREXIT1(&encoder->codec, JERR_OUT_OF_MEMORY, 1);
    memcpy(encoder->packet, metadata_name, sizeof metadata_name);
    memcpy(encoder->packet + sizeof metadata_name, settings->metadata, settings->metadata_count);
    jpeg_write_marker(&encoder->codec, JPEG_APP0 + 1, encoder->packet, (unsigned)count);
}

static void encode(jpeg_encoder *encoder, const uint8_t *samples, uint32_t width, uint32_t height, int channels,
                   const apus_jpeg_settings *settings) {
    j_compress_ptr codec = &encoder->codec;
    jpeg_create_compress(codec);
    codec->dest = &encoder->destination;
    encoder->destination.init_destination = destination_nothing;
    encoder->destination.empty_output_buffer = destination_full;
    encoder->destination.term_destination = destination_nothing;
    grow(encoder, 0, 1 << 16);
    codec->image_width = width;
    codec->image_height = height;
    codec->input_components = channels;
    codec->in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(codec);
    codec->optimize_coding = settings->optimizes;
    codec->density_unit = (UINT8)settings->density_unit;
    codec->X_density = (UINT16)settings->x_density;
    codec->Y_density = (UINT16)settings->y_density;
    jpeg_set_quality(codec, settings->quality, TRUE);
    if (settings->progressive) jpeg_simple_progression(codec);
    if (!settings->halves_chroma) {
        for (int c = 0; c < codec->num_components; c++) codec->comp_info[c].h_samp_factor = codec->comp_info[c].v_samp_factor = 1;
    }
    jpeg_start_compress(codec, TRUE);
    write_metadata(encoder, settings);
    while (codec->next_scanline < height) {
        JSAMPROW line = (JSAMPROW)(samples + (size_t)codec->next_scanline * width * (size_t)channels);
        jpeg_write_scanlines(codec, &line, 1);
    }
    jpeg_finish_compress(codec);
}

bool apus_jpeg_encode(const uint8_t *samples, uint32_t width, uint32_t height, int channels, const apus_jpeg_settings *settings,
                      apus_bytes *bytes, apus_message *message) {
    jpeg_encoder *encoder = calloc(1, sizeof *encoder);
    if (!encoder) {
        snprintf(message->text, sizeof message->text, "no memory for an encoder");
        return false;
    }
    encoder->codec.err = set_errors(&encoder->errors, message);
    if (setjmp(encoder->errors.place)) return discard_encoder(encoder), false;
    encode(encoder, samples, width, height, channels, settings);
    *bytes = (apus_bytes){encoder->data, encoder->capacity - encoder->destination.free_in_buffer};
    encoder->data = NULL;
    discard_encoder(encoder);
    return true;
}
