//! Runs functions of the IR.
//!
//! [`eval_op`] computes one operation on tensors, which is also how constants are folded. An [`Evaluator`] is prepared once for a function and
//! may run many samples at once; it frees each value after its last use.

mod arith;
pub(crate) mod compute;
pub(crate) mod moves;
pub(crate) mod quantized;
mod shapes;
pub(crate) mod updates;

use std::collections::HashMap;

use ir::dialect::tfl;
use ir::{Attr, Body, Elem, Operation, Tensor, TensorType, Value};

pub(crate) use self::compute::params as conv_params;
pub(crate) use self::moves::masks;
use self::quantized::{Kernel, Types};
use crate::error::{KernelError, Result};
use crate::rounding::Rounding;

/// Why a function cannot run: the operation, as the user knows it, and the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{node}: {source}")]
pub struct EvalError {
    node: String,
    source: KernelError,
}

impl EvalError {
    pub(crate) fn at(op: &Operation, source: KernelError) -> EvalError {
        let node = match op.loc.node() {
            Some(n) => format!("`{n}` ({})", op.name.as_str()),
            None => op.name.as_str().to_owned(),
        };
        EvalError { node, source }
    }

    /// Of the function itself.
    pub(crate) fn of_function(source: KernelError) -> EvalError {
        EvalError { node: "the function".to_owned(), source }
    }
}

/// One operation with its operands.
pub(crate) struct Call<'a> {
    pub(crate) op: &'a Operation,
    /// Operands; `None` for an absent optional one.
    pub(crate) ins: &'a [Option<Tensor>],
    /// Element types of the results.
    pub(crate) outs: &'a [Elem],
}

impl<'a> Call<'a> {
    fn tensor(&self, i: usize) -> Result<&'a Tensor> {
        self.ins.get(i).and_then(Option::as_ref).ok_or_else(|| KernelError::new(format!("operand {i} is missing")))
    }
    fn shape(&self, i: usize) -> Result<Vec<usize>> {
        Ok(self.tensor(i)?.shape())
    }
    fn f32(&self, i: usize) -> Result<std::borrow::Cow<'a, [f32]>> {
        let t = self.tensor(i)?;
        t.as_f32().ok_or_else(|| KernelError::new(format!("operand {i} is not float32")))
    }
    fn optional_f32(&self, i: usize) -> Result<Option<std::borrow::Cow<'a, [f32]>>> {
        match self.ins.get(i) {
            Some(Some(_)) => self.f32(i).map(Some),
            _ => Ok(None),
        }
    }
    fn ints(&self, i: usize) -> Result<Vec<i64>> {
        self.tensor(i)?.to_i64().ok_or_else(|| KernelError::new(format!("operand {i} is not an integer tensor")))
    }
    fn sizes(&self, i: usize) -> Result<Vec<usize>> {
        let ints = self.ints(i)?;
        ints.into_iter()
            .map(|v| usize::try_from(v).map_err(|_| KernelError::new(format!("operand {i} holds a negative size"))))
            .collect()
    }
    fn int(&self, i: usize) -> Result<i64> {
        self.ints(i)?.first().copied().ok_or_else(|| KernelError::new(format!("operand {i} is empty")))
    }
    fn row<R: ir::OpRow>(&self) -> Result<R> {
        R::read(self.op).ok_or_else(|| KernelError::new("its attributes are not well formed"))
    }
    fn attr_int(&self, name: &str) -> i64 {
        self.op.attr(name).and_then(Attr::as_int).unwrap_or(0)
    }
    fn attr_flag(&self, name: &str) -> bool {
        self.op.attr(name).and_then(Attr::as_bool).unwrap_or(false)
    }
    fn elem(&self, i: usize) -> Result<&'a Elem> {
        self.outs.get(i).ok_or_else(|| KernelError::new("it has too few results"))
    }
    /// A tensor of the bytes of the result's type.
    fn raw(&self, i: usize, shape: &[usize], data: impl Into<bytes::Bytes>) -> Result<Tensor> {
        let ty = TensorType::of(shape, self.elem(i)?.clone());
        Tensor::new(ty, data.into()).map_err(|e| KernelError::new(e.to_string()))
    }
    fn is_quantized(&self) -> bool {
        self.ins.iter().flatten().any(|t| t.ty().elem.quant().is_some())
            || self.outs.iter().any(|e| e.quant().is_some())
    }
}

fn one(shape: &[usize], values: Vec<f32>) -> Result<Vec<Tensor>> {
    if shape.iter().product::<usize>() != values.len() {
        return Err(KernelError::new(format!("{} elements for shape {shape:?}", values.len())));
    }
    Ok(vec![Tensor::f32(shape, values)])
}

/// Computes one operation. `outs` are the element types of its results; shapes follow from the operands.
pub fn eval_op(op: &Operation, ins: &[Option<Tensor>], outs: &[Elem]) -> std::result::Result<Vec<Tensor>, EvalError> {
    eval_op_with(op, ins, outs, &EvalOptions::default())
}

/// Like [`eval_op`], with options.
pub fn eval_op_with(
    op: &Operation,
    ins: &[Option<Tensor>],
    outs: &[Elem],
    options: &EvalOptions,
) -> std::result::Result<Vec<Tensor>, EvalError> {
    let types = ins.iter().map(|t| t.as_ref().map(|t| t.ty().elem.clone())).collect();
    let kernel = kernel(&Types { op, ins: types, outs, rounding: options.rounding })?;
    run(&Call { op, ins, outs }, kernel.as_ref()).map_err(|e| EvalError::at(op, e))
}

