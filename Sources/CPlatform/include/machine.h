/// Facts of the machine that Swift's view of libc does not show.
#pragma once

/// Processors that this process may run on (sched_getaffinity(2)), at least 1.
int apus_processor_count(void);

/// How many copies are made of what many threads write at once, so that they do not wait for each other's cache lines.
#define APUS_STRIPE_COUNT 16
/// The copy that belongs to the calling thread, below APUS_STRIPE_COUNT: the same for as long as the thread lives, and shared
/// only when there are more threads than copies.
int apus_stripe(void);

/// Gives whole pages that the allocator holds free back to the system (malloc_trim(3)); takes milliseconds for many.
void apus_trim_heap(void);

/// Writes what standard output still buffers. 0, or a negative errno where that fails or an earlier write has failed.
int apus_finish_output(void);
