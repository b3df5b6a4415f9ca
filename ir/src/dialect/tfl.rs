//! The TFLite dialect: one row for each operation. Names are upstream's.

use std::sync::Arc;

use crate::attr::{Attr, AttrValue, Restated};
use crate::infer;
use crate::keyword_attr;
use crate::types::Type;

keyword_attr! {
    /// Activation applied to the result of an operation.
    Activation {
        /// None.
        None = "NONE",
        /// `max(x, 0)`
        Relu = "RELU",
        /// `min(max(x, -1), 1)`
        ReluN1To1 = "RELU_N1_TO_1",
        /// `min(max(x, 0), 6)`
        Relu6 = "RELU6",
        /// Hyperbolic tangent.
        Tanh = "TANH",
        /// The sign bit.
        SignBit = "SIGN_BIT",
    }
}

keyword_attr! {
    /// How much of a window may lie outside the image.
    Padding {
        /// As much as makes the output `ceil(in / stride)`.
        Same = "SAME",
        /// Nothing.
        Valid = "VALID",
    }
}

keyword_attr! {
    /// How the weights of a fully connected operation are stored.
    WeightsFormat {
        /// `[O, I]`
        Default = "DEFAULT",
        /// In blocks of 4 by 16.
        Shuffled = "SHUFFLED4x16INT8",
    }
}

/// Whether the border itself is repeated: `#tfl<mirror_pad_attr REFLECT>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MirrorPadMode {
    /// It is not.
    Reflect,
    /// It is.
    Symmetric,
}

impl AttrValue for MirrorPadMode {
    const KIND: &'static str = "REFLECT SYMMETRIC";
    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Opaque(s) if &**s == "#tfl<mirror_pad_attr REFLECT>" => Some(MirrorPadMode::Reflect),
            Attr::Opaque(s) if &**s == "#tfl<mirror_pad_attr SYMMETRIC>" => Some(MirrorPadMode::Symmetric),
            _ => None,
        }
    }
    fn to_attr(&self) -> Option<Attr> {
        Some(Attr::Opaque(match self {
            MirrorPadMode::Reflect => "#tfl<mirror_pad_attr REFLECT>".into(),
            MirrorPadMode::Symmetric => "#tfl<mirror_pad_attr SYMMETRIC>".into(),
        }))
    }
}

