/// Attributes of the kernels' declarations.
#pragma once

/// A function that any thread may call: lets Swift pass the pointer between threads.
#define APUS_SENDABLE __attribute__((swift_attr("@Sendable")))
