/*@ copy_strided: copy walk */
/* Copies runs of some bytes: step[0] leads through from, step[1] through to, in bytes. */
static void copy_strided(const struct walk *runs, size_t run, const void *from, void *to)
{
    int32_t at[8] = {0};
    ptrdiff_t offset[3] = {0, 0, 0};
    do
        copy((uint8_t *)to + offset[1], (const uint8_t *)from + offset[0], run);
    while (next(runs, at, offset));
}

/*@ copy_mapped: copy */
/* Copies runs of some bytes in order; maps say where the runs for each index of each dimension begin. */
struct mapped {
    int rank;
    int32_t count[8];
    const int32_t *maps[8];
    int32_t run;
};

static void copy_mapped(const struct mapped *k, const void *from, void *to)
{
    int32_t at[8] = {0}, d;
    uint8_t *y = to;
    do {
        ptrdiff_t offset = 0;
        for (d = 0; d < k->rank; d++)
            offset += k->maps[d][at[d]];
        copy(y, (const uint8_t *)from + offset, (size_t)k->run);
        y += k->run;
        for (d = k->rank - 1; d >= 0; d--) {
            if (++at[d] < k->count[d])
                break;
            at[d] = 0;
        }
    } while (d >= 0);
}

/*@ fill: copy */
/* n elements equal to one of some bytes. */
static void fill(const void *one, size_t bytes, void *to, size_t n)
{
    uint8_t *y = to, first = *(const uint8_t *)one;
    if (bytes == 1)
        for (; n > 0; n--)
            *y++ = first;
    for (; n > 0; n--, y += bytes)
        copy(y, one, bytes);
}

/*@ gather: copy */
/* Runs of some bytes picked by index along a dimension of n; 0 if an index lies outside. */
struct gather {
    int32_t batch, outer, n, indices, run;
};

#define GATHER(NAME, I)                                                                            \
    static int NAME(const struct gather *k, const void *from, const I *indices, void *to)          \
    {                                                                                              \
        const uint8_t *x = from;                                                                   \
        uint8_t *y = to;                                                                           \
        int32_t b, o, i;                                                                           \
        for (b = 0; b < k->batch; b++)                                                             \
            for (o = 0; o < k->outer; o++)                                                         \
                for (i = 0; i < k->indices; i++) {                                                 \
                    I index = indices[(ptrdiff_t)b * k->indices + i];                              \
                    if (index < 0 || index >= k->n)                                                \
                        return 0;                                                                  \
                    copy(y, x + (((ptrdiff_t)b * k->outer + o) * k->n + (ptrdiff_t)index) * k->run, (size_t)k->run); \
                    y += k->run;                                                                   \
                }                                                                                  \
        return 1;                                                                                  \
    }

/*@ coordinates: base */
/* Rows of depth coordinates, each below its size and a step apart, and the length of the runs at them. */
struct coordinates {
    int32_t rows, depth, size[8], step[8], run;
};

/*@ gather_nd: coordinates copy */
/* Runs picked by coordinates; 0 if one lies outside. */
#define GATHER_ND(NAME, I)                                                                         \
    static int NAME(const struct coordinates *k, const void *from, const I *indices, void *to)     \
    {                                                                                              \
        uint8_t *y = to;                                                                           \
        int32_t r, d;                                                                              \
        for (r = 0; r < k->rows; r++, y += k->run) {                                               \
            ptrdiff_t offset = 0;                                                                  \
            for (d = 0; d < k->depth; d++) {                                                       \
                I index = *indices++;                                                              \
                if (index < 0 || index >= k->size[d])                                              \
                    return 0;                                                                      \
                offset += (ptrdiff_t)index * k->step[d];                                           \
            }                                                                                      \
            copy(y, (const uint8_t *)from + offset, (size_t)k->run);                               \
        }                                                                                          \
        return 1;                                                                                  \
    }

