//! float32 kernels, with TFLite's semantics.
//!
//! A kernel splits no sum over threads and has one order of additions, so results do not depend on the machine's number of cores.

pub mod conv;
pub mod elementwise;
pub mod matmul;
pub mod pool;
pub mod reduce;
pub mod resize;
pub mod softmax;

use crate::simd::wide;

/// Activation applied to every element of a result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clamp {
    /// Lowest value.
    pub min: f32,
    /// Highest value.
    pub max: f32,
}

impl Clamp {
    /// No activation.
    pub const NONE: Clamp = Clamp { min: f32::NEG_INFINITY, max: f32::INFINITY };

    /// Applies it.
    pub fn apply(self, values: &mut [f32]) {
        if self != Clamp::NONE {
            limit(self, values);
        }
    }
}

wide! {
    fn limit(to: Clamp, values: &mut [f32]) {
        for v in values {
            *v = v.max(to.min).min(to.max);
        }
    }
}
