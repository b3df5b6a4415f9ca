//! Operations that put elements into a tensor, whatever they are: kernels over bytes and the size of an element.

use crate::error::{Result, ensure};
use crate::geometry::{elements, strides};
use crate::movement::for_each_index;

/// Where a block of `update` elements begins in `shape`: at `start`, or as near to it as the block fits.
pub fn nearest_start(shape: &[usize], update: &[usize], start: &[i64]) -> Result<Vec<usize>> {
    let fits = update.len() == shape.len() && update.iter().zip(shape).all(|(u, n)| u <= n);
    ensure(fits, || format!("an update of shape {update:?} does not fit {shape:?}"))?;
    ensure(start.len() == shape.len(), || "a start for each dimension".into())?;
    let nearest = |d: usize| start[d].clamp(0, (shape[d] - update[d]) as i64) as usize;
    Ok((0..shape.len()).map(nearest).collect())
}

/// Puts `update` into `x` at a start, which [`nearest_start`] moves.
pub fn dynamic_update_slice(
    x: &[u8],
    size: usize,
    shape: &[usize],
    (update, update_shape): (&[u8], &[usize]),
    start: &[i64],
) -> Result<Vec<u8>> {
    let start = nearest_start(shape, update_shape, start)?;
    let own = strides(shape);
    let mut out = x.to_vec();
    let mut elements = update.chunks(size);
    for_each_index(update_shape, |at| {
        let i: usize = (0..at.len()).map(|d| (start[d] + at[d]) * own[d]).sum();
        out[i * size..][..size].copy_from_slice(elements.next().unwrap_or_default());
    });
    Ok(out)
}

/// Puts rows of `diagonal` onto the diagonals of the matrices `x`, whose last two dimensions are `rows` and `columns`.
pub fn matrix_set_diag(x: &[u8], size: usize, [rows, columns]: [usize; 2], diagonal: &[u8]) -> Result<Vec<u8>> {
    let n = rows.min(columns);
    let mut out = x.to_vec();
    if n == 0 || x.is_empty() {
        return Ok(out);
    }
    let matrices = x.len() / (rows * columns * size);
    ensure(diagonal.len() == matrices * n * size, || format!("{matrices} diagonals of {n} elements"))?;
    for (i, value) in diagonal.chunks(size).enumerate() {
        let at = i / n * rows * columns + i % n * (columns + 1);
        out[at * size..][..size].copy_from_slice(value);
    }
    Ok(out)
}

/// A tensor of `default` elements with values at coordinates: rows of an index for each dimension. A single value goes to all of them.
pub fn sparse_to_dense(shape: &[usize], indices: &[i64], values: &[u8], default: &[u8]) -> Result<Vec<u8>> {
    let (size, own) = (default.len(), strides(shape));
    let rows = indices.chunks(shape.len().max(1));
    ensure(values.len() == size || values.len() == rows.len() * size, || "a value for each row of indices".into())?;
    let mut out = default.repeat(elements(shape)?);
    for (row, value) in rows.zip(values.chunks(size.max(1)).cycle()) {
        let inside = row.iter().zip(shape).all(|(i, n)| (0..*n as i64).contains(i));
        ensure(inside, || format!("index {row:?} is out of range for shape {shape:?}"))?;
        let at: usize = row.iter().zip(&own).map(|(i, step)| *i as usize * step).sum();
        out[at * size..][..size].copy_from_slice(value);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_is_moved_inside() {
        let put = |start: [i64; 2]| dynamic_update_slice(&[0; 6], 1, &[2, 3], (&[7, 8], &[1, 2]), &start).unwrap();
        assert_eq!(put([1, 0]), [0, 0, 0, 7, 8, 0]);
        assert_eq!(put([-3, 9]), [0, 7, 8, 0, 0, 0]);
        assert!(dynamic_update_slice(&[0; 2], 1, &[2], (&[1, 2, 3], &[3]), &[0]).is_err());
    }

    #[test]
    fn diagonals_of_matrices_that_are_not_square() {
        let y = matrix_set_diag(&[0; 12], 1, [2, 3], &[1, 2, 3, 4]).unwrap();
        assert_eq!(y, [1, 0, 0, 0, 2, 0, 3, 0, 0, 0, 4, 0]);
        assert!(matrix_set_diag(&[0; 6], 1, [2, 3], &[1]).is_err());
    }

    #[test]
    fn values_stand_at_coordinates() {
        assert_eq!(sparse_to_dense(&[2, 2], &[0, 1, 1, 0], &[5, 6], &[9]).unwrap(), [9, 5, 6, 9]);
        assert_eq!(sparse_to_dense(&[3], &[0, 2], &[5], &[9]).unwrap(), [5, 9, 5]);
        assert!(sparse_to_dense(&[3], &[3], &[5], &[9]).is_err());
        assert!(sparse_to_dense(&[3], &[0, 1, 2], &[5, 6], &[9]).is_err());
    }
}
