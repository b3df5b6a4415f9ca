//! Greedy rewriting: rules are tried on one operation after another until none applies.
//!
//! A [`Rule`] looks at one operation, the root, and gives the value that takes the place of its result. It checks first and builds last: what
//! it builds stands in front of the root. The driver replaces the root, erases what died with it, and looks again at the neighbours. What died
//! with the root was fused into its successor, so the successor's location names both, the root's own first: the tensor bears that name.

use std::collections::HashMap;

use ir::dialect::tfl::{self, Activation};
use ir::{
    At, Attr, Body, Builder, Diagnostic, Dim, Elem, Loc, OpDef, OpId, OpName, OpRow, OpSpec, Operation, Tensor, Traits,
    Type, Value, infer,
};

use crate::fold;
use crate::legalize::dce;
use crate::pass::Cx;

/// One rewriting, as a table lists it.
pub(crate) struct Rule {
    /// The name in pass statistics.
    pub name: &'static str,
    /// The operations it may start at.
    pub roots: &'static [&'static OpDef],
    /// The value of the root's only result, computed otherwise; `None` where the rule does not apply.
    pub apply: fn(&mut Rewriter<'_>) -> Option<Value>,
}

/// A row of a table of rules.
pub(crate) const fn rule(
    name: &'static str,
    roots: &'static [&'static OpDef],
    apply: fn(&mut Rewriter<'_>) -> Option<Value>,
) -> Rule {
    Rule { name, roots, apply }
}

/// Full sweeps over a body; rules reach their fixed point in two or three.
const SWEEPS: usize = 10;
/// Rewritings per operation, so that rules which undo each other end.
const REWRITINGS: usize = 32;

/// Applies tables of rules, constant folding, and removal of unused operations to a body until nothing changes, and counts each rewriting.
/// Rules that undo each other are stopped with a warning.
pub(crate) fn run(body: &mut Body, tables: &[&'static [Rule]], cx: &mut Cx<'_>) {
    let mut rules: HashMap<&'static str, Vec<&'static Rule>> = HashMap::new();
    for rule in tables.iter().copied().flatten() {
        for root in rule.roots {
            rules.entry(root.name).or_default().push(rule);
        }
    }
    let mut left = REWRITINGS * (body.walk().len() + SWEEPS);
    let mut last = None;
    for _ in 0..SWEEPS {
        fold::infer_again(body);
        let mut work = Worklist::default();
        body.walk().into_iter().rev().for_each(|id| work.push(id));
        let before = left;
        while let Some(id) = work.pop() {
            if body.op(id).block().is_none() {
                continue;
            }
            let loc = body.op(id).loc.clone();
            let Some(name) = step(body, id, &rules, &mut work) else { continue };
            cx.count(name);
            last = Some((name, loc));
            left -= 1;
            if left == 0 {
                break;
            }
        }
        if left == before {
            return;
        }
        if left == 0 {
            break;
        }
    }
    if let Some((name, loc)) = last {
        let text = format!("rewriting was stopped before it came to an end; `{name}` was the last rule to apply");
        let d = Diagnostic::warning("rewrite/limit", text).at(&loc);
        cx.sink.emit(d.help("the result is right but may not be the shortest; please report it with the module"));
    }
}

/// Looks at one operation; the name of what was done to it.
fn step(
    body: &mut Body,
    id: OpId,
    rules: &HashMap<&'static str, Vec<&'static Rule>>,
    work: &mut Worklist,
) -> Option<&'static str> {
    if dce::is_dead(body, id) {
        erase(body, id, work);
        return Some("unused operations");
    }
    let operands = body.op(id).operands().to_vec();
    let users = users(body, id);
    if fold::fold(body, id) {
        users.into_iter().for_each(|u| work.push(u));
        erase_unused(body, &operands, work);
        return Some("constants folded");
    }
    let own = rules.get(body.op(id).name.as_str())?;
    let old = body.op(id).result()?;
    for rule in own {
        let mut r = Rewriter { body, root: id, added: Vec::new() };
        let new = (rule.apply)(&mut r);
        let added = r.added;
        let Some(new) = new.filter(|new| *new != old && fits(body, *new, old)) else {
            for id in added.into_iter().rev() {
                if dce::is_dead(body, id) {
                    body.erase(id);
                }
            }
            continue;
        };
        refine(body, new, old);
        body.replace_all_uses(old, new);
        let own = body.op(id).loc.clone();
        let taken = erase(body, id, work);
        if let Some(successor) = body.def_op(new).filter(|n| added.contains(n)) {
            body.op_mut(successor).loc = Loc::fused(std::iter::once(own).chain(taken));
        }
        users.into_iter().chain(added).for_each(|o| work.push(o));
        return Some(rule.name);
    }
    None
}

