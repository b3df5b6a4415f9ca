//! The same elements in another shape, and shapes that are operands.

use super::{InferCx, InferError, Inferred, axis, one};
use crate::attr::Attr;
use crate::tensor::Tensor;
use crate::types::{Dim, Elem};

/// As many dimensions as a tensor of TensorFlow may have.
const MOST_DIMENSIONS: usize = 254;

/// The shape is operand `i`, a vector of sizes.
pub(super) fn shape_from(cx: &InferCx<'_>, i: usize) -> Result<Option<Vec<Dim>>, InferError> {
    if let Some(v) = cx.ints(i) {
        return Ok(Some(v.into_iter().map(|d| usize::try_from(d).ok()).collect()));
    }
    if let Some(Some(v)) = cx.known.get(i) {
        return Ok(Some(v.iter().map(|d| usize::try_from((*d)?).ok()).collect()));
    }
    Ok(match cx.shape(i)? {
        Some([Some(rank)]) if *rank <= MOST_DIMENSIONS => Some(vec![None; *rank]),
        _ => None,
    })
}

/// `reshape(x, shape)`; one size may be -1.
pub fn reshape(cx: &InferCx<'_>) -> Inferred {
    let elem = cx.elem(0)?;
    let Some(mut out) = shape_from(cx, 1)? else { return one(None, elem) };
    let total = cx.ty(0)?.num_elements();
    if let Some(sizes) = cx.ints(1) {
        let unknown: Vec<usize> = (0..sizes.len()).filter(|i| sizes[*i] < 0).collect();
        let known = out.iter().flatten().try_fold(1usize, |n, d| n.checked_mul(*d));
        match (&unknown[..], total, known) {
            ([i], Some(t), Some(k)) if k > 0 && t % k == 0 => out[*i] = Some(t / k),
            ([], Some(t), Some(k)) if t != k => {
                return Err(InferError::new(format!("{t} elements cannot take a shape of {k}")));
            }
            ([_], Some(t), Some(k)) if k > 0 => {
                return Err(InferError::new(format!("{t} elements cannot take a shape of a multiple of {k}")));
            }
            ([], ..) | ([_], ..) => {}
            _ => return Err(InferError::new("more than one size is -1")),
        }
    } else if let (Some(t), [i]) = (total, &(0..out.len()).filter(|i| out[*i].is_none()).collect::<Vec<_>>()[..]) {
        let known = out.iter().flatten().try_fold(1usize, |n, d| n.checked_mul(*d));
        out[*i] = known.filter(|k| *k > 0 && t % k == 0).map(|k| t / k);
    }
    one(Some(out), elem)
}

/// `squeeze` of `squeeze_dims`, or of all dimensions of size 1.
pub fn squeeze(cx: &InferCx<'_>) -> Inferred {
    let Some(s) = cx.shape(0)? else { return one(None, cx.elem(0)?) };
    let dims = cx.attrs.get("squeeze_dims").and_then(Attr::as_ints).unwrap_or_default();
    let drop: Vec<usize> = if dims.is_empty() {
        if s.contains(&None) {
            return one(None, cx.elem(0)?);
        }
        (0..s.len()).filter(|i| s[*i] == Some(1)).collect()
    } else {
        dims.into_iter().map(|d| axis(d, s.len())).collect::<Result<_, _>>()?
    };
    let out = s.iter().enumerate().filter(|(i, _)| !drop.contains(i)).map(|(_, d)| *d).collect();
    one(Some(out), cx.elem(0)?)
}

/// `expand_dims(x, dim)`.
pub fn expand_dims(cx: &InferCx<'_>) -> Inferred {
    let (Some(s), Some(a)) = (cx.shape(0)?, cx.ints(1)) else { return one(None, cx.elem(0)?) };
    let a = axis(a.first().copied().unwrap_or(0), s.len() + 1)?;
    let mut out = s.to_vec();
    out.insert(a, Some(1));
    one(Some(out), cx.elem(0)?)
}

/// `transpose(x, perm)`.
pub fn transpose(cx: &InferCx<'_>) -> Inferred {
    let elem = cx.elem(0)?;
    let Some(s) = cx.shape(0)? else { return one(None, elem) };
    let Some(perm) = cx.ints(1) else { return one(Some(vec![None; s.len()]), elem) };
    if perm.len() != s.len() {
        return Err(InferError::new(format!("a permutation of {} for rank {}", perm.len(), s.len())));
    }
    let out = perm.into_iter().map(|p| Ok(s[axis(p, s.len())?])).collect::<Result<_, InferError>>()?;
    one(Some(out), elem)
}

/// `shape(x)`: a vector of the rank; of `i32`, which a builder may replace by `i64`.
pub fn shape(cx: &InferCx<'_>) -> Inferred {
    one(Some(vec![cx.shape(0)?.map(<[Dim]>::len)]), Elem::I32)
}

/// A scalar `i32`.
pub fn rank(_: &InferCx<'_>) -> Inferred {
    one(Some(vec![]), Elem::I32)
}

/// `tile(x, multiples)`.
pub fn tile(cx: &InferCx<'_>) -> Inferred {
    let Some(s) = cx.shape(0)? else { return one(None, cx.elem(0)?) };
    let out = match cx.ints(1) {
        Some(m) => s.iter().zip(m).map(|(d, m)| (*d)?.checked_mul(usize::try_from(m).ok()?)).collect(),
        None => vec![None; s.len()],
    };
    one(Some(out), cx.elem(0)?)
}

/// The shape is operand 1.
pub fn broadcast_to(cx: &InferCx<'_>) -> Inferred {
    one(shape_from(cx, 1)?, cx.elem(0)?)
}

/// `fill(dims, value)`.
pub fn fill(cx: &InferCx<'_>) -> Inferred {
    one(shape_from(cx, 0)?, cx.elem(1)?)
}

/// `random_uniform(shape)`: floats.
pub fn random(cx: &InferCx<'_>) -> Inferred {
    one(shape_from(cx, 0)?, Elem::F32)
}

/// `range(start, limit, delta)`: a vector; its length is known if the operands are.
pub fn range(cx: &InferCx<'_>) -> Inferred {
    let at =
        |i: usize| cx.constants.get(i).copied().flatten().and_then(Tensor::to_f64).and_then(|v| v.first().copied());
    let len = match (at(0), at(1), at(2)) {
        (Some(a), Some(b), Some(d)) if d != 0.0 => Some(((b - a) / d).ceil().max(0.0) as usize),
        _ => None,
    };
    one(Some(vec![len]), cx.elem(0)?)
}

/// `matrix_diag(x)`: a square of the last dimension.
pub fn matrix_diag(cx: &InferCx<'_>) -> Inferred {
    let out = cx.shape(0)?.map(|s| s.iter().chain(s.last()).copied().collect());
    one(out, cx.elem(0)?)
}
