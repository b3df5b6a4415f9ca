//! Rules about operations that move elements and functions that are applied to each: of those mostly quantize and dequantize.

use std::sync::Arc;

use egg::Id;
use ir::dialect::tfl::{Concatenation, Dequantize, Pad, PadV2, Quantize};
use ir::{Dim, TensorType};

use super::exact;
use super::family::{self, Family, is_data};
use super::language::{Call, Graph, Kind, Node, Term};
use super::rules::{Found, found};

/// The function of one operand that an operation applies to each element, with that operand.
fn function<'g>(g: &Graph, call: &'g Arc<Call>, xs: &[Id]) -> Option<(&'g Arc<Call>, Id)> {
    let [x] = xs else { return None };
    (family::of(call) == Some(Family::Map) && g.value(*x).is_none()).then_some((call, *x))
}

/// Whether an operation only moves elements that a function may be applied to before or after.
fn lets_through(family: Family, moves: &Call, f: &Call) -> bool {
    match family {
        Family::Concat | Family::Pack | Family::Slice | Family::StridedSlice | Family::Move => true,
        // What is added stands for 0, and both conversions keep 0.
        Family::Pad => !moves.is::<PadV2>() && (!moves.is::<Pad>() || f.is::<Quantize>() || f.is::<Dequantize>()),
        Family::Map | Family::Rows(_) | Family::Reduce => false,
    }
}

/// A function of a movement is the movement of the function's values.
pub(super) fn map_into_move(g: &Graph, class: Id, node: &Node) -> Vec<Found> {
    let Kind::Call(c) = node.kind else { return Vec::new() };
    let Some((f, y)) = function(g, g.called(c), &node.children) else { return Vec::new() };
    let through = |(moves, xs): (&Arc<Call>, &[Id])| {
        let family = family::of(moves).filter(|family| lets_through(*family, moves, f))?;
        // A constant would be converted at each run.
        if xs.iter().enumerate().any(|(i, x)| is_data(family, i) && g.value(*x).is_some()) {
            return None;
        }
        let of = |(i, x): (usize, &Id)| match is_data(family, i) {
            true => Term::Call(f.clone(), vec![Term::Is(*x)]),
            false => Term::Is(*x),
        };
        let moved = Arc::new(Call { elem: f.elem.clone(), ..(**moves).clone() });
        Some(found(Term::Call(moved, xs.iter().enumerate().map(of).collect()), class))
    };
    g.calls(y).filter_map(through).collect()
}

/// A movement of values of one function is the function of the movement.
pub(super) fn map_out_of_move(g: &Graph, class: Id, node: &Node) -> Vec<Found> {
    let Kind::Call(c) = node.kind else { return Vec::new() };
    let (moves, xs) = (g.called(c), &node.children[..]);
    let Some(family) = family::of(moves) else { return Vec::new() };
    let candidates = xs.first().into_iter().flat_map(|x| g.calls(*x)).filter_map(|(f, xs)| function(g, f, xs));
    let through = |(f, first): (&Arc<Call>, Id)| {
        let elem = &g.ty(first)?.elem;
        let of = |(i, x): (usize, &Id)| {
            if !is_data(family, i) {
                return Some(Term::Is(*x));
            }
            let mut inner = g.calls(*x).filter(|(other, _)| *other == f).filter_map(|(f, xs)| function(g, f, xs));
            inner.find(|(_, x)| g.ty(*x).is_some_and(|t| t.elem == *elem)).map(|(_, x)| Term::Is(x))
        };
        let operands = xs.iter().enumerate().map(of).collect::<Option<_>>()?;
        let moved = Arc::new(Call { elem: elem.clone(), ..(**moves).clone() });
        Some(found(Term::Call(f.clone(), vec![Term::Call(moved, operands)]), class))
    };
    candidates.filter(|(f, _)| lets_through(family, moves, f)).filter_map(through).collect()
}

