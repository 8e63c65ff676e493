/// Counts the heap allocations of the calling thread, for tests that promise none.
#pragma once

/// Allocations made by the calling thread since it started.
unsigned long apus_allocation_count(void);
