//! Transposes go behind what does not care about the order of dimensions, until they meet their inverse or an output.
//!
//! That is how a graph of NCHW images loses the transposes around its convolutions.

use ir::dialect::tfl;
use ir::{OpRow, Tensor, Value, infer};

use crate::optimize::rewrite::Rewriter;

/// The value and the permutation of a transpose with one user.
fn transposed(r: &Rewriter<'_>, v: Value) -> Option<(Value, Vec<usize>)> {
    let t = r.only::<tfl::Transpose>(v)?;
    let perm = r.ints(t.ins[1])?.into_iter().map(|p| usize::try_from(p).ok()).collect::<Option<_>>()?;
    Some((t.ins[0], perm))
}

/// What operands are transposes of, all by one permutation.
fn all_transposed(r: &Rewriter<'_>, operands: &[Value]) -> Option<(Vec<Value>, Vec<usize>)> {
    let (_, perm) = transposed(r, *operands.first()?)?;
    let inner =
        operands.iter().map(|v| transposed(r, *v).filter(|t| t.1 == perm).map(|t| t.0)).collect::<Option<_>>()?;
    Some((inner, perm))
}

fn inverse(perm: &[usize]) -> Vec<usize> {
    let mut out = vec![0; perm.len()];
    perm.iter().enumerate().for_each(|(i, p)| out[*p] = i);
    out
}

/// An elementwise operation on transposes and constants
pub fn through_elementwise(r: &mut Rewriter<'_>) -> Option<Value> {
    let operands = r.op().operands().to_vec();
    let moving: Vec<Value> = operands.iter().copied().filter(|v| r.constant(*v).is_none()).collect();
    let (inner, perm) = all_transposed(r, &moving)?;
    let fits = operands.iter().all(|v| r.constant(*v).is_none_or(|t| t.shape().len() <= perm.len()));
    if !fits {
        return None;
    }
    let back = inverse(&perm);
    let mut inner = inner.into_iter();
    let mut new = Vec::new();
    for v in operands {
        new.push(match r.constant(v) {
            Some(t) if t.len() == 1 => v,
            Some(t) => {
                let mut shape = vec![1; perm.len() - t.shape().len()];
                shape.extend(t.shape());
                let dims: Vec<_> = shape.into_iter().map(Some).collect();
                let wide = r.reshape(v, &dims)?;
                r.transpose(wide, &back)?
            }
            None => inner.next()?,
        });
    }
    let y = r.root_on(&new)?;
    r.transpose(y, &perm)
}

/// A pad of a transpose
pub fn through_pad(r: &mut Rewriter<'_>) -> Option<Value> {
    let (x, perm) = transposed(r, r.input(0)?)?;
    let pads = r.ints(r.input(1)?)?;
    let mut moved = vec![0i32; pads.len()];
    for (pad, p) in pads.chunks(2).zip(&perm) {
        moved.get_mut(2 * p)?.clone_from(&i32::try_from(pad[0]).ok()?);
        moved.get_mut(2 * p + 1)?.clone_from(&i32::try_from(*pad.get(1)?).ok()?);
    }
    let pads = r.new_constant(Tensor::i32(&[perm.len(), 2], moved));
    let mut operands = r.op().operands().to_vec();
    operands[..2].copy_from_slice(&[x, pads]);
    let y = r.root_on(&operands)?;
    r.transpose(y, &perm)
}

/// A concatenation of transposes
pub fn through_concatenation(r: &mut Rewriter<'_>) -> Option<Value> {
    let row: tfl::Concatenation = r.row()?;
    let (inner, perm) = all_transposed(r, r.op().operands())?;
    let axis = perm[infer::axis(i64::from(row.axis), perm.len()).ok()?];
    let y = r.emit(&tfl::Concatenation { axis: axis as i32, ..row }, &inner)?;
    r.transpose(y, &perm)
}

/// A reduction of a transpose: other dimensions of the value itself
pub fn into_reduction(r: &mut Rewriter<'_>) -> Option<Value> {
    let (x, perm) = transposed(r, r.input(0)?)?;
    let axes = r.ints(r.input(1)?)?;
    let axes: Vec<usize> =
        axes.iter().map(|a| infer::axis(*a, perm.len()).ok().map(|a| perm[a])).collect::<Option<_>>()?;
    let keeps = r.op().attr("keep_dims")?.as_bool()?;
    if !keeps && !perm.iter().filter(|p| !axes.contains(p)).is_sorted() {
        return None;
    }
    let axes: Vec<i32> = axes.iter().map(|a| *a as i32).collect();
    let axes = r.i32s(&axes);
    let y = r.root_on(&[x, axes])?;
    if keeps { r.transpose(y, &perm) } else { Some(y) }
}

/// Operations that compute each element from the operands' elements at its place.
pub const ELEMENTWISE: &[&ir::OpDef] = &[
    tfl::Abs::DEF,
    tfl::Add::DEF,
    tfl::Ceil::DEF,
    tfl::Cos::DEF,
    tfl::Div::DEF,
    tfl::Elu::DEF,
    tfl::Exp::DEF,
    tfl::Floor::DEF,
    tfl::Gelu::DEF,
    tfl::HardSwish::DEF,
    tfl::LeakyRelu::DEF,
    tfl::Log::DEF,
    tfl::Logistic::DEF,
    tfl::Maximum::DEF,
    tfl::Minimum::DEF,
    tfl::Mul::DEF,
    tfl::Neg::DEF,
    tfl::Prelu::DEF,
    tfl::Relu::DEF,
    tfl::Relu0To1::DEF,
    tfl::Relu1::DEF,
    tfl::Relu6::DEF,
    tfl::Round::DEF,
    tfl::Rsqrt::DEF,
    tfl::Sign::DEF,
    tfl::Sin::DEF,
    tfl::Sqrt::DEF,
    tfl::Square::DEF,
    tfl::SquaredDifference::DEF,
    tfl::Sub::DEF,
    tfl::Tanh::DEF,
];
