//! One operation of a plan.

use std::ops::Range;

use ir::{Elem, Operation, Tensor, TensorType, Value};

use super::kernel::{Kernel, Work};
use super::memory::{Memory, Operands, Source, copy};
use super::program::Watch;
use crate::error::{KernelError, Result, ensure};
use crate::eval::{Call, EvalError, quantized};

/// Where a value is written.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) value: Value,
    pub(super) ty: TensorType,
    pub(super) place: Range<usize>,
    /// Its number among the float32 values, if it is one.
    pub(super) index: Option<usize>,
}

impl Slot {
    /// Writes a value that was computed elsewhere.
    pub(super) fn fill(&self, memory: &mut Memory, t: &Tensor) {
        let to = memory.value_mut(&self.place);
        match t.is_splat() {
            true => to.chunks_mut(t.raw().len()).for_each(|element| element.copy_from_slice(t.raw())),
            false => to.copy_from_slice(t.raw()),
        }
    }

    /// Shows the value to who watches.
    pub(super) fn show(&self, memory: &Memory, watch: &mut Watch<'_>) {
        watch.see(self.value, self.index, &self.ty, &memory.values()[self.place.clone()]);
    }
}

/// How an operation is computed.
pub(super) enum How {
    /// The result is the operand's memory.
    View,
    /// By an optimized kernel.
    Optimized(Box<dyn Kernel>),
    /// As the evaluator does it, on copies; the kernel is there if the operation is quantized.
    Plain(Option<quantized::Kernel>),
    /// It is known without running.
    Known(Vec<(Value, Option<usize>, Tensor)>),
}

/// An operation that runs.
pub(super) struct Step<'b> {
    pub(super) op: &'b Operation,
    pub(super) how: How,
    /// What the kernel reads; for a plain step, all operands in order with their types.
    pub(super) sources: Vec<Source>,
    pub(super) types: Vec<Option<TensorType>>,
    pub(super) outs: Vec<Slot>,
}

impl Step<'_> {
    /// Bytes of scratch for one thread.
    pub(super) fn scratch(&self) -> usize {
        match &self.how {
            How::Optimized(kernel) => kernel.scratch(),
            _ => 0,
        }
    }

    pub(super) fn run(
        &self,
        memory: &mut Memory,
        threads: usize,
        watch: &mut Watch<'_>,
    ) -> std::result::Result<(), EvalError> {
        let at = |e| EvalError::at(self.op, e);
        match (&self.how, &self.outs[..]) {
            (How::Known(results), _) => {
                results.iter().for_each(|(v, index, t)| watch.see(*v, *index, t.ty(), &t.bytes()))
            }
            (How::View, outs) => outs.iter().for_each(|slot| slot.show(memory, watch)),
            (How::Plain(kernel), outs) => {
                let results = self.evaluate(memory, kernel.as_ref()).map_err(at)?;
                for (slot, t) in outs.iter().zip(&results) {
                    ensure(t.ty() == &slot.ty, || {
                        format!("its result has shape {:?}, not the expected one", t.shape())
                    })
                    .map_err(at)?;
                    slot.fill(memory, t);
                    slot.show(memory, watch);
                }
            }
            (How::Optimized(kernel), [slot]) => {
                let (y, scratch, others) = memory.open(&slot.place);
                let x = Operands { sources: &self.sources, others };
                let work = Work { kernel: kernel.as_ref(), x, scratch, first: 0, y };
                work.run(threads, watch.range(slot.index)).map_err(at)?;
                if !watch.takes_ranges() {
                    slot.show(memory, watch);
                }
            }
            (How::Optimized(_), _) => return Err(at(KernelError::new("it has not one result"))),
        }
        Ok(())
    }

    /// Computes the operation as the evaluator does.
    fn evaluate(&self, memory: &Memory, kernel: Option<&quantized::Kernel>) -> Result<Vec<Tensor>> {
        let operand = |(source, ty): (&Source, &Option<TensorType>)| match (source, ty) {
            (Source::Memory(place), Some(ty)) => copy(&memory.values()[place.clone()], ty).map(Some),
            (Source::Constant(t), _) => Ok(Some(t.clone())),
            _ => Ok(None),
        };
        let ins: Vec<Option<Tensor>> = self.sources.iter().zip(&self.types).map(operand).collect::<Result<_>>()?;
        let outs: Vec<Elem> = self.outs.iter().map(|slot| slot.ty.elem.clone()).collect();
        crate::eval::run(&Call { op: self.op, ins: &ins, outs: &outs }, kernel)
    }
}

/// A constant with all its elements, aligned for their type.
pub(super) fn written_out(t: &Tensor) -> Tensor {
    match t.as_f32() {
        Some(std::borrow::Cow::Owned(values)) => Tensor::f32(&t.shape(), values),
        Some(_) => t.clone(),
        None => Tensor::new(t.ty().clone(), t.bytes()).unwrap_or_else(|_| t.clone()),
    }
}
