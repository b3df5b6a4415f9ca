//! Real values to codes.

use crate::reference::{Affine, Codes};
use crate::simd::wide;

wide! {
    /// The codes of real values, as [`crate::reference::convert::quantize`] gives them. Codes are within those of int8.
    pub fn quantize(x: &[f32], out: Affine, codes: Codes, y: &mut [i8]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = out.code(*x).clamp(codes.min, codes.max) as i8;
        }
    }
}