fn users(body: &Body, id: OpId) -> Vec<OpId> {
    body.op(id).results().iter().flat_map(|v| body.uses(*v)).copied().collect()
}

/// Whether a value may stand for another: same elements, and shapes that do not contradict each other.
fn fits(body: &Body, new: Value, old: Value) -> bool {
    match (body.ty(new), body.ty(old)) {
        (Type::Tensor(n), Type::Tensor(o)) => {
            n.elem == o.elem
                && match (&n.shape, &o.shape) {
                    (Some(n), Some(o)) => {
                        n.len() == o.len() && n.iter().zip(o).all(|(n, o)| n.is_none() || o.is_none() || n == o)
                    }
                    _ => true,
                }
        }
        (n, o) => n == o,
    }
}

/// What was known of the old value's shape is known of the new one's.
fn refine(body: &mut Body, new: Value, old: Value) {
    if body.def_op(new).is_none() {
        return;
    }
    let (Type::Tensor(n), Type::Tensor(o)) = (body.ty(new), body.ty(old)) else { return };
    let ty = Type::Tensor(n.or(o));
    body.set_ty(new, ty);
}

/// Erases an operation and the operands nobody else uses; gives the locations of those that compute something, the nearest first.
fn erase(body: &mut Body, id: OpId, work: &mut Worklist) -> Vec<Loc> {
    let operands = body.op(id).operands().to_vec();
    body.erase(id);
    erase_unused(body, &operands, work)
}

fn erase_unused(body: &mut Body, operands: &[Value], work: &mut Worklist) -> Vec<Loc> {
    let mut locs = Vec::new();
    let mut values = operands.to_vec();
    while let Some(v) = values.pop() {
        // A value with one user less may now be taken in by the other.
        if let [only] = body.uses(v) {
            work.push(*only);
        }
        let Some(def) = body.def_op(v).filter(|d| body.op(*d).block().is_some()) else { continue };
        if !dce::is_dead(body, def) {
            work.push(def);
            continue;
        }
        if body.constant(v).is_none() {
            locs.push(body.op(def).loc.clone());
        }
        values.extend(body.op(def).operands());
        body.erase(def);
    }
    locs
}

/// Operations to look at, the last pushed first, each once.
#[derive(Default)]
struct Worklist {
    stack: Vec<OpId>,
    waits: Vec<bool>,
}

impl Worklist {
    fn push(&mut self, id: OpId) {
        if self.waits.len() <= id.index() {
            self.waits.resize(id.index() + 1, false);
        }
        if !std::mem::replace(&mut self.waits[id.index()], true) {
            self.stack.push(id);
        }
    }
    fn pop(&mut self) -> Option<OpId> {
        let id = self.stack.pop()?;
        self.waits[id.index()] = false;
        Some(id)
    }
}

/// An operation of a known row that a rule found.
pub(crate) struct Found<R> {
    /// Its attributes.
    pub row: R,
    /// Its operands.
    pub ins: Vec<Value>,
}

/// What a rule sees of the body and may build in front of the root.
pub(crate) struct Rewriter<'b> {
    /// The body.
    pub body: &'b mut Body,
    root: OpId,
    added: Vec<OpId>,
}

