//! What rows state: how many values of which elements, and which attributes.

use super::Verifier;
use crate::body::{Body, Operation, Value};
use crate::infer;
use crate::op::{Arity, OpDef, ValueDef};
use crate::types::{Dim, Type};

impl Verifier<'_, '_> {
    /// Whether there are as many values as there may be.
    pub(super) fn values(
        &mut self,
        body: &Body,
        op: &Operation,
        defs: &[ValueDef],
        given: &[Value],
        what: &str,
    ) -> bool {
        let fixed = defs.iter().filter(|d| d.arity == Arity::One).count();
        let variadic = defs.iter().any(|d| d.arity == Arity::Variadic);
        let most = if variadic { usize::MAX } else { defs.len() };
        if given.len() < fixed || given.len() > most {
            let n = if fixed == most { fixed.to_string() } else { format!("{fixed} or more") };
            self.error(op, "verify/arity", format!("takes {n} {what}s, but {} are given", given.len()));
            return false;
        }
        for (i, v) in given.iter().enumerate() {
            let Some(def) = defs.get(i).or_else(|| defs.iter().find(|d| d.arity == Arity::Variadic)) else { continue };
            let absent = def.arity == Arity::Optional && *body.ty(*v) == Type::None;
            if !absent && !def.elems.has(body.ty(*v)) {
                let text = format!("{what} #{i} (`{}`) is of a type it does not take", def.name);
                self.unfit(op, &op.loc, "verify/elem", text);
            }
        }
        true
    }

    /// Results have the shapes that operands and attributes give, in every dimension that is known both ways.
    pub(super) fn inferred(&mut self, body: &Body, op: &Operation, def: &OpDef) {
        if def.infer.is_none() {
            return;
        }
        let Ok(types) = infer::infer(body, def, &op.props, op.operands()) else { return };
        for (i, (v, inferred)) in op.results().iter().zip(&types).enumerate() {
            let shapes = (body.tensor_ty(*v).and_then(|t| t.shape.as_ref()), inferred.as_tensor());
            let (Some(declared), Some(Some(given))) = (shapes.0, shapes.1.map(|t| t.shape.as_ref())) else { continue };
            let fits = |(a, b): (&Dim, &Dim)| a.is_none() || b.is_none() || a == b;
            if declared.len() != given.len() || !declared.iter().zip(given).all(fits) {
                let text = format!(
                    "result #{i} is declared with shape {}, but its operands give {}",
                    sizes(declared),
                    sizes(given)
                );
                self.unfit(op, &op.loc, "verify/shape", text);
            }
        }
    }

    pub(super) fn attributes(&mut self, op: &Operation, def: &OpDef) {
        for a in def.attrs {
            match op.attr(a.name) {
                Some(value) if !(a.check)(value) => {
                    self.error(op, "verify/attribute", format!("attribute '{}' must be {}", a.name, a.kind));
                }
                None if !a.optional => {
                    self.error(op, "verify/attribute", format!("requires attribute '{}'", a.name));
                }
                _ => {}
            }
        }
    }
}

/// `1x?x3`, as types write it; `scalar` without dimensions.
fn sizes(shape: &[Dim]) -> String {
    let sizes: Vec<String> = shape.iter().map(|d| d.map_or("?".to_owned(), |n| n.to_string())).collect();
    if sizes.is_empty() { "scalar".to_owned() } else { sizes.join("x") }
}
