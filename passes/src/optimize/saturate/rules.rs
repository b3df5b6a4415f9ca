//! Which terms are the same: every rule computes the same bits, whichever side is taken.
//!
//! A rule looks at one node and gives terms of the node's class. Rules only say what is equal; [`super::extract`] says what is cheap. Here are
//! the list and the rules about views; those about what moves and converts elements are in [`super::conversions`].

use std::sync::Arc;

use egg::Id;
use ir::dialect::tfl::{Dequantize, Quantize};
use ir::{Dim, Tensor, TensorType};
use kernels::movement;

use super::conversions::*;
use super::family::{self, is_data};
use super::language::{Call, Graph, Kind, Node, Term};
use super::relabel::{self, Relabeled, View, apply};
use super::views;

/// Constants of more bytes are not copied into another order.
const LARGEST_CONSTANT: usize = 1 << 20;
/// Transposes that a rule makes have no more dimensions.
const TRANSPOSE_RANK: usize = 5;

/// A term of the class of the node that a rule looked at, and the class whose operation moved.
pub(super) struct Found {
    pub term: Term,
    pub moved: Id,
}

/// One rule.
pub(super) struct Rule {
    /// The name in pass statistics.
    pub name: &'static str,
    /// Terms of the class of a node.
    pub find: fn(&Graph, Id, &Node) -> Vec<Found>,
}

const fn rule(name: &'static str, find: fn(&Graph, Id, &Node) -> Vec<Found>) -> Rule {
    Rule { name, find }
}

/// The rules.
#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    rule("transpose-of-transpose",     transpose_of_transpose),
    rule("transpose-of-units",         transpose_of_units),
    rule("transpose-of-reshape",       transpose_of_reshape),
    rule("reshape-of-transpose",       reshape_of_transpose),
    rule("reshape-of-reshape",         reshape_of_reshape),
    rule("view-of-constant",           view_of_constant),
    rule("view-into-operation",        view_into_operation),
    rule("view-out-of-operation",      view_out_of_operation),
    rule("map-into-move",              map_into_move),
    rule("map-out-of-move",            map_out_of_move),
    rule("concat-of-concat",           concat_of_concat),
    rule("quantize-of-dequantize",     quantize_of_dequantize),
    rule("quantize-of-quantize",       quantize_of_quantize),
    rule("dequantize-of-quantize",     dequantize_of_quantize),
];

pub(super) fn found(term: Term, moved: Id) -> Found {
    Found { term, moved }
}

/// The operand of a transpose, with its permutation.
fn transposed(node: &Node) -> Option<(&[usize], Id)> {
    match &node.kind {
        Kind::Transpose(perm) => Some((perm, node.children[0])),
        _ => None,
    }
}

/// The operand of a reshape, with the shape.
fn reshaped(node: &Node) -> Option<(&[Dim], Id)> {
    match &node.kind {
        Kind::Reshape(shape) => Some((shape, node.children[0])),
        _ => None,
    }
}

/// A term of a shape in another order of dimensions.
fn transpose(perm: Vec<usize>, x: Term, shape: &[Dim]) -> Option<Term> {
    if perm.len() > TRANSPOSE_RANK { None } else { apply(x, shape, &View::Dims(views::of_perm(&perm))) }
}

/// Whether a class has a term that is a view.
fn has_view(g: &Graph, class: Id) -> bool {
    g.nodes(class).iter().any(|n| matches!(n.kind, Kind::Transpose(_) | Kind::Reshape(_)))
}

/// A class in another shape.
fn reshape(g: &Graph, shape: &[Dim], x: Id) -> Term {
    if g.shape(x) == Some(shape) { Term::Is(x) } else { Term::Reshape(shape.to_vec(), Box::new(Term::Is(x))) }
}

/// `transpose(transpose(x))`
fn transpose_of_transpose(g: &Graph, class: Id, node: &Node) -> Vec<Found> {
    let Some((then, x)) = transposed(node) else { return Vec::new() };
    let merged = |(first, x): (&[usize], Id)| {
        let term = transpose(views::compose(first, then)?, Term::Is(x), g.shape(x)?)?;
        Some(found(term, class))
    };
    g.nodes(x).iter().filter_map(transposed).filter_map(merged).collect()
}

/// A transpose that moves dimensions of size 1 only.
fn transpose_of_units(g: &Graph, class: Id, node: &Node) -> Vec<Found> {
    let Some((perm, x)) = transposed(node) else { return Vec::new() };
    let (Some(from), Some(to)) = (g.shape(x), g.shape(class)) else { return Vec::new() };
    let fits = views::moves_units(perm, from) && views::is_nameable(to);
    if fits { vec![found(reshape(g, to, x), class)] } else { Vec::new() }
}

/// `transpose(reshape(x))` as `reshape(transpose(x))`, where the transpose meets another one or moves dimensions of size 1 only
fn transpose_of_reshape(g: &Graph, class: Id, node: &Node) -> Vec<Found> {
    let Some((perm, y)) = transposed(node) else { return Vec::new() };
    let exchanged = |(to, x): (&[Dim], Id)| {
        let shape = g.shape(x)?;
        let e = views::transpose_first(shape, to, perm)?;
        let meets = views::moves_units(&e.perm, shape) || g.nodes(x).iter().any(|n| transposed(n).is_some());
        let inner = transpose(e.perm, Term::Is(x), shape).filter(|_| meets)?;
        Some(found(Term::Reshape(e.shape, Box::new(inner)), class))
    };
    g.nodes(y).iter().filter_map(reshaped).filter_map(exchanged).collect()
}

