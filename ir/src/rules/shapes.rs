//! Rules of ranks, sizes and shapes.

use super::{Broken, OpCx};
use crate::infer;
use crate::types::{Dim, TensorType, Type};

pub(super) fn known_rank(what: &str, ty: Option<&TensorType>, n: usize) -> Result<(), Broken> {
    match ty.map(|t| t.shape.as_ref().map(Vec::len)) {
        Some(None) => Err(format!("{what} must have rank {n}, not an unknown one")),
        Some(Some(r)) if r != n => Err(format!("{what} must have rank {n}, not {r}")),
        _ => Ok(()),
    }
}

pub(super) fn rank_is_size(cx: &OpCx<'_>, x: usize, y: usize) -> Result<(), Broken> {
    let (Some(shape), Some(sizes)) = (cx.shape(x), cx.sizes(y)) else { return Ok(()) };
    match sizes.first() {
        Some(n) if *n != shape.len() => {
            Err(format!("operand #{x} has rank {}, but operand #{y} is for rank {n}", shape.len()))
        }
        _ => Ok(()),
    }
}

pub(super) fn one_element(cx: &OpCx<'_>, i: usize) -> Result<(), Broken> {
    match cx.shape(i) {
        Some([] | [Some(1)]) => Ok(()),
        _ => Err(format!("operand #{i} must be a scalar or a vector of one element")),
    }
}

pub(super) fn elements(cx: &OpCx<'_>, i: usize, n: usize) -> Result<(), Broken> {
    match cx.operand(i).and_then(TensorType::num_elements) {
        Some(given) if given != n => Err(format!("operand #{i} must have {n} elements, not {given}")),
        _ => Ok(()),
    }
}

pub(super) fn size(cx: &OpCx<'_>, i: usize, dim: usize, n: usize, lenient: bool) -> Result<(), Broken> {
    let wrong = |found: &str| Err(format!("dimension {dim} of operand #{i} must be {n}, not {found}"));
    match cx.shape(i) {
        None if lenient => Ok(()),
        None => wrong("unknown"),
        Some(s) => match s.get(dim) {
            Some(Some(given)) if *given == n => Ok(()),
            Some(Some(given)) => wrong(&given.to_string()),
            Some(None) if lenient => Ok(()),
            Some(None) => wrong("unknown"),
            None => wrong("absent"),
        },
    }
}

pub(super) fn size_at_most(cx: &OpCx<'_>, i: usize, dim: usize, n: usize) -> Result<(), Broken> {
    match cx.shape(i).map(|s| s.get(dim)) {
        Some(Some(Some(given))) if *given > n => {
            Err(format!("dimension {dim} of operand #{i} must be {n} or less, not {given}"))
        }
        Some(None) => Err(format!("operand #{i} has no dimension {dim}")),
        _ => Ok(()),
    }
}

pub(super) fn same_size(cx: &OpCx<'_>, (x, i): (usize, usize), (y, j): (usize, usize)) -> Result<(), Broken> {
    let (Some(a), Some(b)) = (cx.sizes(x), cx.sizes(y)) else { return Ok(()) };
    match (a.get(i), b.get(j)) {
        (Some(a), Some(b)) if a != b => {
            Err(format!("dimension {i} of operand #{x} is {a}, but dimension {j} of operand #{y} is {b}"))
        }
        _ => Ok(()),
    }
}

pub(super) fn elements_are_size(cx: &OpCx<'_>, i: usize, (y, j): (usize, usize)) -> Result<(), Broken> {
    let (Some(n), Some(b)) = (cx.operand(i).and_then(TensorType::num_elements), cx.sizes(y)) else { return Ok(()) };
    match b.get(j) {
        Some(b) if *b != n => Err(format!("operand #{i} has {n} elements, but dimension {j} of operand #{y} is {b}")),
        _ => Ok(()),
    }
}

/// All known shapes are one: equal ranks, equal sizes.
pub(super) fn same_shape<'a>(types: impl Iterator<Item = &'a Type>) -> Result<(), Broken> {
    let mut one: Option<Vec<Dim>> = None;
    for shape in types.filter_map(|t| t.as_tensor()?.shape.as_ref()) {
        let Some(known) = &mut one else {
            one = Some(shape.clone());
            continue;
        };
        if !compatible(known, shape) {
            return Err(format!("must have one shape, but has {} and {}", sizes(known), sizes(shape)));
        }
        for (k, d) in known.iter_mut().zip(shape) {
            *k = k.or(*d);
        }
    }
    Ok(())
}

/// Equal where both are known.
pub(crate) fn compatible(a: &[Dim], b: &[Dim]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_none() || b.is_none() || a == b)
}

pub(super) fn broadcast_results(cx: &OpCx<'_>) -> Result<(), Broken> {
    let shapes = cx.operands().filter_map(|t| t.as_tensor()?.shape.as_deref()).map(Some).collect::<Vec<_>>();
    let given = match infer::broadcast(&shapes) {
        Ok(Some(given)) => given,
        Ok(None) => return Ok(()),
        Err(e) => return Err(format!("has operands that do not broadcast: {e}")),
    };
    for result in cx.results().filter_map(|t| t.as_tensor()?.shape.as_deref()) {
        // A result may have further dimensions in front.
        if !compatible(&given, &result[result.len().saturating_sub(given.len())..]) {
            let (declared, given) = (sizes(result), sizes(&given));
            return Err(format!("makes shape {declared}, but its operands broadcast to {given}"));
        }
    }
    Ok(())
}

/// `1x?x3`, as types write it; `scalar` without dimensions.
pub(crate) fn sizes(shape: &[Dim]) -> String {
    let sizes: Vec<String> = shape.iter().map(|d| d.map_or("?".to_owned(), |n| n.to_string())).collect();
    if sizes.is_empty() { "scalar".to_owned() } else { sizes.join("x") }
}
