/*@ lookup: base */
/* A function of one code, by a table from the least on. */
#define LOOKUP(NAME, X, LEAST)                                                                     \
    static void NAME(const X *table, const X *x, X *y, size_t n)                                   \
    {                                                                                              \
        size_t i;                                                                                  \
        for (i = 0; i < n; i++)                                                                    \
            y[i] = table[x[i] - (LEAST)];                                                          \
    }

/*@ all_at_least: base */
/* Whether a function takes all codes. */
#define ALL_AT_LEAST(NAME, X)                                                                      \
    static int NAME(const X *x, size_t n, X least)                                                 \
    {                                                                                              \
        size_t i;                                                                                  \
        for (i = 0; i < n; i++)                                                                    \
            if (x[i] < least)                                                                      \
                return 0;                                                                          \
        return 1;                                                                                  \
    }

/*@ none_is: base */
#define NONE_IS(NAME, X)                                                                           \
    static int NAME(const X *x, size_t n, X value)                                                 \
    {                                                                                              \
        size_t i;                                                                                  \
        for (i = 0; i < n; i++)                                                                    \
            if (x[i] == value)                                                                     \
                return 0;                                                                          \
        return 1;                                                                                  \
    }

/*@ pairwise: walk */
/* Two tensors joined element by element: runs of n, whose elements stand step_a and step_b (0 or 1) apart. */
struct pairs {
    struct walk runs;
    int32_t n, step_a, step_b;
};

#define PAIRWISE(NAME, K, A, B, Y, EXPR)                                                           \
    static void NAME(const struct pairs *s, const K *k, const A *a, const B *b, Y *y)              \
    {                                                                                              \
        int32_t at[8] = {0}, i, n = s->n;                                                          \
        ptrdiff_t offset[3] = {0, 0, 0};                                                           \
        (void)k;                                                                                   \
        do {                                                                                       \
            const A *as = a + offset[0];                                                           \
            const B *bs = b + offset[1];                                                           \
            Y *ys = y + offset[2];                                                                 \
            if (s->step_a && s->step_b) {                                                          \
                for (i = 0; i < n; i++) {                                                          \
                    A p = as[i];                                                                   \
                    B q = bs[i];                                                                   \
                    ys[i] = (Y)(EXPR);                                                             \
                }                                                                                  \
            } else if (s->step_a) {                                                                \
                B q = bs[0];                                                                       \
                for (i = 0; i < n; i++) {                                                          \
                    A p = as[i];                                                                   \
                    ys[i] = (Y)(EXPR);                                                             \
                }                                                                                  \
            } else {                                                                               \
                A p = as[0];                                                                       \
                for (i = 0; i < n; i++) {                                                          \
                    B q = bs[i * s->step_b];                                                       \
                    ys[i] = (Y)(EXPR);                                                             \
                }                                                                                  \
            }                                                                                      \
        } while (next(&s->runs, at, offset));                                                      \
    }

/*@ scaled: multiply */
/* An operand's code less its zero, shifted left, times a factor. */
struct scaled {
    int32_t zero, left;
    struct multiplier by;
};

static int32_t scaled(const struct scaled *k, int32_t code)
{
    return multiply((code - k->zero) * ((int32_t)1 << k->left), k->by);
}

/*@ joined: scaled wrap saturate pairwise */
/* Two operands brought to one scale, and how what joins them becomes a code. */
struct join {
    struct scaled a, b;
    struct multiplier by;
    int32_t zero, min, max;
};

static int32_t joined(const struct join *k, int32_t value)
{
    return clamp(add(multiply(value, k->by), k->zero), k->min, k->max);
}

/*@ shifted: round_shift saturate pairwise */
/* How far the codes of two operands are shifted right before they are joined, and the codes of the result. */
struct shifted {
    int32_t a, b, min, max;
};

/*@ product_of: multiplier pairwise */
/* Codes of 0, and the factor of the result. */
struct product {
    int32_t a_zero, b_zero, zero, min, max;
    struct multiplier by;
};

/*@ product: product_of multiply wrap saturate */
static int32_t product(const struct product *k, int32_t a, int32_t b)
{
    int32_t v = (int32_t)((uint32_t)(a - k->a_zero) * (uint32_t)(b - k->b_zero));
    return clamp(add(multiply(v, k->by), k->zero), k->min, k->max);
}

/*@ quotient: product_of reciprocal round_shift wrap saturate */
/* A quotient. Shifts by 32 and more count modulo 32, as processors do that run the original. */
static int32_t quotient(const struct product *k, int32_t a, int32_t b)
{
    int32_t u = a - k->a_zero, v = b - k->b_zero, bits, headroom = 31, inverse, scaled, right;
    if (v < 0) {
        u = -u;
        v = -v;
    }
    inverse = reciprocal(v, 31, &bits);
    if (u != 0)
        headroom = u == -1 ? 31 : leading_zeros((uint32_t)(u ^ (u >> 31))) - 1;
    scaled = high_mul((int32_t)((uint32_t)u << headroom), inverse);
    scaled = high_mul(scaled, k->by.mantissa);
    right = bits + headroom - k->by.shift;
    if (right >= 32)
        scaled = add(scaled >> right % 32, scaled >= 0);
    else if (right >= 0)
        scaled = round_shift(scaled, right);
    else
        scaled = (int32_t)((uint32_t)scaled << (-right & 31));
    return clamp(add(scaled, k->zero), k->min, k->max);
}

