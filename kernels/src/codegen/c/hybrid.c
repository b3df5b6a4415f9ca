/*@ row: base */
/* Values quantized with parameters of their own. */
struct row {
    float scale;
    int32_t zero;
};

/*@ asymmetric: row round_f32 round_f64 add_saturating saturate */
/* To the whole of int8. */
static struct row asymmetric(const f32 *x, int8_t *codes, size_t n)
{
    struct row row = {1.0f, 0};
    float min = 0.0f, max = 0.0f, inverse;
    double step, low, high;
    size_t i;
    for (i = 0; i < n; i++) {
        min = x[i] < min ? x[i] : min;
        max = x[i] > max ? x[i] : max;
        codes[i] = 0;
    }
    if (min == max)
        return row;
    step = (double)(max - min) / 255.0;
    low = min / step;
    high = max / step;
    row.zero = clamp(round_f64(128.0 + (low < 0 ? -low : low) < 127.0 + (high < 0 ? -high : high) ? -128.0 - low : 127.0 - high), -128, 127);
    row.scale = (float)step;
    inverse = 1.0f / row.scale;
    for (i = 0; i < n; i++)
        codes[i] = (int8_t)clamp(add_saturating(row.zero, round_f32(x[i] * inverse)), -128, 127);
    return row;
}

/*@ symmetric: row round_f32 saturate */
/* To -127 .. 127, 0 as 0. */
static struct row symmetric(const f32 *x, int8_t *codes, size_t n)
{
    struct row row = {1.0f, 0};
    float range = 0.0f, inverse;
    size_t i;
    for (i = 0; i < n; i++) {
        float size = x[i] < 0.0f ? -x[i] : x[i];
        range = size > range ? size : range;
        codes[i] = 0;
    }
    if (range == 0.0f)
        return row;
    inverse = 127.0f / range;
    row.scale = range / 127.0f;
    for (i = 0; i < n; i++)
        codes[i] = (int8_t)clamp(round_f32(x[i] * inverse), -127, 127);
    return row;
}

/*@ hybrid: limits */
/* int8 weights with one scale or one a channel (scale_step is 1), and what follows the product. */
struct hybrid {
    const int8_t *weights;
    const float *scales, *bias;
    int32_t scale_step;
    struct limits out;
};

static float finished(const struct hybrid *k, int32_t channel, float product)
{
    return limited(k->bias ? product + k->bias[channel] : product, &k->out);
}

/*@ hybrid_fully_connected: hybrid */
struct hybrid_fully_connected {
    int32_t rows, outputs, depth;
    struct hybrid by;
};

#define HYBRID_FULLY_CONNECTED(NAME, QUANTIZE)                                                     \
    static void NAME(const struct hybrid_fully_connected *k, const f32 *x, f32 *y, int8_t *codes)  \
    {                                                                                              \
        int32_t r, o, d;                                                                           \
        for (r = 0; r < k->rows; r++, x += k->depth) {                                             \
            struct row row = QUANTIZE(x, codes, (size_t)k->depth);                                 \
            for (o = 0; o < k->outputs; o++) {                                                     \
                const int8_t *w = k->by.weights + (ptrdiff_t)o * k->depth;                         \
                int32_t sum = 0;                                                                   \
                for (d = 0; d < k->depth; d++)                                                     \
                    sum += (codes[d] - row.zero) * w[d];                                           \
                *y++ = finished(&k->by, o, (float)sum * (row.scale * k->by.scales[o * k->by.scale_step])); \
            }                                                                                      \
        }                                                                                          \
    }

/*@ hybrid_conv: image source hybrid */
/* PRODUCT joins the sum, the image's scale and the channel's. */
struct hybrid_conv {
    struct image image;
    int32_t depth;
    struct hybrid by;
};

