//! What is constant whenever it is reached (Wegman and Zadeck, "Constant Propagation with Conditional Branches", 1991).
//!
//! A value climbs from nothing through one constant to many; blocks become live. Both happen only along branches that the constants known so
//! far may take, so what never runs contributes nothing. A function whose every caller is known has the arguments that are passed to it.

use std::collections::{BTreeMap, HashMap, HashSet};

use ir::dialect::builtin::{Call, Return};
use ir::dialect::{cf, tfl};
use ir::module::sym_name;
use ir::{Attr, BlockId, Body, Elem, Module, OpId, Operation, Region, RegionId, Type, Value};

use crate::fold;
use crate::symbols::{SymbolUses, is_private};

/// A value that was reached.
#[derive(Clone, Debug, PartialEq)]
enum Known {
    One(Attr),
    Many,
}

/// A place of a module: the number of its function, and what it is there.
type In<T> = (usize, T);

/// Finds what is constant in the functions of a module.
pub(super) struct Solver<'m> {
    functions: Vec<Function<'m>>,
    by_name: HashMap<&'m str, usize>,
    known: HashMap<In<Value>, Known>,
    live: HashSet<In<BlockId>>,
    work: Vec<In<OpId>>,
}

struct Function<'m> {
    body: &'m Body,
    /// Whether nobody calls it but the calls that are seen.
    closed: bool,
    /// What it returns.
    results: Vec<Option<Known>>,
    /// The calls that were reached.
    callers: Vec<In<OpId>>,
}