/*@ scatter_nd: coordinates */
/* Adds runs of updates at coordinates to zeros; 0 if a coordinate lies outside. Steps and runs count elements here. */
#define SCATTER_ND(NAME, I, T, ACC)                                                                \
    static int NAME(const struct coordinates *k, const I *indices, const T *updates, T *to, size_t n) \
    {                                                                                              \
        int32_t r, d, i;                                                                           \
        size_t j;                                                                                  \
        for (j = 0; j < n; j++)                                                                    \
            to[j] = 0;                                                                             \
        for (r = 0; r < k->rows; r++) {                                                            \
            ptrdiff_t offset = 0;                                                                  \
            for (d = 0; d < k->depth; d++) {                                                       \
                I index = *indices++;                                                              \
                if (index < 0 || index >= k->size[d])                                              \
                    return 0;                                                                      \
                offset += (ptrdiff_t)index * k->step[d];                                           \
            }                                                                                      \
            for (i = 0; i < k->run; i++)                                                           \
                to[offset + i] = (T)((ACC)to[offset + i] + (ACC)*updates++);                       \
        }                                                                                          \
        return 1;                                                                                  \
    }

/*@ slice_at: copy_strided */
/* Adds to an offset what a start given at run time means; 0 if the slice would lie outside. */
#define SLICE_AT(NAME, I)                                                                          \
    static int NAME(const I *begin, int rank, const int32_t *room, const int32_t *step, ptrdiff_t *offset) \
    {                                                                                              \
        int d;                                                                                     \
        for (d = 0; d < rank; d++) {                                                               \
            if (begin[d] < 0 || begin[d] > room[d])                                                \
                return 0;                                                                          \
            *offset += (ptrdiff_t)begin[d] * step[d];                                              \
        }                                                                                          \
        return 1;                                                                                  \
    }

/*@ update_at: copy_strided */
/* Where an update is put whose start is given at run time: as near to it as there is room, in bytes. */
#define UPDATE_AT(NAME, I)                                                                         \
    static ptrdiff_t NAME(const I *start, int rank, const int32_t *room, const int32_t *step)      \
    {                                                                                              \
        ptrdiff_t offset = 0;                                                                      \
        int d;                                                                                     \
        for (d = 0; d < rank; d++)                                                                 \
            offset += (ptrdiff_t)(start[d] < 0 ? 0 : start[d] > room[d] ? room[d] : start[d]) * step[d]; \
        return offset;                                                                             \
    }

/*@ put_at_coordinates: coordinates copy */
/* Puts runs of values, some bytes apart, at coordinates; 0 if one lies outside. */
#define PUT_AT_COORDINATES(NAME, I)                                                                \
    static int NAME(const struct coordinates *k, const I *indices, const void *values, size_t step, void *to) \
    {                                                                                              \
        const uint8_t *x = values;                                                                 \
        int32_t r, d;                                                                              \
        for (r = 0; r < k->rows; r++, x += step) {                                                 \
            ptrdiff_t offset = 0;                                                                  \
            for (d = 0; d < k->depth; d++) {                                                       \
                I index = *indices++;                                                              \
                if (index < 0 || index >= k->size[d])                                              \
                    return 0;                                                                      \
                offset += (ptrdiff_t)index * k->step[d];                                           \
            }                                                                                      \
            copy((uint8_t *)to + offset, x, (size_t)k->run);                                       \
        }                                                                                          \
        return 1;                                                                                  \
    }

/*@ one_hot: lanes copy */
/* on where the index is that of the middle, else off. */
#define ONE_HOT(NAME, I)                                                                           \
    static void NAME(const struct lanes *s, const I *indices, const void *on, const void *off, size_t bytes, void *to) \
    {                                                                                              \
        uint8_t *y = to;                                                                           \
        int32_t o, d, i;                                                                           \
        for (o = 0; o < s->outer; o++)                                                             \
            for (d = 0; d < s->n; d++)                                                             \
                for (i = 0; i < s->inner; i++, y += bytes)                                         \
                    copy(y, indices[o * s->inner + i] == d ? on : off, bytes);                     \
    }
