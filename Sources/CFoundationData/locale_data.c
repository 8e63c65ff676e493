#include "CFoundationData.h"

#include <stdint.h>

/* ICU's form of a package of data (common/ucmndata.h): a header, then a table of contents, which is empty here. */
struct data_package {
    uint16_t header_size;
    uint8_t magic1, magic2;
    uint16_t info_size, reserved_word;
    uint8_t is_big_endian, charset_family, char_size, reserved_byte;
    uint8_t data_format[4], format_version[4], data_version[4];
    uint8_t padding[8];
    uint32_t item_count, reserved;
};

/* The name that the ICU inside Swift 6.3's Foundation looks for. Another version looks for another name, finds its own data and
   makes the program larger, no more. Hidden, so that a Foundation that is a shared library keeps its own. */
__attribute__((visibility("hidden"), aligned(16))) const struct data_package icudt76_dat = {
    .header_size = 32,
    .magic1 = 0xda,
    .magic2 = 0x27,
    .info_size = 20,
    .is_big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
    .char_size = 2,
    .data_format = {'T', 'o', 'C', 'P'},
    .format_version = {1},
};

size_t apus_foundation_data_byte_count(void) { return sizeof icudt76_dat; }
