//! Greedy rewriting: rules are tried on one operation after another until none applies.
//!
//! A [`Rule`] looks at one operation, the root, and gives the value that takes the place of its result. It checks first and builds last: what
//! it builds stands in front of the root. The driver replaces the root, erases what died with it, and looks again at the neighbours. What died
//! with the root was fused into its successor, so the successor's location names both, the root's own first: the tensor bears that name.

use std::collections::HashMap;

use ir::{Body, Diagnostic, Loc, OpDef, OpId, OpName, Operation, Traits, Type, Value};

pub(crate) use super::rewriter::{Rewriter, sizes};
use crate::fold;
use crate::legalize::dce;
use crate::pass::Cx;

/// One rewriting, as a table lists it.
pub(crate) struct Rule {
    /// The name in pass statistics.
    pub name: &'static str,
    /// The operations it may start at.
    pub roots: &'static [&'static OpDef],
    /// Of the rules that may start at an operation, those of the greatest benefit are tried first; of equal ones, in the order of the tables.
    pub benefit: u8,
    /// The value of the root's only result, computed otherwise; `None` where the rule does not apply.
    pub apply: fn(&mut Rewriter<'_>) -> Option<Value>,
}

/// A row of a table of rules.
pub(crate) const fn rule(
    name: &'static str,
    roots: &'static [&'static OpDef],
    apply: fn(&mut Rewriter<'_>) -> Option<Value>,
) -> Rule {
    Rule { name, roots, benefit: 1, apply }
}

impl Rule {
    /// The rule, tried before those of less benefit: one that takes in a whole pattern.
    pub const fn benefit(self, benefit: u8) -> Rule {
        Rule { benefit, ..self }
    }
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
    rules.values_mut().for_each(|list| list.sort_by_key(|rule| std::cmp::Reverse(rule.benefit)));
    let mut left = REWRITINGS * (body.walk().len() + SWEEPS);
    let mut last = None;
    fold::infer_again(body);
    for _ in 0..SWEEPS {
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
        // What was known stays so; more may follow from what was built.
        fold::infer_unknown(body);
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
        let mut r = Rewriter::new(body, id);
        let new = (rule.apply)(&mut r);
        let added = r.into_added();
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
    use crate::pass::Stats;
    use ir::dialect::tfl;
    use ir::{At, Builder, Elem, OpRow, Sink};

    fn to_sin(r: &mut Rewriter<'_>) -> Option<Value> {
        let x = r.input(0)?;
        r.emit(&tfl::Sin::default(), &[x])
    }
    fn to_cos(r: &mut Rewriter<'_>) -> Option<Value> {
        let x = r.input(0)?;
        r.emit(&tfl::Cos::default(), &[x])
    }

    const UNDOING: &[Rule] = &[rule("to sin", &[tfl::Cos::DEF], to_sin), rule("to cos", &[tfl::Sin::DEF], to_cos)];

    /// The codes of what was said, and the counters.
    fn outcome(rules: &'static [Rule]) -> (Vec<&'static str>, Stats) {
        let mut body = Body::new();
        let entry = body.entry();
        let x = body.add_arg(entry, Type::Tensor(ir::TensorType::of(&[2], Elem::F32)), Loc::UNKNOWN);
        let mut b = Builder::new(&mut body, At::End(entry), Loc::UNKNOWN);
        let y = b.value(&tfl::Cos::default(), &[x]).unwrap();
        b.typed(&ir::dialect::builtin::Return::default(), &[y], &[]);
        let mut sink = Sink::new();
        let mut cx = Cx::new(&mut sink);
        run(&mut body, &[rules], &mut cx);
        let stats = cx.stats;
        (sink.diagnostics().iter().map(|d| d.code).collect(), stats)
    }

    #[test]
    fn the_rule_of_the_greatest_benefit_is_tried_first() {
        const RULES: &[Rule] =
            &[rule("one", &[tfl::Cos::DEF], to_sin), rule("two", &[tfl::Cos::DEF], to_sin).benefit(2)];
        assert_eq!(outcome(RULES).1, Stats::from([("two", 1)]));
    }

    #[test]
    fn rules_that_undo_each_other_are_stopped_with_a_warning() {
        assert_eq!(outcome(UNDOING).0, ["rewrite/limit"]);
        assert!(outcome(&UNDOING[..1]).0.is_empty());
    }
}
