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

/* One sum times mantissa / 2^31 * 2^shift, rounded twice. */
INLINE int32_t rescaled(int32_t x, int32_t mantissa, int32_t shift)
{
    int32_t left = shift > 0 ? shift : 0, right = shift < 0 ? -shift : 0, mask, high;
    x = (int32_t)((uint32_t)x << left);
    mask = (int32_t)(((uint32_t)1 << right) - 1);
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

/* Four codes for every output, and their sizes. */
struct quad {
    __m256i codes, sizes;
};

INLINE struct quad load_quad(int32_t codes)
{
    struct quad q;
    q.codes = _mm256_set1_epi32(codes);
    q.sizes = _mm256_abs_epi8(q.codes);
    return q;
}

/* Products of four codes with four weights of eight outputs. */
INLINE __m256i dot_eight(__m256i sums, __m256i w, struct quad q)
{
    w = _mm256_sign_epi8(w, q.codes);
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
    return _mm256_dpbusd_epi32(sums, q.sizes, w);
#elif defined(__AVXVNNI__)
    return _mm256_dpbusd_avx_epi32(sums, q.sizes, w);
#else
    /* A sum of two is at most 2 * 128 * 127, which 16 bits hold. */
    return _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_maddubs_epi16(q.sizes, w), _mm256_set1_epi16(1)));
#endif
}

/* The same for two rows, step by step in turn: so the processor shares the work out well. */
INLINE void dot_eight_of_two(__m256i *s, __m256i *t, const int8_t *weights, struct quad q, struct quad r)
{
    __m256i w = _mm256_loadu_si256((const __m256i *)weights);
#if defined(__AVXVNNI__) || (defined(__AVX512VNNI__) && defined(__AVX512VL__))
    *s = dot_eight(*s, w, q);
    *t = dot_eight(*t, w, r);
#else
    __m256i a = _mm256_maddubs_epi16(q.sizes, _mm256_sign_epi8(w, q.codes));
    __m256i b = _mm256_maddubs_epi16(r.sizes, _mm256_sign_epi8(w, r.codes));
    *s = _mm256_add_epi32(*s, _mm256_madd_epi16(a, _mm256_set1_epi16(1)));
    *t = _mm256_add_epi32(*t, _mm256_madd_epi16(b, _mm256_set1_epi16(1)));
#endif
}

INLINE void dot_quad(struct sums *s, const int8_t *weights, struct quad q)
{
    s->low = dot_eight(s->low, _mm256_loadu_si256((const __m256i *)weights), q);
    s->high = dot_eight(s->high, _mm256_loadu_si256((const __m256i *)(weights + 32)), q);
}

INLINE void dot_two(struct sums *s, struct sums *t, const int8_t *weights, struct quad q, struct quad r)
{
    dot_eight_of_two(&s->low, &t->low, weights, q, r);
    dot_eight_of_two(&s->high, &t->high, weights + 32, q, r);
}

INLINE void widen(const int8_t *from, i16 *to)
{
    _mm256_storeu_si256((__m256i *)to, _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)from)));
}

/* Two codes of 16 bits of each channel, side by side, and two weights of each. */
struct couples {
    __m256i low, high;
};

INLINE struct couples couple(const i16 *first, const i16 *second)
{
    __m256i a = _mm256_loadu_si256((const __m256i *)first), b = _mm256_loadu_si256((const __m256i *)second);
    struct couples c;
    c.low = _mm256_unpacklo_epi16(a, b);
    c.high = _mm256_unpackhi_epi16(a, b);
    return c;
}

INLINE struct couples load_couples(const int8_t *weights)
{
    struct couples c;
    c.low = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)weights));
    c.high = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(weights + 16)));
    return c;
}

INLINE struct sums dot_couples(struct sums s, struct couples codes, struct couples weights)
{
    s.low = _mm256_add_epi32(s.low, _mm256_madd_epi16(codes.low, weights.low));
    s.high = _mm256_add_epi32(s.high, _mm256_madd_epi16(codes.high, weights.high));
    return s;
}

/* Takes over lanes 0-7, or 8-15; what makes the others need not be computed. */
INLINE void keep_half(const int half, struct sums s, struct sums *to)
{
    if (half)
        to->high = s.high;
    else
        to->low = s.low;
}

/* Eight factors, those of even and of odd lanes apart, in 64 bits. What is left of shifts is in the order of results. */
struct eight {
    __m256i left, even_mantissa, odd_mantissa, even_add, odd_add, even_sign, odd_sign, even_left, odd_left, right;
};
/* `grows` says that a shift is not to the right, and `exact` that results below the zero are told apart. */
struct scale {
    struct eight low, high;
    __m256i zero, min, max;
    int grows, exact;
};

