//! The versions of each operator, and the runtimes that brought them.

use super::rules::When::{self, *};
use super::rules::{
    activated, any_scale_i16, bias_typed, counts, dilated, grouped, makes_channels, not_4d, scale_above_one, shuffled,
    sparse, specified, unquantized,
};
use crate::schema::tflite as fb;

/// An operation, the runtimes of versions 2, 3, …, and the rules in order: a version and when it is needed. One that does
/// not stand here has version 1 alone. The runtime of version 1 is in the row of the dialect.
pub(super) type Row = (&'static str, &'static [&'static str], &'static [(i32, When)]);

const F16: fb::TensorType = fb::TensorType::FLOAT16;
const BF16: fb::TensorType = fb::TensorType::BFLOAT16;
const F32: fb::TensorType = fb::TensorType::FLOAT32;
const F64: fb::TensorType = fb::TensorType::FLOAT64;
const C64: fb::TensorType = fb::TensorType::COMPLEX64;
const BOOL: fb::TensorType = fb::TensorType::BOOL;
const I2: fb::TensorType = fb::TensorType::INT2;
const I4: fb::TensorType = fb::TensorType::INT4;
const U4: fb::TensorType = fb::TensorType::UINT4;
const I8: fb::TensorType = fb::TensorType::INT8;
const U8: fb::TensorType = fb::TensorType::UINT8;
const I16: fb::TensorType = fb::TensorType::INT16;
const U16: fb::TensorType = fb::TensorType::UINT16;
const I32: fb::TensorType = fb::TensorType::INT32;
const U32: fb::TensorType = fb::TensorType::UINT32;
const I64: fb::TensorType = fb::TensorType::INT64;
const STRING: fb::TensorType = fb::TensorType::STRING;
const F8: &[fb::TensorType] = &[fb::TensorType::FLOAT8_E4M3FN, fb::TensorType::FLOAT8_E5M2];

const F8_IN: When = In(0, F8);
const F16_IN: When = In(0, &[F16]);
const BOOL_IN: When = In(0, &[BOOL]);
const I8_IN: When = In(0, &[I8]);
const I16_IN: When = In(0, &[I16]);
const PLAIN_I16: When = All(&[I16_IN, Is(unquantized)]);
const STRING_IN: When = In(0, &[STRING]);
const I8_X_I8: When = All(&[I8_IN, In(1, &[I8]), Out(0, &[I8])]);
const I8_X_I4: When = All(&[I8_IN, In(1, &[I4]), Out(0, &[I8])]);
const F32_X_I8: When = All(&[In(0, &[F32]), In(1, &[I8]), Out(0, &[F32])]);
const TYPED_I16: When = All(&[I16_IN, Is(bias_typed)]);

const HYBRID_WEIGHT: When = All(&[In(1, &[I8]), Out(0, &[F32])]);
const HYBRID_GATES: When = All(&[In(0, &[F32]), In(2, &[I8]), Out(0, &[F32])]);

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    ("tfl.conv_2d",
        &["1.14.0", "1.14.0", "2.3.0", "2.4.0", "2.9.0", "2.11.0", "2.15.0"],
        &[(8, TYPED_I16), (6, Is(grouped)), (4, I16_IN), (3, I8_X_I8), (7, I8_X_I4), (5, All(&[F32_X_I8, PerChannel(1)])),
          (2, F32_X_I8)]),
    ("tfl.depthwise_conv_2d",
        &["1.12.0", "1.14.0", "2.2.0", "2.3.0", "2.3.0", "2.11.0"],
        &[(5, I16_IN), (6, All(&[F32_X_I8, PerChannel(1)])), (4, F32_X_I8), (3, I8_X_I8), (7, I8_X_I4),
          (2, Is(dilated))]),
    ("tfl.transpose_conv",
        &["2.2.0", "2.3.0", "2.13.0", "2.15.0"],
        &[(5, All(&[In(2, &[I16]), In(1, &[I8]), Is(bias_typed)])), (4, Is(activated)), (3, Present(3)), (2, In(1, &[I8]))]),
    ("tfl.fully_connected",
        &["1.10.0", "1.14.0", "1.14.0", "2.0.0", "2.1.0", "2.3.0", "2.3.0", "2.3.0", "2.11.0", "2.15.0", "2.17.0", "2.18.0", "2.21.0", "2.23.0"],
        &[(15, Is(specified)), (14, In(1, &[I2])), (13, All(&[I16_IN, In(1, &[I4])])), (12, All(&[F32_X_I8, PerChannel(1)])), (11, TYPED_I16),
          (8, Is(sparse)), (7, I16_IN), (5, Set("keep_num_dims")), (4, I8_X_I8), (10, I8_X_I4),
          (9, All(&[F32_X_I8, Set("asymmetric_quantize_inputs")])), (3, F32_X_I8), (2, Is(shuffled))]),
    ("tfl.batch_matmul",
        &["2.3.0", "2.4.0", "2.5.0"],
        &[(3, I16_IN), (2, I8_IN), (4, All(&[F32_X_I8, Set("asymmetric_quantize_inputs")]))]),
    ("tfl.embedding_lookup",
        &["1.14.0", "1.14.0", "2.18.0", "2.21.0"],
        &[(4, Any(&[In(1, &[I4]), PerChannel(1)])), (5, In(1, &[I2]))]),
    ("tfl.add",
        &["1.14.0", "2.4.0", "2.6.0", "2.13.0", "2.23.0"],
        &[(6, F16_IN), (5, PLAIN_I16), (4, In(0, &[I64])), (3, Is(any_scale_i16)), (2, I8_IN)]),
    ("tfl.sub",
        &["1.14.0", "2.3.0", "2.4.0", "2.4.0"],
        &[(5, Is(any_scale_i16)), (4, In(0, &[I64])), (3, Broadcast(4)), (2, I8_IN)]),
    ("tfl.mul",
        &["1.14.0", "1.15.0", "2.3.0", "2.6.0", "2.11.0", "2.13.0", "2.23.0"],
        &[(8, F16_IN), (7, Any(&[PLAIN_I16, In(0, &[U32])])), (6, In(0, &[C64])), (5, In(0, &[I64])), (4, I16_IN),
          (3, Is(scale_above_one)), (2, I8_IN)]),
    ("tfl.div", &["2.3.0"], &[(2, Broadcast(4))]),
    ("tfl.maximum", &["1.14.0", "2.3.0", "2.3.0"], &[(4, I16_IN), (3, Broadcast(4)), (2, I8_IN)]),
    ("tfl.minimum", &["1.14.0", "2.3.0", "2.3.0"], &[(4, I16_IN), (3, Broadcast(4)), (2, I8_IN)]),
    ("tfl.squared_difference", &["2.5.0"], &[(2, I8_IN)]),
    ("tfl.floor_div", &["1.14.0", "2.13.0"], &[(3, In(0, &[I16, I8])), (2, In(0, &[F32]))]),
    ("tfl.floor_mod", &["2.13.0"], &[(2, In(0, &[I16, I8]))]),
    ("tfl.equal", &["1.14.0", "2.3.0", "2.13.0", "2.21.0"], &[(5, I16_IN), (3, STRING_IN), (2, I8_IN)]),
    ("tfl.not_equal", &["1.14.0", "2.3.0", "2.21.0"], &[(4, I16_IN), (3, STRING_IN), (2, I8_IN)]),
    ("tfl.less", &["1.14.0", "2.13.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.less_equal", &["1.14.0"], &[(2, I8_IN)]),
    ("tfl.greater", &["1.14.0"], &[(2, I8_IN)]),
    ("tfl.greater_equal", &["1.14.0", "2.13.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.select",
        &["1.14.0", "2.12.0", "2.12.0"],
        &[(4, In(1, &[U32])), (3, Any(&[RankAbove(0, 4), RankAbove(1, 4), RankAbove(2, 4)]))]),
    ("tfl.select_v2", &["2.12.0"], &[(2, In(1, &[U32]))]),
    ("tfl.abs",
        &["2.4.0", "2.5.0", "2.6.0", "2.12.0"],
        &[(5, In(0, &[I32])), (4, PLAIN_I16), (3, I16_IN), (2, In(0, &[I8, U8]))]),
    ("tfl.cos", &["2.23.0"], &[(2, F16_IN)]),
    ("tfl.exp", &["2.12.0"], &[(2, In(0, &[I8, I16]))]),
    ("tfl.log", &["2.15.0"], &[(2, In(0, &[I8, I16]))]),
    ("tfl.relu", &["2.1.0", "2.5.0"], &[(3, I16_IN), (2, In(0, &[I8, U8]))]),
    ("tfl.relu6", &["1.14.0", "2.5.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.rsqrt", &["2.5.0", "2.15.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.sign", &["2.12.0"], &[(2, In(0, &[I32]))]),
    ("tfl.sin", &["2.23.0"], &[(2, F16_IN)]),
    ("tfl.sqrt", &["2.21.0"], &[(2, In(0, &[I8, I16]))]),
    ("tfl.logistic", &["1.14.0", "2.3.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.tanh", &["1.14.0", "2.3.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.leaky_relu", &["2.3.0"], &[(2, I16_IN)]),
    ("tfl.gelu", &["2.9.0", "2.23.0"], &[(3, F16_IN), (2, In(0, &[I8, U8]))]),
    ("tfl.softmax", &["1.14.0", "2.3.0", "2.23.0"], &[(4, F16_IN), (3, I16_IN), (2, I8_IN)]),
    ("tfl.log_softmax", &["1.14.0"], &[(2, I8_IN)]),
    ("tfl.l2_normalization", &["1.14.0"], &[(2, Out(0, &[I8]))]),
    ("tfl.average_pool_2d", &["1.14.0", "2.3.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.max_pool_2d", &["1.14.0", "2.3.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.mean", &["1.14.0", "2.4.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.sum", &["1.15.0"], &[(2, I8_IN)]),
    ("tfl.reduce_max", &["1.14.0", "2.5.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.reduce_min", &["1.14.0", "2.5.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.reduce_prod", &["2.6.0"], &[(2, In(0, &[I8, I16]))]),
    ("tfl.arg_max", &["1.14.0", "2.9.0"], &[(3, BOOL_IN), (2, I8_IN)]),
    ("tfl.arg_min", &["1.14.0", "2.9.0"], &[(3, BOOL_IN), (2, I8_IN)]),
    ("tfl.topk_v2", &["1.14.0", "2.13.0"], &[(3, Any(&[I16_IN, In(1, &[I16]), Out(1, &[I16])])), (2, I8_IN)]),
    ("tfl.squeeze", &["2.5.0"], &[(2, STRING_IN)]),
    ("tfl.transpose",
        &["1.14.0", "1.15.0", "2.3.0", "2.4.0", "2.12.0", "2.14.4", "2.22.0", "2.23.0"],
        &[(9, F16_IN), (8, Any(&[RankAbove(0, 6), In(0, &[BF16])])), (7, In(0, &[I4])), (6, RankAbove(0, 5)),
          (5, I16_IN), (4, RankAbove(0, 4)), (3, BOOL_IN), (2, I8_IN)]),
    ("tfl.concatenation",
        &["1.14.0", "2.3.0", "2.14.0", "2.21.0", "2.23.0", "2.23.0"],
        &[(7, F8_IN), (6, F16_IN), (5, In(0, &[I4])), (4, In(0, &[U32])), (3, I16_IN), (2, I8_IN)]),
    ("tfl.pack",
        &["1.14.0", "2.3.0", "2.13.0", "2.23.0"],
        &[(5, F8_IN), (2, I8_IN), (3, I16_IN), (4, In(0, &[U32]))]),
    ("tfl.unpack",
        &["1.14.0", "2.2.0", "2.3.0", "2.22.0", "2.23.0"],
        &[(6, F8_IN), (2, In(0, &[I8, U8])), (3, BOOL_IN), (4, I16_IN), (5, In(0, &[F16, BF16]))]),
    ("tfl.split",
        &["1.14.0", "1.14.0", "2.3.0", "2.23.0"],
        &[(5, In(1, F8)), (4, In(1, &[I16])), (3, In(1, &[I32])), (2, In(1, &[I8]))]),
    ("tfl.split_v", &["2.3.0", "2.23.0"], &[(3, F8_IN), (2, I8_IN)]),
    ("tfl.slice",
        &["1.14.0", "1.14.0", "2.4.0", "2.5.0", "2.14.0", "2.21.0", "2.23.0"],
        &[(8, F16_IN), (7, In(0, &[I4])), (6, In(0, &[U32])), (5, RankAbove(0, 4)), (4, I16_IN), (3, STRING_IN),
          (2, I8_IN)]),
    ("tfl.strided_slice",
        &["1.14.0", "2.1.0", "2.2.0", "2.5.0", "2.6.0", "2.14.0", "2.14.0"],
        &[(8, Set("offset")), (7, In(0, &[U32])), (6, Any(&[Set("ellipsis_mask"), Set("new_axis_mask")])),
          (5, STRING_IN), (4, RankAbove(0, 4)), (3, BOOL_IN), (2, I8_IN)]),
    ("tfl.gather",
        &["1.14.0", "1.15.0", "2.4.0", "2.5.0", "2.13.0", "2.15.0", "2.23.0"],
        &[(8, F8_IN), (7, In(0, &[I4])), (6, In(1, &[I16])), (5, Set("batch_dims")), (4, I16_IN), (3, BOOL_IN),
          (2, I8_IN)]),
    ("tfl.gather_nd",
        &["2.3.0", "2.5.0", "2.13.0", "2.16.0", "2.23.0"],
        &[(6, F8_IN), (5, BOOL_IN), (4, In(1, &[I16])), (3, I16_IN), (2, STRING_IN)]),
    ("tfl.tile", &["2.2.0", "2.8.0"], &[(3, I8_IN), (2, STRING_IN)]),
    ("tfl.broadcast_to", &["2.5.0", "2.5.0", "2.23.0"], &[(4, F8_IN), (3, In(0, &[I8, I16])), (2, Always)]),
    ("tfl.fill",
        &["2.3.0", "2.5.0", "2.12.0", "2.23.0"],
        &[(5, In(1, F8)), (4, In(1, &[F16])), (3, In(1, &[I8, I16])), (2, In(1, &[BOOL, STRING]))]),
    ("tfl.pad",
        &["1.14.0", "2.4.0", "2.6.0", "2.20.0", "2.23.0"],
        &[(6, F8_IN), (5, BOOL_IN), (4, RankAbove(0, 4)), (3, I16_IN), (2, I8_IN)]),
    ("tfl.padv2",
        &["1.14.0", "2.4.0", "2.6.0", "2.20.0", "2.23.0"],
        &[(6, F8_IN), (5, BOOL_IN), (4, RankAbove(0, 4)), (3, I16_IN), (2, I8_IN)]),
    ("tfl.mirror_pad", &["2.3.0", "2.12.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.reverse_v2", &["2.2.0", "2.5.0", "2.23.0"], &[(4, F8_IN), (3, I8_IN), (2, BOOL_IN)]),
    ("tfl.space_to_depth", &["1.14.0"], &[(2, I8_IN)]),
    ("tfl.depth_to_space", &["2.5.0"], &[(2, I8_IN)]),
    ("tfl.space_to_batch_nd", &["1.14.0", "2.3.0", "2.12.0"], &[(4, I16_IN), (3, Is(not_4d)), (2, I8_IN)]),
    ("tfl.batch_to_space_nd", &["1.14.0", "2.3.0", "2.12.0"], &[(4, I16_IN), (3, Is(not_4d)), (2, I8_IN)]),
    ("tfl.resize_bilinear",
        &["1.14.0", "2.2.0", "2.5.0"],
        &[(4, I16_IN), (3, Set("half_pixel_centers")), (2, I8_IN)]),
    ("tfl.resize_nearest_neighbor",
        &["1.14.0", "2.3.0", "2.4.0"],
        &[(4, I16_IN), (3, Any(&[Set("half_pixel_centers"), Set("align_corners")])), (2, I8_IN)]),
    ("tfl.range", &["2.14.0"], &[(2, In(0, &[I64]))]),
    ("tfl.cast",
        &["2.7.0", "2.8.0", "2.9.0", "2.12.0", "2.15.0", "2.17.0", "2.21.0", "2.23.0"],
        &[(9, From(F8)), (8, From(&[I2, U4])), (7, From(&[BF16])), (6, All(&[In(0, &[I4]), Out(0, &[F32])])),
          (5, From(&[F64, F16])), (4, From(&[U16])), (3, From(&[I8])), (2, From(&[U32]))]),
    ("tfl.where", &["2.8.0"], &[(2, Is(counts))]),
    ("tfl.dynamic_update_slice",
        &["2.17.0", "2.19.0", "2.20.0", "2.21.0", "2.22.0"],
        &[(6, In(0, &[BF16])), (5, In(0, &[I4])), (4, I16_IN), (3, F16_IN), (2, In(2, &[I64]))]),
    ("tfl.fake_quant", &["1.10.0"], &[(2, Set("narrow_range"))]),
    ("tfl.sparse_to_dense", &["1.14.0", "1.15.0"], &[(3, In(2, &[I8, U8])), (2, In(2, &[I64]))]),
    ("tfl.lstm",
        &["1.10.0", "1.14.0", "2.3.0", ""],
        &[(5, All(&[I16_IN, In(2, &[I8]), Out(0, &[I16])])), (4, All(&[HYBRID_GATES, Set("asymmetric_quantize_inputs")])),
          (3, HYBRID_GATES)]),
    ("tfl.basic_lstm", &["1.10.0"], &[(2, Always)]),
    ("tfl.unidirectional_sequence_lstm",
        &["1.14.0", "2.3.0", "2.12.0", ""],
        &[(5, All(&[I16_IN, In(2, &[I8]), Out(0, &[I16])])), (4, Set("diagonal_recurrent_tensors")),
          (3, All(&[HYBRID_GATES, Set("asymmetric_quantize_inputs")])), (2, HYBRID_GATES)]),
    ("tfl.bidirectional_sequence_lstm",
        &["1.14.0", "1.14.0"],
        &[(3, All(&[HYBRID_WEIGHT, Set("asymmetric_quantize_inputs")])), (2, HYBRID_WEIGHT)]),
    ("tfl.unidirectional_sequence_rnn",
        &["1.14.0", "2.3.0"],
        &[(3, All(&[HYBRID_WEIGHT, Set("asymmetric_quantize_inputs")])), (2, HYBRID_WEIGHT)]),
    ("tfl.svdf",
        &["1.14.0", "2.2.0", "2.3.0"],
        &[(3, I8_IN), (4, All(&[F32_X_I8, Set("asymmetric_quantize_inputs")])), (2, F32_X_I8)]),
    ("tfl.quantize",
        &["1.15.0", "2.7.0", "2.21.0", "2.21.0", "2.21.0"],
        &[(5, From(&[U4])), (4, From(&[I4])), (3, Is(makes_channels)), (2, Out(0, &[I16]))]),
    ("tfl.dequantize",
        &["1.14.0", "1.15.0", "2.2.0", "2.7.0", "2.18.0", "2.21.0", "2.22.0", "2.23.0"],
        &[(9, F8_IN), (8, In(0, &[U4])), (7, In(0, &[I2])), (6, In(0, &[I4])), (3, In(0, &[I16, F16])),
          (5, All(&[I8_IN, PerChannel(0)])), (2, I8_IN)]),
];
