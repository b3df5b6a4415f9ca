/*@ exponentials: multiply exp_of_negative round_shift wrap */
/* Exponentials of differences to a row's maximum. */
struct exponentials {
    struct multiplier by;
    int32_t least;
};

/* The maximum of a row, and the sum of its exponentials. */
#define ROW(MAX, SUM, X)                                                                           \
    static int32_t MAX(const X *x, int32_t n)                                                      \
    {                                                                                              \
        int32_t max = x[0], i;                                                                     \
        for (i = 1; i < n; i++)                                                                    \
            max = x[i] > max ? x[i] : max;                                                         \
        return max;                                                                                \
    }                                                                                              \
                                                                                                   \
    static int32_t SUM(const struct exponentials *k, const X *x, int32_t n, int32_t max)           \
    {                                                                                              \
        int32_t sum = 0, i;                                                                        \
        for (i = 0; i < n; i++)                                                                    \
            if (x[i] - max >= k->least)                                                            \
                sum = add(sum, round_shift(exp_of_negative(multiply(x[i] - max, k->by)), 12));     \
        return sum;                                                                                \
    }

/*@ softmax: exponentials reciprocal saturate */
/* Rows of depth codes; the result is in steps of 1/256 from the least. */
#define SOFTMAX(NAME, MAX, SUM, X, LEAST)                                                          \
    static void NAME(const struct exponentials *k, const X *x, X *y, int32_t rows, int32_t depth)  \
    {                                                                                              \
        int32_t i, bits, shift;                                                                    \
        for (; rows > 0; rows--, x += depth, y += depth) {                                         \
            int32_t max = MAX(x, depth), scale = reciprocal(SUM(k, x, depth, max), 12, &bits);     \
            shift = clamp(bits + 23, 0, 31);                                                       \
            for (i = 0; i < depth; i++) {                                                          \
                int32_t d = x[i] - max, share;                                                     \
                share = d < k->least ? 0 : high_mul(scale, exp_of_negative(multiply(d, k->by)));   \
                y[i] = (X)clamp(round_shift(share, shift) + (LEAST), LEAST, (LEAST) + 255);        \
            }                                                                                      \
        }                                                                                          \
    }

/*@ log_softmax: exponentials log_of_sum saturate wrapping_sub */
/* Rows of depth codes; the result is in steps of 1/16 down from the highest. */
struct log_softmax {
    struct exponentials of;
    struct multiplier back;
};

#define LOG_SOFTMAX(NAME, MAX, SUM, X, LEAST)                                                      \
    static void NAME(const struct log_softmax *k, const X *x, X *y, int32_t rows, int32_t depth)   \
    {                                                                                              \
        int32_t i;                                                                                 \
        for (; rows > 0; rows--, x += depth, y += depth) {                                         \
            int32_t max = MAX(x, depth), log = log_of_sum(SUM(&k->of, x, depth, max));             \
            int32_t least = multiply(add(log, INT32_MIN), k->back);                                \
            least = least > k->of.least - 1 ? least : k->of.least - 1;                             \
            for (i = 0; i < depth; i++) {                                                          \
                int32_t d = x[i] - max, most = (LEAST) + 255;                                      \
                y[i] = d <= least ? (LEAST)                                                        \
                    : (X)clamp(round_shift(sub(multiply(d, k->of.by), log), 22) + most, LEAST, most); \
            }                                                                                      \
        }                                                                                          \
    }

/*@ l2_normalization: multiply inverse_sqrt saturate wrap */
/* Rows of depth codes divided by their norms; the result is in steps of 1/128 from the middle code. UP goes into the factor, LEFT into the code. */
#define L2_NORMALIZATION(NAME, X, LEAST, UP, LEFT)                                                 \
    static void NAME(int32_t zero, const X *x, X *y, int32_t rows, int32_t depth)                  \
    {                                                                                              \
        int32_t i;                                                                                 \
        for (; rows > 0; rows--, x += depth, y += depth) {                                         \
            int32_t squares = 0;                                                                   \
            struct multiplier by;                                                                  \
            for (i = 0; i < depth; i++)                                                            \
                squares = add(squares, (x[i] - zero) * (x[i] - zero));                             \
            by = inverse_sqrt(squares);                                                            \
            by.shift = clamp(by.shift + UP, -31, 31);                                              \
            for (i = 0; i < depth; i++)                                                            \
                y[i] = (X)clamp(add(multiply((x[i] - zero) * LEFT, by), (LEAST) + 128), LEAST, (LEAST) + 255); \
        }                                                                                          \
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
