/*@ panels_i8: write_rows copy */
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
    int32_t sums[16], o, d, i;
    copy(sums, k->bias + at, sizeof sums);
    for (d = 0; d < k->depth; d += 4, w += 64) {
        int32_t n = k->depth - d < 4 ? k->depth - d : 4;
        for (o = 0; o < 16; o++) {
            int32_t sum = 0;
            for (i = 0; i < n; i++)
                sum += x[d + i] * w[4 * o + i];
            sums[o] = (int32_t)((uint32_t)sums[o] + (uint32_t)sum);
        }
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

#if ROWS_TOGETHER > 1
/* Adds what couple v of column `at` gives to four neighbouring outputs of a window of three columns. */
INLINE void column_i8(const int at, const int stride, struct couples v, const struct couples w[3], struct sums s[4])
{
    if (at <= 2)
        s[0] = dot_couples(s[0], v, w[at]);
    if (at >= stride && at <= stride + 2)
        s[1] = dot_couples(s[1], v, w[at - stride]);
    if (at >= 2 * stride && at <= 2 * stride + 2)
        s[2] = dot_couples(s[2], v, w[at - 2 * stride]);
    if (at >= 3 * stride && at <= 3 * stride + 2)
        s[3] = dot_couples(s[3], v, w[at - 3 * stride]);
}

/* The same for the last row, of which a couple begins at column 0 or 2. */
INLINE void last_row_i8(const int at, const int stride, struct couples v, const struct couples w[3], struct sums s[4])
{
    if (at == 0 || at == 2)
        s[0] = dot_couples(s[0], v, w[at]);
    if (at == stride || at == stride + 2)
        s[1] = dot_couples(s[1], v, w[at - stride]);
    if (at == 2 * stride || at == 2 * stride + 2)
        s[2] = dot_couples(s[2], v, w[at - 2 * stride]);
    if (at == 3 * stride || at == 3 * stride + 2)
        s[3] = dot_couples(s[3], v, w[at - 3 * stride]);
}

/* Sums of four neighbouring outputs of sixteen channels, of a window of 3x3 with a stride of 1 or 2, which share what is made of the columns. */
INLINE void depthwise_3x3_i8(
    const int stride, const struct depthwise_packed_i8 *k, const i16 *x, const int32_t *lines, int32_t at, struct sums *sums)
{
    const int8_t *weights = k->weights + (ptrdiff_t)at * 10;
    const i16 *p = x + lines[0], *q = x + lines[1], *r = x + lines[6];
    struct couples w[3];
    struct sums s[4];
    s[0] = s[1] = s[2] = s[3] = load_sums(k->bias + at);
    w[0] = load_couples(weights);
    w[1] = load_couples(weights + 32);
    w[2] = load_couples(weights + 64);
#define COLUMN(i) column_i8(i, stride, couple(p + 16 * (i), q + 16 * (i)), w, s)
    COLUMN(0);
    COLUMN(1);
    COLUMN(2);
    COLUMN(3);
    COLUMN(4);
    COLUMN(5);
    if (stride == 2) {
        COLUMN(6);
        COLUMN(7);
        COLUMN(8);
    }
#undef COLUMN
    /* The couples of the last row are of columns 0 and 1, and of column 2 and nothing. */
    w[0] = load_couples(weights + 96);
    w[2] = load_couples(weights + 128);
#define LAST(i) last_row_i8(i, stride, couple(r + 16 * (i), r + 16 * (i) + 16), w, s)
    LAST(0);
    LAST(2);
    LAST(4);
    if (stride == 1) {
        LAST(1);
        LAST(3);
        LAST(5);
    } else {
        LAST(6);
        LAST(8);
    }
#undef LAST
    sums[0] = s[0];
    sums[1] = s[1];
    sums[2] = s[2];
    sums[3] = s[3];
}
#endif

/* Sums of up to ROWS_OF_SUMS neighbouring outputs; the last ones together with some before them again. */
APART void depthwise_sums_i8(
    const struct depthwise_packed_i8 *k, int32_t n, const i16 *x, const int32_t *lines, int32_t at, struct sums *sums)
{
    const struct axis *ax = &k->image.x;
    int32_t i = 0, width = block_of(k, at), step = ax->stride * width;
#if ROWS_TOGETHER > 1
    int small = width == 16 && k->image.y.taps == 3 && ax->taps == 3 && ax->dilation == 1;
    for (; n >= 4 && i < n; i += 4) {
        int32_t from = i + 4 <= n ? i : n - 4;
        if (small && ax->stride == 1)
            depthwise_3x3_i8(1, k, x + from * step, lines, at, sums + from);
        else if (small && ax->stride == 2)
            depthwise_3x3_i8(2, k, x + from * step, lines, at, sums + from);
        else
            depthwise_pixels_i8(4, k, x + from * step, lines, at, sums + from);
    }
#endif
    for (; i < n; i++)
        depthwise_pixels_i8(1, k, x + i * step, lines, at, sums + i);
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
INLINE void uniform_scale(struct scale *by, int32_t mantissa, int32_t shift, int32_t zero, int32_t min, int32_t max)
{
    int32_t mantissas[16], shifts[16], i;
    for (i = 0; i < 16; i++) {
        mantissas[i] = mantissa;
        shifts[i] = shift;
    }
    load_scale(by, mantissas, shifts, zero, min, max);
}

/* Joins whole sixteens, and gives how many elements that are. */
INLINE int32_t join_sixteens_i8(
    const int kind, const struct join_packed_i8 *k, const int8_t *a, int32_t a_step, const int8_t *b, int32_t b_step, int8_t *y, int32_t n)
{
    struct scale by_a, by_b, by;
    struct sums p[ROWS_OF_SUMS], q[ROWS_OF_SUMS];
    int8_t one_a[16], one_b[16];
    int32_t i, j, some;
    uniform_scale(&by_a, k->a.mantissa, k->a.shift, 0, -128, 127);
    uniform_scale(&by_b, k->b.mantissa, k->b.shift, 0, -128, 127);
    uniform_scale(&by, k->mantissa, k->shift, k->zero, k->min, k->max);
    for (i = 0; i < 16; i++) {
        one_a[i] = a[0];
        one_b[i] = b[0];
    }
    for (i = 0; i + 16 <= n; i += 16 * some) {
        some = (n - i) / 16 < ROWS_OF_SUMS ? (n - i) / 16 : ROWS_OF_SUMS;
        for (j = 0; j < some; j++) {
            p[j] = load_codes(a_step ? a + i + 16 * j : one_a, k->a.zero);
            q[j] = load_codes(b_step ? b + i + 16 * j : one_b, k->b.zero);
            if (kind == PRODUCT) {
                p[j] = mul_sums(p[j], q[j]);
            } else {
                p[j] = shift_sums(p[j], k->a.left);
                q[j] = shift_sums(q[j], k->b.left);
            }
        }
        if (kind != PRODUCT) {
            rescale_rows(some, p, &by_a);
            rescale_rows(some, q, &by_b);
            for (j = 0; j < some; j++) {
                p[j] = kind == SUM ? add_sums(p[j], q[j]) : sub_sums(p[j], q[j]);
                if (kind == SQUARED_DIFFERENCE)
                    p[j] = mul_sums(p[j], p[j]);
            }
        }
        rescale_rows(some, p, &by);
        for (j = 0; j < some; j++)
            store_codes(p[j], &by, y + i + 16 * j);
    }
    return i;
}
#endif

static void join_packed_i8(
    const struct join_packed_i8 *k, const int8_t *a, int32_t a_step, const int8_t *b, int32_t b_step, int8_t *y, int32_t n)
{
    int32_t i = 0;
#if ROWS_TOGETHER > 1
    if (n > 0) {
        if (k->kind == SUM)
            i = join_sixteens_i8(SUM, k, a, a_step, b, b_step, y, n);
        else if (k->kind == DIFFERENCE)
            i = join_sixteens_i8(DIFFERENCE, k, a, a_step, b, b_step, y, n);
        else if (k->kind == SQUARED_DIFFERENCE)
            i = join_sixteens_i8(SQUARED_DIFFERENCE, k, a, a_step, b, b_step, y, n);
        else
            i = join_sixteens_i8(PRODUCT, k, a, a_step, b, b_step, y, n);
    }
#endif
    for (; i < n; i++)
        y[i] = (int8_t)joined_i8(k, a[i * a_step], b[i * b_step]);
}