impl Rewriter<'_> {
    // ---- reading ----

    /// The root.
    pub fn op(&self) -> &Operation {
        self.body.op(self.root)
    }
    /// The attributes of the root.
    pub fn row<R: OpRow>(&self) -> Option<R> {
        self.op().as_row()
    }
    /// An operand of the root.
    pub fn input(&self, i: usize) -> Option<Value> {
        self.op().operands().get(i).copied()
    }
    /// The result of the root.
    pub fn output(&self) -> Option<Value> {
        self.op().result()
    }
    /// The operation of row `R` that makes a value.
    pub fn def<R: OpRow>(&self, v: Value) -> Option<Found<R>> {
        let op = self.body.op(self.body.def_op(v)?);
        Some(Found { row: op.as_row()?, ins: op.operands().to_vec() })
    }
    /// The operation of row `R` that makes a value for one user only.
    pub fn only<R: OpRow>(&self, v: Value) -> Option<Found<R>> {
        if self.body.has_one_use(v) { self.def(v) } else { None }
    }
    /// The operand of the operation of a name that makes a value.
    pub fn operand_of(&self, v: Value, name: &str) -> Option<Value> {
        let op = self.body.op(self.body.def_op(v)?);
        if op.name.as_str() == name { op.operands().first().copied() } else { None }
    }
    /// The tensor of a constant.
    pub fn constant(&self, v: Value) -> Option<&Tensor> {
        self.body.constant(v)
    }
    /// A float32 constant.
    pub fn f32_constant(&self, v: Value) -> Option<&Tensor> {
        self.constant(v).filter(|t| t.ty().elem == Elem::F32)
    }
    /// The one number all elements of a constant are; not of a quantized one.
    pub fn splat(&self, v: Value) -> Option<f64> {
        let t = self.constant(v)?;
        if t.ty().elem.quant().is_some() { None } else { t.splat_f64() }
    }
    /// All elements of an integer constant.
    pub fn ints(&self, v: Value) -> Option<Vec<i64>> {
        self.constant(v)?.to_i64()
    }
    /// The dimensions of a tensor.
    pub fn shape(&self, v: Value) -> Option<&[Dim]> {
        self.body.tensor_ty(v)?.shape.as_deref()
    }
    /// The number of dimensions of a tensor.
    pub fn rank(&self, v: Value) -> Option<usize> {
        self.shape(v).map(<[Dim]>::len)
    }
    /// Whether a value is of float32.
    pub fn is_f32(&self, v: Value) -> bool {
        self.body.ty(v).elem() == Some(&Elem::F32)
    }
    /// Whether two tensors are known to have the same type; of their dimensions one may be unknown, if the number of elements is the same.
    pub fn same_type(&self, a: Value, b: Value) -> bool {
        self.body.ty(a) == self.body.ty(b)
            && self.shape(a).is_some_and(|s| s.iter().filter(|d| d.is_none()).count() <= 1)
    }
    /// The fused activation of an operation that may have one.
    pub fn activation(&self, id: OpId) -> Option<Activation> {
        self.body.op(id).attr(ACTIVATION).and_then(<Activation as ir::AttrValue>::from_attr)
    }
    /// The fused activation of the root.
    pub fn root_activation(&self) -> Option<Activation> {
        self.activation(self.root)
    }

    // ---- building ----

    fn builder(&mut self) -> Builder<'_> {
        let loc = self.op().loc.clone();
        Builder::new(self.body, At::Before(self.root), loc)
    }
    fn insert(&mut self, spec: OpSpec) -> Value {
        let id = self.builder().insert(spec);
        let v = self.body.op(id).results()[0];
        self.note(v)
    }
    /// A new operation with one result, whose type is inferred.
    pub fn emit<R: OpRow>(&mut self, row: &R, operands: &[Value]) -> Option<Value> {
        let loc = self.op().loc.clone();
        let spec = OpSpec::row(row, loc).operands(operands);
        let types = infer::infer(self.body, R::DEF, &spec.props, operands).ok()?;
        Some(self.insert(spec.results(types)))
    }
    /// A new operation with the type of the root's result.
    pub fn emit_as_root<R: OpRow>(&mut self, row: &R, operands: &[Value]) -> Option<Value> {
        let ty = self.body.ty(self.output()?).clone();
        let spec = OpSpec::row(row, self.op().loc.clone()).operands(operands).results([ty]);
        Some(self.insert(spec))
    }
    /// An operation once more, with other operands and, if given, another activation; its result has the type of the root's.
    pub fn again(&mut self, id: OpId, operands: &[Value], activation: Option<Activation>) -> Option<Value> {
        let ty = self.body.ty(self.output()?).clone();
        Some(self.again_typed(id, operands, activation, ty))
    }
    /// The same with a type of its own.
    pub fn again_typed(&mut self, id: OpId, operands: &[Value], activation: Option<Activation>, ty: Type) -> Value {
        let op = self.body.op(id);
        let mut spec = OpSpec {
            props: op.props.clone(),
            attrs: op.attrs.clone(),
            ..OpSpec::new(op.name.clone(), self.op().loc.clone())
        };
        if let Some(a) = activation {
            spec.props.set(ACTIVATION, Attr::str(a.as_str()));
        }
        spec = spec.operands(operands).results([ty]);
        self.insert(spec)
    }
    /// The root once more, with other operands.
    pub fn root_with(&mut self, operands: &[Value]) -> Option<Value> {
        self.again(self.root, operands, None)
    }
    /// Sets an attribute of the operation, just made, of a value.
    pub fn set(&mut self, v: Value, name: &str, attr: Attr) {
        if let Some(id) = self.body.def_op(v) {
            self.body.op_mut(id).props.set(name, attr);
        }
    }
    /// Sets a discardable attribute of the operation, just made, of a value.
    pub fn mark(&mut self, v: Value, name: &str, attr: Attr) {
        if let Some(id) = self.body.def_op(v) {
            self.body.op_mut(id).attrs.set(name, attr);
        }
    }
    /// The root once more, with other operands, from which its type is inferred.
    pub fn root_on(&mut self, operands: &[Value]) -> Option<Value> {
        let op = self.op();
        let ty = infer::infer(self.body, op.name.def()?, &op.props, operands).ok()?;
        let elem = self.body.ty(self.output()?).elem()?.clone();
        let ty = ty.first()?.as_tensor()?.with_elem(elem);
        Some(self.again_typed(self.root, operands, None, Type::Tensor(ty)))
    }
    /// A constant that comes from the root.
    pub fn new_constant(&mut self, t: Tensor) -> Value {
        let v = self.builder().constant(t);
        self.note(v)
    }
    /// A constant that takes the place of another value, whose location it keeps.
    pub fn constant_for(&mut self, of: Value, t: Tensor) -> Value {
        let loc = self.body.loc(of).clone();
        let v = Builder::new(self.body, At::Before(self.root), loc).constant(t);
        self.note(v)
    }
    /// An int32 vector.
    pub fn i32s(&mut self, values: &[i32]) -> Value {
        self.new_constant(Tensor::i32(&[values.len()], values.to_vec()))
    }
    /// The absent optional operand.
    pub fn no_value(&mut self) -> Value {
        let v = self.builder().no_value();
        self.note(v)
    }
    fn note(&mut self, v: Value) -> Value {
        self.added.extend(self.body.def_op(v));
        v
    }
    /// The same elements in a shape of which at most one dimension is unknown.
    pub fn reshape(&mut self, x: Value, shape: &[Dim]) -> Option<Value> {
        let sizes = sizes(shape)?;
        let sizes = self.i32s(&sizes);
        self.emit(&tfl::Reshape {}, &[x, sizes])
    }
    /// Dimensions in another order.
    pub fn transpose(&mut self, x: Value, perm: &[usize]) -> Option<Value> {
        let perm: Vec<i32> = perm.iter().map(|p| *p as i32).collect();
        let perm = self.i32s(&perm);
        self.emit(&tfl::Transpose {}, &[x, perm])
    }
}

