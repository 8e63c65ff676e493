#include "AllocationCounter.h"
#include <errno.h>
#include <stddef.h>

static __thread unsigned long allocations;

unsigned long apus_allocation_count(void) { return allocations; }

// A sanitizer has entry points of its own, which must stay: under one nothing is counted.
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

// glibc's own entry points; the definitions below take the place of the public ones in the test program.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    allocations++;
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    allocations++;
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    allocations++;
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}

#endif
