/*@ sixteen: base */
/* Sixteen sums at once: one for each output of a panel, or each channel of a block, in the order 0-3, 8-11, 4-7, 12-15, in which registers
   are packed and unpacked. All that is packed by lanes (weights, bias, factors) has this order. The instruction set is the one that the
   compiler is told to use; define PORTABLE to do without. */
#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline, unused))
#define APART static __attribute__((noinline, unused)) /* so that registers are its own */
#else
#define INLINE static inline
#define APART static
#endif

/* One sum times mantissa / 2^31 * 2^shift, rounded twice or once. */
INLINE int32_t rescaled(int32_t x, int32_t mantissa, int32_t shift, int single)
{
    int32_t left = shift > 0 ? shift : 0, right = shift < 0 ? -shift : 0, mask, high;
    int64_t product;
    if (single) {
        product = (int64_t)x * mantissa;
        return shift >= 31 ? (int32_t)product : (int32_t)((product + ((int64_t)1 << (30 - shift))) >> (31 - shift));
    }
    x = (int32_t)((uint32_t)x << left);
    mask = (int32_t)(((int64_t)1 << right) - 1);
    high = (int32_t)(((int64_t)x * mantissa + ((int64_t)1 << 30)) >> 31);
    return (high >> right) + ((high & mask) > (mask >> 1) + (high < 0));
}

INLINE int32_t rescaled_real(int32_t x, double ratio)
{
    double y = x * ratio;
    int32_t whole;
    if (y > 1e9 || y < -1e9)
        return y > 0 ? 1000000000 : -1000000000;
    whole = (int32_t)y;
    y -= whole;
    return whole + (y >= 0.5) - (y <= -0.5);
}

#if defined(__AVX2__) && !defined(PORTABLE)
#include <immintrin.h>
#define ROWS_TOGETHER 4
#define RESCALES(by) ((by)->rule != REAL && (by)->plain)
struct sums {
    __m256i low, high;
};
INLINE struct sums load_sums(const int32_t *from)
{
    struct sums s;
    s.low = _mm256_loadu_si256((const __m256i *)from);
    s.high = _mm256_loadu_si256((const __m256i *)(from + 8));
    return s;
}

/* Products of four codes with four weights of eight outputs. A sum of two is at most 2 * 128 * 127, which 16 bits hold. */
INLINE __m256i dot_eight(__m256i sums, __m256i codes, __m256i sizes, const int8_t *weights)
{
    __m256i w = _mm256_sign_epi8(_mm256_loadu_si256((const __m256i *)weights), codes);
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
    return _mm256_dpbusd_epi32(sums, sizes, w);
#elif defined(__AVXVNNI__)
    return _mm256_dpbusd_avx_epi32(sums, sizes, w);
#else
    return _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_maddubs_epi16(sizes, w), _mm256_set1_epi16(1)));
#endif
}

INLINE struct sums dot_quad(struct sums s, const int8_t *weights, int32_t quad)
{
    __m256i codes = _mm256_set1_epi32(quad), sizes = _mm256_abs_epi8(codes);
    s.low = dot_eight(s.low, codes, sizes, weights);
    s.high = dot_eight(s.high, codes, sizes, weights + 32);
    return s;
}

INLINE void widen(const int8_t *from, i16 *to)
{
    _mm256_storeu_si256((__m256i *)to, _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)from)));
}

/* Products of two codes of 16 bits with two weights of each channel. */
INLINE struct sums dot_pair(struct sums s, const int8_t *weights, const i16 *first, const i16 *second)
{
    __m256i a = _mm256_loadu_si256((const __m256i *)first), b = _mm256_loadu_si256((const __m256i *)second);
    __m256i v = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)weights));
    __m256i w = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(weights + 16)));
    s.low = _mm256_add_epi32(s.low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), v));
    s.high = _mm256_add_epi32(s.high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), w));
    return s;
}

/* Eight factors, those of even and of odd lanes apart, in 64 bits. */
struct eight {
    __m256i even_mantissa, odd_mantissa, even_add, odd_add, even_right, odd_right, sign, add;
};
struct scale {
    struct eight low, high;
    __m128i min, max;
};

