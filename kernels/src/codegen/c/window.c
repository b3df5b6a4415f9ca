/*@ window: base */
/* One dimension of a window over an image; pad elements stand in front of the first. */
struct axis {
    int32_t input, output, taps, stride, dilation, pad;
};

/*@ source: window */
/* The input element that a tap reads; outside it is padding. */
static int32_t source(const struct axis *a, int32_t out, int32_t tap)
{
    return out * a->stride + tap * a->dilation - a->pad;
}

/*@ image: window */
/* A window over images of [batch][y.input][x.input][channels]. */
struct image {
    int32_t batch, channels, filters;
    struct axis y, x;
};
