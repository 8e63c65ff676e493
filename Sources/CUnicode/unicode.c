#include "CUnicode.h"

#include <stdlib.h>
#include <unicode/ucnv.h>
#include <unicode/ucnv_err.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>

struct apus_decoder {
    UConverter *converter;
    bool is_malformed;
};

/* Notes what is malformed, and lets ICU put U+FFFD in its place. */
static void note_malformed(
    const void *context, UConverterToUnicodeArgs *arguments, const char *units, int32_t length, UConverterCallbackReason reason,
    UErrorCode *status) {
    if (reason == UCNV_UNASSIGNED || reason == UCNV_ILLEGAL || reason == UCNV_IRREGULAR) {
        ((apus_decoder *)context)->is_malformed = true;
    }
    UCNV_TO_U_CALLBACK_SUBSTITUTE(NULL, arguments, units, length, reason, status);
}

apus_decoder *apus_decoder_make(const char *name) {
    apus_decoder *decoder = calloc(1, sizeof *decoder);
    if (decoder == NULL) return NULL;
    UErrorCode status = U_ZERO_ERROR;
    decoder->converter = ucnv_open(name, &status);
    if (U_SUCCESS(status)) {
        ucnv_setToUCallBack(decoder->converter, note_malformed, decoder, NULL, NULL, &status);
        if (U_SUCCESS(status)) return decoder;
        ucnv_close(decoder->converter);
    }
    free(decoder);
    return NULL;
}

void apus_decoder_free(apus_decoder *decoder) {
    ucnv_close(decoder->converter);
    free(decoder);
}

void apus_decoder_reset(apus_decoder *decoder) { ucnv_resetToUnicode(decoder->converter); }

int32_t apus_decoder_next(apus_decoder *decoder, const char *text, size_t length, size_t *position, bool *is_malformed) {
    const char *source = text + *position;
    UErrorCode status = U_ZERO_ERROR;
    decoder->is_malformed = false;
    const UChar32 next = ucnv_getNextUChar(decoder->converter, &source, text + length, &status);
    *position = U_FAILURE(status) ? length : (size_t)(source - text);
    *is_malformed = decoder->is_malformed;
    return next;
}

int32_t apus_unicode_script(int32_t code_point) {
    UErrorCode status = U_ZERO_ERROR;
    const UScriptCode script = uscript_getScript(code_point, &status);
    return U_SUCCESS(status) ? (int32_t)script : -1;
}

int32_t apus_unicode_change_case(
    const uint16_t *text, int32_t length, bool to_upper, uint16_t *result, int32_t capacity) {
    UErrorCode status = U_ZERO_ERROR;
    const int32_t count = to_upper ? u_strToUpper(result, capacity, text, length, "", &status)
                                   : u_strToLower(result, capacity, text, length, "", &status);
    return U_SUCCESS(status) || status == U_BUFFER_OVERFLOW_ERROR ? count : -1;
}
