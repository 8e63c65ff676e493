/// What the benchmarks measure against, beside OpenBLAS: the plainest fast way to do the same work.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#pragma clang assume_nonnull begin

#ifdef __cplusplus
extern "C" {
#endif

/// Reads every number of a JSON text by `std::from_chars`, which is more than twice as fast as `strtof`. Nesting, names and
/// whatever else is no number is stepped over unchecked, so that this is less work than reading the JSON.
///
/// Answers how many numbers there were, at most `capacity`; reading stops behind those.
size_t apus_reference_read_floats(float *values, size_t capacity, const char *text, size_t byte_count);

/// Whether RapidJSON was there when this was built.
bool apus_reference_has_documents(void);

/// Reads the numbers of `{"instances": …}`, nested lists of any depth, as TensorFlow Serving does: RapidJSON's iterative parser
/// makes a document, and a walk over the document takes the floats.
///
/// Answers how many numbers there were; 0 when the text is no such request, `capacity` is too small or RapidJSON is absent.
size_t apus_reference_read_document(float *values, size_t capacity, const char *text, size_t byte_count);

/// Writes `count` floats by `std::to_chars` in their shortest form, a comma behind each. Nesting is left out.
///
/// Answers the bytes written, or 0 when `capacity` is too small; 16 bytes for each float always suffice.
size_t apus_reference_write_floats(char *text, size_t capacity, const float *values, size_t count);

/// The columns [channels · kernel², height · width] of an image [channels, height, width] under a square kernel with
/// stride 1, padded so that the output has the image's extent. `kernel` is odd.
void apus_reference_columns(float *columns, const float *image, size_t channels, size_t height, size_t width, size_t kernel);

#ifdef __cplusplus
}
#endif

#pragma clang assume_nonnull end
