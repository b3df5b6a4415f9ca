//! `quantize-ops`: operations between pairs compute on stored values.

use ir::dialect::tfl;
use ir::{At, Attr, Body, Builder, Failed, OpId, QuantRule, Type, Value};

use super::{params, rules};
use crate::pass::Cx;

crate::pass! {
    /// Rewrites every operation all of whose float operands are dequantized and all of whose float results are quantized at once.
    ///
    /// Constants in front of a quantize become `tfl.pseudo_qconst`. An operation that stays float gets its reason as attribute
    /// `quant.float_reason`.
    "quantize-ops" = QuantizeOps on func {
        options: {},
        expects: TFL | PAIRS, ensures: TFL | PAIRS | QUANT,
        before: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
              %0 = "tfl.quantize"(%x) <{qtype = tensor<4x!quant.uniform<i8:f32, 0.5>>}> : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5>>
              %1 = "tfl.dequantize"(%0) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4xf32>
              %2 = "tfl.relu"(%1) : (tensor<4xf32>) -> tensor<4xf32>
              %3 = "tfl.quantize"(%2) <{qtype = tensor<4x!quant.uniform<i8:f32, 0.5>>}> : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5>>
              %4 = "tfl.dequantize"(%3) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4xf32>
              return %4 : tensor<4xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
              %0 = "tfl.quantize"(%x) <{qtype = tensor<4x!quant.uniform<i8:f32, 0.5>>}> : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5>>
              %1 = "tfl.dequantize"(%0) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4xf32>
              %2 = "tfl.relu"(%0) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4x!quant.uniform<i8:f32, 0.5>>
              %3 = "tfl.dequantize"(%2) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4xf32>
              return %3 : tensor<4xf32>
            }
        "#,
    }
}

impl QuantizeOps {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        fold_constants(body, cx);
        for op in rules::float_ops(body) {
            match missing(body, op) {
                None => {
                    rewrite(body, op);
                    cx.count("operations quantized");
                }
                Some(reason) => {
                    body.op_mut(op).attrs.set(rules::FLOAT_REASON, Attr::str(reason));
                    cx.count("operations left float");
                }
            }
        }
        Ok(())
    }
}

/// `quantize(constant)` becomes a quantized constant.
pub(super) fn fold_constants(body: &mut Body, cx: &mut Cx<'_>) {
    for op in body.walk() {
        if !body.op(op).is::<tfl::Quantize>() {
            continue;
        }
        let (input, output) = (body.op(op).operands()[0], body.op(op).results()[0]);
        let Some(ty) = body.ty(output).elem().and_then(|e| e.quant()).cloned() else { continue };
        let Some(stored) = body.constant(input).and_then(|t| params::quantize(t, &ty)) else { continue };
        let loc = body.loc(input).clone();
        let value = Builder::new(body, At::Before(op), loc).constant(stored);
        body.replace_all_uses(output, value);
        body.erase(op);
        cx.count("constants quantized");
    }
}

/// Why an operation cannot compute on stored values; `None` if it can.
fn missing(body: &Body, op: OpId) -> Option<String> {
    let o = body.op(op);
    if let Some(reason) = rules::float_reason(body, o) {
        return Some(reason);
    }
    debug_assert_ne!(rules::rule(body, o), QuantRule::Float);
    for v in o.operands().iter().filter(|v| rules::is_float(body, **v)) {
        if stored_of(body, *v).is_none() {
            return Some(format!("its operand {} has no range", name(body, *v)));
        }
    }
    for v in o.results().iter().filter(|v| rules::is_float(body, **v)) {
        if super::pairs::quantized_to(body, *v).is_none() {
            return Some("its result has no range".into());
        }
    }
    None
}

fn name(body: &Body, v: Value) -> String {
    body.loc(v).node().map_or_else(|| "(unnamed)".into(), |n| format!("`{n}`"))
}

/// The stored value behind a dequantize.
fn stored_of(body: &Body, v: Value) -> Option<Value> {
    let def = body.op(body.def_op(v)?);
    (def.is::<tfl::Dequantize>()).then(|| def.operands()[0])
}

fn rewrite(body: &mut Body, op: OpId) {
    for (i, v) in body.op(op).operands().to_vec().into_iter().enumerate() {
        if rules::is_float(body, v)
            && let Some(stored) = stored_of(body, v)
        {
            body.set_operand(op, i, stored);
        }
    }
    for v in body.op(op).results().to_vec() {
        if !rules::is_float(body, v) {
            continue;
        }
        let user = body.uses(v)[0];
        let quantized = body.op(user).results()[0];
        let ty: Type = body.ty(quantized).clone();
        body.replace_all_uses(quantized, v);
        body.erase(user);
        body.set_ty(v, ty);
    }
}
