/*@ saturate: base */
static int32_t clamp(int32_t x, int32_t min, int32_t max)
{
    x = x < max ? x : max;
    return x > min ? x : min;
}

/*@ wrap: base */
/* Sums and products that wrap. */
static int32_t add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

/*@ wrapping_sub: base */
static int32_t sub(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

/*@ high_mul: base */
/* 2 a b / 2^32, rounded to nearest. */
static int32_t high_mul(int32_t a, int32_t b)
{
    int64_t product = (int64_t)a * b;
    int64_t nudge = product >= 0 ? (int64_t)1 << 30 : 1 - ((int64_t)1 << 30);
    if (a == INT32_MIN && b == INT32_MIN)
        return INT32_MAX;
    return (int32_t)((product + nudge) / ((int64_t)1 << 31));
}

/*@ round_shift: base */
/* x / 2^exponent, rounded to nearest, halves away from zero. */
static int32_t round_shift(int32_t x, int32_t exponent)
{
    int32_t mask = (int32_t)(((int64_t)1 << exponent) - 1);
    int32_t threshold = (mask >> 1) + (x < 0);
    return (x >> exponent) + ((x & mask) > threshold);
}

/*@ multiplier: base */
/* A factor of mantissa / 2^31 * 2^shift. */
struct multiplier {
    int32_t mantissa, shift;
};

/*@ multiply: multiplier high_mul round_shift */
/* x times a factor. */
static int32_t multiply(int32_t x, struct multiplier by)
{
    int32_t left = by.shift > 0 ? by.shift : 0, right = by.shift < 0 ? -by.shift : 0;
    return round_shift(high_mul((int32_t)((uint32_t)x << left), by.mantissa), right);
}

/*@ multiply_wide: multiplier */
/* A wide x times a factor whose mantissa is cut to 15 bits. */
static int32_t multiply_wide(int64_t x, struct multiplier by)
{
    int64_t mantissa = by.mantissa < 0x7fff0000 ? ((int64_t)by.mantissa + (1 << 15)) >> 16 : 0x7fff;
    int32_t total = 15 - by.shift;
    uint64_t product = (uint64_t)x * (uint64_t)mantissa;
    if (total < 1)
        return (int32_t)(uint32_t)(product << -total);
    return (int32_t)(uint32_t)(uint64_t)((int64_t)(product + ((uint64_t)1 << (total - 1))) >> total);
}

/*@ multiply_upward: multiplier high_mul */
/* x times a factor, halves of both roundings up. */
static int32_t multiply_upward(int32_t x, struct multiplier by)
{
    int32_t left = by.shift > 0 ? by.shift : 0, right = by.shift < 0 ? -by.shift : 0;
    int64_t product = high_mul((int32_t)((uint32_t)x << left), by.mantissa);
    return (int32_t)(right == 0 ? product : (product + ((int64_t)1 << (right - 1))) >> right);
}

/*@ requant_of: multiplier */
/* How sums become codes: one factor, or one a channel (channel_step is 1). The first `upward` channels round halves of both steps up. */
struct requant {
    const struct multiplier *factors;
    int32_t channel_step, upward, zero, min, max;
};

/*@ requant: requant_of multiply saturate wrap */
static int32_t requantize(const struct requant *by, int32_t sum, int32_t channel)
{
    return clamp(add(multiply(sum, by->factors[channel * by->channel_step]), by->zero), by->min, by->max);
}

/*@ requant_upward: requant_of multiply multiply_upward saturate wrap */
static int32_t requantize_upward(const struct requant *by, int32_t sum, int32_t channel)
{
    struct multiplier factor = by->factors[channel * by->channel_step];
    int32_t scaled = channel < by->upward ? multiply_upward(sum, factor) : multiply(sum, factor);
    return clamp(add(scaled, by->zero), by->min, by->max);
}

/*@ requant_wide: requant_of multiply_wide saturate wrap */
static int32_t requantize_wide(const struct requant *by, int64_t sum, int32_t channel)
{
    return clamp(add(multiply_wide(sum, by->factors[channel * by->channel_step]), by->zero), by->min, by->max);
}

/*@ leading_zeros: base */
/* Of an x that is not 0. */
static int32_t leading_zeros(uint32_t x)
{
    int32_t n = 0;
    while (!(x & 0x80000000u)) {
        x <<= 1;
        n++;
    }
    return n;
}

/*@ mul_pot: round_shift */
/* x * 2^exponent: saturated if it grows, rounded if it shrinks. */
static int32_t mul_pot(int32_t x, int32_t exponent)
{
    int64_t wide;
    if (exponent <= 0)
        return round_shift(x, exponent < -31 ? 31 : -exponent);
    wide = (int64_t)x * ((int64_t)1 << (exponent < 31 ? exponent : 31));
    return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

/*@ half_sum: base */
/* (a + b) / 2, halves away from zero. */
static int32_t half_sum(int32_t a, int32_t b)
{
    int64_t sum = (int64_t)a + b;
    return (int32_t)((sum + (sum >= 0 ? 1 : -1)) / 2);
}

/*@ exp_of_negative: high_mul mul_pot wrap wrapping_sub */
/* e^a with 31 fraction bits, of an a that is not positive and has 5 integer bits. */
static int32_t exp_of_negative(int32_t a)
{
    /* e^-(2^e) for e from -2 on */
    static const int32_t factors[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    const int32_t of_minus_eighth = 1895147668, third = 715827883, quarter = 1 << 24;
    int32_t fraction = (a & (quarter - 1)) - quarter, remainder = sub(fraction, a);
    int32_t x = add(mul_pot(fraction, 5), 1 << 28), x2 = high_mul(x, x), x3 = high_mul(x2, x), x4 = high_mul(x2, x2);
    int32_t tail = mul_pot(add(high_mul(add(mul_pot(x4, -2), x3), third), x2), -1);
    int32_t result = add(of_minus_eighth, high_mul(of_minus_eighth, add(x, tail)));
    int e;
    if (a == 0)
        return INT32_MAX;
    for (e = 0; e < 7; e++)
        if (remainder >> (24 + e) & 1)
            result = high_mul(result, factors[e]);
    return result;
}

/*@ one_over_one_plus: high_mul half_sum mul_pot wrap wrapping_sub */
/* 1 / (1 + a) with 31 fraction bits, of an a in [0, 1): three Newton steps. */
static int32_t one_over_one_plus(int32_t a)
{
    int32_t half = half_sum(a, INT32_MAX), x = add(1515870810, high_mul(half, -1010580540));
    int i;
    for (i = 0; i < 3; i++)
        x = add(x, mul_pot(high_mul(x, sub(1 << 29, high_mul(half, x))), 2));
    return mul_pot(x, 1);
}

/*@ reciprocal: one_over_one_plus leading_zeros */
/* 1 / x of a positive x with integer_bits integer bits: 31 fraction bits, and how far to shift it right. */
static int32_t reciprocal(int32_t x, int32_t integer_bits, int32_t *bits)
{
    int32_t headroom = leading_zeros((uint32_t)x);
    *bits = integer_bits - headroom;
    return one_over_one_plus((int32_t)(((uint32_t)x << headroom) - 0x80000000u));
}

/*@ inverse_sqrt: multiplier high_mul round_shift mul_pot wrapping_sub leading_zeros */
/* 1 / sqrt(x) as a factor; 1 or less counts as 1. */
static struct multiplier inverse_sqrt(int32_t x)
{
    struct multiplier m = {INT32_MAX, 0};
    int32_t shift = 11, pairs, half, y = 1 << 28;
    int i;
    if (x <= 1)
        return m;
    while (x >= 1 << 29) {
        x /= 4;
        shift++;
    }
    pairs = (leading_zeros((uint32_t)x) - 1) / 2 - 1;
    shift -= pairs;
    x = (int32_t)((uint32_t)x << 2 * pairs);
    half = round_shift(x >> 1, 1);
    for (i = 0; i < 5; i++) {
        int32_t cube = mul_pot(high_mul(high_mul(y, y), y), 6);
        y = mul_pot(sub(high_mul(402653184, y), high_mul(half, cube)), 3);
    }
    y = high_mul(y, 1518500250);
    if (shift < 0) {
        y = (int32_t)((uint32_t)y << -shift);
        shift = 0;
    }
    m.mantissa = y;
    m.shift = -shift;
    return m;
}

/*@ log_of_sum: high_mul half_sum mul_pot one_over_one_plus leading_zeros wrap wrapping_sub */
/* ln(x) with 5 integer bits, of an x of 1 or more with 12. */
static int32_t log_saturated(int64_t x)
{
    return x > INT32_MAX ? INT32_MAX : x < INT32_MIN ? INT32_MIN : (int32_t)x;
}

static int32_t log_of_sum(int32_t x)
{
    int32_t quarter = mul_pot(536870912, -6);
    int32_t headroom = leading_zeros((uint32_t)x);
    int32_t r_a = mul_pot(high_mul(mul_pot(x, headroom - 1), 1518500250), 1);
    int32_t z_a = log_saturated((int64_t)mul_pot(12 - headroom, 25) + quarter);
    int32_t b_headroom = leading_zeros((uint32_t)high_mul(x, 1518500250)) - 1;
    int32_t r_b = mul_pot(x, b_headroom);
    int32_t z_b = log_saturated((int64_t)mul_pot(12 - b_headroom, 25) - quarter);
    int32_t r = r_a < r_b ? r_a : r_b, z = z_a > z_b ? z_a : z_b;
    int32_t p = half_sum(r, 1805811301), q = sub(r, 1805811301), square, numerator, denominator, small;
    q = add(q, q);
    square = high_mul(q, q);
    numerator = add(high_mul(q, r), high_mul(high_mul(q, square), 117049297));
    denominator = add(high_mul(p, add(add(1057819769, q), high_mul(127690142, square))), high_mul(638450708, q));
    small = high_mul(mul_pot(numerator, -6), one_over_one_plus(denominator));
    return mul_pot(add(high_mul(z, 1488522236), small), 1);
}
