//! Products of matrices.

use std::borrow::Cow;

use super::{Affine, Code, Codes, Requant, Sum, dots, padded, rows, whole};
use crate::error::{Result, ensure};
use crate::float::elementwise::broadcast_shape;
use crate::geometry::elements;

/// How the sums of a fully connected operation become codes: LiteRT's reference rounds `sum * ratio` as a double.
#[derive(Clone, Debug)]
pub struct DoubleRequant {
    /// `s_x s_w / s_y`: one, or one an output.
    pub ratios: Vec<f64>,
    /// Code of 0 in the result.
    pub zero: i32,
    /// Codes of the result.
    pub codes: Codes,
}

impl DoubleRequant {
    /// From the scales of input, weights and result.
    pub fn new(x: f32, weights: &[f32], out: Affine, codes: Codes) -> DoubleRequant {
        let ratio = |w: &f32| f64::from(x) * f64::from(*w) / f64::from(out.scale);
        DoubleRequant { ratios: weights.iter().map(ratio).collect(), zero: out.zero, codes }
    }
}

/// How the sums of a fully connected operation become codes.
#[derive(Clone, Debug)]
pub enum FromSums {
    /// As doubles: LiteRT's reference.
    Real(DoubleRequant),
    /// In fixed point: all others.
    Fixed(Requant),
}

impl FromSums {
    fn fits(&self, outputs: usize) -> Result<()> {
        match self {
            FromSums::Fixed(r) => r.fits(outputs),
            FromSums::Real(r) => {
                let n = r.ratios.len();
                ensure(n == 1 || n == outputs, || format!("{n} scales for {outputs} outputs"))
            }
        }
    }

    /// Appends the codes of one sum an output.
    fn push<S: Sum, C: Code>(&self, sums: &[S], y: &mut Vec<C>) {
        let r = match self {
            FromSums::Fixed(r) => return r.push(sums, y),
            FromSums::Real(r) => r,
        };
        y.extend(sums.iter().enumerate().map(|(o, sum)| {
            let real = sum.to_f64() * r.ratios[o % r.ratios.len()];
            r.codes.clamp::<C>((real.round() as i32).saturating_add(r.zero))
        }));
    }
}

/// `x [batch, depth]` times the transpose of `w [out, depth]`, plus `bias [out]`.
pub fn fully_connected<C: Code, W: Code, S: Sum>(
    (x, x_zero): (&[C], i32),
    (w, w_zero): (&[W], i32),
    bias: Option<&[S]>,
    [out, depth]: [usize; 2],
    requant: &FromSums,
) -> Result<Vec<C>> {
    ensure(depth > 0 && x.len().is_multiple_of(depth), || {
        format!("{} input elements and weights of depth {depth}", x.len())
    })?;
    whole(w, &[out, depth])?;
    ensure(bias.is_none_or(|b| b.len() == out), || format!("the bias has not {out} elements"))?;
    requant.fits(out)?;
    let batch = x.len() / depth;
    let (x, w) = (rows(x, x_zero, depth), rows(w, w_zero, depth));
    let mut y = Vec::with_capacity(elements(&[batch, out])?);
    let mut sums = vec![S::default(); out];
    for row in x.chunks(padded(depth)) {
        dots(row, &w, &mut sums);
        if let Some(bias) = bias {
            sums.iter_mut().zip(bias).for_each(|(s, b)| *s = s.plus(*b));
        }
        requant.push(&sums, &mut y);
    }
    Ok(y)
}

/// Where the matrices of a batched product stand.
pub(super) struct Batches {
    /// Rows, depth and columns of one product.
    pub size: [usize; 3],
    /// For each product, the number of its left and of its right matrix.
    pub pairs: Vec<(usize, usize)>,
    /// Shape of the result.
    pub shape: Vec<usize>,
}

/// Plans `x [.., m, k]` times `y [.., k, n]`, batches broadcast; `adj_x` and `adj_y` say that one stands transposed.
pub(super) fn batches(x: &[usize], y: &[usize], adj_x: bool, adj_y: bool) -> Result<Batches> {
    ensure(x.len() >= 2 && y.len() >= 2, || "matrices have rank 2 or more".into())?;
    let (xb, [x0, x1]) = (&x[..x.len() - 2], [x[x.len() - 2], x[x.len() - 1]]);
    let (yb, [y0, y1]) = (&y[..y.len() - 2], [y[y.len() - 2], y[y.len() - 1]]);
    let (m, k) = if adj_x { (x1, x0) } else { (x0, x1) };
    let (ky, n) = if adj_y { (y1, y0) } else { (y0, y1) };
    ensure(k == ky, || format!("matrices of depth {k} and {ky}"))?;
    let mut shape = broadcast_shape(xb, yb)?;
    let number = |own: &[usize]| crate::float::elementwise::indices(own, &shape);
    let pairs = number(xb).into_iter().zip(number(yb)).collect();
    shape.extend([m, n]);
    elements(&shape)?;
    Ok(Batches { size: [m, k, n], pairs, shape })
}

/// Every matrix of `rows` by `cols` transposed.
pub(super) fn transposed<T: Copy>(x: &[T], rows: usize, cols: usize) -> Vec<T> {
    let mut out = Vec::with_capacity(x.len());
    for matrix in x.chunks((rows * cols).max(1)) {
        out.extend((0..cols).flat_map(|c| (0..rows).map(move |r| matrix[r * cols + c])));
    }
    out
}

/// A batched matrix product of codes; gives the result and its shape.
/// `S` is what products are summed in.
pub fn batch_matmul<C: Code, S: Sum>(
    (x, x_shape, x_zero): (&[C], &[usize], i32),
    (y, y_shape, y_zero): (&[C], &[usize], i32),
    adj_x: bool,
    adj_y: bool,
    out: &Requant,
) -> Result<(Vec<C>, Vec<usize>)> {
    whole(x, x_shape)?;
    whole(y, y_shape)?;
    out.fits(1)?;
    let Batches { size: [m, k, n], pairs, shape } = batches(x_shape, y_shape, adj_x, adj_y)?;
    ensure(k > 0, || "matrices of depth 0".into())?;
    let x = if adj_x { Cow::Owned(transposed(x, k, m)) } else { Cow::Borrowed(x) };
    let y = if adj_y { Cow::Borrowed(y) } else { Cow::Owned(transposed(y, k, n)) };
    let (x, y, row) = (rows(&x, x_zero, k), rows(&y, y_zero, k), padded(k));
    let mut result = Vec::with_capacity(elements(&shape)?);
    let mut sums = vec![S::default(); n];
    for (a, b) in pairs {
        for left in x[a * m * row..][..m * row].chunks(row) {
            dots(left, &y[b * n * row..][..n * row], &mut sums);
            out.push(&sums, &mut result);
        }
    }
    Ok((result, shape))
}
