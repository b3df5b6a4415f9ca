//! Operations that only move elements: without effect, twice in a row, or better written as a reshape.

use ir::dialect::tfl::{self, Activation};
use ir::{Attr, Dim, Elem, QuantParams, Tensor, Value, infer};

use crate::optimize::rewrite::{Rewriter, sizes};

/// A reshape or cast to the type it already has.
pub fn same_type(r: &mut Rewriter<'_>) -> Option<Value> {
    let (x, y) = (r.input(0)?, r.output()?);
    r.same_type(x, y).then_some(x)
}

/// A repetition to the shape it already has. A dimension that is not known might be repeated.
pub fn repeated_once(r: &mut Rewriter<'_>) -> Option<Value> {
    let (x, y) = (r.input(0)?, r.output()?);
    (r.body.ty(x) == r.body.ty(y) && r.body.tensor_ty(x)?.static_shape().is_some()).then_some(x)
}

/// `reshape(reshape(x))`
pub fn reshape_of_reshape(r: &mut Rewriter<'_>) -> Option<Value> {
    let inner = r.def::<tfl::Reshape>(r.input(0)?)?;
    r.root_with(&[inner.ins[0], r.input(1)?])
}

/// A shape that is computed but known but for one dimension: that one is the rest of the elements.
pub fn known_shape(r: &mut Rewriter<'_>) -> Option<Value> {
    let (x, y, shape) = (r.input(0)?, r.output()?, r.input(1)?);
    let known: Vec<Dim> =
        infer::known_ints(r.body, shape)?.into_iter().map(|d| d.and_then(|d| usize::try_from(d).ok())).collect();
    let dims: Vec<Dim> = match r.shape(y) {
        Some(dims) if dims.len() == known.len() => known.iter().zip(dims).map(|(a, b)| a.or(*b)).collect(),
        Some(_) => return None,
        None => known,
    };
    // With a size of 0 the missing one would not follow.
    if dims.contains(&Some(0)) {
        return None;
    }
    let sizes = sizes(&dims)?;
    if r.ints(shape).is_some_and(|now| now.iter().eq(sizes.iter().map(|s| i64::from(*s)).collect::<Vec<_>>().iter())) {
        return None;
    }
    let shape = r.i32s(&sizes);
    r.emit(&tfl::Reshape {}, &[x, shape])
}

/// The root computes nothing: its result is a reshape of its operand, or the operand itself.
fn as_reshape(r: &mut Rewriter<'_>) -> Option<Value> {
    let (x, y) = (r.input(0)?, r.output()?);
    if r.body.ty(x).elem() != r.body.ty(y).elem() || moves_channels(r, x) {
        return None;
    }
    if r.same_type(x, y) {
        return Some(x);
    }
    let shape = r.shape(y)?.to_vec();
    r.reshape(x, &shape)
}

/// Whether a reshape would have to say where the dimension of per-channel parameters goes.
fn moves_channels(r: &Rewriter<'_>, x: Value) -> bool {
    let quant = r.body.ty(x).elem().and_then(|e| e.quant());
    quant.is_some_and(|q| !matches!(q.params, QuantParams::PerTensor { .. }))
}

/// `squeeze` and `expand_dims` of a shape known but for one dimension.
pub fn squeeze(r: &mut Rewriter<'_>) -> Option<Value> {
    as_reshape(r)
}

/// `transpose(transpose(x))`
pub fn transpose_of_transpose(r: &mut Rewriter<'_>) -> Option<Value> {
    let inner = r.def::<tfl::Transpose>(r.input(0)?)?;
    let (first, then) = (r.ints(inner.ins[1])?, r.ints(r.input(1)?)?);
    let perm: Vec<i32> =
        then.iter().map(|p| Some(*first.get(usize::try_from(*p).ok()?)? as i32)).collect::<Option<_>>()?;
    if perm.iter().enumerate().all(|(i, p)| i as i32 == *p) {
        return Some(inner.ins[0]);
    }
    let perm = r.i32s(&perm);
    r.emit_as_root(&tfl::Transpose {}, &[inner.ins[0], perm])
}

/// A transpose under which all dimensions but those of size 1 keep their order.
pub fn transpose_of_units(r: &mut Rewriter<'_>) -> Option<Value> {
    let shape = r.shape(r.input(0)?)?;
    let perm = r.ints(r.input(1)?)?;
    let moved: Vec<i64> = perm.into_iter().filter(|p| shape.get(*p as usize) != Some(&Some(1))).collect();
    if !moved.is_sorted() {
        return None;
    }
    as_reshape(r)
}

/// A reduction over dimensions of size 1, or over none.
pub fn reduce_of_units(r: &mut Rewriter<'_>) -> Option<Value> {
    let shape = r.shape(r.input(0)?)?.to_vec();
    let axes = r.ints(r.input(1)?)?;
    let unit = |a: i64| infer::axis(a, shape.len()).is_ok_and(|a| shape[a] == Some(1));
    if axes.into_iter().all(unit) { as_reshape(r) } else { None }
}

