//! Whole numbers that are known before the model runs: sizes, and what is computed from them.

use crate::attr::Attr;
use crate::body::{Body, Operation, Value};
use crate::types::Elem;

/// The elements of an integer scalar or vector, as far as they are known: constants, sizes of known dimensions, and what is packed, joined,
/// sliced, picked or multiplied from them. `None` if not even their number is known.
pub fn known_ints(body: &Body, v: Value) -> Option<Vec<Option<i64>>> {
    known_at(body, v, 16)
}

fn known_at(body: &Body, v: Value, depth: usize) -> Option<Vec<Option<i64>>> {
    let ty = body.tensor_ty(v)?;
    if !matches!(ty.elem, Elem::Int(..)) || ty.rank()? > 1 || depth == 0 {
        return None;
    }
    if let Some(t) = body.constant(v).filter(|t| t.len() <= 1 << 16) {
        return Some(t.to_i64()?.into_iter().map(Some).collect());
    }
    let unknown = || ty.num_elements().filter(|n| *n < 64).map(|n| vec![None; n]);
    let Some(op) = body.def_op(v).map(|o| body.op(o)) else { return unknown() };
    let operand = |i: usize| known_at(body, *op.operands().get(i)?, depth - 1);
    let found = match op.name.as_str() {
        "tfl.shape" => {
            let shape = body.tensor_ty(op.operands()[0])?.shape.clone()?;
            Some(shape.into_iter().map(|d| d.map(|d| d as i64)).collect())
        }
        "tfl.pack" | "tfl.concatenation" => {
            let parts: Option<Vec<_>> = (0..op.operands().len()).map(operand).collect();
            parts.map(|p| p.concat())
        }
        "tfl.cast" | "tfl.reshape" => operand(0),
        "tfl.strided_slice" => sliced(body, op, operand(0)),
        "tfl.gather" => picked(body, op, operand(0)),
        "tfl.reduce_prod" => operand(0).map(|v| vec![v.into_iter().try_fold(1i64, |n, d| n.checked_mul(d?))]),
        _ => None,
    };
    found.or_else(unknown)
}

/// Elements of a vector, picked by constant indices.
fn picked(body: &Body, op: &Operation, of: Option<Vec<Option<i64>>>) -> Option<Vec<Option<i64>>> {
    let of = of?;
    let indices = body.constant(*op.operands().get(1)?)?.to_i64()?;
    indices.into_iter().map(|i| of.get(usize::try_from(i).ok()?).copied()).collect()
}

/// A strided slice of a vector with constant bounds.
fn sliced(body: &Body, op: &Operation, of: Option<Vec<Option<i64>>>) -> Option<Vec<Option<i64>>> {
    let of = of?;
    let at = |i: usize| match &body.constant(*op.operands().get(i)?)?.to_i64()?[..] {
        [one] => Some(*one),
        _ => None,
    };
    let mask = |name: &str| op.attr(name).and_then(Attr::as_int).unwrap_or(0) & 1 == 1;
    let (begin, end, step) = (at(1)?, at(2)?, at(3)?);
    let n = of.len() as i64;
    if mask("shrink_axis_mask") {
        let i = if begin < 0 { begin + n } else { begin };
        return Some(vec![*of.get(usize::try_from(i).ok()?)?]);
    }
    if step != 1 || mask("new_axis_mask") || mask("ellipsis_mask") {
        return None;
    }
    let clamp = |v: i64| if v < 0 { v + n } else { v }.clamp(0, n) as usize;
    let from = if mask("begin_mask") { 0 } else { clamp(begin) };
    let to = if mask("end_mask") { n as usize } else { clamp(end) };
    Some(of.get(from..to.max(from))?.to_vec())
}
