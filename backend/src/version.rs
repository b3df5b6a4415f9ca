//! Versions of operators, and the oldest runtime that has them.
//!
//! A version tells a runtime which types and options it must know. The rules are those of TFLite's own converter (`op_version.cc`), the
//! runtimes those of its table (`runtime_version.cc`). Int16 convolutions with int8 weights, for which the converter has no rule, take the
//! version that brought int16.

use ir::{Attr, Elem};

use crate::schema::tflite as fb;
use crate::view::View;

/// The version of an operation: that of its first rule that holds, else 1.
pub fn version(view: View<'_>) -> i32 {
    let rules = row(view.op.name.as_str()).map_or(&[][..], |(.., rules)| rules);
    rules.iter().find(|(_, when)| when.holds(view)).map_or(1, |(version, _)| *version)
}

/// The oldest runtime that knows a version of an operation, such as `2.3.0`.
pub fn min_runtime(name: &str, version: i32) -> Option<&'static str> {
    let (_, runtimes, _) = row(name)?;
    runtimes.get(usize::try_from(version).ok()?.checked_sub(1)?).copied().filter(|r| !r.is_empty())
}

/// The newer of two runtimes.
pub fn newer<'a>(a: &'a str, b: &'a str) -> &'a str {
    let key = |v: &str| -> Vec<u32> { v.split('.').map(|n| n.parse().unwrap_or(0)).collect() };
    std::cmp::max_by_key(a, b, |v| key(v))
}

fn row(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|(op, ..)| *op == name)
}

