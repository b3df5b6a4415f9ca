//! float32 kernels that are prepared once for their shapes and run without allocating.
//!
//! A run computes a band of the result, some whole rows, pixels or elements, each of which is computed in one way wherever the band begins:
//! bands may be shared between threads. Sums may be taken in another order than [`crate::float`] takes them, and multiplications and additions
//! fused, so results differ in the last bits.

mod conv;
mod depthwise;
mod elementwise;
mod gemm;
mod math;
mod pool;
mod reduce;
mod softmax;

pub use conv::Conv;
pub use depthwise::Depthwise;
pub use elementwise::{BINARY, Binary, UNARY, Unary};
pub use gemm::Weights;
pub use pool::Pooling;
pub use reduce::Reduction;
pub use softmax::Softmax;

/// Elements of a result that stay in the nearer caches while they are written, clamped and looked at.
pub(super) const BAND: usize = 16 << 10;
