/*@ panels_i8: write_rows quads copy */
/* Weights of `outputs` rows of `depth`, packed as [panel of 16 outputs][quad][16][4] and filled up with 0. The bias, filled up to a multiple of
   16, is less the sum of an output's weights times the code of 0. `lowest` says that a weight is -128. */
struct panels_i8 {
    int32_t outputs, depth, lowest;
    const int8_t *weights;
    const int32_t *bias;
    struct from_sums out;
};

/* Sums of one row for any weight. */
static struct sums any_panel_i8(const struct panels_i8 *k, const int8_t *x, const int8_t *w, int32_t at)
{
    int32_t sums[16], quads = k->depth / 4, rest = k->depth % 4, i;
    int8_t last[4] = {0};
    copy(sums, k->bias + at, sizeof sums);
    quads_i8(sums, x, w, quads);
    if (rest) {
        for (i = 0; i < rest; i++)
            last[i] = x[4 * quads + i];
        quads_i8(sums, last, w + (ptrdiff_t)quads * 64, 1);
    }
    return load_sums(sums);
}

#if ROWS_TOGETHER > 1
/* Four codes, or the n last ones of a row. */
INLINE struct quad quad_i8(const int8_t *x)
{
    int32_t quad;
    copy(&quad, x, 4);
    return load_quad(quad);
}

INLINE struct quad rest_i8(const int8_t *x, int32_t n)
{
    uint32_t quad = (uint8_t)x[0];
    if (n > 1)
        quad |= (uint32_t)(uint8_t)x[1] << 8;
    if (n > 2)
        quad |= (uint32_t)(uint8_t)x[2] << 16;
    return load_quad((int32_t)quad);
}

/* A stretch of the depth, whose weights of two panels stay in the first cache. */
enum { STRETCH = 384 };
struct stretch {
    int32_t from, to;
};

/* Adds the products of a stretch to the sums of up to two rows of x for one panel; the first one begins with the bias. */
INLINE void panel_i8(
    const int rows, const struct panels_i8 *k, struct stretch s, const int8_t *x, ptrdiff_t x_step, const int8_t *w, int32_t at,
    struct sums *sums)
{
    struct sums a = s.from ? sums[0] : load_sums(k->bias + at), b = s.from && rows > 1 ? sums[1] : a;
    int32_t i, rest = s.to % 4;
    w += (ptrdiff_t)s.from * 16;
    for (i = s.from; i + 4 <= s.to; i += 4, w += 64) {
        if (rows > 1)
            dot_two(&a, &b, w, quad_i8(x + i), quad_i8(x + x_step + i));
        else
            dot_quad(&a, w, quad_i8(x + i));
    }
    if (rest) {
        dot_quad(&a, w, rest_i8(x + i, rest));
        if (rows > 1)
            dot_quad(&b, w, rest_i8(x + x_step + i, rest));
    }
    sums[0] = a;
    if (rows > 1)
        sums[1] = b;
}

/* The same for two panels, which use what is made of x twice. */
INLINE void two_panels_i8(
    const int rows, const struct panels_i8 *k, struct stretch s, const int8_t *x, ptrdiff_t x_step, const int8_t *w, int32_t at,
    struct sums *sums, struct sums *next)
{
    const int8_t *v = w + (ptrdiff_t)(k->depth + 3) / 4 * 64;
    struct sums a = s.from ? sums[0] : load_sums(k->bias + at), b = s.from && rows > 1 ? sums[1] : a;
    struct sums c = s.from ? next[0] : load_sums(k->bias + at + 16), d = s.from && rows > 1 ? next[1] : c;
    struct quad p, q;
    int32_t i, rest = s.to % 4;
    w += (ptrdiff_t)s.from * 16;
    v += (ptrdiff_t)s.from * 16;
    for (i = s.from; i + 4 <= s.to; i += 4, w += 64, v += 64) {
        p = quad_i8(x + i);
        if (rows > 1) {
            q = quad_i8(x + x_step + i);
            dot_two(&a, &b, w, p, q);
            dot_two(&c, &d, v, p, q);
        } else {
            dot_quad(&a, w, p);
            dot_quad(&c, v, p);
        }
    }
    if (rest) {
        p = rest_i8(x + i, rest);
        dot_quad(&a, w, p);
        dot_quad(&c, v, p);
        if (rows > 1) {
            q = rest_i8(x + x_step + i, rest);
            dot_quad(&b, w, q);
            dot_quad(&d, v, q);
        }
    }
    sums[0] = a;
    next[0] = c;
    if (rows > 1) {
        sums[1] = b;
        next[1] = d;
    }
}

