//! Conversions between real values and codes of any width.

use super::{Affine, Codes};
use crate::error::Result;
use crate::fixed::Multiplier;
use crate::rounding::Rounding;

/// The codes of real values: of the quotient, halves away from zero. NaN is 0, what is beyond a code's range its end.
pub fn quantize(x: &[f32], out: Affine, codes: Codes) -> Vec<i32> {
    x.iter().map(|v| out.code(*v).clamp(codes.min, codes.max)).collect()
}

/// The same in LiteRT's optimized kernel: of the product with the inverse scale, halves to even, in blocks of 8; behind the last of them of the
/// quotient in float64, halves away from zero.
pub fn quantize_in_blocks(x: &[f32], out: Affine, codes: Codes) -> Vec<i32> {
    let inverse = 1.0 / out.scale;
    let vectors = x.len() / 8 * 8;
    let code = |(i, v): (usize, &f32)| {
        let even = || (v * inverse).round_ties_even() as i32;
        let away = || (f64::from(*v) / f64::from(out.scale)).round() as i32;
        if i < vectors { even() } else { away() }.saturating_add(out.zero).clamp(codes.min, codes.max)
    };
    x.iter().enumerate().map(code).collect()
}

/// The factor from codes to those of other parameters.
pub fn factor(from: Affine, to: Affine) -> Result<Multiplier> {
    Multiplier::new(f64::from(from.scale) / f64::from(to.scale))
}

/// Codes in other parameters.
pub fn requantize(x: &[i32], from: Affine, to: Affine, codes: Codes, rounding: Rounding) -> Result<Vec<i32>> {
    let m = factor(from, to)?;
    let code = |(i, q): (usize, &i32)| {
        let m = m.by(rounding.in_blocks(i, x.len(), 16));
        m.apply(q.wrapping_sub(from.zero)).wrapping_add(to.zero).clamp(codes.min, codes.max)
    };
    Ok(x.iter().enumerate().map(code).collect())
}

/// What a code means: one rounding of the exact product.
pub fn dequantize(code: i32, of: Affine) -> f32 {
    (f64::from(of.scale) * (f64::from(code) - f64::from(of.zero))) as f32
}

/// What LiteRT's optimized kernel adds to the product of a code and the scale.
pub(crate) fn dequantized_zero(of: Affine) -> f32 {
    (-f64::from(of.zero) * f64::from(of.scale)) as f32
}

/// What codes mean to LiteRT's optimized kernel, all in float32: the product less that of the zero, in blocks of 8; what is left over as in
/// the reference.
pub fn dequantize_in_blocks(codes: &[i32], of: Affine) -> Vec<f32> {
    let zero = dequantized_zero(of);
    let vectors = codes.len() / 8 * 8;
    let value = |(i, q): (usize, &i32)| if i < vectors { *q as f32 * of.scale + zero } else { dequantize(*q, of) };
    codes.iter().enumerate().map(value).collect()
}
