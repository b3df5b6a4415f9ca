//! Runs functions of the IR fast.
//!
//! A `Plan` is made once for a function and the shapes of its inputs: every shape is resolved, weights are packed, each value has a place in
//! one block of memory, and what an optimized kernel computes is written there without allocating. An operation without one is computed by
//! [`crate::eval`] and copied. A plan is shared by threads, of which each has a [`Memory`] of its own.

mod kernel;
mod memory;
mod prepare;
mod program;
mod shapes;
mod step;

use std::collections::HashMap;

use ir::dialect::tfl;
use ir::{Body, Elem, Operation, Tensor, TensorType, Value};

pub use self::memory::Memory;
use self::memory::{ALIGN, Source};
use self::prepare::Site;
pub use self::program::{Kernels, Options, Program, Watch, Worker};
use self::shapes::Known;
use self::step::{How, Slot, Step};
use crate::arena::layout;
use crate::error::KernelError;
use crate::eval::EvalError;
use crate::lifetimes::{Sharing, lifetimes, sharing};
use crate::rounding::Rounding;

/// A function, prepared to run on inputs of certain types.
pub(crate) struct Plan<'b> {
    /// The arguments: their types and, if they are read, where they go.
    inputs: Vec<(TensorType, Option<Slot>)>,
    steps: Vec<Step<'b>>,
    outputs: Vec<(TensorType, Source)>,
    /// Bytes of scratch, a multiple of the alignment, and of values.
    scratch: usize,
    size: usize,
    threads: usize,
    /// The float32 values in the order in which they are seen.
    values: Vec<Value>,
}

impl<'b> Plan<'b> {
    /// Of the entry block of a function, for inputs of these types and so many threads; `None` if a shape depends on the inputs' values.
    pub(crate) fn new(
        body: &'b Body,
        inputs: &[TensorType],
        rounding: Rounding,
        threads: usize,
    ) -> Result<Option<Plan<'b>>, EvalError> {
        if body.args(body.entry()).len() != inputs.len() {
            return Ok(None);
        }
        let Some(known) = Known::new(body, inputs) else { return Ok(None) };
        let bytes = |v: Value| {
            let ty = known.types.get(&v).filter(|_| !known.constants.contains_key(&v))?;
            ty.num_elements()?.checked_mul(ty.elem.byte_width()?)
        };
        let views = |op: &Operation| if sharing(op) == Sharing::View { Sharing::View } else { Sharing::None };
        let lives = lifetimes(body, body.entry(), bytes, views);
        let layout = layout(&lives.buffers, ALIGN);
        let places: HashMap<Value, std::ops::Range<usize>> = lives
            .of
            .iter()
            .filter_map(|(v, buffer)| Some((*v, layout.offsets[*buffer], bytes(*v)?)))
            .map(|(v, start, len)| (v, start..start + len))
            .collect();
        let mut maker = Maker { body, known: &known, places: &places, values: Vec::new(), aligned: HashMap::new() };
        let args = body.args(body.entry()).iter().zip(inputs);
        let inputs = args.map(|(v, ty)| (ty.clone(), maker.read(*v).then(|| maker.slot(*v)).flatten())).collect();
        let (mut steps, mut outputs) = (Vec::new(), Vec::new());
        for id in body.ops(body.entry()) {
            let op = body.op(id);
            if op.name.def().is_some_and(|d| d.traits.has(ir::Traits::TERMINATOR)) {
                outputs = op.operands().iter().map(|v| (known.types[v].clone(), maker.source(*v))).collect();
                break;
            }
            if op.is::<tfl::NoValue>() || op.result().is_some_and(|v| body.constant(v).is_some()) {
                continue;
            }
            steps.push(maker.step(op, rounding)?);
        }
        let each = steps.iter().map(Step::scratch).max().unwrap_or(0).next_multiple_of(ALIGN);
        let values = maker.values;
        Ok(Some(Plan { inputs, steps, outputs, scratch: each * threads, size: layout.size, threads, values }))
    }

    /// The float32 values in the order in which they are seen.
    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }

    /// Bytes of scratch and values.
    pub(crate) fn memory_size(&self) -> usize {
        self.scratch + self.size
    }

    /// Memory to run in.
    pub(crate) fn memory(&self) -> Memory {
        Memory::new(self.scratch, self.size)
    }

    /// Runs in memory made for this plan. The inputs are of the types it was made for.
    pub(crate) fn run(
        &self,
        memory: &mut Memory,
        inputs: &[Tensor],
        watch: &mut Watch<'_>,
    ) -> Result<Vec<Tensor>, EvalError> {
        for (t, (_, slot)) in inputs.iter().zip(&self.inputs) {
            let Some(slot) = slot else { continue };
            slot.fill(memory, t);
            slot.show(memory, watch);
        }
        for step in &self.steps {
            step.run(memory, self.threads, watch)?;
        }
        let output = |(ty, source): &(TensorType, Source)| match source {
            Source::Memory(place) => memory::copy(&memory.values()[place.clone()], ty),
            Source::Constant(t) => Ok(t.clone()),
            Source::Absent => Err(KernelError::new("a result was never computed")),
        };
        self.outputs.iter().map(output).collect::<Result<_, _>>().map_err(EvalError::of_function)
    }

    /// Whether it was made for inputs of these types.
    pub(crate) fn fits(&self, inputs: &[Tensor]) -> bool {
        inputs.len() == self.inputs.len() && inputs.iter().zip(&self.inputs).all(|(t, (ty, _))| t.ty() == ty)
    }
}

