/*@ pool_range: window */
/* The taps of an output that lie inside the image. */
static void inside(const struct axis *a, int32_t out, int32_t *first, int32_t *end)
{
    int32_t start = out * a->stride - a->pad;
    *first = start < 0 ? 0 : start;
    *end = start + a->taps < a->input ? start + a->taps : a->input;
}

/*@ pool: image pool_range saturate */
/* Codes of windows, limited. */
struct pool {
    struct image image;
    int32_t min, max;
};

/*@ average_pool: pool */
/* The mean of the codes of each window. */
#define AVERAGE_POOL(NAME, X)                                                                      \
    static void NAME(const struct pool *k, const X *x, X *y)                                       \
    {                                                                                              \
        const struct axis *ay = &k->image.y, *ax = &k->image.x;                                    \
        int32_t b, oy, ox, c, iy, ix, y0, y1, x0, x1, channels = k->image.channels;                \
        for (b = 0; b < k->image.batch; b++)                                                       \
            for (oy = 0; oy < ay->output; oy++)                                                    \
                for (ox = 0; ox < ax->output; ox++) {                                              \
                    int32_t taps;                                                                  \
                    inside(ay, oy, &y0, &y1);                                                      \
                    inside(ax, ox, &x0, &x1);                                                      \
                    taps = (y1 - y0) * (x1 - x0);                                                  \
                    for (c = 0; c < channels; c++) {                                               \
                        int32_t sum = 0;                                                           \
                        for (iy = y0; iy < y1; iy++)                                               \
                            for (ix = x0; ix < x1; ix++)                                           \
                                sum += x[((ptrdiff_t)(b * ay->input + iy) * ax->input + ix) * channels + c]; \
                        sum = sum > 0 ? (sum + taps / 2) / taps : (sum - taps / 2) / taps;         \
                        *y++ = (X)clamp(sum, k->min, k->max);                                      \
                    }                                                                              \
                }                                                                                  \
    }

/*@ max_pool: pool */
/* The highest code of each window. */
#define MAX_POOL(NAME, X, LEAST)                                                                   \
    static void NAME(const struct pool *k, const X *x, X *y)                                       \
    {                                                                                              \
        const struct axis *ay = &k->image.y, *ax = &k->image.x;                                    \
        int32_t b, oy, ox, c, iy, ix, y0, y1, x0, x1, channels = k->image.channels;                \
        for (b = 0; b < k->image.batch; b++)                                                       \
            for (oy = 0; oy < ay->output; oy++)                                                    \
                for (ox = 0; ox < ax->output; ox++, y += channels) {                               \
                    inside(ay, oy, &y0, &y1);                                                      \
                    inside(ax, ox, &x0, &x1);                                                      \
                    for (c = 0; c < channels; c++)                                                 \
                        y[c] = LEAST;                                                              \
                    for (iy = y0; iy < y1; iy++)                                                   \
                        for (ix = x0; ix < x1; ix++) {                                             \
                            const X *p = x + ((ptrdiff_t)(b * ay->input + iy) * ax->input + ix) * channels; \
                            for (c = 0; c < channels; c++)                                         \
                                y[c] = p[c] > y[c] ? p[c] : y[c];                                  \
                        }                                                                          \
                    for (c = 0; c < channels; c++)                                                 \
                        y[c] = (X)clamp(y[c], k->min, k->max);                                     \
                }                                                                                  \
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

/*@ resize: base */
/* For each row and column of the result the two of the input around it, each with its weight. */
struct resize {
    int32_t batch, height, width, channels, rows, columns;
    const int32_t *y, *x;
};

/*@ resize_codes: resize */
/* Weights are in 1/1024. */
struct resize_codes {
    struct resize of;
    const int32_t *y_weights, *x_weights;
};

#define RESIZE_CODES(NAME, X)                                                                      \
    static void NAME(const struct resize_codes *k, const X *x, X *y)                               \
    {                                                                                              \
        const struct resize *of = &k->of;                                                          \
        int32_t b, oy, ox, c, i, j;                                                                \
        for (b = 0; b < of->batch; b++)                                                            \
            for (oy = 0; oy < of->rows; oy++)                                                      \
                for (ox = 0; ox < of->columns; ox++)                                               \
                    for (c = 0; c < of->channels; c++) {                                           \
                        int64_t sum = 0;                                                           \
                        for (i = 0; i < 2; i++)                                                    \
                            for (j = 0; j < 2; j++) {                                              \
                                ptrdiff_t row = (ptrdiff_t)b * of->height + of->y[2 * oy + i];     \
                                sum += (int64_t)x[(row * of->width + of->x[2 * ox + j]) * of->channels + c] \
                                    * k->y_weights[2 * oy + i] * k->x_weights[2 * ox + j];         \
                            }                                                                      \
                        *y++ = (X)((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));          \
                    }                                                                              \
    }

/*@ resize_values: resize */
/* The weight of the second of each pair. */
struct resize_values {
    struct resize of;
    const float *y_weights, *x_weights;
};

#define RESIZE_VALUES(NAME, X, END)                                                                \
    static void NAME(const struct resize_values *k, const X *x, X *y)                              \
    {                                                                                              \
        const struct resize *of = &k->of;                                                          \
        int32_t b, oy, ox, c;                                                                      \
        for (b = 0; b < of->batch; b++)                                                            \
            for (oy = 0; oy < of->rows; oy++)                                                      \
                for (ox = 0; ox < of->columns; ox++) {                                             \
                    float fy = k->y_weights[oy], fx = k->x_weights[ox];                            \
                    const X *y0 = x + ((ptrdiff_t)b * of->height + of->y[2 * oy]) * of->width * of->channels; \
                    const X *y1 = x + ((ptrdiff_t)b * of->height + of->y[2 * oy + 1]) * of->width * of->channels; \
                    int32_t x0 = of->x[2 * ox] * of->channels, x1 = of->x[2 * ox + 1] * of->channels; \
                    for (c = 0; c < of->channels; c++) {                                           \
                        float v = (float)y0[x0 + c] * (1.0f - fy) * (1.0f - fx) + (float)y1[x0 + c] * fy * (1.0f - fx) \
                            + (float)y0[x1 + c] * (1.0f - fy) * fx + (float)y1[x1 + c] * fy * fx;  \
                        *y++ = (X)(END);                                                           \
                    }                                                                              \
                }                                                                                  \
    }