#define HYBRID_CONV(NAME, QUANTIZE, PRODUCT)                                                       \
    static void NAME(const struct hybrid_conv *k, const f32 *x, f32 *y, int8_t *codes)             \
    {                                                                                              \
        const struct axis *ay = &k->image.y, *ax = &k->image.x;                                    \
        int32_t b, oy, ox, f, ky, kx, c, depth = k->depth;                                         \
        int32_t size = ay->input * ax->input * k->image.channels;                                  \
        int32_t per_group = k->image.filters / (k->image.channels / depth);                        \
        for (b = 0; b < k->image.batch; b++, x += size) {                                          \
            struct row row = QUANTIZE(x, codes, (size_t)size);                                     \
            for (oy = 0; oy < ay->output; oy++)                                                    \
                for (ox = 0; ox < ax->output; ox++)                                                \
                    for (f = 0; f < k->image.filters; f++) {                                       \
                        const int8_t *w = k->by.weights + (ptrdiff_t)f * ay->taps * ax->taps * depth; \
                        float scale = k->by.scales[f * k->by.scale_step];                          \
                        int32_t sum = 0;                                                           \
                        for (ky = 0; ky < ay->taps; ky++) {                                        \
                            int32_t iy = source(ay, oy, ky);                                       \
                            for (kx = 0; kx < ax->taps; kx++, w += depth) {                        \
                                int32_t ix = source(ax, ox, kx);                                   \
                                const int8_t *p;                                                   \
                                if (iy < 0 || iy >= ay->input || ix < 0 || ix >= ax->input)        \
                                    continue;                                                      \
                                p = codes + (iy * ax->input + ix) * k->image.channels + f / per_group * depth; \
                                for (c = 0; c < depth; c++)                                        \
                                    sum += (p[c] - row.zero) * w[c];                               \
                            }                                                                      \
                        }                                                                          \
                        *y++ = finished(&k->by, f, PRODUCT);                                       \
                    }                                                                              \
        }                                                                                          \
    }

/*@ hybrid_depthwise_conv: image source hybrid asymmetric */
struct hybrid_depthwise_conv {
    struct image image;
    struct hybrid by;
};

static void hybrid_depthwise_conv(const struct hybrid_depthwise_conv *k, const f32 *x, f32 *y, int8_t *codes)
{
    const struct axis *ay = &k->image.y, *ax = &k->image.x;
    int32_t b, oy, ox, f, ky, kx, filters = k->image.filters, channels = k->image.channels, per_channel = filters / channels;
    int32_t size = ay->input * ax->input * channels;
    for (b = 0; b < k->image.batch; b++, x += size) {
        struct row row = asymmetric(x, codes, (size_t)size);
        for (oy = 0; oy < ay->output; oy++)
            for (ox = 0; ox < ax->output; ox++)
                for (f = 0; f < filters; f++) {
                    int32_t sum = 0;
                    for (ky = 0; ky < ay->taps; ky++) {
                        int32_t iy = source(ay, oy, ky);
                        for (kx = 0; kx < ax->taps; kx++) {
                            int32_t ix = source(ax, ox, kx);
                            if (iy < 0 || iy >= ay->input || ix < 0 || ix >= ax->input)
                                continue;
                            sum += (codes[(iy * ax->input + ix) * channels + f / per_channel] - row.zero)
                                * k->by.weights[(ky * ax->taps + kx) * filters + f];
                        }
                    }
                    *y++ = finished(&k->by, f, (float)sum * (k->by.scales[f * k->by.scale_step] * row.scale));
                }
    }
}

/*@ hybrid_transpose_conv: image source hybrid asymmetric */
/* Every product is added as a float, in the order of the input. */
struct hybrid_transpose_conv {
    struct image image;
    struct hybrid by;
};

static void hybrid_transpose_conv(const struct hybrid_transpose_conv *k, const f32 *x, f32 *y, int8_t *codes)
{
    const struct axis *ay = &k->image.y, *ax = &k->image.x;
    int32_t b, ty, tx, f, iy, ix, c, channels = k->image.channels, size = ay->output * ax->output * channels;
    for (b = 0; b < k->image.batch; b++, x += size) {
        struct row row = asymmetric(x, codes, (size_t)size);
        for (ty = 0; ty < ay->input; ty++)
            for (tx = 0; tx < ax->input; tx++)
                for (f = 0; f < k->image.filters; f++) {
                    float sum = 0.0f;
                    for (iy = 0; iy < ay->output; iy++) {
                        int32_t ky = ty - source(ay, iy, 0);
                        if (ky < 0 || ky >= ay->taps)
                            continue;
                        for (ix = 0; ix < ax->output; ix++) {
                            int32_t kx = tx - source(ax, ix, 0);
                            const int8_t *p = codes + (iy * ax->output + ix) * channels;
                            const int8_t *w = k->by.weights + ((ptrdiff_t)(f * ay->taps + ky) * ax->taps + kx) * channels;
                            if (kx < 0 || kx >= ax->taps)
                                continue;
                            for (c = 0; c < channels; c++)
                                sum += (float)((p[c] - row.zero) * w[c]) * k->by.scales[f * k->by.scale_step] * row.scale;
                        }
                    }
                    *y++ = finished(&k->by, f, sum);
                }
    }
}

