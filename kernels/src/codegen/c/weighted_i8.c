/*@ conv_i8: image requant */
/* 2-D convolution; weights are [filters][taps y][taps x][depth], depth divides the channels into groups. */
struct conv_i8 {
    struct image image;
    int32_t depth, x_zero;
    const int8_t *weights;
    const int32_t *bias;
    struct requant out;
};

static void conv_i8(const struct conv_i8 *k, const int8_t *x, int8_t *y)
{
    const struct axis *ay = &k->image.y, *ax = &k->image.x;
    int32_t b, oy, ox, f, ky, kx, c, depth = k->depth;
    int32_t per_group = k->image.filters / (k->image.channels / depth);
    for (b = 0; b < k->image.batch; b++)
        for (oy = 0; oy < ay->output; oy++)
            for (ox = 0; ox < ax->output; ox++)
                for (f = 0; f < k->image.filters; f++) {
                    const int8_t *w = k->weights + (ptrdiff_t)f * ay->taps * ax->taps * depth;
                    uint32_t sum = k->bias ? (uint32_t)k->bias[f] : 0;
                    for (ky = 0; ky < ay->taps; ky++) {
                        int32_t iy = source(ay, oy, ky);
                        for (kx = 0; kx < ax->taps; kx++, w += depth) {
                            int32_t ix = source(ax, ox, kx);
                            const int8_t *p;
                            if (iy < 0 || iy >= ay->input || ix < 0 || ix >= ax->input)
                                continue;
                            p = x + ((ptrdiff_t)(b * ay->input + iy) * ax->input + ix) * k->image.channels;
                            p += f / per_group * depth;
                            for (c = 0; c < depth; c++)
                                sum += (uint32_t)((p[c] - k->x_zero) * w[c]);
                        }
                    }
                    *y++ = requantize(&k->out, (int32_t)sum, f);
                }
}

/*@ depthwise_conv_i8: image requant */
/* Depthwise convolution; weights are [taps y][taps x][filters]. */
struct depthwise_conv_i8 {
    struct image image;
    int32_t x_zero;
    const int8_t *weights;
    const int32_t *bias;
    struct requant out;
};

static void depthwise_conv_i8(const struct depthwise_conv_i8 *k, const int8_t *x, int8_t *y)
{
    const struct axis *ay = &k->image.y, *ax = &k->image.x;
    int32_t b, oy, ox, f, ky, kx, per_channel = k->image.filters / k->image.channels;
    for (b = 0; b < k->image.batch; b++)
        for (oy = 0; oy < ay->output; oy++)
            for (ox = 0; ox < ax->output; ox++)
                for (f = 0; f < k->image.filters; f++) {
                    uint32_t sum = k->bias ? (uint32_t)k->bias[f] : 0;
                    for (ky = 0; ky < ay->taps; ky++) {
                        int32_t iy = source(ay, oy, ky);
                        for (kx = 0; kx < ax->taps; kx++) {
                            int32_t ix = source(ax, ox, kx);
                            if (iy < 0 || iy >= ay->input || ix < 0 || ix >= ax->input)
                                continue;
                            sum += (uint32_t)(
                                (x[((ptrdiff_t)(b * ay->input + iy) * ax->input + ix) * k->image.channels + f / per_channel] - k->x_zero)
                                * k->weights[(ky * ax->taps + kx) * k->image.filters + f]);
                        }
                    }
                    *y++ = requantize(&k->out, (int32_t)sum, f);
                }
}

/*@ transpose_conv_i8: image requant */
/* Gradient of a convolution with respect to its input: y and x are the axes of the forward one, from the result (filters) to the image. */
struct transpose_conv_i8 {
    struct image image;
    int32_t x_zero;
    const int8_t *weights;
    const int32_t *bias;
    struct requant out;
};

