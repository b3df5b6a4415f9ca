//! Matrix products over a kept GEMM.

use super::Clamp;
use crate::error::{Result, ensure};
use crate::geometry::{elements, strides};
use crate::simd::wide;

/// A matrix in a slice: element (r, c) stands at `r * row + c * col`.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    /// The elements.
    pub data: &'a [f32],
    /// Distance of rows.
    pub row: usize,
    /// Distance of columns.
    pub col: usize,
}

/// `c[m, n] = a[m, k] * b[k, n]`, `c` row-major.
///
/// # Panics
/// If a slice is too short for its matrix.
#[allow(unsafe_code)]
pub fn gemm(m: usize, k: usize, n: usize, a: Matrix<'_>, b: Matrix<'_>, c: &mut [f32]) {
    if m == 0 || n == 0 {
        return;
    }
    assert!(c.len() >= m * n, "the product fits");
    if k == 0 {
        c[..m * n].fill(0.0);
        return;
    }
    assert!((m - 1) * a.row + (k - 1) * a.col < a.data.len(), "the left matrix is whole");
    assert!((k - 1) * b.row + (n - 1) * b.col < b.data.len(), "the right matrix is whole");
    if m == 1 && a.col == 1 && b.row == 1 {
        // A GEMM would spend its time on rearranging the right matrix.
        return row_times_columns(&a.data[..k], b.data, b.col, &mut c[..n]);
    }
    // SAFETY: the assertions above bound the last element each matrix touches by its slice; `c` is borrowed uniquely.
    unsafe {
        matrixmultiply::sgemm(
            m,
            k,
            n,
            1.0,
            a.data.as_ptr(),
            a.row as isize,
            a.col as isize,
            b.data.as_ptr(),
            b.row as isize,
            b.col as isize,
            0.0,
            c.as_mut_ptr(),
            n as isize,
            1,
        );
    }
}

wide! {
    /// The product of a row with columns that stand one after the other, `distance` apart.
    fn row_times_columns(x: &[f32], columns: &[f32], distance: usize, out: &mut [f32]) {
        const LANES: usize = 32;
        for (i, y) in out.iter_mut().enumerate() {
            let column = &columns[i * distance..][..x.len()];
            let mut lanes = [0f32; LANES];
            let (a, b) = (x.chunks_exact(LANES), column.chunks_exact(LANES));
            let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
            for (a, b) in a.zip(b) {
                for k in 0..LANES {
                    lanes[k] += a[k] * b[k];
                }
            }
            *y = lanes.iter().sum::<f32>() + rest;
        }
    }
}

/// `x [batch, depth]` times the transpose of `w [out, depth]`, plus `bias [out]`.
pub fn fully_connected(x: &[f32], w: &[f32], bias: Option<&[f32]>, out: usize, depth: usize, act: Clamp) -> Vec<f32> {
    let batch = x.len() / depth.max(1);
    let mut y = vec![0.0; batch * out];
    let (a, b) = (Matrix { data: x, row: depth, col: 1 }, Matrix { data: w, row: 1, col: depth });
    gemm(batch, depth, out, a, b, &mut y);
    add_bias(&mut y, bias);
    act.apply(&mut y);
    y
}

/// Adds a bias of as many elements as the last dimension has.
pub fn add_bias(y: &mut [f32], bias: Option<&[f32]>) {
    if let Some(bias) = bias.filter(|b| !b.is_empty()) {
        for row in y.chunks_mut(bias.len()) {
            for (v, b) in row.iter_mut().zip(bias) {
                *v += b;
            }
        }
    }
}

/// Products of the matrices in the last two dimensions; the others broadcast. Gives the result and its shape.
pub fn batch_matmul(
    x: &[f32],
    x_shape: &[usize],
    y: &[f32],
    y_shape: &[usize],
    adj_x: bool,
    adj_y: bool,
) -> Result<(Vec<f32>, Vec<usize>)> {
    ensure(x_shape.len() >= 2 && y_shape.len() >= 2, || "a matrix has rank 2 or more".into())?;
    let (xb, xm) = x_shape.split_at(x_shape.len() - 2);
    let (yb, ym) = y_shape.split_at(y_shape.len() - 2);
    let (m, k) = if adj_x { (xm[1], xm[0]) } else { (xm[0], xm[1]) };
    let (k2, n) = if adj_y { (ym[1], ym[0]) } else { (ym[0], ym[1]) };
    ensure(k == k2, || format!("inner dimensions {k} and {k2} differ"))?;
    let batch = super::elementwise::broadcast_shape(xb, yb)?;
    let count: usize = batch.iter().product();
    let mut out = vec![0.0; elements(&[count, m, n])?];
    let batch_strides = strides(&batch);
    for i in 0..count {
        let offset = |shape: &[usize]| {
            let own = strides(shape);
            (0..shape.len())
                .map(|d| {
                    let at = d + batch.len() - shape.len();
                    if shape[d] == 1 { 0 } else { i / batch_strides[at] % batch[at] * own[d] }
                })
                .sum::<usize>()
        };
        let a = &x[offset(xb) * m * k..][..m * k];
        let b = &y[offset(yb) * k * n..][..k * n];
        let (a_row, a_col) = if adj_x { (1, m) } else { (k, 1) };
        let (b_row, b_col) = if adj_y { (1, k) } else { (n, 1) };
        let (a, b) = (Matrix { data: a, row: a_row, col: a_col }, Matrix { data: b, row: b_row, col: b_col });
        gemm(m, k, n, a, b, &mut out[i * m * n..][..m * n]);
    }
    let mut shape = batch;
    shape.extend([m, n]);
    Ok((out, shape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fully_connected_row() {
        let y = fully_connected(
            &[1.0, 2.0],
            &[3.0, 4.0, 5.0, 6.0],
            Some(&[0.5, -20.0]),
            2,
            2,
            Clamp { min: 0.0, max: 9.0 },
        );
        assert_eq!(y, [9.0, 0.0]);
    }

    #[test]
    fn one_row_gives_what_many_give() {
        let (depth, out) = (77, 5);
        let x: Vec<f32> = (0..2 * depth).map(|i| (i % 7) as f32 - 3.0).collect();
        let w: Vec<f32> = (0..out * depth).map(|i| (i % 5) as f32 - 2.0).collect();
        let both = fully_connected(&x, &w, None, out, depth, Clamp::NONE);
        assert_eq!(fully_connected(&x[depth..], &w, None, out, depth, Clamp::NONE), both[out..]);
    }

    #[test]
    fn batches_broadcast_and_adjoints_transpose() {
        let x = [1.0, 2.0, 3.0, 4.0];
        let (y, shape) =
            batch_matmul(&x, &[1, 2, 2], &[1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0], &[2, 2, 2], true, false).unwrap();
        assert_eq!(shape, [2, 2, 2]);
        assert_eq!(y, [1.0, 3.0, 2.0, 4.0, 3.0, 1.0, 4.0, 2.0]);
    }
}