/// A concatenation of concatenations along the same dimension
pub(super) fn concat_of_concat(g: &Graph, class: Id, node: &Node) -> Vec<Found> {
    let Kind::Call(c) = node.kind else { return Vec::new() };
    let call = g.called(c);
    let Some(rank) = g.shape(class).map(<[Dim]>::len).filter(|_| call.is::<Concatenation>()) else { return Vec::new() };
    let axis = |call: &Call| ir::infer::axis(call.props.get("axis")?.as_int()?, rank).ok();
    let parts = |x: Id| {
        g.calls(x).find(|(inner, _)| inner.is::<Concatenation>() && axis(inner) == axis(call)).map(|(_, xs)| xs)
    };
    if !node.children.iter().any(|x| parts(*x).is_some()) {
        return Vec::new();
    }
    let flat = node.children.iter().flat_map(|x| parts(*x).map_or(vec![*x], <[Id]>::to_vec));
    vec![found(Term::Call(call.clone(), flat.map(Term::Is).collect()), class)]
}

/// The operands of operations of row `R` in a class, with their types.
fn operands_of<R: ir::OpRow>(g: &Graph, x: Id) -> impl Iterator<Item = (Id, &TensorType)> {
    let of = |(call, xs): (&Arc<Call>, &[Id])| call.is::<R>().then_some(*xs.first()?);
    g.calls(x).filter_map(of).filter_map(|x| Some((x, g.ty(x)?)))
}

/// The operation and operand of a node of row `R`.
fn as_row<'g, R: ir::OpRow>(g: &'g Graph, node: &Node) -> Option<(&'g Arc<Call>, Id)> {
    let Kind::Call(c) = node.kind else { return None };
    let call = g.called(c);
    call.is::<R>().then_some((call, *node.children.first()?))
}

/// `quantize(dequantize(q))`, where the codes come out as they were or as one requantization has them
pub(super) fn quantize_of_dequantize(g: &Graph, class: Id, node: &Node) -> Vec<Found> {
    let Some((call, x)) = as_row::<Quantize>(g, node) else { return Vec::new() };
    let through = |(q, ty): (Id, &TensorType)| {
        if ty.elem == call.elem {
            return exact::comes_back(&ty.elem).then(|| found(Term::Is(q), class));
        }
        exact::is_requantization(&ty.elem, &call.elem)
            .then(|| found(Term::Call(call.clone(), vec![Term::Is(q)]), class))
    };
    operands_of::<Dequantize>(g, x).filter_map(through).collect()
}

/// `quantize(quantize(q))` of codes, where one requantization gives the same
pub(super) fn quantize_of_quantize(g: &Graph, class: Id, node: &Node) -> Vec<Found> {
    let Some((call, x)) = as_row::<Quantize>(g, node) else { return Vec::new() };
    let Some(between) = g.ty(x).map(|t| &t.elem) else { return Vec::new() };
    let through = |(q, ty): (Id, &TensorType)| {
        exact::skips(&ty.elem, between, &call.elem).then(|| match ty.elem == call.elem {
            true => found(Term::Is(q), class),
            false => found(Term::Call(call.clone(), vec![Term::Is(q)]), class),
        })
    };
    operands_of::<Quantize>(g, x).filter_map(through).collect()
}

/// `dequantize(quantize(q))` of codes, where they mean the same before
pub(super) fn dequantize_of_quantize(g: &Graph, class: Id, node: &Node) -> Vec<Found> {
    let Some((call, x)) = as_row::<Dequantize>(g, node) else { return Vec::new() };
    let Some(between) = g.ty(x).map(|t| &t.elem) else { return Vec::new() };
    let through = |(q, ty): (Id, &TensorType)| {
        exact::means_the_same(&ty.elem, between).then(|| found(Term::Call(call.clone(), vec![Term::Is(q)]), class))
    };
    operands_of::<Quantize>(g, x).filter_map(through).collect()
}
