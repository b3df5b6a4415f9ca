//! Symbols: each is defined once, and what operations name exists.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Verifier, about};
use crate::attr::{Attr, Attrs};
use crate::body::{Body, Operation};
use crate::diag::Diagnostic;
use crate::dialect::builtin;
use crate::module;
use crate::types::Type;

/// Operations that call a function, and the attributes that name it.
const CALLS: &[(&str, &str)] = &[("func.call", "callee"), ("stablehlo.composite", "decomposition")];

/// The symbols of one module.
pub(super) type Table<'m> = HashMap<&'m str, &'m Operation>;

impl<'m> Verifier<'m, '_> {
    pub(super) fn table(&mut self, body: &'m Body) -> Table<'m> {
        let mut table = Table::new();
        let blocks = body.blocks(body.root());
        for op in blocks.iter().flat_map(|b| body.ops(*b)).map(|id| body.op(id)) {
            let Some(name) = module::sym_name(op) else { continue };
            match table.get(name) {
                Some(first) => {
                    let d = Diagnostic::error("verify/symbol", format!("symbol `@{name}` is defined twice"));
                    self.report(d.at(&op.loc).note(&first.loc, "it is defined here too"));
                }
                None => drop(table.insert(name, op)),
            }
        }
        table
    }

    /// Whether the functions that an operation names exist; calls must fit them.
    pub(super) fn symbols(&mut self, body: &Body, op: &Operation) {
        if let Some((_, name)) = CALLS.iter().find(|(call, _)| *call == op.name.as_str()) {
            return self.call(body, op, name);
        }
        let mut paths = Vec::new();
        for attrs in [&op.props, &op.attrs] {
            collect(attrs, &mut paths);
        }
        for path in paths {
            if self.resolve(path).is_some() {
                continue;
            }
            let symbol = Attr::Symbol(path.clone());
            self.unfit(op, &op.loc, "verify/symbol", format!("names `{symbol}`, which is not defined"));
        }
    }

    fn call(&mut self, body: &Body, op: &Operation, name: &str) {
        let Some(Attr::Symbol(path)) = op.attr(name) else {
            return self.error(op, "verify/attribute", format!("attribute '{name}' must name a function"));
        };
        let callee = Attr::Symbol(path.clone());
        let Some(func) = self.resolve(path).filter(|f| f.is::<builtin::Func>()) else {
            return self.error(op, "verify/symbol", format!("calls `{callee}`, which is no function here"));
        };
        let Some(ty) = module::function_type(func) else { return };
        let types = |values: &[crate::body::Value]| values.iter().map(|v| body.ty(*v).clone()).collect::<Vec<Type>>();
        for (given, stated, what) in
            [(types(op.operands()), &ty.inputs, "operands"), (types(op.results()), &ty.results, "results")]
        {
            if given != *stated {
                let text = about(op, &format!("has other types of {what} than `{callee}`"));
                let d = Diagnostic::error("verify/call", text).at(&op.loc);
                self.report(d.note(&func.loc, "the function is defined here"));
            }
        }
    }

    /// A `func.constant` names a function.
    pub(super) fn named_function(&mut self, op: &Operation) {
        let Some(Attr::Symbol(path)) = op.attr("value").filter(|_| op.name.as_str() == "func.constant") else { return };
        if self.resolve(path).is_none_or(|f| !f.is::<builtin::Func>()) {
            let symbol = Attr::Symbol(path.clone());
            self.error(op, "verify/symbol", format!("names `{symbol}`, which is no function here"));
        }
    }

    /// What a path names, from the nearest module on.
    fn resolve(&self, path: &[Arc<str>]) -> Option<&'m Operation> {
        let (first, rest) = path.split_first()?;
        let mut op = *self.tables.last()?.get(&**first)?;
        for name in rest {
            let body = op.body(0)?;
            let mut inner = body.blocks(body.root()).iter().flat_map(|b| body.ops(*b)).map(|id| body.op(id));
            op = inner.find(|op| module::sym_name(op) == Some(name))?;
        }
        Some(op)
    }
}

/// The references in attributes.
fn collect<'a>(attrs: &'a Attrs, out: &mut Vec<&'a Vec<Arc<str>>>) {
    fn one<'a>(attr: &'a Attr, out: &mut Vec<&'a Vec<Arc<str>>>) {
        match attr {
            Attr::Symbol(path) => out.push(path),
            Attr::Array(items) => items.iter().for_each(|a| one(a, out)),
            Attr::Dict(attrs) => collect(attrs, out),
            _ => {}
        }
    }
    attrs.iter().for_each(|(_, a)| one(a, out));
}
