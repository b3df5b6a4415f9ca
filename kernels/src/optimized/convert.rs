//! Real values to codes.

use crate::reference::{Affine, Codes};
use crate::simd::wide;

wide! {
    /// The codes of real values, as [`crate::reference::convert::quantize`] gives them. Codes are within those of int8.
    pub fn quantize(x: &[f32], out: Affine, codes: Codes, y: &mut [i8]) {
        for (y, x) in y.iter_mut().zip(x) {
            let real = *x / out.scale;
            let near = if real.is_nan() { 0.0 } else { real.round().clamp(-END, END) };
            *y = (whole(near) + out.zero).clamp(codes.min, codes.max) as i8;
        }
    }
}

/// Beyond all codes of int8 whatever their zero.
const END: f32 = 1024.0;

/// A whole number of magnitude up to 2^22. A cast would ask for what lies beyond `i32`, which has no vector instruction.
#[inline(always)]
fn whole(x: f32) -> i32 {
    const UNIT: f32 = 12_582_912.0; // 1.5 * 2^23, above which floats are a unit apart
    (x + UNIT).to_bits().wrapping_sub(UNIT.to_bits()) as i32
}
