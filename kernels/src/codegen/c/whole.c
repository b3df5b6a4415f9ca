/*@ pool_range: window */
/* The taps of an output that lie inside the image. */
static void inside(const struct axis *a, int32_t out, int32_t *first, int32_t *end)
{
    int32_t start = out * a->stride - a->pad;
    *first = start < 0 ? 0 : start;
    *end = start + a->taps < a->input ? start + a->taps : a->input;
}

/*@ average_pool_i8: image pool_range saturate */
/* The mean of the codes of each window. */
struct pool_i8 {
    struct image image;
    int32_t min, max;
};

static void average_pool_i8(const struct pool_i8 *k, const int8_t *x, int8_t *y)
{
    const struct axis *ay = &k->image.y, *ax = &k->image.x;
    int32_t b, oy, ox, c, iy, ix, y0, y1, x0, x1, channels = k->image.channels;
    for (b = 0; b < k->image.batch; b++)
        for (oy = 0; oy < ay->output; oy++)
            for (ox = 0; ox < ax->output; ox++) {
                int32_t taps;
                inside(ay, oy, &y0, &y1);
                inside(ax, ox, &x0, &x1);
                taps = (y1 - y0) * (x1 - x0);
                for (c = 0; c < channels; c++) {
                    int32_t sum = 0;
                    for (iy = y0; iy < y1; iy++)
                        for (ix = x0; ix < x1; ix++)
                            sum += x[((ptrdiff_t)(b * ay->input + iy) * ax->input + ix) * channels + c];
                    sum = sum > 0 ? (sum + taps / 2) / taps : (sum - taps / 2) / taps;
                    *y++ = (int8_t)clamp(sum, k->min, k->max);
                }
            }
}

/*@ max_pool_i8: image pool_range saturate */
/* The highest code of each window. */
struct max_pool_i8 {
    struct image image;
    int32_t min, max;
};

static void max_pool_i8(const struct max_pool_i8 *k, const int8_t *x, int8_t *y)
{
    const struct axis *ay = &k->image.y, *ax = &k->image.x;
    int32_t b, oy, ox, c, iy, ix, y0, y1, x0, x1, channels = k->image.channels;
    for (b = 0; b < k->image.batch; b++)
        for (oy = 0; oy < ay->output; oy++)
            for (ox = 0; ox < ax->output; ox++, y += channels) {
                inside(ay, oy, &y0, &y1);
                inside(ax, ox, &x0, &x1);
                for (c = 0; c < channels; c++)
                    y[c] = -128;
                for (iy = y0; iy < y1; iy++)
                    for (ix = x0; ix < x1; ix++) {
                        const int8_t *p = x + ((ptrdiff_t)(b * ay->input + iy) * ax->input + ix) * channels;
                        for (c = 0; c < channels; c++)
                            y[c] = p[c] > y[c] ? p[c] : y[c];
                    }
                for (c = 0; c < channels; c++)
                    y[c] = (int8_t)clamp(y[c], k->min, k->max);
            }
}

/*@ pool_f32: image pool_range limits */
/* Takes in each value v of a window by STEP on y[c], then what remains by END. */
struct pool_f32 {
    struct image image;
    struct limits out;
};

#define POOL_F32(NAME, START, STEP, END)                                                           \
    static void NAME(const struct pool_f32 *k, const f32 *x, f32 *y)                               \
    {                                                                                              \
        const struct axis *ay = &k->image.y, *ax = &k->image.x;                                    \
        int32_t b, oy, ox, c, iy, ix, y0, y1, x0, x1, channels = k->image.channels;                \
        for (b = 0; b < k->image.batch; b++)                                                       \
            for (oy = 0; oy < ay->output; oy++)                                                    \
                for (ox = 0; ox < ax->output; ox++, y += channels) {                               \
                    float taps;                                                                    \
                    inside(ay, oy, &y0, &y1);                                                      \
                    inside(ax, ox, &x0, &x1);                                                      \
                    taps = (float)((y1 - y0) * (x1 - x0));                                         \
                    (void)taps;                                                                    \
                    for (c = 0; c < channels; c++)                                                 \
                        y[c] = START;                                                              \
                    for (iy = y0; iy < y1; iy++)                                                   \
                        for (ix = x0; ix < x1; ix++) {                                             \
                            const f32 *p = x + ((ptrdiff_t)(b * ay->input + iy) * ax->input + ix) * channels; \
                            for (c = 0; c < channels; c++) {                                       \
                                float v = p[c], old = y[c];                                        \
                                y[c] = STEP;                                                       \
                            }                                                                      \
                        }                                                                          \
                    for (c = 0; c < channels; c++) {                                               \
                        float v = y[c];                                                            \
                        y[c] = limited(END, &k->out);                                              \
                    }                                                                              \
                }                                                                                  \
    }

