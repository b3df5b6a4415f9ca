//! An operation with the types around it: what options and versions are derived from.

use ir::{Attr, Body, Elem, Operation, QuantType, TensorType};

use crate::schema::tflite as fb;
use crate::types;

/// An operation of a body.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The body.
    pub body: &'a Body,
    /// The operation.
    pub op: &'a Operation,
    /// The subgraphs of the functions it calls, in order.
    pub callees: &'a [i32],
}

impl<'a> View<'a> {
    /// The tensor type of operand `i`; `None` for an absent one.
    pub fn operand(self, i: usize) -> Option<&'a TensorType> {
        self.body.tensor_ty(*self.op.operands().get(i)?)
    }

    /// The tensor type of result `i`.
    pub fn result(self, i: usize) -> Option<&'a TensorType> {
        self.body.tensor_ty(*self.op.results().get(i)?)
    }

    /// The stored type of operand `i`.
    pub fn stored_in(self, i: usize) -> Option<fb::TensorType> {
        types::tensor_type(&self.operand(i)?.elem)
    }

    /// The stored type of result `i`.
    pub fn stored_out(self, i: usize) -> Option<fb::TensorType> {
        types::tensor_type(&self.result(i)?.elem)
    }

    /// The quantization of operand `i`.
    pub fn quant_in(self, i: usize) -> Option<&'a QuantType> {
        self.operand(i)?.elem.quant().map(|q| &**q)
    }

    /// The rank of operand `i`, where it is known.
    pub fn rank(self, i: usize) -> Option<usize> {
        self.operand(i)?.rank()
    }

    /// The subgraph of the function it calls in place `i`; -1 is none.
    pub fn callee(self, i: usize) -> i32 {
        self.callees.get(i).copied().unwrap_or(-1)
    }

    /// Whether an attribute is true or a number that is not 0.
    pub fn is_set(self, attr: &str) -> bool {
        match self.op.attr(attr) {
            Some(Attr::Bool(b)) => *b,
            Some(Attr::Int(v, _)) => *v != 0,
            _ => false,
        }
    }

    /// The type of the bias in operand `i` where runtimes would else take another for it: they add int64 to sums of int16, but int32 where the
    /// weights are int16 too.
    pub fn stated_bias(self, i: usize) -> Option<fb::TensorType> {
        let wide = self.stored_in(1) == Some(fb::TensorType::INT16);
        let assumed = if wide { fb::TensorType::INT32 } else { fb::TensorType::INT64 };
        self.stored_in(i).filter(|t| self.makes_q16(0) && *t != assumed)
    }

    /// Whether result `i` stores quantized integers of 16 bits.
    pub fn makes_q16(self, i: usize) -> bool {
        self.result(i).is_some_and(|t| matches!(&t.elem, Elem::Quant(q) if q.width == 16))
    }
}
