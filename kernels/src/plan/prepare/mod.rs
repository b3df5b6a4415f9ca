//! Which optimized kernel computes an operation.

mod codes;
mod elementwise;
mod moves;
mod tables;
mod weighted;
mod whole;

use std::borrow::Cow;

use ir::dialect::tfl::Activation;
use ir::{AttrValue, Elem, OpRow, Operation, Tensor, TensorType};

use super::kernel::Kernel;
use super::memory::Operands;
use crate::error::{KernelError, Result};
use crate::eval::compute::clamp;
use crate::eval::quantized::Types;
use crate::float::Clamp;
use crate::rounding::Rounding;

/// An operation in its place: what is known before it runs.
pub(super) struct Site<'a> {
    pub(super) op: &'a Operation,
    /// Types of the operands, with all dimensions; `None` for an absent one.
    pub(super) types: &'a [Option<TensorType>],
    /// The operands that are constants.
    pub(super) constants: &'a [Option<&'a Tensor>],
    /// Types of the results.
    pub(super) outs: &'a [&'a TensorType],
    /// Their element types.
    pub(super) elems: &'a [Elem],
    pub(super) rounding: Rounding,
}

type Found = Option<Box<dyn Kernel>>;

/// The kernel of an operation; `None` if the evaluator computes it.
pub(super) fn prepare(s: &Site<'_>) -> Found {
    let name = s.op.name.as_str().strip_prefix("tfl.")?;
    if s.outs.len() != 1 || s.out()?.num_elements()? == 0 {
        return None;
    }
    let families =
        [codes::prepare, weighted::prepare, whole::prepare, elementwise::prepare, tables::prepare, moves::prepare];
    families.iter().find_map(|family| family(s, name))
}

impl Site<'_> {
    fn out(&self) -> Option<&TensorType> {
        self.outs.first().copied()
    }
    fn shape(&self, i: usize) -> Option<Vec<usize>> {
        self.types.get(i)?.as_ref()?.static_shape()
    }
    fn out_shape(&self) -> Option<Vec<usize>> {
        self.out()?.static_shape()
    }
    /// Whether the result and these operands are float32.
    fn is_float(&self, operands: &[usize]) -> bool {
        let float = |i: &usize| matches!(self.types.get(*i), Some(Some(t)) if t.elem == Elem::F32);
        self.out().is_some_and(|t| t.elem == Elem::F32) && operands.iter().all(float)
    }
    /// The values of a constant float32 operand.
    fn f32(&self, i: usize) -> Option<Cow<'_, [f32]>> {
        self.constants.get(i).copied().flatten()?.as_f32()
    }
    /// The values of an optional operand; `None` if it is there but no constant.
    fn optional_f32(&self, i: usize) -> Option<Option<Cow<'_, [f32]>>> {
        match self.types.get(i) {
            Some(Some(_)) => self.f32(i).map(Some),
            _ => Some(None),
        }
    }
    /// The values of a constant integer operand.
    fn ints(&self, i: usize) -> Option<Vec<i64>> {
        self.constants.get(i).copied().flatten()?.to_i64()
    }
    /// What the parameters of the types decide.
    pub(super) fn quantized(&self) -> Types<'_> {
        let ins = self.types.iter().map(|t| t.as_ref().map(|t| t.elem.clone())).collect();
        Types { op: self.op, ins, outs: self.elems, rounding: self.rounding }
    }
    fn row<R: OpRow>(&self) -> Option<R> {
        R::read(self.op)
    }
    /// The fused activation.
    fn activation(&self) -> Option<Clamp> {
        let act = self.op.attr("fused_activation_function").and_then(Activation::from_attr);
        clamp(act.unwrap_or(Activation::None)).ok()
    }
}

/// A kernel of float32 operands and result: `run` is given the operands, the first element of the band, the band, and scratch.
struct Float<F> {
    operands: &'static [usize],
    /// Elements of a band, and of scratch.
    band: usize,
    scratch: usize,
    run: F,
}

/// Wraps a float32 kernel that reads `operands`.
fn float<F>(operands: &'static [usize], band: usize, scratch: usize, run: F) -> Found
where
    F: Fn(Operands<'_>, usize, &mut [f32], &mut [f32]) -> Result<()> + Send + Sync + 'static,
{
    Some(Box::new(Float { operands, band, scratch, run }))
}

/// Bytes of an element.
const F32: usize = size_of::<f32>();

impl<F> Kernel for Float<F>
where
    F: Fn(Operands<'_>, usize, &mut [f32], &mut [f32]) -> Result<()> + Send + Sync,
{
    fn operands(&self) -> &[usize] {
        self.operands
    }
    fn band(&self) -> usize {
        F32 * self.band
    }
    fn scratch(&self) -> usize {
        F32 * self.scratch
    }
    fn run(&self, x: Operands<'_>, first: usize, y: &mut [u8], scratch: &mut [u8]) -> Result<()> {
        let misplaced = |_| KernelError::new("memory is not aligned");
        let y = bytemuck::try_cast_slice_mut(y).map_err(misplaced)?;
        let scratch = bytemuck::try_cast_slice_mut(scratch).map_err(misplaced)?;
        (self.run)(x, first / F32, y, scratch)
    }
}
