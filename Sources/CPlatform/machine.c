#include "machine.h"
#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
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

int apus_stripe(void) {
    static atomic_uint threads;
    static _Thread_local unsigned next; // 1 more than the thread's own number; 0 before it asked
    if (next == 0) next = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % APUS_STRIPE_COUNT + 1;
    return (int)next - 1;
}

void apus_trim_heap(void) { malloc_trim(0); }

int apus_finish_output(void) {
    int had_failed = ferror(stdout);
    if (fflush(stdout) != 0) return -errno;
    return had_failed ? -EIO : 0;
}
