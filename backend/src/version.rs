//! Which version of an operator a file must ask for (LiteRT's `op_version.cc`).
//!
//! A rule is a list of conditions, the first that holds decides; without one it is version 1.

use ir::{Attr, Body, Elem, OpDef, OpId, Operation, QuantParams, Type, Value};

/// A condition on an operation.
#[derive(Clone, Copy, Debug)]
enum When {
    /// The first value that counts is stored in signed 8 bits.
    I8,
    /// The same in signed or unsigned 8 bits.
    Byte,
    /// The same in 16 bits.
    I16,
    /// The same, quantized.
    Q16,
    /// The same in 32 bits.
    I32,
    /// The same in 64 bits.
    I64,
    /// It is a boolean.
    Bool,
    /// It is text.
    Text,
    /// It is float16.
    Half,
    /// It is float32.
    Float,
    /// It is float64.
    Double,
    /// It is an unsigned integer of 32 bits.
    U32,
    /// It is an unsigned integer of 16 bits.
    U16,
    /// It has more dimensions than this.
    RankAbove(usize),
    /// It has not four dimensions.
    NotRank4,
    /// Shapes differ, and one has more dimensions than this.
    BroadcastAbove(usize),
    /// An attribute of this name is true, or an integer other than 0.
    Set(&'static str),
    /// An attribute of this name is an integer other than 1.
    NotOne(&'static str),
    /// Has a fused activation.
    Activation,
    /// Any.
    Always,
}

/// Which value the conditions look at.
#[derive(Clone, Copy, Debug)]
enum Of {
    Operand(usize),
    Result(usize),
}

type Rule = (&'static str, Of, &'static [(When, i32)]);

use Of::{Operand, Result as Out};
use When::*;

const I16_3_I8_2: &[(When, i32)] = &[(I16, 3), (I8, 2)];
const I8_IS_2: &[(When, i32)] = &[(I8, 2)];

/// Rules of one value, by the operation's name without its dialect.
const RULES: &[Rule] = &[
    ("abs", Operand(0), &[(I32, 5), (Q16, 3), (I16, 4), (Byte, 2)]),
    ("add", Operand(0), &[(Half, 6), (I64, 4), (I8, 2)]),
    ("arg_max", Operand(0), &[(Bool, 3), (I8, 2)]),
    ("arg_min", Operand(0), &[(Bool, 3), (I8, 2)]),
    ("average_pool_2d", Operand(0), I16_3_I8_2),
    ("batch_to_space_nd", Operand(0), &[(I16, 4), (NotRank4, 3), (I8, 2)]),
    ("broadcast_to", Operand(0), &[(I8, 3), (I16, 3), (Always, 2)]),
    ("concatenation", Operand(0), &[(Half, 6), (U32, 4), (I16, 3), (I8, 2)]),
    ("depth_to_space", Operand(0), I8_IS_2),
    ("div", Operand(0), &[(BroadcastAbove(4), 2)]),
    ("equal", Operand(0), &[(I16, 5), (Text, 3), (I8, 2)]),
    ("exp", Operand(0), &[(I8, 2), (I16, 2)]),
    ("fill", Operand(1), &[(Half, 4), (I8, 3), (I16, 3), (Bool, 2), (Text, 2)]),
    ("floor_div", Operand(0), &[(I16, 3), (I8, 3), (Float, 2)]),
    ("floor_mod", Operand(0), &[(I16, 2), (I8, 2)]),
    ("gather", Operand(0), &[(Set("batch_dims"), 5), (I16, 4), (Bool, 3), (I8, 2)]),
    ("gather_nd", Operand(0), &[(Bool, 5), (I16, 3), (Text, 2)]),
    ("gelu", Operand(0), &[(Half, 3), (Byte, 2)]),
    ("greater", Operand(0), I8_IS_2),
    ("greater_equal", Operand(0), I16_3_I8_2),
    ("l2_normalization", Out(0), I8_IS_2),
    ("leaky_relu", Operand(0), &[(I16, 2)]),
    ("less", Operand(0), I16_3_I8_2),
    ("less_equal", Operand(0), I8_IS_2),
    ("log", Operand(0), &[(I8, 2), (I16, 2)]),
    ("log_softmax", Operand(0), I8_IS_2),
    ("logistic", Operand(0), I16_3_I8_2),
    ("max_pool_2d", Operand(0), I16_3_I8_2),
    ("maximum", Operand(0), &[(I16, 4), (BroadcastAbove(4), 3), (I8, 2)]),
    ("mean", Operand(0), I16_3_I8_2),
    ("minimum", Operand(0), &[(I16, 4), (BroadcastAbove(4), 3), (I8, 2)]),
    ("mirror_pad", Operand(0), I16_3_I8_2),
    ("not_equal", Operand(0), &[(I16, 4), (Text, 3), (I8, 2)]),
    ("pack", Operand(0), &[(U32, 4), (I16, 3), (I8, 2)]),
    ("pad", Operand(0), &[(Bool, 5), (RankAbove(4), 4), (I16, 3), (I8, 2)]),
    ("padv2", Operand(0), &[(Bool, 5), (RankAbove(4), 4), (I16, 3), (I8, 2)]),
    ("range", Operand(0), &[(I64, 2)]),
    ("reduce_max", Operand(0), I16_3_I8_2),
    ("reduce_min", Operand(0), I16_3_I8_2),
    ("reduce_prod", Operand(0), &[(I8, 2), (I16, 2)]),
    ("relu", Operand(0), &[(I16, 3), (Byte, 2)]),
    ("relu6", Operand(0), I16_3_I8_2),
    ("resize_bilinear", Operand(0), &[(I16, 4), (Set("half_pixel_centers"), 3), (I8, 2)]),
    (
        "resize_nearest_neighbor",
        Operand(0),
        &[(I16, 4), (Set("half_pixel_centers"), 3), (Set("align_corners"), 3), (I8, 2)],
    ),
    ("reverse_v2", Operand(0), &[(I8, 3), (Bool, 2)]),
    ("rsqrt", Operand(0), I16_3_I8_2),
    ("select", Operand(1), &[(U32, 4), (RankAbove(4), 3)]),
    ("select_v2", Operand(1), &[(U32, 2)]),
    ("sign", Operand(0), &[(I32, 2)]),
    ("slice", Operand(0), &[(Half, 8), (U32, 6), (RankAbove(4), 5), (I16, 4), (Text, 3), (I8, 2)]),
    ("softmax", Operand(0), &[(Half, 4), (I16, 3), (I8, 2)]),
    ("space_to_batch_nd", Operand(0), &[(I16, 4), (NotRank4, 3), (I8, 2)]),
    ("space_to_depth", Operand(0), I8_IS_2),
    ("split", Operand(1), &[(I16, 4), (I32, 3), (I8, 2)]),
    ("split_v", Operand(0), I8_IS_2),
    ("sqrt", Operand(0), &[(I8, 2), (I16, 2)]),
    ("squared_difference", Operand(0), I8_IS_2),
    ("squeeze", Operand(0), &[(Text, 2)]),
    (
        "strided_slice",
        Operand(0),
        &[
            (Set("offset"), 8),
            (U32, 7),
            (Set("ellipsis_mask"), 6),
            (Set("new_axis_mask"), 6),
            (Text, 5),
            (RankAbove(4), 4),
            (Bool, 3),
            (I8, 2),
        ],
    ),
    ("sub", Operand(0), &[(I64, 4), (BroadcastAbove(4), 3), (I8, 2)]),
    ("sum", Operand(0), I8_IS_2),
    ("tanh", Operand(0), I16_3_I8_2),
    ("tile", Operand(0), &[(I8, 3), (Text, 2)]),
    ("topk_v2", Operand(0), &[(I16, 3), (I8, 2)]),
    (
        "transpose",
        Operand(0),
        &[(Half, 9), (RankAbove(6), 8), (RankAbove(5), 6), (I16, 5), (RankAbove(4), 4), (Bool, 3), (I8, 2)],
    ),
    ("unpack", Operand(0), &[(I16, 4), (Bool, 3), (Byte, 2)]),
    ("where", Operand(0), &[(Bool, 1), (Always, 2)]),
];

/// The version of an operation.
pub fn version(body: &Body, id: OpId) -> i32 {
    let op = body.op(id);
    let Some(name) = op.name.def().and_then(|d: &OpDef| d.name.strip_prefix("tfl.")) else { return 1 };
    let operand = |i: usize| op.operands().get(i).copied();
    let is = |i: usize, when: When| operand(i).is_some_and(|v| holds(body, op, v, when));
    let weight = |i: usize| (is(i, I8) || is(i, Byte)).then(|| per_axis(body, operand(i)));
    match name {
        "conv_2d" => match weight(1) {
            Some(per_axis) if is(0, Float) => 2 + 3 * i32::from(per_axis),
            _ if is(0, I16) => 4,
            _ if grouped(body, op) => 6,
            Some(_) => 3,
            None => 1,
        },
        "depthwise_conv_2d" => match weight(1) {
            Some(per_axis) if is(0, Float) => 4 + 2 * i32::from(per_axis),
            _ if is(0, I16) => 5,
            Some(_) => 3,
            None if is(0, NotOne("dilation_h_factor")) || is(0, NotOne("dilation_w_factor")) => 2,
            None => 1,
        },
        "fully_connected" => {
            let hybrid = is(0, Float).then(|| weight(1)).flatten();
            match (hybrid, is(0, Set("keep_num_dims"))) {
                (Some(true), _) => 12,
                _ if is(0, I16) => 7,
                (_, true) => 5,
                (Some(false), _) if is(0, Set("asymmetric_quantize_inputs")) => 9,
                (Some(false), _) => 3,
                (None, _) if is(0, I8) => 4,
                _ => 1,
            }
        }
        "transpose_conv" => match (is(2, Activation), operand(3), weight(1)) {
            (true, ..) => 4,
            (_, Some(bias), _) if *body.ty(bias) != Type::None => 3,
            (.., Some(_)) => 2,
            _ => 1,
        },
        "batch_matmul" => match weight(1) {
            _ if is(0, I16) => 3,
            _ if is(0, I8) => 2,
            Some(_) if is(0, Set("asymmetric_quantize_inputs")) => 4,
            _ => 1,
        },
        "mul" => match () {
            () if is(0, Half) => 8,
            () if is(0, U32) => 7,
            () if is(0, I64) => 5,
            () if is(0, I16) => 4,
            () if is(0, I8) && rescales_up(body, op) => 3,
            () if is(0, I8) => 2,
            () => 1,
        },
        "quantize" => match op.results().first() {
            Some(v) if per_axis(body, Some(*v)) => 3,
            Some(v) if holds(body, op, *v, I16) => 2,
            _ => 1,
        },
        "dequantize" => match () {
            () if is(0, I16) || is(0, Half) => 3,
            () if is(0, I8) && per_axis(body, operand(0)) => 5,
            () if is(0, I8) => 2,
            () => 1,
        },
        "cast" => {
            let any = |when| is(0, when) || op.results().first().is_some_and(|v| holds(body, op, *v, when));
            match () {
                () if any(Half) || any(Double) => 5,
                () if any(U16) => 4,
                () if any(I8) => 3,
                () if any(U32) => 2,
                () => 1,
            }
        }
        _ => by_rule(body, op, name),
    }
}

fn by_rule(body: &Body, op: &Operation, name: &str) -> i32 {
    let Some((_, of, rule)) = RULES.iter().find(|(n, ..)| *n == name) else { return 1 };
    let value = match of {
        Operand(i) => op.operands().get(*i),
        Out(i) => op.results().get(*i),
    };
    let Some(v) = value else { return 1 };
    rule.iter().find(|(when, _)| holds(body, op, *v, *when)).map_or(1, |(_, version)| *version)
}

fn holds(body: &Body, op: &Operation, v: Value, when: When) -> bool {
    let ty = body.tensor_ty(v);
    let stored = ty.map(|t| t.elem.storage());
    let rank = |v: &Value| body.tensor_ty(*v).and_then(|t| t.rank()).unwrap_or(0);
    let int = |name: &str| op.attr(name).and_then(Attr::as_int);
    match when {
        I8 => stored == Some(Elem::I8),
        Byte => matches!(stored, Some(Elem::Int(8, _))),
        I16 => stored == Some(Elem::I16),
        Q16 => ty.is_some_and(|t| t.elem.quant().is_some()) && stored == Some(Elem::I16),
        I32 => stored == Some(Elem::I32),
        I64 => stored == Some(Elem::I64),
        Bool => stored == Some(Elem::BOOL),
        Text => stored == Some(Elem::String),
        Half => stored == Some(Elem::F16),
        Float => stored == Some(Elem::F32),
        Double => stored == Some(Elem::F64),
        U32 => stored == Some(Elem::Int(32, ir::Sign::Unsigned)),
        U16 => stored == Some(Elem::Int(16, ir::Sign::Unsigned)),
        RankAbove(n) => op.operands().iter().any(|v| rank(v) > n),
        NotRank4 => rank(&v) != 4,
        BroadcastAbove(n) => {
            let shapes: Vec<_> = op.operands().iter().map(|v| body.tensor_ty(*v).map(|t| &t.shape)).collect();
            shapes.windows(2).any(|w| w[0] != w[1]) && op.operands().iter().any(|v| rank(v) > n)
        }
        Set(name) => op.attr(name).and_then(Attr::as_bool).unwrap_or(false) || int(name).unwrap_or(0) != 0,
        NotOne(name) => int(name).unwrap_or(1) != 1,
        Activation => op.attr("fused_activation_function").and_then(Attr::as_str).is_some_and(|a| a != "NONE"),
        Always => true,
    }
}

/// Whether a value has a scale for each index of a dimension.
fn per_axis(body: &Body, v: Option<Value>) -> bool {
    let quant = v.and_then(|v| body.ty(v).elem()?.quant());
    quant.is_some_and(|q| matches!(q.params, QuantParams::PerAxis { .. }))
}

/// Whether the filter reads only a part of the input's channels.
fn grouped(body: &Body, op: &Operation) -> bool {
    let channels = |i: usize| body.tensor_ty(*op.operands().get(i)?)?.shape.as_ref()?.last().copied().flatten();
    matches!((channels(0), channels(1)), (Some(x), Some(f)) if x != f)
}

/// Whether the factor that brings a quantized product to the scale of its result is at least 1.
fn rescales_up(body: &Body, op: &Operation) -> bool {
    let scale = |v: &Value| body.ty(*v).elem()?.quant()?.as_per_tensor().map(|(s, _)| s);
    match (op.operands(), op.results()) {
        ([a, b], [y]) => matches!((scale(a), scale(b), scale(y)), (Some(a), Some(b), Some(y)) if a * b / y >= 1.0),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_name_operations_of_the_table_in_order() {
        assert!(RULES.is_sorted_by(|a, b| a.0 < b.0));
        for (name, ..) in RULES {
            let row = ir::dialect::tfl::TFL.ops.iter().find(|d| d.name.strip_prefix("tfl.") == Some(name));
            assert!(row.is_some_and(|d| d.builtin.is_some()), "{name}");
        }
    }
}
