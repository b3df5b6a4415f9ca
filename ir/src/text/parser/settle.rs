//! What the row of an operation makes of what was read.

use super::{Parser, Result};
use crate::attr::Attr;
use crate::body::OpSpec;
use crate::dialect::tfl;
use crate::op::{OpDef, OpRow};
use crate::tensor::Tensor;
use crate::types::{Elem, Type};

/// Properties that upstream fills in where a text leaves them out, with the defaults of their rows.
const FILLED: &[(&str, &str)] = &[("tfl.basic_lstm", "fused_activation_function")];

impl Parser<'_, '_> {
    /// Puts attributes where the row has them, and gives quantized constants their type.
    pub(super) fn settle(&mut self, pos: usize, spec: &mut OpSpec) -> Result<()> {
        let Some(def) = spec.name.def() else { return Ok(()) };
        // Upstream has no properties for operations it carries whole.
        if !matches!(def.dialect(), "tf" | "tf_saved_model") {
            for a in def.attrs {
                let Some(value) = spec.attrs.remove(a.name) else { continue };
                if spec.props.set(a.name, value).is_some() {
                    return Err(self.syntax(pos, format!("attribute '{}' is given twice", a.name)));
                }
            }
        }
        fill(def, spec);
        if def == tfl::PseudoQConst::DEF
            && let (Some(Attr::Type(qtype)), Some(value)) = (spec.props.get("qtype"), spec.props.get("value"))
            && let Some(value) = quantized(qtype, value)
        {
            spec.props.set("value", value);
        }
        Ok(())
    }
}

/// Gives an operation the properties of [`FILLED`] that it lacks.
fn fill(def: &OpDef, spec: &mut OpSpec) {
    for a in def.attrs.iter().filter(|a| FILLED.contains(&(def.name, a.name))) {
        if spec.props.get(a.name).is_none()
            && let Some(value) = (a.default)()
        {
            spec.props.set(a.name, value);
        }
    }
}

/// The stored integers of a constant under the quantized type it has.
fn quantized(qtype: &Type, value: &Attr) -> Option<Attr> {
    let Type::Tensor(ty) = qtype else { return None };
    let q = ty.elem.quant()?;
    let retype = |t: &Tensor| -> Option<Tensor> {
        let fits = t.ty().shape == ty.shape && matches!(t.ty().elem, Elem::Int(w, _) if w == q.width);
        if fits { t.retyped(ty.clone()).ok() } else { None }
    };
    match value {
        Attr::Dense(t) => retype(t).map(Attr::Dense),
        Attr::Resource(key, t) => retype(t).map(|t| Attr::Resource(key.clone(), t)),
        _ => None,
    }
}
