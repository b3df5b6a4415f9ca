//! What the int8 scheme asks of an operation, read from its row and from what the user asked for.

use ir::dialect::tfl;
use ir::{Attr, Body, DynamicRule, Elem, OpId, Operation, QuantRule, Value};

/// The attribute that keeps an operation float: `"kept by --keep-float"` and the like.
pub const FLOAT_REASON: &str = "quant.float_reason";

/// The attribute of an operation that stands for another one without int8 form: that one's name.
pub const LOWERED_FROM: &str = "quant.lowered_from";

/// Whether a value is a float32 tensor.
pub fn is_float(body: &Body, v: Value) -> bool {
    body.ty(v).elem() == Some(&Elem::F32)
}

/// Whether an operation takes or makes float32 tensors.
pub fn touches_float(body: &Body, op: &Operation) -> bool {
    op.operands().iter().chain(op.results()).any(|v| is_float(body, *v))
}

/// The int8 rule of an operation; `Float` if the user keeps it float or it would not be safe.
pub fn rule(body: &Body, op: &Operation) -> QuantRule {
    if float_reason(body, op).is_some() {
        return QuantRule::Float;
    }
    op.name.def().map_or(QuantRule::Float, |d| d.quant)
}

/// Why an operation has no int8 form here; `None` if it has one.
pub fn float_reason(body: &Body, op: &Operation) -> Option<String> {
    if let Some(reason) = op.attrs.get(FLOAT_REASON).and_then(Attr::as_str) {
        return Some(reason.to_owned());
    }
    let Some(def) = op.name.def() else { return Some("it is unknown to the int8 scheme".into()) };
    if def.quant == QuantRule::Float {
        return Some("TFLite has no int8 kernel for it".into());
    }
    if op.is::<tfl::Div>() && !divisor_excludes_zero(body, op) {
        return Some("its divisor may be zero, which stops the int8 kernel".into());
    }
    None
}

/// Whether the divisor is a constant whose int8 form holds no zero.
fn divisor_excludes_zero(body: &Body, op: &Operation) -> bool {
    let Some(divisor) = op.operands().get(1).and_then(|v| body.constant(*v)).and_then(|t| t.as_f32()) else {
        return false;
    };
    let largest = divisor.iter().fold(0f32, |m, v| m.max(v.abs()));
    divisor.iter().all(|v| v.abs() > largest / 100.0)
}

/// Whether all float operands and results must share their parameters.
pub fn same_scale(body: &Body, op: &Operation) -> bool {
    rule(body, op) == QuantRule::SameScale
}

/// The operand whose parameters follow from others: the bias.
pub fn bias_operand(rule: QuantRule) -> Option<usize> {
    match rule {
        QuantRule::Weighted { bias, .. } => bias,
        _ => None,
    }
}

/// The weight operand and the axis of its per-channel scales.
pub fn weight_operand(rule: QuantRule) -> Option<(usize, Option<usize>)> {
    match rule {
        QuantRule::Weighted { weight, axis, .. } => Some((weight, axis)),
        _ => None,
    }
}

/// The dynamic-range rule of an operation, `Float` if the user keeps it float.
pub fn dynamic(op: &Operation) -> DynamicRule {
    if op.attrs.get(FLOAT_REASON).is_some() {
        return DynamicRule::Float;
    }
    op.name.def().map_or(DynamicRule::Float, |d| d.dynamic)
}

/// Whether an operation converts between real and stored values, and so is no float operation itself. The cast of an integer image states
/// its values, as a dequantize operation does.
pub fn is_conversion(op: &Operation) -> bool {
    op.is::<tfl::Quantize>() || op.is::<tfl::Dequantize>() || op.is::<tfl::Cast>()
}

/// Whether an operation makes a constant.
pub fn is_constant(op: &Operation) -> bool {
    op.name.def().is_some_and(ir::OpDef::is_constant)
}

/// Whether an operation is an operator of a file. Constants, what ends a region and what orders operators are none.
pub fn is_operator(op: &Operation) -> bool {
    op.name.def().is_some_and(|d| d.builtin.is_some() || d.custom.is_some())
}

/// The `tfl` operators that compute in float: they take or make float32 and are no conversions.
pub fn float_ops(body: &Body) -> Vec<OpId> {
    body.walk()
        .into_iter()
        .filter(|id| {
            let op = body.op(*id);
            let tfl = op.name.def().is_some_and(|d| d.dialect() == "tfl");
            tfl && is_operator(op) && !is_conversion(op) && touches_float(body, op)
        })
        .collect()
}
