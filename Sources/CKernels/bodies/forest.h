// Decision trees of one level: several walks go on side by side, so that one's loads hide behind the others'.

/// Walks at a time.
#define WALKS 16
/// Walks at a time where fewer are left.
#define FEW_WALKS 4

#define EACH_WALK _Pragma("unroll") for (int w = 0; w < count; w++)

APUS_INLINE uint32_t APUS_NAME(leaf_f32)(apus_tree_word threshold) { return (uint32_t)(threshold >> 32); }
APUS_INLINE uint32_t APUS_NAME(leaf_f64)(apus_tree_word threshold) { return (uint32_t)threshold; }

#define APUS_WALK_FUNCTIONS(type, number)                                                                                   \
    APUS_INLINE uint32_t APUS_NAME(step_##type)(const apus_tree_word *words, uint32_t place, const number *row) {           \
        const apus_tree_word *const node = words + place;                                                                   \
        number threshold;                                                                                                   \
        memcpy(&threshold, node, sizeof threshold);                                                                         \
        uint32_t next = (uint32_t)node[2] + (row[node[2] >> 32] <= threshold);                                              \
        /* Keeps the compiler from making vectors of neighbouring walks: gathers cost more than these loads. */             \
        __asm__("" : "+r"(next));                                                                                           \
        return next;                                                                                                        \
    }                                                                                                                       \
                                                                                                                            \
    /* Takes every walk to its leaf. A walk that is there stays while others go on. */                                      \
    APUS_INLINE void APUS_NAME(walk_on_##type)(const apus_tree_word *words, uint32_t *places, const number *const *rows,    \
                                               int count, apus_tree_span span) {                                            \
        uint32_t left = span.longest - span.shortest;                                                                       \
        for (uint32_t steps = span.shortest + left % 2; steps > 0; steps--)                                                 \
            EACH_WALK places[w] = APUS_NAME(step_##type)(words, places[w], rows[w]);                                        \
        for (left /= 2; left > 0; left--) {                                                                                 \
            EACH_WALK places[w] = APUS_NAME(step_##type)(words, places[w], rows[w]);                                        \
            uint32_t moved = 0;                                                                                             \
            EACH_WALK {                                                                                                     \
                const uint32_t next = APUS_NAME(step_##type)(words, places[w], rows[w]);                                    \
                moved |= next ^ places[w];                                                                                  \
                places[w] = next;                                                                                           \
            }                                                                                                               \
            if (!moved) return;                                                                                             \
        }                                                                                                                   \
    }                                                                                                                       \
                                                                                                                            \
    /* One tree for `count` rows. */                                                                                        \
    APUS_INLINE void APUS_NAME(walk_rows_##type)(uint32_t *leaves, const apus_tree_word *words, uint32_t root,              \
                                                 apus_tree_span span, const number *table, size_t stride, int count) {      \
        uint32_t places[WALKS];                                                                                             \
        const number *rows[WALKS];                                                                                          \
        EACH_WALK {                                                                                                         \
            places[w] = root;                                                                                               \
            rows[w] = table + stride * (size_t)w;                                                                           \
        }                                                                                                                   \
        APUS_NAME(walk_on_##type)(words, places, rows, count, span);                                                        \
        EACH_WALK leaves[w] = APUS_NAME(leaf_##type)(words[places[w]]);                                                     \
    }                                                                                                                       \
                                                                                                                            \
    /* `trees` of `count` trees, from tree `first` on, for one row; the last one is walked again where there are fewer. */  \
    APUS_INLINE void APUS_NAME(walk_trees_##type)(uint32_t *leaves, size_t step, const apus_tree_word *words,               \
                                                  const apus_tree_span *spans, size_t first, size_t trees, const number *row, \
                                                  int count) {                                                              \
        uint32_t places[WALKS];                                                                                             \
        apus_tree_span span = {UINT32_MAX, 0};                                                                              \
        const number *rows[WALKS];                                                                                          \
        EACH_WALK {                                                                                                         \
            const size_t tree = first + ((size_t)w < trees ? (size_t)w : trees - 1);                                        \
            places[w] = (uint32_t)APUS_TREE_ROOT(tree);                                                                     \
            rows[w] = row;                                                                                                  \
            span.shortest = spans[tree].shortest < span.shortest ? spans[tree].shortest : span.shortest;                    \
            span.longest = spans[tree].longest > span.longest ? spans[tree].longest : span.longest;                         \
        }                                                                                                                   \
        APUS_NAME(walk_on_##type)(words, places, rows, count, span);                                                        \
        EACH_WALK if ((size_t)w < trees) leaves[(size_t)w * step] = APUS_NAME(leaf_##type)(words[places[w]]);               \
    }                                                                                                                       \
                                                                                                                            \
    static void APUS_NAME(walk_##type)(uint32_t *leaves, const apus_tree_word *words, const apus_tree_span *spans, size_t first, \
                                       size_t trees, const number *table, size_t stride, size_t rows) {                     \
        const size_t together = rows - rows % WALKS;                                                                        \
        for (size_t t = 0; t < trees; t++)                                                                                  \
            for (size_t r = 0; r < together; r += WALKS)                                                                    \
                APUS_NAME(walk_rows_##type)(leaves + t * rows + r, words, (uint32_t)APUS_TREE_ROOT(first + t),              \
                                            spans[first + t], table + stride * r, stride, WALKS);                           \
        for (size_t r = together; r < rows; r++) {                                                                          \
            const number *const row = table + stride * r;                                                                   \
            size_t t = 0;                                                                                                   \
            for (; t + WALKS <= trees; t += WALKS)                                                                          \
                APUS_NAME(walk_trees_##type)(leaves + t * rows + r, rows, words, spans, first + t, WALKS, row, WALKS);      \
            for (; t < trees; t += FEW_WALKS)                                                                               \
                APUS_NAME(walk_trees_##type)(leaves + t * rows + r, rows, words, spans, first + t,                          \
                                             trees - t < FEW_WALKS ? trees - t : FEW_WALKS, row, FEW_WALKS);                \
        }                                                                                                                   \
    }

APUS_WALK_FUNCTIONS(f32, float)
APUS_WALK_FUNCTIONS(f64, double)

typedef double APUS_NAME(four_f64) __attribute__((vector_size(32)));
typedef float APUS_NAME(four_f32) __attribute__((vector_size(16)));

#define APUS_ADD_FUNCTIONS(type, number)                                                                                    \
    static void APUS_NAME(add_leaves_##type)(double *sums, const number *weights, const uint32_t *leaves, size_t trees,     \
                                             size_t rows, size_t width) {                                                   \
        if (width == 1 && rows < WALKS) {                                                                                   \
            for (size_t r = 0; r < rows; r++) {                                                                             \
                double sum = sums[r];                                                                                       \
                for (size_t t = 0; t < trees; t++) sum += (double)weights[leaves[t * rows + r]];                            \
                sums[r] = sum;                                                                                              \
            }                                                                                                               \
            return;                                                                                                         \
        }                                                                                                                   \
        if (width == 1) {                                                                                                   \
            for (; trees > 0; trees--, leaves += rows)                                                                      \
                for (size_t r = 0; r < rows; r++) sums[r] += (double)weights[leaves[r]];                                    \
            return;                                                                                                         \
        }                                                                                                                   \
        for (size_t r = 0; r < rows; r++, sums += width)                                                                    \
            for (size_t t = 0; t < trees; t++) {                                                                            \
                const number *const added = weights + leaves[t * rows + r] * width;                                         \
                for (size_t o = 0; o < width; o += 4) {                                                                     \
                    APUS_NAME(four_##type) some;                                                                            \
                    APUS_NAME(four_f64) sum;                                                                                \
                    memcpy(&some, added + o, sizeof some);                                                                  \
                    memcpy(&sum, sums + o, sizeof sum);                                                                     \
                    sum += __builtin_convertvector(some, APUS_NAME(four_f64));                                              \
                    memcpy(sums + o, &sum, sizeof sum);                                                                     \
                }                                                                                                           \
            }                                                                                                               \
    }                                                                                                                       \
                                                                                                                            \
    static void APUS_NAME(add_leaf_##type)(double *sums, const number *weights, const uint32_t *targets,                    \
                                           const uint32_t *leaves, size_t trees, size_t rows, size_t width) {               \
        for (; trees > 0; trees--, leaves += rows)                                                                          \
            for (size_t r = 0; r < rows; r++) sums[r * width + targets[leaves[r]]] += (double)weights[leaves[r]];           \
    }

APUS_ADD_FUNCTIONS(f32, float)
APUS_ADD_FUNCTIONS(f64, double)

#undef WALKS
#undef FEW_WALKS
#undef EACH_WALK
#undef APUS_WALK_FUNCTIONS
#undef APUS_ADD_FUNCTIONS

static const apus_forest_kernels APUS_NAME(forest) = {
    APUS_FIELD(walk_f32), APUS_FIELD(walk_f64),
    APUS_FIELD(add_leaves_f32), APUS_FIELD(add_leaf_f32),
    APUS_FIELD(add_leaves_f64), APUS_FIELD(add_leaf_f64),
};