INLINE struct eight load_eight(const int32_t *mantissas, const int32_t *shifts)
{
    struct eight by;
    __m256i shift = _mm256_loadu_si256((const __m256i *)shifts), none = _mm256_setzero_si256(), one = _mm256_set1_epi32(1);
    __m256i right = _mm256_max_epi32(_mm256_sub_epi32(none, shift), none), twice = _mm256_cmpgt_epi32(right, none);
    __m256i odd = _mm256_srli_epi64(right, 32), even = _mm256_blend_epi32(right, none, 0xaa);
    __m256i half = _mm256_set1_epi64x((int64_t)1 << 30);
    __m256i even_second = _mm256_and_si256(_mm256_sllv_epi64(half, even), _mm256_shuffle_epi32(twice, 0xa0));
    __m256i odd_second = _mm256_and_si256(_mm256_sllv_epi64(half, odd), _mm256_shuffle_epi32(twice, 0xf5));
    __m256i sign = _mm256_and_si256(twice, _mm256_set1_epi32(INT32_MIN)), once = _mm256_andnot_si256(twice, one);
    by.left = _mm256_max_epi32(shift, none);
    by.even_mantissa = _mm256_loadu_si256((const __m256i *)mantissas);
    by.odd_mantissa = _mm256_srli_epi64(by.even_mantissa, 32);
    by.even_add = _mm256_add_epi64(even_second, half);
    by.odd_add = _mm256_add_epi64(odd_second, half);
    by.even_sign = _mm256_blend_epi32(sign, none, 0xaa);
    by.odd_sign = _mm256_srli_epi64(sign, 32);
    by.even_left = _mm256_blend_epi32(once, none, 0xaa);
    by.odd_left = _mm256_srli_epi64(once, 32);
    by.right = _mm256_shuffle_epi32(_mm256_max_epi32(_mm256_sub_epi32(right, one), none), 0xd8);
    return by;
}

INLINE int all_negative(const int32_t *eight)
{
    return _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_loadu_si256((const __m256i *)eight))) == 0xff;
}

/* Factors for sixteen sums, the zero that is added, and the least and the greatest code of a result. */
INLINE void load_scale(struct scale *by, const int32_t *mantissas, const int32_t *shifts, int32_t zero, int32_t min, int32_t max)
{
    by->low = load_eight(mantissas, shifts);
    by->high = load_eight(mantissas + 8, shifts + 8);
    by->zero = _mm256_set1_epi16((int16_t)zero);
    by->min = _mm256_set1_epi8((char)min);
    by->max = _mm256_set1_epi8((char)max);
    by->exact = min < zero;
    by->grows = !all_negative(shifts) || !all_negative(shifts + 8);
}

/* Two roundings are one shift by 31 + right of x m + 2^30 + 2^(30 + right), less 2^31 for a negative x: then the second one rounds halves
   down. Without a right shift there is one rounding, of x m + 2^30. Upper halves of 64 bits are a shift by 32, and leave lanes 0, 2, 1, 3 of
   each four. */
INLINE __m256i rescale_eight(const int grows, const int exact, __m256i x, const struct eight *by)
{
    __m256i y, even, odd;
    if (grows)
        x = _mm256_sllv_epi32(x, by->left);
    y = _mm256_srli_epi64(x, 32);
    even = _mm256_add_epi64(_mm256_mul_epi32(x, by->even_mantissa), by->even_add);
    odd = _mm256_add_epi64(_mm256_mul_epi32(y, by->odd_mantissa), by->odd_add);
    if (exact) {
        even = _mm256_sub_epi64(even, _mm256_and_si256(x, by->even_sign));
        odd = _mm256_sub_epi64(odd, _mm256_and_si256(y, by->odd_sign));
    }
    if (grows) {
        even = _mm256_sllv_epi64(even, by->even_left);
        odd = _mm256_sllv_epi64(odd, by->odd_left);
    }
    x = _mm256_castps_si256(_mm256_shuffle_ps(_mm256_castsi256_ps(even), _mm256_castsi256_ps(odd), 0xdd));
    return _mm256_srav_epi32(x, by->right);
}

INLINE __m256i in_order(__m256i x)
{
    return _mm256_shuffle_epi32(x, 0xd8);
}

