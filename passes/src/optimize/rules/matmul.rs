//! Products of matrices: in the form with constant weights where they are constant, and without views around them.

use ir::Value;
use ir::dialect::tfl;

use crate::optimize::rewrite::Rewriter;

/// A fully connected operation between reshapes that only flatten and restore the leading dimensions.
pub fn keep_dims(r: &mut Rewriter<'_>) -> Option<Value> {
    let v = r.input(0)?;
    let fc = r.only::<tfl::FullyConnected>(v)?;
    // The reshape in front may be gone already.
    let x = r.def::<tfl::Reshape>(fc.ins[0]).map_or(fc.ins[0], |f| f.ins[0]);
    let y = r.output()?;
    let depth = *r.shape(fc.ins[1])?.get(1)?;
    let (from, to) = (r.shape(x)?, r.shape(y)?);
    let rank = from.len();
    let same_rows = rank > 2 && to.len() == rank && from[..rank - 1] == to[..rank - 1];
    let known = from[..rank - 1].iter().filter(|d| d.is_none()).count() <= 1;
    if fc.row.keep_num_dims || !same_rows || !known || from[rank - 1] != depth || to[rank - 1] != r.shape(v)?[1] {
        return None;
    }
    let mut operands = fc.ins;
    operands[0] = x;
    r.emit_as_root(&tfl::FullyConnected { keep_num_dims: true, ..fc.row }, &operands)
}

/// A reshape in front that only flattens leading dimensions, which the operation does by itself.
pub fn flattened_input(r: &mut Rewriter<'_>) -> Option<Value> {
    let row: tfl::FullyConnected = r.row()?;
    let mut operands = r.op().operands().to_vec();
    let x = r.def::<tfl::Reshape>(operands[0])?.ins[0];
    let depth = *r.shape(operands[1])?.get(1)?;
    let flat = r.rank(operands[0]) == Some(2) && r.rank(x)? >= 2 && *r.shape(x)?.last()? == depth;
    if row.keep_num_dims || !flat || depth.is_none() {
        return None;
    }
    operands[0] = x;
    r.root_with(&operands)
}

/// A product with a constant matrix on the right
pub fn constant_matrix_right(r: &mut Rewriter<'_>) -> Option<Value> {
    let row: tfl::BatchMatMul = r.row()?;
    let (x, w) = (r.input(0)?, r.input(1)?);
    let rank = r.rank(x)?;
    if r.f32_constant(w)?.shape().len() != 2 || r.constant(x).is_some() {
        return None;
    }
    let x = if row.adj_x { swap_last(r, x, rank)? } else { x };
    let w = if row.adj_y { w } else { r.transpose(w, &[1, 0])? };
    let none = r.no_value();
    r.emit_as_root(&tfl::FullyConnected { keep_num_dims: rank > 2, ..Default::default() }, &[x, w, none])
}

/// A product with a constant matrix on the left is the transpose of one with it on the right.
pub fn constant_matrix_left(r: &mut Rewriter<'_>) -> Option<Value> {
    let row: tfl::BatchMatMul = r.row()?;
    let (w, x) = (r.input(0)?, r.input(1)?);
    let rank = r.rank(x)?;
    if r.f32_constant(w)?.shape().len() != 2 || r.constant(x).is_some() {
        return None;
    }
    let x = if row.adj_y { x } else { swap_last(r, x, rank)? };
    let w = if row.adj_x { r.transpose(w, &[1, 0])? } else { w };
    let none = r.no_value();
    let y = r.emit(&tfl::FullyConnected { keep_num_dims: rank > 2, ..Default::default() }, &[x, w, none])?;
    swap_last(r, y, rank)
}

fn swap_last(r: &mut Rewriter<'_>, v: Value, rank: usize) -> Option<Value> {
    let mut perm: Vec<usize> = (0..rank).collect();
    perm.swap(rank.checked_sub(2)?, rank - 1);
    r.transpose(v, &perm)
}

/// A transpose of the last two dimensions in front of a product is an option of the product.
pub fn transposed_operand(r: &mut Rewriter<'_>) -> Option<Value> {
    let mut row: tfl::BatchMatMul = r.row()?;
    let (x, y) = (r.input(0)?, r.input(1)?);
    let (new_x, new_y) = (last_swapped(r, x), last_swapped(r, y));
    if new_x.is_none() && new_y.is_none() {
        return None;
    }
    row.adj_x ^= new_x.is_some();
    row.adj_y ^= new_y.is_some();
    r.emit_as_root(&row, &[new_x.unwrap_or(x), new_y.unwrap_or(y)])
}

/// What a transpose of the last two dimensions, and of no others, is of.
fn last_swapped(r: &Rewriter<'_>, v: Value) -> Option<Value> {
    let transpose = r.def::<tfl::Transpose>(v)?;
    let perm = r.ints(transpose.ins[1])?;
    let n = perm.len() as i64;
    let swapped = n >= 2 && (0..n - 2).eq(perm[..perm.len() - 2].iter().copied()) && perm.ends_with(&[n - 1, n - 2]);
    swapped.then_some(transpose.ins[0])
}