APART void rows_two_panels_i8(
    const struct panels_i8 *k, struct stretch s, const int8_t *x, ptrdiff_t x_step, int32_t rows, const int8_t *w, int32_t at,
    struct sums *sums, struct sums *next)
{
    int32_t row = 0;
    for (; row + 2 <= rows; row += 2)
        two_panels_i8(2, k, s, x + row * x_step, x_step, w, at, sums + row, next + row);
    if (row < rows)
        two_panels_i8(1, k, s, x + row * x_step, x_step, w, at, sums + row, next + row);
}
#endif

/* Sums of rows of x for one panel. */
APART void rows_panel_i8(
    const struct panels_i8 *k, const int8_t *x, ptrdiff_t x_step, int32_t rows, const int8_t *w, int32_t at, struct sums *sums)
{
    int32_t row = 0;
#if ROWS_TOGETHER > 1
    if (!k->lowest) {
        struct stretch all = {0, k->depth};
        for (; row + 2 <= rows; row += 2)
            panel_i8(2, k, all, x + row * x_step, x_step, w, at, sums + row);
        if (row < rows)
            panel_i8(1, k, all, x + row * x_step, x_step, w, at, sums + row);
        return;
    }
#endif
    for (; row < rows; row++)
        sums[row] = any_panel_i8(k, x + row * x_step, w, at);
}

/* Writes what panel `at` makes of the sums of rows. */
static void write_panel_i8(const struct panels_i8 *k, int32_t rows, struct sums *sums, int32_t at, int8_t *y, ptrdiff_t y_step)
{
    struct scale scale = scale_of(&k->out, at);
    write_rows(rows, sums, &k->out, &scale, at, k->outputs - at < 16 ? k->outputs - at : 16, y + at, y_step);
}

/* Rows of x times all panels, some rows at a time, whose codes stay in the first cache; rows of x and y stand a step apart. */
static void panels_i8(const struct panels_i8 *k, const int8_t *x, ptrdiff_t x_step, int32_t rows, int8_t *y, ptrdiff_t y_step)
{
    struct sums sums[ROWS_OF_SUMS];
    ptrdiff_t panel = (ptrdiff_t)(k->depth + 3) / 4 * 64;
    int32_t at, some;
    for (; rows > 0; rows -= some, x += some * x_step, y += some * y_step) {
        const int8_t *w = k->weights;
        some = rows < ROWS_OF_SUMS ? rows : ROWS_OF_SUMS;
        at = 0;
#if ROWS_TOGETHER > 1
        for (; at + 16 < k->outputs && !k->lowest; at += 32, w += 2 * panel) {
            struct sums next[ROWS_OF_SUMS];
            struct stretch s;
            for (s.from = 0; s.from < k->depth; s.from = s.to) {
                s.to = k->depth - s.from < STRETCH ? k->depth : s.from + STRETCH;
                rows_two_panels_i8(k, s, x, x_step, some, w, at, sums, next);
            }
            write_panel_i8(k, some, sums, at, y, y_step);
            write_panel_i8(k, some, next, at + 16, y, y_step);
        }
#endif
        for (; at < k->outputs; at += 16, w += panel) {
            rows_panel_i8(k, x, x_step, some, w, at, sums);
            write_panel_i8(k, some, sums, at, y, y_step);
        }
    }
}

