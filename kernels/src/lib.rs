//! The meaning of TFLite operations.
//!
//! A kernel takes slices and parameters and knows no IR; only [`eval`], [`plan`], [`lifetimes`] and [`codegen`] do.

pub mod arena;
pub mod codegen;
pub mod error;
pub mod eval;
pub mod fixed;
pub mod float;
pub mod geometry;
pub mod lifetimes;
pub mod movement;
pub mod optimized;
pub mod plan;
pub mod range;
pub mod reference;
pub mod rounding;
mod simd;
pub mod updates;

pub use error::KernelError;
pub use rounding::Rounding;