impl<'m> Solver<'m> {
    /// Solves for some functions of a module that have bodies with blocks.
    pub fn solve(module: &'m Module, funcs: &[OpId], uses: &SymbolUses) -> Solver<'m> {
        let mut solver = Solver {
            functions: Vec::new(),
            by_name: HashMap::new(),
            known: HashMap::new(),
            live: HashSet::new(),
            work: Vec::new(),
        };
        let called = calls(module, funcs);
        for func in funcs {
            let op = module.body.op(*func);
            let (Some(body), Some(name)) = (op.body(0), sym_name(op)) else { continue };
            let closed = is_private(op) && called.get(name).copied().unwrap_or(0) == uses.count(name);
            solver.by_name.insert(name, solver.functions.len());
            solver.functions.push(Function { body, closed, results: Vec::new(), callers: Vec::new() });
        }
        for f in 0..solver.functions.len() {
            if !solver.functions[f].closed {
                let body = solver.functions[f].body;
                solver.enter(f, body.entry(), None);
            }
        }
        while let Some((f, op)) = solver.work.pop() {
            solver.visit(f, op);
        }
        solver
    }

    /// The constant that a value is.
    pub fn constant(&self, f: usize, v: Value) -> Option<&Attr> {
        match self.known.get(&(f, v))? {
            Known::One(attr) => Some(attr),
            Known::Many => None,
        }
    }

    /// Whether a block may run.
    pub fn is_live(&self, f: usize, block: BlockId) -> bool {
        self.live.contains(&(f, block))
    }

    // ---- climbing ----

    fn join(&mut self, f: usize, v: Value, new: &Known) {
        let old = self.known.get(&(f, v));
        if let Some(merged) = merge(old, new) {
            self.known.insert((f, v), merged);
            let users = self.functions[f].body.uses(v).to_vec();
            self.work.extend(users.into_iter().map(|user| (f, user)));
        }
    }

    /// Adds what is known of one value to another of the same function; nothing, if it was not reached.
    fn flow(&mut self, f: usize, from: Value, to: Value) {
        if let Some(known) = self.known.get(&(f, from)).cloned() {
            self.join(f, to, &known);
        }
    }

    fn many(&mut self, f: usize, values: &[Value]) {
        values.iter().for_each(|v| self.join(f, *v, &Known::Many));
    }

    /// A block may run, with these arguments; any, if they are not known.
    fn enter(&mut self, f: usize, block: BlockId, args: Option<&[Value]>) {
        let body = self.functions[f].body;
        let own = body.args(block);
        match args.filter(|args| args.len() == own.len()) {
            Some(args) => args.iter().zip(own).for_each(|(from, to)| self.flow(f, *from, *to)),
            None => self.many(f, own),
        }
        if self.live.insert((f, block)) {
            self.work.extend(body.ops(block).into_iter().rev().map(|op| (f, op)));
        }
    }

    fn enter_region(&mut self, f: usize, region: RegionId, args: Option<&[Value]>) {
        if let Some(first) = self.functions[f].body.blocks(region).first() {
            self.enter(f, *first, args);
        }
    }

    // ---- operations ----

    fn visit(&mut self, f: usize, id: OpId) {
        let body = self.functions[f].body;
        let op = body.op(id);
        if !op.block().is_some_and(|b| self.is_live(f, b)) {
            return;
        }
        if op.is::<Call>() {
            return self.call(f, id);
        }
        if op.is::<Return>() {
            return self.returns(f, op);
        }
        if op.is::<tfl::Yield>() {
            return self.yields(f, id);
        }
        if !op.successors.is_empty() {
            return self.branch(f, op);
        }
        if !op.regions.is_empty() {
            return self.regions(f, op);
        }
        self.compute(f, id);
    }

    fn compute(&mut self, f: usize, id: OpId) {
        let body = self.functions[f].body;
        let op = body.op(id);
        if op.name.def().is_some_and(ir::OpDef::is_constant) {
            let known = op.attr("value").and_then(scalar_or_tensor).map_or(Known::Many, Known::One);
            return op.results().iter().for_each(|v| self.join(f, *v, &known));
        }
        if op.operands().iter().any(|v| !self.known.contains_key(&(f, *v))) {
            return;
        }
        let tensor = |v: Value| self.constant(f, v).and_then(Attr::as_tensor).cloned();
        match fold::value(body, id, &tensor) {
            Some(values) => {
                let values = values.into_iter().map(|t| Known::One(Attr::Dense(t)));
                op.results().iter().zip(values).for_each(|(v, known)| self.join(f, *v, &known));
            }
            None => self.many(f, op.results()),
        }
    }

    fn call(&mut self, f: usize, id: OpId) {
        let op = self.functions[f].body.op(id);
        let callee = op.attr("callee").and_then(Attr::as_symbol).and_then(|name| self.by_name.get(name)).copied();
        let Some(callee) = callee else { return self.many(f, op.results()) };
        let Function { body, closed, .. } = self.functions[callee];
        if closed {
            let args = body.args(body.entry());
            for (from, to) in op.operands().iter().zip(args) {
                if let Some(known) = self.known.get(&(f, *from)).cloned() {
                    self.join(callee, *to, &known);
                }
            }
            self.enter(callee, body.entry(), Some(args));
        }
        let callers = &mut self.functions[callee].callers;
        if !callers.contains(&(f, id)) {
            callers.push((f, id));
        }
        for (i, v) in op.results().iter().enumerate() {
            if let Some(known) = self.functions[callee].results.get(i).cloned().flatten() {
                self.join(f, *v, &known);
            }
        }
    }

    fn returns(&mut self, f: usize, op: &Operation) {
        let given: Vec<Option<Known>> = op.operands().iter().map(|v| self.known.get(&(f, *v)).cloned()).collect();
        let function = &mut self.functions[f];
        function.results.resize(function.results.len().max(given.len()), None);
        let mut changed = false;
        for (old, new) in function.results.iter_mut().zip(&given) {
            if let Some(merged) = new.as_ref().and_then(|new| merge(old.as_ref(), new)) {
                *old = Some(merged);
                changed = true;
            }
        }
        if changed {
            self.work.extend(&function.callers);
        }
    }

    fn branch(&mut self, f: usize, op: &Operation) {
        let taken: Vec<usize> = match op.is::<cf::CondBranch>() {
            true => self.choice(f, op),
            false => (0..op.successors.len()).collect(),
        };
        for i in taken {
            if let Some(successor) = op.successors.get(i) {
                self.enter(f, successor.block, cf::passed(op, i));
            }
        }
    }

    /// Which of two, the one for true first, the first operand may choose.
    fn choice(&self, f: usize, op: &Operation) -> Vec<usize> {
        let Some(condition) = op.operands().first() else { return vec![0, 1] };
        match self.known.get(&(f, *condition)) {
            None => Vec::new(),
            Some(Known::One(attr)) => truth(attr).map_or(vec![0, 1], |holds| vec![usize::from(!holds)]),
            Some(Known::Many) => vec![0, 1],
        }
    }

    fn regions(&mut self, f: usize, op: &Operation) {
        let inline: Vec<RegionId> = op.regions.iter().filter_map(inline).collect();
        if op.is::<tfl::If>() && inline.len() == 2 {
            for i in self.choice(f, op) {
                self.enter_region(f, inline[i], Some(&[]));
            }
        } else if op.is::<tfl::While>() && op.operands().len() == op.results().len() {
            inline.iter().for_each(|r| self.enter_region(f, *r, Some(op.operands())));
            op.operands().iter().zip(op.results()).for_each(|(from, to)| self.flow(f, *from, *to));
        } else {
            inline.iter().for_each(|r| self.enter_region(f, *r, None));
            self.many(f, op.results());
        }
    }

    /// What a region yields its operation returns; what the body of a loop yields is also what its regions are given next.
    fn yields(&mut self, f: usize, id: OpId) {
        let body = self.functions[f].body;
        let values = body.op(id).operands();
        let region = body.op(id).block().and_then(|b| body.block_region(b));
        let Some((region, parent)) = region.and_then(|r| Some((r, body.op(body.region_parent(r)?)))) else { return };
        if parent.is::<tfl::While>() {
            let inline: Vec<RegionId> = parent.regions.iter().filter_map(inline).collect();
            if inline.first() == Some(&region) {
                return;
            }
            inline.iter().for_each(|r| self.enter_region(f, *r, Some(values)));
        }
        values.iter().zip(parent.results()).for_each(|(from, to)| self.flow(f, *from, *to));
    }
}

/// The join of two, if it is not the old one.
fn merge(old: Option<&Known>, new: &Known) -> Option<Known> {
    match old {
        None => Some(new.clone()),
        Some(Known::Many) => None,
        Some(old) if old == new => None,
        Some(_) => Some(Known::Many),
    }
}

/// How often the functions call each symbol.
fn calls(module: &Module, funcs: &[OpId]) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    for body in funcs.iter().filter_map(|f| module.body.op(*f).body(0)) {
        for op in body.walk().into_iter().map(|id| body.op(id)).filter(|op| op.is::<Call>()) {
            if let Some(callee) = op.attr("callee").and_then(Attr::as_symbol) {
                *out.entry(callee.to_owned()).or_default() += 1;
            }
        }
    }
    out
}