/*@ exponentials: multiply exp_of_negative round_shift wrap */
/* Exponentials of differences to a row's maximum. */
struct exponentials {
    struct multiplier by;
    int32_t least;
};

static int32_t row_max(const int8_t *x, int32_t n)
{
    int32_t max = x[0], i;
    for (i = 1; i < n; i++)
        max = x[i] > max ? x[i] : max;
    return max;
}

static int32_t sum_of_exponentials(const struct exponentials *k, const int8_t *x, int32_t n, int32_t max)
{
    int32_t sum = 0, i;
    for (i = 0; i < n; i++)
        if (x[i] - max >= k->least)
            sum = add(sum, round_shift(exp_of_negative(multiply(x[i] - max, k->by)), 12));
    return sum;
}

/*@ softmax_i8: exponentials reciprocal saturate */
/* Rows of depth codes; the result is in steps of 1/256 from -128. */
static void softmax_i8(const struct exponentials *k, const int8_t *x, int8_t *y, int32_t rows, int32_t depth)
{
    int32_t i, bits, shift;
    for (; rows > 0; rows--, x += depth, y += depth) {
        int32_t max = row_max(x, depth), scale = reciprocal(sum_of_exponentials(k, x, depth, max), 12, &bits);
        shift = clamp(bits + 23, 0, 31);
        for (i = 0; i < depth; i++) {
            int32_t d = x[i] - max;
            y[i] = d < k->least ? -128
                : (int8_t)clamp(round_shift(high_mul(scale, exp_of_negative(multiply(d, k->by))), shift) - 128, -128, 127);
        }
    }
}

/*@ log_softmax_i8: exponentials log_of_sum saturate wrapping_sub */
/* Rows of depth codes; the result is in steps of 1/16 down from 127. */
struct log_softmax {
    struct exponentials of;
    struct multiplier back;
};

static void log_softmax_i8(const struct log_softmax *k, const int8_t *x, int8_t *y, int32_t rows, int32_t depth)
{
    int32_t i;
    for (; rows > 0; rows--, x += depth, y += depth) {
        int32_t max = row_max(x, depth), log = log_of_sum(sum_of_exponentials(&k->of, x, depth, max));
        int32_t least = multiply(add(log, INT32_MIN), k->back);
        least = least > k->of.least - 1 ? least : k->of.least - 1;
        for (i = 0; i < depth; i++) {
            int32_t d = x[i] - max;
            y[i] = d <= least ? -128 : (int8_t)clamp(round_shift(sub(multiply(d, k->of.by), log), 22) + 127, -128, 127);
        }
    }
}

/*@ l2_normalization_i8: multiply inverse_sqrt saturate wrap */
/* Rows of depth codes divided by their norms; the result is in steps of 1/128 from 0. */
static void l2_normalization_i8(int32_t zero, const int8_t *x, int8_t *y, int32_t rows, int32_t depth)
{
    int32_t i;
    for (; rows > 0; rows--, x += depth, y += depth) {
        int32_t squares = 0;
        struct multiplier by;
        for (i = 0; i < depth; i++)
            squares = add(squares, (x[i] - zero) * (x[i] - zero));
        by = inverse_sqrt(squares);
        by.shift = clamp(by.shift + 7, -31, 31);
        for (i = 0; i < depth; i++)
            y[i] = (int8_t)clamp(multiply(x[i] - zero, by), -128, 127);
    }
}

/*@ row_max_f32: libm */
static float row_max_f32(const f32 *x, int32_t n)
{
    float max = -HUGE_VALF;
    int32_t i;
    for (i = 0; i < n; i++)
        max = x[i] > max ? x[i] : max;
    return max;
}

/*@ softmax_f32: row_max_f32 */
static void softmax_f32(float beta, const f32 *x, f32 *y, int32_t rows, int32_t depth)
{
    int32_t i;
    for (; rows > 0; rows--, x += depth, y += depth) {
        float max = row_max_f32(x, depth), sum = 0.0f;
        for (i = 0; i < depth; i++) {
            y[i] = expf((x[i] - max) * beta);
            sum += y[i];
        }
        for (i = 0; i < depth; i++)
            y[i] /= sum;
    }
}