/*@ fully_connected_packed_i8: panels_i8 */
static void fully_connected_packed_i8(const struct panels_i8 *k, int32_t rows, const int8_t *x, int8_t *y)
{
    panels_i8(k, x, k->depth, rows, y, k->outputs);
}

/*@ conv_packed_i8: panels_i8 image source */
/* 2-D convolution; one set of panels for each group of channels. `tile` output pixels have their patches gathered in the scratch, of
   tile * panels->depth bytes, at a time; a patch is filled up to whole quads, whose weights are 0. With a tile of 0 the image is read as it
   is (1x1, stride 1, one group) and there is no scratch. */
struct conv_packed_i8 {
    struct image image;
    int32_t groups, tile, x_zero;
    const struct panels_i8 *panels;
};

INLINE void fill_run(int8_t *to, int32_t code, ptrdiff_t n)
{
    for (; n > 0; n--)
        *to++ = (int8_t)code;
}

/* Copies `count` runs of n codes without calls: in pieces of a fixed size, of which the last one may overlap. */
INLINE void copy_runs(int8_t *to, ptrdiff_t to_step, const int8_t *from, ptrdiff_t from_step, ptrdiff_t n, int32_t count)
{
    ptrdiff_t i;
    if (n >= 16)
        for (; count > 0; count--, to += to_step, from += from_step) {
            for (i = 0; i + 16 < n; i += 16)
                copy(to + i, from + i, 16);
            copy(to + n - 16, from + n - 16, 16);
        }
    else if (n >= 8)
        for (; count > 0; count--, to += to_step, from += from_step) {
            copy(to, from, 8);
            copy(to + n - 8, from + n - 8, 8);
        }
    else
        for (; count > 0; count--, to += to_step, from += from_step)
            for (i = 0; i < n; i++)
                to[i] = from[i];
}

/* Copies the codes under one tap of one row of windows, of `count` output pixels from `ox` on: `depth` channels from `first` on, `to_step`
   apart. */
static void tap_i8(
    const struct conv_packed_i8 *k, const int8_t *row, int32_t tap, int32_t ox, int32_t count, int32_t first, int32_t depth, int8_t *to,
    ptrdiff_t to_step)
{
    const struct axis *ax = &k->image.x;
    int32_t c = k->image.channels;
    for (; count > 0; count--, ox++, to += to_step) {
        int32_t ix = source(ax, ox, tap);
        if (ix < 0 || ix >= ax->input)
            fill_run(to, k->x_zero, depth);
        else
            copy_runs(to, 0, row + (ptrdiff_t)ix * c + first, 0, depth, 1);
    }
}

/* Copies the codes under one row of the windows of `count` output pixels from `ox` on. */
static void line_i8(
    const struct conv_packed_i8 *k, const int8_t *row, int32_t ox, int32_t count, int32_t first, int32_t depth, int8_t *to, ptrdiff_t to_step)
{
    const struct axis *ax = &k->image.x;
    int32_t i, tap, c = k->image.channels, inside = 0, before = 0;
    ptrdiff_t line = (ptrdiff_t)ax->taps * depth;
    if (!row) {
        for (i = 0; i < count; i++)
            fill_run(to + i * to_step, k->x_zero, line);
        return;
    }
    if (depth == c && ax->dilation == 1) {
        /* Where windows lie whole in the image, their rows are runs of codes. */
        while (before < count && source(ax, ox + before, 0) < 0)
            before++;
        inside = count - before;
        while (inside > 0 && source(ax, ox + before + inside - 1, 0) + ax->taps > ax->input)
            inside--;
        if (inside > 0)
            copy_runs(
                to + before * to_step, to_step, row + (ptrdiff_t)source(ax, ox + before, 0) * c, (ptrdiff_t)ax->stride * c, line, inside);
    }
    for (tap = 0; tap < ax->taps; tap++, to += depth) {
        i = before + inside;
        tap_i8(k, row, tap, ox, before, first, depth, to, to_step);
        tap_i8(k, row, tap, ox + i, count - i, first, depth, to + i * to_step, to_step);
    }
}

