//! The shape of every value of a function whose inputs have known shapes, and the values that follow from shapes alone.

use std::collections::HashMap;

use ir::infer::InferCx;
use ir::{Body, Elem, OpId, Operation, Tensor, TensorType, Type, Value};

use crate::eval::eval_op;

/// What is known of the values of a function before it runs.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The type of each value, all of whose dimensions are known.
    pub(super) types: HashMap<Value, TensorType>,
    /// The values of constants, and of what is computed from constants and shapes.
    pub(super) constants: HashMap<Value, Tensor>,
}

impl Known {
    /// Of a function with inputs of these types; `None` if a shape depends on the values of the inputs.
    pub(super) fn new(body: &Body, inputs: &[TensorType]) -> Option<Known> {
        let mut known = Known::default();
        for (v, ty) in body.args(body.entry()).iter().zip(inputs) {
            known.types.insert(*v, ty.clone());
        }
        body.ops(body.entry()).iter().try_for_each(|id| known.add(body, *id))?;
        Some(known)
    }

    fn add(&mut self, body: &Body, id: OpId) -> Option<()> {
        let op = body.op(id);
        let def = op.name.def()?;
        if let Some((v, t)) = op.result().and_then(|v| Some((v, body.constant(v)?))) {
            self.types.insert(v, t.ty().clone());
            self.constants.insert(v, t.clone());
            return Some(());
        }
        if op.results().is_empty() || op.results().iter().all(|v| body.tensor_ty(*v).is_none()) {
            // It ends the function, or stands for an absent operand.
            return Some(());
        }
        if let Some(results) = def.is_pure().then(|| self.value(body, op)).flatten() {
            for (v, t) in op.results().iter().zip(results) {
                self.types.insert(*v, t.ty().clone());
                self.constants.insert(*v, t);
            }
            return Some(());
        }
        let given: Vec<Type> = op.operands().iter().map(|v| self.ty(body, *v)).collect::<Option<_>>()?;
        let constants = op.operands().iter().map(|v| self.constants.get(v)).collect();
        let inferred = InferCx::new(&op.props, given.iter().collect(), constants).run(def).ok()?;
        if inferred.len() != op.results().len() {
            return None;
        }
        for (v, ty) in op.results().iter().zip(inferred) {
            let (found, declared) = (ty.as_tensor()?.clone(), body.tensor_ty(*v)?);
            let ty = found.or(declared).with_elem(declared.elem.clone());
            ty.static_shape()?;
            ty.elem.byte_width()?;
            self.types.insert(*v, ty);
        }
        Some(())
    }

    /// The type of an operand.
    fn ty(&self, body: &Body, v: Value) -> Option<Type> {
        match body.ty(v) {
            Type::Tensor(_) => self.types.get(&v).map(|t| Type::Tensor(t.clone())),
            other => Some(other.clone()),
        }
    }

    /// The results of an operation whose operands are known, or of one that only asks for a shape.
    fn value(&self, body: &Body, op: &Operation) -> Option<Vec<Tensor>> {
        let outs: Vec<Elem> = op.results().iter().map(|v| body.ty(*v).elem().cloned()).collect::<Option<_>>()?;
        let asks = matches!(op.name.as_str(), "tfl.shape" | "tfl.rank");
        let operand = |v: &Value| match body.ty(*v) {
            Type::None => Some(None),
            _ if asks => Some(Some(stand_in(self.types.get(v)?)?)),
            _ => self.constants.get(v).map(|t| Some(t.clone())),
        };
        let ins: Vec<Option<Tensor>> = op.operands().iter().map(operand).collect::<Option<_>>()?;
        if outs.iter().any(|e| e.quant().is_some()) {
            return None;
        }
        eval_op(op, &ins, &outs).ok().filter(|results| results.len() == outs.len())
    }
}

/// A tensor of a type, of which only one element is stored.
fn stand_in(ty: &TensorType) -> Option<Tensor> {
    let stored = if ty.num_elements()? == 0 { 0 } else { ty.elem.byte_width()? };
    Tensor::new(ty.clone(), vec![0; stored].into()).ok()
}
