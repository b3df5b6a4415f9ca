//! Which values of a block need memory, from which operation to which, and which share it.
//!
//! A view has its operand's memory. A result may take the place of an operand of as many bytes that nobody reads afterwards, where the
//! operation allows it: element `i` of the result must depend on no element of that operand after `i` but through sums taken before.

use std::collections::HashMap;

use ir::{BlockId, Body, OpId, Operation, Value};

use crate::arena::Buffer;

/// What memory a result has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Its own.
    None,
    /// That of operand 0, unchanged.
    View,
    /// That of one of the first `n` operands, if it has as many bytes.
    Over(usize),
    /// That of operand 0, if it is large enough.
    Within,
}

/// Operations whose result is operand 0 in another shape.
const VIEWS: &[&str] = &["bitcast", "expand_dims", "reshape", "squeeze"];

/// Operations that may compute over one of their first operands.
const OVER: &[(&str, usize)] = &[
    ("abs", 1),
    ("add", 2),
    ("add_n", 1),
    ("cast", 1),
    ("ceil", 1),
    ("cos", 1),
    ("cumsum", 1),
    ("div", 2),
    ("elu", 1),
    ("equal", 2),
    ("exp", 1),
    ("floor", 1),
    ("floor_div", 2),
    ("floor_mod", 2),
    ("gelu", 1),
    ("greater", 2),
    ("greater_equal", 2),
    ("hard_swish", 1),
    ("l2_normalization", 1),
    ("leaky_relu", 1),
    ("less", 2),
    ("less_equal", 2),
    ("log", 1),
    ("log_softmax", 1),
    ("logical_and", 2),
    ("logical_not", 1),
    ("logical_or", 2),
    ("logistic", 1),
    ("maximum", 2),
    ("minimum", 2),
    ("mul", 2),
    ("neg", 1),
    ("not_equal", 2),
    ("pow", 2),
    ("prelu", 2),
    ("quantize", 1),
    ("relu", 1),
    ("relu6", 1),
    ("relu_0_to_1", 1),
    ("relu_n1_to_1", 1),
    ("round", 1),
    ("rsqrt", 1),
    ("sign", 1),
    ("sin", 1),
    ("softmax", 1),
    ("sqrt", 1),
    ("square", 1),
    ("squared_difference", 2),
    ("sub", 2),
    ("tanh", 1),
];

/// What memory the result of a `tfl` operation may have.
pub fn sharing(op: &Operation) -> Sharing {
    let Some(name) = op.name.as_str().strip_prefix("tfl.") else { return Sharing::None };
    if VIEWS.contains(&name) {
        return Sharing::View;
    }
    OVER.binary_search_by_key(&name, |(n, _)| n).map_or(Sharing::None, |i| Sharing::Over(OVER[i].1))
}

/// The memory that the values of a block need.
#[derive(Clone, Debug, Default)]
pub struct Lifetimes {
    /// Each piece of memory; steps are positions in the block.
    pub buffers: Vec<Buffer>,
    /// Which piece a value has.
    pub of: HashMap<Value, usize>,
}

/// Finds the lifetimes of a block's arguments and results. `size` gives the bytes of a value that is to have memory, `None` for one that lies
/// elsewhere, such as a constant; `sharing` says what an operation allows.
pub fn lifetimes(
    body: &Body,
    block: BlockId,
    size: impl Fn(Value) -> Option<usize>,
    sharing: impl Fn(&Operation) -> Sharing,
) -> Lifetimes {
    let ops = body.ops(block);
    let step: HashMap<OpId, usize> = ops.iter().enumerate().map(|(i, op)| (*op, i)).collect();
    // The last step that reads a value, perhaps from a region inside an operation of the block.
    let last_use = |v: Value, defined: usize| {
        let uses = body.uses(v).iter().filter_map(|u| step.get(&around(body, *u, block)?).copied());
        uses.max().unwrap_or(defined).max(defined)
    };
    let mut out = Lifetimes::default();
    for v in body.args(block) {
        if let Some(size) = size(*v) {
            out.of.insert(*v, out.buffers.len());
            out.buffers.push(Buffer { size, first: 0, last: last_use(*v, 0) });
        }
    }
    for (at, id) in ops.iter().enumerate() {
        let op = body.op(*id);
        let mut shared = sharing(op);
        for v in op.results() {
            let Some(bytes) = size(*v) else { continue };
            let last = last_use(*v, at);
            let takes = match std::mem::replace(&mut shared, Sharing::None) {
                Sharing::None => None,
                Sharing::View => op.operands().first().and_then(|o| out.of.get(o)).copied(),
                Sharing::Over(n) => {
                    let own = op.operands().iter().take(n).filter(|o| size(**o) == Some(bytes));
                    own.filter_map(|o| out.of.get(o)).copied().find(|b| out.buffers[*b].last == at)
                }
                Sharing::Within => {
                    let own = op.operands().first().and_then(|o| out.of.get(o)).copied();
                    own.filter(|b| out.buffers[*b].last == at && out.buffers[*b].size >= bytes)
                }
            };
            let buffer = takes.unwrap_or_else(|| {
                out.buffers.push(Buffer { size: bytes, first: at, last });
                out.buffers.len() - 1
            });
            out.buffers[buffer].last = out.buffers[buffer].last.max(last);
            out.of.insert(*v, buffer);
        }
    }
    out
}

/// The operation of `block` that is `op` or has it inside.
fn around(body: &Body, mut op: OpId, block: BlockId) -> Option<OpId> {
    loop {
        let own = body.op(op).block()?;
        if own == block {
            return Some(op);
        }
        op = body.region_parent(body.block_region(own)?)?;
    }
}

#[cfg(test)]
mod tests {
    use ir::text::ParseOptions;
    use ir::{Module, Registry, Sink};

    use super::*;

    fn module(text: &str) -> Module {
        let registry = Registry::standard();
        let options = ParseOptions { registry: &registry, allow_unregistered: false, file: "-" };
        ir::text::parse(text, &options, &mut Sink::new()).expect("it parses")
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(OVER.is_sorted_by_key(|(n, _)| n));
    }

    #[test]
    fn views_and_elementwise_results_share() {
        let m = module(
            r#"func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
                 %s = arith.constant dense<[2, 2]> : tensor<2xi32>
                 %a = "tfl.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
                 %b = "tfl.reshape"(%a, %s) : (tensor<4xf32>, tensor<2xi32>) -> tensor<2x2xf32>
                 %c = "tfl.exp"(%b) : (tensor<2x2xf32>) -> tensor<2x2xf32>
                 %d = "tfl.mul"(%b, %c) <{fused_activation_function = "NONE"}> : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
                 %t = arith.constant dense<[4]> : tensor<1xi32>
                 %e = "tfl.reshape"(%d, %t) : (tensor<2x2xf32>, tensor<1xi32>) -> tensor<4xf32>
                 return %e : tensor<4xf32>
               }"#,
        );
        let body = m.body.op(m.funcs()[0]).body(0).expect("a body");
        let bytes = |v: Value| {
            let computed = body.constant(v).is_none() && body.def_op(v).is_some();
            computed.then(|| body.tensor_ty(v)?.num_elements().map(|n| 4 * n)).flatten()
        };
        let found = lifetimes(body, body.entry(), bytes, sharing);
        // The first result stays until the product, which takes its place; the second is apart.
        assert_eq!(found.buffers.len(), 2, "{found:?}");
        assert_eq!(found.buffers.iter().map(|b| (b.first, b.last)).collect::<Vec<_>>(), [(1, 7), (3, 4)]);
    }
}
