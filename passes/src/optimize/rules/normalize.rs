//! Softmax and L2 normalization from their written-out forms.

use ir::Value;
use ir::dialect::tfl::{self, Activation};

use crate::optimize::rewrite::Rewriter;

/// Sums over the last dimension, which is kept: what is summed.
fn sum_over_last(r: &Rewriter<'_>, v: Value) -> Option<Value> {
    let sum = r.def::<tfl::Sum>(v)?;
    (sum.row.keep_dims && is_last(r, sum.ins[0], sum.ins[1])).then_some(sum.ins[0])
}

fn is_last(r: &Rewriter<'_>, x: Value, axes: Value) -> bool {
    let last = r.rank(x).map_or(-1, |n| n as i64 - 1);
    matches!(r.ints(axes).as_deref(), Some([a]) if *a == -1 || *a == last)
}

/// `exp(x) / sum(exp(x))`, also with the maximum subtracted from `x`, which changes nothing
pub fn softmax(r: &mut Rewriter<'_>) -> Option<Value> {
    let plain = r.row::<tfl::Div>()?.fused_activation_function == Activation::None;
    let (e, s) = (r.input(0)?, r.input(1)?);
    if !plain || sum_over_last(r, s)? != e {
        return None;
    }
    let x = r.def::<tfl::Exp>(e)?.ins[0];
    let x = without_max(r, x).unwrap_or(x);
    r.emit(&tfl::Softmax { beta: 1.0 }, &[x])
}

/// `x` of `x - max(x)`
fn without_max(r: &Rewriter<'_>, v: Value) -> Option<Value> {
    let sub = r.def::<tfl::Sub>(v)?;
    let max = r.def::<tfl::ReduceMax>(sub.ins[1])?;
    let x = sub.ins[0];
    let fits = max.row.keep_dims && max.ins[0] == x && is_last(r, x, max.ins[1]);
    (fits && sub.row.fused_activation_function == Activation::None).then_some(x)
}

/// 1e-6 in float32, and what is below.
const LARGEST_EPSILON: f64 = 1.000_001e-6;

/// `x * rsqrt(sum(x^2))` or `x / sqrt(sum(x^2))`, with a small number added to the sum or as its least value
pub fn l2_normalization(r: &mut Rewriter<'_>) -> Option<Value> {
    let (a, b) = (r.input(0)?, r.input(1)?);
    let (x, sum) = if let Some(div) = r.row::<tfl::Div>() {
        let sqrt = r.def::<tfl::Sqrt>(b)?;
        (div.fused_activation_function == Activation::None).then_some((a, sqrt.ins[0]))?
    } else {
        let plain = r.row::<tfl::Mul>()?.fused_activation_function == Activation::None;
        let (x, rsqrt) = match r.def::<tfl::Rsqrt>(b) {
            Some(f) => (a, f),
            None => (b, r.def::<tfl::Rsqrt>(a)?),
        };
        plain.then_some((x, rsqrt.ins[0]))?
    };
    let square = sum_over_last(r, without_epsilon(r, sum).unwrap_or(sum))?;
    if squared(r, square)? != x {
        return None;
    }
    r.emit(&tfl::L2Normalization::default(), &[x])
}

/// The kernel guards against division by zero by a least norm of its own, 1e-6; what is added here must be as small.
fn without_epsilon(r: &Rewriter<'_>, v: Value) -> Option<Value> {
    let ins = r.def::<tfl::Maximum>(v).map(|f| f.ins).or_else(|| r.def::<tfl::Add>(v).map(|f| f.ins))?;
    (r.splat(ins[1])? <= LARGEST_EPSILON).then_some(ins[0])
}

/// `x` of `square(x)` or `x * x`
fn squared(r: &Rewriter<'_>, v: Value) -> Option<Value> {
    if let Some(square) = r.def::<tfl::Square>(v) {
        return Some(square.ins[0]);
    }
    let mul = r.def::<tfl::Mul>(v).filter(|m| m.row.fused_activation_function == Activation::None)?;
    (mul.ins[0] == mul.ins[1]).then_some(mul.ins[0])
}
