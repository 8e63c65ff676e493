#include "BenchmarkReferences.h"

// Debian's rapidjson-dev; a machine without it still builds, and says that there is nothing to compare with.
#if __has_include(<rapidjson/document.h>)
#include <rapidjson/document.h>

namespace {

/// What is left of the caller's memory.
struct Floats {
    float *position;
    float *const end;
};

/// The numbers below `value` in the text's order; false when there is no room or something else.
bool read(const rapidjson::Value &value, Floats &floats) {
    if (!value.IsArray()) {
        if (!value.IsNumber() || floats.position == floats.end) return false;
        *floats.position++ = value.GetFloat();
        return true;
    }
    for (const rapidjson::Value &element : value.GetArray()) {
        if (!read(element, floats)) return false;
    }
    return true;
}

}  // namespace

bool apus_reference_has_documents(void) { return true; }

size_t apus_reference_read_document(float *values, size_t capacity, const char *text, size_t byte_count) {
    constexpr unsigned flags =
        rapidjson::kParseIterativeFlag | rapidjson::kParseNanAndInfFlag | rapidjson::kParseStopWhenDoneFlag;
    rapidjson::Document document;
    if (document.Parse<flags>(text, byte_count).HasParseError() || !document.IsObject()) return 0;
    const auto member = document.FindMember("instances");
    Floats floats{values, values + capacity};
    if (member == document.MemberEnd() || !read(member->value, floats)) return 0;
    return (size_t)(floats.position - values);
}

#else

bool apus_reference_has_documents(void) { return false; }

size_t apus_reference_read_document(float *, size_t, const char *, size_t) { return 0; }

#endif
