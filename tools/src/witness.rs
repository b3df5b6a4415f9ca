//! The second witness: generated C, held against the reference kernels operation by operation.
//!
//! The C reports every tensor as it is computed. For each operation the reference kernel computes the result from the tensors that the C gave it,
//! so a difference is named where it arises. Integers and booleans must be equal; floats may differ by the order of sums, at most by
//! [`TOLERANCE`] of the largest value of the tensor.

use std::collections::HashMap;

use ir::dialect::tfl;
use ir::{Body, Elem, Module, OpId, Signature, Tensor, TensorType, Value};
use kernels::codegen::Generated;
use kernels::eval::{EvalOptions, eval_op_with};

use crate::cc::{Build, Compiled, Toolchain};

/// How much two orders of summation may differ.
pub const TOLERANCE: f64 = 1e-5;

/// A module's generated C, running.
pub struct Witness<'m> {
    module: &'m Module,
    options: EvalOptions,
    generated: Generated,
    compiled: Compiled,
}

impl<'m> Witness<'m> {
    /// Compiles the C that was generated of a module.
    pub fn new(
        module: &'m Module,
        generated: Generated,
        options: EvalOptions,
        toolchain: &Toolchain,
    ) -> Result<Witness<'m>, String> {
        let compiled = Compiled::new(&generated, Build::Trace, toolchain)?;
        Ok(Witness { module, options, generated, compiled })
    }

    /// Runs a signature and compares every tensor; gives how many. The error names the first that differs.
    pub fn check(&mut self, signature: &Signature, inputs: &[Tensor]) -> Result<usize, String> {
        let bytes: Vec<_> = inputs.iter().map(Tensor::bytes).collect();
        let ran = self.compiled.run(&signature.key, &bytes, 0)?;
        if ran.status != 0 {
            return Err(format!("generated C: layer {} has no result", ran.status));
        }
        let mut seen: HashMap<(OpId, Value), Tensor> = HashMap::new();
        let mut expected: HashMap<(OpId, Value), Tensor> = HashMap::new();
        for (number, data) in &ran.traced {
            let known = self.generated.traced.get(*number).copied();
            let (func, v) = known.ok_or("generated C reports a tensor that is not there")?;
            let body = body(self.module, func)?;
            let found = tensor(body, v, data)?;
            if let Some(op) = body.def_op(v) {
                if !expected.contains_key(&(func, v)) {
                    self.compute(func, body, op, &seen, &mut expected)?;
                }
                if let Some(wanted) = expected.remove(&(func, v)) {
                    compare(&wanted, &found).map_err(|e| describe(body, v, &e))?;
                }
            }
            seen.insert((func, v), found);
        }
        self.outputs(signature, inputs, &seen, &ran.outputs)?;
        Ok(ran.traced.len())
    }

    /// The results of an operation of the tensors that the C gave it. What calls functions is not computed: what they compute is.
    fn compute(
        &self,
        func: OpId,
        body: &Body,
        op: OpId,
        seen: &HashMap<(OpId, Value), Tensor>,
        expected: &mut HashMap<(OpId, Value), Tensor>,
    ) -> Result<(), String> {
        let operation = body.op(op);
        if operation.is::<tfl::While>() || operation.is::<tfl::If>() {
            return Ok(());
        }
        let ins: Vec<Option<Tensor>> =
            operation.operands().iter().map(|v| body.constant(*v).or_else(|| seen.get(&(func, *v))).cloned()).collect();
        let outs: Vec<Elem> =
            operation.results().iter().map(|v| body.ty(*v).elem().cloned().unwrap_or(Elem::F32)).collect();
        let results = eval_op_with(operation, &ins, &outs, &self.options).map_err(|e| e.to_string())?;
        expected.extend(operation.results().iter().map(|v| (func, *v)).zip(results));
        Ok(())
    }

    /// The caller's memory must hold what was computed last.
    fn outputs(
        &self,
        signature: &Signature,
        inputs: &[Tensor],
        seen: &HashMap<(OpId, Value), Tensor>,
        outputs: &[Vec<u8>],
    ) -> Result<(), String> {
        let func = signature.func;
        let body = body(self.module, func)?;
        let args = body.args(body.entry());
        let returned = body.terminator(body.entry()).map(|t| body.op(t).operands()).unwrap_or_default();
        for ((v, name), found) in returned.iter().zip(&signature.outputs).zip(outputs) {
            let given = args.iter().position(|a| a == v).and_then(|i| inputs.get(i));
            let wanted = seen.get(&(func, *v)).or(given).or_else(|| body.constant(*v));
            if wanted.is_none_or(|t| t.bytes()[..] != found[..]) {
                return Err(format!("generated C: output `{name}` is not what was computed"));
            }
        }
        Ok(())
    }
}

fn body(module: &Module, func: OpId) -> Result<&Body, String> {
    module.body.op(func).body(0).ok_or_else(|| "a function has no body".to_owned())
}

fn tensor(body: &Body, v: Value, data: &[u8]) -> Result<Tensor, String> {
    let ty: TensorType = body.tensor_ty(v).cloned().ok_or("a traced value is no tensor")?;
    Tensor::new(ty, data.to_vec().into()).map_err(|e| e.to_string())
}

fn describe(body: &Body, v: Value, difference: &str) -> String {
    let name = body.loc(v).node().unwrap_or("(unnamed)");
    let kind = body.def_op(v).map_or("", |op| body.op(op).name.as_str());
    format!("generated C: tensor `{name}` ({kind}) differs {difference}")
}

/// Compares what the reference kernels gave with what the C gave; the error says where they first differ.
fn compare(wanted: &Tensor, found: &Tensor) -> Result<(), String> {
    if wanted.bytes() == found.bytes() {
        return Ok(());
    }
    if wanted.ty().elem == Elem::F32
        && let (Some(a), Some(b)) = (wanted.to_f64(), found.to_f64())
        && a.len() == b.len()
    {
        let most = a.iter().filter(|v| v.is_finite()).fold(0f64, |m, v| m.max(v.abs()));
        let close = |x: f64, y: f64| x == y || x.is_nan() && y.is_nan() || (x - y).abs() <= TOLERANCE * most;
        return match a.iter().zip(&b).position(|(x, y)| !close(*x, *y)) {
            Some(i) => Err(format!("first at element {i}: {} instead of {}", b[i], a[i])),
            None => Ok(()),
        };
    }
    let (Some(a), Some(b)) = (wanted.to_i64(), found.to_i64()) else { return Err("in its bytes".into()) };
    if a.len() != b.len() {
        return Err(format!("in its size: {} elements instead of {}", b.len(), a.len()));
    }
    match a.iter().zip(&b).position(|(x, y)| x != y) {
        Some(i) => Err(format!("first at element {i}: {} instead of {}", b[i], a[i])),
        None => Err("in its bytes".into()),
    }
}
