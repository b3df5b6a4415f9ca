/*@ panels_i8: sixteen copy */
/* Weights of `outputs` rows of `depth`, packed as [panel of 16 outputs][quad][16][4] and filled up with 0. The bias, filled up to a multiple of
   16, is less the sum of an output's weights times the code of 0. `lowest` says that a weight is -128. */
struct panels_i8 {
    int32_t outputs, depth, lowest;
    const int8_t *weights;
    const int32_t *bias;
    struct from_sums out;
};

/* Sums for any weight. */
static void any_panel_i8(const struct panels_i8 *k, const int8_t *x, const int8_t *w, const int32_t *bias, int32_t sums[16])
{
    int32_t o, d, i;
    for (o = 0; o < 16; o++)
        sums[o] = bias[o];
    for (d = 0; d < k->depth; d += 4, w += 64) {
        int32_t n = k->depth - d < 4 ? k->depth - d : 4;
        for (o = 0; o < 16; o++) {
            int32_t sum = 0;
            for (i = 0; i < n; i++)
                sum += x[d + i] * w[4 * o + i];
            sums[o] = (int32_t)((uint32_t)sums[o] + (uint32_t)sum);
        }
    }
}

#if ROWS_TOGETHER > 1
/* Four codes, or the n last ones of a row. */
INLINE int32_t quad_i8(const int8_t *x)
{
    int32_t quad;
    copy(&quad, x, 4);
    return quad;
}

INLINE int32_t rest_i8(const int8_t *x, int32_t n)
{
    uint32_t quad = (uint8_t)x[0];
    if (n > 1)
        quad |= (uint32_t)(uint8_t)x[1] << 8;
    if (n > 2)
        quad |= (uint32_t)(uint8_t)x[2] << 16;
    return (int32_t)quad;
}

/* Up to four rows of x, times one panel. */
INLINE void panel_i8(
    const int rows, const struct panels_i8 *k, const struct scale *scale, const int8_t *x, ptrdiff_t x_step, const int8_t *w, int32_t at,
    int8_t *y, ptrdiff_t y_step)
{
    struct sums a = load_sums(k->bias + at), b = a, c = a, d = a;
    const int8_t *p = x, *q = x + x_step, *r = x + 2 * x_step, *t = x + 3 * x_step;
    int32_t i, n = k->outputs - at < 16 ? k->outputs - at : 16, rest = k->depth % 4;
    for (i = 0; i + 4 <= k->depth; i += 4, w += 64) {
        a = dot_quad(a, w, quad_i8(p + i));
        if (rows > 1)
            b = dot_quad(b, w, quad_i8(q + i));
        if (rows > 2)
            c = dot_quad(c, w, quad_i8(r + i));
        if (rows > 3)
            d = dot_quad(d, w, quad_i8(t + i));
    }
    if (rest) {
        a = dot_quad(a, w, rest_i8(p + i, rest));
        if (rows > 1)
            b = dot_quad(b, w, rest_i8(q + i, rest));
        if (rows > 2)
            c = dot_quad(c, w, rest_i8(r + i, rest));
        if (rows > 3)
            d = dot_quad(d, w, rest_i8(t + i, rest));
    }
    write_rows(rows, a, b, c, d, &k->out, scale, at, n, y, y_step);
}

APART void panel_1_i8(
    const struct panels_i8 *k, const struct scale *scale, const int8_t *x, ptrdiff_t x_step, const int8_t *w, int32_t at, int8_t *y,
    ptrdiff_t y_step)
{
    panel_i8(1, k, scale, x, x_step, w, at, y, y_step);
}

APART void panel_2_i8(
    const struct panels_i8 *k, const struct scale *scale, const int8_t *x, ptrdiff_t x_step, const int8_t *w, int32_t at, int8_t *y,
    ptrdiff_t y_step)
{
    panel_i8(2, k, scale, x, x_step, w, at, y, y_step);
}

