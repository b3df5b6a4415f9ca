/*@ round_f32: base */
/* The nearest integer, halves away from zero; beyond int32 its end, 0 for NaN. */
static int32_t round_f32(float x)
{
    int32_t whole;
    float rest;
    if (!(x > -2147483648.0f))
        return x == x ? INT32_MIN : 0;
    if (x >= 2147483648.0f)
        return INT32_MAX;
    whole = (int32_t)x;
    rest = x - (float)whole;
    return rest >= 0.5f ? whole + 1 : rest <= -0.5f ? whole - 1 : whole;
}

/*@ round_f64: base */
/* The nearest integer, halves away from zero; beyond int32 its end, 0 for NaN. */
static int32_t round_f64(double x)
{
    int32_t whole;
    double rest;
    if (!(x > -2147483648.0))
        return x == x ? INT32_MIN : 0;
    if (x >= 2147483647.0)
        return INT32_MAX;
    whole = (int32_t)x;
    rest = x - whole;
    return rest >= 0.5 ? whole + 1 : rest <= -0.5 ? whole - 1 : whole;
}

/*@ add_saturating: base */
static int32_t add_saturating(int32_t a, int32_t b)
{
    int64_t sum = (int64_t)a + b;
    return sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : (int32_t)sum;
}

/*@ codes: base */
/* Codes of real values: q means scale * (q - zero). */
struct codes {
    float scale;
    int32_t zero, min, max;
};

/*@ quantize: codes saturate */
/* The nearest integer, halves away from zero, of what lies beyond 2^18 its end; 0 for NaN. It has no branches, so that loops of it become vector
   instructions. No code has more than 16 bits, so the ends are beyond all codes. */
static int32_t round_near(float x)
{
    const uint32_t end = 0x48800000u, infinity = 0x7f800000u;
    union {
        float value;
        uint32_t bits;
    } number;
    uint32_t size;
    int32_t whole;
    number.value = x;
    size = number.bits & 0x7fffffffu;
    number.bits &= 0x80000000u;
    number.bits |= (size < end ? size : end) & (0u - (uint32_t)(size <= infinity));
    whole = (int32_t)number.value;
    number.value -= (float)whole;
    return whole + (int32_t)(number.value + number.value);
}

#define QUANTIZE(NAME, Y)                                                                          \
    static void NAME(const struct codes *k, const f32 *x, Y *y, size_t n)                          \
    {                                                                                              \
        float scale = k->scale;                                                                    \
        int32_t zero = k->zero, min = k->min, max = k->max;                                        \
        size_t i;                                                                                  \
        for (i = 0; i < n; i++)                                                                    \
            y[i] = (Y)clamp(round_near(x[i] / scale) + zero, min, max);                            \
    }

/*@ rescale: multiply saturate wrap wrapping_sub */
/* Codes in other parameters. */
struct rescale {
    int32_t from_zero, zero, min, max;
    struct multiplier by;
};

#define RESCALE(NAME, X, Y)                                                                        \
    static void NAME(const struct rescale *k, const X *x, Y *y, size_t n)                          \
    {                                                                                              \
        size_t i;                                                                                  \
        for (i = 0; i < n; i++)                                                                    \
            y[i] = (Y)clamp(add(multiply(sub(x[i], k->from_zero), k->by), k->zero), k->min, k->max); \
    }

/*@ dequantize: base */
/* Values of codes: parameters for each index of one dimension, inner elements apart. */
struct dequantize {
    const float *scales;
    const int32_t *zeros;
    int32_t params, inner;
};

#define DEQUANTIZE(NAME, X)                                                                        \
    static void NAME(const struct dequantize *k, const X *x, f32 *y, size_t n)                     \
    {                                                                                              \
        size_t i, p = 0, in = 0;                                                                   \
        for (i = 0; i < n; i++) {                                                                  \
            y[i] = (float)((double)k->scales[p] * ((double)x[i] - (double)k->zeros[p]));           \
            if (++in == (size_t)k->inner) {                                                        \
                in = 0;                                                                            \
                p = p + 1 == (size_t)k->params ? 0 : p + 1;                                        \
            }                                                                                      \
        }                                                                                          \
    }

/*@ from_f16: base */
/* float16 to float32, exactly. */
static void from_f16(const u16 *x, f32 *y, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        uint32_t sign = (uint32_t)(x[i] & 0x8000) << 16, exponent = x[i] >> 10 & 31, mantissa = x[i] & 1023;
        union {
            uint32_t bits;
            float value;
        } f;
        if (exponent == 0) {
            f.value = (float)mantissa / 16777216.0f;
            f.bits |= sign;
        } else {
            f.bits = sign | (exponent == 31 ? 255 : exponent + 112) << 23 | mantissa << 13;
        }
        y[i] = f.value;
    }
}

/*@ cast: base */
#define CAST(NAME, X, Y, EXPR)                                                                     \
    static void NAME(const X *from, Y *y, size_t n)                                                \
    {                                                                                              \
        size_t i;                                                                                  \
        for (i = 0; i < n; i++) {                                                                  \
            X x = from[i];                                                                         \
            y[i] = (Y)(EXPR);                                                                      \
        }                                                                                          \
    }

/*@ whole: base */
/* A float without its fraction; beyond the range its end, 0 for NaN. */
static int64_t whole(float x, int64_t min, int64_t max)
{
    if (x != x)
        return 0;
    if (x >= 9223372036854775808.0f)
        return max;
    if (x < -9223372036854775808.0f)
        return min;
    return (int64_t)x < min ? min : (int64_t)x > max ? max : (int64_t)x;
}
