//! Activations: written out in several operations, or fused into the operation in front.

use ir::dialect::tfl::{self, Activation};
use ir::{Dim, OpId, OpRow, Value};

use crate::optimize::rewrite::{Rewriter, about};

/// Operations whose kernels apply an activation. `tfl.transpose_conv` gets its activation with the bias.
const ACTIVATED: &[&str] = &[
    tfl::Conv2D::DEF.name,
    tfl::DepthwiseConv2D::DEF.name,
    tfl::FullyConnected::DEF.name,
    tfl::AveragePool2D::DEF.name,
    tfl::MaxPool2D::DEF.name,
    tfl::Add::DEF.name,
    tfl::Sub::DEF.name,
    tfl::Mul::DEF.name,
    tfl::Div::DEF.name,
];

/// The operation that makes a float value for one user only and may take in an activation.
pub fn takes_activation(r: &Rewriter<'_>, v: Value) -> Option<OpId> {
    let id = r.body.def_op(v)?;
    let free = r.activation(id) == Some(Activation::None);
    (free && r.is_f32(v) && r.body.has_one_use(v) && ACTIVATED.contains(&r.body.op(id).name.as_str())).then_some(id)
}

/// The activation an operation is.
fn activation(r: &Rewriter<'_>) -> Option<Activation> {
    match r.op().name.as_str() {
        "tfl.relu" => Some(Activation::Relu),
        "tfl.relu6" => Some(Activation::Relu6),
        "tfl.relu_n1_to_1" => Some(Activation::ReluN1To1),
        _ => None,
    }
}

/// An activation behind an operation that can apply it.
pub fn fuse(r: &mut Rewriter<'_>) -> Option<Value> {
    let act = activation(r)?;
    let id = takes_activation(r, r.input(0)?)?;
    let operands = r.body.op(id).operands().to_vec();
    r.again(id, &operands, Some(act))
}

/// `max(x, 0)`
pub fn relu_from_max(r: &mut Rewriter<'_>) -> Option<Value> {
    let x = r.input(0)?;
    let fits = r.is_f32(x) && r.splat(r.input(1)?)? == 0.0 && r.same_type(x, r.output()?);
    if fits { r.emit(&tfl::Relu {}, &[x]) } else { None }
}

/// `min(relu(x), 6)`, also where the relu is already fused.
pub fn relu6_from_min(r: &mut Rewriter<'_>) -> Option<Value> {
    let x = r.input(0)?;
    if !r.is_f32(x) || r.splat(r.input(1)?)? != 6.0 || !r.same_type(x, r.output()?) {
        return None;
    }
    if let Some(relu) = r.only::<tfl::Relu>(x) {
        return r.emit(&tfl::Relu6 {}, &[relu.ins[0]]);
    }
    let id = r.body.def_op(x).filter(|_| r.body.has_one_use(x))?;
    if r.activation(id)? != Activation::Relu {
        return None;
    }
    let operands = r.body.op(id).operands().to_vec();
    r.again(id, &operands, Some(Activation::Relu6))
}

/// `relu(min(x, 6))`
pub fn relu6_from_relu(r: &mut Rewriter<'_>) -> Option<Value> {
    let min = r.only::<tfl::Minimum>(r.input(0)?)?;
    if r.splat(min.ins[1])? == 6.0 { r.emit(&tfl::Relu6 {}, &[min.ins[0]]) } else { None }
}

/// `min(max(x, -1), 1)` and `max(min(x, 1), -1)`
pub fn relu_n1_to_1(r: &mut Rewriter<'_>) -> Option<Value> {
    let (x, c) = (r.input(0)?, r.splat(r.input(1)?)?);
    let (inner, want) = match r.row::<tfl::Minimum>() {
        Some(_) => (r.only::<tfl::Maximum>(x)?.ins, [1.0, -1.0]),
        None => (r.only::<tfl::Minimum>(x)?.ins, [-1.0, 1.0]),
    };
    let fits = r.is_f32(x) && [c, r.splat(inner[1])?] == want && r.same_type(inner[0], r.output()?);
    if fits { r.emit(&tfl::Relu1 {}, &[inner[0]]) } else { None }
}

/// `max(a * x, x)` with a number `a` below 1
pub fn leaky_relu_from_max(r: &mut Rewriter<'_>) -> Option<Value> {
    let (a, b) = (r.input(0)?, r.input(1)?);
    let slope = |scaled: Value, x: Value| scale_of(r, scaled, x).filter(|a| *a < 1.0);
    let (x, alpha) = match slope(a, b) {
        Some(s) => (b, s),
        None => (a, slope(b, a)?),
    };
    r.emit(&tfl::LeakyRelu { alpha: alpha as f32 }, &[x])
}

