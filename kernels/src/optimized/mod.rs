//! Kernels over int8 codes that give the results of [`crate::reference`] to the bit, from SIMD registers.
//!
//! A kernel is prepared once, which checks shapes and packs weights, and run many times, which allocates nothing. A run computes a band of
//! rows of the result, so that a pool of threads can share one. Every loop nest is written once, over the operations of an `isa::Isa`;
//! [`VARIANTS`] compiles it for each instruction set, and dispatch, tests and benches read that table.
//!
//! The kernels of [`float`] are prepared and run in the same way, over float32.

mod blend;
mod conv;
mod convert;
mod depthwise;
mod elementwise;
pub mod float;
mod fully_connected;
mod gemm;
mod isa;
pub mod pack;
pub(crate) mod pairing;
mod pool;
mod scale;
mod softmax;
mod variant;

pub use blend::Blend;
pub use conv::Conv;
pub use convert::quantize;
pub use depthwise::{Depthwise, Taps};
pub use elementwise::{Join, Joining, Multiplying, Product, Side, Uniform};
pub use fully_connected::FullyConnected;
pub use gemm::Panels;
pub use pool::Pool;
pub use scale::{Factors, Output};
pub use softmax::Softmax;
pub use variant::{VARIANTS, Variant, best};

use crate::error::{Result, ensure};

/// Checks what a run is given: the elements of operand, band and scratch.
fn sized(what: &str, given: usize, needed: usize) -> Result<()> {
    ensure(given == needed, || format!("{given} elements of {what} where {needed} are needed"))
}

/// Checks that there is enough scratch memory.
fn roomy(given: usize, needed: usize) -> Result<()> {
    ensure(given >= needed, || format!("{given} bytes of scratch where {needed} are needed"))
}
