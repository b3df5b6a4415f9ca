//! `lower-for-int8`: operations without an int8 kernel become some that have one.

use ir::dialect::tfl;
use ir::{Attr, Body, Failed, OpRow, Tensor, Value};

use super::rewrite::{self, Rewriter, Rule, rule};
use super::rules::arith;
use crate::pass::Cx;
use crate::quant::rules::{FLOAT_REASON, LOWERED_FROM};

crate::pass! {
    /// Rewrites float operations that TFLite cannot compute on int8 values into others of the same value that it can.
    "lower-for-int8" = LowerForInt8 on func {
        options: {},
        expects: TFL, ensures: TFL,
        before: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
              %0 = "tfl.square"(%x) : (tensor<4xf32>) -> tensor<4xf32>
              return %0 : tensor<4xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
              %0 = "tfl.mul"(%x, %x) <{fused_activation_function = "NONE"}> {quant.lowered_from = "tfl.square"} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
              return %0 : tensor<4xf32>
            }
        "#,
    }
}

/// The rules. What they build has an int8 form and the same value in float32.
const RULES: &[Rule] = &[
    rule("sums of many", &[tfl::AddN::DEF], add_n),
    rule("squares", &[tfl::Square::DEF], square),
    rule("negations", &[tfl::Neg::DEF], neg),
    rule("powers", &[tfl::Pow::DEF], pow),
    rule("divisions by constants", &[tfl::Div::DEF], div),
];

impl LowerForInt8 {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        rewrite::run(body, &[RULES], cx);
        Ok(())
    }
}

/// The root's first operand, if it is float and the user does not keep the root float.
fn float_input(r: &Rewriter<'_>) -> Option<Value> {
    let kept = r.op().attrs.get(FLOAT_REASON).is_some();
    r.input(0).filter(|x| !kept && r.is_f32(*x))
}

/// An operation in place of the root, marked with what it computes instead.
fn emit<R: OpRow>(r: &mut Rewriter<'_>, row: &R, operands: &[Value]) -> Option<Value> {
    let lowered_from = Attr::str(r.op().name.as_str());
    let v = r.emit(row, operands)?;
    r.mark(v, LOWERED_FROM, lowered_from);
    Some(v)
}

/// A sum of many is a chain of sums of two, in the kernel's order.
fn add_n(r: &mut Rewriter<'_>) -> Option<Value> {
    let first = float_input(r)?;
    let operands = r.op().operands().to_vec();
    operands[1..].iter().try_fold(first, |sum, v| emit(r, &tfl::Add::default(), &[sum, *v]))
}

fn square(r: &mut Rewriter<'_>) -> Option<Value> {
    let x = float_input(r)?;
    emit(r, &tfl::Mul::default(), &[x, x])
}

fn neg(r: &mut Rewriter<'_>) -> Option<Value> {
    let x = float_input(r)?;
    let minus_one = r.new_constant(Tensor::f32(&[], vec![-1.0]));
    emit(r, &tfl::Mul::default(), &[x, minus_one])
}

/// A power of 2, 3 or 4 is a product.
fn pow(r: &mut Rewriter<'_>) -> Option<Value> {
    let x = float_input(r)?;
    let exponent = r.splat(r.input(1)?)?;
    if !arith::keeps_shape(r, x, r.input(1)?) {
        return None;
    }
    let square = |r: &mut Rewriter<'_>, v: Value| emit(r, &tfl::Mul::default(), &[v, v]);
    match exponent {
        2.0 => square(r, x),
        3.0 => {
            let s = square(r, x)?;
            emit(r, &tfl::Mul::default(), &[s, x])
        }
        4.0 => {
            let s = square(r, x)?;
            square(r, s)
        }
        _ => None,
    }
}

fn div(r: &mut Rewriter<'_>) -> Option<Value> {
    float_input(r)?;
    arith::div_by_constant(r)
}