const ACTIVATION: &str = "fused_activation_function";

/// The shape operand of a reshape: -1 stands for an unknown dimension, of which there is at most one.
pub(crate) fn sizes(shape: &[Dim]) -> Option<Vec<i32>> {
    let sizes: Vec<i32> = shape.iter().map(|d| d.map_or(Ok(-1), i32::try_from)).collect::<Result<_, _>>().ok()?;
    (sizes.iter().filter(|d| **d < 0).count() <= 1).then_some(sizes)
}

/// Whether two numbers are the same but for rounding to float32.
pub(crate) fn about(a: f64, b: f64) -> bool {
    (a - b).abs() <= 4e-6 * b.abs()
}

/// Whether an operation is of a row whose two operands may be exchanged.
pub(crate) fn is_commutative(op: &Operation) -> bool {
    matches!(&op.name, OpName::Known(d) if d.traits.has(Traits::COMMUTATIVE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::NoDatasets;
    use crate::pass::{Quiet, Stats};
    use ir::Sink;

    fn to_sin(r: &mut Rewriter<'_>) -> Option<Value> {
        let x = r.input(0)?;
        r.emit(&tfl::Sin::default(), &[x])
    }
    fn to_cos(r: &mut Rewriter<'_>) -> Option<Value> {
        let x = r.input(0)?;
        r.emit(&tfl::Cos::default(), &[x])
    }

    const UNDOING: &[Rule] = &[rule("to sin", &[tfl::Cos::DEF], to_sin), rule("to cos", &[tfl::Sin::DEF], to_cos)];

    fn codes(rules: &'static [Rule]) -> Vec<&'static str> {
        let mut body = Body::new();
        let entry = body.entry();
        let x = body.add_arg(entry, Type::Tensor(ir::TensorType::of(&[2], Elem::F32)), Loc::UNKNOWN);
        let mut b = Builder::new(&mut body, At::End(entry), Loc::UNKNOWN);
        let y = b.value(&tfl::Cos::default(), &[x]).unwrap();
        b.typed(&ir::dialect::builtin::Return::default(), &[y], &[]);
        let mut sink = Sink::new();
        let mut cx = Cx { sink: &mut sink, stats: Stats::new(), datasets: &NoDatasets, progress: &Quiet };
        run(&mut body, &[rules], &mut cx);
        sink.diagnostics().iter().map(|d| d.code).collect()
    }

    #[test]
    fn rules_that_undo_each_other_are_stopped_with_a_warning() {
        assert_eq!(codes(UNDOING), ["rewrite/limit"]);
        assert!(codes(&UNDOING[..1]).is_empty());
    }
}