/// A reduction whose dimensions are put back by a reshape keeps them.
pub fn reduction_that_keeps(r: &mut Rewriter<'_>) -> Option<Value> {
    let (v, y) = (r.input(0)?, r.output()?);
    let id = r.body.def_op(v).filter(|_| r.body.has_one_use(v))?;
    let op = r.body.op(id);
    let operands = op.operands().to_vec();
    if op.attr("keep_dims")?.as_bool()? {
        return None;
    }
    let shape = r.shape(operands[0])?;
    let axes =
        r.ints(operands[1])?.into_iter().map(|a| infer::axis(a, shape.len()).ok()).collect::<Option<Vec<_>>>()?;
    let kept: Vec<Dim> = (0..shape.len()).map(|i| if axes.contains(&i) { Some(1) } else { shape[i] }).collect();
    if r.shape(y)? != kept || kept.iter().filter(|d| d.is_none()).count() > 1 {
        return None;
    }
    let kept = r.again(id, &operands, None)?;
    r.set(kept, "keep_dims", Attr::Bool(true));
    Some(kept)
}

/// A slice of everything.
pub fn full_slice(r: &mut Rewriter<'_>) -> Option<Value> {
    let (x, y) = (r.input(0)?, r.output()?);
    let (begin, size) = (r.ints(r.input(1)?)?, r.ints(r.input(2)?)?);
    let whole = |(d, n): (&Dim, &i64)| *n == -1 || d.is_some_and(|d| d as i64 == *n);
    let all = begin.iter().all(|b| *b == 0) && r.shape(x)?.iter().zip(&size).all(whole);
    (all && r.body.ty(x).elem() == r.body.ty(y).elem()).then_some(x)
}

/// A strided slice of everything.
pub fn full_strided_slice(r: &mut Rewriter<'_>) -> Option<Value> {
    let row: tfl::StridedSlice = r.row()?;
    if row.shrink_axis_mask | row.new_axis_mask | row.ellipsis_mask != 0 || row.offset {
        return None;
    }
    let (begin, end, strides) = (r.ints(r.input(1)?)?, r.ints(r.input(2)?)?, r.ints(r.input(3)?)?);
    let x = r.input(0)?;
    let shape = r.shape(x)?;
    let whole = |i: usize| {
        let from_start = row.begin_mask >> i & 1 == 1 || begin[i] == 0;
        let to_end = row.end_mask >> i & 1 == 1 || shape[i].is_some_and(|d| end[i] >= d as i64);
        strides[i] == 1 && from_start && to_end
    };
    let fits = begin.len() <= shape.len() && end.len() == begin.len() && strides.len() == begin.len();
    (fits && (0..begin.len()).all(whole)).then_some(x)
}

/// A concatenation of one value.
pub fn concatenation_of_one(r: &mut Rewriter<'_>) -> Option<Value> {
    let [only] = r.op().operands() else { return None };
    (r.root_activation() == Some(Activation::None)).then_some(*only)
}

/// A pad by nothing.
pub fn pad_by_nothing(r: &mut Rewriter<'_>) -> Option<Value> {
    r.ints(r.input(1)?)?.iter().all(|p| *p == 0).then_some(r.input(0)?)
}

/// An operand that is repeated first and would be broadcast anyway.
pub fn implicit_broadcast(r: &mut Rewriter<'_>) -> Option<Value> {
    let ins = r.op().operands().to_vec();
    let rank = r.rank(r.output()?)?;
    // Kernels broadcast as far as rank 4.
    if rank > 4 {
        return None;
    }
    let inner = |v: Value| {
        let from = r.def::<tfl::BroadcastTo>(v).map(|f| f.ins[0]).or_else(|| Some(r.def::<tfl::Tile>(v)?.ins[0]))?;
        Some(from)
    };
    let new: Vec<Value> = ins.iter().map(|v| inner(*v).unwrap_or(*v)).collect();
    if new == ins {
        return None;
    }
    let op = r.op();
    let def = op.name.def()?;
    let ty = infer::infer(r.body, def, &op.props, &new).ok()?;
    let (now, then) = (r.body.tensor_ty(r.output()?)?, ty.first()?.as_tensor()?);
    let same = now.static_shape().is_some() && now.shape == then.shape;
    if same { r.root_with(&new) } else { None }
}

/// Numbers compared with `0, 1, 2, ..` along a new last dimension are one-hot.
pub fn one_hot(r: &mut Rewriter<'_>) -> Option<Value> {
    let equal = r.def::<tfl::Equal>(r.input(0)?)?;
    let (index, counted) = (equal.ins[0], r.constant(equal.ins[1])?);
    let shape = r.shape(index)?.to_vec();
    let depth = counted.len();
    let counts = counted.to_i64()?.into_iter().eq(0..depth as i64) && counted.shape().last() == Some(&depth);
    let index_type = r.body.ty(index).elem()?;
    let fits = counts && depth > 1 && shape.last() == Some(&Some(1)) && counted.shape().len() <= shape.len();
    if !fits || !r.is_f32(r.output()?) || *index_type != Elem::I32 {
        return None;
    }
    let index = r.reshape(index, &shape[..shape.len() - 1])?;
    let depth = r.new_constant(Tensor::i32(&[], vec![i32::try_from(depth).ok()?]));
    let on = r.new_constant(Tensor::f32(&[], vec![1.0]));
    let off = r.new_constant(Tensor::f32(&[], vec![0.0]));
    r.emit_as_root(&tfl::OneHot { axis: -1 }, &[index, depth, on, off])
}
