/*@ reduction: walk */
/* Each result takes in the count values that the inner walk finds from where the outer one stands. */
struct reduction {
    struct walk outer, inner;
    int32_t count;
};

#define REDUCE(NAME, K, X, Y, ACC, START, STEP, END)                                               \
    static void NAME(const struct reduction *r, const K *k, const X *x, Y *y)                      \
    {                                                                                              \
        int32_t at[8] = {0};                                                                       \
        ptrdiff_t offset[3] = {0, 0, 0};                                                           \
        (void)k;                                                                                   \
        do {                                                                                       \
            int32_t in[8] = {0}, n = 0;                                                            \
            ptrdiff_t inner[3] = {0, 0, 0};                                                        \
            ACC acc = START;                                                                       \
            if (r->count > 0)                                                                      \
                do {                                                                               \
                    X v = x[offset[0] + inner[0]];                                                 \
                    acc = STEP;                                                                    \
                    n++;                                                                           \
                } while (next(&r->inner, in, inner));                                              \
            (void)n;                                                                               \
            *y++ = (Y)(END);                                                                       \
        } while (next(&r->outer, at, offset));                                                     \
    }

/*@ mean: multiply saturate wrap wrapping_sub reduction */
struct mean {
    struct multiplier by;
    int32_t zeros, zero;
};

/*@ sum: round_f32 add_saturating saturate wrap reduction */
struct sum {
    float scale, bias;
    int32_t zero;
};

/*@ product_of_codes: multiply_wide add_saturating saturate reduction */
struct product_of_codes {
    struct multiplier by;
    int32_t from_zero, zero;
};
