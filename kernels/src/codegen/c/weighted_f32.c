/*@ conv_f32: image source limits */
/* 2-D convolution; weights are [filters][taps y][taps x][depth], depth divides the channels into groups. */
struct conv_f32 {
    struct image image;
    int32_t depth;
    struct limits out;
};

static void conv_f32(const struct conv_f32 *k, const f32 *x, const f32 *weights, const f32 *bias, f32 *y)
{
    const struct axis *ay = &k->image.y, *ax = &k->image.x;
    int32_t b, oy, ox, f, ky, kx, c, depth = k->depth;
    int32_t per_group = k->image.filters / (k->image.channels / depth);
    for (b = 0; b < k->image.batch; b++)
        for (oy = 0; oy < ay->output; oy++)
            for (ox = 0; ox < ax->output; ox++)
                for (f = 0; f < k->image.filters; f++) {
                    const f32 *w = weights + (ptrdiff_t)f * ay->taps * ax->taps * depth;
                    float sum = 0.0f;
                    for (ky = 0; ky < ay->taps; ky++) {
                        int32_t iy = source(ay, oy, ky);
                        for (kx = 0; kx < ax->taps; kx++, w += depth) {
                            int32_t ix = source(ax, ox, kx);
                            const f32 *p;
                            if (iy < 0 || iy >= ay->input || ix < 0 || ix >= ax->input)
                                continue;
                            p = x + ((ptrdiff_t)(b * ay->input + iy) * ax->input + ix) * k->image.channels;
                            p += f / per_group * depth;
                            for (c = 0; c < depth; c++)
                                sum += p[c] * w[c];
                        }
                    }
                    *y++ = limited(bias ? sum + bias[f] : sum, &k->out);
                }
}

/*@ depthwise_conv_f32: image source limits */
/* Depthwise convolution; weights are [taps y][taps x][filters]. */
struct depthwise_conv_f32 {
    struct image image;
    struct limits out;
};

static void depthwise_conv_f32(const struct depthwise_conv_f32 *k, const f32 *x, const f32 *weights, const f32 *bias, f32 *y)
{
    const struct axis *ay = &k->image.y, *ax = &k->image.x;
    int32_t b, oy, ox, f, ky, kx, filters = k->image.filters, channels = k->image.channels, per_channel = filters / channels;
    for (b = 0; b < k->image.batch; b++)
        for (oy = 0; oy < ay->output; oy++)
            for (ox = 0; ox < ax->output; ox++, y += filters) {
                for (f = 0; f < filters; f++)
                    y[f] = 0.0f;
                for (ky = 0; ky < ay->taps; ky++) {
                    int32_t iy = source(ay, oy, ky);
                    for (kx = 0; kx < ax->taps; kx++) {
                        int32_t ix = source(ax, ox, kx);
                        const f32 *p = x + ((ptrdiff_t)(b * ay->input + iy) * ax->input + ix) * channels;
                        const f32 *w = weights + (ptrdiff_t)(ky * ax->taps + kx) * filters;
                        if (iy < 0 || iy >= ay->input || ix < 0 || ix >= ax->input)
                            continue;
                        if (per_channel == 1)
                            for (f = 0; f < filters; f++)
                                y[f] += p[f] * w[f];
                        else
                            for (f = 0; f < filters; f++)
                                y[f] += p[f / per_channel] * w[f];
                    }
                }
                for (f = 0; f < filters; f++)
                    y[f] = limited(bias ? y[f] + bias[f] : y[f], &k->out);
            }
}

/*@ transpose_conv_f32: image source limits */
/* Gradient of a convolution with respect to its input: y and x are the axes of the forward one, from the result (filters) to the image. */
struct transpose_conv_f32 {
    struct image image;
    struct limits out;
};

static void transpose_conv_f32(const struct transpose_conv_f32 *k, const f32 *x, const f32 *weights, const f32 *bias, f32 *y)
{
    const struct axis *ay = &k->image.y, *ax = &k->image.x;
    int32_t b, ty, tx, f, iy, ix, c, channels = k->image.channels;
    for (b = 0; b < k->image.batch; b++)
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
                            const f32 *p;
                            const f32 *w;
                            float dot = 0.0f;
                            if (kx < 0 || kx >= ax->taps)
                                continue;
                            p = x + ((ptrdiff_t)(b * ay->output + iy) * ax->output + ix) * channels;
                            w = weights + ((ptrdiff_t)(f * ay->taps + ky) * ax->taps + kx) * channels;
                            for (c = 0; c < channels; c++)
                                dot += p[c] * w[c];
                            sum += dot;
                        }
                    }
                    *y++ = limited(bias ? sum + bias[f] : sum, &k->out);
                }
}

/*@ fully_connected_f32: limits */
/* Rows times the transpose of weights [outputs][depth]. */
struct fully_connected_f32 {
    int32_t rows, outputs, depth;
    struct limits out;
};

static void fully_connected_f32(
    const struct fully_connected_f32 *k, const f32 *x, const f32 *weights, const f32 *bias, f32 *y)
{
    int32_t r, o, d, whole = k->depth / 8 * 8, i;
    for (r = 0; r < k->rows; r++, x += k->depth)
        for (o = 0; o < k->outputs; o++) {
            const f32 *w = weights + (ptrdiff_t)o * k->depth;
            float sums[8] = {0}, sum = 0.0f;
            for (d = 0; d < whole; d += 8)
                for (i = 0; i < 8; i++)
                    sums[i] += x[d + i] * w[d + i];
            for (; d < k->depth; d++)
                sum += x[d] * w[d];
            for (i = 0; i < 8; i++)
                sum += sums[i];
            *y++ = limited(bias ? sum + bias[o] : sum, &k->out);
        }
}

/*@ batch_matmul_f32: matmul */
struct batch_matmul_f32 {
    struct matmul of;
};

static void batch_matmul_f32(const struct batch_matmul_f32 *k, const f32 *x, const f32 *y, f32 *out)
{
    const struct matmul *of = &k->of;
    int32_t at[8] = {0}, r, c, d;
    ptrdiff_t offset[3] = {0, 0, 0};
    do {
        for (r = 0; r < of->m; r++)
            for (c = 0; c < of->n; c++) {
                const f32 *p = x + offset[0] + (ptrdiff_t)r * of->x_row, *q = y + offset[1] + (ptrdiff_t)c * of->y_column;
                float sum = 0.0f;
                for (d = 0; d < of->k; d++)
                    sum += p[d * of->x_column] * q[d * of->y_row];
                *out++ = sum;
            }
    } while (next(&of->pairs, at, offset));
}
