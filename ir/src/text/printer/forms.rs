//! The operations that are written in their short form.

use super::{Entry, Printer};
use crate::attr::{Attr, Attrs};
use crate::body::{Body, Operation};
use crate::dialect::{arith, builtin};
use crate::module::{self, Module};
use crate::types::Type;

impl Printer {
    /// Writes an operation in its short form, if it has one that says everything.
    pub(super) fn short_form(&mut self, body: &Body, op: &Operation) -> bool {
        if op.is::<builtin::Func>() {
            self.func(op)
        } else if op.is::<builtin::Return>() {
            self.return_(body, op)
        } else if op.is::<arith::Constant>() {
            self.constant(body, op)
        } else if op.is::<builtin::ModuleOp>() {
            self.nested_module(body, op)
        } else {
            false
        }
    }

    /// `module @name attributes {…} {…}`
    pub(super) fn module(&mut self, module: &Module) {
        let name = module.name.as_deref();
        if self.options.generic {
            let props = name.map(|n| (std::sync::Arc::from("sym_name"), Attr::str(n))).into_iter().collect::<Attrs>();
            self.w.push("\"builtin.module\"()");
            if !props.is_empty() {
                self.w.push(" <");
                self.w.dict(&props);
                self.w.out.push('>');
            }
            self.w.push(" (");
            self.module_body(&module.body, Entry::Labelled);
            self.w.out.push(')');
            self.attributes(" ", &module.attrs);
            self.w.push(" : () -> ()");
        } else {
            self.module_header(name, &module.attrs);
            self.module_body(&module.body, Entry::Bare);
        }
        self.location(&module.loc);
    }

    fn module_header(&mut self, name: Option<&str>, attrs: &Attrs) {
        self.w.push("module ");
        if let Some(name) = name {
            self.w.symbol(name);
            self.w.out.push(' ');
        }
        if !attrs.is_empty() {
            self.attributes("attributes ", attrs);
            self.w.out.push(' ');
        }
    }

    fn module_body(&mut self, body: &Body, entry: Entry) {
        let outer = std::mem::replace(&mut self.names, super::Names::of(body));
        self.blocks(body, body.root(), entry);
        self.names = outer;
    }

    fn nested_module(&mut self, body: &Body, op: &Operation) -> bool {
        let plain = op.operands().is_empty() && op.results().is_empty() && op.successors.is_empty();
        let [region] = &op.regions[..] else { return false };
        let named = op.props.iter().all(|(name, value)| &**name == "sym_name" && value.as_str().is_some());
        if !plain || !named {
            return false;
        }
        self.module_header(module::sym_name(op), &op.attrs);
        let outer = std::mem::replace(&mut self.in_func, false);
        self.region(body, region, Entry::Bare);
        self.in_func = outer;
        true
    }

    /// `func.func private @name(%arg0: type {…}) -> (type {…}) attributes {…} {…}`
    fn func(&mut self, op: &Operation) -> bool {
        let Some(f) = Signature::of(op) else { return false };
        self.w.push("func.func ");
        if let Some(v) = f.visibility {
            self.w.push(v);
            self.w.out.push(' ');
        }
        self.w.symbol(f.name);
        self.w.out.push('(');
        let outer = std::mem::replace(&mut self.names, super::Names::of(f.body));
        for (i, ty) in f.inputs.iter().enumerate() {
            if i > 0 {
                self.w.push(", ");
            }
            let arg = f.body.has_entry().then(|| f.body.args(f.body.entry())[i]);
            if let Some(v) = arg {
                self.names.write(&mut self.w, v);
                self.w.push(": ");
            }
            self.w.ty(ty);
            self.entry_attributes(f.arg_attrs, i);
            if let Some(v) = arg {
                self.location(f.body.loc(v));
            }
        }
        self.w.out.push(')');
        self.func_results(&f);
        self.attributes(" attributes ", &op.attrs);
        if f.body.has_entry() {
            self.w.out.push(' ');
            let outer = std::mem::replace(&mut self.in_func, true);
            self.blocks(f.body, f.body.root(), Entry::Bare);
            self.in_func = outer;
        }
        self.names = outer;
        true
    }

