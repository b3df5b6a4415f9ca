//! The verifier: structure, and what the rows state.
//!
//! All errors are emitted, each at its operation. A module that passes keeps every promise that passes and the backend rely on.

use crate::body::{BlockId, Body, OpId, Operation, Region, RegionId};
use crate::diag::{Diagnostic, Failed, Sink};
use crate::dialect::{builtin, cf};
use crate::loc::Loc;
use crate::module::Module;
use crate::op::Traits;

mod dominance;
mod functions;
mod others;
mod quant;
mod rows;
mod symbols;
#[cfg(test)]
mod tests;

use dominance::Visible;
pub use dominance::dominator_tree;
use symbols::Table;

/// The rules that runtimes have and upstream's dialects do not: which elements an operation takes (upstream keeps them in a verifier that
/// runs on demand), that the parameters of quantized types fit their tensors and each other, and that the functions operations name exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuntimeRules {
    /// Breaking one is an error.
    Enforced,
    /// Breaking one is a warning.
    Warned,
    /// They are not looked at.
    Ignored,
}

/// Checks a module, as it must be before it is written to a file.
pub fn verify(module: &Module, sink: &mut Sink) -> Result<(), Failed> {
    verify_with(module, RuntimeRules::Enforced, sink)
}

/// Checks a module that was read from a text: whatever upstream accepts is no error.
pub fn verify_text(module: &Module, sink: &mut Sink) -> Result<(), Failed> {
    verify_with(module, RuntimeRules::Warned, sink)
}

/// Checks a module.
pub fn verify_with(module: &Module, runtime: RuntimeRules, sink: &mut Sink) -> Result<(), Failed> {
    let mut v = Verifier { sink, failed: None, runtime, tables: Vec::new() };
    v.module_attributes(&module.attrs, &module.loc);
    v.module_block(&module.body, &module.loc);
    v.module_body(&module.body);
    v.failed.map_or(Ok(()), Err)
}

struct Verifier<'m, 's> {
    sink: &'s mut Sink,
    failed: Option<Failed>,
    runtime: RuntimeRules,
    /// The symbols of the modules around, the nearest last.
    tables: Vec<Table<'m>>,
}

/// Whether and how operations of a region are ordered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Values are defined before they are used; blocks end with terminators.
    Control,
    /// One block without an order and without a terminator, as in modules. Operations that are not registered may have such regions.
    Graph,
}

impl Order {
    fn of(op: &Operation, blocks: usize) -> Order {
        match op.name.def() {
            Some(def) if !def.traits.has(Traits::NO_TERMINATOR) => Order::Control,
            _ if blocks > 1 => Order::Control,
            _ => Order::Graph,
        }
    }
}

