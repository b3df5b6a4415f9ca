//! Arithmetic with constants, and choices that are already made.

use ir::dialect::tfl::{self, Activation};
use ir::{Tensor, Value};

use crate::optimize::rewrite::{Rewriter, is_commutative};

/// Of a commutative operation, a constant goes to the right, where other rules look for it. The left operand says of which elements the result is.
pub fn constant_right(r: &mut Rewriter<'_>) -> Option<Value> {
    let (a, b) = (r.input(0)?, r.input(1)?);
    let swap = r.alike(a, b) && is_commutative(r.op()) && r.constant(a).is_some() && r.constant(b).is_none();
    if swap { r.root_with(&[b, a]) } else { None }
}

/// `x + 0`, `x - 0`
pub fn zero_right(r: &mut Rewriter<'_>) -> Option<Value> {
    neutral(r, 0.0)
}

/// `x * 1`, `x / 1`
pub fn one_right(r: &mut Rewriter<'_>) -> Option<Value> {
    neutral(r, 1.0)
}

/// The left operand, if the right one is a number that changes nothing, not even the shape.
fn neutral(r: &mut Rewriter<'_>, number: f64) -> Option<Value> {
    let (x, c) = (r.input(0)?, r.input(1)?);
    let plain = r.root_activation() == Some(Activation::None);
    (plain && r.splat(c)? == number && keeps_shape(r, x, c)).then_some(x)
}

/// `max(x, -inf)`, `min(x, inf)`
pub fn infinite_bound(r: &mut Rewriter<'_>) -> Option<Value> {
    let (x, c) = (r.input(0)?, r.input(1)?);
    let no_bound = if r.row::<tfl::Maximum>().is_some() { f64::NEG_INFINITY } else { f64::INFINITY };
    (r.is_f32(x) && r.splat(c)? == no_bound && keeps_shape(r, x, c)).then_some(x)
}

/// Whether a constant operand leaves the shape of the other one as it is.
pub fn keeps_shape(r: &Rewriter<'_>, x: Value, c: Value) -> bool {
    let (Some(x), Some(c)) = (r.shape(x), r.shape(c)) else { return false };
    c.len() <= x.len() && c.iter().rev().zip(x.iter().rev()).all(|(c, x)| *c == Some(1) || c == x)
}

/// `-(-x)`
pub fn neg_of_neg(r: &mut Rewriter<'_>) -> Option<Value> {
    Some(r.def::<tfl::Neg>(r.input(0)?)?.ins[0])
}

/// Division by a float constant is a product with its reciprocal, rounded to float32.
pub fn div_by_constant(r: &mut Rewriter<'_>) -> Option<Value> {
    let row: tfl::Div = r.row()?;
    let (x, c) = (r.input(0)?, r.input(1)?);
    let t = r.f32_constant(c)?;
    let values = t.as_f32()?;
    if values.contains(&0.0) {
        return None;
    }
    let inverse = Tensor::f32(&t.shape(), values.iter().map(|v| 1.0 / v).collect());
    let inverse = r.constant_for(c, inverse);
    r.emit_as_root(&tfl::Mul { fused_activation_function: row.fused_activation_function }, &[x, inverse])
}

/// `1 / sqrt(x)`
pub fn rsqrt(r: &mut Rewriter<'_>) -> Option<Value> {
    let sqrt = r.only::<tfl::Sqrt>(r.input(1)?)?;
    let plain = r.root_activation()? == Activation::None && r.splat(r.input(0)?)? == 1.0;
    if plain && keeps_shape(r, sqrt.ins[0], r.input(0)?) { r.emit(&tfl::Rsqrt {}, &sqrt.ins) } else { None }
}

/// `(x + a) + b` is `x + (a + b)`.
pub fn add_of_add(r: &mut Rewriter<'_>) -> Option<Value> {
    let b = r.input(1)?;
    let inner = r.only::<tfl::Add>(r.input(0)?)?;
    let a = inner.ins[1];
    if inner.row.fused_activation_function != Activation::None || r.f32_constant(a).is_none() {
        return None;
    }
    r.f32_constant(b)?;
    let sum = r.emit(&tfl::Add::default(), &[a, b])?;
    r.root_with(&[inner.ins[0], sum])
}

/// A choice whose condition is known for all elements.
pub fn known_choice(r: &mut Rewriter<'_>) -> Option<Value> {
    let condition = r.input(0)?;
    let holds = match r.splat(condition) {
        Some(v) => v != 0.0,
        None => always_holds(r, condition)?,
    };
    let (chosen, y) = (r.input(if holds { 1 } else { 2 })?, r.output()?);
    (r.body.ty(chosen) == r.body.ty(y)).then_some(chosen)
}

/// A random number in [0, 1) is not below 0: how a dropout of rate 0 chooses.
fn always_holds(r: &Rewriter<'_>, condition: Value) -> Option<bool> {
    let compare = r.def::<tfl::GreaterEqual>(condition)?;
    r.def::<tfl::RandomUniform>(compare.ins[0])?;
    (r.splat(compare.ins[1])? <= 0.0).then_some(true)
}

/// `x * floor(random + 1)` with a random number in [0, 1): how a dropout of rate 0 of older graphs multiplies.
pub fn mask_of_ones(r: &mut Rewriter<'_>) -> Option<Value> {
    let y = r.output()?;
    let (a, b) = (r.input(0)?, r.input(1)?);
    let is_mask = |v: Value| {
        let sum = r.def::<tfl::Add>(r.def::<tfl::Floor>(v)?.ins[0])?;
        r.def::<tfl::RandomUniform>(sum.ins[0])?;
        (r.splat(sum.ins[1])? == 1.0).then_some(())
    };
    let x = if is_mask(b).is_some() { a } else { is_mask(a).map(|()| b)? };
    (r.body.ty(x) == r.body.ty(y)).then_some(x)
}