/// Makes the steps of a plan.
struct Maker<'b, 'k> {
    body: &'b Body,
    known: &'k Known,
    places: &'k HashMap<Value, std::ops::Range<usize>>,
    /// The float32 values that have a slot.
    values: Vec<Value>,
    /// Constants that are written out and aligned.
    aligned: HashMap<Value, Tensor>,
}

impl<'b> Maker<'b, '_> {
    fn read(&self, v: Value) -> bool {
        !self.body.uses(v).is_empty()
    }

    /// Where a computed value is.
    fn slot(&mut self, v: Value) -> Option<Slot> {
        let place = self.places.get(&v)?.clone();
        let ty = self.known.types.get(&v)?.clone();
        let index = self.index(v, &ty);
        Some(Slot { value: v, ty, place, index })
    }

    /// The number of a value among the float32 ones, of which it is a new one.
    fn index(&mut self, v: Value, ty: &TensorType) -> Option<usize> {
        (ty.elem == Elem::F32).then(|| {
            self.values.push(v);
            self.values.len() - 1
        })
    }

    /// Where an operand is.
    fn source(&mut self, v: Value) -> Source {
        if let Some(place) = self.places.get(&v) {
            return Source::Memory(place.clone());
        }
        match self.known.constants.get(&v) {
            Some(t) => Source::Constant(self.aligned.entry(v).or_insert_with(|| step::written_out(t)).clone()),
            None => Source::Absent,
        }
    }
    /// How an operation is computed, and with what.
    fn step(&mut self, op: &'b Operation, rounding: Rounding) -> Result<Step<'b>, EvalError> {
        let known = self.known;
        let results: Vec<Value> = op.results().to_vec();
        if !results.is_empty() && results.iter().all(|v| known.constants.contains_key(v)) {
            let seen = |v: &Value| {
                let t = known.constants[v].clone();
                let index = self.index(*v, t.ty());
                (*v, index, t)
            };
            let how = How::Known(results.iter().map(seen).collect());
            return Ok(Step { op, how, sources: Vec::new(), types: Vec::new(), outs: Vec::new() });
        }
        let types: Vec<Option<TensorType>> = op.operands().iter().map(|v| known.types.get(v).cloned()).collect();
        let outs: Vec<Slot> = results.iter().filter_map(|v| self.slot(*v)).collect();
        let place = |v: Value| self.places.get(&v);
        if sharing(op) == Sharing::View && place(results[0]).is_some() && place(results[0]) == place(op.operands()[0]) {
            return Ok(Step { op, how: How::View, sources: Vec::new(), types, outs });
        }
        let constants: Vec<Option<&Tensor>> = op.operands().iter().map(|v| known.constants.get(v)).collect();
        let out_types: Vec<&TensorType> = outs.iter().map(|slot| &slot.ty).collect();
        let elems: Vec<Elem> = out_types.iter().map(|ty| ty.elem.clone()).collect();
        let site = Site { op, types: &types, constants: &constants, outs: &out_types, elems: &elems, rounding };
        if let Some(kernel) = prepare::prepare(&site) {
            let sources = kernel.operands().iter().map(|i| self.source(op.operands()[*i])).collect();
            return Ok(Step { op, how: How::Optimized(kernel), sources, types, outs });
        }
        let sources = op.operands().iter().map(|v| self.source(*v)).collect();
        let kernel = crate::eval::kernel(&site.quantized())?;
        Ok(Step { op, how: How::Plain(kernel), sources, types, outs })
    }
}