/* One factor for all sums. */
INLINE void load_uniform(struct scale *by, int32_t mantissa, int32_t shift, int32_t zero, int32_t min, int32_t max)
{
    int32_t mantissas[16], shifts[16], i;
    for (i = 0; i < 16; i++) {
        mantissas[i] = mantissa;
        shifts[i] = shift;
    }
    load_scale(by, mantissas, shifts, zero, min, max);
    by->low.odd_mantissa = by->low.even_mantissa;
    by->low.odd_add = by->low.even_add;
    by->low.odd_sign = by->low.even_sign;
    by->low.odd_left = by->low.even_left;
    by->high = by->low;
}

INLINE struct sums rescale_uniform(const int grows, struct sums s, const struct scale *by)
{
    s.low = in_order(rescale_eight(grows, 1, s.low, &by->low));
    s.high = in_order(rescale_eight(grows, 1, s.high, &by->high));
    return s;
}

/* The codes of one sixteen, or of two that rescale_eight left. */
INLINE void store_codes(struct sums s, const struct scale *by, int8_t *to)
{
    __m256i wide = _mm256_adds_epi16(_mm256_packs_epi32(s.low, s.high), by->zero);
    __m128i codes = _mm_packs_epi16(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
    codes = _mm_max_epi8(_mm_min_epi8(codes, _mm256_castsi256_si128(by->max)), _mm256_castsi256_si128(by->min));
    _mm_storeu_si128((__m128i *)to, codes);
}

INLINE void store_two(struct sums a, struct sums b, const struct scale *by, int8_t *to, int8_t *next)
{
    __m256i first = _mm256_adds_epi16(_mm256_packs_epi32(a.low, a.high), by->zero);
    __m256i second = _mm256_adds_epi16(_mm256_packs_epi32(b.low, b.high), by->zero);
    __m256i codes = _mm256_packs_epi16(first, second);
    __m128i low, high;
    codes = _mm256_max_epi8(_mm256_min_epi8(codes, by->max), by->min);
    codes = _mm256_shuffle_epi8(codes, _mm256_set_epi64x(0x0f0d0e0c0b090a08, 0x0705060403010200, 0x0f0d0e0c0b090a08, 0x0705060403010200));
    low = _mm256_castsi256_si128(codes);
    high = _mm256_extracti128_si256(codes, 1);
    _mm_storeu_si128((__m128i *)to, _mm_unpacklo_epi64(low, high));
    _mm_storeu_si128((__m128i *)next, _mm_unpackhi_epi64(low, high));
}

/* Sums of rows times their factors, a half at a time, so that its factors stay in registers. */
INLINE void rescale_halves(const int grows, const int exact, int rows, struct sums *s, const struct scale *by)
{
    struct eight half = by->low;
    int i;
    for (i = 0; i < rows; i++)
        s[i].low = in_order(rescale_eight(grows, exact, s[i].low, &half));
    half = by->high;
    for (i = 0; i < rows; i++)
        s[i].high = in_order(rescale_eight(grows, exact, s[i].high, &half));
}

/* Results below the zero are at most the zero if the scale is not `exact`. */
APART void rescale_rows(int rows, struct sums *s, const struct scale *by)
{
    if (by->grows)
        rescale_halves(1, 1, rows, s, by);
    else if (by->exact)
        rescale_halves(0, 1, rows, s, by);
    else
        rescale_halves(0, 0, rows, s, by);
}

/* The same, and all sixteen codes of each row are written. */
INLINE void write_halves(const int exact, int rows, struct sums *s, const struct scale *by, int8_t *y, ptrdiff_t step)
{
    struct eight half = by->low;
    int i;
    for (i = 0; i < rows; i++)
        s[i].low = rescale_eight(0, exact, s[i].low, &half);
    half = by->high;
    for (i = 0; i + 2 <= rows; i += 2, y += 2 * step) {
        s[i].high = rescale_eight(0, exact, s[i].high, &half);
        s[i + 1].high = rescale_eight(0, exact, s[i + 1].high, &half);
        store_two(s[i], s[i + 1], by, y, y + step);
    }
    if (i < rows) {
        s[i].low = in_order(s[i].low);
        s[i].high = in_order(rescale_eight(0, exact, s[i].high, &half));
        store_codes(s[i], by, y);
    }
}

APART void write_sixteens(int rows, struct sums *s, const struct scale *by, int8_t *y, ptrdiff_t step)
{
    int i;
    if (by->grows) {
        rescale_halves(1, 1, rows, s, by);
        for (i = 0; i < rows; i++, y += step)
            store_codes(s[i], by, y);
    } else if (by->exact) {
        write_halves(1, rows, s, by, y, step);
    } else {
        write_halves(0, rows, s, by, y, step);
    }
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

/* Factors of two codes; see struct blend_i8. */
struct blend {
    __m256i high, low, add;
    __m128i right;
};

INLINE struct blend load_blend(const int16_t a[2], const int16_t b[2], int32_t add, int32_t right)
{
    struct blend by;
    by.high = _mm256_set1_epi32((int32_t)((uint32_t)b[0] << 16 | (uint16_t)a[0]));
    by.low = _mm256_set1_epi32((int32_t)((uint32_t)b[1] << 16 | (uint16_t)a[1]));
    by.add = _mm256_set1_epi32(add);
    by.right = _mm_cvtsi32_si128(right);
    return by;
}

INLINE __m256i blend_eight(__m128i pairs, const struct blend *by)
{
    __m256i wide = _mm256_cvtepi8_epi16(pairs);
    __m256i high = _mm256_slli_epi32(_mm256_madd_epi16(wide, by->high), 7), low = _mm256_srai_epi32(_mm256_madd_epi16(wide, by->low), 8);
    return _mm256_sra_epi32(_mm256_add_epi32(_mm256_add_epi32(high, low), by->add), by->right);
}

INLINE struct sums blend_codes(const int8_t *a, const int8_t *b, const struct blend *by)
{
    __m128i x = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)a), 0xd8);
    __m128i y = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)b), 0xd8);
    struct sums s;
    s.low = blend_eight(_mm_unpacklo_epi8(x, y), by);
    s.high = blend_eight(_mm_unpackhi_epi8(x, y), by);
    return s;
}

