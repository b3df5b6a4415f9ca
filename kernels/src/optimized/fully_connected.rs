//! Fully connected operations: rows of codes times panels of weights.

use std::ops::Range;

use super::gemm::{Gemm, Panels};
use super::scale::Output;
use super::sized;
use super::variant::{Variant, best};
use crate::error::{Result, ensure};
use crate::reference::matmul::FromSums;

/// A fully connected operation with its weights packed.
pub struct FullyConnected {
    by: Panels,
    variant: &'static Variant,
}

impl FullyConnected {
    /// Of rows of codes whose code of 0 is `zero`, with symmetric weights `[outputs, depth]`.
    pub fn new(zero: i32, w: &[i8], shape: [usize; 2], bias: Option<&[i32]>, out: &FromSums) -> Result<FullyConnected> {
        ensure((-128..128).contains(&zero), || format!("a zero point of {zero}"))?;
        let by = Panels::new(w, shape, zero, bias, Output::of(out, shape[0])?)?;
        Ok(FullyConnected { variant: best(by.lowest), by })
    }

    /// The same with another variant, which must be available and exact for the weights.
    pub fn with(self, variant: &'static Variant) -> Result<FullyConnected> {
        variant.takes(self.by.lowest)?;
        Ok(FullyConnected { variant, ..self })
    }

    /// The packed weights.
    pub fn panels(&self) -> &Panels {
        &self.by
    }

    /// Computes rows `rows` of the result, which fill `y`, of all rows `x`.
    pub fn run(&self, x: &[i8], rows: Range<usize>, y: &mut [i8]) -> Result<()> {
        let Panels { outputs, depth, .. } = self.by;
        ensure(rows.start <= rows.end && x.len() >= rows.end.saturating_mul(depth), || {
            format!("{} elements for rows {rows:?} of {depth}", x.len())
        })?;
        sized("a result", y.len(), rows.len() * outputs)?;
        let x = &x[rows.start * depth..rows.end * depth];
        let product = Gemm { x, x_stride: depth, rows: rows.len(), by: &self.by, y, y_stride: outputs };
        // SAFETY: a variant is only chosen if the processor has it.
        #[allow(unsafe_code)]
        unsafe {
            (self.variant.gemm)(product);
        }
        Ok(())
    }
}
