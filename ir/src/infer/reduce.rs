//! Reductions over dimensions.

use super::{InferCx, Inferred, axis, one};
use crate::types::{Dim, Elem};

/// Reductions over the axes of operand 1.
pub fn reduce(cx: &InferCx<'_>) -> Inferred {
    let elem = cx.elem(0)?;
    let Some(s) = cx.shape(0)? else { return one(None, elem) };
    let keep = cx.flag("keep_dims");
    let Some(axes) = cx.ints(1) else {
        return one(keep.then(|| vec![None; s.len()]), elem);
    };
    let axes = axes.into_iter().map(|a| axis(a, s.len())).collect::<Result<Vec<_>, _>>()?;
    let out = (0..s.len())
        .filter_map(|i| match (axes.contains(&i), keep) {
            (true, true) => Some(Some(1)),
            (true, false) => None,
            (false, _) => Some(s[i]),
        })
        .collect();
    one(Some(out), elem)
}

/// `arg_max(x, dim)`: without dimension `dim`; of `i32`, which a builder may replace by `i64`.
pub fn arg_reduce(cx: &InferCx<'_>) -> Inferred {
    let (Some(s), Some(a)) = (cx.shape(0)?, cx.ints(1)) else { return one(None, Elem::I32) };
    let a = axis(a.first().copied().unwrap_or(0), s.len())?;
    let mut out = s.to_vec();
    out.remove(a);
    one(Some(out), Elem::I32)
}

/// `topk_v2(x, k)`: values and indices.
pub fn topk(cx: &InferCx<'_>) -> Inferred {
    let mut shape = cx.shape(0)?.map(<[Dim]>::to_vec);
    if let Some(last) = shape.as_mut().and_then(|s| s.last_mut()) {
        *last = cx.ints(1).and_then(|k| usize::try_from(*k.first()?).ok());
    }
    Ok(vec![one(shape.clone(), cx.elem(0)?)?.remove(0), one(shape, Elem::I32)?.remove(0)])
}