#elif defined(__aarch64__) && defined(__ARM_NEON) && !defined(PORTABLE)
#include <arm_neon.h>
#define ROWS_TOGETHER 4
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

struct quad {
    int8x16_t codes;
};

INLINE struct quad load_quad(int32_t codes)
{
    struct quad q;
    q.codes = vreinterpretq_s8_s32(vdupq_n_s32(codes));
    return q;
}

INLINE void dot_quad(struct sums *s, const int8_t *weights, struct quad q)
{
    s->a = dot_four(s->a, q.codes, weights);
    s->b = dot_four(s->b, q.codes, weights + 16);
    s->c = dot_four(s->c, q.codes, weights + 32);
    s->d = dot_four(s->d, q.codes, weights + 48);
}

INLINE void dot_two(struct sums *s, struct sums *t, const int8_t *weights, struct quad q, struct quad r)
{
    dot_quad(s, weights, q);
    dot_quad(t, weights, r);
}

INLINE void widen(const int8_t *from, i16 *to)
{
    int8x16_t x = vld1q_s8(from);
    vst1q_s16((int16_t *)to, vmovl_s8(vget_low_s8(x)));
    vst1q_s16((int16_t *)to + 8, vmovl_high_s8(x));
}

/* Two codes of 16 bits of each channel, and two weights of each. */
struct couples {
    int16x8_t first[2], second[2];
};

INLINE struct couples couple(const i16 *first, const i16 *second)
{
    struct couples c;
    int i;
    for (i = 0; i < 2; i++) {
        c.first[i] = vld1q_s16((const int16_t *)first + 8 * i);
        c.second[i] = vld1q_s16((const int16_t *)second + 8 * i);
    }
    return c;
}

/* In the order of lanes. */
INLINE struct couples load_couples(const int8_t *weights)
{
    int8x16x2_t w = vld2q_s8(weights);
    struct couples c;
    c.first[0] = vmovl_s8(vget_low_s8(w.val[0]));
    c.first[1] = vmovl_high_s8(w.val[0]);
    c.second[0] = vmovl_s8(vget_low_s8(w.val[1]));
    c.second[1] = vmovl_high_s8(w.val[1]);
    return c;
}

/* Takes over lanes 0-7, or 8-15. */
INLINE void keep_half(const int half, struct sums s, struct sums *to)
{
    if (half) {
        to->c = s.c;
        to->d = s.d;
    } else {
        to->a = s.a;
        to->b = s.b;
    }
}