/// `select(x >= 0, x, a * x)`, also with `>`
pub fn leaky_relu_from_select(r: &mut Rewriter<'_>) -> Option<Value> {
    let (condition, x, scaled) = (r.input(0)?, r.input(1)?, r.input(2)?);
    let compare = r.def::<tfl::GreaterEqual>(condition).map(|f| f.ins);
    let compare = compare.or_else(|| r.def::<tfl::Greater>(condition).map(|f| f.ins))?;
    if compare[0] != x || r.splat(compare[1])? != 0.0 || !r.same_type(x, r.output()?) {
        return None;
    }
    let alpha = scale_of(r, scaled, x)? as f32;
    r.emit(&tfl::LeakyRelu { alpha }, &[x])
}

/// The number `a` of `v = a * x`.
fn scale_of(r: &Rewriter<'_>, v: Value, x: Value) -> Option<f64> {
    let mul = r.only::<tfl::Mul>(v)?;
    let fits = mul.ins[0] == x && r.is_f32(x) && mul.row.fused_activation_function == Activation::None;
    if fits && r.body.ty(v) == r.body.ty(x) { r.splat(mul.ins[1]) } else { None }
}

/// `1 / (1 + exp(-x))`
pub fn logistic(r: &mut Rewriter<'_>) -> Option<Value> {
    if r.row::<tfl::Div>()?.fused_activation_function != Activation::None || r.splat(r.input(0)?)? != 1.0 {
        return None;
    }
    let sum = r.def::<tfl::Add>(r.input(1)?)?;
    if sum.row.fused_activation_function != Activation::None || r.splat(sum.ins[1])? != 1.0 {
        return None;
    }
    let exp = r.def::<tfl::Exp>(sum.ins[0])?;
    let x = r.def::<tfl::Neg>(exp.ins[0])?.ins[0];
    r.emit(&tfl::Logistic {}, &[x])
}

/// `relu(x) + c * relu(-x)` is a relu of slope `-c`; with a minus, `c`.
pub fn prelu(r: &mut Rewriter<'_>) -> Option<Value> {
    let minus = r.row::<tfl::Sub>().map(|s| s.fused_activation_function);
    let act = minus.or(r.row::<tfl::Add>().map(|a| a.fused_activation_function))?;
    let x = r.only::<tfl::Relu>(r.input(0)?)?.ins[0];
    let negative = r.only::<tfl::Mul>(r.input(1)?)?;
    let c = negative.ins[1];
    let under = r.only::<tfl::Relu>(negative.ins[0])?.ins[0];
    let plain = act == Activation::None && negative.row.fused_activation_function == Activation::None;
    if !plain || r.def::<tfl::Neg>(under)?.ins[0] != x || !super::arith::keeps_shape(r, x, c) {
        return None;
    }
    r.f32_constant(c)?;
    if let Some(slope) = r.splat(c).filter(|_| r.rank(c) == Some(0)) {
        let alpha = if minus.is_some() { slope } else { -slope };
        return r.emit(&tfl::LeakyRelu { alpha: alpha as f32 }, &[x]);
    }
    let slopes = slopes(r, c, r.rank(x)?)?;
    let alpha = if minus.is_some() { slopes } else { r.emit(&tfl::Neg {}, &[slopes])? };
    r.emit(&tfl::Prelu {}, &[x, alpha])
}

/// The constant with a dimension for each of an input of this rank but the first, as the operation takes its slopes.
fn slopes(r: &mut Rewriter<'_>, c: Value, rank: usize) -> Option<Value> {
    let known = r.f32_constant(c)?.shape();
    let wanted = rank.checked_sub(1)?;
    let shape: Vec<usize> = match known.len().checked_sub(wanted) {
        Some(0) => return Some(c),
        Some(1) if known[0] == 1 => known[1..].to_vec(),
        Some(_) => return None,
        None => std::iter::repeat_n(1, wanted - known.len()).chain(known).collect(),
    };
    let shape: Vec<Dim> = shape.into_iter().map(Some).collect();
    r.reshape(c, &shape)
}

/// `x * relu6(x + 3) / 6`, the factors in any order
pub fn hard_swish(r: &mut Rewriter<'_>) -> Option<Value> {
    let product = super::gelu::product(r)?;
    let [a, b] = product.factors[..] else { return None };
    if !about(product.number, 1.0 / 6.0) {
        return None;
    }
    let x = match relu6_of_x_plus_3(r, b) {
        Some(x) if x == a => x,
        _ => relu6_of_x_plus_3(r, a).filter(|x| *x == b)?,
    };
    r.emit(&tfl::HardSwish {}, &[x])
}

fn relu6_of_x_plus_3(r: &Rewriter<'_>, v: Value) -> Option<Value> {
    let (sum, act) = match r.def::<tfl::Relu6>(v) {
        Some(relu) => (relu.ins[0], Activation::None),
        None => (v, Activation::Relu6),
    };
    let add = r.def::<tfl::Add>(sum)?;
    (add.row.fused_activation_function == act && r.splat(add.ins[1])? == 3.0).then_some(add.ins[0])
}
