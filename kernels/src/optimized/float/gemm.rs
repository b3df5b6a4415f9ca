//! Products with packed weights, over a kept GEMM.

use rten_gemm::{BiasVector, GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix};
use rten_tensor::NdTensorView;

use crate::error::{KernelError, Result, ensure};

/// The same for every call: what the processor is best at.
fn executor() -> GemmExecutor<f32, f32, f32> {
    GemmExecutor::new()
}

/// Weights in the order in which a product reads them.
pub struct Weights {
    packed: PackedBMatrix<f32>,
    bias: Option<Vec<f32>>,
    outputs: usize,
    depth: usize,
}

impl Weights {
    /// Packs `w [outputs, depth]`.
    pub fn new(w: &[f32], [outputs, depth]: [usize; 2], bias: Option<&[f32]>) -> Result<Weights> {
        ensure(outputs > 0 && depth > 0 && w.len() == outputs * depth, || {
            format!("{} weights for {outputs} outputs of {depth}", w.len())
        })?;
        ensure(bias.is_none_or(|b| b.len() == outputs), || format!("the bias has not {outputs} elements"))?;
        let packed = executor().prepack_b(NdTensorView::from_data([outputs, depth], w).transposed());
        Ok(Weights { packed, bias: bias.map(<[f32]>::to_vec), outputs, depth })
    }

    /// Elements of a row of the result.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Elements of a row of the operand.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Elements of the result that are best computed at a time: whole rows.
    pub fn band(&self) -> usize {
        (super::BAND / self.depth.max(self.outputs)).max(1) * self.outputs
    }

    /// `y [rows, outputs] = x [rows, depth] * w' + bias`.
    pub fn product(&self, x: &[f32], y: &mut [f32]) -> Result<()> {
        let rows = y.len() / self.outputs;
        ensure(y.len() == rows * self.outputs && x.len() == rows * self.depth, || {
            format!("{} elements by {} outputs for {} results", x.len(), self.outputs, y.len())
        })?;
        let a = GemmInputA::Unpacked(NdTensorView::from_data([rows, self.depth], x));
        let options = GemmOptions { bias: self.bias.as_deref().map(BiasVector::Row), ..GemmOptions::default() };
        let done = executor().gemm(y, a, GemmInputB::Packed(&self.packed), options);
        done.map_err(|e| KernelError::new(format!("a matrix product: {e}")))
    }
}
