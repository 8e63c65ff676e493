#include "sanitizer.h"

#if HAS_THREAD_SANITIZER

/*
 * Tells the thread sanitizer what the Swift runtime, which is not instrumented, orders between threads.
 *
 * Tasks: the runtime reports hand-overs (continuations, jobs of actors) itself once it has been told that the sanitizer
 * is there. The sanitizer means to do so through `__tsan_on_initialize`, but a program that links it statically, as all do
 * on Linux, has a definition of its own that hides the runtime's.
 *
 * References: whoever gives up the last reference to an object, or finds that his is the only one, comes after all who
 * gave theirs up before. This is as little as the runtime promises: other releases are not ordered by it.
 */

/* The runtime's functions that count references preserve nearly all registers for their callers. */
#define COUNTING __attribute__((preserve_most))

typedef COUNTING void release_function(void *object);
typedef COUNTING void release_many_function(void *object, uint32_t count);

bool swift_isUniquelyReferenced_native(const void *object);

/* An object in memory; others are constants or no native objects. */
static bool is_counted(void *object) { return (intptr_t)object > 0; }

/* Locks by address: two threads that give up the last two references at once must not both take the other's for the last. */
static atomic_flag locks[1024];
static _Thread_local bool has_lock;

static atomic_flag *lock_of(const void *object) { return &locks[((uintptr_t)object >> 4) % 1024]; }

/*
 * Notes a release. Returns with the object's lock taken when the reference is not the last: the caller gives it up, then the
 * lock. The last one is given up without a lock, since that destroys the object.
 */
static bool note_release(void *object) {
    if (!is_counted(object)) return false;
    bool locks_it = !has_lock;
    if (locks_it) {
        while (atomic_flag_test_and_set_explicit(lock_of(object), memory_order_acquire)) sched_yield();
        has_lock = true;
    }
    __tsan_release(object);
    // With a true answer this is the order in which it is destroyed.
    bool is_last = swift_isUniquelyReferenced_native(object);
    if (!locks_it) return false;
    if (!is_last) return true;
    has_lock = false;
    atomic_flag_clear_explicit(lock_of(object), memory_order_release);
    return false;
}

static void end_release(const void *object) {
    has_lock = false;
    atomic_flag_clear_explicit(lock_of(object), memory_order_release);
}

COUNTING void swift_release(void *object) {
    // Looked up when it is first called, which is before any constructor of the program.
    static release_function *next;
    if (!next) next = (release_function *)apus_next(__func__);
    bool is_locked = note_release(object);
    next(object);
    if (is_locked) end_release(object);
}

COUNTING void swift_release_n(void *object, uint32_t count) {
    static release_many_function *next;
    if (!next) next = (release_many_function *)apus_next(__func__);
    // Several at once may be the last ones.
    if (note_release(object)) end_release(object);
    next(object, count);
}

static bool observed(const char *name, const void *object) {
    bool is_unique = ((bool (*)(const void *))apus_next(name))(object);
    if (is_unique && is_counted((void *)object)) __tsan_acquire((void *)object);
    return is_unique;
}

bool swift_isUniquelyReferenced_native(const void *object) { return observed(__func__, object); }
bool swift_isUniquelyReferenced_nonNull_native(const void *object) { return observed(__func__, object); }

__attribute__((constructor)) static void observe_tasks(void) {
    ((void (*)(void))apus_next("__tsan_on_initialize"))();
}

#endif