/*@ log_softmax_f32: row_max_f32 */
static void log_softmax_f32(const f32 *x, f32 *y, int32_t rows, int32_t depth)
{
    int32_t i;
    for (; rows > 0; rows--, x += depth, y += depth) {
        float max = row_max_f32(x, depth), sum = 0.0f, log;
        for (i = 0; i < depth; i++)
            sum += expf(x[i] - max);
        log = logf(sum);
        for (i = 0; i < depth; i++)
            y[i] = x[i] - max - log;
    }
}

/*@ l2_normalization_f32: libm */
static void l2_normalization_f32(const f32 *x, f32 *y, int32_t rows, int32_t depth)
{
    int32_t i;
    for (; rows > 0; rows--, x += depth, y += depth) {
        float norm = 0.0f;
        for (i = 0; i < depth; i++)
            norm += x[i] * x[i];
        norm = sqrtf(norm);
        norm = norm > 1e-6f ? norm : 1e-6f;
        for (i = 0; i < depth; i++)
            y[i] = x[i] / norm;
    }
}

/*@ local_response_f32: libm */
struct local_response {
    int32_t rows, depth, radius;
    float bias, alpha, beta;
};

static void local_response_f32(const struct local_response *k, const f32 *x, f32 *y)
{
    int32_t r, c, i;
    for (r = 0; r < k->rows; r++, x += k->depth, y += k->depth)
        for (c = 0; c < k->depth; c++) {
            float sum = 0.0f;
            for (i = c < k->radius ? 0 : c - k->radius; i <= c + k->radius && i < k->depth; i++)
                sum += x[i] * x[i];
            y[c] = x[c] * powf(k->bias + k->alpha * sum, -k->beta);
        }
}

/*@ reduction: walk */
/* Each result takes in the count values that the inner walk finds from where the outer one stands. */
struct reduction {
    struct walk outer, inner;
    int32_t count;
};

#define REDUCE(NAME, K, X, Y, ACC, START, STEP, END)                                               \
    static void NAME(const struct reduction *r, const K *k, const X *x, Y *y)                      \
    {                                                                                              \
        int32_t at[8] = {0};                                                                       \
        ptrdiff_t offset[3] = {0, 0, 0};                                                           \
        (void)k;                                                                                   \
        do {                                                                                       \
            int32_t in[8] = {0}, n = 0;                                                            \
            ptrdiff_t inner[3] = {0, 0, 0};                                                        \
            ACC acc = START;                                                                       \
            if (r->count > 0)                                                                      \
                do {                                                                               \
                    X v = x[offset[0] + inner[0]];                                                 \
                    acc = STEP;                                                                    \
                    n++;                                                                           \
                } while (next(&r->inner, in, inner));                                              \
            (void)n;                                                                               \
            *y++ = (Y)(END);                                                                       \
        } while (next(&r->outer, at, offset));                                                     \
    }

/*@ mean_i8: multiply saturate wrap wrapping_sub reduction */
struct mean {
    struct multiplier by;
    int32_t zeros, zero;
};

/*@ sum_i8: round_f32 add_saturating saturate wrap reduction */
struct sum {
    float scale, bias;
    int32_t zero;
};

/*@ product_i8: multiply_wide add_saturating saturate reduction */
struct product_of {
    struct multiplier by;
    int32_t from_zero, zero;
};

/*@ cumsum: lanes */
#define CUMSUM(NAME, T, ACC)                                                                       \
    static void NAME(const struct lanes *s, int exclusive, int reverse, const T *x, T *y)          \
    {                                                                                              \
        int32_t o, i, k;                                                                           \
        for (o = 0; o < s->outer; o++)                                                             \
            for (i = 0; i < s->inner; i++) {                                                       \
                ACC sum = 0;                                                                       \
                for (k = 0; k < s->n; k++) {                                                       \
                    ptrdiff_t j = ((ptrdiff_t)o * s->n + (reverse ? s->n - 1 - k : k)) * s->inner + i; \
                    ACC old = sum;                                                                 \
                    sum += (ACC)x[j];                                                              \
                    y[j] = (T)(exclusive ? old : sum);                                             \
                }                                                                                  \
            }                                                                                      \
    }

