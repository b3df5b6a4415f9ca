//! Runs functions of the IR.
//!
//! [`eval_op`] computes one operation on tensors, which is also how constants are folded. An [`Evaluator`] is prepared once for a function and
//! may run many samples at once; it frees each value after its last use.

mod arith;
mod compute;
mod moves;
mod quantized;
mod shapes;

use std::collections::HashMap;

use ir::dialect::tfl;
use ir::{Attr, Body, Elem, Operation, Tensor, TensorType, Value};

use crate::error::{KernelError, Result};

/// Why a function cannot run: the operation, as the user knows it, and the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{node}: {source}")]
pub struct EvalError {
    node: String,
    source: KernelError,
}

impl EvalError {
    fn at(op: &Operation, source: KernelError) -> EvalError {
        let node = match op.loc.node() {
            Some(n) => format!("`{n}` ({})", op.name.as_str()),
            None => op.name.as_str().to_owned(),
        };
        EvalError { node, source }
    }
}

/// One operation with its operands.
pub(crate) struct Call<'a> {
    op: &'a Operation,
    /// Operands; `None` for an absent optional one.
    ins: &'a [Option<Tensor>],
    /// Element types of the results.
    outs: &'a [Elem],
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
    let call = Call { op, ins, outs };
    let families = [moves::eval, shapes::eval, quantized::eval, arith::eval, compute::eval];
    for family in families {
        if let Some(result) = family(&call) {
            return result.map_err(|e| EvalError::at(op, e));
        }
    }
    Err(EvalError::at(op, KernelError::new("no kernel computes it")))
}

/// A function, prepared to run.
#[derive(Debug)]
pub struct Evaluator<'b> {
    body: &'b Body,
    constants: HashMap<Value, Tensor>,
    /// The operations in order, each with the values that nobody reads after it.
    steps: Vec<(ir::OpId, Vec<Value>)>,
}

impl<'b> Evaluator<'b> {
    /// Prepares the entry block of a function.
    pub fn new(body: &'b Body) -> std::result::Result<Evaluator<'b>, EvalError> {
        let mut constants = HashMap::new();
        let mut last = HashMap::new();
        let mut steps: Vec<(ir::OpId, Vec<Value>)> = Vec::new();
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
            steps.push((id, Vec::new()));
        }
        for (v, at) in last {
            if !constants.contains_key(&v) {
                steps[at].1.push(v);
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
        for (id, done) in &self.steps {
            let op = self.body.op(*id);
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
            let outs: Vec<Elem> =
                op.results().iter().map(|v| self.body.ty(*v).elem().cloned().unwrap_or(Elem::F32)).collect();
            let results = eval_op(op, &ins, &outs)?;
            for (v, t) in op.results().iter().zip(results) {
                observe(*v, &t);
                if !self.body.uses(*v).is_empty() {
                    values.insert(*v, t);
                }
            }
            for v in done {
                values.remove(v);
            }
        }
        Ok(Vec::new())
    }
}
