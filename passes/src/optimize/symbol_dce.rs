//! `symbol-dce`: functions and other symbols that nobody refers to.

use std::collections::BTreeSet;
use std::sync::Arc;

use ir::dialect::tfl::CallOnce;
use ir::module::sym_name;
use ir::{Attr, Attrs, Body, Failed, Module, OpId, Operation, Region};

use crate::pass::Cx;

crate::pass! {
    /// Removes private functions that no operation reachable from a public one refers to.
    "symbol-dce" = SymbolDce on module {
        options: {},
        example: "func.func private @unused() // removed",
    }
}

impl SymbolDce {
    fn run(&self, module: &mut Module, cx: &mut Cx<'_>) -> Result<(), Failed> {
        let (private, public): (Vec<OpId>, Vec<OpId>) =
            module.ops().into_iter().partition(|o| is_private(module.body.op(*o)));
        let mut used: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut waiting = public;
        let mut rest = private;
        while let Some(id) = waiting.pop() {
            references(module.body.op(id), &mut used);
            let (now, later) =
                rest.into_iter().partition(|o| sym_name(module.body.op(*o)).is_some_and(|n| used.contains(n)));
            waiting.extend::<Vec<OpId>>(now);
            rest = later;
        }
        for id in rest {
            module.body.erase(id);
            cx.count("symbols removed");
        }
        Ok(())
    }
}

fn is_private(op: &Operation) -> bool {
    sym_name(op).is_some() && op.attr("sym_visibility").and_then(Attr::as_str) == Some("private")
}

/// Every symbol an operation refers to, and those inside it.
fn references(op: &Operation, out: &mut BTreeSet<Arc<str>>) {
    in_attrs(&op.props, out);
    in_attrs(&op.attrs, out);
    if let Some(row) = op.as_row::<CallOnce>() {
        out.insert(row.session_init_function);
    }
    for region in &op.regions {
        if let Region::Isolated(body) = region {
            in_body(body, out);
        }
    }
}

fn in_body(body: &Body, out: &mut BTreeSet<Arc<str>>) {
    for id in body.walk() {
        references(body.op(id), out);
    }
}

fn in_attrs(attrs: &Attrs, out: &mut BTreeSet<Arc<str>>) {
    attrs.iter().for_each(|(_, a)| in_attr(a, out));
}

fn in_attr(attr: &Attr, out: &mut BTreeSet<Arc<str>>) {
    match attr {
        Attr::Symbol(path) => out.extend(path.first().cloned()),
        Attr::Array(items) => items.iter().for_each(|a| in_attr(a, out)),
        Attr::Dict(d) => in_attrs(d, out),
        _ => {}
    }
}
