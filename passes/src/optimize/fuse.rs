//! `optimize`: operations that a kernel computes together become one.

use ir::dialect::tfl::*;
use ir::{Body, Diagnostic, Failed, OpRow};

use super::canonicalize;
use super::rewrite::{self, Rule, rule};
use super::rules::{activation, affine, arith, gelu, matmul, normalize, padding, shape, transpose};
use crate::pass::Cx;

crate::pass! {
    /// Fuses operations: activations, biases and factors into the operations in front, and patterns into the operation they spell out.
    ///
    /// Runs together with the rules of `canonicalize`. An operation that only exists to be fused and was not is an error.
    "optimize" = Optimize on func {
        options: {},
        expects: PATTERN | TFL, ensures: TFL,
        before: r#"
            func.func @f(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
              %0 = "tfl.add"(%x, %y) <{fused_activation_function = "NONE"}> : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
              %1 = "tfl.relu"(%0) : (tensor<4xf32>) -> tensor<4xf32>
              return %1 : tensor<4xf32>
            }
        "#,
        after: r#"
            func.func @f(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
              %0 = "tfl.add"(%x, %y) <{fused_activation_function = "RELU"}> : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
              return %0 : tensor<4xf32>
            }
        "#,
    }
}

/// The rules. Of those that start at one operation the first that applies wins, patterns that take in several operations before others.
const RULES: &[Rule] = &[
    rule("leaky_relu", &[Maximum::DEF], activation::leaky_relu_from_max).benefit(2),
    rule("leaky_relu", &[Select::DEF, SelectV2::DEF], activation::leaky_relu_from_select).benefit(2),
    rule("relu", &[Maximum::DEF], activation::relu_from_max),
    rule("relu6", &[Minimum::DEF], activation::relu6_from_min),
    rule("relu6", &[Relu::DEF], activation::relu6_from_relu),
    rule("relu_n1_to_1", &[Minimum::DEF, Maximum::DEF], activation::relu_n1_to_1),
    rule("prelu", &[Add::DEF, Sub::DEF], activation::prelu).benefit(2),
    rule("logistic", &[Div::DEF], activation::logistic).benefit(2),
    rule("hard_swish", &[Mul::DEF], activation::hard_swish).benefit(2),
    rule("gelu", &[Mul::DEF], gelu::gelu).benefit(2),
    rule("softmax", &[Div::DEF], normalize::softmax).benefit(2),
    rule("l2_normalization", &[Mul::DEF, Div::DEF], normalize::l2_normalization).benefit(2),
    rule("one_hot", &[Cast::DEF], shape::one_hot).benefit(2),
    rule("rsqrt", &[Div::DEF], arith::rsqrt),
    rule("division to product", &[Div::DEF], arith::div_by_constant),
    rule("sums of constants", &[Add::DEF], arith::add_of_add),
    rule("constants into weights and biases", &[Add::DEF, Sub::DEF, Mul::DEF], affine::fold_behind),
    rule(
        "constants into weights and biases",
        &[Conv2D::DEF, DepthwiseConv2D::DEF, FullyConnected::DEF],
        affine::fold_in_front,
    ),
    rule("constants through reshapes", &[Add::DEF, Sub::DEF, Mul::DEF], affine::constant_through_reshape),
    rule("activations fused", &[Relu::DEF, Relu6::DEF, Relu1::DEF], activation::fuse),
    rule("signs into weights and biases", &[Neg::DEF], affine::neg_behind),
    rule("activations through reshapes", &[Relu::DEF, Relu6::DEF, Relu1::DEF, Neg::DEF], affine::unary_through_reshape),
    rule("pads to SAME", &[Conv2D::DEF, DepthwiseConv2D::DEF], padding::pad_to_same),
    rule("blocks to dilation", &[BatchToSpaceNd::DEF], padding::dilation),
    rule("transposes into batch_matmul", &[BatchMatMul::DEF], matmul::transposed_operand),
    rule("batch_matmul to fully_connected", &[BatchMatMul::DEF], matmul::constant_matrix_right),
    rule("batch_matmul to fully_connected", &[BatchMatMul::DEF], matmul::constant_matrix_left),
    rule("reshapes around fully_connected", &[Reshape::DEF], matmul::keep_dims),
    rule("reshapes around fully_connected", &[FullyConnected::DEF], matmul::flattened_input),
    rule("transposes behind others", transpose::ELEMENTWISE, transpose::through_elementwise),
    rule("transposes behind others", &[Pad::DEF, PadV2::DEF, MirrorPad::DEF], transpose::through_pad),
    rule("transposes behind others", &[Concatenation::DEF], transpose::through_concatenation),
    rule(
        "transposes into reductions",
        &[Mean::DEF, Sum::DEF, ReduceMax::DEF, ReduceMin::DEF, ReduceProd::DEF],
        transpose::into_reduction,
    ),
    rule("implicit broadcasts", BROADCASTING, shape::implicit_broadcast),
];

const BROADCASTING: &[&ir::OpDef] = &[
    Add::DEF,
    Sub::DEF,
    Mul::DEF,
    Div::DEF,
    Maximum::DEF,
    Minimum::DEF,
    SquaredDifference::DEF,
    Equal::DEF,
    NotEqual::DEF,
    Less::DEF,
    LessEqual::DEF,
    Greater::DEF,
    GreaterEqual::DEF,
];

impl Optimize {
    fn run(&self, body: &mut Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
        rewrite::run(body, &[canonicalize::RULES, RULES], cx);
        leftovers(body, cx)
    }
}

/// Reports operations that have no form of their own, each by its node.
fn leftovers(body: &Body, cx: &mut Cx<'_>) -> Result<(), Failed> {
    let mut failed = Ok(());
    for id in body.walk() {
        let op = body.op(id);
        let node = op.loc.node().unwrap_or("(unnamed)");
        let d = if op.is::<RandomUniform>() {
            Diagnostic::error("optimize/random", format!("`{node}` draws random numbers that reach an output"))
                .help("export the model for inference, with dropout switched off")
        } else if let Some(name) = op.name.as_str().strip_prefix("tf.") {
            Diagnostic::error(
                "legalize/unsupported",
                format!("TensorFlow operations without a TFLite form: {name} ({node})"),
            )
            .help("replace them in the model by supported operations")
        } else {
            continue;
        };
        failed = Err(cx.sink.error(d.at(&op.loc)));
    }
    failed
}
