//! `canonicalize`: what can be said shorter without knowing what the graph computes.

use ir::dialect::tfl::*;
use ir::{Body, Failed, OpRow};

use super::rewrite::{self, Rule, rule};
use super::rules::{arith, shape};
use crate::pass::Cx;

crate::pass! {
    /// Folds constants, removes unused operations, and simplifies arithmetic and views.
    ///
    /// Constants go to the right of commutative operations. Views of views become one; what only moves dimensions of size 1 becomes a reshape.
    "canonicalize" = Canonicalize on func {
        options: {},
        expects: ANY, ensures: ANY,
        before: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
              %zero = arith.constant dense<0.0> : tensor<f32>
              %0 = "tfl.add"(%x, %zero) <{fused_activation_function = "NONE"}> : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
              return %0 : tensor<4xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
              return %x : tensor<4xf32>
            }
        "#,
    }
}

/// The rules. Each leaves fewer operations or a form that others look for.
pub(super) const RULES: &[Rule] = &[
    rule("constants to the right", COMMUTATIVE, arith::constant_right),
    rule("x + 0, x - 0", &[Add::DEF, Sub::DEF], arith::zero_right),
    rule("x * 1, x / 1", &[Mul::DEF, Div::DEF], arith::one_right),
    rule("max(x, -inf), min(x, inf)", &[Maximum::DEF, Minimum::DEF], arith::infinite_bound),
    rule("-(-x)", &[Neg::DEF], arith::neg_of_neg),
    rule("known choices", &[Select::DEF, SelectV2::DEF], arith::known_choice),
    rule("masks of ones", &[Mul::DEF], arith::mask_of_ones),
    rule("views without effect", &[Reshape::DEF, Cast::DEF], shape::same_type),
    rule("views without effect", &[BroadcastTo::DEF, Tile::DEF], shape::repeated_once),
    rule("reshapes of reshapes", &[Reshape::DEF], shape::reshape_of_reshape),
    rule("known shapes", &[Reshape::DEF], shape::known_shape),
    rule("squeezes to reshapes", &[Squeeze::DEF, ExpandDims::DEF], shape::squeeze),
    rule("transposes of transposes", &[Transpose::DEF], shape::transpose_of_transpose),
    rule("transposes of units", &[Transpose::DEF], shape::transpose_of_units),
    rule("reductions of units", REDUCTIONS, shape::reduce_of_units),
    rule("reductions that keep dimensions", &[Reshape::DEF], shape::reduction_that_keeps),
    rule("full slices", &[Slice::DEF], shape::full_slice),
    rule("full slices", &[StridedSlice::DEF], shape::full_strided_slice),
    rule("concatenations of one", &[Concatenation::DEF], shape::concatenation_of_one),
    rule("pads by nothing", &[Pad::DEF, PadV2::DEF, MirrorPad::DEF], shape::pad_by_nothing),
];

const COMMUTATIVE: &[&ir::OpDef] = &[
    Add::DEF,
    Mul::DEF,
    Maximum::DEF,
    Minimum::DEF,
    SquaredDifference::DEF,
    Equal::DEF,
    NotEqual::DEF,
    LogicalAnd::DEF,
    LogicalOr::DEF,
];

const REDUCTIONS: &[&ir::OpDef] =
    &[Mean::DEF, Sum::DEF, ReduceMax::DEF, ReduceMin::DEF, ReduceProd::DEF, ReduceAny::DEF, ReduceAll::DEF];

impl Canonicalize {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        rewrite::run(body, &[RULES], cx);
        Ok(())
    }
}
