//! Writes a choice back into the body: operations that stay keep their place, new ones go in front of the value they are needed for.

use std::collections::{HashMap, HashSet};

use egg::Id;
use ir::dialect::tfl;
use ir::{At, Attr, Body, Builder, Loc, OpId, OpSpec, Value};

use super::extract::Chosen;
use super::language::{Graph, Kind, Node};
use super::region::Region;
use crate::optimize::rewrite;

/// The place of a value: of the operation it is made by, and whether it is made in front of that.
type Place = (usize, bool);

struct Rebuild<'r> {
    region: &'r Region,
    chosen: &'r Chosen,
    /// Operations of the region by class and node.
    originals: HashMap<(Id, Node), OpId>,
    /// Where new nodes come from.
    made: HashMap<Node, Loc>,
    places: HashMap<OpId, usize>,
    values: HashMap<Id, (Value, Place)>,
}

/// Puts the chosen terms in the place of the region's values. False, with the region's values as they were, if one would be needed before it
/// is made.
pub(super) fn rebuild(body: &mut Body, region: &Region, chosen: &Chosen) -> bool {
    let egg = &region.graph.egg;
    let find =
        |node: &Node| Node { kind: node.kind.clone(), children: node.children.iter().map(|c| egg.find(*c)).collect() };
    let mut originals = HashMap::new();
    for (op, node, class) in &region.ops {
        originals.entry((egg.find(*class), find(node))).or_insert(*op);
    }
    let mut made = HashMap::new();
    for (node, loc) in &region.graph.made {
        made.entry(find(node)).or_insert_with(|| loc.clone());
    }
    let block = region.ops.first().and_then(|o| body.op(o.0).block());
    let order = block.map(|b| body.ops(b)).unwrap_or_default();
    let places = order.into_iter().enumerate().map(|(i, op)| (op, i + 1)).collect();
    let mut r = Rebuild { region, chosen, originals, made, places, values: HashMap::new() };
    let new: Option<Vec<Value>> = region.roots.iter().map(|(v, class)| r.root(body, *v, egg.find(*class))).collect();
    for ((old, _), new) in region.roots.iter().zip(new.iter().flatten()) {
        body.replace_all_uses(*old, *new);
    }
    let own: HashSet<OpId> = region.ops.iter().map(|o| o.0).collect();
    let ops = block.map(|b| body.ops(b)).unwrap_or_default();
    erase_unused(body, ops.into_iter().filter(|op| own.contains(op) || !r.places.contains_key(op)));
    new.is_some()
}

impl Rebuild<'_> {
    /// The value of a root, made where the old one is.
    fn root(&mut self, body: &mut Body, old: Value, class: Id) -> Option<Value> {
        let at = body.def_op(old)?;
        let here = (*self.places.get(&at)?, true);
        let mut stack = vec![class];
        while let Some(id) = stack.last().copied() {
            let node = &self.chosen.nodes[&id];
            let waiting = node.children.iter().find(|c| !self.values.contains_key(c));
            match waiting {
                _ if self.values.contains_key(&id) => drop(stack.pop()),
                Some(c) => stack.push(*c),
                None => {
                    let value = self.make(body, id, node, at)?;
                    self.values.insert(id, value);
                    stack.pop();
                }
            }
        }
        let (value, place) = self.values[&class];
        (place <= here).then_some(value)
    }

    /// The value of a class whose operands have values: an operation of the region where they are made early enough, else a new one.
    fn make(&mut self, body: &mut Body, id: Id, node: &Node, at: OpId) -> Option<(Value, Place)> {
        let front = (*self.places.get(&at)?, false);
        let made_at = |body: &Body, v: Value| match body.def_op(v) {
            Some(op) => self.places.get(&op).map(|p| (*p, true)),
            None => Some((0, true)),
        };
        if let Kind::Leaf(v) = node.kind {
            let place = made_at(body, v)?;
            return (place <= front).then_some((v, place));
        }
        let (operands, ready): (Vec<Value>, Vec<Place>) = node.children.iter().map(|c| self.values[c]).unzip();
        if ready.iter().any(|p| *p > front) {
            return None;
        }
        if let Some(op) = self.originals.get(&(id, node.clone())) {
            let place = (*self.places.get(op)?, true);
            if ready.iter().all(|p| *p < place) && place <= (front.0, true) {
                for (i, v) in operands
                    .into_iter()
                    .enumerate()
                    .filter(|(i, v)| body.op(*op).operands()[*i] != *v)
                    .collect::<Vec<_>>()
                {
                    body.set_operand(*op, i, v);
                }
                return Some((body.op(*op).results()[0], place));
            }
        }
        if let Kind::Constant(n) = node.kind
            && let Some(v) = self.region.constants.get(&n)
            && let Some(place) = made_at(body, *v).filter(|p| *p <= front)
        {
            return Some((*v, place));
        }
        let loc =
            Loc::fused([self.region.graph.known(id).loc.clone(), self.made.get(node).cloned().unwrap_or_default()]);
        let value = new(body, &self.region.graph, id, node, &operands, at, loc)?;
        Some((value, front))
    }
}

/// A new operation in front of another.
fn new(body: &mut Body, g: &Graph, id: Id, node: &Node, operands: &[Value], at: OpId, loc: Loc) -> Option<Value> {
    let ty = g.known(id).ty.clone();
    let mut b = Builder::new(body, At::Before(at), loc.clone());
    Some(match &node.kind {
        Kind::Leaf(v) => *v,
        Kind::Constant(n) => b.constant(g.tensor(*n).clone()),
        Kind::Transpose(perm) => {
            let perm = perm.iter().map(|p| i32::try_from(*p)).collect::<Result<Vec<_>, _>>().ok()?;
            let perm = b.i32s(&perm);
            b.typed_value(&tfl::Transpose {}, &[operands[0], perm], ty)
        }
        Kind::Reshape(shape) => {
            let sizes = b.i32s(&rewrite::sizes(shape)?);
            b.typed_value(&tfl::Reshape {}, &[operands[0], sizes], ty)
        }
        Kind::Call(n) => {
            let call = g.called(*n);
            let mut props = call.props.clone();
            if call.is::<tfl::Quantize>() {
                props.set("qtype", Attr::Type(ty.clone()));
            }
            let spec = OpSpec { props, attrs: call.attrs.clone(), ..OpSpec::new(ir::OpName::Known(call.def.0), loc) };
            let op = b.insert(spec.operands(operands).results([ty]));
            body.op(op).results()[0]
        }
    })
}

/// Takes out operations, given in order, that nobody reads any more, and the constants that only they read.
fn erase_unused(body: &mut Body, ops: impl DoubleEndedIterator<Item = OpId>) {
    for op in ops.rev() {
        if body.op(op).block().is_none() || body.op(op).results().iter().any(|v| !body.uses(*v).is_empty()) {
            continue;
        }
        let operands = body.op(op).operands().to_vec();
        body.erase(op);
        for v in operands {
            if body.constant(v).is_some()
                && body.uses(v).is_empty()
                && let Some(def) = body.def_op(v)
            {
                body.erase(def);
            }
        }
    }
}
