//! Operations that TFLite has no operator for, as a few that it has.

use ir::Value;
use ir::dialect::tfl;
use ir::infer::InferError;

use super::lower::{Lower, Lowered};

/// `scale` and `scale * alpha` of SELU (Klambauer et al., Self-Normalizing Neural Networks, 2017).
const SELU_SCALE: f32 = 1.050_701;
const SELU_SCALE_ALPHA: f32 = 1.758_099_3;

/// Applies the rule of an operation; `None` if there is none.
pub(super) fn apply(l: &mut Lower<'_>, name: &str) -> Option<Lowered> {
    let (unary, binary) = (l.input(0), l.input(0).and_then(|a| Ok((a, l.input(1)?))));
    Some(match name {
        "ClipByValue" => clip(l),
        "Cosh" => unary.and_then(|x| hyperbolic(l, x, true)),
        "DivNoNan" => binary.and_then(|(a, b)| div_no_nan(l, a, b)),
        "Expm1" => unary.and_then(|x| {
            let (e, one) = (l.emit(&tfl::Exp {}, &[x])?, l.scalar(1.0));
            l.emit(&tfl::Sub::default(), &[e, one])
        }),
        "IsFinite" => unary.and_then(|x| {
            let (a, infinity) = (l.emit(&tfl::Abs {}, &[x])?, l.scalar(f32::INFINITY));
            l.emit(&tfl::Less {}, &[a, infinity])
        }),
        "IsInf" => unary.and_then(|x| {
            let (a, infinity) = (l.emit(&tfl::Abs {}, &[x])?, l.scalar(f32::INFINITY));
            l.emit(&tfl::Equal {}, &[a, infinity])
        }),
        "IsNan" => unary.and_then(|x| l.emit(&tfl::NotEqual {}, &[x, x])),
        "Log1p" => unary.and_then(|x| {
            let s = plus_one(l, x)?;
            l.emit(&tfl::Log {}, &[s])
        }),
        "Reciprocal" | "Inv" => unary.and_then(|x| {
            let one = l.scalar(1.0);
            l.emit(&tfl::Div::default(), &[one, x])
        }),
        "Roll" => unary.and_then(|x| roll(l, x)),
        "Selu" => unary.and_then(|x| selu(l, x)),
        "Sinh" => unary.and_then(|x| hyperbolic(l, x, false)),
        "Softplus" => unary.and_then(|x| {
            let e = l.emit(&tfl::Exp {}, &[x])?;
            let s = plus_one(l, e)?;
            l.emit(&tfl::Log {}, &[s])
        }),
        "Softsign" => unary.and_then(|x| {
            let a = l.emit(&tfl::Abs {}, &[x])?;
            let s = plus_one(l, a)?;
            l.emit(&tfl::Div::default(), &[x, s])
        }),
        "Xdivy" => binary.and_then(|(x, y)| {
            let q = l.emit(&tfl::Div::default(), &[x, y])?;
            zero_where_zero(l, x, q)
        }),
        "Xlogy" => binary.and_then(|(x, y)| {
            let log = l.emit(&tfl::Log {}, &[y])?;
            let p = l.emit(&tfl::Mul::default(), &[x, log])?;
            zero_where_zero(l, x, p)
        }),
        _ => return None,
    })
}

fn plus_one(l: &mut Lower<'_>, x: Value) -> Lowered {
    let one = l.scalar(1.0);
    l.emit(&tfl::Add::default(), &[x, one])
}

/// `value`, but 0 where `x` is.
fn zero_where_zero(l: &mut Lower<'_>, x: Value, value: Value) -> Lowered {
    let zero = l.scalar(0.0);
    let is_zero = l.emit(&tfl::Equal {}, &[x, zero])?;
    l.emit(&tfl::SelectV2 {}, &[is_zero, zero, value])
}

fn div_no_nan(l: &mut Lower<'_>, a: Value, b: Value) -> Lowered {
    let q = l.emit(&tfl::Div::default(), &[a, b])?;
    zero_where_zero(l, b, q)
}

fn clip(l: &mut Lower<'_>) -> Lowered {
    let (x, low, high) = (l.input(0)?, l.input(1)?, l.input(2)?);
    let below = l.emit(&tfl::Minimum {}, &[x, high])?;
    l.emit(&tfl::Maximum {}, &[below, low])
}

/// `(exp(x) + exp(-x)) / 2`, or the difference.
fn hyperbolic(l: &mut Lower<'_>, x: Value, cosine: bool) -> Lowered {
    let minus = l.emit(&tfl::Neg {}, &[x])?;
    let (up, down) = (l.emit(&tfl::Exp {}, &[x])?, l.emit(&tfl::Exp {}, &[minus])?);
    let both =
        if cosine { l.emit(&tfl::Add::default(), &[up, down])? } else { l.emit(&tfl::Sub::default(), &[up, down])? };
    let half = l.scalar(0.5);
    l.emit(&tfl::Mul::default(), &[both, half])
}

/// `scale * max(x, 0) + scale * alpha * elu(min(x, 0))`: one of the terms is always 0, and each has an int8 form.
fn selu(l: &mut Lower<'_>, x: Value) -> Lowered {
    let (zero, scale, scale_alpha) = (l.scalar(0.0), l.scalar(SELU_SCALE), l.scalar(SELU_SCALE_ALPHA));
    let positive = l.emit(&tfl::Relu {}, &[x])?;
    let positive = l.emit(&tfl::Mul::default(), &[positive, scale])?;
    let negative = l.emit(&tfl::Minimum {}, &[x, zero])?;
    let negative = l.emit(&tfl::Elu {}, &[negative])?;
    let negative = l.emit(&tfl::Mul::default(), &[negative, scale_alpha])?;
    l.emit(&tfl::Add::default(), &[positive, negative])
}

/// Moves elements along axes of known size: what falls off the end comes back at the start.
fn roll(l: &mut Lower<'_>, x: Value) -> Lowered {
    let (shifts, axes) = (l.input(1)?, l.input(2)?);
    let (shifts, axes) = (l.ints(shifts, "shift")?, l.ints(axes, "axis")?);
    let rank = l.rank(x)?;
    let mut rolled = x;
    for (shift, axis) in shifts.iter().zip(&axes) {
        let axis = ir::infer::axis(*axis, rank)?;
        let size = l.shape(rolled).and_then(|s| s[axis]);
        let size = size.ok_or_else(|| InferError::new("the size of an axis that is rolled is unknown"))? as i64;
        let shift = if size == 0 { 0 } else { shift.rem_euclid(size) };
        if shift == 0 {
            continue;
        }
        let (tail, head) = (part(l, rolled, axis, size - shift, shift)?, part(l, rolled, axis, 0, size - shift)?);
        let row = tfl::Concatenation { axis: axis as i32, fused_activation_function: tfl::Activation::None };
        rolled = l.emit(&row, &[tail, head])?;
    }
    Ok(rolled)
}

/// `size` elements along one axis, all along the others.
fn part(l: &mut Lower<'_>, x: Value, axis: usize, begin: i64, size: i64) -> Lowered {
    let along = |at: i64, rest: i64, rank: usize| -> Vec<i64> {
        (0..rank).map(|i| if i == axis { at } else { rest }).collect()
    };
    let rank = l.rank(x)?;
    let (begin, size) = (l.i32s(&along(begin, 0, rank)), l.i32s(&along(size, -1, rank)));
    l.emit(&tfl::Slice {}, &[x, begin, size])
}
