//! Elements in another shape or order, and parts of a tensor.

use super::{Broken, Checked, OpCx, dimension};
use crate::rules::{compatible, sizes};
use crate::types::{Dim, Elem, QuantParams, QuantType, TensorType};

/// `reshape(x, shape)`: as many elements, in the shape that is stated; one size may be -1.
pub fn reshape(cx: &OpCx<'_>) -> Checked {
    if let Some(s) = cx.shape(1)
        && s.len() != 1
    {
        return Err(format!("must have a vector of sizes, not rank {}", s.len()));
    }
    let total = cx.operand(0).and_then(TensorType::num_elements);
    let given = cx.result(0).and_then(TensorType::num_elements);
    if let (Some(total), Some(given)) = (total, given)
        && total != given
    {
        return Err(format!("makes {given} elements of {total}"));
    }
    let stated = match (cx.ints(1), cx.shape(1)) {
        (Some(stated), _) => Some(stated_shape(&stated, total)?),
        (None, Some([Some(rank)])) => Some(vec![None; *rank]),
        _ => None,
    };
    let (Some(x), Some(out)) = (cx.operand(0), cx.result(0)) else { return Ok(()) };
    let Some(shape) = out.shape.as_deref() else { return Ok(()) };
    if let Some(stated) = stated.as_deref().filter(|stated| !compatible(shape, stated)) {
        return Err(format!("must make a result of shape {}, not {}", sizes(stated), sizes(shape)));
    }
    let to: Option<Vec<usize>> = stated.and_then(|s| s.into_iter().collect());
    let elem = match (cx.sizes(0), to) {
        (Some(from), Some(to)) => reshaped(&x.elem, &from, &to)?,
        _ => x.elem.clone(),
    };
    if elem == out.elem { Ok(()) } else { Err("must make a result of the elements of its input".to_owned()) }
}

/// An element type whose parameters run along the dimension that theirs becomes.
fn reshaped(elem: &Elem, from: &[usize], to: &[usize]) -> Result<Elem, Broken> {
    let Elem::Quant(q) = elem else { return Ok(elem.clone()) };
    let mut q = QuantType::clone(q);
    let axis = match &mut q.params {
        QuantParams::PerAxis { axis, .. } => axis,
        QuantParams::SubChannel { blocks, .. } if !blocks.is_empty() => &mut blocks[0].0,
        _ => return Ok(elem.clone()),
    };
    *axis = moved(*axis, from, to)
        .ok_or_else(|| format!("has parameters along dimension {axis}, which its result does not have"))?;
    Ok(Elem::Quant(q.into()))
}

/// What becomes of a dimension when neighbours are joined or taken apart; `None` if it is one of those.
fn moved(axis: usize, from: &[usize], to: &[usize]) -> Option<usize> {
    let (mut i, mut o) = (0, 0);
    loop {
        let (mut a, mut b) = (*from.get(i)?, *to.get(o)?);
        if a < b {
            while a < b {
                i += 1;
                a = a.checked_mul(*from.get(i)?)?;
            }
        } else {
            while b < a {
                o += 1;
                b = b.checked_mul(*to.get(o)?)?;
            }
        }
        if a != b || i > axis {
            return None;
        }
        if i == axis {
            return (from[i] == to[o]).then_some(o);
        }
        (i, o) = (i + 1, o + 1);
    }
}

/// The shape that constant sizes state, for so many elements.
fn stated_shape(stated: &[i64], total: Option<usize>) -> Result<Vec<Dim>, String> {
    let open = stated.iter().filter(|n| **n == -1).count();
    if open > 1 || stated.iter().any(|n| *n < -1) {
        return Err(format!("states sizes {stated:?}; one may be -1, and none less"));
    }
    let known = stated.iter().filter(|n| **n > 0).try_fold(1usize, |p, n| p.checked_mul(usize::try_from(*n).ok()?));
    let rest = total.zip(known).filter(|_| open == 1 && !stated.contains(&0));
    if let Some((total, known)) = rest
        && total % known != 0
    {
        return Err(format!("states sizes {stated:?} for {total} elements"));
    }
    Ok(stated.iter().map(|n| usize::try_from(*n).ok().or(rest.map(|(total, known)| total / known))).collect())
}

/// `transpose(x, permutation)`.
pub fn transpose(cx: &OpCx<'_>) -> Checked {
    let (Some(x), Some(count)) = (cx.shape(0), cx.operand(1).and_then(TensorType::num_elements)) else { return Ok(()) };
    if count != x.len() && cx.sizes(0).is_some() {
        return Err(format!("has a permutation of {count} for rank {}", x.len()));
    }
    let Some(stated) = cx.ints(1) else { return Ok(()) };
    let axes: Option<Vec<usize>> = stated.iter().map(|a| dimension(*a, x.len())).collect();
    let Some(axes) = axes.filter(|axes| (1..axes.len()).all(|i| !axes[..i].contains(&axes[i]))) else {
        return Err(format!("{stated:?} is no permutation of {} dimensions", x.len()));
    };
    let expected: Vec<Dim> = axes.iter().map(|a| x[*a]).collect();
    if let (Some(_), Some(out)) = (cx.sizes(0), cx.result_sizes(0)) {
        let out: Vec<Dim> = out.into_iter().map(Some).collect();
        if !compatible(&expected, &out) {
            return Err(format!("must make a result of shape {}, not {}", sizes(&expected), sizes(&out)));
        }
    }
    let axis = |t: Option<&TensorType>| match &t?.elem {
        Elem::Quant(q) => match q.params {
            QuantParams::PerAxis { axis, .. } => Some(axis),
            _ => None,
        },
        _ => None,
    };
    match (axis(cx.operand(0)), axis(cx.result(0))) {
        (Some(from), Some(to)) if axes.get(to).is_some_and(|a| *a != from) => {
            Err(format!("has parameters along dimension {from}, which becomes another than {to}"))
        }
        _ => Ok(()),
    }
}

