//! A product of float activations, quantized on the way, with weights that have a scale for each block of a row; results are float.

use super::hybrid::asymmetric;
use super::{padded, rows, whole};
use crate::error::{KernelError, Result, ensure};
use crate::geometry::elements;

/// Symmetric weights `[out, depth]` in blocks along their rows, and what follows the product.
#[derive(Clone, Copy, Debug)]
pub struct Blocks<'a> {
    /// Row-major codes.
    pub data: &'a [i8],
    /// Outputs and depth.
    pub shape: &'a [usize],
    /// Codes of a block; divides the depth.
    pub size: usize,
    /// One scale a block, row by row.
    pub scales: &'a [f32],
    /// One addend an output.
    pub bias: Option<&'a [f32]>,
}

impl Blocks<'_> {
    /// Outputs, depth and blocks of a row.
    fn sizes(&self) -> Result<[usize; 3]> {
        let [out, depth] = *self.shape else { return Err(KernelError::new("weights have rank 2")) };
        whole(self.data, self.shape)?;
        ensure(self.size > 0 && depth > 0 && depth % self.size == 0, || {
            format!("blocks of {} in rows of {depth}", self.size)
        })?;
        let blocks = depth / self.size;
        let n = self.scales.len();
        ensure(n == out * blocks, || format!("{n} scales for {out} rows of {blocks} blocks"))?;
        ensure(self.bias.is_none_or(|b| b.len() == out), || format!("the bias has not {out} elements"))?;
        Ok([out, depth, blocks])
    }
}

/// `x [batch, depth]` times the transpose of the weights; each row is quantized by itself, asymmetrically. LiteRT applies no activation.
pub fn fully_connected(x: &[f32], w: Blocks<'_>) -> Result<Vec<f32>> {
    let [out, depth, blocks] = w.sizes()?;
    ensure(x.len().is_multiple_of(depth), || format!("{} input elements and weights of depth {depth}", x.len()))?;
    let (weights, padded) = (rows(w.data, 0, w.size), padded(w.size));
    let sums_of_codes: Vec<f32> =
        w.data.chunks(w.size).map(|b| b.iter().map(|q| i32::from(*q)).sum::<i32>() as f32).collect();
    let mut y = Vec::with_capacity(elements(&[x.len() / depth, out])?);
    for row in x.chunks(depth) {
        let row = asymmetric(row);
        let codes = rows(&row.codes, 0, w.size);
        for o in 0..out {
            let (mut sum, mut of_zero) = (0f32, 0f32);
            for b in 0..blocks {
                let (block, scale) = (o * blocks + b, w.scales[o * blocks + b]);
                let products = codes[b * padded..][..padded].iter().zip(&weights[block * padded..][..padded]);
                let product: i32 = products.map(|(a, w)| i32::from(*a) * i32::from(*w)).sum();
                sum += product as f32 * scale;
                of_zero += scale * sums_of_codes[block];
            }
            let real = (sum - row.zero as f32 * of_zero) * row.scale;
            y.push(w.bias.map_or(real, |b| real + b[o]));
        }
    }
    Ok(y)
}
