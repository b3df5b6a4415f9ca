//! Functions and modules: what stands around operations.

use super::Verifier;
use crate::attr::{Attr, Attrs};
use crate::body::{Body, Operation};
use crate::diag::Diagnostic;
use crate::dialect::builtin;
use crate::loc::Loc;
use crate::module;
use crate::types::Type;

impl Verifier<'_, '_> {
    /// A module is one block without arguments.
    pub(super) fn module_block(&mut self, body: &Body, loc: &Loc) {
        let text = match body.blocks(body.root()) {
            [one] if body.args(*one).is_empty() => return,
            [_] => "takes no values".to_owned(),
            many => format!("has {} blocks, not one", many.len()),
        };
        self.report(Diagnostic::error("verify/arity", format!("'builtin.module' op {text}")).at(loc));
    }

    /// All attributes of modules belong to a dialect.
    pub(super) fn module_attributes(&mut self, attrs: &Attrs, loc: &Loc) {
        for (name, _) in attrs.iter().filter(|(name, _)| !name.contains('.') && &***name != "sym_visibility") {
            let text = format!("'builtin.module' op has an attribute '{name}' of no dialect");
            self.report(Diagnostic::error("verify/attribute", text).at(loc));
        }
    }

    pub(super) fn function(&mut self, op: &Operation) {
        if let Some(visibility) = op.attr("sym_visibility").and_then(Attr::as_str)
            && !matches!(visibility, "public" | "private" | "nested")
        {
            let text = format!("has visibility '{visibility}', which is none of 'public', 'private' and 'nested'");
            self.error(op, "verify/attribute", text);
        }
        let Some(ty) = module::function_type(op) else {
            return self.error(op, "verify/attribute", "attribute 'function_type' must be the type of a function");
        };
        for (name, count) in [("arg_attrs", ty.inputs.len()), ("res_attrs", ty.results.len())] {
            self.entry_attributes(op, name, count);
        }
        let Some(body) = op.body(0).filter(|b| b.has_entry()) else {
            if !matches!(op.attr("sym_visibility").and_then(Attr::as_str), Some("private" | "nested")) {
                self.error(op, "verify/function", "has no body, so it must be private");
            }
            return;
        };
        let args = body.args(body.entry()).iter().map(|v| body.ty(*v));
        if !args.eq(&ty.inputs) {
            self.error(op, "verify/function", "entry block arguments differ from the function type's inputs");
        }
    }

    /// `arg_attrs`, `res_attrs`: a list of attributes for each argument or result.
    fn entry_attributes(&mut self, op: &Operation, name: &str, count: usize) {
        let Some(all) = op.attr(name) else { return };
        let Some(all) = all.as_array().filter(|all| all.iter().all(|a| a.as_dict().is_some())) else {
            return self.error(op, "verify/attribute", format!("'{name}' must be a list of attributes for each value"));
        };
        if all.len() != count {
            let text = format!("'{name}' holds {} lists of attributes for {count} values", all.len());
            self.error(op, "verify/function", text);
        }
        for key in all.iter().filter_map(Attr::as_dict).flat_map(Attrs::iter).map(|(key, _)| key) {
            if !key.contains('.') {
                self.error(op, "verify/attribute", format!("'{name}' has an attribute '{key}' of no dialect"));
            }
        }
    }

    /// A `func.return` ends a block of a function, with values of the types of its results.
    pub(super) fn returned(&mut self, body: &Body, op: &Operation, parent: Option<&Operation>) {
        let Some(func) = parent.filter(|p| p.is::<builtin::Func>()) else {
            return self.error(op, "verify/function", "does not stand in a function");
        };
        let Some(ty) = module::function_type(func) else { return };
        let results = op.operands().iter().map(|v| body.ty(*v)).collect::<Vec<&Type>>();
        if results != ty.results.iter().collect::<Vec<_>>() {
            self.error(op, "verify/function", "returned types differ from the function type's results");
        }
    }
}
