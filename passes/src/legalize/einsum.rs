//! `Einsum` as one product of matrices between transposes and reshapes.
//!
//! Of two operands, each label is of one class: in both and in the result (batch), in the left and the result (rows), in the right and the
//! result (columns), or in both only (summed). The operands become `[batch.., rows, summed]` and `[batch.., summed, columns]`.

use ir::dialect::tfl;
use ir::infer::InferError;
use ir::{Dim, Value};

use super::lower::{Lower, Lowered};

/// A label, or one dimension of an ellipsis.
type Label = char;

pub(super) fn einsum(l: &mut Lower<'_>) -> Lowered {
    let equation: String = l.attr_str("equation").chars().filter(|c| !c.is_whitespace()).collect();
    let malformed = || InferError::new(format!("equation `{equation}` is not understood"));
    let (operands, result) = equation.split_once("->").ok_or_else(malformed)?;
    let terms: Vec<&str> = operands.split(',').collect();
    if terms.len() != l.op.operands().len() {
        return Err(malformed());
    }
    let mut labels = Vec::new();
    let mut widest = 0;
    for (i, term) in terms.iter().enumerate() {
        let rank = l.rank(l.input(i)?)?;
        let named = term.replace("...", "").chars().count();
        let hidden = rank.checked_sub(named).ok_or_else(malformed)?;
        widest = widest.max(hidden);
        labels.push(expand(term, hidden));
    }
    let result = expand(result, widest);
    let repeated = |t: &[Label]| t.iter().enumerate().any(|(i, c)| t[..i].contains(c));
    if labels.iter().any(|t| repeated(t)) || repeated(&result) {
        return Err(InferError::new(format!("equation `{equation}` takes a diagonal, which has no TFLite form")));
    }
    match &labels[..] {
        [x] => one(l, x, &result),
        [x, y] => two(l, x, y, &result, &equation),
        _ => Err(InferError::new(format!("equation `{equation}` has more than two operands"))),
    }
}

/// The labels of a term; an ellipsis stands for private ones, counted from the right as dimensions broadcast.
fn expand(term: &str, hidden: usize) -> Vec<Label> {
    let private = (0..hidden as u32).rev().filter_map(|i| char::from_u32(0xE000 + i));
    match term.split_once("...") {
        Some((a, b)) => a.chars().chain(private).chain(b.chars()).collect(),
        None => term.chars().collect(),
    }
}

/// A permutation, or a sum over what is not in the result.
fn one(l: &mut Lower<'_>, x: &[Label], result: &[Label]) -> Lowered {
    let (kept, summed): (Vec<usize>, Vec<usize>) = (0..x.len()).partition(|i| result.contains(&x[*i]));
    let perm = order(&kept.iter().map(|i| x[*i]).collect::<Vec<_>>(), result)?;
    let mut v = l.input(0)?;
    if !summed.is_empty() {
        let axes = l.i32s(&summed.iter().map(|i| *i as i64).collect::<Vec<_>>());
        v = l.emit(&tfl::Sum { keep_dims: false }, &[v, axes])?;
    }
    transpose(l, v, &perm)
}

fn two(l: &mut Lower<'_>, x: &[Label], y: &[Label], result: &[Label], equation: &str) -> Lowered {
    let pick = |of: &[Label], in_x: bool, in_y: bool, in_result: bool| -> Vec<Label> {
        let fits = |c: &Label| x.contains(c) == in_x && y.contains(c) == in_y && result.contains(c) == in_result;
        of.iter().copied().filter(fits).collect()
    };
    let batch = pick(result, true, true, true);
    let (rows, columns) = (pick(x, true, false, true), pick(y, false, true, true));
    let summed = pick(x, true, true, false);
    let lonely = !pick(x, true, false, false).is_empty() || !pick(y, false, true, false).is_empty();
    if lonely || result.len() != batch.len() + rows.len() + columns.len() {
        return Err(InferError::new(format!("equation `{equation}` sums over a label of one operand")));
    }
    let (a, b) = (l.input(0)?, l.input(1)?);
    let dims = |l: &Lower<'_>, v: Value, labels: &[Label], of: &[Label]| -> Vec<Dim> {
        let shape = l.shape(v).unwrap_or_default();
        of.iter().map(|c| labels.iter().position(|d| d == c).and_then(|i| shape.get(i).copied().flatten())).collect()
    };
    let (batch_dims, row_dims) = (dims(l, a, x, &batch), dims(l, a, x, &rows));
    let (column_dims, sum_dims) = (dims(l, b, y, &columns), dims(l, a, x, &summed));
    // Rows of a product with one matrix for all batches need not be flattened.
    let flat_rows = if batch.is_empty() && !rows.is_empty() { row_dims.clone() } else { vec![product(&row_dims)] };

    let perm = order(x, &[&batch[..], &rows, &summed].concat())?;
    let a = arranged(l, a, &perm, &[&batch_dims[..], &flat_rows, &[product(&sum_dims)]].concat())?;
    let perm = order(y, &[&batch[..], &summed, &columns].concat())?;
    let b = arranged(l, b, &perm, &[&batch_dims[..], &[product(&sum_dims)], &[product(&column_dims)]].concat())?;
    let row = tfl::BatchMatMul { adj_x: false, adj_y: false, asymmetric_quantize_inputs: None };
    let v = l.emit(&row, &[a, b])?;

    let v = reshape(l, v, &[&batch_dims[..], &row_dims, &column_dims].concat())?;
    let perm = order(&[&batch[..], &rows, &columns].concat(), result)?;
    transpose(l, v, &perm)
}

/// Where in `from` each label of `to` is.
fn order(from: &[Label], to: &[Label]) -> Result<Vec<i64>, InferError> {
    let place = |c: &Label| from.iter().position(|f| f == c).map(|i| i as i64);
    let missing = || InferError::new("its equation has a label in the result that no operand has");
    to.iter().map(place).collect::<Option<_>>().ok_or_else(missing)
}

fn product(dims: &[Dim]) -> Dim {
    dims.iter().try_fold(1usize, |n, d| n.checked_mul((*d)?))
}

fn arranged(l: &mut Lower<'_>, v: Value, perm: &[i64], shape: &[Dim]) -> Lowered {
    let v = transpose(l, v, perm)?;
    reshape(l, v, shape)
}

fn transpose(l: &mut Lower<'_>, v: Value, perm: &[i64]) -> Lowered {
    if perm.iter().enumerate().all(|(i, p)| i as i64 == *p) { Ok(v) } else { l.transpose(v, perm) }
}

fn reshape(l: &mut Lower<'_>, v: Value, shape: &[Dim]) -> Lowered {
    if l.shape(v).as_deref() == Some(shape) { Ok(v) } else { l.reshape(v, shape) }
}