APART void panel_3_i8(
    const struct panels_i8 *k, const struct scale *scale, const int8_t *x, ptrdiff_t x_step, const int8_t *w, int32_t at, int8_t *y,
    ptrdiff_t y_step)
{
    panel_i8(3, k, scale, x, x_step, w, at, y, y_step);
}

APART void panel_4_i8(
    const struct panels_i8 *k, const struct scale *scale, const int8_t *x, ptrdiff_t x_step, const int8_t *w, int32_t at, int8_t *y,
    ptrdiff_t y_step)
{
    panel_i8(4, k, scale, x, x_step, w, at, y, y_step);
}
#endif

/* Rows of x times all panels; rows of x and y stand a step apart. */
static void panels_i8(const struct panels_i8 *k, const int8_t *x, ptrdiff_t x_step, int32_t rows, int8_t *y, ptrdiff_t y_step)
{
    int32_t at, row;
    ptrdiff_t panel = (ptrdiff_t)(k->depth + 3) / 4 * 64;
    for (at = 0; at < k->outputs; at += 16) {
        const int8_t *w = k->weights + at / 16 * panel;
        struct scale scale = scale_of(&k->out, at);
        row = 0;
#if ROWS_TOGETHER > 1
        if (!k->lowest) {
            for (; row + 4 <= rows; row += 4)
                panel_4_i8(k, &scale, x + row * x_step, x_step, w, at, y + row * y_step + at, y_step);
            if (rows - row == 3)
                panel_3_i8(k, &scale, x + row * x_step, x_step, w, at, y + row * y_step + at, y_step);
            else if (rows - row == 2)
                panel_2_i8(k, &scale, x + row * x_step, x_step, w, at, y + row * y_step + at, y_step);
            else if (rows - row == 1)
                panel_1_i8(k, &scale, x + row * x_step, x_step, w, at, y + row * y_step + at, y_step);
            continue;
        }
#endif
        for (; row < rows; row++) {
            int32_t sums[16], n = k->outputs - at < 16 ? k->outputs - at : 16;
            struct sums s;
            any_panel_i8(k, x + row * x_step, w, k->bias + at, sums);
            s = load_sums(sums);
            write_rows(1, s, s, s, s, &k->out, &scale, at, n, y + row * y_step + at, y_step);
        }
    }
}

/*@ fully_connected_packed_i8: panels_i8 */
static void fully_connected_packed_i8(const struct panels_i8 *k, int32_t rows, const int8_t *x, int8_t *y)
{
    panels_i8(k, x, k->depth, rows, y, k->outputs);
}

/*@ conv_packed_i8: panels_i8 image */
/* 2-D convolution; one set of panels for each group of channels. `tile` output pixels have their patches gathered in the scratch, of
   tile * panels->depth bytes, at a time; with a tile of 0 the image is read as it is (1x1, stride 1, one group) and there is no scratch. */
struct conv_packed_i8 {
    struct image image;
    int32_t groups, tile, x_zero;
    const struct panels_i8 *panels;
};

/* Copies short runs without a call. */
INLINE void copy_run(int8_t *to, const int8_t *from, ptrdiff_t n)
{
    ptrdiff_t i;
    if (n >= 16) {
        for (i = 0; i + 16 < n; i += 16)
            copy(to + i, from + i, 16);
        copy(to + n - 16, from + n - 16, 16);
    } else if (n >= 8) {
        copy(to, from, 8);
        copy(to + n - 8, from + n - 8, 8);
    } else {
        for (i = 0; i < n; i++)
            to[i] = from[i];
    }
}

INLINE void fill_run(int8_t *to, int32_t code, ptrdiff_t n)
{
    for (; n > 0; n--)
        *to++ = (int8_t)code;
}

