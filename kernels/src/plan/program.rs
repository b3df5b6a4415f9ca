//! A function that runs with the kernels that were asked for.

use std::collections::HashMap;

use ir::{Body, Elem, Tensor, TensorType, Value};

use super::{Memory, Plan};
use crate::error::KernelError;
use crate::eval::{EvalError, EvalOptions, Evaluator};
use crate::range::Range;
use crate::rounding::Rounding;

/// Which kernels run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kernels {
    /// Those written to be read, one tensor at a time.
    Reference,
    /// Prepared ones in planned memory. Integer results are the reference's to the bit.
    #[default]
    Optimized,
}

impl Kernels {
    /// Each with its name on command lines.
    pub const ALL: [(&'static str, Kernels); 2] =
        [("reference", Kernels::Reference), ("optimized", Kernels::Optimized)];
}

/// How a function runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Which kernels.
    pub kernels: Kernels,
    /// Whose results its integer operations give.
    pub rounding: Rounding,
    /// How many threads of the current pool share the work of one run; results do not depend on it.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { kernels: Kernels::default(), rounding: Rounding::default(), threads: 1 }
    }
}

/// Who looks at the values while a function runs.
pub enum Watch<'w> {
    /// Nobody.
    Nothing,
    /// The range of each value of [`Program::values`] is widened by what it holds.
    Ranges(&'w mut [Range]),
    /// Each argument that is read and each result of an operation is shown once, in order: its type and its bytes.
    Values(&'w mut dyn FnMut(Value, &TensorType, &[u8])),
}

impl Watch<'_> {
    /// Whether ranges are taken, which kernels do as they write.
    pub(super) fn takes_ranges(&self) -> bool {
        matches!(self, Watch::Ranges(_))
    }

    /// The range of a value, if it is to be taken.
    pub(super) fn range(&mut self, index: Option<usize>) -> Option<&mut Range> {
        match self {
            Watch::Ranges(ranges) => ranges.get_mut(index?),
            Watch::Nothing | Watch::Values(_) => None,
        }
    }

    /// Shows a whole value; `index` is its number among the float32 ones.
    pub(super) fn see(&mut self, v: Value, index: Option<usize>, ty: &TensorType, bytes: &[u8]) {
        match self {
            Watch::Nothing => {}
            Watch::Values(show) => show(v, ty, bytes),
            Watch::Ranges(ranges) => {
                let Some(range) = index.and_then(|i| ranges.get_mut(i)) else { return };
                match bytemuck::try_cast_slice(bytes) {
                    Ok(values) => range.see(values),
                    // A constant of a mapped file.
                    Err(_) => bytes.chunks_exact(4).for_each(|b| range.see(&[bytemuck::pod_read_unaligned(b)])),
                }
            }
        }
    }
}

enum Inner<'b> {
    Planned(Box<Plan<'b>>),
    Evaluated { evaluator: Evaluator<'b>, values: Vec<Value>, index: HashMap<Value, usize> },
}

/// A function, prepared to run on inputs of certain types. Threads may share it; each has a [`Worker`].
pub struct Program<'b>(Inner<'b>);

/// The memory of one thread that runs a program.
#[derive(Debug)]
pub struct Worker(Option<Memory>);

impl<'b> Program<'b> {
    /// Prepares the entry block of a function for inputs of these types, of which every dimension is known.
    ///
    /// # Errors
    /// The operation that cannot be prepared, and why.
    pub fn new(body: &'b Body, inputs: &[TensorType], options: &Options) -> Result<Program<'b>, EvalError> {
        if options.kernels == Kernels::Optimized
            && let Some(plan) = Plan::new(body, inputs, options.rounding, options.threads.max(1))?
        {
            return Ok(Program(Inner::Planned(Box::new(plan))));
        }
        let evaluator = Evaluator::with(body, &EvalOptions { rounding: options.rounding })?;
        let args = body.args(body.entry()).iter().copied().filter(|v| !body.uses(*v).is_empty());
        let ops = body.ops(body.entry());
        let computed =
            ops.iter().flat_map(|op| body.op(*op).results()).copied().filter(|v| body.constant(*v).is_none());
        let float = |v: &Value| body.ty(*v).elem() == Some(&Elem::F32);
        let values: Vec<Value> = args.chain(computed).filter(float).collect();
        let index = values.iter().enumerate().map(|(i, v)| (*v, i)).collect();
        Ok(Program(Inner::Evaluated { evaluator, values, index }))
    }

    /// Whether it runs in planned memory. It does not where a shape depends on the values of the inputs.
    pub fn is_planned(&self) -> bool {
        matches!(self.0, Inner::Planned(_))
    }

    /// The float32 values: arguments that are read and results, in the order in which they are computed.
    pub fn values(&self) -> &[Value] {
        match &self.0 {
            Inner::Planned(plan) => plan.values(),
            Inner::Evaluated { values, .. } => values,
        }
    }

    /// Bytes of memory that each thread needs; 0 if it does not run in planned memory.
    pub fn memory_size(&self) -> usize {
        match &self.0 {
            Inner::Planned(plan) => plan.memory_size(),
            Inner::Evaluated { .. } => 0,
        }
    }

    /// Memory for a thread.
    pub fn worker(&self) -> Worker {
        match &self.0 {
            Inner::Planned(plan) => Worker(Some(plan.memory())),
            Inner::Evaluated { .. } => Worker(None),
        }
    }

    /// Runs on one value for each argument, in the memory of a worker of this program.
    ///
    /// # Errors
    /// The operation that fails, and why.
    pub fn run(&self, worker: &mut Worker, inputs: &[Tensor], mut watch: Watch<'_>) -> Result<Vec<Tensor>, EvalError> {
        match (&self.0, &mut worker.0) {
            (Inner::Planned(plan), Some(memory)) if plan.fits(inputs) => plan.run(memory, inputs, &mut watch),
            (Inner::Evaluated { evaluator, index, .. }, _) => {
                evaluator.run(inputs, &mut |v, t: &Tensor| watch.see(v, index.get(&v).copied(), t.ty(), &t.bytes()))
            }
            _ => Err(EvalError::of_function(KernelError::new("it was prepared for inputs of other types"))),
        }
    }
}
