/*@ conv: image source requant_of */
/* 2-D convolution; weights are [filters][taps y][taps x][depth], depth divides the channels into groups. S is what sums are, U the same without a
   sign, CODE what makes codes of them. */
struct conv {
    struct image image;
    int32_t depth, x_zero, w_zero;
    const void *weights, *bias;
    struct requant out;
};

#define CONV(NAME, X, W, S, U, CODE)                                                               \
    static void NAME(const struct conv *k, const X *x, X *y)                                       \
    {                                                                                              \
        const struct axis *ay = &k->image.y, *ax = &k->image.x;                                    \
        const W *weights = k->weights;                                                             \
        const S *bias = k->bias;                                                                   \
        int32_t b, oy, ox, f, ky, kx, c, depth = k->depth;                                         \
        int32_t per_group = k->image.filters / (k->image.channels / depth);                        \
        for (b = 0; b < k->image.batch; b++)                                                       \
            for (oy = 0; oy < ay->output; oy++)                                                    \
                for (ox = 0; ox < ax->output; ox++)                                                \
                    for (f = 0; f < k->image.filters; f++) {                                       \
                        const W *w = weights + (ptrdiff_t)f * ay->taps * ax->taps * depth;         \
                        U sum = bias ? (U)bias[f] : 0;                                             \
                        for (ky = 0; ky < ay->taps; ky++) {                                        \
                            int32_t iy = source(ay, oy, ky);                                       \
                            for (kx = 0; kx < ax->taps; kx++, w += depth) {                        \
                                int32_t ix = source(ax, ox, kx);                                   \
                                const X *p;                                                        \
                                if (iy < 0 || iy >= ay->input || ix < 0 || ix >= ax->input)        \
                                    continue;                                                      \
                                p = x + ((ptrdiff_t)(b * ay->input + iy) * ax->input + ix) * k->image.channels; \
                                p += f / per_group * depth;                                        \
                                for (c = 0; c < depth; c++)                                        \
                                    sum += (U)((p[c] - k->x_zero) * (w[c] - k->w_zero));           \
                            }                                                                      \
                        }                                                                          \
                        *y++ = (X)CODE(&k->out, (S)sum, f);                                        \
                    }                                                                              \
    }

/*@ depthwise_conv: image source requant_of */
/* Depthwise convolution; weights are [taps y][taps x][filters]. */
struct depthwise_conv {
    struct image image;
    int32_t x_zero, w_zero;
    const void *weights, *bias;
    struct requant out;
};

#define DEPTHWISE_CONV(NAME, X, W, S, U, CODE)                                                     \
    static void NAME(const struct depthwise_conv *k, const X *x, X *y)                             \
    {                                                                                              \
        const struct axis *ay = &k->image.y, *ax = &k->image.x;                                    \
        const W *weights = k->weights;                                                             \
        const S *bias = k->bias;                                                                   \
        int32_t b, oy, ox, f, ky, kx, per_channel = k->image.filters / k->image.channels;          \
        for (b = 0; b < k->image.batch; b++)                                                       \
            for (oy = 0; oy < ay->output; oy++)                                                    \
                for (ox = 0; ox < ax->output; ox++)                                                \
                    for (f = 0; f < k->image.filters; f++) {                                       \
                        U sum = bias ? (U)bias[f] : 0;                                             \
                        for (ky = 0; ky < ay->taps; ky++) {                                        \
                            int32_t iy = source(ay, oy, ky);                                       \
                            for (kx = 0; kx < ax->taps; kx++) {                                    \
                                int32_t ix = source(ax, ox, kx);                                   \
                                ptrdiff_t at = (ptrdiff_t)(b * ay->input + iy) * ax->input + ix;   \
                                if (iy < 0 || iy >= ay->input || ix < 0 || ix >= ax->input)        \
                                    continue;                                                      \
                                sum += (U)((x[at * k->image.channels + f / per_channel] - k->x_zero) \
                                    * (weights[(ky * ax->taps + kx) * k->image.filters + f] - k->w_zero)); \
                            }                                                                      \
                        }                                                                          \
                        *y++ = (X)CODE(&k->out, (S)sum, f);                                        \
                    }                                                                              \
    }

/*@ transpose_conv: image source requant_of */
/* Gradient of a convolution with respect to its input: y and x are the axes of the forward one, from the result (filters) to the image. */
struct transpose_conv {
    struct image image;
    int32_t x_zero, w_zero;
    const void *weights, *bias;
    struct requant out;
};