/* Gathers the patches of n output pixels from number `at` on. */
static void patches_i8(
    const struct conv_packed_i8 *k, const int8_t *x, int32_t at, int32_t n, int32_t first, int32_t depth, int8_t *to, ptrdiff_t to_step)
{
    const struct axis *ay = &k->image.y, *ax = &k->image.x;
    int32_t ky, some, oy = at / ax->output, ox = at % ax->output;
    for (; n > 0; n -= some, ox = 0, oy++, to += some * to_step) {
        some = n < ax->output - ox ? n : ax->output - ox;
        for (ky = 0; ky < ay->taps; ky++) {
            int32_t iy = source(ay, oy, ky);
            const int8_t *row = iy < 0 || iy >= ay->input ? 0 : x + (ptrdiff_t)iy * ax->input * k->image.channels;
            line_i8(k, row, ox, some, first, depth, to + (ptrdiff_t)ky * ax->taps * depth, to_step);
        }
    }
}

static void conv_packed_i8(const struct conv_packed_i8 *k, const int8_t *x, int8_t *y, int8_t *scratch)
{
    int32_t c = k->image.channels, o = k->image.filters, area = k->image.y.output * k->image.x.output;
    int32_t b, at, g, depth = c / k->groups;
    if (!k->tile) {
        panels_i8(k->panels, x, c, k->image.batch * area, y, o);
        return;
    }
    fill_run(scratch, 0, (ptrdiff_t)k->tile * k->panels->depth);
    for (b = 0; b < k->image.batch; b++, x += (ptrdiff_t)k->image.y.input * k->image.x.input * c)
        for (at = 0; at < area; at += k->tile) {
            int32_t n = area - at < k->tile ? area - at : k->tile;
            for (g = 0; g < k->groups; g++) {
                const struct panels_i8 *p = k->panels + g;
                patches_i8(k, x, at, n, depth * g, depth, scratch, p->depth);
                panels_i8(p, scratch, p->depth, n, y + (ptrdiff_t)g * p->outputs, o);
            }
            y += (ptrdiff_t)n * o;
        }
}

/*@ depthwise_packed_i8: write_rows copy image */
/* Depthwise convolution; weights are [block of 16 channels][couple of taps][16][2], filled up with 0, and the bias as in panels_i8. The scratch
   is a ring of `reach` padded rows of the image, [block of 16 channels, or of the last ones][pixel][channel] codes of 16 bits, `across` pixels
   each, with each channel as often as the result has it. It has 16 codes more.
   `lines` are where the rows of the taps begin when the topmost one is the first, second, ... of the ring, and `columns` the pixels of the taps
   of the first output; an even number each. Taps are coupled from row to row, and those of an odd last row from pixel to pixel. */
struct depthwise_packed_i8 {
    struct image image;
    int32_t x_zero, reach, across, taps;
    const int32_t *lines, *columns;
    const int8_t *weights;
    const int32_t *bias;
    struct from_sums out;
};

INLINE void fill_codes(i16 *to, int32_t code, ptrdiff_t n)
{
    for (; n > 0; n--)
        *to++ = (int16_t)code;
}

/* Channels of the block that begins at channel `at`. */
INLINE int32_t block_of(const struct depthwise_packed_i8 *k, int32_t at)
{
    return k->image.filters - at < 16 ? k->image.filters - at : 16;
}

