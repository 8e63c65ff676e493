/// Decision trees: from the rows of a table to the leaves that they reach, and from leaves to sums.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "attributes.h"

#pragma clang assume_nonnull begin

/// Nodes lie in pairs of four 64-bit words: two thresholds, then for each of them its child in the low 32 bits and its feature
/// in the high ones. A node's place is the number of its threshold's word. Where row[feature] ≤ threshold, the walk goes on at
/// place child + 1, else at child. A leaf has a threshold of NaN and itself as child; its number is in the high 32 bits of the
/// threshold's word (binary32: the threshold is in the low ones; a branch's high ones are not read) or in the low 32 bits of the
/// NaN (binary64).
typedef uint64_t apus_tree_word;

/// How many steps walks through a tree take.
typedef struct apus_tree_span {
    /// So many are taken before a walk is asked whether it goes on.
    uint32_t shortest;
    /// At most so many; not fewer than `shortest`.
    uint32_t longest;
} apus_tree_span;

/// The place of the root of tree t: roots lead the words, in order.
#define APUS_TREE_ROOT(t) (4 * ((t) / 2) + (t) % 2)

/// leaves[t · rows + r] = the number of the leaf that row r, at table + r · stride, reaches in tree first + t, 0 ≤ t < trees.
#define APUS_WALK_TREES(name, number)                                                                                 \
    void (*APUS_SENDABLE name)(uint32_t *leaves, const apus_tree_word *words, const apus_tree_span *spans, size_t first, \
                               size_t trees, const number *table, size_t stride, size_t rows)

/// Adds to the sums of each row, in the order of the trees, what the row's leaf of each tree has; leaves [trees, rows].
///
/// `add_leaves`: sums[r · width + o] += weights[leaf · width + o]; width is 1 or a multiple of 4.
/// `add_leaf`: sums[r · width + targets[leaf]] += weights[leaf].
#define APUS_ADD_LEAVES(name, number)                                                                                   \
    void (*APUS_SENDABLE add_leaves_##name)(double *sums, const number *weights, const uint32_t *leaves, size_t trees,    \
                                            size_t rows, size_t width);                                                   \
    void (*APUS_SENDABLE add_leaf_##name)(double *sums, const number *weights, const uint32_t *targets,                   \
                                          const uint32_t *leaves, size_t trees, size_t rows, size_t width)

typedef struct apus_forest_kernels {
    APUS_WALK_TREES(walk_f32, float);
    APUS_WALK_TREES(walk_f64, double);
    APUS_ADD_LEAVES(f32, float);
    APUS_ADD_LEAVES(f64, double);
} apus_forest_kernels;

#undef APUS_WALK_TREES
#undef APUS_ADD_LEAVES

#pragma clang assume_nonnull end
