#pragma once

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_THREAD_SANITIZER 1
#endif
#endif

#if HAS_THREAD_SANITIZER

#include <dlfcn.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

/* The definition that the program's own one hides. */
static inline void *apus_next(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) {
        fprintf(stderr, "SanitizerSupport: this Swift runtime has no %s; it is not the one that this was written for\n", name);
        abort();
    }
    return function;
}

#endif