/* One padded row of the image, which is padding alone if it is 0; the image ends at `end`. */
APART void padded_row_i8(const struct depthwise_packed_i8 *k, const int8_t *row, const int8_t *end, i16 *to)
{
    const struct axis *ax = &k->image.x;
    int32_t at, i, m, c = k->image.channels, o = k->image.filters, left = ax->pad, across = k->across;
    int32_t n = !row ? 0 : ax->input < across - left ? ax->input : across - left;
    for (at = 0; at < o; at += 16) {
        int32_t width = block_of(k, at);
        i16 *pixel = to + left * width, *last = pixel + n * width;
        i = 0;
        if (o == c) {
            const int8_t *from = row + at;
            /* Codes behind those of a pixel are written over by the next one. */
            for (; i < n && end - from >= 16 && last - pixel >= 16; i++, from += c, pixel += width)
                widen(from, pixel);
        }
        for (; i < n; i++, pixel += width)
            for (m = 0; m < width; m++)
                pixel[m] = row[(ptrdiff_t)i * c + (at + m) / (o / c)];
        fill_codes(to, k->x_zero, left * width);
        fill_codes(last, k->x_zero, (across - left - n) * width);
        to += across * width;
    }
}

#if ROWS_TOGETHER > 1
/* Sums of `pixels` neighbouring outputs of sixteen channels. */
INLINE void depthwise_pixels_i8(
    const int pixels, const struct depthwise_packed_i8 *k, const i16 *x, const int32_t *lines, int32_t at, struct sums *sums)
{
    const int8_t *w = k->weights + (ptrdiff_t)at * k->taps;
    struct sums a = load_sums(k->bias + at), b = a, c = a, d = a;
    int32_t t, width = block_of(k, at), step = k->image.x.stride * width;
    for (t = 0; t < k->taps; t += 2, w += 32) {
        struct couples v = load_couples(w);
        const i16 *p = x + lines[t] + k->columns[t] * width, *q = x + lines[t + 1] + k->columns[t + 1] * width;
        a = dot_couples(a, couple(p, q), v);
        if (pixels > 1)
            b = dot_couples(b, couple(p + step, q + step), v);
        if (pixels > 2)
            c = dot_couples(c, couple(p + 2 * step, q + 2 * step), v);
        if (pixels > 3)
            d = dot_couples(d, couple(p + 3 * step, q + 3 * step), v);
    }
    sums[0] = a;
    if (pixels > 1)
        sums[1] = b;
    if (pixels > 2)
        sums[2] = c;
    if (pixels > 3)
        sums[3] = d;
}

/* Sums of n neighbouring outputs of one half of sixteen channels, of a window of 3x3 with a stride of 1 or 2. Columns are couples of the two
   upper rows; those of the last row are of pixels side by side, of which the window has columns 0 and 1, and column 2 and nothing. What is
   made of a column is kept for the outputs that follow. */
