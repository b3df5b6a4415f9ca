//! `fold-quant-dequant`: pairs that no operation needs are taken out again.

use ir::dialect::tfl;
use ir::{Body, Failed, OpId, Value};

use super::{pairs, rules};
use crate::pass::Cx;

crate::pass! {
    /// Folds quantize and dequantize operations.
    ///
    /// * a dequantize of a volatile quantize is the float value itself, except where the model's result is quantized;
    /// * a quantize of a dequantize of the same type is the stored value;
    /// * a quantize of a dequantize of another type is one requantization;
    /// * a dequantize of a constant that only float operations read is the float constant;
    /// * unused ones disappear.
    "fold-quant-dequant" = FoldQuantDequant on func {
        options: {},
        expects: TFL | PAIRS | QUANT, ensures: TFL | PAIRS | QUANT,
        before: r#"
            func.func @f(%x: tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4x!quant.uniform<i8:f32, 0.5>> {
              %0 = "tfl.dequantize"(%x) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4xf32>
              %1 = "tfl.quantize"(%0) <{qtype = tensor<4x!quant.uniform<i8:f32, 0.5>>}> : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5>>
              return %1 : tensor<4x!quant.uniform<i8:f32, 0.5>>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4x!quant.uniform<i8:f32, 0.5>> {
              return %x : tensor<4x!quant.uniform<i8:f32, 0.5>>
            }
        "#,
    }
}

impl FoldQuantDequant {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        while fold_once(body, cx) {}
        for op in body.walk() {
            body.op_mut(op).attrs.remove(pairs::VOLATILE);
        }
        Ok(())
    }
}

fn fold_once(body: &mut Body, cx: &mut Cx<'_>) -> bool {
    let mut changed = false;
    for op in body.walk().into_iter().rev() {
        if body.op(op).block().is_none() {
            continue;
        }
        let unused = body.op(op).results().iter().all(|v| body.uses(*v).is_empty());
        if unused && (rules::is_conversion(body.op(op)) || rules::is_constant(body.op(op))) {
            body.erase(op);
            changed = true;
        } else if body.op(op).is::<tfl::Dequantize>() && fold_dequantize(body, op) {
            cx.count("pairs folded");
            changed = true;
        } else if body.op(op).is::<tfl::Quantize>() && fold_quantize(body, op) {
            cx.count("requantizations folded");
            changed = true;
        }
    }
    changed
}

fn replace(body: &mut Body, op: OpId, with: Value) {
    let result = body.op(op).results()[0];
    body.replace_all_uses(result, with);
    body.erase(op);
}

/// `dequantize(quantize(x))` is `x`.
fn fold_dequantize(body: &mut Body, op: OpId) -> bool {
    let Some(q) = body.def_op(body.op(op).operands()[0]) else { return false };
    let quantize = body.op(q);
    if !quantize.is::<tfl::Quantize>() || quantize.attrs.get(pairs::VOLATILE).is_none() {
        return false;
    }
    let x = quantize.operands()[0];
    if !rules::is_float(body, x) {
        return false;
    }
    replace(body, op, x);
    true
}

/// `quantize(dequantize(q))` is `q`, or one requantization of it.
fn fold_quantize(body: &mut Body, op: OpId) -> bool {
    let Some(d) = body.def_op(body.op(op).operands()[0]) else { return false };
    if !body.op(d).is::<tfl::Dequantize>() {
        return false;
    }
    let stored = body.op(d).operands()[0];
    if body.ty(stored).elem().and_then(|e| e.quant()).is_none() {
        return false;
    }
    if body.ty(stored).elem() == body.ty(body.op(op).results()[0]).elem() {
        replace(body, op, stored);
    } else {
        body.set_operand(op, 0, stored);
    }
    true
}