/*@ arg: lanes */
/* Index of the first value along the middle than which no other is BETTER. */
#define ARG(NAME, X, Y, BETTER)                                                                    \
    static void NAME(const struct lanes *s, const X *x, Y *y)                                      \
    {                                                                                              \
        int32_t o, i, k;                                                                           \
        for (o = 0; o < s->outer; o++)                                                             \
            for (i = 0; i < s->inner; i++) {                                                       \
                const X *lane = x + (ptrdiff_t)o * s->n * s->inner + i;                            \
                X old = lane[0];                                                                   \
                int32_t best = 0;                                                                  \
                for (k = 1; k < s->n; k++) {                                                       \
                    X v = lane[(ptrdiff_t)k * s->inner];                                           \
                    if (BETTER) {                                                                  \
                        old = v;                                                                   \
                        best = k;                                                                  \
                    }                                                                              \
                }                                                                                  \
                *y++ = best;                                                                       \
            }                                                                                      \
    }

/*@ topk: base */
/* The first of the largest values of rows, largest first; GREATER orders a before b. */
#define TOPK(NAME, X, I, GREATER)                                                                  \
    static void NAME(int32_t rows, int32_t depth, int32_t count, const X *x, X *y, I *indices)     \
    {                                                                                              \
        int32_t k, i, j;                                                                           \
        for (; rows > 0; rows--, x += depth, y += count, indices += count)                         \
            for (i = 0, k = 0; i < depth; i++) {                                                   \
                X a = x[i];                                                                        \
                for (j = k; j > 0; j--) {                                                          \
                    X b = y[j - 1];                                                                \
                    if (!(GREATER))                                                                \
                        break;                                                                     \
                    if (j < count) {                                                               \
                        y[j] = b;                                                                  \
                        indices[j] = indices[j - 1];                                               \
                    }                                                                              \
                }                                                                                  \
                if (j < count) {                                                                   \
                    y[j] = a;                                                                      \
                    indices[j] = (I)i;                                                             \
                    k += k < count;                                                                \
                }                                                                                  \
            }                                                                                      \
    }

/*@ resize: base */
/* For each row and column of the result the two of the input around it, each with its weight. */
struct resize {
    int32_t batch, height, width, channels, rows, columns;
    const int32_t *y, *x;
};

/*@ resize_bilinear_i8: resize */
/* Weights are in 1/1024. */
struct resize_i8 {
    struct resize of;
    const int32_t *y_weights, *x_weights;
};

static void resize_bilinear_i8(const struct resize_i8 *k, const int8_t *x, int8_t *y)
{
    const struct resize *of = &k->of;
    int32_t b, oy, ox, c, i, j;
    for (b = 0; b < of->batch; b++)
        for (oy = 0; oy < of->rows; oy++)
            for (ox = 0; ox < of->columns; ox++)
                for (c = 0; c < of->channels; c++) {
                    int64_t sum = 0;
                    for (i = 0; i < 2; i++)
                        for (j = 0; j < 2; j++)
                            sum += (int64_t)x[((ptrdiff_t)(b * of->height + of->y[2 * oy + i]) * of->width + of->x[2 * ox + j]) * of->channels + c]
                                * k->y_weights[2 * oy + i] * k->x_weights[2 * ox + j];
                    *y++ = (int8_t)((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
                }
}

/*@ resize_bilinear_f32: resize */
/* The weight of the second of each pair. */
struct resize_f32 {
    struct resize of;
    const float *y_weights, *x_weights;
};

static void resize_bilinear_f32(const struct resize_f32 *k, const f32 *x, f32 *y)
{
    const struct resize *of = &k->of;
    int32_t b, oy, ox, c;
    for (b = 0; b < of->batch; b++)
        for (oy = 0; oy < of->rows; oy++)
            for (ox = 0; ox < of->columns; ox++) {
                float fy = k->y_weights[oy], fx = k->x_weights[ox];
                const f32 *y0 = x + (ptrdiff_t)(b * of->height + of->y[2 * oy]) * of->width * of->channels;
                const f32 *y1 = x + (ptrdiff_t)(b * of->height + of->y[2 * oy + 1]) * of->width * of->channels;
                int32_t x0 = of->x[2 * ox] * of->channels, x1 = of->x[2 * ox + 1] * of->channels;
                for (c = 0; c < of->channels; c++)
                    *y++ = y0[x0 + c] * (1.0f - fy) * (1.0f - fx) + y1[x0 + c] * fy * (1.0f - fx)
                        + y0[x1 + c] * (1.0f - fy) * fx + y1[x1 + c] * fy * fx;
            }
}
