/*@ curve: base */
/* A function of int16 codes: 513 points, 128 codes apart, and lines between. */
static int32_t curve(const int16_t points[513], int32_t code)
{
    int32_t at = code + 32768, low = points[at >> 7], slope = (int16_t)(points[(at >> 7) + 1] - low);
    return low + ((slope * (at & 127) + 64) >> 7);
}

/*@ curve_i16: curve */
static void curve_i16(const int16_t points[513], const i16 *x, i16 *y, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++)
        y[i] = (i16)curve(points, x[i]);
}

/*@ sigmoid: base */
/* Codes times a factor, shifted right; points of 65536 / (1 + e^-v) for v from 0 on, in steps of 1/24. */
struct sigmoid {
    int32_t multiplier, shift;
    const uint16_t *points;
};

/* The code as a number of steps of which the lowest bits are a fraction. */
static int32_t steps(const struct sigmoid *k, int32_t code)
{
    uint32_t half = k->shift > 0 ? (uint32_t)1 << (k->shift - 1) : 0;
    return (int32_t)((uint32_t)code * (uint32_t)k->multiplier + half) >> k->shift;
}

/* Between points, times 2^bits; `beyond` behind the last. */
static int32_t between(const struct sigmoid *k, int32_t v, int32_t bits, int32_t beyond)
{
    uint32_t size = v < 0 ? 0u - (uint32_t)v : (uint32_t)v, at = size >> bits, low;
    if (at >= 255)
        return beyond;
    low = k->points[at];
    return (int32_t)((low << bits) + (size & (((uint32_t)1 << bits) - 1)) * (k->points[at + 1] - low));
}

/*@ logistic_i16: sigmoid */
static void logistic_i16(const struct sigmoid *k, const i16 *x, i16 *y, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        int32_t v = steps(k, x[i]), to = between(k, v, 9, 0x7fff << 10);
        y[i] = (i16)((v >= 0 ? to + (1 << 9) : (1 << 25) - to + (1 << 9) - 1) >> 10);
    }
}

/*@ tanh_i16: sigmoid */
static void tanh_i16(const struct sigmoid *k, const i16 *x, i16 *y, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        int32_t v = steps(k, x[i]), to = between(k, v, 8, 0xffff << 8);
        y[i] = (i16)((v >= 0 ? to - (1 << 23) + (1 << 7) : -to + (1 << 23) + (1 << 7) - 1) >> 8);
    }
}

/*@ abs_i16: rescale */
static void abs_i16(const struct rescale *k, const i16 *x, i16 *y, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        int32_t v = sub(x[i], k->from_zero);
        y[i] = (i16)clamp(add(multiply(v < 0 ? -v : v, k->by), k->zero), k->min, k->max);
    }
}

/*@ bent_i16: multiply saturate wrap */
/* One factor for what is positive, one for the rest, which is turned over if it falls. */
struct bent {
    int32_t from_zero, zero, falls;
    struct multiplier positive, negative;
};

static void bent_i16(const struct bent *k, const i16 *x, i16 *y, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        int32_t v = x[i] - k->from_zero, to = multiply(v, v >= 0 ? k->positive : k->negative);
        y[i] = (i16)clamp(add(v < 0 && k->falls ? -to : to, k->zero), -32768, 32767);
    }
}

/*@ sqrt_i16: libm saturate */
/* Square roots, towards zero. */
struct root {
    float scale, step;
    int32_t from_zero, zero;
};

static void sqrt_i16(const struct root *k, const i16 *x, i16 *y, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        float v = sqrtf(k->scale * (float)(x[i] - k->from_zero)) / k->step;
        y[i] = (i16)clamp((v < 65536.0f ? (int32_t)v : 65536) + k->zero, -32768, 32767);
    }
}

/*@ softmax_i16: curve multiply saturate add_saturating wrap leading_zeros */
/* The factor of differences, and the curves of e^x and of 1 / (1 + x). */
struct softmax_i16 {
    struct multiplier by;
    const int16_t *exponential, *inverse;
};

static int32_t exponential(const struct softmax_i16 *k, int32_t difference)
{
    return curve(k->exponential, clamp(add_saturating(multiply(difference, k->by), 32767), -32768, 32767));
}

/* Rows of depth codes; the result is in steps of 1/32768. */
static void softmax_i16(const struct softmax_i16 *k, const i16 *x, i16 *y, int32_t rows, int32_t depth)
{
    int32_t i;
    for (; rows > 0; rows--, x += depth, y += depth) {
        int32_t max = x[0], sum = 0, headroom, right;
        int64_t unit, inverse;
        for (i = 1; i < depth; i++)
            max = x[i] > max ? x[i] : max;
        for (i = 0; i < depth; i++)
            sum = add(sum, exponential(k, x[i] - max));
        headroom = sum == 0 ? 32 : leading_zeros((uint32_t)sum);
        /* The sum as 1 + x, with 16 bits for x. */
        unit = (sum * ((int64_t)1 << (headroom > 1 ? headroom - 1 : 0)) + (1 << 13)) >> 14;
        inverse = curve(k->inverse, clamp((int32_t)(unit - (1 << 15) - (1 << 16)), -32768, 32767));
        right = headroom < 30 ? 31 - headroom : 1;
        for (i = 0; i < depth; i++) {
            int64_t share = (exponential(k, x[i] - max) * inverse + ((int64_t)1 << (right - 1))) >> right;
            y[i] = (i16)(share < 0 ? 0 : share > 32767 ? 32767 : share);
        }
    }
}