/*@ prelu: multiply wrap saturate pairwise */
struct prelu {
    int32_t x_zero, alpha_zero, zero, min, max;
    struct multiplier positive, negative;
};

static int32_t prelu(const struct prelu *k, int32_t x, int32_t alpha)
{
    int32_t v = x - k->x_zero;
    int32_t y = v >= 0 ? multiply(v, k->positive) : multiply(v * (alpha - k->alpha_zero), k->negative);
    return clamp(add(y, k->zero), k->min, k->max);
}

/*@ comparison: scaled pairwise */
struct comparison {
    struct scaled a, b;
};

/*@ none: base */
/* No constants. */
struct none {
    char unused;
};

/*@ limits: base */
/* Limits of a float result. */
struct limits {
    float min, max;
};

static float limited(float x, const struct limits *k)
{
    x = x > k->min ? x : k->min;
    return x < k->max ? x : k->max;
}

/*@ unary: base */
#define UNARY(NAME, X, Y, EXPR)                                                                    \
    static void NAME(const X *from, Y *y, size_t n)                                                \
    {                                                                                              \
        size_t i;                                                                                  \
        for (i = 0; i < n; i++) {                                                                  \
            X x = from[i];                                                                         \
            y[i] = (Y)(EXPR);                                                                      \
        }                                                                                          \
    }

/*@ erfc_f64: libm */
/* The complementary error function: its Taylor series near zero, its continued fraction elsewhere. */
static double erfc_f64(double x)
{
    double z = x < 0 ? -x : x, term = z, sum = z, n = 0, tail, fraction = z;
    int k;
    if (z < 2.5) {
        while (term > 1e-17 * sum) {
            n += 1;
            term *= 2 * z * z / (2 * n + 1);
            sum += term;
        }
        tail = 1 - 1.1283791670955126 * exp(-z * z) * sum;
    } else {
        for (k = 60; k >= 1; k--)
            fraction = z + k / 2.0 / fraction;
        tail = exp(-z * z) / (fraction * sqrt(3.141592653589793));
    }
    return x < 0 ? 2 - tail : tail;
}

/*@ gelu_f32: erfc_f64 */
static float gelu_f32(float x)
{
    return (float)(0.5 * x * erfc_f64(-(double)x * 0.7071067811865476));
}

/*@ gelu_tanh_f32: libm */
static float gelu_tanh_f32(float x)
{
    return 0.5f * x * (1.0f + tanhf(0.7978846f * (x + 0.044715f * x * x * x)));
}

/*@ floor_mod_f32: libm */
/* Remainder with the sign of the divisor. */
static float floor_mod_f32(float a, float b)
{
    float r = fmodf(a, b);
    return r != 0.0f && (r < 0.0f) != (b < 0.0f) ? r + b : r;
}

/*@ floor_div_int: base */
static int64_t floor_div_int(int64_t a, int64_t b)
{
    int64_t q = b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
    return q - (b != -1 && a % b != 0 && (a < 0) != (b < 0));
}

/*@ floor_mod_int: base */
static int64_t floor_mod_int(int64_t a, int64_t b)
{
    int64_t r = b == -1 ? 0 : a % b;
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

/*@ pow_int: base */
static int64_t pow_int(int64_t a, int64_t b)
{
    uint64_t r = 1, x = (uint64_t)a;
    for (; b > 0; b >>= 1, x *= x)
        if (b & 1)
            r *= x;
    return (int64_t)r;
}

/*@ clamp_f32: limits */
static void clamp_f32(const struct limits *k, f32 *y, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++)
        y[i] = limited(y[i], k);
}

/*@ add_to_f32: base */
static void add_to_f32(const f32 *x, f32 *y, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++)
        y[i] += x[i];
}

/*@ select: walk */
/* x where c holds, else y; runs of n elements of some bytes, step 0 or 1. */
struct select {
    struct walk runs;
    int32_t n, step[3];
};

#define SELECT(NAME, T)                                                                            \
    static void NAME(const struct select *s, const uint8_t *c, const T *x, const T *y, T *out)     \
    {                                                                                              \
        int32_t at[8] = {0}, i;                                                                    \
        ptrdiff_t offset[3] = {0, 0, 0};                                                           \
        do {                                                                                       \
            for (i = 0; i < s->n; i++)                                                             \
                *out++ = c[offset[0] + i * s->step[0]] ? x[offset[1] + i * s->step[1]]             \
                                                       : y[offset[2] + i * s->step[2]];            \
        } while (next(&s->runs, at, offset));                                                      \
    }
