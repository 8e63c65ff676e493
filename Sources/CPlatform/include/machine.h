/// Facts of the machine that Swift's view of libc does not show.
#pragma once

/// Processors that this process may run on (sched_getaffinity(2)), at least 1.
int apus_processor_count(void);

/// Gives whole pages that the allocator holds free back to the system (malloc_trim(3)); takes milliseconds for many.
void apus_trim_heap(void);