/// `slice(x, begin, size)`; a size of -1 goes to the end.
pub fn slice(cx: &OpCx<'_>) -> Checked {
    let (begin, size) = (cx.ints(1), cx.ints(2));
    if let (Some(x), Some(_), Some(_)) = (cx.sizes(0), cx.sizes(1), cx.sizes(2)) {
        let counts = [1, 2].map(|i| cx.operand(i).and_then(TensorType::num_elements).unwrap_or(0));
        if let Some(n) = counts.into_iter().find(|n| *n != x.len()) {
            return Err(format!("states {n} bounds for rank {}", x.len()));
        }
    }
    if let Some(b) = begin.iter().flatten().find(|b| **b < 0) {
        return Err(format!("begins at {b}"));
    }
    if let Some(s) = size.iter().flatten().find(|s| **s < -1) {
        return Err(format!("takes {s} elements"));
    }
    let (Some(x), Some(begin), Some(size)) = (cx.sizes(0), begin, size) else { return Ok(()) };
    for (dim, (d, (b, s))) in x.iter().zip(begin.iter().zip(&size)).enumerate() {
        let end = b.saturating_add((*s).max(0));
        if i64::try_from(*d).is_ok_and(|d| end > d) {
            return Err(format!("goes to {end} in dimension {dim} of {d}"));
        }
    }
    Ok(())
}

/// `strided_slice(x, begin, end, strides)`: no more bounds than dimensions.
pub fn strided_slice(cx: &OpCx<'_>) -> Checked {
    let Some(x) = cx.shape(0) else { return Ok(()) };
    for i in 1..4 {
        match cx.shape(i) {
            Some([Some(n)]) if *n > x.len() => return Err(format!("states {n} bounds for rank {}", x.len())),
            _ => {}
        }
    }
    Ok(())
}

/// `scatter_nd(indices, updates, shape)`: an update for each index, as large as what it replaces.
pub fn scatter_nd(cx: &OpCx<'_>) -> Checked {
    let (Some(indices), Some(updates)) = (cx.sizes(0), cx.sizes(1)) else { return Ok(()) };
    let Some((depth, outer)) = indices.split_last() else { return Ok(()) };
    if updates.len() < outer.len() || updates[..outer.len()] != *outer {
        return Err(format!("has updates of shape {updates:?} for indices of shape {indices:?}"));
    }
    let rank = depth + updates.len() - outer.len();
    match cx.sizes(2).as_deref() {
        Some([n]) if *n != rank => return Err(format!("states {n} sizes for a result of rank {rank}")),
        Some([_]) if cx.result(0).and_then(|t| t.shape.as_ref()).is_some_and(|s| s.len() != rank) => {
            return Err(format!("must have a result of rank {rank}"));
        }
        _ => {}
    }
    let Some(stated) = cx.ints(2) else { return Ok(()) };
    if stated.iter().any(|n| *n <= 0) {
        return Err(format!("states sizes {stated:?}, which must be positive"));
    }
    let inner = updates[outer.len()..].iter().map(|n| i64::try_from(*n).ok());
    if !stated.iter().skip(*depth).map(|n| Some(*n)).eq(inner) {
        return Err(format!("has updates of shape {updates:?} for a result of shape {stated:?}"));
    }
    let stated: Vec<Dim> = stated.iter().map(|n| usize::try_from(*n).ok()).collect();
    match cx.result(0).and_then(|t| t.shape.as_deref()) {
        Some(out) if !compatible(out, &stated) => {
            Err(format!("must make a result of shape {}, not {}", sizes(&stated), sizes(out)))
        }
        _ => Ok(()),
    }
}

/// `bitcast(x)`: bits go on in full.
pub fn bitcast(cx: &OpCx<'_>) -> Checked {
    let (Some(from), Some(to)) = (cx.operand(0), cx.result(0)) else { return Ok(()) };
    let Some(shape) = cx.sizes(0) else { return Ok(()) };
    let (Some(a), Some(b)) = (bits(&from.elem), bits(&to.elem)) else {
        return Err("takes and makes numbers only".to_owned());
    };
    if a.max(b) % a.min(b) != 0 {
        return Err(format!("makes elements of {b} bits of elements of {a}"));
    }
    if a < b && shape.last().is_none_or(|n| n % (b / a) != 0) {
        return Err(format!("makes elements of {b} bits of {} elements of {a}", shape.last().unwrap_or(&1)));
    }
    Ok(())
}

/// How many bits an element of a number takes, at least a byte.
fn bits(elem: &Elem) -> Option<usize> {
    let width = match elem {
        Elem::Int(width, _) => usize::from(*width),
        Elem::F16 | Elem::BF16 => 16,
        Elem::F32 => 32,
        Elem::F64 => 64,
        Elem::Quant(q) => usize::from(q.width),
        _ => return None,
    };
    Some(width.max(8))
}