/*@ hybrid_batch_matmul: matmul hybrid round_f32 */
struct hybrid_batch_matmul {
    struct matmul of;
    struct hybrid by;
};

/* The sum less the zero point's share, which is taken off as a float. */
static int32_t without_zero(int32_t sum, int32_t column, int32_t zero)
{
    return (int32_t)((float)sum - (float)column * (float)zero);
}

#define HYBRID_BATCH_MATMUL(NAME, QUANTIZE)                                                        \
    static void NAME(const struct hybrid_batch_matmul *k, const f32 *x, f32 *y, f32 *values, int8_t *codes) \
    {                                                                                              \
        const struct matmul *of = &k->of;                                                          \
        int32_t at[8] = {0}, r, c, d;                                                              \
        ptrdiff_t offset[3] = {0, 0, 0};                                                           \
        do {                                                                                       \
            for (r = 0; r < of->m; r++) {                                                          \
                const f32 *p = x + offset[0] + (ptrdiff_t)r * of->x_row;                           \
                struct row row;                                                                    \
                for (d = 0; d < of->k; d++)                                                        \
                    values[d] = p[d * of->x_column];                                               \
                row = QUANTIZE(values, codes, (size_t)of->k);                                      \
                for (c = 0; c < of->n; c++) {                                                      \
                    const int8_t *q = k->by.weights + offset[1] + (ptrdiff_t)c * of->y_column;     \
                    int32_t sum = 0, column = 0;                                                   \
                    for (d = 0; d < of->k; d++) {                                                  \
                        sum += codes[d] * q[d * of->y_row];                                        \
                        column += q[d * of->y_row];                                                \
                    }                                                                              \
                    *y++ = finished(&k->by, c,                                                     \
                        row.scale * k->by.scales[c * k->by.scale_step] * (float)without_zero(sum, column, row.zero)); \
                }                                                                                  \
            }                                                                                      \
        } while (next(&of->pairs, at, offset));                                                    \
    }

/*@ hybrid_blockwise: asymmetric */
/* Rows times the transpose of weights [outputs][blocks][size], each block with a scale. */
struct hybrid_blockwise {
    int32_t rows, outputs, blocks, size;
    const int8_t *weights;
    const float *scales, *bias;
};

static void hybrid_blockwise(const struct hybrid_blockwise *k, const f32 *x, f32 *y, int8_t *codes)
{
    int32_t r, o, b, d, depth = k->blocks * k->size;
    for (r = 0; r < k->rows; r++, x += depth) {
        struct row row = asymmetric(x, codes, (size_t)depth);
        const int8_t *w = k->weights;
        const float *scale = k->scales;
        for (o = 0; o < k->outputs; o++) {
            const int8_t *q = codes;
            float sum = 0.0f, of_zero = 0.0f;
            for (b = 0; b < k->blocks; b++, scale++) {
                int32_t product = 0, of_codes = 0;
                for (d = 0; d < k->size; d++, q++, w++) {
                    product += *q * *w;
                    of_codes += *w;
                }
                sum += (float)product * *scale;
                of_zero += *scale * (float)of_codes;
            }
            sum = (sum - (float)row.zero * of_zero) * row.scale;
            *y++ = k->bias ? sum + k->bias[o] : sum;
        }
    }
}

/*@ hybrid_embedding: base */
/* Rows of a table of int8 codes times their scales; 0 if an index lies outside. */
struct hybrid_embedding {
    int32_t indices, rows, run, scale_step;
    const int8_t *table;
    const float *scales;
};

static int hybrid_embedding(const struct hybrid_embedding *k, const i32 *indices, f32 *y)
{
    int32_t i, j;
    for (i = 0; i < k->indices; i++) {
        int32_t row = indices[i];
        if (row < 0 || row >= k->rows)
            return 0;
        for (j = 0; j < k->run; j++)
            *y++ = (float)k->table[(ptrdiff_t)row * k->run + j] * k->scales[row * k->scale_step];
    }
    return 1;
}