/* Copies the codes under the window of one output pixel, of `depth` channels from `first` on. */
static void patch_i8(
    const struct conv_packed_i8 *k, const int8_t *x, int32_t oy, int32_t ox, int32_t first, int32_t depth, int8_t *to)
{
    const struct axis *ay = &k->image.y, *ax = &k->image.x;
    int32_t ky, kx, c = k->image.channels, ix = source(ax, ox, 0);
    ptrdiff_t line = (ptrdiff_t)ax->taps * depth;
    int whole = depth == c && ax->dilation == 1 && ix >= 0 && ix + ax->taps <= ax->input;
    for (ky = 0; ky < ay->taps; ky++, to += line) {
        int32_t iy = source(ay, oy, ky);
        const int8_t *row = x + (ptrdiff_t)iy * ax->input * c + first;
        if (iy < 0 || iy >= ay->input) {
            fill_run(to, k->x_zero, line);
            continue;
        }
        if (whole) {
            copy_run(to, row + (ptrdiff_t)ix * c, line);
            continue;
        }
        for (kx = 0; kx < ax->taps; kx++) {
            int32_t at = source(ax, ox, kx);
            if (at < 0 || at >= ax->input)
                fill_run(to + (ptrdiff_t)kx * depth, k->x_zero, depth);
            else
                copy_run(to + (ptrdiff_t)kx * depth, row + (ptrdiff_t)at * c, depth);
        }
    }
}

static void conv_packed_i8(const struct conv_packed_i8 *k, const int8_t *x, int8_t *y, int8_t *scratch)
{
    int32_t c = k->image.channels, o = k->image.filters, width = k->image.x.output, area = k->image.y.output * width;
    int32_t b, first, i, g, depth = c / k->groups;
    if (!k->tile) {
        panels_i8(k->panels, x, c, k->image.batch * area, y, o);
        return;
    }
    for (b = 0; b < k->image.batch; b++, x += (ptrdiff_t)k->image.y.input * k->image.x.input * c)
        for (first = 0; first < area; first += k->tile) {
            int32_t n = area - first < k->tile ? area - first : k->tile;
            for (g = 0; g < k->groups; g++) {
                const struct panels_i8 *p = k->panels + g;
                int32_t oy = first / width, ox = first % width;
                for (i = 0; i < n; i++) {
                    patch_i8(k, x, oy, ox, depth * g, depth, scratch + (ptrdiff_t)i * p->depth);
                    if (++ox == width) {
                        ox = 0;
                        oy++;
                    }
                }
                panels_i8(p, scratch, p->depth, n, y + (ptrdiff_t)g * p->outputs, o);
            }
            y += (ptrdiff_t)n * o;
        }
}

/*@ depthwise_packed_i8: sixteen copy image */
/* Depthwise convolution; weights are [block of 16 channels][pair of taps][16][2], filled up with 0, and the bias as in panels_i8. The scratch
   is a ring of `reach` lines of `line` codes of 16 bits: padded rows of the image, with each channel as often as the result has it. It has
   16 codes more.
   `offsets` are where the taps of the first output stand when the topmost line is the first, second, ... of the ring; an even number each. */
struct depthwise_packed_i8 {
    struct image image;
    int32_t x_zero, reach, line, taps;
    const int32_t *offsets;
    const int8_t *weights;
    const int32_t *bias;
    struct from_sums out;
};

static void padded_line_i8(const struct depthwise_packed_i8 *k, const int8_t *row, i16 *to)
{
    const struct axis *ax = &k->image.x;
    int32_t c = k->image.channels, o = k->image.filters, i, m;
    int32_t left = ax->pad * o, n = ax->input * o < k->line - left ? ax->input * o : k->line - left;
    if (!row) {
        for (i = 0; i < k->line; i++)
            to[i] = (int16_t)k->x_zero;
        return;
    }
    for (i = 0; i < left; i++)
        to[i] = (int16_t)k->x_zero;
    for (i = left + n; i < k->line; i++)
        to[i] = (int16_t)k->x_zero;
    to += left;
    if (o == c) {
        for (i = 0; i + 16 <= n; i += 16)
            widen(row + i, to + i);
        for (; i < n; i++)
            to[i] = row[i];
        return;
    }
    for (i = 0; i < n; i += o / c, row++)
        for (m = 0; m < o / c; m++)
            *to++ = *row;
}

