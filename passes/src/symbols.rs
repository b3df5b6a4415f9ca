//! Who refers to which symbol.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ir::dialect::tfl::CallOnce;
use ir::module::sym_name;
use ir::{Attr, Attrs, Body, Module, OpId, Operation, Region};

use crate::analysis::Analysis;

/// How often a symbol is named, for each symbol that is.
pub type References = BTreeMap<Arc<str>, usize>;

/// The references to symbols, by the symbol in whose operation they stand; those outside of any under the empty name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SymbolUses {
    by_user: BTreeMap<Arc<str>, References>,
}

impl Analysis for SymbolUses {
    const NAME: &'static str = "symbol uses";

    fn of(module: &Module) -> SymbolUses {
        let mut by_user: BTreeMap<Arc<str>, References> = BTreeMap::new();
        for op in module.ops().into_iter().map(|o| module.body.op(o)) {
            references(op, by_user.entry(sym_name(op).unwrap_or_default().into()).or_default());
        }
        SymbolUses { by_user }
    }
}

impl SymbolUses {
    /// How often a symbol is named in the module.
    pub fn count(&self, symbol: &str) -> usize {
        self.by_user.values().filter_map(|r| r.get(symbol)).sum()
    }

    /// The symbols that name themselves, or one that comes to do so.
    pub fn recursive(&self) -> BTreeSet<Arc<str>> {
        let mut left: BTreeSet<Arc<str>> = self.by_user.keys().cloned().collect();
        // Symbols all of whose references come to an end do so too; what remains does not.
        loop {
            let before = left.len();
            let endless = |symbol: &Arc<str>| self.by_user[symbol].keys().any(|named| left.contains(named));
            left = left.iter().filter(|s| endless(s)).cloned().collect();
            if left.len() == before {
                return left;
            }
        }
    }

    /// The private symbols of a module that no operation reachable from elsewhere names.
    pub fn unreachable(&self, module: &Module) -> Vec<OpId> {
        let (mut rest, public): (Vec<OpId>, Vec<OpId>) =
            module.ops().into_iter().partition(|o| is_private(module.body.op(*o)));
        let name = |op: &OpId| sym_name(module.body.op(*op)).unwrap_or_default();
        let mut waiting: Vec<&str> = public.iter().map(name).collect();
        while let Some(user) = waiting.pop() {
            let Some(named) = self.by_user.get(user) else { continue };
            let (now, later): (Vec<OpId>, Vec<OpId>) = rest.into_iter().partition(|o| named.contains_key(name(o)));
            waiting.extend(now.iter().map(name));
            rest = later;
        }
        rest
    }
}

/// Whether an operation defines a symbol that only its module sees.
pub fn is_private(op: &Operation) -> bool {
    sym_name(op).is_some() && op.attr("sym_visibility").and_then(Attr::as_str) == Some("private")
}

/// Adds every reference of an operation and of those inside it.
fn references(op: &Operation, out: &mut References) {
    in_attrs(&op.props, out);
    in_attrs(&op.attrs, out);
    if let Some(row) = op.as_row::<CallOnce>() {
        *out.entry(row.session_init_function).or_default() += 1;
    }
    for region in &op.regions {
        if let Region::Isolated(body) = region {
            in_body(body, out);
        }
    }
}

fn in_body(body: &Body, out: &mut References) {
    for id in body.walk() {
        references(body.op(id), out);
    }
}

fn in_attrs(attrs: &Attrs, out: &mut References) {
    attrs.iter().for_each(|(_, a)| in_attr(a, out));
}

fn in_attr(attr: &Attr, out: &mut References) {
    match attr {
        Attr::Symbol(path) => path.first().into_iter().for_each(|s| *out.entry(s.clone()).or_default() += 1),
        Attr::Array(items) => items.iter().for_each(|a| in_attr(a, out)),
        Attr::Dict(d) => in_attrs(d, out),
        _ => {}
    }
}
