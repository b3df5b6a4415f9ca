//! Constants, and results that are like an operand.

use super::{InferCx, InferError, Inferred, one};
use crate::attr::Attr;
use crate::types::{Dim, Elem, Type};

/// No results.
pub fn nothing(_: &InferCx<'_>) -> Inferred {
    Ok(vec![])
}

/// The type of operand 0.
pub fn same_as_first(cx: &InferCx<'_>) -> Inferred {
    Ok(vec![Type::Tensor(cx.ty(0)?.clone())])
}

/// The type of attribute `value`.
pub fn constant(cx: &InferCx<'_>) -> Inferred {
    match cx.attrs.get("value") {
        Some(Attr::Dense(t) | Attr::Resource(_, t)) => Ok(vec![Type::Tensor(t.ty().clone())]),
        Some(Attr::Elided(t)) => Ok(vec![t.clone()]),
        Some(Attr::Int(_, e) | Attr::Float(_, e)) => Ok(vec![Type::Scalar(e.clone())]),
        Some(Attr::Bool(_)) => Ok(vec![Type::Scalar(Elem::BOOL)]),
        _ => Err(InferError::new("attribute `value` is no constant")),
    }
}

/// The type attribute `qtype`, whose shape is operand 0's where there is one.
pub fn qtype(cx: &InferCx<'_>) -> Inferred {
    match cx.attrs.get("qtype").and_then(Attr::as_type) {
        Some(Type::Tensor(t)) if !cx.types.is_empty() => one(cx.ty(0)?.shape.clone(), t.elem.clone()),
        Some(t) => Ok(vec![t.clone()]),
        None => Err(InferError::new("attribute `qtype` is no type")),
    }
}

/// `dequantize(q)`: float32 of the same shape.
pub fn dequantize(cx: &InferCx<'_>) -> Inferred {
    one(cx.shape(0)?.map(<[Dim]>::to_vec), Elem::F32)
}