    fn func_results(&mut self, f: &Signature<'_>) {
        if f.results.is_empty() {
            return;
        }
        self.w.push(" -> ");
        let attributes = (0..f.results.len()).any(|i| entry(f.res_attrs, i).is_some());
        match f.results {
            [one] if !attributes && !matches!(one, Type::Function(_)) => self.w.ty(one),
            all => {
                self.w.out.push('(');
                for (i, ty) in all.iter().enumerate() {
                    if i > 0 {
                        self.w.push(", ");
                    }
                    self.w.ty(ty);
                    self.entry_attributes(f.res_attrs, i);
                }
                self.w.out.push(')');
            }
        }
    }

    fn entry_attributes(&mut self, attrs: Option<&[Attr]>, i: usize) {
        if let Some(d) = entry(attrs, i) {
            self.attributes(" ", d);
        }
    }

    /// `return %0 : type`
    fn return_(&mut self, body: &Body, op: &Operation) -> bool {
        let bare = op.props.is_empty() && op.regions.is_empty() && op.successors.is_empty() && op.results().is_empty();
        if !bare {
            return false;
        }
        self.w.push(if self.in_func { "return" } else { "func.return" });
        self.attributes(" ", &op.attrs);
        if !op.operands().is_empty() {
            self.w.out.push(' ');
            self.values(op.operands());
            self.w.push(" : ");
            self.types(body, op.operands());
        }
        true
    }

    /// `arith.constant dense<…> : type`
    fn constant(&mut self, body: &Body, op: &Operation) -> bool {
        let bare = op.operands().is_empty() && op.regions.is_empty() && op.successors.is_empty() && op.props.len() == 1;
        let (Some(value), Some(result)) = (op.props.get("value"), op.result()) else { return false };
        if !bare || type_of(value).as_ref() != Some(body.ty(result)) {
            return false;
        }
        self.w.push("arith.constant ");
        if !op.attrs.is_empty() {
            self.w.dict(&op.attrs);
            self.w.out.push(' ');
        }
        self.w.attr(value);
        true
    }
}

/// The type that stands in the text of a constant.
fn type_of(value: &Attr) -> Option<Type> {
    Some(match value {
        Attr::Bool(_) => Type::Scalar(crate::types::Elem::BOOL),
        Attr::Int(_, e) | Attr::Float(_, e) => Type::Scalar(e.clone()),
        Attr::Dense(t) | Attr::Resource(_, t) if t.ty().elem.quant().is_none() => Type::Tensor(t.ty().clone()),
        Attr::Elided(t) => t.clone(),
        _ => return None,
    })
}

fn entry(attrs: Option<&[Attr]>, i: usize) -> Option<&Attrs> {
    attrs?.get(i)?.as_dict().filter(|d| !d.is_empty())
}

/// A function whose properties all have a place in the short form.
struct Signature<'o> {
    name: &'o str,
    visibility: Option<&'o str>,
    inputs: &'o [Type],
    results: &'o [Type],
    arg_attrs: Option<&'o [Attr]>,
    res_attrs: Option<&'o [Attr]>,
    body: &'o Body,
}

impl<'o> Signature<'o> {
    fn of(op: &'o Operation) -> Option<Signature<'o>> {
        const SAID: [&str; 5] = ["arg_attrs", "function_type", "res_attrs", "sym_name", "sym_visibility"];
        let plain = op.operands().is_empty() && op.results().is_empty() && op.successors.is_empty();
        if !plain || op.regions.len() != 1 || !op.props.iter().all(|(name, _)| SAID.contains(&&**name)) {
            return None;
        }
        let ty = module::function_type(op)?;
        let dicts = |name: &str, count: usize| match op.props.get(name) {
            None => Some(None),
            Some(a) => {
                // A list of nothing has no place in the short form.
                let all = a.as_array().filter(|a| a.len() == count && a.iter().all(|d| d.as_dict().is_some()))?;
                all.iter().any(|d| d.as_dict().is_some_and(|d| !d.is_empty())).then_some(Some(all))
            }
        };
        let visibility = match op.props.get("sym_visibility") {
            None => None,
            Some(v) => Some(v.as_str().filter(|v| ["public", "private", "nested"].contains(v))?),
        };
        let body = op.body(0)?;
        if body.has_entry() {
            let args = body.args(body.entry()).iter().map(|v| body.ty(*v));
            if !args.eq(&ty.inputs) {
                return None;
            }
        }
        Some(Signature {
            name: module::sym_name(op)?,
            visibility,
            inputs: &ty.inputs,
            results: &ty.results,
            arg_attrs: dicts("arg_attrs", ty.inputs.len())?,
            res_attrs: dicts("res_attrs", ty.results.len())?,
            body,
        })
    }
}