impl<'m> Verifier<'m, '_> {
    fn report(&mut self, d: Diagnostic) {
        self.failed = Some(self.sink.error(d));
    }

    fn error(&mut self, op: &Operation, code: &'static str, text: impl AsRef<str>) {
        self.report(Diagnostic::error(code, about(op, text.as_ref())).at(&op.loc));
    }

    /// One of the rules of runtimes is broken by an operation, or by what stands at another place in it.
    fn unfit(&mut self, op: &Operation, at: &Loc, code: &'static str, text: impl AsRef<str>) {
        let text = about(op, text.as_ref());
        match self.runtime {
            RuntimeRules::Enforced => self.report(Diagnostic::error(code, text).at(at)),
            RuntimeRules::Warned => self.sink.emit(Diagnostic::warning(code, text).at(at)),
            RuntimeRules::Ignored => {}
        }
    }

    // ---- structure ----

    fn module_body(&mut self, body: &'m Body) {
        let table = self.table(body);
        self.tables.push(table);
        self.region(body, body.root(), Order::Graph, &mut Visible::of(body), None);
        self.tables.pop();
    }

    fn inside(&mut self, body: &'m Body, op: &'m Operation, visible: &mut Visible) {
        for region in &op.regions {
            match region {
                Region::Inline(r) => {
                    let order = Order::of(op, body.blocks(*r).len());
                    self.region(body, *r, order, visible, Some(op));
                }
                Region::Isolated(inner) if op.is::<builtin::ModuleOp>() => self.module_body(inner),
                Region::Isolated(inner) => {
                    let order = Order::of(op, inner.blocks(inner.root()).len());
                    self.region(inner, inner.root(), order, &mut Visible::of(inner), Some(op));
                }
            }
        }
    }

    fn region(
        &mut self,
        body: &'m Body,
        region: RegionId,
        order: Order,
        visible: &mut Visible,
        parent: Option<&'m Operation>,
    ) {
        let blocks = body.blocks(region);
        let before = visible.mark();
        if order == Order::Graph {
            visible.add_results(body, blocks);
        }
        self.edges(body, region, blocks);
        match blocks {
            [] => {}
            [one] => self.block(body, *one, order, visible, parent),
            many => {
                dominance::walk(body, many, visible, |block, visible| {
                    self.block(body, block, order, visible, parent);
                });
            }
        }
        visible.forget(before);
    }

    fn block(
        &mut self,
        body: &'m Body,
        block: BlockId,
        order: Order,
        visible: &mut Visible,
        parent: Option<&'m Operation>,
    ) {
        if let Some(parent) = parent {
            for v in body.args(block) {
                self.quantized_type(parent, body.loc(*v), body.ty(*v));
            }
        }
        visible.add(body.args(block));
        let ops = body.ops(block);
        for id in &ops {
            let op = body.op(*id);
            self.uses(body, op, visible);
            self.operation(body, *id, parent);
            if ends_block(op) && ops.last() != Some(id) {
                self.error(op, "verify/terminator", "must be the last operation of its block");
            }
            self.inside(body, op, visible);
            visible.add(op.results());
        }
        if order == Order::Graph {
            return;
        }
        match (ops.last(), parent) {
            (Some(last), _) if !may_end_block(body.op(*last)) => {
                self.error(body.op(*last), "verify/terminator", "ends a block but is no terminator");
            }
            (None, Some(parent)) => self.error(parent, "verify/terminator", "has a block without a terminator"),
            _ => {}
        }
    }

    /// Each operand is the value of an operation in front, or of an argument.
    fn uses(&mut self, body: &Body, op: &Operation, visible: &Visible) {
        for (i, v) in op.operands().iter().enumerate() {
            if !visible.has(*v) {
                let text = about(op, &format!("operand #{i} is used before it is defined"));
                let d = Diagnostic::error("verify/dominance", text).at(&op.loc);
                self.report(d.note(body.loc(*v), "it is defined here"));
            }
        }
    }

    /// Successors are blocks of the same region, which are handed what they take; the first block is none.
    fn edges(&mut self, body: &Body, region: RegionId, blocks: &[BlockId]) {
        for op in blocks.iter().filter_map(|b| body.terminator(*b)).map(|t| body.op(t)) {
            if op.successors.iter().any(|s| body.block_region(s.block) != Some(region)) {
                self.error(op, "verify/successor", "goes on at a block of another region");
            }
            if op.successors.iter().any(|s| Some(&s.block) == blocks.first()) {
                self.error(op, "verify/successor", "goes back to the first block of its region");
            }
            let branch = op.is::<cf::Branch>() || op.is::<cf::CondBranch>();
            for (i, s) in op.successors.iter().enumerate().filter(|_| branch) {
                let taken = body.args(s.block).iter().map(|v| body.ty(*v));
                if cf::passed(op, i).is_some_and(|given| !given.iter().map(|v| body.ty(*v)).eq(taken)) {
                    self.error(op, "verify/successor", format!("hands successor #{i} other values than it takes"));
                }
            }
        }
    }

    fn operation(&mut self, body: &'m Body, id: OpId, parent: Option<&Operation>) {
        let op = body.op(id);
        for v in op.results() {
            self.quantized_type(op, &op.loc, body.ty(*v));
        }
        let Some(def) = op.name.def() else { return self.other(body, op) };
        self.places(op, def);
        let fits = self.values(body, op, def.operands, op.operands(), "operand");
        self.values(body, op, def.results, op.results(), "result");
        let fits = self.attributes(op, def) && fits;
        if fits && self.rules(body, op, def) {
            self.bias(body, op, def);
            self.inferred(body, op, def);
        }
        self.symbols(body, op);
        if op.is::<builtin::Func>() {
            self.function(op);
        } else if op.is::<builtin::ModuleOp>() {
            self.module_attributes(&op.attrs, &op.loc);
            if let Some(inner) = op.body(0) {
                self.module_block(inner, &op.loc);
            }
        } else if op.is::<builtin::Return>() {
            self.returned(body, op, parent);
        }
    }
}

fn about(op: &Operation, text: &str) -> String {
    format!("'{}' op {text}", op.name.as_str())
}

/// Whether an operation may be the last of a block.
fn may_end_block(op: &Operation) -> bool {
    match op.name.def() {
        Some(def) => def.traits.has(Traits::TERMINATOR),
        None => !others::ends_no_block(op.name.as_str()),
    }
}

/// Whether nothing may stand behind an operation.
fn ends_block(op: &Operation) -> bool {
    !op.successors.is_empty() || op.name.def().is_some_and(|d| d.traits.has(Traits::TERMINATOR))
}
