//! Blocks and rows of a tensor.

use super::shapes::shape_from;
use super::{InferCx, InferError, Inferred, axis, one};
use crate::types::{Dim, Elem};

/// `slice(x, begin, size)`; a size of -1 goes to the end.
pub fn slice(cx: &InferCx<'_>) -> Inferred {
    let elem = cx.elem(0)?;
    let Some(s) = cx.shape(0)? else { return one(None, elem) };
    let Some(size) = cx.ints(2) else { return one(Some(vec![None; s.len()]), elem) };
    let begin = cx.ints(1);
    let out = (0..s.len())
        .map(|i| match usize::try_from(size.get(i).copied().unwrap_or(-1)) {
            Ok(n) => Some(n),
            Err(_) => {
                let b = usize::try_from(*begin.as_ref()?.get(i)?).ok()?;
                s[i]?.checked_sub(b)
            }
        })
        .collect();
    one(Some(out), elem)
}

/// One dimension of a strided slice: first index, number of elements.
fn strided_dim(d: usize, begin: Option<i64>, end: Option<i64>, stride: i64) -> usize {
    let (d, stride) = (d as i128, i128::from(stride));
    let clamp = |v: i64| {
        let v = i128::from(v) + if v < 0 { d } else { 0 };
        if stride > 0 { v.clamp(0, d) } else { v.clamp(-1, d - 1) }
    };
    let b = begin.map_or(if stride > 0 { 0 } else { d - 1 }, clamp);
    let e = end.map_or(if stride > 0 { d } else { -1 }, clamp);
    let n = if stride > 0 { (e - b + stride - 1) / stride } else { (b - e - stride - 1) / -stride };
    usize::try_from(n).unwrap_or(0)
}

/// `strided_slice(x, begin, end, strides)` with its masks.
pub fn strided_slice(cx: &InferCx<'_>) -> Inferred {
    let elem = cx.elem(0)?;
    let Some(s) = cx.shape(0)? else { return one(None, elem) };
    let (begin, end, strides) = (cx.ints(1), cx.ints(2), cx.ints(3));
    let Some(count) = [1, 2, 3].iter().find_map(|i| match cx.shape(*i) {
        Ok(Some([Some(n)])) => Some(*n),
        _ => None,
    }) else {
        return one(None, elem);
    };
    let mask = |name: &str, i: usize| i < 63 && cx.int(name, 0) >> i & 1 == 1;
    let new_axes = (0..count).filter(|i| mask("new_axis_mask", *i)).count();
    let mut out = Vec::new();
    let mut dim = 0;
    for i in 0..count {
        if mask("ellipsis_mask", i) {
            let skip = (s.len() + new_axes).saturating_sub(count - 1);
            out.extend_from_slice(&s[dim.min(s.len())..(dim + skip).min(s.len())]);
            dim += skip;
        } else if mask("new_axis_mask", i) {
            out.push(Some(1));
        } else {
            let Some(d) = s.get(dim) else {
                return Err(InferError::new(format!("a slice of {count} dimensions for rank {}", s.len())));
            };
            dim += 1;
            if mask("shrink_axis_mask", i) {
                continue;
            }
            let at = |v: &Option<Vec<i64>>| v.as_ref().and_then(|v| v.get(i).copied());
            let (b_masked, e_masked) = (mask("begin_mask", i), mask("end_mask", i));
            let stride = at(&strides);
            out.push(match (d, stride) {
                (Some(d), Some(st)) if st != 0 && (b_masked || begin.is_some()) && (e_masked || end.is_some()) => {
                    let b = if b_masked { None } else { at(&begin) };
                    let e = if e_masked { None } else { at(&end) };
                    Some(strided_dim(*d, b, e, st))
                }
                _ => None,
            });
        }
    }
    out.extend_from_slice(s.get(dim..).unwrap_or(&[]));
    one(Some(out), elem)
}

/// `gather(params, indices)` along `axis` with `batch_dims`.
pub fn gather(cx: &InferCx<'_>) -> Inferred {
    let (Some(p), Some(i)) = (cx.shape(0)?, cx.shape(1)?) else { return one(None, cx.elem(0)?) };
    let a = axis(cx.int("axis", 0), p.len())?;
    let b = cx.int("batch_dims", 0);
    let b = usize::try_from(if b < 0 { b + i.len() as i64 } else { b }).unwrap_or(0).min(i.len());
    let mut out = p[..a].to_vec();
    out.extend_from_slice(&i[b..]);
    out.extend_from_slice(&p[a + 1..]);
    one(Some(out), cx.elem(0)?)
}

/// `gather_nd(params, indices)`.
pub fn gather_nd(cx: &InferCx<'_>) -> Inferred {
    let (Some(p), Some(i)) = (cx.shape(0)?, cx.shape(1)?) else { return one(None, cx.elem(0)?) };
    let Some((Some(n), outer)) = i.split_last() else { return one(None, cx.elem(0)?) };
    let mut out = outer.to_vec();
    out.extend_from_slice(p.get(*n..).unwrap_or(&[]));
    one(Some(out), cx.elem(0)?)
}

/// `scatter_nd(indices, updates, shape)`.
pub fn scatter_nd(cx: &InferCx<'_>) -> Inferred {
    one(shape_from(cx, 2)?, cx.elem(1)?)
}

/// `sparse_to_dense(indices, shape, values, default)`.
pub fn sparse_to_dense(cx: &InferCx<'_>) -> Inferred {
    one(shape_from(cx, 1)?, cx.elem(2)?)
}

/// `embedding_lookup(ids, table)`.
pub fn embedding_lookup(cx: &InferCx<'_>) -> Inferred {
    let (Some(i), Some(t)) = (cx.shape(0)?, cx.shape(1)?) else { return one(None, cx.elem(1)?) };
    let mut out = i.to_vec();
    out.extend_from_slice(t.get(1..).unwrap_or(&[]));
    one(Some(out), cx.elem(1)?)
}

/// `one_hot(indices, depth, on, off)` at `axis`.
pub fn one_hot(cx: &InferCx<'_>) -> Inferred {
    let Some(s) = cx.shape(0)? else { return one(None, cx.elem(2)?) };
    let a = cx.int("axis", -1);
    let a = if a < 0 { s.len() } else { axis(a, s.len() + 1)? };
    let mut out = s.to_vec();
    out.insert(a, cx.ints(1).and_then(|d| usize::try_from(*d.first()?).ok()));
    one(Some(out), cx.elem(2)?)
}

/// `where(condition)`: coordinates, as many as are true.
pub fn where_(cx: &InferCx<'_>) -> Inferred {
    one(Some(vec![None, cx.shape(0)?.map(<[Dim]>::len)]), Elem::I64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strided_slice_counts_backwards() {
        assert_eq!(strided_dim(8, None, None, -1), 8);
        assert_eq!(strided_dim(8, Some(1), Some(-1), 2), 3);
        assert_eq!(strided_dim(8, Some(5), Some(2), -2), 2);
        assert_eq!(strided_dim(8, Some(5), Some(2), 1), 0);
    }
}
