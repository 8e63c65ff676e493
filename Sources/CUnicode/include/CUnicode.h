#ifndef APUS_UNICODE_H
#define APUS_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Encodings, scripts and letter case of ICU, without its types. */

typedef struct apus_decoder apus_decoder;

/* A decoder of the encoding called `name`; NULL when ICU knows none of that name. For one thread at a time. */
apus_decoder *apus_decoder_make(const char *name);
void apus_decoder_free(apus_decoder *decoder);

/* Makes ready for a new text. */
void apus_decoder_reset(apus_decoder *decoder);

/* The next character of the text from `*position` up to `length`, where `*position` comes to stand behind it. `*is_malformed`
   tells that the bytes stand for no character: then U+FFFD comes, once for each such stretch. Call it while bytes are left. */
int32_t apus_decoder_next(apus_decoder *decoder, const char *text, size_t length, size_t *position, bool *is_malformed);

/* The number of the script of a code point (UScriptCode); -1 when it is no code point. */
int32_t apus_unicode_script(int32_t code_point);

/* `text`, UTF-16, in lower or upper case, by Unicode's full mappings and no language's own.
   Returns how many units the result has; when these are more than `capacity`, call again with more. -1 when it cannot. */
int32_t apus_unicode_change_case(
    const uint16_t *text, int32_t length, bool to_upper, uint16_t *result, int32_t capacity);

#endif
