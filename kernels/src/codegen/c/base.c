/*@ base */
#include <stddef.h>
#include <stdint.h>

/* Sums of float products are rounded twice, as in the kernels that this follows. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

/* Memory holds values of other types after each other; a reader must not be moved over a writer for that. */
#if defined(__GNUC__)
#define ANY_TYPE __attribute__((may_alias))
#define ALIGNED __attribute__((aligned(16)))
#else
#define ANY_TYPE
#define ALIGNED
#endif
typedef int16_t ANY_TYPE i16;
typedef int32_t ANY_TYPE i32;
typedef int64_t ANY_TYPE i64;
typedef uint16_t ANY_TYPE u16;
typedef uint32_t ANY_TYPE u32;
typedef float ANY_TYPE f32;

/*@ libm: base */
#include <math.h>

/*@ copy: base */
/* Not every instruction set has a use for it. */
static inline void copy(void *to, const void *from, size_t bytes)
{
#if defined(__GNUC__)
    __builtin_memcpy(to, from, bytes);
#else
    size_t i;
    for (i = 0; i < bytes; i++)
        ((unsigned char *)to)[i] = ((const unsigned char *)from)[i];
#endif
}

/*@ walk: base */
/* Walks over the indices of a shape, the last dimension fastest, and moves up to three offsets along. */
struct walk {
    int rank;
    int32_t count[8];
    int32_t step[3][8];
};

/* To the next index; 0 behind the last one. */
static int next(const struct walk *w, int32_t at[8], ptrdiff_t offset[3])
{
    int d, k;
    for (d = w->rank - 1; d >= 0; d--) {
        at[d]++;
        for (k = 0; k < 3; k++)
            offset[k] += w->step[k][d];
        if (at[d] < w->count[d])
            return 1;
        for (k = 0; k < 3; k++)
            offset[k] -= (ptrdiff_t)w->step[k][d] * w->count[d];
        at[d] = 0;
    }
    return 0;
}

/*@ lanes: base */
/* A tensor seen as [outer][n][inner], to work along its middle. */
struct lanes {
    int32_t outer, n, inner;
};
