//! The names of tensors.

use ir::{Body, Operation, Signature};

use super::{inner, outputs, written_data};
use crate::names;

/// The tensor name of each value. A node's result bears its name; constants that came from the same node are numbered.
pub(super) fn of_values(body: &Body, signature: Option<&Signature>) -> Vec<String> {
    let mut out = vec![String::new(); body.num_values()];
    let mut unique = names::Unique::default();
    for (i, v) in body.args(body.entry()).iter().enumerate() {
        let name = body.loc(*v).node().or_else(|| signature?.inputs.get(i).map(String::as_str));
        out[v.index()] = unique.name(name.unwrap_or("arg"));
    }
    let ops: Vec<&Operation> = body.ops(body.entry()).into_iter().map(|id| body.op(id)).collect();
    for op in ops.iter().filter(|op| !super::holds_data(op)) {
        let results = outputs(body, op);
        for (i, v) in results.iter().enumerate() {
            let name = names::of_result(&op.loc, i, results.len());
            out[v.index()] = unique.name(name.as_deref().unwrap_or(stem(inner(body, op).map_or(op, |id| body.op(id)))));
        }
    }
    for op in ops {
        if let Some(v) = written_data(body, op) {
            out[v.index()] = unique.name(op.loc.node().unwrap_or("constant"));
        }
    }
    out
}

/// The name of a tensor that came from no node.
fn stem(op: &Operation) -> &str {
    let name = op.name.as_str();
    name.split_once('.').map_or(name, |(_, stem)| stem)
}
