/*@ join_pairs_i8: join_packed_i8 pairwise */
/* Two tensors joined, broadcast. */
static void join_pairs_i8(const struct pairs *s, const struct join_packed_i8 *k, const int8_t *a, const int8_t *b, int8_t *y)
{
    int32_t at[8] = {0};
    ptrdiff_t offset[3] = {0, 0, 0};
    do
        join_packed_i8(k, a + offset[0], s->step_a, b + offset[1], s->step_b, y + offset[2], s->n);
    while (next(&s->runs, at, offset));
}
