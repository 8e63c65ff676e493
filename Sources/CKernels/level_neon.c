#if defined(__aarch64__)
#define APUS_LEVEL neon
#define APUS_LEVEL_ID APUS_ISA_NEON
#define APUS_VECTOR_BYTES 16
#include "bodies/level.h"
#endif