crate::ops! {
    /// TFLite operations.
    pub TFL = "tfl";

    /// A constant; read, never made: `arith.constant` takes its place.
    "tfl.pseudo_const" = PseudoConst {
        ins: (), outs: (output: ANY),
        attrs: (
                value: Attr = Attr::Unit,
        ),
        traits: PURE | CONSTANT, infer: Some(infer::constant), quant: Float, dynamic: Float, builtin: None,
    }

    /// A quantized constant: `value` holds the stored integers, `qtype` the tensor type.
    "tfl.pseudo_qconst" = PseudoQConst {
        ins: (), outs: (output: TENSOR),
        attrs: (
                qtype: Type = Type::None,
                value: Attr = Attr::Unit,
        ),
        traits: PURE | CONSTANT, infer: Some(infer::qtype), quant: Float, dynamic: Float, builtin: None,
    }

    /// Stands for an optional operand that is absent.
    "tfl.no_value" = NoValue {
        ins: (), outs: (none_val: ANY),
        attrs: (
                value: Attr = Attr::Unit,
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: None,
    }

    /// 2-D convolution of an NHWC input with an OHWI filter.
    "tfl.conv_2d" = Conv2D {
        ins: (input: FQ, filter: FQ, bias: BIAS optional), outs: (output: FQ),
        attrs: (
                dilation_h_factor: i32 = 1,
                dilation_w_factor: i32 = 1,
                fused_activation_function: Activation = Activation::None,
                padding: Padding = Padding::Same,
                stride_h: i32 = 1,
                stride_w: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::conv_2d), quant: Weighted { input: 0, weight: 1, axis: Some(0), bias: Some(2) }, dynamic: Hybrid { weight: 1, axis: Some(0), asymmetric: false }, builtin: Some(3),
    }

    /// 2-D convolution of each channel with filters of its own; the filter is 1HWC.
    "tfl.depthwise_conv_2d" = DepthwiseConv2D {
        ins: (input: FQ, filter: FQ, bias: BIAS optional), outs: (output: FQ),
        attrs: (
                depth_multiplier: i32 = 1,
                dilation_h_factor: i32 = 1,
                dilation_w_factor: i32 = 1,
                fused_activation_function: Activation = Activation::None,
                padding: Padding = Padding::Same,
                stride_h: i32 = 1,
                stride_w: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::depthwise_conv_2d), quant: Weighted { input: 0, weight: 1, axis: Some(3), bias: Some(2) }, dynamic: Hybrid { weight: 1, axis: Some(3), asymmetric: false }, builtin: Some(4),
    }

    /// The gradient of a 2-D convolution with respect to its input; the filter is OHWI.
    "tfl.transpose_conv" = TransposeConv {
        ins: (output_shape: I32, weights: FQ, input: FQ, bias: BIAS optional), outs: (output: FQ),
        attrs: (
                fused_activation_function: Activation = Activation::None,
                padding: Padding = Padding::Same,
                stride_h: i32 = 1,
                stride_w: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::transpose_conv), quant: Weighted { input: 2, weight: 1, axis: Some(0), bias: Some(3) }, dynamic: Hybrid { weight: 1, axis: Some(0), asymmetric: false }, builtin: Some(67),
    }

    /// 3-D convolution of an NDHWC input with a DHWIO filter.
    "tfl.conv_3d" = Conv3D {
        ins: (input: F32, filter: F32, bias: F32 optional), outs: (output: F32),
        attrs: (
                dilation_d_factor: i32 = 1,
                dilation_h_factor: i32 = 1,
                dilation_w_factor: i32 = 1,
                fused_activation_function: Activation = Activation::None,
                padding: Padding = Padding::Same,
                stride_d: i32 = 1,
                stride_h: i32 = 1,
                stride_w: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::conv_3d), quant: Float, dynamic: Float, builtin: Some(132),
    }

    /// `input [.., I]` times the transpose of `filter [O, I]`, plus `bias [O]`.
    "tfl.fully_connected" = FullyConnected {
        ins: (input: FQ, filter: FQ, bias: BIAS optional), outs: (output: FQ variadic),
        attrs: (
                asymmetric_quantize_inputs: Option<bool> = None,
                fused_activation_function: Activation = Activation::None,
                keep_num_dims: bool = false,
                weights_format: WeightsFormat = WeightsFormat::Default,
        ),
        traits: PURE, infer: Some(infer::fully_connected), quant: Weighted { input: 0, weight: 1, axis: Some(0), bias: Some(2) }, dynamic: Hybrid { weight: 1, axis: Some(0), asymmetric: true }, builtin: Some(9),
    }

    /// Product of matrices in the last two dimensions; `adj_x`, `adj_y` transpose them first.
    "tfl.batch_matmul" = BatchMatMul {
        ins: (x: FQ, y: FQ), outs: (output: FQ),
        attrs: (
                adj_x: bool = false,
                adj_y: bool = false,
                asymmetric_quantize_inputs: Option<bool> = None,
        ),
        traits: PURE, infer: Some(infer::batch_matmul), quant: Plain, dynamic: Hybrid { weight: 1, axis: None, asymmetric: true }, builtin: Some(126),
    }

    /// Rows of a table.
    "tfl.embedding_lookup" = EmbeddingLookup {
        ins: (lookup: I32, value: NUM), outs: (output: NUM),
        attrs: (),
        traits: PURE, infer: Some(infer::embedding_lookup), quant: Float, dynamic: Float, builtin: Some(7),
    }

    /// Sum; operands broadcast.
    "tfl.add" = Add {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        attrs: (
                fused_activation_function: Activation = Activation::None,
        ),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::elementwise), quant: Plain, dynamic: Float, builtin: Some(0),
    }

    /// Difference; operands broadcast.
    "tfl.sub" = Sub {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        attrs: (
                fused_activation_function: Activation = Activation::None,
        ),
        traits: MAP, infer: Some(infer::elementwise), quant: Plain, dynamic: Float, builtin: Some(41),
    }

    /// Product; operands broadcast.
    "tfl.mul" = Mul {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        attrs: (
                fused_activation_function: Activation = Activation::None,
        ),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::elementwise), quant: Plain, dynamic: Float, builtin: Some(18),
    }

    /// Quotient; operands broadcast. A divisor of 0 stops the int8 kernel.
    "tfl.div" = Div {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        attrs: (
                fused_activation_function: Activation = Activation::None,
        ),
        traits: MAP, infer: Some(infer::elementwise), quant: Plain, dynamic: Float, builtin: Some(42),
    }

    /// The larger operand.
    "tfl.maximum" = Maximum {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        attrs: (),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::elementwise), quant: SameScale, dynamic: Float, builtin: Some(55),
    }

    /// The smaller operand.
    "tfl.minimum" = Minimum {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        attrs: (),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::elementwise), quant: SameScale, dynamic: Float, builtin: Some(57),
    }

    /// `(lhs - rhs)^2`
    "tfl.squared_difference" = SquaredDifference {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        attrs: (),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::elementwise), quant: Plain, dynamic: Float, builtin: Some(99),
    }

    /// Quotient rounded down.
    "tfl.floor_div" = FloorDiv {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        attrs: (),
        traits: MAP, infer: Some(infer::elementwise), quant: Float, dynamic: Float, builtin: Some(90),
    }

    /// Remainder with the sign of the divisor.
    "tfl.floor_mod" = FloorMod {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        attrs: (),
        traits: MAP, infer: Some(infer::elementwise), quant: Float, dynamic: Float, builtin: Some(95),
    }

    /// `lhs ^ rhs`
    "tfl.pow" = Pow {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        attrs: (),
        traits: MAP, infer: Some(infer::elementwise), quant: Float, dynamic: Float, builtin: Some(78),
    }

    /// Angle of the point (rhs, lhs).
    "tfl.atan2" = Atan2 {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        attrs: (),
        traits: MAP, infer: Some(infer::elementwise), quant: Float, dynamic: Float, builtin: Some(156),
    }

    /// Whether `lhs` and `rhs` compare as equal; operands broadcast.
    "tfl.equal" = Equal {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (output: BOOL),
        attrs: (),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::comparison), quant: Plain, dynamic: Float, builtin: Some(71),
    }

    /// Whether `lhs` and `rhs` compare as not or equal; operands broadcast.
    "tfl.not_equal" = NotEqual {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (output: BOOL),
        attrs: (),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::comparison), quant: Plain, dynamic: Float, builtin: Some(72),
    }

    /// Whether `lhs` and `rhs` compare as less; operands broadcast.
    "tfl.less" = Less {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (output: BOOL),
        attrs: (),
        traits: MAP, infer: Some(infer::comparison), quant: Plain, dynamic: Float, builtin: Some(58),
    }

    /// Whether `lhs` and `rhs` compare as less or equal; operands broadcast.
    "tfl.less_equal" = LessEqual {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (output: BOOL),
        attrs: (),
        traits: MAP, infer: Some(infer::comparison), quant: Plain, dynamic: Float, builtin: Some(63),
    }

    /// Whether `lhs` and `rhs` compare as greater; operands broadcast.
    "tfl.greater" = Greater {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (output: BOOL),
        attrs: (),
        traits: MAP, infer: Some(infer::comparison), quant: Plain, dynamic: Float, builtin: Some(61),
    }

    /// Whether `lhs` and `rhs` compare as greater or equal; operands broadcast.
    "tfl.greater_equal" = GreaterEqual {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (output: BOOL),
        attrs: (),
        traits: MAP, infer: Some(infer::comparison), quant: Plain, dynamic: Float, builtin: Some(62),
    }

    /// Whether both hold.
    "tfl.logical_and" = LogicalAnd {
        ins: (lhs: BOOL, rhs: BOOL), outs: (output: BOOL),
        attrs: (),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::comparison), quant: Float, dynamic: Float, builtin: Some(86),
    }

    /// Whether one holds.
    "tfl.logical_or" = LogicalOr {
        ins: (lhs: BOOL, rhs: BOOL), outs: (output: BOOL),
        attrs: (),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::comparison), quant: Float, dynamic: Float, builtin: Some(84),
    }

    /// Whether it does not hold.
    "tfl.logical_not" = LogicalNot {
        ins: (lhs: BOOL), outs: (output: BOOL),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(87),
    }

    /// Sum of operands of one shape.
    "tfl.add_n" = AddN {
        ins: (inputs: NUM variadic), outs: (sum: NUM),
        attrs: (),
        traits: PURE, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(106),
    }

    /// `x` where the condition holds, else `y`; shapes are equal, or the condition chooses rows.
    "tfl.select" = Select {
        ins: (condition: BOOL, x: TENSOR, y: TENSOR), outs: (output: TENSOR),
        attrs: (),
        traits: PURE, infer: Some(infer::select), quant: SameScale, dynamic: Float, builtin: Some(64),
    }

    /// `x` where the condition holds, else `y`; all three broadcast.
    "tfl.select_v2" = SelectV2 {
        ins: (condition: BOOL, x: TENSOR, y: TENSOR), outs: (output: TENSOR),
        attrs: (),
        traits: MAP, infer: Some(infer::select), quant: SameScale, dynamic: Float, builtin: Some(123),
    }

    /// Absolute value.
    "tfl.abs" = Abs {
        ins: (x: NUM), outs: (y: NUM),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(101),
    }

    /// Rounded up.
    "tfl.ceil" = Ceil {
        ins: (x: FQ), outs: (y: FQ),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(104),
    }

    /// Cosine.
    "tfl.cos" = Cos {
        ins: (x: FQ), outs: (y: FQ),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(108),
    }

    /// `x` if positive, else `exp(x) - 1`.
    "tfl.elu" = Elu {
        ins: (x: FQ), outs: (y: FQ),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(111),
    }

    /// `e^x`
    "tfl.exp" = Exp {
        ins: (x: FQ), outs: (y: FQ),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(47),
    }

    /// Rounded down.
    "tfl.floor" = Floor {
        ins: (x: FQ), outs: (y: FQ),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(8),
    }

    /// `x * relu6(x + 3) / 6`
    "tfl.hard_swish" = HardSwish {
        ins: (x: FQ), outs: (y: FQ),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(117),
    }

    /// Natural logarithm.
    "tfl.log" = Log {
        ins: (x: FQ), outs: (y: FQ),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(73),
    }

    /// `-x`
    "tfl.neg" = Neg {
        ins: (x: NUM), outs: (y: NUM),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(59),
    }

    /// `max(x, 0)`
    "tfl.relu" = Relu {
        ins: (x: NUM), outs: (y: NUM),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(19),
    }

    /// `min(max(x, 0), 6)`
    "tfl.relu6" = Relu6 {
        ins: (x: FQ), outs: (y: FQ),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(21),
    }

    /// `min(max(x, -1), 1)`
    "tfl.relu_n1_to_1" = Relu1 {
        ins: (x: FQ), outs: (y: FQ),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(20),
    }

    /// `min(max(x, 0), 1)`
    "tfl.relu_0_to_1" = Relu0To1 {
        ins: (x: FQ), outs: (y: FQ),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(152),
    }

    /// Rounded half to even.
    "tfl.round" = Round {
        ins: (x: FQ), outs: (y: FQ),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(116),
    }

    /// `1 / sqrt(x)`
    "tfl.rsqrt" = Rsqrt {
        ins: (x: FQ), outs: (y: FQ),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(76),
    }

    /// -1, 0 or 1.
    "tfl.sign" = Sign {
        ins: (x: NUM), outs: (y: NUM),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(158),
    }

    /// Sine.
    "tfl.sin" = Sin {
        ins: (x: FQ), outs: (y: FQ),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(66),
    }

    /// Square root.
    "tfl.sqrt" = Sqrt {
        ins: (x: FQ), outs: (y: FQ),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(75),
    }

    /// `x * x`
    "tfl.square" = Square {
        ins: (x: NUM), outs: (y: NUM),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(92),
    }

    /// `1 / (1 + e^-x)`
    "tfl.logistic" = Logistic {
        ins: (x: FQ), outs: (y: FQ),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Fixed { scale: 1.0 / 256.0, zero_point: -128 }, dynamic: Float, builtin: Some(14),
    }

    /// Hyperbolic tangent.
    "tfl.tanh" = Tanh {
        ins: (x: FQ), outs: (y: FQ),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Fixed { scale: 1.0 / 128.0, zero_point: 0 }, dynamic: Float, builtin: Some(28),
    }

    /// Zeros of the operand's type.
    "tfl.zeros_like" = ZerosLike {
        ins: (input: TENSOR), outs: (output: TENSOR),
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(93),
    }

    /// `x` if positive, else `alpha * x`.
    "tfl.leaky_relu" = LeakyRelu {
        ins: (input: FQ), outs: (output: FQ),
        attrs: (
                alpha: f32 = 0.2,
        ),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(98),
    }

    /// `x` times the normal distribution function; by tanh if `approximate`.
    "tfl.gelu" = Gelu {
        ins: (input: FQ), outs: (output: FQ),
        attrs: (
                approximate: bool = false,
        ),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(150),
    }

    /// `x` if positive, else `alpha * x`; alpha broadcasts.
    "tfl.prelu" = Prelu {
        ins: (input: FQ, alpha: FQ), outs: (output: FQ),
        attrs: (),
        traits: PURE, infer: Some(infer::elementwise), quant: Weighted { input: 0, weight: 1, axis: None, bias: None }, dynamic: Float, builtin: Some(54),
    }

    /// `exp(beta x) / sum(exp(beta x))` over the last dimension.
    "tfl.softmax" = Softmax {
        ins: (input: FQ), outs: (output: FQ),
        attrs: (
                beta: f32 = 1.0,
        ),
        traits: PURE, infer: Some(infer::same_as_first), quant: Fixed { scale: 1.0 / 256.0, zero_point: -128 }, dynamic: Float, builtin: Some(25),
    }

    /// Logarithm of the softmax over the last dimension.
    "tfl.log_softmax" = LogSoftmax {
        ins: (input: FQ), outs: (output: FQ),
        attrs: (),
        traits: PURE, infer: Some(infer::same_as_first), quant: Fixed { scale: 16.0 / 256.0, zero_point: 127 }, dynamic: Float, builtin: Some(50),
    }

    /// Divided by the norm of the last dimension.
    "tfl.l2_normalization" = L2Normalization {
        ins: (input: FQ), outs: (output: FQ),
        attrs: (
                fused_activation_function: Activation = Activation::None,
        ),
        traits: PURE, infer: Some(infer::same_as_first), quant: Fixed { scale: 1.0 / 128.0, zero_point: 0 }, dynamic: Float, builtin: Some(11),
    }

    /// Divided by `(bias + alpha * sum(x^2 over 2 radius + 1 channels)) ^ beta`.
    "tfl.local_response_normalization" = LocalResponseNormalization {
        ins: (input: F32), outs: (output: F32),
        attrs: (
                alpha: f32 = 1.0,
                beta: f32 = 0.5,
                bias: f32 = 1.0,
                radius: i32 = 5,
        ),
        traits: PURE, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(13),
    }

    /// Mean of a window, of the elements inside the image.
    "tfl.average_pool_2d" = AveragePool2D {
        ins: (input: FQ), outs: (output: FQ),
        attrs: (
                filter_height: i32 = 1,
                filter_width: i32 = 1,
                fused_activation_function: Activation = Activation::None,
                padding: Padding = Padding::Same,
                stride_h: i32 = 1,
                stride_w: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::pool_2d), quant: SameScale, dynamic: Float, builtin: Some(1),
    }

    /// Maximum of a window.
    "tfl.max_pool_2d" = MaxPool2D {
        ins: (input: FQ), outs: (output: FQ),
        attrs: (
                filter_height: i32 = 1,
                filter_width: i32 = 1,
                fused_activation_function: Activation = Activation::None,
                padding: Padding = Padding::Same,
                stride_h: i32 = 1,
                stride_w: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::pool_2d), quant: SameScale, dynamic: Float, builtin: Some(17),
    }

    /// Root of the mean square of a window.
    "tfl.l2_pool_2d" = L2Pool2D {
        ins: (input: F32), outs: (output: F32),
        attrs: (
                filter_height: i32 = 1,
                filter_width: i32 = 1,
                fused_activation_function: Activation = Activation::None,
                padding: Padding = Padding::Same,
                stride_h: i32 = 1,
                stride_w: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::pool_2d), quant: Float, dynamic: Float, builtin: Some(12),
    }

    /// Mean over axes.
    "tfl.mean" = Mean {
        ins: (input: NUM, axes: I32), outs: (output: NUM),
        attrs: (
                keep_dims: bool = false,
        ),
        traits: PURE, infer: Some(infer::reduce), quant: Plain, dynamic: Float, builtin: Some(40),
    }

    /// Sum over axes.
    "tfl.sum" = Sum {
        ins: (input: NUM, axes: I32), outs: (output: NUM),
        attrs: (
                keep_dims: bool = false,
        ),
        traits: PURE, infer: Some(infer::reduce), quant: Plain, dynamic: Float, builtin: Some(74),
    }

    /// Maximum over axes.
    "tfl.reduce_max" = ReduceMax {
        ins: (input: NUM, axes: I32), outs: (output: NUM),
        attrs: (
                keep_dims: bool = false,
        ),
        traits: PURE, infer: Some(infer::reduce), quant: SameScale, dynamic: Float, builtin: Some(82),
    }

    /// Minimum over axes.
    "tfl.reduce_min" = ReduceMin {
        ins: (input: NUM, axes: I32), outs: (output: NUM),
        attrs: (
                keep_dims: bool = false,
        ),
        traits: PURE, infer: Some(infer::reduce), quant: SameScale, dynamic: Float, builtin: Some(89),
    }

    /// Product over axes.
    "tfl.reduce_prod" = ReduceProd {
        ins: (input: NUM, axes: I32), outs: (output: NUM),
        attrs: (
                keep_dims: bool = false,
        ),
        traits: PURE, infer: Some(infer::reduce), quant: Plain, dynamic: Float, builtin: Some(81),
    }

    /// Whether one holds over axes.
    "tfl.reduce_any" = ReduceAny {
        ins: (input: BOOL, axes: I32), outs: (output: BOOL),
        attrs: (
                keep_dims: bool = false,
        ),
        traits: PURE, infer: Some(infer::reduce), quant: Float, dynamic: Float, builtin: Some(91),
    }

    /// Whether all hold over axes.
    "tfl.reduce_all" = ReduceAll {
        ins: (input: BOOL, axes: I32), outs: (output: BOOL),
        attrs: (
                keep_dims: bool = false,
        ),
        traits: PURE, infer: Some(infer::reduce), quant: Float, dynamic: Float, builtin: Some(140),
    }

    /// Index of the first maximum along a dimension.
    "tfl.arg_max" = ArgMax {
        ins: (input: TENSOR, dim: IDX), outs: (output: IDX),
        attrs: (
                output_type: Restated = Restated(None),
        ),
        traits: PURE, infer: Some(infer::arg_reduce), quant: Plain, dynamic: Float, builtin: Some(56),
    }

    /// Index of the first minimum along a dimension.
    "tfl.arg_min" = ArgMin {
        ins: (input: TENSOR, dim: IDX), outs: (output: IDX),
        attrs: (
                output_type: Restated = Restated(None),
        ),
        traits: PURE, infer: Some(infer::arg_reduce), quant: Plain, dynamic: Float, builtin: Some(79),
    }

    /// The `k` largest of the last dimension, and their indices.
    "tfl.topk_v2" = TopKV2 {
        ins: (input: NUM, k: IDX_ANY), outs: (values: NUM, indices: IDX_ANY),
        attrs: (),
        traits: PURE, infer: Some(infer::topk), quant: SameScale, dynamic: Float, builtin: Some(48),
    }

    /// Running sum along a dimension.
    "tfl.cumsum" = Cumsum {
        ins: (input: NUM, axis: I32), outs: (output: NUM),
        attrs: (
                exclusive: bool = false,
                reverse: bool = false,
        ),
        traits: PURE, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(128),
    }

    /// The same elements in another shape.
    "tfl.reshape" = Reshape {
        ins: (input: TENSOR, shape: IDX), outs: (output: TENSOR),
        attrs: (),
        traits: PURE, infer: Some(infer::reshape), quant: SameScale, dynamic: Float, builtin: Some(22),
    }

    /// Without dimensions of size 1.
    "tfl.squeeze" = Squeeze {
        ins: (input: TENSOR), outs: (output: TENSOR),
        attrs: (
                squeeze_dims: Option<Attr> = Some(Attr::Array(vec![])),
        ),
        traits: PURE, infer: Some(infer::squeeze), quant: SameScale, dynamic: Float, builtin: Some(43),
    }

    /// With one more dimension of size 1.
    "tfl.expand_dims" = ExpandDims {
        ins: (input: TENSOR, dim: IDX), outs: (output: TENSOR),
        attrs: (),
        traits: PURE, infer: Some(infer::expand_dims), quant: SameScale, dynamic: Float, builtin: Some(70),
    }

    /// Dimensions in another order.
    "tfl.transpose" = Transpose {
        ins: (input: TENSOR, perm: I32), outs: (output: TENSOR),
        attrs: (),
        traits: PURE, infer: Some(infer::transpose), quant: SameScale, dynamic: Float, builtin: Some(39),
    }

    /// Joined along a dimension.
    "tfl.concatenation" = Concatenation {
        ins: (values: TENSOR variadic), outs: (output: TENSOR),
        attrs: (
                axis: i32 = 0,
                fused_activation_function: Activation = Activation::None,
        ),
        traits: PURE, infer: Some(infer::concatenation), quant: SameScale, dynamic: Float, builtin: Some(2),
    }

    /// Joined along a new dimension.
    "tfl.pack" = Pack {
        ins: (values: TENSOR variadic), outs: (output: TENSOR),
        attrs: (
                axis: i32 = 0,
                values_count: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::pack), quant: SameScale, dynamic: Float, builtin: Some(83),
    }

    /// Taken apart along a dimension.
    "tfl.unpack" = Unpack {
        ins: (input: TENSOR), outs: (outputs: TENSOR variadic),
        attrs: (
                axis: i32 = 0,
                num: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::unpack), quant: SameScale, dynamic: Float, builtin: Some(88),
    }

    /// Taken apart in equal pieces.
    "tfl.split" = Split {
        ins: (split_dim: I32, value: TENSOR), outs: (outputs: TENSOR variadic),
        attrs: (
                num_splits: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::split), quant: SameScale, dynamic: Float, builtin: Some(49),
    }

    /// Taken apart in pieces of given sizes.
    "tfl.split_v" = SplitV {
        ins: (value: TENSOR, size_splits: IDX, split_dim: I32), outs: (outputs: TENSOR variadic),
        attrs: (
                num_splits: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::split_v), quant: SameScale, dynamic: Float, builtin: Some(102),
    }

    /// A block.
    "tfl.slice" = Slice {
        ins: (input: TENSOR, begin: IDX, size: IDX), outs: (output: TENSOR),
        attrs: (),
        traits: PURE, infer: Some(infer::slice), quant: SameScale, dynamic: Float, builtin: Some(65),
    }

    /// Every n-th element from begin to end, by dimension.
    "tfl.strided_slice" = StridedSlice {
        ins: (input: TENSOR, begin: IDX, end: IDX, strides: IDX), outs: (output: TENSOR),
        attrs: (
                begin_mask: i32 = 0,
                ellipsis_mask: i32 = 0,
                end_mask: i32 = 0,
                new_axis_mask: i32 = 0,
                offset: bool = false,
                shrink_axis_mask: i32 = 0,
        ),
        traits: PURE, infer: Some(infer::strided_slice), quant: SameScale, dynamic: Float, builtin: Some(45),
    }

    /// Slices picked by index.
    "tfl.gather" = Gather {
        ins: (params: TENSOR, indices: IDX_ANY), outs: (output: TENSOR),
        attrs: (
                axis: i32 = 0,
                batch_dims: Option<i32> = Some(0),
        ),
        traits: PURE, infer: Some(infer::gather), quant: SameScale, dynamic: Move { weight: 0 }, builtin: Some(36),
    }

    /// Slices picked by coordinates.
    "tfl.gather_nd" = GatherNd {
        ins: (params: TENSOR, indices: IDX_ANY), outs: (output: TENSOR),
        attrs: (),
        traits: PURE, infer: Some(infer::gather_nd), quant: SameScale, dynamic: Float, builtin: Some(107),
    }

    /// Updates added into zeros at coordinates.
    "tfl.scatter_nd" = ScatterNd {
        ins: (indices: I32, updates: TENSOR, shape: I32), outs: (output: TENSOR),
        attrs: (),
        traits: PURE, infer: Some(infer::scatter_nd), quant: SameScale, dynamic: Float, builtin: Some(122),
    }

    /// Repeated.
    "tfl.tile" = Tile {
        ins: (input: TENSOR, multiples: IDX), outs: (output: TENSOR),
        attrs: (),
        traits: PURE, infer: Some(infer::tile), quant: SameScale, dynamic: Float, builtin: Some(69),
    }

    /// Repeated along dimensions of size 1.
    "tfl.broadcast_to" = BroadcastTo {
        ins: (input: TENSOR, shape: IDX), outs: (output: TENSOR),
        attrs: (),
        traits: PURE, infer: Some(infer::broadcast_to), quant: SameScale, dynamic: Float, builtin: Some(130),
    }

    /// One value everywhere.
    "tfl.fill" = Fill {
        ins: (dims: IDX, input: TENSOR), outs: (output: TENSOR),
        attrs: (),
        traits: PURE, infer: Some(infer::fill), quant: SameScale, dynamic: Float, builtin: Some(94),
    }

    /// With zeros around; quantized, with the zero point.
    "tfl.pad" = Pad {
        ins: (input: TENSOR, padding: IDX), outs: (output: TENSOR),
        attrs: (),
        traits: PURE, infer: Some(infer::pad), quant: SameScale, dynamic: Float, builtin: Some(34),
    }

    /// With a value around.
    "tfl.padv2" = PadV2 {
        ins: (input: TENSOR, padding: IDX, constant_values: TENSOR), outs: (output: TENSOR),
        attrs: (),
        traits: PURE, infer: Some(infer::pad), quant: SameScale, dynamic: Float, builtin: Some(60),
    }

    /// With the input's mirror image around.
    "tfl.mirror_pad" = MirrorPad {
        ins: (input: TENSOR, pad: IDX), outs: (output: TENSOR),
        attrs: (
                mode: MirrorPadMode = MirrorPadMode::Reflect,
        ),
        traits: PURE, infer: Some(infer::pad), quant: SameScale, dynamic: Float, builtin: Some(100),
    }

    /// Backwards along dimensions.
    "tfl.reverse_v2" = ReverseV2 {
        ins: (input: TENSOR, axis: I32), outs: (output: TENSOR),
        attrs: (),
        traits: PURE, infer: Some(infer::same_as_first), quant: SameScale, dynamic: Float, builtin: Some(105),
    }

    /// The first elements of each sequence backwards.
    "tfl.reverse_sequence" = ReverseSequence {
        ins: (input: TENSOR, seq_lengths: IDX), outs: (output: TENSOR),
        attrs: (
                batch_dim: i32 = 0,
                seq_dim: i32 = 0,
        ),
        traits: PURE, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(112),
    }

    /// Blocks of the image become channels.
    "tfl.space_to_depth" = SpaceToDepth {
        ins: (input: TENSOR), outs: (output: TENSOR),
        attrs: (
                block_size: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::space_to_depth), quant: SameScale, dynamic: Float, builtin: Some(26),
    }

    /// Channels become blocks of the image.
    "tfl.depth_to_space" = DepthToSpace {
        ins: (input: TENSOR), outs: (output: TENSOR),
        attrs: (
                block_size: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::depth_to_space), quant: SameScale, dynamic: Float, builtin: Some(5),
    }

    /// Blocks of the image become batches.
    "tfl.space_to_batch_nd" = SpaceToBatchNd {
        ins: (input: TENSOR, block_shape: I32, paddings: I32), outs: (output: TENSOR),
        attrs: (),
        traits: PURE, infer: Some(infer::space_to_batch_nd), quant: SameScale, dynamic: Float, builtin: Some(38),
    }

    /// Batches become blocks of the image.
    "tfl.batch_to_space_nd" = BatchToSpaceNd {
        ins: (input: TENSOR, block_shape: I32, indices: I32), outs: (output: TENSOR),
        attrs: (),
        traits: PURE, infer: Some(infer::batch_to_space_nd), quant: SameScale, dynamic: Float, builtin: Some(37),
    }

    /// A matrix with the given diagonal.
    "tfl.matrix_diag" = MatrixDiag {
        ins: (diagonal: TENSOR), outs: (output: TENSOR),
        attrs: (),
        traits: PURE, infer: Some(infer::matrix_diag), quant: SameScale, dynamic: Float, builtin: Some(113),
    }

    /// Another image size, linear in between.
    "tfl.resize_bilinear" = ResizeBilinear {
        ins: (input: FQ, size: I32), outs: (output: FQ),
        attrs: (
                align_corners: bool = false,
                half_pixel_centers: bool = false,
        ),
        traits: PURE, infer: Some(infer::resize), quant: SameScale, dynamic: Float, builtin: Some(23),
    }

    /// Another image size, nearest pixel.
    "tfl.resize_nearest_neighbor" = ResizeNearestNeighbor {
        ins: (input: TENSOR, size: I32), outs: (output: TENSOR),
        attrs: (
                align_corners: bool = false,
                half_pixel_centers: bool = false,
        ),
        traits: PURE, infer: Some(infer::resize), quant: SameScale, dynamic: Float, builtin: Some(97),
    }

    /// `on_value` at the index, `off_value` elsewhere.
    "tfl.one_hot" = OneHot {
        ins: (indices: IDX, depth: I32, on_value: TENSOR, off_value: TENSOR), outs: (output: TENSOR),
        attrs: (
                axis: i32 = -1,
        ),
        traits: PURE, infer: Some(infer::one_hot), quant: Plain, dynamic: Float, builtin: Some(85),
    }

    /// The shape as a vector.
    "tfl.shape" = Shape {
        ins: (input: TENSOR), outs: (output: IDX),
        attrs: (
                out_type: Restated = Restated(None),
        ),
        traits: PURE, infer: Some(infer::shape), quant: Plain, dynamic: Float, builtin: Some(77),
    }

    /// The number of dimensions.
    "tfl.rank" = Rank {
        ins: (input: TENSOR), outs: (output: I32),
        attrs: (),
        traits: PURE, infer: Some(infer::rank), quant: Plain, dynamic: Float, builtin: Some(110),
    }

    /// Numbers from start up to limit by delta.
    "tfl.range" = Range {
        ins: (start: NUM, limit: NUM, delta: NUM), outs: (result: NUM),
        attrs: (),
        traits: PURE, infer: Some(infer::range), quant: Float, dynamic: Float, builtin: Some(96),
    }

    /// Another element type; floats are cut towards zero.
    "tfl.cast" = Cast {
        ins: (input: TENSOR), outs: (output: TENSOR),
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(53),
    }

    /// Coordinates of the true elements.
    "tfl.where" = Where {
        ins: (condition: TENSOR), outs: (index: IDX),
        attrs: (),
        traits: PURE, infer: Some(infer::where_), quant: Float, dynamic: Float, builtin: Some(109),
    }

    /// Random numbers in [0, 1).
    "tfl.random_uniform" = RandomUniform {
        ins: (shape: I32), outs: (out: F32),
        attrs: (
                seed: i64 = 0,
                seed2: i64 = 0,
        ),
        traits: NONE, infer: Some(infer::random), quant: Float, dynamic: Float, builtin: Some(148),
    }

    /// Float to quantized, or from one quantized type to another.
    "tfl.quantize" = Quantize {
        ins: (input: TENSOR), outs: (output: TENSOR),
        attrs: (
                qtype: Type = Type::None,
        ),
        traits: PURE, infer: Some(infer::qtype), quant: Float, dynamic: Float, builtin: Some(114),
    }

    /// Quantized or float16 to float32.
    "tfl.dequantize" = Dequantize {
        ins: (input: TENSOR), outs: (output: F32),
        attrs: (),
        traits: PURE, infer: Some(infer::dequantize), quant: Float, dynamic: Float, builtin: Some(6),
    }

    /// An operation of the embedder, named by `custom_code`.
    "tfl.custom" = Custom {
        ins: (input: ANY variadic), outs: (output: ANY variadic),
        attrs: (
                custom_code: Arc<str> = "".into(),
                custom_option: Attr = Attr::Opaque("#tfl<const_bytes : \"0x\">".into()),
        ),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(32),
    }
}