INLINE struct sums dot_codes(struct sums s, const int16x8_t codes[2], const int16x8_t weights[2])
{
    s.a = vmlal_s16(s.a, vget_low_s16(codes[0]), vget_low_s16(weights[0]));
    s.b = vmlal_s16(s.b, vget_low_s16(codes[1]), vget_high_s16(weights[0]));
    s.c = vmlal_s16(s.c, vget_high_s16(codes[0]), vget_low_s16(weights[1]));
    s.d = vmlal_s16(s.d, vget_high_s16(codes[1]), vget_high_s16(weights[1]));
    return s;
}

INLINE struct sums dot_couples(struct sums s, struct couples codes, struct couples weights)
{
    return dot_codes(dot_codes(s, codes.first, weights.first), codes.second, weights.second);
}

struct scale {
    int32x4_t mantissas[4], shifts[4], zero;
    int8x16_t min, max;
};

/* Factors for sixteen sums, the zero that is added, and the least and the greatest code of a result. */
INLINE void load_scale(struct scale *by, const int32_t *mantissas, const int32_t *shifts, int32_t zero, int32_t min, int32_t max)
{
    int i;
    for (i = 0; i < 4; i++) {
        by->mantissas[i] = vld1q_s32(mantissas + 4 * i);
        by->shifts[i] = vld1q_s32(shifts + 4 * i);
    }
    by->zero = vdupq_n_s32(zero);
    by->min = vdupq_n_s8((int8_t)min);
    by->max = vdupq_n_s8((int8_t)max);
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

INLINE void rescale(struct sums *s, const struct scale *by)
{
    s->a = rescale_four(s->a, by->mantissas[0], by->shifts[0], by->zero);
    s->b = rescale_four(s->b, by->mantissas[1], by->shifts[1], by->zero);
    s->c = rescale_four(s->c, by->mantissas[2], by->shifts[2], by->zero);
    s->d = rescale_four(s->d, by->mantissas[3], by->shifts[3], by->zero);
}

/* One factor for all sums. */
INLINE void load_uniform(struct scale *by, int32_t mantissa, int32_t shift, int32_t zero, int32_t min, int32_t max)
{
    int32_t mantissas[16], shifts[16], i;
    for (i = 0; i < 16; i++) {
        mantissas[i] = mantissa;
        shifts[i] = shift;
    }
    load_scale(by, mantissas, shifts, zero, min, max);
}

INLINE struct sums rescale_uniform(const int grows, struct sums s, const struct scale *by)
{
    (void)grows;
    rescale(&s, by);
    return s;
}

/* Sums of rows times their factors. */
APART void rescale_rows(int rows, struct sums *s, const struct scale *by)
{
    int i;
    for (i = 0; i < rows; i++)
        rescale(s + i, by);
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

/* Factors of two codes; see struct blend_i8. */
struct blend {
    int16_t a[2], b[2];
    int32x4_t add, left;
};

INLINE struct blend load_blend(const int16_t a[2], const int16_t b[2], int32_t add, int32_t right)
{
    struct blend by;
    by.a[0] = a[0];
    by.a[1] = a[1];
    by.b[0] = b[0];
    by.b[1] = b[1];
    by.add = vdupq_n_s32(add);
    by.left = vdupq_n_s32(-right);
    return by;
}

INLINE int32x4_t blend_four(int16x4_t a, int16x4_t b, const struct blend *by)
{
    int32x4_t high = vmlal_n_s16(vmull_n_s16(a, by->a[0]), b, by->b[0]), low = vmlal_n_s16(vmull_n_s16(a, by->a[1]), b, by->b[1]);
    return vshlq_s32(vaddq_s32(vaddq_s32(vshlq_n_s32(high, 7), vshrq_n_s32(low, 8)), by->add), by->left);
}

INLINE struct sums blend_codes(const int8_t *a, const int8_t *b, const struct blend *by)
{
    int8x16_t x = vld1q_s8(a), y = vld1q_s8(b);
    int16x8_t x_low = vmovl_s8(vget_low_s8(x)), x_high = vmovl_high_s8(x), y_low = vmovl_s8(vget_low_s8(y)), y_high = vmovl_high_s8(y);
    struct sums s;
    s.a = blend_four(vget_low_s16(x_low), vget_low_s16(y_low), by);
    s.b = blend_four(vget_low_s16(x_high), vget_low_s16(y_high), by);
    s.c = blend_four(vget_high_s16(x_low), vget_high_s16(y_low), by);
    s.d = blend_four(vget_high_s16(x_high), vget_high_s16(y_high), by);
    return s;
}

INLINE void store_codes(struct sums s, const struct scale *by, int8_t *to)
{
    int16x8_t low = vqmovn_high_s32(vqmovn_s32(s.a), s.c), high = vqmovn_high_s32(vqmovn_s32(s.b), s.d);
    int8x16_t codes = vqmovn_high_s16(vqmovn_s16(low), high);
    vst1q_s8(to, vmaxq_s8(vminq_s8(codes, by->max), by->min));
}

INLINE void write_sixteens(int rows, struct sums *s, const struct scale *by, int8_t *y, ptrdiff_t step)
{
    int i;
    rescale_rows(rows, s, by);
    for (i = 0; i < rows; i++, y += step)
        store_codes(s[i], by, y);
}

#else
#define ROWS_TOGETHER 1
/* Factors are read one by one. */
struct scale {
    int32_t none;
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

INLINE void widen(const int8_t *from, i16 *to)
{
    int i;
    for (i = 0; i < 16; i++)
        to[i] = from[i];
}

#endif

/* How the sums of outputs become codes; arrays are filled up to a multiple of 16. */
struct from_sums {
    const int32_t *mantissas, *shifts; /* factors of mantissa / 2^31 * 2^shift */
    const double *ratios;              /* or real ones, unless 0 */
    int32_t zero, min, max;
};

/* What write_rows needs of the outputs from `at` on. */
INLINE struct scale scale_of(const struct from_sums *by, int32_t at)
{
    struct scale scale;
#if ROWS_TOGETHER > 1
    static const int32_t none[16] = {0};
    if (by->ratios)
        load_scale(&scale, none, none, 0, by->min, by->max);
    else
        load_scale(&scale, by->mantissas + at, by->shifts + at, by->zero, by->min, by->max);
#else
    (void)by;
    (void)at;
    scale.none = 0;
#endif
    return scale;
}

/* Rows whose sums are made before they become codes. */
enum { ROWS_OF_SUMS = ROWS_TOGETHER > 1 ? 64 : 1 };

/*@ write_rows: sixteen copy */
/* The code of the sum of the output at a lane, not yet limited, by any factor. */
INLINE int32_t code_of(int32_t sum, const struct from_sums *by, int32_t lane)
{
    sum = by->ratios ? rescaled_real(sum, by->ratios[lane]) : rescaled(sum, by->mantissas[lane], by->shifts[lane]);
    return (int32_t)((uint32_t)sum + (uint32_t)by->zero);
}

#if ROWS_TOGETHER > 1
/* The codes of 16 sums of outputs from `at` on, not yet limited. */
INLINE void rescale_any(struct sums *s, const struct from_sums *by, int32_t at)
{
    int32_t all[16], i;
    store_sums(*s, all);
    for (i = 0; i < 16; i++)
        all[i] = code_of(all[i], by, at + i);
    *s = load_sums(all);
}

/* Writes n codes of one row. */
INLINE void write_some(struct sums s, const struct scale *scale, int32_t n, int8_t *y)
{
    int8_t codes[16], *from = codes;
    store_codes(s, scale, codes);
    if (n == 16) {
        copy(y, from, 16);
        return;
    }
    if (n & 8) {
        copy(y, from, 8);
        y += 8;
        from += 8;
    }
    if (n & 4) {
        copy(y, from, 4);
        y += 4;
        from += 4;
    }
    for (n &= 3; n > 0; n--)
        *y++ = *from++;
}
#else
/* Writes the n codes of outputs from `at` on of one row. */
INLINE void write_each(const struct sums *s, const struct from_sums *by, int32_t at, int32_t n, int8_t *y)
{
    int32_t i, code;
    for (i = 0; i < n; i++) {
        code = code_of(s->of[lane_of(i)], by, at + lane_of(i));
        code = code < by->max ? code : by->max;
        y[i] = (int8_t)(code > by->min ? code : by->min);
    }
}
#endif

/* Writes the codes of n of 16 sums of outputs from `at` on, for each row. */
static void write_rows(
    int rows, struct sums *s, const struct from_sums *by, const struct scale *scale, int32_t at, int32_t n, int8_t *y, ptrdiff_t step)
{
    int i = 0;
#if ROWS_TOGETHER > 1
    if (!by->ratios && n == 16) {
        write_sixteens(rows, s, scale, y, step);
        return;
    }
    if (!by->ratios)
        rescale_rows(rows, s, scale);
    else
        for (; i < rows; i++)
            rescale_any(s + i, by, at);
    for (i = 0; i < rows; i++, y += step)
        write_some(s[i], scale, n, y);
#else
    (void)scale;
    for (; i < rows; i++, y += step)
        write_each(s + i, by, at, n, y);
#endif
}
