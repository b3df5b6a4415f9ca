/*@ round_even: base */
/* The nearest integer, halves to even; beyond int32 its end, 0 for NaN. */
static int32_t round_even(float x)
{
    int32_t whole;
    float rest;
    if (!(x > -2147483648.0f))
        return x == x ? INT32_MIN : 0;
    if (x >= 2147483648.0f)
        return INT32_MAX;
    whole = (int32_t)x;
    rest = x - (float)whole;
    if (rest > 0.5f || (rest == 0.5f && whole % 2 != 0))
        return whole + 1;
    return rest < -0.5f || (rest == -0.5f && whole % 2 != 0) ? whole - 1 : whole;
}

/*@ quantize_in_blocks: codes saturate add_saturating round_even round_f64 */
/* The product with the inverse scale, halves to even, in blocks of 8; behind them the quotient as a double, halves away from zero. */
#define QUANTIZE_IN_BLOCKS(NAME, Y)                                                                \
    static void NAME(const struct codes *k, const f32 *x, Y *y, size_t n)                          \
    {                                                                                              \
        float inverse = 1.0f / k->scale;                                                           \
        size_t i, blocks = n / 8 * 8;                                                              \
        for (i = 0; i < blocks; i++)                                                               \
            y[i] = (Y)clamp(add_saturating(round_even(x[i] * inverse), k->zero), k->min, k->max);  \
        for (; i < n; i++)                                                                         \
            y[i] = (Y)clamp(add_saturating(round_f64((double)x[i] / k->scale), k->zero), k->min, k->max); \
    }

/*@ rescale_in_blocks: rescale multiply_upward */
/* Halves go up in blocks of 16. */
#define RESCALE_IN_BLOCKS(NAME, X, Y)                                                              \
    static void NAME(const struct rescale *k, const X *x, Y *y, size_t n)                          \
    {                                                                                              \
        size_t i, blocks = n / 16 * 16;                                                            \
        for (i = 0; i < n; i++) {                                                                  \
            int32_t v = sub(x[i], k->from_zero);                                                   \
            v = i < blocks ? multiply_upward(v, k->by) : multiply(v, k->by);                       \
            y[i] = (Y)clamp(add(v, k->zero), k->min, k->max);                                      \
        }                                                                                          \
    }

/*@ dequantize_in_blocks: base */
/* The product less that of the zero, as floats, in blocks of 8; behind them one rounding of the exact value. */
struct dequantize_in_blocks {
    float scale, offset;
    int32_t zero;
};

#define DEQUANTIZE_IN_BLOCKS(NAME, X)                                                              \
    static void NAME(const struct dequantize_in_blocks *k, const X *x, f32 *y, size_t n)           \
    {                                                                                              \
        size_t i, blocks = n / 8 * 8;                                                              \
        for (i = 0; i < blocks; i++) {                                                             \
            float product = (float)x[i] * k->scale;                                                \
            y[i] = product + k->offset;                                                            \
        }                                                                                          \
        for (; i < n; i++)                                                                         \
            y[i] = (float)((double)k->scale * ((double)x[i] - (double)k->zero));                   \
    }

/*@ mean_of_images_i8: multiply multiply_upward saturate wrap */
/* The mean of each channel over pixels; halves go up in blocks of 16 channels. */
struct mean_of_images {
    int32_t batch, pixels, channels, bias;
    struct multiplier by;
};

static void mean_of_images_i8(const struct mean_of_images *k, const int8_t *x, int8_t *y)
{
    int32_t b, c, i, blocks = k->channels / 16 * 16;
    for (b = 0; b < k->batch; b++, x += (ptrdiff_t)k->pixels * k->channels)
        for (c = 0; c < k->channels; c++) {
            int32_t sum = 0;
            for (i = 0; i < k->pixels; i++)
                sum = add(sum, x[(ptrdiff_t)i * k->channels + c]);
            sum = c < blocks ? multiply_upward(sum, k->by) : multiply(sum, k->by);
            *y++ = (int8_t)clamp(add(sum, k->bias), -128, 127);
        }
}