/// An operation, the runtimes of versions 1, 2, …, and the rules in order: a version and when it is needed.
type Row = (&'static str, &'static [&'static str], &'static [(i32, When)]);

/// A condition on an operation.
#[derive(Clone, Copy)]
enum When {
    /// Holds.
    Always,
    /// An operand is stored in one of these types.
    In(usize, &'static [fb::TensorType]),
    /// A result is.
    Out(usize, &'static [fb::TensorType]),
    /// The first operand or the first result is.
    From(&'static [fb::TensorType]),
    /// An operand is there.
    Present(usize),
    /// An operand has several scales.
    PerChannel(usize),
    /// An operand has more dimensions.
    RankAbove(usize, usize),
    /// The first two operands broadcast, one of them having more dimensions.
    Broadcast(usize),
    /// An attribute is true or not 0.
    Set(&'static str),
    /// Anything else.
    Is(fn(View<'_>) -> bool),
    /// All hold.
    All(&'static [When]),
    /// One holds.
    Any(&'static [When]),
}
use When::*;

impl When {
    fn holds(self, v: View<'_>) -> bool {
        match self {
            Always => true,
            In(i, types) => v.stored_in(i).is_some_and(|t| types.contains(&t)),
            Out(i, types) => v.stored_out(i).is_some_and(|t| types.contains(&t)),
            From(types) => In(0, types).holds(v) || Out(0, types).holds(v),
            Present(i) => v.operand(i).is_some(),
            PerChannel(i) => v.quant_in(i).is_some_and(|q| q.scales().len() > 1),
            RankAbove(i, n) => v.rank(i).is_some_and(|r| r > n),
            Broadcast(n) => {
                let shapes = (v.operand(0).map(|t| &t.shape), v.operand(1).map(|t| &t.shape));
                shapes.0 != shapes.1 && (RankAbove(0, n).holds(v) || RankAbove(1, n).holds(v))
            }
            Set(attr) => v.is_set(attr),
            Is(f) => f(v),
            All(whens) => whens.iter().all(|w| w.holds(v)),
            Any(whens) => whens.iter().any(|w| w.holds(v)),
        }
    }
}

/// Several groups: the filter has fewer channels than the input.
fn grouped(v: View<'_>) -> bool {
    let channels = |i| *v.operand(i)?.shape.as_ref()?.last()?;
    channels(0).zip(channels(1)).is_some_and(|(input, filter)| input != filter)
}

fn dilated(v: View<'_>) -> bool {
    ["dilation_h_factor", "dilation_w_factor"]
        .iter()
        .any(|a| v.op.attr(a).and_then(Attr::as_int).is_some_and(|d| d != 1))
}

fn activated(v: View<'_>) -> bool {
    v.op.attr("fused_activation_function").and_then(Attr::as_str).is_some_and(|a| a != "NONE")
}

fn shuffled(v: View<'_>) -> bool {
    v.op.attr("weights_format").and_then(Attr::as_str).is_some_and(|f| f != "DEFAULT")
}

/// `s1 * s2 / s_out >= 1`, in the f32 of the file.
fn scale_above_one(v: View<'_>) -> bool {
    let scale = |e: &Elem| Some(e.quant()?.as_per_tensor()?.0 as f32);
    let all = || Some((scale(&v.operand(0)?.elem)?, scale(&v.operand(1)?.elem)?, scale(&v.result(0)?.elem)?));
    all().is_some_and(|(a, b, out)| a * b / out >= 1.0)
}

fn not_4d(v: View<'_>) -> bool {
    v.rank(0).is_some_and(|r| r != 4)
}

fn makes_channels(v: View<'_>) -> bool {
    v.result(0).and_then(|t| t.elem.quant()).is_some_and(|q| q.scales().len() > 1)
}

/// A condition of numbers instead of booleans.
fn counts(v: View<'_>) -> bool {
    v.stored_in(0).is_some_and(|t| t != BOOL)
}

fn unquantized(v: View<'_>) -> bool {
    v.quant_in(0).is_none()
}

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
const I8_X_I8: When = All(&[I8_IN, In(1, &[I8])]);
const I8_X_I4: When = All(&[I8_IN, In(1, &[I4])]);
const F32_X_I8: When = All(&[In(0, &[F32]), In(1, &[I8])]);

const HYBRID_WEIGHT: When = All(&[In(1, &[I8]), Out(0, &[F32])]);
const HYBRID_GATES: When = All(&[In(0, &[F32]), In(2, &[I8]), Out(0, &[F32])]);

#[rustfmt::skip]
static ROWS: &[Row] = &[
    ("tfl.conv_2d",
        &["1.5.0", "1.14.0", "1.14.0", "2.3.0", "2.4.0", "2.9.0", "2.11.0", "2.15.0"],
        &[(6, Is(grouped)), (4, I16_IN), (3, I8_X_I8), (7, I8_X_I4), (5, All(&[F32_X_I8, PerChannel(1)])),
          (2, F32_X_I8)]),
    ("tfl.depthwise_conv_2d",
        &["1.5.0", "1.12.0", "1.14.0", "2.2.0", "2.3.0", "2.3.0", "2.11.0"],
        &[(5, I16_IN), (6, All(&[F32_X_I8, PerChannel(1)])), (4, F32_X_I8), (3, I8_X_I8), (7, I8_X_I4),
          (2, Is(dilated))]),
    ("tfl.transpose_conv",
        &["1.9.0", "2.2.0", "2.3.0", "2.13.0", "2.15.0"],
        &[(4, Is(activated)), (3, Present(3)), (2, In(1, &[I8]))]),
    ("tfl.conv_3d", &["2.5.0"], &[]),
    ("tfl.fully_connected",
        &["1.5.0", "1.10.0", "1.14.0", "1.14.0", "2.0.0", "2.1.0", "2.3.0", "2.3.0", "2.3.0", "2.11.0", "2.15.0", "2.17.0", "2.18.0", "2.21.0"],
        &[(14, In(1, &[I2])), (13, All(&[I16_IN, In(1, &[I4])])), (12, All(&[F32_X_I8, PerChannel(1)])), (7, I16_IN),
          (5, Set("keep_num_dims")), (4, I8_X_I8), (10, I8_X_I4),
          (9, All(&[F32_X_I8, Set("asymmetric_quantize_inputs")])), (3, F32_X_I8), (2, Is(shuffled))]),
    ("tfl.batch_matmul",
        &["2.3.0", "2.3.0", "2.4.0", "2.5.0"],
        &[(3, I16_IN), (2, I8_IN), (4, All(&[F32_X_I8, Set("asymmetric_quantize_inputs")]))]),
    ("tfl.embedding_lookup",
        &["1.13.0", "1.14.0", "1.14.0", "2.18.0", "2.21.0"],
        &[(4, Any(&[In(1, &[I4]), PerChannel(1)])), (5, In(1, &[I2]))]),
    ("tfl.add",
        &["1.5.0", "1.14.0", "2.4.0", "2.6.0", "2.13.0", "2.23.0"],
        &[(6, F16_IN), (5, PLAIN_I16), (4, In(0, &[I64])), (3, I16_IN), (2, I8_IN)]),
    ("tfl.sub",
        &["1.6.0", "1.14.0", "2.3.0", "2.4.0", "2.4.0"],
        &[(5, I16_IN), (4, In(0, &[I64])), (3, Broadcast(4)), (2, I8_IN)]),
    ("tfl.mul",
        &["1.5.0", "1.14.0", "1.15.0", "2.3.0", "2.6.0", "2.11.0", "2.13.0", "2.23.0"],
        &[(8, F16_IN), (7, Any(&[PLAIN_I16, In(0, &[U32])])), (6, In(0, &[C64])), (5, In(0, &[I64])), (4, I16_IN),
          (3, Is(scale_above_one)), (2, I8_IN)]),
    ("tfl.div", &["1.6.0", "2.3.0"], &[(2, Broadcast(4))]),
    ("tfl.maximum", &["1.14.0", "1.14.0", "2.3.0", "2.3.0"], &[(4, I16_IN), (3, Broadcast(4)), (2, I8_IN)]),
    ("tfl.minimum", &["1.14.0", "1.14.0", "2.3.0", "2.3.0"], &[(4, I16_IN), (3, Broadcast(4)), (2, I8_IN)]),
    ("tfl.squared_difference", &["1.13.1", "2.5.0"], &[(2, I8_IN)]),
    ("tfl.floor_div", &["1.14.0", "1.14.0", "2.13.0"], &[(3, In(0, &[I16, I8])), (2, In(0, &[F32]))]),
    ("tfl.floor_mod", &["1.13.0", "2.13.0"], &[(2, In(0, &[I16, I8]))]),
    ("tfl.pow", &["1.10.0"], &[]),
    ("tfl.atan2", &["2.10.0"], &[]),
    ("tfl.equal", &["1.14.0", "1.14.0", "2.3.0", "2.13.0", "2.21.0"], &[(5, I16_IN), (3, STRING_IN), (2, I8_IN)]),
    ("tfl.not_equal", &["1.14.0", "1.14.0", "2.3.0", "2.21.0"], &[(4, I16_IN), (3, STRING_IN), (2, I8_IN)]),
    ("tfl.less", &["1.14.0", "1.14.0", "2.13.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.less_equal", &["1.14.0", "1.14.0"], &[(2, I8_IN)]),
    ("tfl.greater", &["1.14.0", "1.14.0"], &[(2, I8_IN)]),
    ("tfl.greater_equal", &["1.14.0", "1.14.0", "2.13.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.logical_and", &["1.11.0"], &[]),
    ("tfl.logical_or", &["1.11.0"], &[]),
    ("tfl.logical_not", &["1.11.0"], &[]),
    ("tfl.add_n", &["1.14.0"], &[]),
    ("tfl.select",
        &["1.14.0", "1.14.0", "2.12.0", "2.12.0"],
        &[(4, In(1, &[U32])), (3, Any(&[RankAbove(0, 4), RankAbove(1, 4), RankAbove(2, 4)]))]),
    ("tfl.select_v2", &["2.2.0", "2.12.0"], &[(2, In(1, &[U32]))]),
    ("tfl.abs",
        &["1.13.0", "2.4.0", "2.5.0", "2.6.0", "2.12.0"],
        &[(5, In(0, &[I32])), (4, PLAIN_I16), (3, I16_IN), (2, In(0, &[I8, U8]))]),
    ("tfl.ceil", &["1.14.0"], &[]),
    ("tfl.cos", &["1.14.0", "2.23.0"], &[(2, F16_IN)]),
    ("tfl.elu", &["1.14.0"], &[]),
    ("tfl.exp", &["1.7.0", "2.12.0"], &[(2, In(0, &[I8, I16]))]),
    ("tfl.floor", &["1.9.0"], &[]),
    ("tfl.hard_swish", &["1.15.0"], &[]),
    ("tfl.log", &["1.14.0", "2.15.0"], &[(2, In(0, &[I8, I16]))]),
    ("tfl.neg", &["1.9.0"], &[]),
    ("tfl.relu", &["1.5.0", "2.1.0", "2.5.0"], &[(3, I16_IN), (2, In(0, &[I8, U8]))]),
    ("tfl.relu6", &["1.5.0", "1.14.0", "2.5.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.relu_n1_to_1", &["1.5.0"], &[]),
    ("tfl.relu_0_to_1", &["2.10.0"], &[]),
    ("tfl.round", &["1.14.0"], &[]),
    ("tfl.rsqrt", &["1.10.0", "2.5.0", "2.15.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.sign", &["2.11.0", "2.12.0"], &[(2, In(0, &[I32]))]),
    ("tfl.sin", &["1.9.0", "2.23.0"], &[(2, F16_IN)]),
    ("tfl.sqrt", &["1.10.0", "2.21.0"], &[(2, In(0, &[I8, I16]))]),
    ("tfl.square", &["1.12.0"], &[]),
    ("tfl.logistic", &["1.14.0", "1.14.0", "2.3.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.tanh", &["1.14.0", "1.14.0", "2.3.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.zeros_like", &["1.12.0"], &[]),
    ("tfl.leaky_relu", &["1.13.1", "2.3.0"], &[(2, I16_IN)]),
    ("tfl.gelu", &["2.9.0", "2.9.0", "2.23.0"], &[(3, F16_IN), (2, In(0, &[I8, U8]))]),
    ("tfl.prelu", &["1.8.0"], &[]),
    ("tfl.softmax", &["1.5.0", "1.14.0", "2.3.0", "2.23.0"], &[(4, F16_IN), (3, I16_IN), (2, I8_IN)]),
    ("tfl.log_softmax", &["1.14.0", "1.14.0"], &[(2, I8_IN)]),
    ("tfl.l2_normalization", &["1.5.0", "1.14.0"], &[(2, Out(0, &[I8]))]),
    ("tfl.local_response_normalization", &["1.5.0"], &[]),
    ("tfl.average_pool_2d", &["1.5.0", "1.14.0", "2.3.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.max_pool_2d", &["1.5.0", "1.14.0", "2.3.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.l2_pool_2d", &["1.5.0"], &[]),
    ("tfl.mean", &["1.6.0", "1.14.0", "2.4.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.sum", &["1.10.0", "1.15.0"], &[(2, I8_IN)]),
    ("tfl.reduce_max", &["1.11.0", "1.14.0", "2.5.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.reduce_min", &["1.11.0", "1.14.0", "2.5.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.reduce_prod", &["1.11.0", "2.6.0"], &[(2, In(0, &[I8, I16]))]),
    ("tfl.reduce_any", &["1.11.0"], &[]),
    ("tfl.reduce_all", &["2.6.0"], &[]),
    ("tfl.arg_max", &["1.9.0", "1.14.0", "2.9.0"], &[(3, BOOL_IN), (2, I8_IN)]),
    ("tfl.arg_min", &["1.9.0", "1.14.0", "2.9.0"], &[(3, BOOL_IN), (2, I8_IN)]),
    ("tfl.topk_v2", &["1.7.0", "1.14.0", "2.13.0"], &[(3, Any(&[I16_IN, In(1, &[I16]), Out(1, &[I16])])), (2, I8_IN)]),
    ("tfl.cumsum", &["2.4.0"], &[]),
    ("tfl.reshape", &["1.5.0"], &[]),
    ("tfl.squeeze", &["1.6.0", "2.5.0"], &[(2, STRING_IN)]),
    ("tfl.expand_dims", &["1.10.0"], &[]),
    ("tfl.transpose",
        &["1.6.0", "1.14.0", "1.15.0", "2.3.0", "2.4.0", "2.12.0", "2.14.4", "2.22.0", "2.23.0"],
        &[(9, F16_IN), (8, Any(&[RankAbove(0, 6), In(0, &[BF16])])), (7, In(0, &[I4])), (6, RankAbove(0, 5)),
          (5, I16_IN), (4, RankAbove(0, 4)), (3, BOOL_IN), (2, I8_IN)]),
    ("tfl.concatenation",
        &["1.5.0", "1.14.0", "2.3.0", "2.14.0", "2.21.0", "2.23.0", "2.23.0"],
        &[(7, F8_IN), (6, F16_IN), (5, In(0, &[I4])), (4, In(0, &[U32])), (3, I16_IN), (2, I8_IN)]),
    ("tfl.pack",
        &["1.11.0", "1.14.0", "2.3.0", "2.13.0", "2.23.0"],
        &[(5, F8_IN), (2, I8_IN), (3, I16_IN), (4, In(0, &[U32]))]),
    ("tfl.unpack",
        &["1.11.0", "1.14.0", "2.2.0", "2.3.0", "2.22.0", "2.23.0"],
        &[(6, F8_IN), (2, In(0, &[I8, U8])), (3, BOOL_IN), (4, I16_IN), (5, In(0, &[F16, BF16]))]),
    ("tfl.split",
        &["1.5.0", "1.14.0", "1.14.0", "2.3.0", "2.23.0"],
        &[(5, In(1, F8)), (4, In(1, &[I16])), (3, In(1, &[I32])), (2, In(1, &[I8]))]),
    ("tfl.split_v", &["1.13.1", "2.3.0", "2.23.0"], &[(3, F8_IN), (2, I8_IN)]),
    ("tfl.slice",
        &["1.14.0", "1.14.0", "1.14.0", "2.4.0", "2.5.0", "2.14.0", "2.21.0", "2.23.0"],
        &[(8, F16_IN), (7, In(0, &[I4])), (6, In(0, &[U32])), (5, RankAbove(0, 4)), (4, I16_IN), (3, STRING_IN),
          (2, I8_IN)]),
    ("tfl.strided_slice",
        &["1.6.0", "1.14.0", "2.1.0", "2.2.0", "2.5.0", "2.6.0", "2.14.0", "2.14.0"],
        &[(8, Set("offset")), (7, In(0, &[U32])), (6, Any(&[Set("ellipsis_mask"), Set("new_axis_mask")])),
          (5, STRING_IN), (4, RankAbove(0, 4)), (3, BOOL_IN), (2, I8_IN)]),
    ("tfl.gather",
        &["1.6.0", "1.14.0", "1.15.0", "2.4.0", "2.5.0", "2.13.0", "2.15.0", "2.23.0"],
        &[(8, F8_IN), (7, In(0, &[I4])), (6, In(1, &[I16])), (5, Set("batch_dims")), (4, I16_IN), (3, BOOL_IN),
          (2, I8_IN)]),
    ("tfl.gather_nd",
        &["1.14.0", "2.3.0", "2.5.0", "2.13.0", "2.16.0", "2.23.0"],
        &[(6, F8_IN), (5, BOOL_IN), (4, In(1, &[I16])), (3, I16_IN), (2, STRING_IN)]),
    ("tfl.scatter_nd", &["2.1.0"], &[]),
    ("tfl.tile", &["1.10.1", "2.2.0", "2.8.0"], &[(3, I8_IN), (2, STRING_IN)]),
    ("tfl.broadcast_to", &["", "2.5.0", "2.5.0", "2.23.0"], &[(4, F8_IN), (3, In(0, &[I8, I16])), (2, Always)]),
    ("tfl.fill",
        &["1.13.0", "2.3.0", "2.5.0", "2.12.0", "2.23.0"],
        &[(5, In(1, F8)), (4, In(1, &[F16])), (3, In(1, &[I8, I16])), (2, In(1, &[BOOL, STRING]))]),
    ("tfl.pad",
        &["1.5.0", "1.14.0", "2.4.0", "2.6.0", "2.20.0", "2.23.0"],
        &[(6, F8_IN), (5, BOOL_IN), (4, RankAbove(0, 4)), (3, I16_IN), (2, I8_IN)]),
    ("tfl.padv2",
        &["1.9.0", "1.14.0", "2.4.0", "2.6.0", "2.20.0", "2.23.0"],
        &[(6, F8_IN), (5, BOOL_IN), (4, RankAbove(0, 4)), (3, I16_IN), (2, I8_IN)]),
    ("tfl.mirror_pad", &["1.13.1", "2.3.0", "2.12.0"], &[(3, I16_IN), (2, I8_IN)]),
    ("tfl.reverse_v2", &["1.14.0", "2.2.0", "2.5.0", "2.23.0"], &[(4, F8_IN), (3, I8_IN), (2, BOOL_IN)]),
    ("tfl.reverse_sequence", &["1.14.0"], &[]),
    ("tfl.space_to_depth", &["1.5.0", "1.14.0"], &[(2, I8_IN)]),
    ("tfl.depth_to_space", &["2.1.0", "2.5.0"], &[(2, I8_IN)]),
    ("tfl.space_to_batch_nd", &["1.6.0", "1.14.0", "2.3.0", "2.12.0"], &[(4, I16_IN), (3, Is(not_4d)), (2, I8_IN)]),
    ("tfl.batch_to_space_nd", &["1.6.0", "1.14.0", "2.3.0", "2.12.0"], &[(4, I16_IN), (3, Is(not_4d)), (2, I8_IN)]),
    ("tfl.matrix_diag", &["1.14.0"], &[]),
    ("tfl.resize_bilinear",
        &["1.7.0", "1.14.0", "2.2.0", "2.5.0"],
        &[(4, I16_IN), (3, Set("half_pixel_centers")), (2, I8_IN)]),
    ("tfl.resize_nearest_neighbor",
        &["1.13.1", "1.14.0", "2.3.0", "2.4.0"],
        &[(4, I16_IN), (3, Any(&[Set("half_pixel_centers"), Set("align_corners")])), (2, I8_IN)]),
    ("tfl.one_hot", &["1.11.0"], &[]),
    ("tfl.shape", &["1.10.0"], &[]),
    ("tfl.rank", &["1.14.0"], &[]),
    ("tfl.range", &["1.13.0", "2.14.0"], &[(2, In(0, &[I64]))]),
    ("tfl.cast",
        &["1.5.0", "2.7.0", "2.8.0", "2.9.0", "2.12.0", "2.15.0", "2.17.0", "2.21.0", "2.23.0"],
        &[(9, From(F8)), (8, From(&[I2, U4])), (7, From(&[BF16])), (6, All(&[In(0, &[I4]), Out(0, &[F32])])),
          (5, From(&[F64, F16])), (4, From(&[U16])), (3, From(&[I8])), (2, From(&[U32]))]),
    ("tfl.where", &["1.14.0", "2.8.0"], &[(2, Is(counts))]),
    ("tfl.random_uniform", &["2.8.0"], &[]),
    ("tfl.bitcast", &["2.13.0"], &[]),
    ("tfl.bitwise_xor", &["2.13.0"], &[]),
    ("tfl.right_shift", &["2.13.0"], &[]),
    ("tfl.real", &["2.5.0"], &[]),
    ("tfl.imag", &["2.5.0"], &[]),
    ("tfl.complex_abs", &["2.5.0"], &[]),
    ("tfl.rfft2d", &["2.5.0"], &[]),
    ("tfl.bucketize", &["2.8.0"], &[]),
    ("tfl.broadcast_args", &["2.6.0"], &[]),
    ("tfl.matrix_set_diag", &["1.14.0"], &[]),
    ("tfl.dilate", &["2.15.0"], &[]),
    ("tfl.densify", &["2.2.0"], &[]),
    ("tfl.unique", &["1.14.0"], &[]),
    ("tfl.segment_sum", &["2.2.0"], &[]),
    ("tfl.unsorted_segment_prod", &["2.10.0"], &[]),
    ("tfl.unsorted_segment_max", &["2.10.0"], &[]),
    ("tfl.unsorted_segment_min", &["2.11.0"], &[]),
    ("tfl.unsorted_segment_sum", &["2.10.0"], &[]),
    ("tfl.non_max_suppression_v4", &["2.1.0"], &[]),
    ("tfl.non_max_suppression_v5", &["2.1.0"], &[]),
    ("tfl.random_standard_normal", &["2.8.0"], &[]),
    ("tfl.multinomial", &["2.8.0"], &[]),
    ("tfl.if", &["1.15.0"], &[]),
    ("tfl.while", &["1.15.0"], &[]),
    ("tfl.call_once", &["2.5.0"], &[]),
    ("tfl.var_handle", &["2.6.0"], &[]),
    ("tfl.read_variable", &["2.6.0"], &[]),
    ("tfl.assign_variable", &["2.6.0"], &[]),
    ("tfl.hashtable", &["2.5.0"], &[]),
    ("tfl.hashtable_find", &["2.5.0"], &[]),
    ("tfl.hashtable_import", &["2.5.0"], &[]),
    ("tfl.hashtable_size", &["2.5.0"], &[]),
    ("tfl.conv_3d_transpose", &["2.6.0"], &[]),
    ("tfl.dynamic_update_slice",
        &["2.9.0", "2.17.0", "2.19.0", "2.20.0", "2.21.0", "2.22.0"],
        &[(6, In(0, &[BF16])), (5, In(0, &[I4])), (4, I16_IN), (3, F16_IN), (2, In(2, &[I64]))]),
    ("tfl.fake_quant", &["1.5.0", "1.10.0"], &[(2, Set("narrow_range"))]),
    ("tfl.sparse_to_dense", &["1.9.0", "1.14.0", "1.15.0"], &[(3, In(2, &[I8, U8])), (2, In(2, &[I64]))]),
    ("tfl.lstm",
        &["1.7.0", "1.10.0", "1.14.0", "2.3.0", ""],
        &[(5, All(&[I16_IN, In(2, &[I8]), Out(0, &[I16])])), (4, All(&[HYBRID_GATES, Set("asymmetric_quantize_inputs")])),
          (3, HYBRID_GATES)]),
    ("tfl.basic_lstm", &["", "1.10.0"], &[(2, Always)]),
    ("tfl.unidirectional_sequence_lstm",
        &["1.13.1", "1.14.0", "2.3.0", "2.12.0", ""],
        &[(5, All(&[I16_IN, In(2, &[I8]), Out(0, &[I16])])), (4, Set("diagonal_recurrent_tensors")),
          (3, All(&[HYBRID_GATES, Set("asymmetric_quantize_inputs")])), (2, HYBRID_GATES)]),
    ("tfl.bidirectional_sequence_lstm",
        &["1.14.0", "1.14.0", "1.14.0"],
        &[(3, All(&[HYBRID_WEIGHT, Set("asymmetric_quantize_inputs")])), (2, HYBRID_WEIGHT)]),
    ("tfl.unidirectional_sequence_rnn",
        &["1.14.0", "1.14.0", "2.3.0"],
        &[(3, All(&[HYBRID_WEIGHT, Set("asymmetric_quantize_inputs")])), (2, HYBRID_WEIGHT)]),
    ("tfl.svdf",
        &["1.5.0", "1.14.0", "2.2.0", "2.3.0"],
        &[(3, I8_IN), (4, All(&[F32_X_I8, Out(0, &[F32]), Set("asymmetric_quantize_inputs")])),
          (2, All(&[F32_X_I8, Out(0, &[F32])]))]),
    ("tfl.quantize",
        &["1.14.0", "1.15.0", "2.7.0", "2.21.0", "2.21.0", "2.21.0"],
        &[(5, Out(0, &[U4])), (4, Out(0, &[I4])), (3, Is(makes_channels)), (2, Out(0, &[I16]))]),
    ("tfl.dequantize",
        &["1.13.1", "1.14.0", "1.15.0", "2.2.0", "2.7.0", "2.18.0", "2.21.0", "2.22.0", "2.23.0"],
        &[(9, F8_IN), (8, In(0, &[U4])), (7, In(0, &[I2])), (6, In(0, &[I4])), (3, In(0, &[I16, F16])),
          (5, All(&[I8_IN, PerChannel(0)])), (2, I8_IN)]),
];

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ir::dialect::tfl::{self, TFL};
    use ir::{At, Body, Loc, OpRow, OpSpec, QuantType, Type};

    use super::*;

    /// The version of an operation with these operand types and result type.
    fn of<R: OpRow>(row: &R, operands: &[Type], result: Type) -> i32 {
        let mut body = Body::new();
        let entry = body.entry();
        let operands: Vec<_> = operands.iter().map(|t| body.add_arg(entry, t.clone(), Loc::UNKNOWN)).collect();
        let spec = OpSpec::row(row, Loc::UNKNOWN).operands(&operands).results([result]);
        let op = body.insert(At::End(entry), spec);
        version(View { body: &body, op: body.op(op), callees: &[] })
    }

    #[test]
    fn versions_follow_types_shapes_and_attributes() {
        let tensor = |shape: &[usize], elem: &Elem| Type::tensor(shape, elem.clone());
        let quant = |q: QuantType| Elem::Quant(Arc::new(q));
        let (image, filter, out) = ([1, 4, 4, 2], [3, 1, 1, 2], [1, 4, 4, 3]);
        let (float, q8) = (Elem::F32, quant(QuantType::per_tensor(8, 0.5, 0)));
        let per_axis = quant(QuantType::per_axis(8, 0, vec![0.5; 3]));
        let conv = tfl::Conv2D::default();
        let of_conv = |x: &Elem, w: &Elem| of(&conv, &[tensor(&image, x), tensor(&filter, w)], tensor(&out, x));
        assert_eq!(of_conv(&float, &float), 1);
        assert_eq!(of_conv(&q8, &per_axis), 3);
        assert_eq!(of_conv(&float, &per_axis), 5);
        assert_eq!(of_conv(&float, &q8), 2);
        let grouped = [tensor(&[1, 4, 4, 4], &float), tensor(&filter, &float)];
        assert_eq!(of(&conv, &grouped, tensor(&out, &float)), 6);

        let scaled = |scale: f64| tensor(&[4], &quant(QuantType::per_tensor(8, scale, 0)));
        let mul = tfl::Mul::default();
        assert_eq!(of(&mul, &[scaled(0.5), scaled(0.5)], scaled(0.5)), 2);
        assert_eq!(of(&mul, &[scaled(0.5), scaled(0.5)], scaled(0.25)), 3);

        let gather = |batch_dims| tfl::Gather { batch_dims: Some(batch_dims), ..Default::default() };
        let ints = tensor(&[2], &Elem::I32);
        assert_eq!(of(&gather(0), &[tensor(&[4], &float), ints.clone()], tensor(&[2], &float)), 1);
        assert_eq!(of(&gather(1), &[tensor(&[4], &float), ints], tensor(&[2], &float)), 5);
        assert_eq!(of(&tfl::BroadcastTo {}, &[tensor(&[1], &float)], tensor(&[2], &float)), 2);
    }

    #[test]
    fn every_operation_of_the_schema_has_a_row() {
        for def in TFL.ops.iter().filter(|d| d.builtin.is_some() && d.name != "tfl.custom") {
            assert!(row(def.name).is_some(), "{} has no versions", def.name);
        }
    }

    /// Versions that the converter gives, and for which its table has no runtime.
    const NO_RUNTIME: [(&str, i32); 2] = [("tfl.lstm", 5), ("tfl.unidirectional_sequence_lstm", 5)];

    #[test]
    fn every_version_has_a_runtime() {
        for (name, _, rules) in ROWS {
            let newest = rules.iter().map(|(v, _)| *v).max().unwrap_or(1);
            let oldest = if rules.iter().any(|(_, w)| matches!(w, Always)) { 2 } else { 1 };
            for version in oldest..=newest {
                let stated = min_runtime(name, version).is_some();
                assert!(stated != NO_RUNTIME.contains(&(name, version)), "{name} version {version} has no runtime");
            }
        }
    }

    #[test]
    fn runtimes_compare_by_number() {
        assert_eq!(newer("2.9.0", "2.12.0"), "2.12.0");
        assert_eq!(newer("1.14.0", "1.5.0"), "1.14.0");
    }
}