static void transpose_conv_i8(const struct transpose_conv_i8 *k, const int8_t *x, int8_t *y)
{
    const struct axis *ay = &k->image.y, *ax = &k->image.x;
    int32_t b, ty, tx, f, iy, ix, c, channels = k->image.channels;
    for (b = 0; b < k->image.batch; b++)
        for (ty = 0; ty < ay->input; ty++)
            for (tx = 0; tx < ax->input; tx++)
                for (f = 0; f < k->image.filters; f++) {
                    uint32_t sum = k->bias ? (uint32_t)k->bias[f] : 0;
                    for (iy = 0; iy < ay->output; iy++) {
                        int32_t ky = ty - source(ay, iy, 0);
                        if (ky < 0 || ky >= ay->taps)
                            continue;
                        for (ix = 0; ix < ax->output; ix++) {
                            int32_t kx = tx - source(ax, ix, 0);
                            const int8_t *p, *w;
                            if (kx < 0 || kx >= ax->taps)
                                continue;
                            p = x + ((ptrdiff_t)(b * ay->output + iy) * ax->output + ix) * channels;
                            w = k->weights + ((ptrdiff_t)(f * ay->taps + ky) * ax->taps + kx) * channels;
                            for (c = 0; c < channels; c++)
                                sum += (uint32_t)((p[c] - k->x_zero) * w[c]);
                        }
                    }
                    *y++ = requantize(&k->out, (int32_t)sum, f);
                }
}

/*@ fully_connected_i8: round_f64 add_saturating saturate */
/* Rows times the transpose of weights [outputs][depth]; sums are scaled as doubles, by one ratio or one an output. */
struct fully_connected_i8 {
    int32_t rows, outputs, depth, x_zero, w_zero;
    const int32_t *bias;
    const double *ratios;
    int32_t ratio_step, zero, min, max;
};

static void fully_connected_i8(const struct fully_connected_i8 *k, const int8_t *x, const int8_t *weights, int8_t *y)
{
    int32_t r, o, d;
    for (r = 0; r < k->rows; r++, x += k->depth)
        for (o = 0; o < k->outputs; o++) {
            const int8_t *w = weights + (ptrdiff_t)o * k->depth;
            uint32_t sum = k->bias ? (uint32_t)k->bias[o] : 0;
            for (d = 0; d < k->depth; d++)
                sum += (uint32_t)((x[d] - k->x_zero) * (w[d] - k->w_zero));
            *y++ = (int8_t)clamp(
                add_saturating(round_f64((int32_t)sum * k->ratios[o * k->ratio_step]), k->zero), k->min, k->max);
        }
}

/*@ fully_connected_fixed_i8: requant */
/* The same, sums scaled in fixed point. */
struct fully_connected_fixed_i8 {
    int32_t rows, outputs, depth, x_zero, w_zero;
    const int32_t *bias;
    struct requant out;
};

static void fully_connected_fixed_i8(
    const struct fully_connected_fixed_i8 *k, const int8_t *x, const int8_t *weights, int8_t *y)
{
    int32_t r, o, d;
    for (r = 0; r < k->rows; r++, x += k->depth)
        for (o = 0; o < k->outputs; o++) {
            const int8_t *w = weights + (ptrdiff_t)o * k->depth;
            uint32_t sum = k->bias ? (uint32_t)k->bias[o] : 0;
            for (d = 0; d < k->depth; d++)
                sum += (uint32_t)((x[d] - k->x_zero) * (w[d] - k->w_zero));
            *y++ = requantize(&k->out, (int32_t)sum, o);
        }
}

/*@ matmul: walk */
/* Products of matrices of m by k and k by n; the walk goes over pairs of them. */
struct matmul {
    struct walk pairs;
    int32_t m, k, n, x_row, x_column, y_row, y_column;
};

/*@ batch_matmul_i8: matmul requant */
struct batch_matmul_i8 {
    struct matmul of;
    int32_t x_zero, y_zero;
    struct requant out;
};

static void batch_matmul_i8(const struct batch_matmul_i8 *k, const int8_t *x, const int8_t *y, int8_t *out)
{
    const struct matmul *of = &k->of;
    int32_t at[8] = {0}, r, c, d;
    ptrdiff_t offset[3] = {0, 0, 0};
    do {
        for (r = 0; r < of->m; r++)
            for (c = 0; c < of->n; c++) {
                const int8_t *p = x + offset[0] + (ptrdiff_t)r * of->x_row, *q = y + offset[1] + (ptrdiff_t)c * of->y_column;
                uint32_t sum = 0;
                for (d = 0; d < of->k; d++)
                    sum += (uint32_t)((p[d * of->x_column] - k->x_zero) * (q[d * of->y_row] - k->y_zero));
                *out++ = requantize(&k->out, (int32_t)sum, 0);
            }
    } while (next(&of->pairs, at, offset));
}
