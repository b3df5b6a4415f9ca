//! Building operations with inferred result types.

use crate::attr::Attr;
use crate::body::{At, Body, OpId, OpSpec, Value};
use crate::dialect::{arith, tfl};
use crate::infer::{self, InferError};
use crate::loc::Loc;
use crate::op::OpRow;
use crate::tensor::Tensor;
use crate::types::{Elem, Sign, Type};

/// Puts new operations at one place of a body; each goes behind the one before.
#[derive(Debug)]
pub struct Builder<'b> {
    /// The body.
    pub body: &'b mut Body,
    at: At,
    /// The location new operations get.
    pub loc: Loc,
}

impl<'b> Builder<'b> {
    /// A builder whose operations go to `at` and come from `loc`.
    pub fn new(body: &'b mut Body, at: At, loc: Loc) -> Builder<'b> {
        Builder { body, at, loc }
    }

    /// Inserts an operation as it is given.
    pub fn insert(&mut self, spec: OpSpec) -> OpId {
        let id = self.body.insert(self.at, spec);
        if matches!(self.at, At::Start(_) | At::After(_)) {
            self.at = At::After(id);
        }
        id
    }

    /// Inserts the operation of a row; its result types are inferred.
    pub fn op<R: OpRow>(&mut self, row: &R, operands: &[Value]) -> Result<OpId, InferError> {
        let spec = OpSpec::row(row, self.loc.clone()).operands(operands);
        let types = infer::infer(self.body, R::DEF, &spec.props, operands)?;
        Ok(self.insert(spec.results(types)))
    }

    /// Like [`Builder::op`], for a row with one result.
    pub fn value<R: OpRow>(&mut self, row: &R, operands: &[Value]) -> Result<Value, InferError> {
        let op = self.op(row, operands)?;
        self.body.op(op).result().ok_or_else(|| InferError::new(format!("{} has not one result", R::DEF.name)))
    }

    /// Inserts the operation of a row with result types that are given.
    pub fn typed<R: OpRow>(&mut self, row: &R, operands: &[Value], results: &[Type]) -> OpId {
        let spec = OpSpec::row(row, self.loc.clone()).operands(operands).results(results.iter().cloned());
        self.insert(spec)
    }

    /// Like [`Builder::typed`], for one result.
    pub fn typed_value<R: OpRow>(&mut self, row: &R, operands: &[Value], result: Type) -> Value {
        let op = self.typed(row, operands, std::slice::from_ref(&result));
        self.body.op(op).results()[0]
    }

    /// A constant: `tfl.pseudo_qconst` for quantized tensors, `tfl.pseudo_const` for unsigned ones, `arith.constant` for all others.
    pub fn constant(&mut self, tensor: Tensor) -> Value {
        let ty = Type::Tensor(tensor.ty().clone());
        match &tensor.ty().elem {
            Elem::Quant(_) => {
                self.typed_value(&tfl::PseudoQConst { qtype: ty.clone(), value: Attr::Dense(tensor) }, &[], ty)
            }
            _ => self.constant_attr(Attr::Dense(tensor), ty),
        }
    }

    /// A constant whose value, of no quantized type, is an attribute of a type.
    pub fn constant_attr(&mut self, value: Attr, ty: Type) -> Value {
        match ty.elem() {
            Some(Elem::Int(_, Sign::Unsigned | Sign::Signed)) => self.typed_value(&tfl::PseudoConst { value }, &[], ty),
            _ => self.typed_value(&arith::Constant { value }, &[], ty),
        }
    }

    /// An int32 vector constant.
    pub fn i32s(&mut self, values: &[i32]) -> Value {
        self.constant(Tensor::i32(&[values.len()], values.to_vec()))
    }

    /// The absent optional operand of a `tfl` operation.
    pub fn no_value(&mut self) -> Value {
        self.typed_value(&tfl::NoValue { value: Attr::Unit }, &[], Type::None)
    }
}
