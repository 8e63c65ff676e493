#include "sanitizer.h"

#if HAS_THREAD_SANITIZER

/*
 * Tells the thread sanitizer what it cannot see of Swift's Mutex.
 *
 * A lock that nobody contends is one compare-and-exchange in the caller's own, instrumented code. A contended one is
 * handed over by the kernel (FUTEX_LOCK_PI and FUTEX_UNLOCK_PI), from within the standard library, which is not
 * instrumented: without what follows every such hand-over would be reported as a race. These definitions take the place
 * of the library's slow paths in a program that is linked with them, call them, and say what they order.
 */

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *mutex

typedef SWIFT void lock_slow(uint32_t thread, SELF);
typedef SWIFT bool try_lock_slow(SELF);
typedef SWIFT void unlock_slow(SELF);

/* `_MutexHandle._lockSlow(_:)`: returns once the caller holds the lock. */
SWIFT void apus_lock_slow(uint32_t thread, SELF) __asm__(LOCK);
SWIFT void apus_lock_slow(uint32_t thread, SELF) {
    ((lock_slow *)apus_next(LOCK))(thread, mutex);
    __tsan_acquire(mutex);
}

/* `_MutexHandle._tryLockSlow()` */
SWIFT bool apus_try_lock_slow(SELF) __asm__(TRY_LOCK);
SWIFT bool apus_try_lock_slow(SELF) {
    bool has_lock = ((try_lock_slow *)apus_next(TRY_LOCK))(mutex);
    if (has_lock) __tsan_acquire(mutex);
    return has_lock;
}

/* `_MutexHandle._unlockSlow()`: hands the lock to a waiter. */
SWIFT void apus_unlock_slow(SELF) __asm__(UNLOCK);
SWIFT void apus_unlock_slow(SELF) {
    __tsan_release(mutex);
    ((unlock_slow *)apus_next(UNLOCK))(mutex);
}

#endif
