#define APUS_LEVEL portable
#define APUS_LEVEL_ID APUS_ISA_PORTABLE
#define APUS_VECTOR_BYTES 16
#include "bodies/level.h"