INLINE void half_3x3_i8(
    const int half, const int stride, const struct depthwise_packed_i8 *k, int32_t n, const i16 *x, const int32_t *lines, int32_t at,
    struct sums *sums)
{
    const i16 *p = x + lines[0], *q = x + lines[1], *r = x + lines[6];
    const int8_t *w = k->weights + (ptrdiff_t)at * 10;
    struct couples upper[3], last[3], weights[3], last_weights[2];
    struct sums bias = load_sums(k->bias + at);
    weights[0] = load_couples(w);
    weights[1] = load_couples(w + 32);
    weights[2] = load_couples(w + 64);
    last_weights[0] = load_couples(w + 96);
    last_weights[1] = load_couples(w + 128);
    upper[0] = couple(p, q);
    upper[1] = couple(p + 16, q + 16);
    last[0] = couple(r, r + 16);
    last[1] = couple(r + 16, r + 32);
    for (; n > 0; n--, p += 16 * stride, q += 16 * stride, r += 16 * stride, sums++) {
        struct sums s = bias;
        upper[2] = couple(p + 32, q + 32);
        last[2] = couple(r + 32, r + 48);
        s = dot_couples(s, upper[0], weights[0]);
        s = dot_couples(s, upper[1], weights[1]);
        s = dot_couples(s, upper[2], weights[2]);
        s = dot_couples(s, last[0], last_weights[0]);
        s = dot_couples(s, last[2], last_weights[1]);
        keep_half(half, s, sums);
        upper[0] = upper[stride];
        upper[1] = stride == 1 ? upper[2] : couple(p + 48, q + 48);
        last[0] = last[stride];
        last[1] = last[2];
    }
}
#else
/* Sums of one output of sixteen channels: of four at a time, which stay in registers. */
INLINE void depthwise_pixel_i8(const struct depthwise_packed_i8 *k, const i16 *x, const int32_t *lines, int32_t at, struct sums *sums)
{
    const int8_t *weights = k->weights + (ptrdiff_t)at * k->taps;
    int32_t lane, t, width = block_of(k, at);
    for (lane = 0; lane < 16; lane += 4, weights += 8) {
        const i16 *from = x + lane_of(lane);
        const int32_t *bias = k->bias + at + lane;
        const int8_t *w = weights;
        uint32_t a = (uint32_t)bias[0], b = (uint32_t)bias[1], c = (uint32_t)bias[2], d = (uint32_t)bias[3];
        for (t = 0; t < k->taps; t += 2, w += 32) {
            const i16 *p = from + lines[t] + k->columns[t] * width, *q = from + lines[t + 1] + k->columns[t + 1] * width;
            a += (uint32_t)(p[0] * w[0] + q[0] * w[1]);
            b += (uint32_t)(p[1] * w[2] + q[1] * w[3]);
            c += (uint32_t)(p[2] * w[4] + q[2] * w[5]);
            d += (uint32_t)(p[3] * w[6] + q[3] * w[7]);
        }
        sums->of[lane] = (int32_t)a;
        sums->of[lane + 1] = (int32_t)b;
        sums->of[lane + 2] = (int32_t)c;
        sums->of[lane + 3] = (int32_t)d;
    }
}
#endif

/* Sums of up to ROWS_OF_SUMS neighbouring outputs. */
APART void depthwise_sums_i8(
    const struct depthwise_packed_i8 *k, int32_t n, const i16 *x, const int32_t *lines, int32_t at, struct sums *sums)
{
    const struct axis *ax = &k->image.x;
    int32_t i = 0, width = block_of(k, at), step = ax->stride * width;
#if ROWS_TOGETHER > 1
    if (width == 16 && k->image.y.taps == 3 && ax->taps == 3 && ax->dilation == 1 && ax->stride <= 2) {
        if (ax->stride == 1) {
            half_3x3_i8(0, 1, k, n, x, lines, at, sums);
            half_3x3_i8(1, 1, k, n, x, lines, at, sums);
        } else {
            half_3x3_i8(0, 2, k, n, x, lines, at, sums);
            half_3x3_i8(1, 2, k, n, x, lines, at, sums);
        }
        return;
    }
    /* The last ones together with some before them again. */
    for (; n >= 4 && i < n; i += 4) {
        int32_t from = i + 4 <= n ? i : n - 4;
        depthwise_pixels_i8(4, k, x + from * step, lines, at, sums + from);
    }
    for (; i < n; i++)
        depthwise_pixels_i8(1, k, x + i * step, lines, at, sums + i);
#else
    for (; i < n; i++)
        depthwise_pixel_i8(k, x + i * step, lines, at, sums + i);
#endif
}

/* One row of outputs. */
static void depthwise_row_i8(const struct depthwise_packed_i8 *k, const i16 *x, const int32_t *lines, int8_t *y)
{
    struct sums sums[ROWS_OF_SUMS];
    int32_t at, ox, o = k->image.filters, width = k->image.x.output;
    for (at = 0; at < o; at += 16) {
        struct scale scale = scale_of(&k->out, at);
        int32_t n = block_of(k, at);
        for (ox = 0; ox < width; ox += ROWS_OF_SUMS) {
            int32_t some = width - ox < ROWS_OF_SUMS ? width - ox : ROWS_OF_SUMS;
            depthwise_sums_i8(k, some, x + ox * k->image.x.stride * n, lines, at, sums);
            write_rows(some, sums, &k->out, &scale, at, n, y + (ptrdiff_t)ox * o + at, o);
        }
        x += (ptrdiff_t)k->across * n;
    }
}

