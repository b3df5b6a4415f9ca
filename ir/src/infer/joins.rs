//! Tensors joined and taken apart.

use super::{InferCx, InferError, Inferred, axis, one};

/// Concatenation along `axis`.
pub fn concatenation(cx: &InferCx<'_>) -> Inferred {
    let elem = cx.elem(0)?;
    let Some(first) = cx.shape(0)? else { return one(None, elem) };
    let a = axis(cx.int("axis", 0), first.len())?;
    let mut out = first.to_vec();
    for i in 1..cx.types.len() {
        let Some(s) = cx.shape_of_rank(i, first.len())? else { return one(None, elem) };
        for (d, (o, x)) in out.iter_mut().zip(s).enumerate() {
            *o = if d == a {
                o.zip(*x).map(|(p, q)| p + q)
            } else {
                match (*o, *x) {
                    (Some(p), Some(q)) if p != q => {
                        return Err(InferError::new(format!("dimension {d} is {p} and {q}")));
                    }
                    (p, q) => p.or(q),
                }
            };
        }
    }
    one(Some(out), elem)
}

/// A new dimension of `values_count` at `axis`.
pub fn pack(cx: &InferCx<'_>) -> Inferred {
    let Some(s) = cx.shape(0)? else { return one(None, cx.elem(0)?) };
    let a = axis(cx.int("axis", 0), s.len() + 1)?;
    let mut out = s.to_vec();
    out.insert(a, Some(cx.types.len()));
    one(Some(out), cx.elem(0)?)
}

/// `num` results without dimension `axis`.
pub fn unpack(cx: &InferCx<'_>) -> Inferred {
    let num = usize::try_from(cx.int("num", 0)).map_err(|_| InferError::new("num is negative"))?;
    let num = countable(num)?;
    let shape = match cx.shape(0)? {
        Some(s) => {
            let a = axis(cx.int("axis", 0), s.len())?;
            let mut out = s.to_vec();
            out.remove(a);
            Some(out)
        }
        None => None,
    };
    Ok(vec![one(shape, cx.elem(0)?)?.remove(0); num])
}

/// A number of results that an attribute tells; no operation has more than these.
fn countable(num: usize) -> Result<usize, InferError> {
    const MOST: usize = 1 << 16;
    if num > MOST { Err(InferError::new(format!("{num} results are too many"))) } else { Ok(num) }
}

/// `split(axis, value)` into `num_splits` equal parts.
pub fn split(cx: &InferCx<'_>) -> Inferred {
    let num = countable(cx.size("num_splits")?)?;
    let shape = match (cx.shape(1)?, cx.ints(0)) {
        (Some(s), Some(a)) => {
            let a = axis(a.first().copied().unwrap_or(0), s.len())?;
            let mut out = s.to_vec();
            if let Some(d) = out[a] {
                if d % num != 0 {
                    return Err(InferError::new(format!("a dimension of {d} does not split in {num}")));
                }
                out[a] = Some(d / num);
            }
            Some(out)
        }
        (Some(s), None) => Some(vec![None; s.len()]),
        _ => None,
    };
    Ok(vec![one(shape, cx.elem(1)?)?.remove(0); num])
}

/// `split_v(value, sizes, axis)`; one size may be -1.
pub fn split_v(cx: &InferCx<'_>) -> Inferred {
    let num = countable(cx.size("num_splits")?)?;
    let (shape, elem) = (cx.shape(0)?, cx.elem(0)?);
    let (Some(s), Some(sizes), Some(a)) = (shape, cx.ints(1), cx.ints(2)) else {
        return Ok(vec![one(shape.map(|s| vec![None; s.len()]), elem)?.remove(0); num]);
    };
    let a = axis(a.first().copied().unwrap_or(0), s.len())?;
    let known: i128 = sizes.iter().filter(|v| **v >= 0).map(|v| i128::from(*v)).sum();
    let mut out = Vec::new();
    for size in sizes {
        let mut dims = s.to_vec();
        dims[a] = match (usize::try_from(size), s[a]) {
            (Ok(n), _) => Some(n),
            (Err(_), Some(d)) => usize::try_from(d as i128 - known).ok(),
            (Err(_), None) => None,
        };
        out.push(one(Some(dims), elem.clone())?.remove(0));
    }
    Ok(out)
}