#define TRANSPOSE_CONV(NAME, X, W, S, U, CODE)                                                     \
    static void NAME(const struct transpose_conv *k, const X *x, X *y)                             \
    {                                                                                              \
        const struct axis *ay = &k->image.y, *ax = &k->image.x;                                    \
        const S *bias = k->bias;                                                                   \
        int32_t b, ty, tx, f, iy, ix, c, channels = k->image.channels;                             \
        for (b = 0; b < k->image.batch; b++)                                                       \
            for (ty = 0; ty < ay->input; ty++)                                                     \
                for (tx = 0; tx < ax->input; tx++)                                                 \
                    for (f = 0; f < k->image.filters; f++) {                                       \
                        U sum = bias ? (U)bias[f] : 0;                                             \
                        for (iy = 0; iy < ay->output; iy++) {                                      \
                            int32_t ky = ty - source(ay, iy, 0);                                   \
                            if (ky < 0 || ky >= ay->taps)                                          \
                                continue;                                                          \
                            for (ix = 0; ix < ax->output; ix++) {                                  \
                                int32_t kx = tx - source(ax, ix, 0);                               \
                                const X *p;                                                        \
                                const W *w = k->weights;                                           \
                                if (kx < 0 || kx >= ax->taps)                                      \
                                    continue;                                                      \
                                p = x + ((ptrdiff_t)(b * ay->output + iy) * ax->output + ix) * channels; \
                                w += ((ptrdiff_t)(f * ay->taps + ky) * ax->taps + kx) * channels;  \
                                for (c = 0; c < channels; c++)                                     \
                                    sum += (U)((p[c] - k->x_zero) * (w[c] - k->w_zero));           \
                            }                                                                      \
                        }                                                                          \
                        *y++ = (X)CODE(&k->out, (S)sum, f);                                        \
                    }                                                                              \
    }

/*@ reals: round_f64 add_saturating saturate */
/* How sums become codes as doubles: by one ratio (step is 0), or one an output. */
struct reals {
    const double *ratios;
    int32_t step, zero, min, max;
};

static int32_t from_real(const struct reals *by, double sum, int32_t output)
{
    return clamp(add_saturating(round_f64(sum * by->ratios[output * by->step]), by->zero), by->min, by->max);
}

/*@ fully_connected: base */
/* Rows times the transpose of weights [outputs][depth]. */
struct fully_connected {
    int32_t rows, outputs, depth, x_zero, w_zero;
    const void *bias;
};

#define FULLY_CONNECTED(NAME, X, W, S, U, OUT, CODE)                                               \
    static void NAME(const struct fully_connected *k, const struct OUT *out, const X *x, const W *weights, X *y) \
    {                                                                                              \
        const S *bias = k->bias;                                                                   \
        int32_t r, o, d;                                                                           \
        for (r = 0; r < k->rows; r++, x += k->depth)                                               \
            for (o = 0; o < k->outputs; o++) {                                                     \
                const W *w = weights + (ptrdiff_t)o * k->depth;                                    \
                U sum = bias ? (U)bias[o] : 0;                                                     \
                for (d = 0; d < k->depth; d++)                                                     \
                    sum += (U)((x[d] - k->x_zero) * (w[d] - k->w_zero));                           \
                *y++ = (X)CODE(out, (S)sum, o);                                                    \
            }                                                                                      \
    }

/*@ matmul: walk */
/* Products of matrices of m by k and k by n; the walk goes over pairs of them. */
struct matmul {
    struct walk pairs;
    int32_t m, k, n, x_row, x_column, y_row, y_column;
};

/*@ batch_matmul: matmul requant_of */
struct batch_matmul {
    struct matmul of;
    int32_t x_zero, y_zero;
    struct requant out;
};

#define BATCH_MATMUL(NAME, X, S, U, CODE)                                                          \
    static void NAME(const struct batch_matmul *k, const X *x, const X *y, X *out)                 \
    {                                                                                              \
        const struct matmul *of = &k->of;                                                          \
        int32_t at[8] = {0}, r, c, d;                                                              \
        ptrdiff_t offset[3] = {0, 0, 0};                                                           \
        do {                                                                                       \
            for (r = 0; r < of->m; r++)                                                            \
                for (c = 0; c < of->n; c++) {                                                      \
                    const X *p = x + offset[0] + (ptrdiff_t)r * of->x_row;                         \
                    const X *q = y + offset[1] + (ptrdiff_t)c * of->y_column;                      \
                    U sum = 0;                                                                     \
                    for (d = 0; d < of->k; d++)                                                    \
                        sum += (U)((p[d * of->x_column] - k->x_zero) * (q[d * of->y_row] - k->y_zero)); \
                    *out++ = (X)CODE(&k->out, (S)sum, 0);                                          \
                }                                                                                  \
        } while (next(&of->pairs, at, offset));                                                    \
    }
