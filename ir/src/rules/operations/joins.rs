//! Tensors joined and taken apart.

use super::{Checked, OpCx, along};
use crate::rules::{compatible, sizes};
use crate::types::Dim;

/// `concatenation`: operands have the result's sizes, and along `axis` as much as theirs together.
pub fn concatenation(cx: &OpCx<'_>) -> Checked {
    let Some(out) = cx.result(0).and_then(|t| t.shape.as_deref()) else { return Ok(()) };
    let axis = along(cx.int("axis").unwrap_or(0), out.len())?;
    let mut known = out.to_vec();
    let mut total = Some(0usize);
    for (i, operand) in cx.operands().enumerate() {
        let Some(shape) = operand.as_tensor().and_then(|t| t.shape.as_deref()) else {
            total = None;
            continue;
        };
        if shape.len() != out.len() {
            return Err(format!("operand #{i} must have the rank of the result, {}, not {}", out.len(), shape.len()));
        }
        for (dim, (k, d)) in known.iter_mut().zip(shape).enumerate() {
            if dim == axis {
                total = total.zip(*d).and_then(|(a, b)| a.checked_add(b));
            } else if let (Some(k), Some(d)) = (*k, *d)
                && k != d
            {
                return Err(format!("dimension {dim} of operand #{i} must be {k}, not {d}"));
            } else {
                *k = k.or(*d);
            }
        }
    }
    match (out[axis], total) {
        (Some(given), Some(total)) if given != total => {
            Err(format!("dimension {axis} of the result must be {total}, the sum of its operands', not {given}"))
        }
        _ => Ok(()),
    }
}

/// `pack`: `values_count` operands of one shape.
pub fn pack(cx: &OpCx<'_>) -> Checked {
    let given = cx.operands().count();
    if let Some(n) = cx.int("values_count")
        && usize::try_from(n) != Ok(given)
    {
        return Err(format!("attribute 'values_count' is {n}, but it has {given} operands"));
    }
    let Some(first) = cx.shape(0) else { return Ok(()) };
    along(cx.int("axis").unwrap_or(0), first.len() + 1)?;
    let other = cx.operands().filter_map(|t| t.as_tensor()?.shape.as_deref()).find(|s| !compatible(first, s));
    other.map_or(Ok(()), |s| Err(format!("has operands of shapes {} and {}", sizes(first), sizes(s))))
}

/// `unpack`: as many results as dimension `axis` is long.
pub fn unpack(cx: &OpCx<'_>) -> Checked {
    let Some(shape) = cx.shape(0) else { return Ok(()) };
    if shape.is_empty() || shape.contains(&Some(0)) && shape.iter().all(Option::is_some) {
        return Err(format!("takes apart a tensor of shape {}", sizes(shape)));
    }
    let axis = along(cx.int("axis").unwrap_or(0), shape.len())?;
    match (shape[axis], cx.int("num")) {
        (Some(n), Some(num)) if usize::try_from(num) != Ok(n) => {
            Err(format!("attribute 'num' is {num}, but dimension {axis} of its operand {n}"))
        }
        _ => Ok(()),
    }
}

/// `split(dimension, value)` in equal parts.
pub fn split(cx: &OpCx<'_>) -> Checked {
    let Some((shape, axis, size)) = taken_apart(cx, 1, 0)? else { return Ok(()) };
    let parts = cx.results().count();
    if parts == 0 || size % parts != 0 {
        return Err(format!("takes dimension {axis} of {size} apart in {parts}"));
    }
    parts_of(cx, shape, axis, &vec![size / parts; parts])
}

/// `split_v(value, sizes, dimension)`; one of the sizes may be -1.
pub fn split_v(cx: &OpCx<'_>) -> Checked {
    let Some((shape, axis, size)) = taken_apart(cx, 0, 2)? else { return Ok(()) };
    let Some(stated) = cx.ints(1) else { return Ok(()) };
    let parts = cx.results().count();
    if stated.len() != parts {
        return Err(format!("states {} sizes for {parts} results", stated.len()));
    }
    let open = stated.iter().filter(|s| **s == -1).count();
    if open > 1 || stated.iter().any(|s| *s < -1) {
        return Err(format!("states sizes {stated:?}; one may be -1, and none less"));
    }
    let known =
        stated.iter().filter(|s| **s >= 0).try_fold(0usize, |sum, s| sum.checked_add(usize::try_from(*s).ok()?));
    match known.and_then(|known| size.checked_sub(known)) {
        Some(rest) if open == 1 || rest == 0 => {
            let sizes = stated.iter().map(|s| usize::try_from(*s).unwrap_or(rest)).collect::<Vec<_>>();
            parts_of(cx, shape, axis, &sizes)
        }
        _ => Err(format!("states sizes {stated:?} for dimension {axis} of {size}")),
    }
}

/// A shape, the dimension that is taken apart, and its size.
type Apart<'a> = (&'a [Dim], usize, usize);

/// What is taken apart, where it is known.
fn taken_apart<'a>(cx: &OpCx<'a>, value: usize, dim: usize) -> Result<Option<Apart<'a>>, String> {
    let (Some(shape), Some(axis)) = (cx.shape(value), cx.ints(dim)) else { return Ok(None) };
    let [axis] = axis[..] else { return Ok(None) };
    let axis = along(axis, shape.len())?;
    Ok(shape[axis].map(|size| (shape, axis, size)))
}

fn parts_of(cx: &OpCx<'_>, shape: &[Dim], axis: usize, parts: &[usize]) -> Checked {
    for (i, (result, part)) in cx.results().zip(parts).enumerate() {
        let Some(given) = result.as_tensor().and_then(|t| t.shape.as_deref()) else { continue };
        let mut expected = shape.to_vec();
        expected[axis] = Some(*part);
        if !compatible(given, &expected) {
            return Err(format!("result #{i} must have shape {}, not {}", sizes(&expected), sizes(given)));
        }
    }
    Ok(())
}