/// `reshape(transpose(x))` as `transpose(reshape(x))`
fn reshape_of_transpose(g: &Graph, class: Id, node: &Node) -> Vec<Found> {
    let Some((to, y)) = reshaped(node) else { return Vec::new() };
    let exchanged = |(perm, x): (&[usize], Id)| {
        let e = views::reshape_first(g.shape(x)?, perm, to)?;
        Some(found(transpose(e.perm, reshape(g, &e.shape, x), &e.shape)?, class))
    };
    g.nodes(y).iter().filter_map(transposed).filter_map(exchanged).collect()
}

/// `reshape(reshape(x))`, and a reshape to the shape there is
fn reshape_of_reshape(g: &Graph, class: Id, node: &Node) -> Vec<Found> {
    let Some((shape, x)) = reshaped(node) else { return Vec::new() };
    if g.shape(x) == Some(shape) {
        return vec![found(Term::Is(x), class)];
    }
    g.nodes(x).iter().filter_map(reshaped).map(|(_, x)| found(reshape(g, shape, x), class)).collect()
}

/// A view of a constant is a constant.
fn view_of_constant(g: &Graph, class: Id, node: &Node) -> Vec<Found> {
    let viewed = || {
        let x = g.value(*node.children.first()?).filter(|t| t.raw().len() <= LARGEST_CONSTANT)?;
        let ty = TensorType::of(&g.ty(class)?.static_shape()?, x.ty().elem.clone());
        let size = ty.elem.byte_width()?;
        match &node.kind {
            Kind::Reshape(_) => x.retyped(ty).ok(),
            Kind::Transpose(_) if x.is_splat() => x.retyped(ty).ok(),
            Kind::Transpose(perm) => {
                let (bytes, _) = movement::transpose(&x.bytes(), size, &x.shape(), perm);
                Tensor::new(ty, bytes.into()).ok()
            }
            _ => None,
        }
    };
    viewed().map(|t| found(Term::Constant(t), class)).into_iter().collect()
}

/// The view that a node is of its operand.
fn view(g: &Graph, node: &Node) -> Option<(View, Id)> {
    if let Some((perm, x)) = transposed(node) {
        return Some((View::Dims(views::of_perm(perm)), x));
    }
    let (to, x) = reshaped(node)?;
    let view = views::of_units(g.shape(x)?, to).map_or(View::Shape(to.to_vec()), View::Dims);
    Some((view, x))
}

/// A view of an operation is the operation on viewed operands. Other rules bring views outwards, so this one waits until an operand is a view,
/// but for conversions, which are placed themselves.
fn view_into_operation(g: &Graph, _: Id, node: &Node) -> Vec<Found> {
    let Some((view, y)) = view(g, node) else { return Vec::new() };
    let through = |(call, xs): (&Arc<Call>, &[Id])| {
        let family = family::of(call)?;
        let converts = call.is::<Quantize>() || call.is::<Dequantize>();
        if !converts && !xs.iter().enumerate().any(|(i, x)| is_data(family, i) && has_view(g, *x)) {
            return None;
        }
        let lifted = relabel::lift(g, call, xs, &view)?;
        let Relabeled { term, result } = relabel::relabel(g, call, xs, &lifted)?;
        (result == view).then(|| found(term, y))
    };
    g.calls(y).filter_map(through).collect()
}

/// An operation on a view is a view of the operation on the others, viewed the other way round.
fn view_out_of_operation(g: &Graph, class: Id, node: &Node) -> Vec<Found> {
    let Kind::Call(c) = node.kind else { return Vec::new() };
    let (call, xs) = (g.called(c), &node.children[..]);
    let Some(family) = family::of(call) else { return Vec::new() };
    let mut out = Vec::new();
    for x in xs.iter().enumerate().filter(|(i, _)| is_data(family, *i)).map(|(_, x)| *x) {
        for inner in g.nodes(x) {
            out.extend(pulled(g, class, call, xs, inner));
        }
    }
    out
}

fn pulled(g: &Graph, class: Id, call: &Arc<Call>, xs: &[Id], inner: &Node) -> Option<Found> {
    let (out, source) = (g.shape(class)?, view(g, inner)?);
    let from = g.shape(source.1)?;
    let back = match source.0 {
        View::Dims(map) => View::Dims(views::inverse(&map, from.len())),
        View::Shape(_) => View::Shape(from.to_vec()),
    };
    let Relabeled { term, result } = relabel::relabel(g, call, xs, &back)?;
    let outer = match &result {
        View::Dims(map) => {
            let inner = views::shape(map, out)?;
            apply(term, &inner, &View::Dims(views::inverse(map, out.len())))?
        }
        View::Shape(_) => Term::Reshape(out.to_vec(), Box::new(term)),
    };
    Some(found(outer, class))
}