static void depthwise_packed_i8(const struct depthwise_packed_i8 *k, const int8_t *x, int8_t *y, i16 *scratch)
{
    const struct axis *ay = &k->image.y, *ax = &k->image.x;
    int32_t b, oy, line, o = k->image.filters;
    ptrdiff_t row = (ptrdiff_t)ax->input * k->image.channels, length = (ptrdiff_t)o * k->across;
    const int8_t *end = x + k->image.batch * ay->input * row;
    for (b = 0; b < k->image.batch; b++, x += ay->input * row)
        for (oy = 0; oy < ay->output; oy++) {
            int32_t first = oy * ay->stride, ready = oy ? first - ay->stride + k->reach : 0;
            for (line = first > ready ? first : ready; line < first + k->reach; line++) {
                int32_t iy = line - ay->pad;
                padded_row_i8(k, iy < 0 || iy >= ay->input ? 0 : x + iy * row, end, scratch + line % k->reach * length);
            }
            depthwise_row_i8(k, scratch, k->lines + first % k->reach * k->taps, y);
            y += (ptrdiff_t)ax->output * o;
        }
}

/*@ join_packed_i8: sixteen */
/* Sum, difference, squared difference or product of two operands, each with a step of 1, or of 0 for one element that meets all. Codes less
   their zero are shifted left and scaled (not for a product), joined, scaled again, and moved by `zero`. */
enum { SUM, DIFFERENCE, SQUARED_DIFFERENCE, PRODUCT };
struct side_i8 {
    int32_t zero, left, mantissa, shift;
};
/* ((a A1 + b B1) << 7) + ((a A2 + b B2) >> 8) + add, shifted right, for a sum or difference to which that is equal for every pair of codes;
   `right` is 0 for any other. */
struct blend_i8 {
    int16_t a[2], b[2];
    int32_t add, right;
};
struct join_packed_i8 {
    int32_t kind;
    struct side_i8 a, b;
    int32_t mantissa, shift, zero, min, max;
    struct blend_i8 blend;
};

INLINE int32_t blended_i8(const struct blend_i8 *k, int32_t a, int32_t b)
{
    int32_t high = a * k->a[0] + b * k->b[0], low = a * k->a[1] + b * k->b[1];
    return (int32_t)((uint32_t)(high * 128) + (uint32_t)(low >> 8) + (uint32_t)k->add) >> k->right;
}

INLINE int32_t joined_i8(const struct join_packed_i8 *k, int32_t a, int32_t b)
{
    uint32_t joined;
    if (k->blend.right) {
        a = blended_i8(&k->blend, a, b);
        a = a < k->max ? a : k->max;
        return a > k->min ? a : k->min;
    }
    a -= k->a.zero;
    b -= k->b.zero;
    if (k->kind == PRODUCT) {
        joined = (uint32_t)(a * b);
    } else {
        a = rescaled(a * ((int32_t)1 << k->a.left), k->a.mantissa, k->a.shift);
        b = rescaled(b * ((int32_t)1 << k->b.left), k->b.mantissa, k->b.shift);
        joined = k->kind == SUM ? (uint32_t)a + (uint32_t)b : (uint32_t)a - (uint32_t)b;
        if (k->kind == SQUARED_DIFFERENCE)
            joined *= joined;
    }
    a = (int32_t)((uint32_t)rescaled((int32_t)joined, k->mantissa, k->shift) + (uint32_t)k->zero);
    a = a < k->max ? a : k->max;
    return a > k->min ? a : k->min;
}