INLINE struct eight load_eight(const int32_t *mantissas, const int32_t *shifts, int single, int32_t zero)
{
    struct eight by;
    __m256i shift = _mm256_loadu_si256((const __m256i *)shifts), none = _mm256_setzero_si256();
    __m256i right = _mm256_sub_epi32(none, shift), odd = _mm256_srli_epi64(right, 32);
    __m256i even = _mm256_blend_epi32(right, none, 0xaa), half = _mm256_set1_epi64x((int64_t)1 << 30);
    /* The bias of 2^62 keeps products positive, so that a logical shift does; `add` takes it away again. */
    __m256i bias = _mm256_set1_epi64x(((int64_t)1 << 62) + (single ? 0 : (int64_t)1 << 30));
    by.even_mantissa = _mm256_loadu_si256((const __m256i *)mantissas);
    by.odd_mantissa = _mm256_srli_epi64(by.even_mantissa, 32);
    by.even_add = _mm256_add_epi64(_mm256_sllv_epi64(half, even), bias);
    by.odd_add = _mm256_add_epi64(_mm256_sllv_epi64(half, odd), bias);
    by.even_right = _mm256_add_epi64(even, _mm256_set1_epi64x(31));
    by.odd_right = _mm256_sub_epi64(odd, _mm256_set1_epi64x(1));
    by.sign = _mm256_set1_epi64x(single ? 0 : (int64_t)1 << 31);
    by.add = _mm256_sub_epi32(_mm256_set1_epi32(zero), _mm256_srlv_epi32(_mm256_set1_epi32(INT32_MIN), right));
    return by;
}

/* Factors whose shifts are below 0, for sixteen sums, and the zero that is added. */
INLINE void load_factors(struct scale *by, const int32_t *mantissas, const int32_t *shifts, int single, int32_t zero)
{
    by->low = load_eight(mantissas, shifts, single, zero);
    by->high = load_eight(mantissas + 8, shifts + 8, single, zero);
}

/* Two roundings are one shift by 31 + right of x m + 2^30 + 2^(30 + right), less 2^31 for a negative x: then the
   second one rounds halves down. The result of an odd lane is left in the upper half by a shift by 32 less. */
INLINE __m256i rescale_eight(__m256i x, const struct eight *by)
{
    __m256i y = _mm256_srli_epi64(x, 32);
    __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, by->even_mantissa), by->even_add);
    __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(y, by->odd_mantissa), by->odd_add);
    even = _mm256_srlv_epi64(_mm256_sub_epi64(even, _mm256_and_si256(x, by->sign)), by->even_right);
    odd = _mm256_srlv_epi64(_mm256_sub_epi64(odd, _mm256_and_si256(y, by->sign)), by->odd_right);
    return _mm256_add_epi32(_mm256_blend_epi32(even, odd, 0xaa), by->add);
}

INLINE struct sums rescale(struct sums s, const struct scale *by)
{
    s.low = rescale_eight(s.low, &by->low);
    s.high = rescale_eight(s.high, &by->high);
    return s;
}

INLINE void store_sums(struct sums s, int32_t *to)
{
    _mm256_storeu_si256((__m256i *)to, s.low);
    _mm256_storeu_si256((__m256i *)(to + 8), s.high);
}

/* Sixteen codes less their zero. */
INLINE struct sums load_codes(const int8_t *from, int32_t zero)
{
    struct sums s;
    __m128i codes = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)from), 0xd8);
    s.low = _mm256_sub_epi32(_mm256_cvtepi8_epi32(codes), _mm256_set1_epi32(zero));
    s.high = _mm256_sub_epi32(_mm256_cvtepi8_epi32(_mm_unpackhi_epi64(codes, codes)), _mm256_set1_epi32(zero));
    return s;
}

INLINE struct sums add_sums(struct sums a, struct sums b)
{
    a.low = _mm256_add_epi32(a.low, b.low);
    a.high = _mm256_add_epi32(a.high, b.high);
    return a;
}

INLINE struct sums sub_sums(struct sums a, struct sums b)
{
    a.low = _mm256_sub_epi32(a.low, b.low);
    a.high = _mm256_sub_epi32(a.high, b.high);
    return a;
}

INLINE struct sums mul_sums(struct sums a, struct sums b)
{
    a.low = _mm256_mullo_epi32(a.low, b.low);
    a.high = _mm256_mullo_epi32(a.high, b.high);
    return a;
}

INLINE struct sums shift_sums(struct sums a, int32_t left)
{
    a.low = _mm256_sll_epi32(a.low, _mm_cvtsi32_si128(left));
    a.high = _mm256_sll_epi32(a.high, _mm_cvtsi32_si128(left));
    return a;
}

