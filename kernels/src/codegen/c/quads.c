/*@ quads: sixteen copy */
#if defined(__ARM_FEATURE_SIMD32) && !defined(__ARM_NEON) && !defined(PORTABLE)
#include <arm_acle.h>
/* Codes 0 and 2, and codes 1 and 3, of 16 bits each, of which an instruction multiplies and adds two. */
struct quad {
    int16x2_t even, odd;
};

INLINE struct quad load_quad(const int8_t *codes)
{
    struct quad q;
    uint32_t four;
    copy(&four, codes, 4);
    q.even = __sxtb16((int8x4_t)four);
    q.odd = __sxtb16((int8x4_t)(four >> 8));
    return q;
}

INLINE int32_t dot_quad(int32_t sum, struct quad q, const int8_t *weights)
{
    struct quad w = load_quad(weights);
    return __smlad(q.odd, w.odd, __smlad(q.even, w.even, sum));
}

/* Adds the products of quads of codes with those of sixteen outputs, [quad][16][4], to their sums: of four at a time, which stay in registers. */
static void quads_i8(int32_t *sums, const int8_t *x, const int8_t *weights, int32_t quads)
{
    int32_t o, i;
    for (o = 0; o < 16; o += 4, sums += 4, weights += 16) {
        int32_t a = sums[0], b = sums[1], c = sums[2], d = sums[3];
        const int8_t *w = weights;
        for (i = 0; i < quads; i++, w += 64) {
            struct quad q = load_quad(x + 4 * i);
            a = dot_quad(a, q, w);
            b = dot_quad(b, q, w + 4);
            c = dot_quad(c, q, w + 8);
            d = dot_quad(d, q, w + 12);
        }
        sums[0] = a;
        sums[1] = b;
        sums[2] = c;
        sums[3] = d;
    }
}
#else
/* Adds the products of quads of codes with those of sixteen outputs, [quad][16][4], to their sums. */
static void quads_i8(int32_t *sums, const int8_t *x, const int8_t *w, int32_t quads)
{
    int32_t o;
    for (; quads > 0; quads--, x += 4)
        for (o = 0; o < 16; o++, w += 4)
            sums[o] = (int32_t)((uint32_t)sums[o] + (uint32_t)(x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + x[3] * w[3]));
}
#endif
