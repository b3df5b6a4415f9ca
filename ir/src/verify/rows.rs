//! What rows state: how many values of which elements, and which attributes.

use super::others::CLOSED;
use super::{RuntimeRules, Verifier};
use crate::body::{Body, Operation, Value};
use crate::infer;
use crate::op::{Arity, OpDef, ValueDef};
use crate::rules::{OpCx, Rule, are_alike, compatible, sizes};
use crate::types::{Elem, Type};

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
        let fixed = defs.iter().filter(|d| d.arity != Arity::Variadic).count();
        let variadic = defs.iter().any(|d| d.arity == Arity::Variadic);
        let most = if variadic { usize::MAX } else { defs.len() };
        if given.len() < fixed || given.len() > most {
            let n = if fixed == most { fixed.to_string() } else { format!("{fixed} or more") };
            self.error(op, "verify/arity", format!("takes {n} {what}s, but {} are given", given.len()));
            return false;
        }
        for (i, v) in given.iter().enumerate() {
            let Some(def) = defs.get(i).or_else(|| defs.iter().find(|d| d.arity == Arity::Variadic)) else { continue };
            let (ty, absent) = (body.ty(*v), def.arity == Arity::Optional && *body.ty(*v) == Type::None);
            if absent || def.elems.has(ty) {
                continue;
            }
            if ty.as_tensor().is_none() {
                self.error(op, "verify/type", format!("{what} #{i} (`{}`) must be a tensor, not {ty}", def.name));
            } else {
                let text = format!("{what} #{i} (`{}`) is of a type it does not take", def.name);
                self.unfit(op, &op.loc, "verify/elem", text);
            }
        }
        true
    }

    /// Operations of upstream's dialects have no regions and no successors, unless their rows say so.
    pub(super) fn places(&mut self, op: &Operation, def: &OpDef) {
        if !CLOSED.contains(&def.dialect()) {
            return;
        }
        let stated = |r: &Rule| matches!(r, Rule::Regions(_) | Rule::AnyRegions | Rule::SomeRegions);
        if !op.regions.is_empty() && !def.rules.iter().any(stated) {
            self.error(op, "verify/arity", format!("must have no regions, not {}", op.regions.len()));
        }
        if !op.successors.is_empty() && def.dialect() != "cf" {
            self.error(op, "verify/successor", "has no successors");
        }
    }

    /// What holds between operands, results and attributes. Whether all of it does.
    pub(super) fn rules(&mut self, body: &Body, op: &Operation, def: &OpDef) -> bool {
        self.keeps(op, def.rules, OpCx { body, op })
    }

    /// Whether an operation keeps rules. What upstream alone asks is asked of texts, which upstream reads too: of a file that runtimes compute,
    /// it is not.
    pub(super) fn keeps(&mut self, op: &Operation, rules: &[Rule], cx: OpCx<'_>) -> bool {
        let (is_text, mut all) = (self.runtime == RuntimeRules::Warned, true);
        for rule in rules.iter().filter(|r| is_text || r.is_structure()) {
            if let Err(text) = rule.check(&cx) {
                self.error(op, rule.code(), text);
                all = false;
            }
        }
        all
    }

    /// Results are what operands and attributes give: in every dimension that is known both ways, and of elements of the same kind.
    pub(super) fn inferred(&mut self, body: &Body, op: &Operation, def: &OpDef) {
        if def.infer.is_none() {
            return;
        }
        // Operands that do not fit each other may be so because a constant became known, of which no pass is guilty.
        let Ok(types) = infer::infer(body, def, &op.props, op.operands()) else { return };
        let strict = def.rules.iter().any(|r| matches!(r, Rule::Inferred));
        for (i, (v, inferred)) in op.results().iter().zip(&types).enumerate() {
            let (Some(declared), Some(given)) = (body.tensor_ty(*v), inferred.as_tensor()) else { continue };
            if !same_kind(&declared.elem, &given.elem) {
                let [declared, given] = [declared, given].map(|t| Type::Scalar(t.elem.clone()));
                let text = format!("result #{i} is declared with elements {declared}, but its operands give {given}");
                self.unfit(op, &op.loc, "verify/elem", text);
            }
            let (Some(declared), Some(given)) = (&declared.shape, &given.shape) else { continue };
            if compatible(declared, given) {
                continue;
            }
            let (declared, given) = (sizes(declared), sizes(given));
            let text = format!("result #{i} is declared with shape {declared}, but its operands give {given}");
            match strict {
                true => self.error(op, "verify/shape", text),
                false => self.unfit(op, &op.loc, "verify/shape", text),
            }
        }
    }

    /// Whether attributes are there, and of their kinds.
    pub(super) fn attributes(&mut self, op: &Operation, def: &OpDef) -> bool {
        let mut all = true;
        for a in def.attrs {
            match op.attr(a.name) {
                Some(value) if !(a.check)(value) => {
                    self.error(op, "verify/attribute", format!("attribute '{}' must be {}", a.name, a.kind));
                    all = false;
                }
                None if !a.optional => {
                    self.error(op, "verify/attribute", format!("requires attribute '{}'", a.name));
                    all = false;
                }
                _ => {}
            }
        }
        all
    }
}

/// Whether elements are alike as far as an inference knows: of which width integers are, and whether a kernel makes floats of quantized
/// values, it does not say.
fn same_kind(declared: &Elem, inferred: &Elem) -> bool {
    let whole = |e: &Elem| matches!(e, Elem::Int(width, _) if *width > 1);
    let real = |e: &Elem| e.is_float() || matches!(e, Elem::Quant(_));
    are_alike(declared, inferred)
        || (whole(declared) && whole(inferred))
        || (real(declared) && real(inferred))
        || matches!((declared, inferred), (Elem::Quant(_), e) | (e, Elem::Quant(_)) if whole(e))
}
