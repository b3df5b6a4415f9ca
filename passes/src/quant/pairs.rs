//! Fake-quant in the IR: a `tfl.quantize` and a `tfl.dequantize` behind it. The pair states the parameters of a value without changing its
//! type; `volatile` marks pairs that this compiler put in and may take out again.

use std::sync::Arc;

use ir::dialect::tfl;
use ir::{At, Attr, Body, Builder, Def, Elem, OpId, QuantType, Type, Value};

/// The attribute of a pair that may be taken out again.
pub const VOLATILE: &str = "volatile";

/// Puts a pair behind a value; every other user of the value then uses the pair's result, which is given back.
pub fn insert(body: &mut Body, v: Value, ty: &Arc<QuantType>) -> Value {
    let at = match body.def(v) {
        Def::Result(op, _) => At::After(op),
        Def::Arg(block, _) => At::Start(block),
    };
    let (quantize, result) = insert_at(body, at, v, ty);
    body.replace_uses_except(v, result, quantize);
    result
}

/// Puts a pair in front of one operand of an operation.
pub fn insert_on_operand(body: &mut Body, op: OpId, index: usize, ty: &Arc<QuantType>) {
    let v = body.op(op).operands()[index];
    let (_, result) = insert_at(body, At::Before(op), v, ty);
    body.set_operand(op, index, result);
}

fn insert_at(body: &mut Body, at: At, v: Value, ty: &Arc<QuantType>) -> (OpId, Value) {
    let float = body.ty(v).clone();
    let quantized = quantized_type(&float, ty);
    let loc = body.loc(v).clone();
    let mut b = Builder::new(body, at, loc);
    let quantize = b.typed(&tfl::Quantize { qtype: quantized.clone() }, &[v], &[quantized]);
    b.body.op_mut(quantize).attrs.set(VOLATILE, Attr::Unit);
    let q = b.body.op(quantize).results()[0];
    // `At::Before` keeps its place, so the second operation goes behind the first either way.
    let result = b.typed_value(&tfl::Dequantize {}, &[q], float);
    (quantize, result)
}

/// The tensor type with its element type quantized.
pub fn quantized_type(float: &Type, ty: &Arc<QuantType>) -> Type {
    match float {
        Type::Tensor(t) => Type::Tensor(t.with_elem(Elem::Quant(ty.clone()))),
        other => other.clone(),
    }
}

/// The quantized type a value is dequantized from.
pub fn dequantized_from(body: &Body, v: Value) -> Option<Arc<QuantType>> {
    let op = body.op(body.def_op(v)?);
    if !op.is::<tfl::Dequantize>() {
        return None;
    }
    body.ty(op.operands()[0]).elem()?.quant().cloned()
}

/// The quantized type of the `tfl.quantize` that is the only user of a value.
pub fn quantized_to(body: &Body, v: Value) -> Option<Arc<QuantType>> {
    let [user] = body.uses(v) else { return None };
    let op = body.op(*user);
    if !op.is::<tfl::Quantize>() {
        return None;
    }
    body.ty(op.results()[0]).elem()?.quant().cloned()
}
