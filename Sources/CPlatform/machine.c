#include "machine.h"
#include <malloc.h>
#include <sched.h>
#include <unistd.h>

int apus_processor_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        int count = CPU_COUNT(&set);
        return count > 0 ? count : 1;
    }
    // More processors than the set can name: all that are online.
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

void apus_trim_heap(void) { malloc_trim(0); }
