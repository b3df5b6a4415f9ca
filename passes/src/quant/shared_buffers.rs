//! Which operands TFLite's interpreter overwrites by a result.
//!
//! TFLite's calibrator records the inputs of an operation once more after it has run. Where the memory planner let the result take the place
//! of an input, that input's range then covers the result too; minimum and maximum equal to the peer's need the same. (The planner's rules:
//! `ArenaPlanner::IdentifyInPlaceTensors` of LiteRT.)

use std::collections::HashMap;

use ir::{Body, OpId, Value};

/// Operations that may compute in place, by how many of their first operands.
const IN_PLACE: &[(&str, usize)] =
    &[("tfl.add", 2), ("tfl.div", 2), ("tfl.mul", 2), ("tfl.softmax", 1), ("tfl.sub", 2)];

/// Operations whose result is their first operand's memory, unchanged.
const VIEWS: &[&str] = &["tfl.bitcast", "tfl.expand_dims", "tfl.reshape", "tfl.squeeze"];

/// Bytes of an operand that is never overwritten: a scalar.
const SCALAR: usize = 4;

/// Pairs of an operand and the result that takes its place, in the order of execution.
pub fn overwritten(body: &Body) -> Vec<(Value, Value)> {
    // Value → the value whose memory it has.
    let mut memory: HashMap<Value, Value> = HashMap::new();
    let mut out = Vec::new();
    for id in body.walk() {
        let op = body.op(id);
        let Some(result) = op.results().first().copied() else { continue };
        let name = op.name.as_str();
        let at = |v: Value, memory: &HashMap<Value, Value>| memory.get(&v).copied().unwrap_or(v);
        if VIEWS.contains(&name) {
            let input = op.operands().first().copied().filter(|v| is_inner(body, *v) && !is_returned(body, result));
            if let Some(v) = input {
                let root = at(v, &memory);
                memory.insert(result, root);
            }
            continue;
        }
        if op.attrs.get(super::rules::LOWERED_FROM).is_some() {
            // The peer calibrates the operation it stands for, which does not compute in place.
            continue;
        }
        let Some((_, first)) = IN_PLACE.iter().find(|(n, _)| *n == name) else { continue };
        let candidates = op.operands().iter().take(*first).copied();
        let Some(v) = candidates.into_iter().find(|v| fits(body, id, *v, result)) else { continue };
        let root = at(v, &memory);
        if body.uses(root).len() <= 1 {
            memory.insert(result, root);
            out.push((v, result));
        }
    }
    out
}

/// Whether a result may take the place of an operand.
fn fits(body: &Body, op: OpId, operand: Value, result: Value) -> bool {
    let same_size = bytes(body, operand).is_some_and(|n| n > SCALAR && Some(n) == bytes(body, result));
    same_size && body.uses(operand) == [op] && is_inner(body, operand) && !is_returned(body, result)
}

/// Bytes of a value for a batch of one.
fn bytes(body: &Body, v: Value) -> Option<usize> {
    let ty = body.tensor_ty(v)?;
    let count = ty.shape.as_ref()?.iter().try_fold(1usize, |n, d| n.checked_mul(d.unwrap_or(1)))?;
    count.checked_mul(ty.elem.byte_width()?)
}

/// Whether a value is computed, and so neither an input nor a constant.
fn is_inner(body: &Body, v: Value) -> bool {
    body.def_op(v).is_some_and(|op| !super::rules::is_constant(body.op(op)))
}

fn is_returned(body: &Body, v: Value) -> bool {
    body.uses(v).iter().any(|u| body.op(*u).is::<ir::dialect::builtin::Return>())
}