/* The least and the greatest code of a result. */
INLINE void load_limits(struct scale *by, int32_t min, int32_t max)
{
    by->min = _mm_set1_epi8((char)min);
    by->max = _mm_set1_epi8((char)max);
}

INLINE void store_codes(struct sums s, const struct scale *by, int8_t *to)
{
    __m256i wide = _mm256_packs_epi32(s.low, s.high);
    __m128i codes = _mm_packs_epi16(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
    codes = _mm_max_epi8(_mm_min_epi8(codes, by->max), by->min);
    _mm_storeu_si128((__m128i *)to, codes);
}

#elif defined(__aarch64__) && defined(__ARM_NEON) && !defined(PORTABLE)
#include <arm_neon.h>
#define ROWS_TOGETHER 4
#define RESCALES(by) ((by)->rule == TWO_ROUNDINGS)
struct sums {
    int32x4_t a, b, c, d;
};

INLINE struct sums load_sums(const int32_t *from)
{
    struct sums s;
    s.a = vld1q_s32(from);
    s.b = vld1q_s32(from + 4);
    s.c = vld1q_s32(from + 8);
    s.d = vld1q_s32(from + 12);
    return s;
}

/* Products of four codes with four weights of four outputs. A sum of two is at most 2 * 128 * 127, which 16 bits hold. */
INLINE int32x4_t dot_four(int32x4_t sums, int8x16_t codes, const int8_t *weights)
{
    int8x16_t w = vld1q_s8(weights);
#if defined(__ARM_FEATURE_DOTPROD)
    return vdotq_s32(sums, w, codes);
#else
    return vpadalq_s16(sums, vpaddq_s16(vmull_s8(vget_low_s8(w), vget_low_s8(codes)), vmull_high_s8(w, codes)));
#endif
}

INLINE struct sums dot_quad(struct sums s, const int8_t *weights, int32_t quad)
{
    int8x16_t codes = vreinterpretq_s8_s32(vdupq_n_s32(quad));
    s.a = dot_four(s.a, codes, weights);
    s.b = dot_four(s.b, codes, weights + 16);
    s.c = dot_four(s.c, codes, weights + 32);
    s.d = dot_four(s.d, codes, weights + 48);
    return s;
}

INLINE void widen(const int8_t *from, i16 *to)
{
    int8x16_t x = vld1q_s8(from);
    vst1q_s16((int16_t *)to, vmovl_s8(vget_low_s8(x)));
    vst1q_s16((int16_t *)to + 8, vmovl_high_s8(x));
}

/* Products of two codes of 16 bits with two weights of each channel. */
INLINE struct sums dot_pair(struct sums s, const int8_t *weights, const i16 *first, const i16 *second)
{
    int8x16x2_t w = vld2q_s8(weights);
    const i16 *x[2];
    int i;
    x[0] = first;
    x[1] = second;
    for (i = 0; i < 2; i++) {
        int16x8_t low = vld1q_s16((const int16_t *)x[i]), high = vld1q_s16((const int16_t *)x[i] + 8);
        int16x8_t v = vmovl_s8(vget_low_s8(w.val[i])), t = vmovl_s8(vget_high_s8(w.val[i]));
        s.a = vmlal_s16(s.a, vget_low_s16(low), vget_low_s16(v));
        s.b = vmlal_s16(s.b, vget_low_s16(high), vget_high_s16(v));
        s.c = vmlal_s16(s.c, vget_high_s16(low), vget_low_s16(t));
        s.d = vmlal_s16(s.d, vget_high_s16(high), vget_high_s16(t));
    }
    return s;
}

struct scale {
    int32x4_t mantissas[4], shifts[4], zero;
    int8x16_t min, max;
};

/* Factors for sixteen sums, and the zero that is added. */
INLINE void load_factors(struct scale *by, const int32_t *mantissas, const int32_t *shifts, int single, int32_t zero)
{
    int i;
    (void)single;
    for (i = 0; i < 4; i++) {
        by->mantissas[i] = vld1q_s32(mantissas + 4 * i);
        by->shifts[i] = vld1q_s32(shifts + 4 * i);
    }
    by->zero = vdupq_n_s32(zero);
}

/* For mantissas that are not negative: floor((x m + 2^30) / 2^31), then a shift that rounds halves away from zero. */
INLINE int32x4_t rescale_four(int32x4_t x, int32x4_t mantissas, int32x4_t shifts, int32x4_t add)
{
    int32x4_t zero = vdupq_n_s32(0), one = vdupq_n_s32(1), right = vminq_s32(shifts, zero);
    int32x4_t mask = vsubq_s32(vshlq_s32(one, vnegq_s32(right)), one);
    int32x4_t high = vqrdmulhq_s32(vshlq_s32(x, vmaxq_s32(shifts, zero)), mantissas);
    int32x4_t threshold = vsubq_s32(vshrq_n_s32(mask, 1), vshrq_n_s32(high, 31));
    int32x4_t up = vreinterpretq_s32_u32(vcgtq_s32(vandq_s32(high, mask), threshold));
    return vaddq_s32(vsubq_s32(vshlq_s32(high, right), up), add);
}

INLINE struct sums rescale(struct sums s, const struct scale *by)
{
    s.a = rescale_four(s.a, by->mantissas[0], by->shifts[0], by->zero);
    s.b = rescale_four(s.b, by->mantissas[1], by->shifts[1], by->zero);
    s.c = rescale_four(s.c, by->mantissas[2], by->shifts[2], by->zero);
    s.d = rescale_four(s.d, by->mantissas[3], by->shifts[3], by->zero);
    return s;
}

INLINE void store_sums(struct sums s, int32_t *to)
{
    vst1q_s32(to, s.a);
    vst1q_s32(to + 4, s.b);
    vst1q_s32(to + 8, s.c);
    vst1q_s32(to + 12, s.d);
}

/* Sixteen codes less their zero. */
INLINE struct sums load_codes(const int8_t *from, int32_t zero)
{
    struct sums s;
    int8x16_t codes = vld1q_s8(from);
    int16x8_t low = vmovl_s8(vget_low_s8(codes)), high = vmovl_high_s8(codes);
    int32x4_t z = vdupq_n_s32(zero);
    s.a = vsubq_s32(vmovl_s16(vget_low_s16(low)), z);
    s.b = vsubq_s32(vmovl_s16(vget_low_s16(high)), z);
    s.c = vsubq_s32(vmovl_high_s16(low), z);
    s.d = vsubq_s32(vmovl_high_s16(high), z);
    return s;
}

INLINE struct sums add_sums(struct sums a, struct sums b)
{
    a.a = vaddq_s32(a.a, b.a);
    a.b = vaddq_s32(a.b, b.b);
    a.c = vaddq_s32(a.c, b.c);
    a.d = vaddq_s32(a.d, b.d);
    return a;
}

INLINE struct sums sub_sums(struct sums a, struct sums b)
{
    a.a = vsubq_s32(a.a, b.a);
    a.b = vsubq_s32(a.b, b.b);
    a.c = vsubq_s32(a.c, b.c);
    a.d = vsubq_s32(a.d, b.d);
    return a;
}

INLINE struct sums mul_sums(struct sums a, struct sums b)
{
    a.a = vmulq_s32(a.a, b.a);
    a.b = vmulq_s32(a.b, b.b);
    a.c = vmulq_s32(a.c, b.c);
    a.d = vmulq_s32(a.d, b.d);
    return a;
}

INLINE struct sums shift_sums(struct sums a, int32_t left)
{
    int32x4_t by = vdupq_n_s32(left);
    a.a = vshlq_s32(a.a, by);
    a.b = vshlq_s32(a.b, by);
    a.c = vshlq_s32(a.c, by);
    a.d = vshlq_s32(a.d, by);
    return a;
}

/* The least and the greatest code of a result. */
INLINE void load_limits(struct scale *by, int32_t min, int32_t max)
{
    by->min = vdupq_n_s8((int8_t)min);
    by->max = vdupq_n_s8((int8_t)max);
}

INLINE void store_codes(struct sums s, const struct scale *by, int8_t *to)
{
    int16x8_t low = vqmovn_high_s32(vqmovn_s32(s.a), s.c), high = vqmovn_high_s32(vqmovn_s32(s.b), s.d);
    int8x16_t codes = vqmovn_high_s16(vqmovn_s16(low), high);
    vst1q_s8(to, vmaxq_s8(vminq_s8(codes, by->max), by->min));
}

#else
#define ROWS_TOGETHER 1
#define RESCALES(by) 0
struct scale {
    int32_t min, max;
};

/* The lane of an output of a panel, and the other way round. */
INLINE int lane_of(int i)
{
    return i >= 4 && i < 12 ? i ^ 12 : i;
}

struct sums {
    int32_t of[16];
};

INLINE struct sums load_sums(const int32_t *from)
{
    struct sums s;
    int i;
    for (i = 0; i < 16; i++)
        s.of[i] = from[i];
    return s;
}

INLINE void store_sums(struct sums s, int32_t *to)
{
    int i;
    for (i = 0; i < 16; i++)
        to[i] = s.of[i];
}

INLINE void widen(const int8_t *from, i16 *to)
{
    int i;
    for (i = 0; i < 16; i++)
        to[i] = from[i];
}

INLINE struct sums dot_pair(struct sums s, const int8_t *weights, const i16 *first, const i16 *second)
{
    int i;
    for (i = 0; i < 16; i++) {
        int at = lane_of(i);
        s.of[i] = (int32_t)((uint32_t)s.of[i] + (uint32_t)(first[at] * weights[2 * i] + second[at] * weights[2 * i + 1]));
    }
    return s;
}

INLINE void store_codes(struct sums s, const struct scale *by, int8_t *to)
{
    int i;
    for (i = 0; i < 16; i++) {
        int32_t code = s.of[lane_of(i)];
        code = code < by->max ? code : by->max;
        to[i] = (int8_t)(code > by->min ? code : by->min);
    }
}

INLINE void load_limits(struct scale *by, int32_t min, int32_t max)
{
    by->min = min;
    by->max = max;
}
#endif

/* How the sums of outputs become codes, by one of three rules; arrays are filled up to a multiple of 16. `plain` says that all shifts are
   below 0. */
enum { TWO_ROUNDINGS, ONE_ROUNDING, REAL };
struct from_sums {
    int32_t rule, plain;
    const int32_t *mantissas, *shifts; /* factors of mantissa / 2^31 * 2^shift */
    const double *ratios;              /* or real ones */
    int32_t zero, min, max;
};

/* The codes of 16 sums of outputs from `at` on, not yet limited, by any rule. */
INLINE struct sums any_codes(struct sums s, const struct from_sums *by, int32_t at)
{
    int32_t all[16], i;
    store_sums(s, all);
    for (i = 0; i < 16; i++) {
        all[i] = by->rule == REAL ? rescaled_real(all[i], by->ratios[at + i])
                                  : rescaled(all[i], by->mantissas[at + i], by->shifts[at + i], by->rule == ONE_ROUNDING);
        all[i] = (int32_t)((uint32_t)all[i] + (uint32_t)by->zero);
    }
    return load_sums(all);
}

/* What write_rows needs of the outputs from `at` on. */
INLINE struct scale scale_of(const struct from_sums *by, int32_t at)
{
    struct scale scale = {0};
    load_limits(&scale, by->min, by->max);
#if ROWS_TOGETHER > 1
    if (RESCALES(by))
        load_factors(&scale, by->mantissas + at, by->shifts + at, by->rule == ONE_ROUNDING, by->zero);
#else
    (void)at;
#endif
    return scale;
}

INLINE void write_row(struct sums s, const struct scale *scale, int32_t n, int8_t *y)
{
    int8_t codes[16];
    if (n == 16) {
        store_codes(s, scale, y);
        return;
    }
    store_codes(s, scale, codes);
    copy(y, codes, (size_t)n);
}

/* Writes the codes of n of 16 sums of outputs from `at` on, for each of up to four rows. */
INLINE void write_rows(
    const int rows, struct sums a, struct sums b, struct sums c, struct sums d, const struct from_sums *by, const struct scale *scale,
    int32_t at, int32_t n, int8_t *y, ptrdiff_t step)
{
#if ROWS_TOGETHER > 1
    if (RESCALES(by)) {
        a = rescale(a, scale);
        if (rows > 1)
            b = rescale(b, scale);
        if (rows > 2)
            c = rescale(c, scale);
        if (rows > 3)
            d = rescale(d, scale);
    } else
#endif
    {
        a = any_codes(a, by, at);
        if (rows > 1)
            b = any_codes(b, by, at);
        if (rows > 2)
            c = any_codes(c, by, at);
        if (rows > 3)
            d = any_codes(d, by, at);
    }
    write_row(a, scale, n, y);
    if (rows > 1)
        write_row(b, scale, n, y + step);
    if (rows > 2)
        write_row(c, scale, n, y + 2 * step);
    if (rows > 3)
        write_row(d, scale, n, y + 3 * step);
}