#if ROWS_TOGETHER > 1
/* Sixteen codes of one side, shifted and scaled. */
INLINE struct sums side_i8(const struct side_i8 *side, const struct scale *by, const int8_t *from)
{
    return rescale_uniform(1, shift_sums(load_codes(from, side->zero), side->left), by);
}

INLINE void repeat(int8_t code, int8_t to[16])
{
    int32_t i;
    for (i = 0; i < 16; i++)
        to[i] = code;
}

/* Blends whole sixteens, and gives how many elements that are. */
INLINE int32_t blend_sixteens_i8(
    const struct join_packed_i8 *k, const int8_t *a, int32_t a_step, const int8_t *b, int32_t b_step, int8_t *y, int32_t n)
{
    struct blend by = load_blend(k->blend.a, k->blend.b, k->blend.add, k->blend.right);
    struct scale ends;
    int8_t one_a[16], one_b[16];
    int32_t i;
    load_uniform(&ends, 0, 0, 0, k->min, k->max);
    repeat(a[0], one_a);
    repeat(b[0], one_b);
    for (i = 0; i + 16 <= n; i += 16)
        store_codes(blend_codes(a_step ? a + i : one_a, b_step ? b + i : one_b, &by), &ends, y + i);
    return i;
}

/* Joins whole sixteens, and gives how many elements that are. */
INLINE int32_t join_sixteens_i8(
    const int kind, const int grows, const struct join_packed_i8 *k, const int8_t *a, int32_t a_step, const int8_t *b, int32_t b_step, int8_t *y,
    int32_t n)
{
    struct scale by_a, by_b, by;
    int8_t one_a[16], one_b[16];
    int32_t i;
    load_uniform(&by_a, k->a.mantissa, k->a.shift, 0, -128, 127);
    load_uniform(&by_b, k->b.mantissa, k->b.shift, 0, -128, 127);
    load_uniform(&by, k->mantissa, k->shift, k->zero, k->min, k->max);
    repeat(a[0], one_a);
    repeat(b[0], one_b);
    for (i = 0; i + 16 <= n; i += 16) {
        const int8_t *from_a = a_step ? a + i : one_a, *from_b = b_step ? b + i : one_b;
        struct sums s;
        if (kind == PRODUCT) {
            s = mul_sums(load_codes(from_a, k->a.zero), load_codes(from_b, k->b.zero));
        } else {
            struct sums p = side_i8(&k->a, &by_a, from_a), q = side_i8(&k->b, &by_b, from_b);
            s = kind == SUM ? add_sums(p, q) : sub_sums(p, q);
            if (kind == SQUARED_DIFFERENCE)
                s = mul_sums(s, s);
        }
        store_codes(rescale_uniform(grows, s, &by), &by, y + i);
    }
    return i;
}

#endif

static void join_packed_i8(
    const struct join_packed_i8 *k, const int8_t *a, int32_t a_step, const int8_t *b, int32_t b_step, int8_t *y, int32_t n)
{
    int32_t i = 0;
#if ROWS_TOGETHER > 1
    if (n > 0 && k->blend.right)
        i = blend_sixteens_i8(k, a, a_step, b, b_step, y, n);
    else if (n > 0 && k->kind == PRODUCT)
        i = k->shift < 0 ? join_sixteens_i8(PRODUCT, 0, k, a, a_step, b, b_step, y, n) : join_sixteens_i8(PRODUCT, 1, k, a, a_step, b, b_step, y, n);
    else if (n > 0)
        i = k->kind == SUM          ? join_sixteens_i8(SUM, 1, k, a, a_step, b, b_step, y, n)
            : k->kind == DIFFERENCE ? join_sixteens_i8(DIFFERENCE, 1, k, a, a_step, b, b_step, y, n)
                                    : join_sixteens_i8(SQUARED_DIFFERENCE, 1, k, a, a_step, b, b_step, y, n);
#endif
    for (; i < n; i++)
        y[i] = (int8_t)joined_i8(k, a[i * a_step], b[i * b_step]);
}