/* Neighbouring outputs of sixteen channels, of which n are written. */
INLINE void depthwise_pixels_i8(
    const int pixels, const struct depthwise_packed_i8 *k, const struct scale *scale, const i16 *x, const int32_t *offsets, int32_t at, int8_t *y)
{
    int32_t t, o = k->image.filters, n = o - at < 16 ? o - at : 16;
    ptrdiff_t step = (ptrdiff_t)k->image.x.stride * o;
    const int8_t *w = k->weights + (ptrdiff_t)at * k->taps;
    struct sums a = load_sums(k->bias + at), b = a, c = a, d = a;
    for (t = 0; t < k->taps; t += 2, w += 32) {
        const i16 *p = x + offsets[t], *q = x + offsets[t + 1];
        a = dot_pair(a, w, p, q);
        if (pixels > 1)
            b = dot_pair(b, w, p + step, q + step);
        if (pixels > 2)
            c = dot_pair(c, w, p + 2 * step, q + 2 * step);
        if (pixels > 3)
            d = dot_pair(d, w, p + 3 * step, q + 3 * step);
    }
    write_rows(pixels, a, b, c, d, &k->out, scale, at, n, y, o);
}

/* One row of outputs. */
APART void depthwise_row_i8(const struct depthwise_packed_i8 *k, const i16 *x, const int32_t *offsets, int8_t *y)
{
    int32_t at, ox, o = k->image.filters, width = k->image.x.output;
    ptrdiff_t step = (ptrdiff_t)k->image.x.stride * o;
    for (at = 0; at < o; at += 16) {
        struct scale scale = scale_of(&k->out, at);
        for (ox = 0; ox + ROWS_TOGETHER <= width; ox += ROWS_TOGETHER)
            depthwise_pixels_i8(ROWS_TOGETHER, k, &scale, x + ox * step + at, offsets, at, y + (ptrdiff_t)ox * o + at);
        for (; ox < width; ox++)
            depthwise_pixels_i8(1, k, &scale, x + ox * step + at, offsets, at, y + (ptrdiff_t)ox * o + at);
    }
}

static void depthwise_packed_i8(const struct depthwise_packed_i8 *k, const int8_t *x, int8_t *y, i16 *scratch)
{
    const struct axis *ay = &k->image.y, *ax = &k->image.x;
    int32_t b, oy, line, o = k->image.filters;
    ptrdiff_t row = (ptrdiff_t)ax->input * k->image.channels;
    for (b = 0; b < k->image.batch; b++, x += ay->input * row)
        for (oy = 0; oy < ay->output; oy++) {
            int32_t first = oy * ay->stride, ready = oy ? first - ay->stride + k->reach : 0;
            const int32_t *offsets = k->offsets + first % k->reach * k->taps;
            for (line = first > ready ? first : ready; line < first + k->reach; line++) {
                int32_t iy = line - ay->pad;
                padded_line_i8(k, iy < 0 || iy >= ay->input ? 0 : x + iy * row, scratch + (ptrdiff_t)(line % k->reach) * k->line);
            }
            depthwise_row_i8(k, scratch, offsets, y);
            y += (ptrdiff_t)ax->output * o;
        }
}

/*@ join_packed_i8: sixteen copy */
/* Sum, difference, squared difference or product of two operands, each with a step of 1, or of 0 for one element that meets all. Codes less
   their zero are shifted left and scaled (not for a product), joined, scaled again, and moved by `zero`. */
enum { SUM, DIFFERENCE, SQUARED_DIFFERENCE, PRODUCT };
struct side_i8 {
    int32_t zero, left, mantissa, shift;
};
struct join_packed_i8 {
    int32_t kind;
    struct side_i8 a, b;
    int32_t mantissa, shift, zero, min, max;
};

