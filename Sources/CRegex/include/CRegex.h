#ifndef APUS_REGEX_H
#define APUS_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Regular expressions of RE2's syntax over bytes that hold UTF-8: linear in the text, within RE2's own limit of memory.
   A compiled expression may be used by any number of threads at once. */

typedef struct apus_regex apus_regex;

/* Compiles `pattern`. Returns NULL when it is none; `reason` then holds why, cut at `reason_capacity` and ended by a zero. */
apus_regex *apus_regex_make(const char *pattern, size_t pattern_length, char *reason, size_t reason_capacity);

void apus_regex_free(apus_regex *regex);

/* Whether the whole of `text` matches. */
bool apus_regex_full_match(const apus_regex *regex, const char *text, size_t length);

/* The first match in `text` from the byte `start` on; `*begin` and `*end` are where it lies. Returns false when there is none. */
bool apus_regex_find(const apus_regex *regex, const char *text, size_t length, size_t start, size_t *begin, size_t *end);

enum {
    APUS_REGEX_UNCHANGED = 0,
    APUS_REGEX_CHANGED = 1,
    APUS_REGEX_TOO_LONG = 2,
};

/* Replaces the first match in `text`, or all that do not overlap, by `rewrite`, where \0 to \9 stand for groups.

   APUS_REGEX_CHANGED: `*result` has `*result_length` bytes, to be given to apus_regex_release.
   APUS_REGEX_TOO_LONG: the result would have more than `limit` bytes. */
int apus_regex_replace(
    const apus_regex *regex, const char *text, size_t length, const char *rewrite, size_t rewrite_length, bool replaces_all,
    size_t limit, char **result, size_t *result_length);

void apus_regex_release(char *result);

#ifdef __cplusplus
}
#endif

#endif
