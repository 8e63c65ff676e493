#ifndef CFOUNDATIONDATA_H
#define CFOUNDATIONDATA_H

#include <stddef.h>

/* Stands in for the 34 MB of locale data (names of months, collations, time zones' names) that Foundation's ICU would bring into the
   program. Nothing of Apus formats for a locale; what Foundation then asks for it is answered "no such data" (U_MISSING_RESOURCE). */

/* Bytes of the data that the program carries instead. */
size_t apus_foundation_data_byte_count(void);

#endif