/// The kernel of a quantized operation, prepared.
pub(crate) fn kernel(types: &Types<'_>) -> std::result::Result<Option<Kernel>, EvalError> {
    quantized::prepare(types).transpose().map_err(|e| EvalError::at(types.op, e))
}

/// Computes one operation, with its kernel if it is a quantized one.
pub(crate) fn run(call: &Call<'_>, kernel: Option<&Kernel>) -> Result<Vec<Tensor>> {
    if let Some(k) = kernel {
        return k.run(call);
    }
    if let Some(eval) = call.op.name.def().and_then(|d| d.eval) {
        return eval(call.op, call.ins, call.outs).map_err(KernelError::new);
    }
    let families = [moves::eval, updates::eval, shapes::eval, arith::eval, compute::eval];
    let (families, missing) = match call.is_quantized() {
        true => (&families[..3], "no integer kernel computes it"),
        false => (&families[..], "no kernel computes it"),
    };
    let result = families.iter().find_map(|family| family(call));
    result.unwrap_or_else(|| Err(KernelError::new(missing)))
}

/// An operation that runs.
#[derive(Debug)]
struct Step {
    op: ir::OpId,
    /// If it is quantized.
    kernel: Option<Kernel>,
    /// Element types of its results.
    outs: Vec<Elem>,
    /// The values that nobody reads after it.
    done: Vec<Value>,
}

/// How a function is evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EvalOptions {
    /// Whose results its integer operations give.
    pub rounding: Rounding,
}

/// A function, prepared to run.
#[derive(Debug)]
pub struct Evaluator<'b> {
    body: &'b Body,
    constants: HashMap<Value, Tensor>,
    /// The operations in order.
    steps: Vec<Step>,
}

impl<'b> Evaluator<'b> {
    /// Prepares the entry block of a function.
    pub fn new(body: &'b Body) -> std::result::Result<Evaluator<'b>, EvalError> {
        Evaluator::with(body, &EvalOptions::default())
    }

    /// Like [`Evaluator::new`], with options.
    pub fn with(body: &'b Body, options: &EvalOptions) -> std::result::Result<Evaluator<'b>, EvalError> {
        let mut constants = HashMap::new();
        let mut last = HashMap::new();
        let mut steps: Vec<Step> = Vec::new();
        for id in body.ops(body.entry()) {
            let op = body.op(id);
            if let Some(v) = op.result()
                && let Some(t) = body.constant(v)
            {
                // Splats are written out and unaligned checkpoints aligned once.
                let ready = match t.as_f32() {
                    Some(std::borrow::Cow::Owned(values)) => Tensor::f32(&t.shape(), values),
                    _ => t.clone(),
                };
                constants.insert(v, ready);
                continue;
            }
            if op.name.as_str().is_empty() {
                return Err(EvalError::at(op, KernelError::new("it has no name")));
            }
            for v in op.operands() {
                last.insert(*v, steps.len());
            }
            let elem = |v: &Value| body.ty(*v).elem().cloned();
            let outs: Vec<Elem> = op.results().iter().map(|v| elem(v).unwrap_or(Elem::F32)).collect();
            let ins = op.operands().iter().map(elem).collect();
            let kernel = kernel(&Types { op, ins, outs: &outs, rounding: options.rounding })?;
            steps.push(Step { op: id, kernel, outs, done: Vec::new() });
        }
        for (v, at) in last {
            if !constants.contains_key(&v) {
                steps[at].done.push(v);
            }
        }
        Ok(Evaluator { body, constants, steps })
    }

    /// Runs the function on one value for each argument; `observe` sees every argument and every result of an operation once, in order.
    pub fn run(
        &self,
        inputs: &[Tensor],
        observe: &mut dyn FnMut(Value, &Tensor),
    ) -> std::result::Result<Vec<Tensor>, EvalError> {
        let mut values: HashMap<Value, Tensor> = HashMap::new();
        for (v, t) in self.body.args(self.body.entry()).iter().zip(inputs) {
            if !self.body.uses(*v).is_empty() {
                observe(*v, t);
            }
            values.insert(*v, t.clone());
        }
        for step in &self.steps {
            let op = self.body.op(step.op);
            let ins: Vec<Option<Tensor>> =
                op.operands().iter().map(|v| values.get(v).or_else(|| self.constants.get(v)).cloned()).collect();
            if op.name.def().is_some_and(|d| d.traits.has(ir::Traits::TERMINATOR)) {
                return ins
                    .into_iter()
                    .map(|t| t.ok_or_else(|| EvalError::at(op, KernelError::new("a result was never computed"))))
                    .collect();
            }
            if op.is::<tfl::NoValue>() {
                continue;
            }
            let results = run(&Call { op, ins: &ins, outs: &step.outs }, step.kernel.as_ref())
                .map_err(|e| EvalError::at(op, e))?;
            for (v, t) in op.results().iter().zip(results) {
                observe(*v, &t);
                if !self.body.uses(*v).is_empty() {
                    values.insert(*v, t);
                }
            }
            for v in &step.done {
                values.remove(v);
            }
        }
        Ok(Vec::new())
    }
}
