//! Conversions between real values and codes of any width.

use super::{Affine, Codes};
use crate::error::Result;
use crate::fixed::Multiplier;

/// The codes of real values, halves away from zero. NaN is 0, what is beyond a code's range its end.
pub fn quantize(x: &[f32], out: Affine, codes: Codes) -> Vec<i32> {
    x.iter().map(|v| out.code(*v).clamp(codes.min, codes.max)).collect()
}

/// The factor from codes to those of other parameters.
pub fn factor(from: Affine, to: Affine) -> Result<Multiplier> {
    Multiplier::new(f64::from(from.scale) / f64::from(to.scale))
}

/// Codes in other parameters.
pub fn requantize(x: impl IntoIterator<Item = i32>, from: Affine, to: Affine, codes: Codes) -> Result<Vec<i32>> {
    let m = factor(from, to)?;
    let one = |q: i32| m.apply(q.wrapping_sub(from.zero)).wrapping_add(to.zero).clamp(codes.min, codes.max);
    Ok(x.into_iter().map(one).collect())
}

/// What a code means: one rounding of the exact product.
pub fn dequantize(code: i32, of: Affine) -> f32 {
    (f64::from(of.scale) * (f64::from(code) - f64::from(of.zero))) as f32
}
