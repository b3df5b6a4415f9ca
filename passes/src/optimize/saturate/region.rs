//! Regions: operations that hang together and whose meaning the rules know.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use egg::Id;
use ir::dialect::tfl::{self, Activation};
use ir::{AttrValue, BlockId, Body, OpId, QuantParams, TensorType, Value};

use super::language::{Call, Graph, Kind, Node, Row};
use super::{family, views};

/// A region and its e-graph.
pub(super) struct Region {
    pub graph: Graph,
    /// The operations in order, with their nodes and classes.
    pub ops: Vec<(OpId, Node, Id)>,
    /// Values that others read, in order, with their classes.
    pub roots: Vec<(Value, Id)>,
    /// Values that stand for constants.
    pub constants: HashMap<usize, Value>,
}

/// What an operation is as a node.
enum Form {
    View(Kind),
    Call(Arc<Call>),
}

/// The operations of the regions of a block, each region in order. A region has `limit` operations at most; a larger one is cut.
pub(super) fn regions(body: &Body, block: BlockId, limit: usize) -> Vec<Vec<OpId>> {
    let all = body.ops(block);
    let mut free: HashSet<OpId> = all.iter().copied().filter(|id| form(body, *id).is_some()).collect();
    let mut out = Vec::new();
    for start in &all {
        if !free.remove(start) {
            continue;
        }
        let mut found = vec![*start];
        let mut at = 0;
        while at < found.len() {
            for next in neighbours(body, found[at]) {
                if found.len() < limit && free.remove(&next) {
                    found.push(next);
                }
            }
            at += 1;
        }
        let taken: HashSet<OpId> = found.into_iter().collect();
        let ops: Vec<OpId> = all.iter().copied().filter(|id| taken.contains(id)).collect();
        if ops.iter().any(|id| is_placed(body, *id)) {
            out.push(ops);
        }
    }
    out
}

/// Operations that read what an operation makes or reads, or make what it reads.
fn neighbours(body: &Body, id: OpId) -> Vec<OpId> {
    let op = body.op(id);
    let read = op.operands().iter().copied().filter(|v| body.constant(*v).is_none());
    let mut out: Vec<OpId> = read.clone().filter_map(|v| body.def_op(v)).collect();
    out.extend(read.chain(op.results().iter().copied()).flat_map(|v| body.uses(v).iter().copied()));
    out
}

/// Whether an operation is one that the pass places.
fn is_placed(body: &Body, id: OpId) -> bool {
    let op = body.op(id);
    op.is::<tfl::Quantize>()
        || op.is::<tfl::Dequantize>()
        || op.is::<tfl::Concatenation>()
        || matches!(form(body, id), Some(Form::View(_)))
}

/// A tensor of known rank whose elements take whole bytes and are plain or have one scale.
fn plain(body: &Body, v: Value) -> Option<&TensorType> {
    let ty =
        body.tensor_ty(v).filter(|t| t.encoding.is_none() && t.shape.is_some() && t.elem.byte_width().is_some())?;
    let one_scale = ty.elem.quant().is_none_or(|q| matches!(q.params, QuantParams::PerTensor { .. }));
    one_scale.then_some(ty)
}

fn form(body: &Body, id: OpId) -> Option<Form> {
    let op = body.op(id);
    let def = op.name.def().filter(|d| d.is_pure() && !d.is_constant())?;
    let result = plain(body, op.result()?)?;
    if op.operands().is_empty() || !op.regions.is_empty() || op.operands().iter().any(|v| plain(body, *v).is_none()) {
        return None;
    }
    if op.is::<tfl::Transpose>() {
        let perm = body.constant(op.operands()[1])?.to_i64()?;
        let perm: Vec<usize> = perm.iter().map(|p| usize::try_from(*p).ok()).collect::<Option<_>>()?;
        let mut sorted = perm.clone();
        sorted.sort_unstable();
        return sorted.into_iter().eq(0..perm.len()).then_some(Form::View(Kind::Transpose(perm)));
    }
    if op.is::<tfl::Reshape>() || op.is::<tfl::Squeeze>() || op.is::<tfl::ExpandDims>() {
        let shape = result.shape.clone().filter(|s| views::is_nameable(s))?;
        return Some(Form::View(Kind::Reshape(shape)));
    }
    let mut props = op.props.clone();
    if op.is::<tfl::Quantize>() {
        props.remove("qtype");
    }
    let call = Call { def: Row(def), props, attrs: op.attrs.clone(), elem: result.elem.clone() };
    let joins_only = !op.is::<tfl::Concatenation>()
        || op.attr("fused_activation_function").and_then(Activation::from_attr) == Some(Activation::None);
    (joins_only && family::of(&call).is_some()).then(|| Form::Call(Arc::new(call)))
}

impl Region {
    /// The e-graph of operations of one block, given in order.
    pub fn new(body: &Body, ops: &[OpId]) -> Region {
        let mut region =
            Region { graph: Graph::default(), ops: Vec::new(), roots: Vec::new(), constants: HashMap::new() };
        let mut classes: HashMap<Value, Id> = HashMap::new();
        for id in ops {
            region.add(body, *id, &mut classes);
        }
        let inside: HashSet<OpId> = region.ops.iter().map(|o| o.0).collect();
        for (op, _, class) in &region.ops {
            for v in body.op(*op).results() {
                if body.uses(*v).iter().any(|u| !inside.contains(u)) {
                    region.roots.push((*v, *class));
                }
            }
        }
        region
    }

    fn add(&mut self, body: &Body, id: OpId, classes: &mut HashMap<Value, Id>) -> Option<()> {
        let op = body.op(id);
        let result = op.result()?;
        let (kind, operands) = match form(body, id)? {
            Form::View(kind) => (kind, &op.operands()[..1]),
            Form::Call(call) => (self.graph.call(call), op.operands()),
        };
        let children: Vec<Id> = operands.iter().map(|v| self.value(body, *v, classes)).collect::<Option<_>>()?;
        let class = self.graph.node(kind.clone(), children.clone(), &op.loc)?;
        // An operation whose type is not the inferred one stays outside.
        if self.graph.known(class).ty == *body.ty(result) {
            classes.insert(result, class);
            self.ops.push((id, Node { kind, children }, class));
        }
        Some(())
    }

    fn value(&mut self, body: &Body, v: Value, classes: &mut HashMap<Value, Id>) -> Option<Id> {
        if let Some(id) = classes.get(&v) {
            return Some(*id);
        }
        let id = match body.constant(v) {
            Some(t) => {
                let id = self.graph.constant(t.clone());
                let number = self.graph.known(id).constant?;
                self.constants.entry(number).or_insert(v);
                id
            }
            None => self.graph.leaf(v, body.tensor_ty(v)?, body.loc(v)),
        };
        classes.insert(v, id);
        Some(id)
    }
}
