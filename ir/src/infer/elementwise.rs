//! Operations on each element: operands broadcast.

use super::{InferCx, InferError, Inferred, one};
use crate::types::{Dim, Elem};

/// The shape that broadcasting makes (numpy's rule); `None` if a rank is unknown.
pub fn broadcast(shapes: &[Option<&[Dim]>]) -> Result<Option<Vec<Dim>>, InferError> {
    let Some(shapes) = shapes.iter().copied().collect::<Option<Vec<_>>>() else { return Ok(None) };
    let rank = shapes.iter().map(|s| s.len()).max().unwrap_or(0);
    let mut out = vec![Some(1); rank];
    for s in shapes {
        for (o, d) in out[rank - s.len()..].iter_mut().zip(s) {
            *o = match (*o, *d) {
                (a, Some(1)) => a,
                (Some(1), b) => b,
                (Some(a), Some(b)) if a == b => Some(a),
                (Some(a), Some(b)) => {
                    return Err(InferError::new(format!("dimensions {a} and {b} do not broadcast")));
                }
                (Some(a), None) | (None, Some(a)) => Some(a),
                (None, None) => None,
            };
        }
    }
    Ok(Some(out))
}

pub(super) fn broadcast_all(cx: &InferCx<'_>, from: usize) -> Result<Option<Vec<Dim>>, InferError> {
    let shapes = (from..cx.types.len()).map(|i| cx.shape(i)).collect::<Result<Vec<_>, _>>()?;
    broadcast(&shapes)
}

/// Element-wise with broadcasting; the element type of operand 0.
pub fn elementwise(cx: &InferCx<'_>) -> Inferred {
    one(broadcast_all(cx, 0)?, cx.elem(0)?)
}

/// Element-wise with broadcasting; booleans.
pub fn comparison(cx: &InferCx<'_>) -> Inferred {
    one(broadcast_all(cx, 0)?, Elem::BOOL)
}

/// `select(condition, x, y)`: broadcast of all three, element type of `x`.
pub fn select(cx: &InferCx<'_>) -> Inferred {
    let shape = match (cx.shape(0)?, cx.shape(1)?) {
        // The old SELECT takes a vector that chooses whole rows.
        (Some([_]), Some(x)) if x.len() > 1 => Some(x.to_vec()),
        _ => broadcast_all(cx, 0)?,
    };
    one(shape, cx.elem(1)?)
}
