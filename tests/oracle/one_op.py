"""Modules of one operation each, of every operation of the `tfl` dialect and of every type it may have.

A line of `CASES` is `name(operands) -> results {attributes}`. A value is an element type and a shape, `f32[2,3]`; `T` stands for
each of `ELEMENTS` in turn, and `X`, `W`, `B`, `Y` for each row of `WEIGHTED`. What upstream refuses is no operation of its dialect.
An operation is compared without a line here too, as it stands in a case of the suite (`suite_op.py`); a line asks of every type.

Operations with regions, and those on strings, variables and tables, are not here: upstream's package writes none of these types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# Plain types, then quantized ones.
ELEMENTS = {
    **{name: name for name in ("f32", "f16", "bf16", "f64", "f8E4M3FN", "f8E5M2", "complex<f32>", "complex<f64>")},
    **{name: name for name in ("i1", "i2", "i4", "i8", "i16", "i32", "i64", "ui4", "ui8", "ui16", "ui32", "ui64")},
    "q2": "!quant.uniform<i2:f32, 0.5>",
    "q4": "!quant.uniform<i4:f32, 0.5>",
    "q8": "!quant.uniform<i8:f32, 0.5:1>",
    "q16": "!quant.uniform<i16:f32, 0.5>",
    "q32": "!quant.uniform<i32:f32, 0.25>",
    "qu4": "!quant.uniform<u4:f32, 0.5:3>",
    "qu8": "!quant.uniform<u8:f32, 0.5:128>",
    # Products of such values are above the scale of the result.
    "qlarge": "!quant.uniform<i8:f32, 2.0>",
    # Scales along a dimension of three.
    "qrows": "!quant.uniform<i8<-127:127>:f32:0, {0.5, 0.25, 0.125}>",
    "qcolumns": "!quant.uniform<i8<-127:127>:f32:3, {0.5, 0.25, 0.125}>",
    "q4rows": "!quant.uniform<i4<-7:7>:f32:0, {0.5, 0.25, 0.125}>",
    "q32rows": "!quant.uniform<i32:f32:0, {0.25, 0.125, 0.0625}>",
}

# The elements of input, weights, bias and result of what has weights; `qaxis` has scales along the dimension of the channels.
WEIGHTED = [
    *[("f32", weights, "f32", "f32") for weights in ("f32", "f16", "q8", "qaxis", "q4", "q2")],
    *[("q8", weights, "q32", "q8") for weights in ("q8", "q4", "q2")],
    ("q8", "qaxis", "q32rows", "q8"),
    *[("q16", weights, "q32", "q16") for weights in ("q16", "q8", "q4")],
    ("qu8", "qu8", "q32", "qu8"),
]

_SHORT = {
    "ACT": 'fused_activation_function = "NONE"',
    "RELU": 'fused_activation_function = "RELU"',
    "SAME": 'padding = "SAME", stride_h = 2 : i32, stride_w = 1 : i32',
    "VALID": 'padding = "VALID", stride_h = 1 : i32, stride_w = 1 : i32',
    "DENSE": "dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32",
    "DILATED": "dilation_h_factor = 1 : i32, dilation_w_factor = 2 : i32",
    "WINDOW": "filter_height = 2 : i32, filter_width = 3 : i32",
    "FORMAT": 'weights_format = "DEFAULT"',
    "ASYMMETRIC": "asymmetric_quantize_inputs = true",
    "MASKS": "begin_mask = 1 : i32, end_mask = 2 : i32, shrink_axis_mask = 0 : i32",
    "TANH": 'fused_activation_function = "TANH"',
    "CLIP": "cell_clip = 1.5 : f32, proj_clip = 2.5 : f32",
    "GATES": "W[3,4], W[3,4], W[3,4], W[3,4], W[3,3], W[3,3], W[3,3], W[3,3], none, none, none, B[3], B[3], B[3], B[3], none, none",
    # Upstream crashes on a bidirectional one without peepholes or without a projection.
    "ALL_GATES": "W[3,4], W[3,4], W[3,4], W[3,4], W[3,3], W[3,3], W[3,3], W[3,3], W[3], W[3], W[3], B[3], B[3], B[3], B[3], W[3,3], B[3]",
    "STATES": "Y[2,3], Y[2,3], Y[2,3], Y[2,3]",
    "AUX_GATES": "X[2,5,4], W[3,4], W[3,4], W[3,4], W[3,4], W[3,4], W[3,4], W[3,4], W[3,4]",
    "NO_NORM": "none, none, none, none",
    "NO_AUX": "none, none, none, none, none, none, none, none, none",
    "NO_MASK": "ellipsis_mask = 0 : i32, new_axis_mask = 0 : i32",
    "DEEP": 'padding = "SAME", stride_d = 1 : i32, stride_h = 2 : i32, stride_w = 3 : i32,'
    " dilation_d_factor = 1 : i32, dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32",
}

CASES = """
abs(T[2]) -> T[2]
ceil(T[2]) -> T[2]
cos(T[2]) -> T[2]
elu(T[2]) -> T[2]
exp(T[2]) -> T[2]
floor(T[2]) -> T[2]
hard_swish(T[2]) -> T[2]
log(T[2]) -> T[2]
neg(T[2]) -> T[2]
relu(T[2]) -> T[2]
relu6(T[2]) -> T[2]
relu_n1_to_1(T[2]) -> T[2]
relu_0_to_1(T[2]) -> T[2]
round(T[2]) -> T[2]
rsqrt(T[2]) -> T[2]
sign(T[2]) -> T[2]
sin(T[2]) -> T[2]
sqrt(T[2]) -> T[2]
square(T[2]) -> T[2]
logistic(T[2]) -> T[2]
tanh(T[2]) -> T[2]
zeros_like(T[2]) -> T[2]
logical_not(T[2]) -> T[2]
leaky_relu(T[2]) -> T[2] {alpha = 0.25 : f32}
gelu(T[2]) -> T[2]
gelu(T[2]) -> T[2] {approximate = true}
softmax(T[2,3]) -> T[2,3] {beta = 2.0 : f32}
log_softmax(T[2,3]) -> T[2,3]
l2_normalization(T[2,3]) -> T[2,3] {ACT}
l2_normalization(f32[2,3]) -> f32[2,3] {RELU}
local_response_normalization(T[1,2,2,3]) -> T[1,2,2,3] {alpha = 0.5 : f32, beta = 0.75 : f32, bias = 2.0 : f32, radius = 3 : i32}
prelu(T[1,2,2,3], T[1,1,3]) -> T[1,2,2,3]
add(T[2,3], T[2,3]) -> T[2,3] {ACT}
add(T[2,3], T[1,3]) -> T[2,3] {RELU}
add(T[1,1,1,2,3], T[1,1,1,1,3]) -> T[1,1,1,2,3] {ACT}
sub(T[2,3], T[2,3]) -> T[2,3] {ACT}
sub(T[2,3], T[1,3]) -> T[2,3] {RELU}
sub(T[1,1,1,2,3], T[1,1,1,1,3]) -> T[1,1,1,2,3] {ACT}
mul(T[2,3], T[2,3]) -> T[2,3] {ACT}
mul(T[2,3], T[1,3]) -> T[2,3] {RELU}
mul(T[1,1,1,2,3], T[1,1,1,1,3]) -> T[1,1,1,2,3] {ACT}
mul(qlarge[2], qlarge[2]) -> q16[2] {ACT}
mul(q16[2], qlarge[2]) -> q8[2] {ACT}
div(T[2,3], T[2,3]) -> T[2,3] {ACT}
div(T[1,1,1,2,3], T[1,1,1,1,3]) -> T[1,1,1,2,3] {RELU}
maximum(T[2,3], T[1,3]) -> T[2,3]
maximum(T[1,1,1,2,3], T[1,1,1,1,3]) -> T[1,1,1,2,3]
maximum(T[1,1,1,2,3], T[1,1,1,2,3]) -> T[1,1,1,2,3]
minimum(T[2,3], T[1,3]) -> T[2,3]
minimum(T[1,1,1,2,3], T[1,1,1,1,3]) -> T[1,1,1,2,3]
squared_difference(T[2,3], T[2,3]) -> T[2,3]
floor_div(T[2,3], T[2,3]) -> T[2,3]
floor_mod(T[2,3], T[2,3]) -> T[2,3]
pow(T[2,3], T[2,3]) -> T[2,3]
atan2(T[2,3], T[2,3]) -> T[2,3]
bitwise_xor(T[2,3], T[2,3]) -> T[2,3]
right_shift(T[2,3], T[2,3]) -> T[2,3]
equal(T[2,3], T[2,3]) -> i1[2,3]
not_equal(T[2,3], T[2,3]) -> i1[2,3]
less(T[2,3], T[2,3]) -> i1[2,3]
less_equal(T[2,3], T[2,3]) -> i1[2,3]
greater(T[2,3], T[2,3]) -> i1[2,3]
greater_equal(T[2,3], T[2,3]) -> i1[2,3]
logical_and(i1[2,3], i1[2,3]) -> i1[2,3]
logical_or(i1[2,3], i1[2,3]) -> i1[2,3]
add_n(T[2,3], T[2,3], T[2,3]) -> T[2,3]
select(i1[2,3], T[2,3], T[2,3]) -> T[2,3]
select(i1[1,1,1,2,3], T[1,1,1,2,3], T[1,1,1,2,3]) -> T[1,1,1,2,3]
select_v2(i1[2,3], T[2,3], T[1,3]) -> T[2,3]
conv_2d(X[1,4,4,2], W[3,1,1,2], B[3]) -> Y[1,2,4,3] {ACT, SAME, DENSE}
conv_2d(X[1,4,4,2], W[3,1,1,2], none) -> Y[1,4,2,3] {RELU, VALID, DILATED}
conv_2d(X[1,4,4,4], W[3,1,1,2], B[3]) -> Y[1,2,4,3] {ACT, SAME, DENSE}
depthwise_conv_2d(X[1,4,4,3], W[1,1,1,3], B[3]) -> Y[1,2,4,3] {ACT, SAME, DENSE, depth_multiplier = 1 : i32}
depthwise_conv_2d(X[1,4,4,3], W[1,1,1,3], B[3]) -> Y[1,4,4,3] {RELU, VALID, DILATED, depth_multiplier = 1 : i32}
transpose_conv(i32[4], W[3,1,1,2], X[1,4,4,2], none) -> Y[1,8,4,3] {ACT, SAME}
transpose_conv(i32[4], W[3,1,1,2], X[1,4,4,2], B[3]) -> Y[1,8,4,3] {ACT, SAME}
transpose_conv(i32[4], W[3,1,1,2], X[1,4,4,2], B[3]) -> Y[1,4,4,3] {RELU, VALID}
fully_connected(X[2,4], W[3,4], B[3]) -> Y[2,3] {ACT, FORMAT, keep_num_dims = false}
fully_connected(X[2,4], W[3,4], none) -> Y[2,3] {RELU, FORMAT, keep_num_dims = false}
fully_connected(X[1,2,4], W[3,4], B[3]) -> Y[1,2,3] {ACT, FORMAT, keep_num_dims = true}
fully_connected(X[2,4], W[3,4], B[3]) -> Y[2,3] {ACT, FORMAT, keep_num_dims = false, ASYMMETRIC}
fully_connected(T[2,4], T[3,4], none) -> T[2,3] {ACT, FORMAT, keep_num_dims = false}
fully_connected(f32[2,4], f32[3,4], f32[3]) -> f32[2,3] {ACT, weights_format = "SHUFFLED4x16INT8", keep_num_dims = false}
fully_connected(f32[2,4], q8[3,4], f32[3]) -> f32[2,3] {ACT, FORMAT, keep_num_dims = false} {tfl.quant_spec = {bits = 8 : i64, kind = "x"}}
batch_matmul(X[2,4,3], W[2,3,5]) -> Y[2,4,5] {adj_x = false, adj_y = false}
batch_matmul(X[2,4,3], W[2,5,3]) -> Y[2,4,5] {adj_x = false, adj_y = true, ASYMMETRIC}
batch_matmul(T[2,3,4], T[2,3,5]) -> T[2,4,5] {adj_x = true, adj_y = false}
batch_matmul(q8[2,4,3], q8[2,3,5]) -> q32[2,4,5]
conv_3d(T[1,4,4,4,2], T[1,1,1,2,3], T[3]) -> T[1,4,2,2,3] {ACT, DEEP}
conv_3d(f32[1,4,4,4,2], f32[1,1,1,2,3], none) -> f32[1,4,2,2,3] {RELU, DEEP}
conv_3d_transpose(i32[5], T[1,1,1,3,3], T[1,4,2,2,3], T[3]) -> T[1,4,4,6,3] {ACT, DEEP}
embedding_lookup(i32[2], T[3,4]) -> T[2,4]
embedding_lookup(i32[2], q8[3,4]) -> f32[2,4]
embedding_lookup(i32[2], qrows[3,4]) -> f32[2,4]
embedding_lookup(i32[2], q4[3,4]) -> f32[2,4]
embedding_lookup(i32[2], q4rows[3,4]) -> f32[2,4]
embedding_lookup(i32[2], q2[3,4]) -> f32[2,4]
average_pool_2d(T[1,4,4,2]) -> T[1,2,4,2] {ACT, SAME, WINDOW}
max_pool_2d(T[1,4,4,2]) -> T[1,2,4,2] {RELU, SAME, WINDOW}
mean(T[2,3], i32[1]) -> T[2] {keep_dims = false}
sum(T[2,3], i32[1]) -> T[2,1] {keep_dims = true}
reduce_max(T[2,3], i32[1]) -> T[2] {keep_dims = false}
reduce_min(T[2,3], i32[1]) -> T[2] {keep_dims = false}
reduce_prod(T[2,3], i32[1]) -> T[2] {keep_dims = false}
reduce_any(i1[2,3], i32[1]) -> i1[2]
reduce_all(i1[2,3], i32[1]) -> i1[2,1] {keep_dims = true}
arg_max(T[2,3], i32[]) -> i32[2]
arg_max(f32[2,3], i64[]) -> i64[2]
arg_min(T[2,3], i32[]) -> i32[2]
arg_min(f32[2,3], i64[]) -> i64[2]
topk_v2(T[2,3], i32[]) -> T[2,2], i32[2,2]
topk_v2(f32[2,3], i16[]) -> f32[2,2], i32[2,2]
topk_v2(f32[2,3], i32[]) -> f32[2,2], i16[2,2]
cumsum(T[2,3], i32[]) -> T[2,3]
cumsum(f32[2,3], i32[]) -> f32[2,3] {exclusive = true, reverse = true}
reshape(T[2,3], i32[1]) -> T[6]
squeeze(T[2,1,3]) -> T[2,3] {squeeze_dims = [1]}
expand_dims(T[2,3], i32[]) -> T[2,1,3]
transpose(T[2,3], i32[2]) -> T[3,2]
transpose(T[1,1,1,2,3], i32[5]) -> T[3,2,1,1,1]
transpose(T[1,1,1,1,2,3], i32[6]) -> T[3,2,1,1,1,1]
transpose(T[1,1,1,1,1,2,3], i32[7]) -> T[3,2,1,1,1,1,1]
concatenation(T[2,3], T[2,3]) -> T[4,3] {ACT, axis = 0 : i32}
concatenation(f32[2,3], f32[2,3]) -> f32[2,6] {RELU, axis = -1 : i32}
pack(T[2,3], T[2,3]) -> T[2,2,3] {axis = 1 : i32, values_count = 2 : i32}
unpack(T[2,3]) -> T[3], T[3] {axis = 0 : i32, num = 2 : i32}
split(i32[], T[4,3]) -> T[2,3], T[2,3] {num_splits = 2 : i32}
split_v(T[4,3], i32[2], i32[]) -> T[1,3], T[3,3] {num_splits = 2 : i32}
slice(T[4,3], i32[2], i32[2]) -> T[2,2]
slice(T[1,1,1,4,3], i32[5], i32[5]) -> T[1,1,1,2,2]
strided_slice(T[4,3], i32[2], i32[2], i32[2]) -> T[2,2] {MASKS, NO_MASK, offset = false}
strided_slice(T[1,1,1,4,3], i32[5], i32[5], i32[5]) -> T[1,1,1,2,2] {MASKS, NO_MASK, offset = false}
strided_slice(T[4,3], i32[2], i32[2], i32[2]) -> T[2,2] {MASKS, ellipsis_mask = 2 : i32, new_axis_mask = 0 : i32, offset = false}
strided_slice(T[4,3], i32[2], i32[2], i32[2]) -> T[1,2,3] {MASKS, ellipsis_mask = 0 : i32, new_axis_mask = 1 : i32, offset = false}
strided_slice(T[4,3], i32[2], i32[2], i32[2]) -> T[2,2] {MASKS, NO_MASK, offset = true}
gather(T[4,3], i32[2]) -> T[2,3] {axis = 0 : i32}
gather(T[4,3], i32[4,2]) -> T[4,2] {axis = 1 : i32, batch_dims = 1 : i32}
gather(T[4,3], i16[2]) -> T[2,3] {axis = 0 : i32}
gather_nd(T[4,3], i32[2,1]) -> T[2,3]
gather_nd(T[4,3], i16[2,1]) -> T[2,3]
gather_nd(f32[4,3], i64[2,1]) -> f32[2,3]
scatter_nd(i32[2,1], T[2], i32[1]) -> T[4]
tile(T[2,3], i32[2]) -> T[4,3]
broadcast_to(T[1,3], i32[2]) -> T[2,3]
fill(i32[1], T[]) -> T[2]
pad(T[2,3], i32[2,2]) -> T[3,4]
pad(T[1,1,1,2,3], i32[5,2]) -> T[1,1,1,3,4]
padv2(T[2,3], i32[2,2], T[]) -> T[3,4]
padv2(T[1,1,1,2,3], i32[5,2], T[]) -> T[1,1,1,3,4]
mirror_pad(T[2,3], i32[2,2]) -> T[3,4] {mode = #tfl<mirror_pad_attr REFLECT>}
mirror_pad(f32[2,3], i32[2,2]) -> f32[3,4] {mode = #tfl<mirror_pad_attr SYMMETRIC>}
reverse_v2(T[2,3], i32[1]) -> T[2,3]
reverse_sequence(T[2,3], i32[2]) -> T[2,3] {batch_dim = 0 : i32, seq_dim = 1 : i32}
space_to_depth(T[1,4,4,1]) -> T[1,2,2,4] {block_size = 2 : i32}
depth_to_space(T[1,2,2,4]) -> T[1,4,4,1] {block_size = 2 : i32}
space_to_batch_nd(T[1,4,4,1], i32[2], i32[2,2]) -> T[4,2,2,1]
space_to_batch_nd(T[1,4,1], i32[1], i32[1,2]) -> T[2,2,1]
batch_to_space_nd(T[4,2,2,1], i32[2], i32[2,2]) -> T[1,4,4,1]
batch_to_space_nd(T[2,2,1], i32[1], i32[1,2]) -> T[1,4,1]
matrix_diag(T[2,3]) -> T[2,3,3]
matrix_set_diag(T[3,3], T[3]) -> T[3,3]
resize_bilinear(T[1,2,2,3], i32[2]) -> T[1,4,4,3] {align_corners = false, half_pixel_centers = false}
resize_bilinear(T[1,2,2,3], i32[2]) -> T[1,4,4,3] {align_corners = false, half_pixel_centers = true}
resize_bilinear(f32[1,2,2,3], i32[2]) -> f32[1,4,4,3] {align_corners = true, half_pixel_centers = false}
resize_nearest_neighbor(T[1,2,2,3], i32[2]) -> T[1,4,4,3] {align_corners = false, half_pixel_centers = false}
resize_nearest_neighbor(T[1,2,2,3], i32[2]) -> T[1,4,4,3] {align_corners = false, half_pixel_centers = true}
resize_nearest_neighbor(T[1,2,2,3], i32[2]) -> T[1,4,4,3] {align_corners = true, half_pixel_centers = false}
one_hot(i32[2], i32[], T[], T[]) -> T[2,3] {axis = -1 : i32}
shape(T[2,3]) -> i32[2]
shape(f32[2,3]) -> i64[2]
rank(T[2,3]) -> i32[]
range(T[], T[], T[]) -> T[3]
cast(T[2]) -> f32[2]
cast(f32[2]) -> T[2]
cast(T[2]) -> i32[2]
cast(i32[2]) -> T[2]
where(T[2]) -> i64[2,1]
random_uniform(i32[1]) -> f32[3] {seed = 1 : i64, seed2 = 2 : i64}
random_standard_normal(i32[1]) -> f32[3] {seed = 1 : i64, seed2 = 2 : i64}
multinomial(f32[2,3], i32[]) -> i32[2,4] {seed = 1 : i64, seed2 = 2 : i64}
multinomial(f32[2,3], i32[]) -> i64[2,4]
real(complex<f32>[2]) -> f32[2]
imag(complex<f32>[2]) -> f32[2]
complex_abs(complex<f32>[2]) -> f32[2]
rfft2d(f32[4,4], i32[2]) -> complex<f32>[4,3]
bucketize(T[2]) -> i32[2] {boundaries = [1.0 : f32, 2.5 : f32]}
bitcast(T[2]) -> i32[2]
bitcast(f32[2]) -> T[2]
broadcast_args(T[2], T[2]) -> T[2]
dilate(T[2,3], i32[2], T[]) -> T[3,5]
densify(T[2,3]) -> T[2,3]
unique(T[4]) -> T[3], i32[4]
unique(f32[4]) -> f32[3], i64[4]
segment_sum(T[4,3], i32[4]) -> T[2,3]
unsorted_segment_prod(T[4,3], i32[4], i32[]) -> T[2,3]
unsorted_segment_max(T[4,3], i32[4], i32[]) -> T[2,3]
unsorted_segment_min(T[4,3], i32[4], i32[]) -> T[2,3]
unsorted_segment_sum(T[4,3], i32[4], i32[]) -> T[2,3]
non_max_suppression_v4(f32[5,4], f32[5], i32[], f32[], f32[]) -> i32[3], i32[]
non_max_suppression_v5(f32[5,4], f32[5], i32[], f32[], f32[], f32[]) -> i32[3], f32[3], i32[]
dynamic_update_slice(T[4,3], T[2,2], i32[2]) -> T[4,3]
dynamic_update_slice(T[4,3], T[2,2], i64[2]) -> T[4,3]
sparse_to_dense(i32[2,1], i32[1], T[2], T[]) -> T[4]
sparse_to_dense(i64[2,1], i64[1], f32[2], f32[]) -> f32[4]
fake_quant(f32[2]) -> f32[2] {min = -1.0 : f32, max = 2.0 : f32, num_bits = 4 : i32, narrow_range = false}
fake_quant(f32[2]) -> f32[2] {min = -1.0 : f32, max = 2.0 : f32, num_bits = 8 : i32, narrow_range = true}
quantize(f32[3,2,2,3]) -> T[3,2,2,3] {qtype = T[3,2,2,3]}
quantize(T[2]) -> q8[2] {qtype = q8[2]}
dequantize(T[3,2,2,3]) -> f32[3,2,2,3]
svdf(X[2,4], W[3,4], W[3,5], B[3], X[2,15]) -> Y[2,3] {RELU, rank = 1 : i32}
svdf(X[2,4], W[3,4], X[3,5], none, X[2,15]) -> Y[2,3] {ASYMMETRIC, RELU, rank = 1 : i32}
unidirectional_sequence_rnn(f32[2,3,4], f32[5,4], f32[5,5], f32[5], f32[2,5]) -> f32[2,3,5] {RELU, time_major = true}
unidirectional_sequence_rnn(f32[2,3,4], q8[5,4], q8[5,5], f32[5], f32[2,5]) -> f32[2,3,5] {RELU, time_major = false}
unidirectional_sequence_rnn(f32[2,3,4], q8[5,4], q8[5,5], f32[5], f32[2,5]) -> f32[2,3,5] {ASYMMETRIC, RELU, time_major = false}
lstm(X[1,4], GATES, X[1,3], X[1,3], NO_NORM) -> Y[1,3] {TANH, CLIP}
lstm(X[1,4], GATES, X[1,3], q16[1,3], NO_NORM) -> Y[1,3] {TANH, CLIP}
lstm(X[1,4], GATES, X[1,3], X[1,3], NO_NORM) -> Y[1,3] {ASYMMETRIC, TANH, CLIP}
basic_lstm(f32[1,4], f32[1,3], f32[12,7], f32[12], f32[1,3]) -> f32[1,3], f32[1,3], f32[1,7], f32[1,12] {TANH, CLIP}
unidirectional_sequence_lstm(X[2,5,4], GATES, X[2,3], X[2,3], NO_NORM) -> Y[2,5,3] {TANH, CLIP, time_major = false}
unidirectional_sequence_lstm(X[2,5,4], GATES, X[2,3], q16[2,3], NO_NORM) -> Y[2,5,3] {TANH, CLIP, time_major = true}
unidirectional_sequence_lstm(X[2,5,4], GATES, X[2,3], X[2,3], NO_NORM) -> Y[2,5,3] {ASYMMETRIC, TANH, time_major = false}
unidirectional_sequence_lstm(f32[2,5,4], GATES, f32[2,3], f32[2,3], NO_NORM) -> f32[2,5,3] {TANH, time_major = false, diagonal_recurrent_tensors = true}
bidirectional_sequence_lstm(X[2,5,4], ALL_GATES, ALL_GATES, STATES, NO_AUX) -> Y[2,5,3], Y[2,5,3] {TANH, CLIP, merge_outputs = false, time_major = false}
bidirectional_sequence_lstm(X[2,5,4], ALL_GATES, ALL_GATES, STATES, NO_AUX) -> Y[2,5,6], Y[2,5,3] {ASYMMETRIC, RELU, CLIP, merge_outputs = true, time_major = true}
bidirectional_sequence_lstm(X[2,5,4], ALL_GATES, ALL_GATES, STATES, AUX_GATES) -> Y[2,5,3], Y[2,5,3] {TANH, CLIP, merge_outputs = false, time_major = false}
"""

_VALUE = re.compile(r"(?P<elem>[A-Za-z][\w<>]*)\[(?P<shape>[\d,]*)\]|none")
_LINE = re.compile(r"(?P<op>\w+)\((?P<ins>.*)\) -> (?P<outs>[^{]*?)(?P<attrs> \{.*)?")


def _typed(text: str, elements: dict[str, str]) -> str:
    """A list of values as types of MLIR."""

    def of(value: re.Match) -> str:
        if not value["elem"]:
            return "none"
        elem = elements[value["elem"]]
        return f"tensor<{''.join(n + 'x' for n in value['shape'].split(',') if n)}{elem}>"

    return _VALUE.sub(of, text)


class Function(NamedTuple):
    """A module of one operation, all of whose operands are arguments."""

    name: str
    ins: tuple[str, ...]
    outs: tuple[str, ...]
    props: str = ""
    attrs: str = ""

    def line(self) -> str:
        """Its name, types and attributes."""
        rest = f" {{{self.props}}}" if self.props else ""
        return f"{self.name.removeprefix('tfl.')}({', '.join(self.ins)}) -> {', '.join(self.outs)}{rest}"

    def text(self) -> str:
        """The module."""
        args = [f"%arg{i}: {ty}" for i, ty in enumerate(self.ins) if ty != "none"]
        operands = [f"%arg{i}" if ty != "none" else "%none" for i, ty in enumerate(self.ins)]
        results = ", ".join(f"%0#{i}" if len(self.outs) > 1 else "%0" for i in range(len(self.outs)))
        count = f":{len(self.outs)}" if len(self.outs) > 1 else ""
        props = f" <{{{self.props}}}>" if self.props else ""
        region = " ({})" if self.name == "tfl.lstm" else ""
        attrs = f" {{{self.attrs}}}" if self.attrs else ""
        ins, outs = ", ".join(self.ins), ", ".join(self.outs)
        return "\n".join(
            [
                f"func.func @main({', '.join(args)}) -> ({outs}) {{",
                *(['  %none = "tfl.no_value"() {value} : () -> none'] if "none" in self.ins else []),
                f'  %0{count} = "{self.name}"({", ".join(operands)}){props}{region}{attrs} : ({ins}) -> ({outs})',
                f"  return {results} : {outs}",
                "}",
            ]
        )


def _module(line: str, elements: dict[str, str]) -> str:
    """A function of the operation of a line."""
    parts = _LINE.fullmatch(line)
    ins, outs = (tuple(_typed(v[0], elements) for v in _VALUE.finditer(parts[side])) for side in ("ins", "outs"))
    # Behind the properties there may be other attributes.
    props, _, attrs = (parts["attrs"] or "")[2:-1].partition("} {")
    return Function(f"tfl.{parts['op']}", ins, outs, _typed(props, elements), attrs).text()


def modules() -> Iterator[tuple[str, str]]:
    """The line of each case, with the elements that its letters stand for, and its module."""
    for line in filter(None, CASES.splitlines()):
        short = re.sub(r"\b[A-Z_]{3,}\b", lambda m: _SHORT.get(m[0], m[0]), line)
        if re.search(r"\bT\[", short):
            choices = [{"T": name} for name in ELEMENTS]
        elif re.search(r"\b[XWBY]\[", short):
            axis = "qcolumns" if line.startswith("depthwise") else "qrows"
            rows = ((axis if name == "qaxis" else name for name in row) for row in WEIGHTED)
            choices = [dict(zip("XWBY", row, strict=True)) for row in rows]
        else:
            choices = [{}]
        for choice in choices:
            elements = ELEMENTS | {letter: ELEMENTS[name] for letter, name in choice.items()}
            yield " ".join([line, *(f"{k}={v}" for k, v in choice.items())]), _module(short, elements)