INLINE int32_t joined_i8(const struct join_packed_i8 *k, int32_t a, int32_t b)
{
    uint32_t joined;
    a -= k->a.zero;
    b -= k->b.zero;
    if (k->kind == PRODUCT) {
        joined = (uint32_t)(a * b);
    } else {
        a = rescaled(a * ((int32_t)1 << k->a.left), k->a.mantissa, k->a.shift, 0);
        b = rescaled(b * ((int32_t)1 << k->b.left), k->b.mantissa, k->b.shift, 0);
        joined = k->kind == SUM ? (uint32_t)a + (uint32_t)b : (uint32_t)a - (uint32_t)b;
        if (k->kind == SQUARED_DIFFERENCE)
            joined *= joined;
    }
    a = (int32_t)((uint32_t)rescaled((int32_t)joined, k->mantissa, k->shift, 0) + (uint32_t)k->zero);
    a = a < k->max ? a : k->max;
    return a > k->min ? a : k->min;
}

#if ROWS_TOGETHER > 1
INLINE void uniform_scale(struct scale *by, int32_t mantissa, int32_t shift, int32_t zero)
{
    int32_t mantissas[16], shifts[16], i;
    for (i = 0; i < 16; i++) {
        mantissas[i] = mantissa;
        shifts[i] = shift;
    }
    load_factors(by, mantissas, shifts, 0, zero);
}

INLINE int32_t join_sixteen_i8(
    const int kind, const struct join_packed_i8 *k, const int8_t *a, int32_t a_step, const int8_t *b, int32_t b_step, int8_t *y, int32_t n)
{
    struct scale by_a, by_b, by;
    int8_t one_a[16], one_b[16];
    int32_t i;
    uniform_scale(&by_a, k->a.mantissa, k->a.shift, 0);
    uniform_scale(&by_b, k->b.mantissa, k->b.shift, 0);
    uniform_scale(&by, k->mantissa, k->shift, k->zero);
    load_limits(&by, k->min, k->max);
    for (i = 0; i < 16; i++) {
        one_a[i] = a[0];
        one_b[i] = b[0];
    }
    for (i = 0; i + 16 <= n; i += 16) {
        struct sums p = load_codes(a_step ? a + i : one_a, k->a.zero), q = load_codes(b_step ? b + i : one_b, k->b.zero);
        if (kind == PRODUCT) {
            p = mul_sums(p, q);
        } else {
            p = rescale(shift_sums(p, k->a.left), &by_a);
            q = rescale(shift_sums(q, k->b.left), &by_b);
            p = kind == SUM ? add_sums(p, q) : sub_sums(p, q);
            if (kind == SQUARED_DIFFERENCE)
                p = mul_sums(p, p);
        }
        store_codes(rescale(p, &by), &by, y + i);
    }
    return i;
}
#endif

static void join_packed_i8(
    const struct join_packed_i8 *k, const int8_t *a, int32_t a_step, const int8_t *b, int32_t b_step, int8_t *y, int32_t n)
{
    int32_t i = 0;
#if ROWS_TOGETHER > 1
    if (n > 0 && k->shift < 0 && (k->kind == PRODUCT || (k->a.shift < 0 && k->b.shift < 0))) {
        if (k->kind == SUM)
            i = join_sixteen_i8(SUM, k, a, a_step, b, b_step, y, n);
        else if (k->kind == DIFFERENCE)
            i = join_sixteen_i8(DIFFERENCE, k, a, a_step, b, b_step, y, n);
        else if (k->kind == SQUARED_DIFFERENCE)
            i = join_sixteen_i8(SQUARED_DIFFERENCE, k, a, a_step, b, b_step, y, n);
        else
            i = join_sixteen_i8(PRODUCT, k, a, a_step, b, b_step, y, n);
    }
#endif
    for (; i < n; i++)
        y[i] = (int8_t)joined_i8(k, a[i * a_step], b[i * b_step]);
}
