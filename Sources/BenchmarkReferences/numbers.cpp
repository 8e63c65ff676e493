#include "BenchmarkReferences.h"
#include <charconv>
#include <system_error>

size_t apus_reference_read_floats(float *values, size_t capacity, const char *text, size_t byte_count) {
    const char *const end = text + byte_count;
    size_t count = 0;
    while (text < end && count < capacity) {
        const bool is_number = *text == '-' || (*text >= '0' && *text <= '9');
        if (!is_number) {
            text++;
            continue;
        }
        const std::from_chars_result result = std::from_chars(text, end, values[count]);
        if (result.ec != std::errc()) return count;
        text = result.ptr;
        count++;
    }
    return count;
}

size_t apus_reference_write_floats(char *text, size_t capacity, const float *values, size_t count) {
    char *position = text;
    char *const end = text + capacity;
    for (size_t i = 0; i < count; i++) {
        const std::to_chars_result result = std::to_chars(position, end, values[i]);
        if (result.ec != std::errc() || result.ptr == end) return 0;
        position = result.ptr;
        *position++ = ',';
    }
    return (size_t)(position - text);
}