fn inline(region: &Region) -> Option<RegionId> {
    match region {
        Region::Inline(r) => Some(*r),
        Region::Isolated(_) => None,
    }
}

/// The value of a constant that may be propagated: a number, or a tensor that is not quantized.
fn scalar_or_tensor(attr: &Attr) -> Option<Attr> {
    match attr {
        Attr::Bool(_) | Attr::Int(..) | Attr::Float(..) => Some(attr.clone()),
        Attr::Dense(t) | Attr::Resource(_, t) if t.ty().elem.quant().is_none() => Some(Attr::Dense(t.clone())),
        _ => None,
    }
}

/// The type of a constant.
pub(super) fn type_of(attr: &Attr) -> Option<Type> {
    match attr {
        Attr::Bool(_) => Some(Type::Scalar(Elem::BOOL)),
        Attr::Int(_, elem) | Attr::Float(_, elem) => Some(Type::Scalar(elem.clone())),
        Attr::Dense(t) => Some(Type::Tensor(t.ty().clone())),
        _ => None,
    }
}

/// Whether a condition holds.
pub(super) fn truth(attr: &Attr) -> Option<bool> {
    match attr {
        Attr::Bool(b) => Some(*b),
        Attr::Int(n, _) => Some(*n != 0),
        Attr::Dense(t) => t.to_i64().filter(|_| t.len() == 1).and_then(|v| v.first().map(|n| *n != 0)),
        _ => None,
    }
}
