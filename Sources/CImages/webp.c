#include <stdio.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>
#include "CImages.h"

static bool fail(apus_message *message, const char *text) {
    snprintf(message->text, sizeof message->text, "%s", text);
    return false;
}

bool apus_webp_measure(const uint8_t *data, size_t count, apus_picture *picture, apus_message *message) {
    WebPBitstreamFeatures features;
    if (WebPGetFeatures(data, count, &features) != VP8_STATUS_OK) return fail(message, "has no WebP header");
    const uint64_t pixels = (uint64_t)features.width * (uint64_t)features.height;
    *picture = (apus_picture){(uint32_t)features.width, (uint32_t)features.height, features.has_alpha ? 4 : 3, 1, pixels * 5 + (1 << 20)};
    if (!features.has_animation) return true;
    WebPData file = {data, count};
    WebPDemuxer *demuxer = WebPDemux(&file);
    if (!demuxer) return fail(message, "is no whole animation");
    picture->width = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH);
    picture->height = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT);
    picture->frames = WebPDemuxGetI(demuxer, WEBP_FF_FRAME_COUNT);
    picture->channels = 4;
    // Two canvases of four channels, and what one frame takes.
    picture->working_bytes = (uint64_t)picture->width * picture->height * 14 + (1 << 20);
    WebPDemuxDelete(demuxer);
    return picture->frames > 0 || fail(message, "has no frames");
}

static bool decode_animation(const uint8_t *data, size_t count, uint32_t frames, uint8_t *samples, size_t frame_bytes, apus_message *message) {
    WebPData file = {data, count};
    WebPAnimDecoder *decoder = WebPAnimDecoderNew(&file, NULL);
    if (!decoder) return fail(message, "is no animation");
    bool whole = true;
    for (uint32_t frame = 0; whole && frame < frames; frame++) {
        uint8_t *canvas = NULL;
        int time;
        whole = WebPAnimDecoderHasMoreFrames(decoder) && WebPAnimDecoderGetNext(decoder, &canvas, &time);
        if (whole) memcpy(samples + frame * frame_bytes, canvas, frame_bytes);
    }
    WebPAnimDecoderDelete(decoder);
    return whole || fail(message, "has a damaged frame");
}

bool apus_webp_decode(const uint8_t *data, size_t count, uint32_t frames, uint8_t *samples, size_t byte_count, apus_message *message) {
    apus_picture picture;
    if (!apus_webp_measure(data, count, &picture, message)) return false;
    const size_t row = (size_t)picture.width * picture.channels, frame = row * picture.height;
    if (frames == 0 || frames > picture.frames || byte_count < frame * frames || row > INT32_MAX) return fail(message, "is too large");
    WebPBitstreamFeatures features;
    if (WebPGetFeatures(data, count, &features) != VP8_STATUS_OK) return fail(message, "has no WebP header");
    if (features.has_animation) return decode_animation(data, count, frames, samples, frame, message);
    const uint8_t *decoded = picture.channels == 4 ? WebPDecodeRGBAInto(data, count, samples, byte_count, (int)row)
                                                   : WebPDecodeRGBInto(data, count, samples, byte_count, (int)row);
    return decoded != NULL || fail(message, "holds damaged pixels");
}
