#include "CRegex.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include <re2/re2.h>

struct apus_regex {
    RE2 expression;

    apus_regex(const re2::StringPiece &pattern, const RE2::Options &options) : expression(pattern, options) {}
};

apus_regex *apus_regex_make(const char *pattern, size_t pattern_length, char *reason, size_t reason_capacity) {
    RE2::Options options;
    options.set_log_errors(false);
    auto *regex = new (std::nothrow) apus_regex(re2::StringPiece(pattern, pattern_length), options);
    if (regex == nullptr || regex->expression.ok()) return regex;
    if (reason_capacity > 0) {
        const std::string &error = regex->expression.error();
        const size_t count = error.size() < reason_capacity - 1 ? error.size() : reason_capacity - 1;
        std::memcpy(reason, error.data(), count);
        reason[count] = 0;
    }
    delete regex;
    return nullptr;
}

void apus_regex_free(apus_regex *regex) { delete regex; }

bool apus_regex_full_match(const apus_regex *regex, const char *text, size_t length) {
    return RE2::FullMatch(re2::StringPiece(text, length), regex->expression);
}

bool apus_regex_find(const apus_regex *regex, const char *text, size_t length, size_t start, size_t *begin, size_t *end) {
    re2::StringPiece match;
    if (start > length || !regex->expression.Match(re2::StringPiece(text, length), start, length, RE2::UNANCHORED, &match, 1)) {
        return false;
    }
    *begin = static_cast<size_t>(match.data() - text);
    *end = *begin + match.size();
    return true;
}

namespace {

constexpr int maximum_groups = 10;

/* How many bytes follow at `position` that stand for one character; 1 where they are no UTF-8. */
size_t character_length(const char *text, size_t position, size_t length) {
    const auto lead = static_cast<unsigned char>(text[position]);
    const size_t wanted = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
    if (position + wanted > length) return 1;
    for (size_t index = 1; index < wanted; index++)
        if ((static_cast<unsigned char>(text[position + index]) & 0xC0) != 0x80) return 1;
    return wanted;
}

}  // namespace

int apus_regex_replace(
    const apus_regex *regex, const char *text, size_t length, const char *rewrite, size_t rewrite_length, bool replaces_all,
    size_t limit, char **result, size_t *result_length) {
    const RE2 &expression = regex->expression;
    const re2::StringPiece source(text, length), pattern(rewrite, rewrite_length);
    const int groups = 1 + RE2::MaxSubmatch(pattern);
    if (groups > maximum_groups || groups > 1 + expression.NumberOfCapturingGroups()) return APUS_REGEX_UNCHANGED;
    re2::StringPiece match[maximum_groups];
    std::string output;
    size_t position = 0;
    const char *last_end = nullptr;
    bool is_changed = false;
    while (position <= length) {
        if (!expression.Match(source, position, length, RE2::UNANCHORED, match, groups)) break;
        const size_t start = static_cast<size_t>(match[0].data() - text);
        output.append(text + position, start - position);
        // An empty match at the end of the last one is none; the character after it is taken as it is.
        if (replaces_all && match[0].data() == last_end && match[0].empty()) {
            if (start >= length) {
                position = start;
                break;
            }
            const size_t count = character_length(text, start, length);
            output.append(text + start, count);
            position = start + count;
            continue;
        }
        // What stands before a fault in the rewrite counts when all matches are replaced, as in the library's own function.
        if (!expression.Rewrite(&output, pattern, match, groups) && !replaces_all) return APUS_REGEX_UNCHANGED;
        is_changed = true;
        position = start + match[0].size();
        last_end = text + position;
        if (output.size() > limit) return APUS_REGEX_TOO_LONG;
        if (!replaces_all) break;
    }
    if (!is_changed) return APUS_REGEX_UNCHANGED;
    if (position < length) output.append(text + position, length - position);
    if (output.size() > limit) return APUS_REGEX_TOO_LONG;
    auto *bytes = static_cast<char *>(std::malloc(output.size() > 0 ? output.size() : 1));
    if (bytes == nullptr) return APUS_REGEX_TOO_LONG;
    std::memcpy(bytes, output.data(), output.size());
    *result = bytes;
    *result_length = output.size();
    return APUS_REGEX_CHANGED;
}

void apus_regex_release(char *result) { std::free(result); }
