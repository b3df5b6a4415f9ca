//! The TFLite dialect: one row for each operation. Names are upstream's.

use std::sync::Arc;

use crate::attr::{Attr, AttrValue};
use crate::infer;
use crate::types::Type;
use crate::{keyword_attr, opaque_attr};

/// The attribute of a sum or difference of int16 tensors whose scales are powers of two, which runtimes then only shift: the file says so.
pub const POT_SCALE_INT16: &str = "tfl.pot_scale_int16";

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

opaque_attr! {
    /// Whether the border itself is repeated.
    MirrorPadMode = "tfl", "mirror_pad_attr" {
        /// It is not.
        Reflect = "REFLECT",
        /// It is.
        Symmetric = "SYMMETRIC",
    }
}

opaque_attr! {
    /// Which of its two forms an `LSTM` of the file has.
    LstmKernelType = "tfl", "lstm_kernel_type_attr" {
        /// `tfl.lstm`
        Full = "FULL",
        /// `tfl.basic_lstm`
        Basic = "BASIC",
    }
}

crate::ops! {
    /// TFLite operations.
    pub TFL = "tfl";

    /// A constant; `arith.constant` takes its place but for unsigned integers, which that refuses.
    "tfl.pseudo_const" = PseudoConst {
        ins: (), outs: (output: TENSOR),
        rules: [Constant("value")],
        attrs: (
                value: Attr = Attr::Unit,
        ),
        traits: PURE | CONSTANT, infer: Some(infer::constant), quant: Float, dynamic: Float, builtin: None,
    }

    /// A quantized constant: `value` holds the stored integers, `qtype` the tensor type.
    "tfl.pseudo_qconst" = PseudoQConst {
        ins: (), outs: (output: TENSOR),
        rules: [TensorType("qtype"), Constant("value")],
        attrs: (
                qtype: Type = Type::None,
                value: Attr = Attr::Unit,
        ),
        traits: PURE | CONSTANT, infer: Some(infer::qtype), quant: Float, dynamic: Float, builtin: None,
    }

    /// A sparse constant: `compressed_data` holds the stored elements, `s_param` their places, `value` the dense tensor.
    "tfl.pseudo_sparse_const" = PseudoSparseConst {
        ins: (), outs: (output: TENSOR),
        rules: [Constant("value"), Constant("compressed_data")],
        attrs: (
                compressed_data: Attr = Attr::Unit,
                s_param: Attr = Attr::Unit,
                value: Attr = Attr::Unit,
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: None,
    }

    /// A sparse quantized constant.
    "tfl.pseudo_sparse_qconst" = PseudoSparseQConst {
        ins: (), outs: (output: TENSOR),
        rules: [TensorType("qtype"), Constant("value"), Constant("compressed_data")],
        attrs: (
                compressed_data: Attr = Attr::Unit,
                qtype: Type = Type::None,
                s_param: Attr = Attr::Unit,
                value: Attr = Attr::Unit,
        ),
        traits: PURE, infer: Some(infer::qtype), quant: Float, dynamic: Float, builtin: None,
    }

    /// A constant whose elements are in another file.
    "tfl.external_const" = ExternalConst {
        ins: (), outs: (output: TENSOR),
        rules: [Of("external_buffer", "tfl.external_buffer")],
        attrs: (
                buffer_index: Option<i32> = None,
                external_buffer: Option<Attr> = None,
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: None,
    }

    /// Stands for an optional operand that is absent.
    "tfl.no_value" = NoValue {
        ins: (), outs: (none_val: ANY),
        rules: [Is("value", || Some(Attr::Unit)), Check(rules::no_value)],
        attrs: (
                value(optional): Attr = Attr::Unit,
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: None,
    }

    /// 2-D convolution of an NHWC input with an OHWI filter.
    "tfl.conv_2d" = Conv2D {
        ins: (input: FQ, filter: FQ, bias: BIAS optional), outs: (output: FQ),
        rules: [Rank(0, 4), Rank(1, 4), Inferred, Check(rules::conv_2d)],
        attrs: (
                dilation_h_factor: i32 = 1,
                dilation_w_factor: i32 = 1,
                fused_activation_function: Activation = Activation::None,
                padding: Padding = Padding::Same,
                stride_h: i32 = 1,
                stride_w: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::conv_2d), quant: Weighted { input: 0, weight: 1, axis: Some(0), bias: Some(2) }, dynamic: Hybrid { weight: 1, axis: Some(0), asymmetric: false }, builtin: Some(3), since: "1.5.0",
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
        traits: PURE, infer: Some(infer::depthwise_conv_2d), quant: Weighted { input: 0, weight: 1, axis: Some(3), bias: Some(2) }, dynamic: Hybrid { weight: 1, axis: Some(3), asymmetric: false }, builtin: Some(4), since: "1.5.0",
    }

    /// The gradient of a 2-D convolution with respect to its input; the filter is OHWI.
    "tfl.transpose_conv" = TransposeConv {
        ins: (output_shape: I32, weights: FQ, input: FQ, bias: BIAS optional), outs: (output: FQ),
        rules: [Rank(0, 1), Rank(1, 4), Rank(2, 4), ResultElem(0, 2), Positive("stride_h"), Positive("stride_w"), Check(rules::transpose_conv)],
        attrs: (
                fused_activation_function: Activation = Activation::None,
                padding: Padding = Padding::Same,
                stride_h: i32 = 1,
                stride_w: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::transpose_conv), quant: Weighted { input: 2, weight: 1, axis: Some(0), bias: Some(3) }, dynamic: Hybrid { weight: 1, axis: Some(0), asymmetric: false }, builtin: Some(67), since: "1.9.0",
    }

    /// 3-D convolution of an NDHWC input with a DHWIO filter.
    "tfl.conv_3d" = Conv3D {
        ins: (input: F32, filter: F32, bias: F32 optional), outs: (output: F32),
        rules: [Rank(0, 5), Rank(1, 5), SameSize((0, 4), (1, 3)), ElementsAreSize(2, (1, 4)), ResultElem(0, 0), ResultElem(0, 2)],
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
        traits: PURE, infer: Some(infer::conv_3d), quant: Float, dynamic: Float, builtin: Some(132), since: "2.5.0",
    }

    /// The gradient of a 3-D convolution with respect to its input.
    "tfl.conv_3d_transpose" = Conv3DTranspose {
        ins: (output_shape: I32, filter: F32, input: F32, bias: F32 optional), outs: (output: F32),
        rules: [
            Rank(0, 1), Rank(1, 5), Rank(2, 5), Elements(0, 5), SameSize((2, 4), (1, 4)), ElementsAreSize(3, (1, 4)), ResultElem(0, 2),
            ResultElem(0, 3),
        ],
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
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(141), since: "2.6.0",
    }

    /// `input [.., I]` times the transpose of `filter [O, I]`, plus `bias [O]`.
    "tfl.fully_connected" = FullyConnected {
        ins: (input: FQ, filter: FQ, bias: BIAS optional), outs: (output: NUM variadic),
        rules: [Check(rules::fully_connected)],
        attrs: (
                asymmetric_quantize_inputs: Option<bool> = None,
                fused_activation_function: Activation = Activation::None,
                keep_num_dims: bool = false,
                weights_format: WeightsFormat = WeightsFormat::Default,
        ),
        traits: PURE, infer: Some(infer::fully_connected), quant: Weighted { input: 0, weight: 1, axis: Some(0), bias: Some(2) }, dynamic: Hybrid { weight: 1, axis: Some(0), asymmetric: true }, builtin: Some(9), since: "1.5.0",
    }

    /// Product of matrices in the last two dimensions; `adj_x`, `adj_y` transpose them first.
    "tfl.batch_matmul" = BatchMatMul {
        ins: (x: FQ_INT8, y: FQ_INT8), outs: (output: NUM),
        rules: [RankAtLeast(0, 2), RankAtLeast(1, 2), Check(rules::batch_matmul)],
        attrs: (
                adj_x(optional): bool = false,
                adj_y(optional): bool = false,
                asymmetric_quantize_inputs: Option<bool> = None,
        ),
        traits: PURE, infer: Some(infer::batch_matmul), quant: Plain, dynamic: Hybrid { weight: 1, axis: None, asymmetric: true }, builtin: Some(126), since: "2.3.0",
    }

    /// Rows of a table.
    "tfl.embedding_lookup" = EmbeddingLookup {
        ins: (lookup: I32, value: NUM), outs: (output: NUM),
        rules: [Rank(0, 1), RankAtLeast(1, 2)],
        attrs: (),
        traits: PURE, infer: Some(infer::embedding_lookup), quant: SameScale, dynamic: Hybrid { weight: 1, axis: Some(0), asymmetric: false }, builtin: Some(7), since: "1.13.0",
    }

    /// Sum; operands broadcast.
    "tfl.add" = Add {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        rules: [Broadcast],
        attrs: (
                fused_activation_function: Activation = Activation::None,
        ),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::elementwise), quant: Plain, dynamic: Float, builtin: Some(0), since: "1.5.0",
    }

    /// Difference; operands broadcast.
    "tfl.sub" = Sub {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        rules: [OperandElem(0, 1), Broadcast],
        attrs: (
                fused_activation_function: Activation = Activation::None,
        ),
        traits: MAP, infer: Some(infer::elementwise), quant: Plain, dynamic: Float, builtin: Some(41), since: "1.6.0",
    }

    /// Product; operands broadcast.
    "tfl.mul" = Mul {
        ins: (lhs: NUM_COMPLEX, rhs: NUM_COMPLEX), outs: (output: NUM_COMPLEX),
        rules: [OperandElem(0, 1), Broadcast],
        attrs: (
                fused_activation_function: Activation = Activation::None,
        ),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::elementwise), quant: Plain, dynamic: Float, builtin: Some(18), since: "1.5.0",
    }

    /// Quotient; operands broadcast. A divisor of 0 stops the int8 kernel.
    "tfl.div" = Div {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        rules: [OperandElem(0, 1), Broadcast],
        attrs: (
                fused_activation_function: Activation = Activation::None,
        ),
        traits: MAP, infer: Some(infer::elementwise), quant: Plain, dynamic: Float, builtin: Some(42), since: "1.6.0",
    }

    /// The larger operand.
    "tfl.maximum" = Maximum {
        ins: (lhs: NUM, rhs: NUM), outs: (max: NUM),
        rules: [Broadcast, SameScale],
        attrs: (),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::elementwise), quant: SameScale, dynamic: Float, builtin: Some(55), since: "1.14.0",
    }

    /// The smaller operand.
    "tfl.minimum" = Minimum {
        ins: (lhs: NUM, rhs: NUM), outs: (min: NUM),
        rules: [Broadcast, SameScale],
        attrs: (),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::elementwise), quant: SameScale, dynamic: Float, builtin: Some(57), since: "1.14.0",
    }

    /// `(lhs - rhs)^2`
    "tfl.squared_difference" = SquaredDifference {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        rules: [OperandElem(0, 1), ResultElem(0, 0), Broadcast],
        attrs: (),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::elementwise), quant: Plain, dynamic: Float, builtin: Some(99), since: "1.13.1",
    }

    /// Quotient rounded down.
    "tfl.floor_div" = FloorDiv {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        rules: [OperandElem(0, 1), ResultElem(0, 0), Broadcast],
        attrs: (),
        traits: MAP, infer: Some(infer::elementwise), quant: Float, dynamic: Float, builtin: Some(90), since: "1.14.0",
    }

    /// Remainder with the sign of the divisor.
    "tfl.floor_mod" = FloorMod {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        rules: [OperandElem(0, 1), ResultElem(0, 0), Broadcast],
        attrs: (),
        traits: MAP, infer: Some(infer::elementwise), quant: Float, dynamic: Float, builtin: Some(95), since: "1.13.0",
    }

    /// `lhs ^ rhs`
    "tfl.pow" = Pow {
        ins: (lhs: NUM, rhs: NUM), outs: (output: NUM),
        rules: [Broadcast],
        attrs: (),
        traits: MAP, infer: Some(infer::elementwise), quant: Float, dynamic: Float, builtin: Some(78), since: "1.10.0",
    }

    /// Angle of the point (x, y).
    "tfl.atan2" = Atan2 {
        ins: (y: NUM, x: NUM), outs: (output: NUM),
        rules: [SameType],
        attrs: (),
        traits: MAP, infer: Some(infer::elementwise), quant: Float, dynamic: Float, builtin: Some(156), since: "2.10.0",
    }

    /// Whether `x` and `y` compare as equal; operands broadcast.
    "tfl.equal" = Equal {
        ins: (x: TENSOR, y: TENSOR), outs: (output: BOOL),
        rules: [OperandElem(0, 1), Broadcast],
        attrs: (),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::comparison), quant: Plain, dynamic: Float, builtin: Some(71), since: "1.14.0",
    }

    /// Whether `lhs` and `rhs` compare as not or equal; operands broadcast.
    "tfl.not_equal" = NotEqual {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (output: BOOL),
        rules: [OperandElem(0, 1), Broadcast],
        attrs: (),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::comparison), quant: Plain, dynamic: Float, builtin: Some(72), since: "1.14.0",
    }

    /// Whether `lhs` and `rhs` compare as less; operands broadcast.
    "tfl.less" = Less {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (output: BOOL),
        rules: [OperandElem(0, 1), Broadcast],
        attrs: (),
        traits: MAP, infer: Some(infer::comparison), quant: Plain, dynamic: Float, builtin: Some(58), since: "1.14.0",
    }

    /// Whether `lhs` and `rhs` compare as less or equal; operands broadcast.
    "tfl.less_equal" = LessEqual {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (output: BOOL),
        rules: [OperandElem(0, 1), Broadcast],
        attrs: (),
        traits: MAP, infer: Some(infer::comparison), quant: Plain, dynamic: Float, builtin: Some(63), since: "1.14.0",
    }

    /// Whether `lhs` and `rhs` compare as greater; operands broadcast.
    "tfl.greater" = Greater {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (output: BOOL),
        rules: [OperandElem(0, 1), Broadcast],
        attrs: (),
        traits: MAP, infer: Some(infer::comparison), quant: Plain, dynamic: Float, builtin: Some(61), since: "1.14.0",
    }

    /// Whether `lhs` and `rhs` compare as greater or equal; operands broadcast.
    "tfl.greater_equal" = GreaterEqual {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (output: BOOL),
        rules: [OperandElem(0, 1), Broadcast],
        attrs: (),
        traits: MAP, infer: Some(infer::comparison), quant: Plain, dynamic: Float, builtin: Some(62), since: "1.14.0",
    }

    /// Whether both hold.
    "tfl.logical_and" = LogicalAnd {
        ins: (lhs: BOOL, rhs: BOOL), outs: (output: BOOL),
        rules: [Broadcast],
        attrs: (),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::comparison), quant: Float, dynamic: Float, builtin: Some(86), since: "1.11.0",
    }

    /// Whether one holds.
    "tfl.logical_or" = LogicalOr {
        ins: (lhs: BOOL, rhs: BOOL), outs: (output: BOOL),
        rules: [Broadcast],
        attrs: (),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::comparison), quant: Float, dynamic: Float, builtin: Some(84), since: "1.11.0",
    }

    /// Whether it does not hold.
    "tfl.logical_not" = LogicalNot {
        ins: (lhs: BOOL), outs: (output: BOOL),
        rules: [SameType],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(87), since: "1.11.0",
    }

    /// Sum of operands of one shape.
    "tfl.add_n" = AddN {
        ins: (inputs: NUM variadic), outs: (sum: NUM),
        rules: [SameScale],
        attrs: (),
        traits: PURE, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(106), since: "1.14.0",
    }

    /// `x` where the condition holds, else `y`; shapes are equal, or the condition chooses rows.
    "tfl.select" = Select {
        ins: (condition: BOOL, x: TENSOR, y: TENSOR), outs: (output: TENSOR),
        rules: [OperandElem(1, 2), ResultElem(0, 1), SameScale],
        attrs: (),
        traits: PURE, infer: Some(infer::select), quant: SameScale, dynamic: Float, builtin: Some(64), since: "1.14.0",
    }

    /// `x` where the condition holds, else `y`; all three broadcast.
    "tfl.select_v2" = SelectV2 {
        ins: (condition: BOOL, x: TENSOR, y: TENSOR), outs: (output: TENSOR),
        rules: [OperandElem(1, 2), ResultElem(0, 1), Broadcast, SameScale],
        attrs: (),
        traits: MAP, infer: Some(infer::select), quant: SameScale, dynamic: Float, builtin: Some(123), since: "2.2.0",
    }

    /// Absolute value.
    "tfl.abs" = Abs {
        ins: (x: NUM), outs: (y: NUM),
        rules: [SameShape],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(101), since: "1.13.0",
    }

    /// Rounded up.
    "tfl.ceil" = Ceil {
        ins: (x: FQ), outs: (y: FQ),
        rules: [LikeType],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(104), since: "1.14.0",
    }

    /// Cosine.
    "tfl.cos" = Cos {
        ins: (x: FQ), outs: (y: FQ),
        rules: [LikeType],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(108), since: "1.14.0",
    }

    /// `x` if positive, else `exp(x) - 1`.
    "tfl.elu" = Elu {
        ins: (x: FQ_INT8), outs: (y: FQ_INT8),
        rules: [ResultElem(0, 0), SameShape],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(111), since: "1.14.0",
    }

    /// `e^x`
    "tfl.exp" = Exp {
        ins: (x: FQ), outs: (y: FQ),
        rules: [ResultElem(0, 0)],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(47), since: "1.7.0",
    }

    /// Rounded down.
    "tfl.floor" = Floor {
        ins: (x: FQ), outs: (y: FQ),
        rules: [LikeType],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(8), since: "1.9.0",
    }

    /// `x * relu6(x + 3) / 6`
    "tfl.hard_swish" = HardSwish {
        ins: (input: FQ), outs: (output: FQ),
        rules: [ResultElem(0, 0), SameShape],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(117), since: "1.15.0",
    }

    /// Natural logarithm.
    "tfl.log" = Log {
        ins: (x: FQ), outs: (y: FQ),
        rules: [ResultElem(0, 0)],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(73), since: "1.14.0",
    }

    /// `-x`
    "tfl.neg" = Neg {
        ins: (x: NUM), outs: (y: NUM),
        rules: [LikeType],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(59), since: "1.9.0",
    }

    /// `max(x, 0)`
    "tfl.relu" = Relu {
        ins: (x: NUM), outs: (y: NUM),
        rules: [ResultElem(0, 0), SameShape],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(19), since: "1.5.0",
    }

    /// `min(max(x, 0), 6)`
    "tfl.relu6" = Relu6 {
        ins: (x: FQ), outs: (y: FQ),
        rules: [ResultElem(0, 0), SameShape],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(21), since: "1.5.0",
    }

    /// `min(max(x, -1), 1)`
    "tfl.relu_n1_to_1" = Relu1 {
        ins: (x: FQ), outs: (y: FQ),
        rules: [ResultElem(0, 0), SameShape],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(20), since: "1.5.0",
    }

    /// `min(max(x, 0), 1)`
    "tfl.relu_0_to_1" = Relu0To1 {
        ins: (x: FQ), outs: (y: FQ),
        rules: [ResultElem(0, 0), SameShape],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(152), since: "2.10.0",
    }

    /// Rounded half to even.
    "tfl.round" = Round {
        ins: (x: FQ), outs: (y: FQ),
        rules: [LikeType],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(116), since: "1.14.0",
    }

    /// `1 / sqrt(x)`
    "tfl.rsqrt" = Rsqrt {
        ins: (x: FQ), outs: (y: FQ),
        rules: [ResultElem(0, 0), SameShape],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(76), since: "1.10.0",
    }

    /// -1, 0 or 1.
    "tfl.sign" = Sign {
        ins: (x: NUM), outs: (output: NUM),
        rules: [SameType],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(158), since: "2.11.0",
    }

    /// Sine.
    "tfl.sin" = Sin {
        ins: (x: FQ), outs: (y: FQ),
        rules: [LikeType],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(66), since: "1.9.0",
    }

    /// Square root.
    "tfl.sqrt" = Sqrt {
        ins: (x: FQ), outs: (y: FQ),
        rules: [ResultElem(0, 0), SameShape],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(75), since: "1.10.0",
    }

    /// `x * x`
    "tfl.square" = Square {
        ins: (x: NUM), outs: (y: NUM),
        rules: [LikeType],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(92), since: "1.12.0",
    }

    /// `1 / (1 + e^-x)`
    "tfl.logistic" = Logistic {
        ins: (x: FQ_INT8), outs: (y: FQ_INT8),
        rules: [ResultElem(0, 0), SameShape],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Fixed { scale: 1.0 / 256.0, zero_point: -128 }, dynamic: Float, builtin: Some(14), since: "1.14.0",
    }

    /// Hyperbolic tangent.
    "tfl.tanh" = Tanh {
        ins: (input: FQ_INT8), outs: (output: FQ_INT8),
        rules: [ResultElem(0, 0), SameShape],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Fixed { scale: 1.0 / 128.0, zero_point: 0 }, dynamic: Float, builtin: Some(28), since: "1.14.0",
    }

    /// Zeros of the operand's type.
    "tfl.zeros_like" = ZerosLike {
        ins: (input: TENSOR), outs: (output: TENSOR),
        rules: [SameType],
        attrs: (),
        traits: MAP, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(93), since: "1.12.0",
    }

    /// `x` if positive, else `alpha * x`.
    "tfl.leaky_relu" = LeakyRelu {
        ins: (input: FQ_INT8), outs: (output: FQ_INT8),
        rules: [ResultElem(0, 0), SameShape],
        attrs: (
                alpha: f32 = 0.2,
        ),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(98), since: "1.13.1",
    }

    /// `x` times the normal distribution function; by tanh if `approximate`.
    "tfl.gelu" = Gelu {
        ins: (input: FQ), outs: (output: FQ),
        rules: [ResultElem(0, 0), SameShape],
        attrs: (
                approximate(optional): bool = false,
        ),
        traits: MAP, infer: Some(infer::same_as_first), quant: Plain, dynamic: Float, builtin: Some(150), since: "2.9.0",
    }

    /// `x` if positive, else `alpha * x`; alpha broadcasts.
    "tfl.prelu" = Prelu {
        ins: (input: FQ_INT8, alpha: FQ_INT8), outs: (output: FQ_INT8),
        rules: [ResultElem(0, 0), Broadcast, Check(rules::prelu)],
        attrs: (),
        traits: PURE, infer: Some(infer::elementwise), quant: Weighted { input: 0, weight: 1, axis: None, bias: None }, dynamic: Float, builtin: Some(54), since: "1.8.0",
    }

    /// `exp(beta x) / sum(exp(beta x))` over the last dimension.
    "tfl.softmax" = Softmax {
        ins: (input: FQ_INT8), outs: (output: FQ_INT8),
        rules: [RankAtLeast(0, 1), Check(rules::softmax), SameShape],
        attrs: (
                beta: f32 = 1.0,
        ),
        traits: PURE, infer: Some(infer::same_as_first), quant: Fixed { scale: 1.0 / 256.0, zero_point: -128 }, dynamic: Float, builtin: Some(25), since: "1.5.0",
    }

    /// Logarithm of the softmax over the last dimension.
    "tfl.log_softmax" = LogSoftmax {
        ins: (input: FQ_INT8), outs: (output: FQ_INT8),
        rules: [ResultElem(0, 0), SameShape],
        attrs: (),
        traits: PURE, infer: Some(infer::same_as_first), quant: Fixed { scale: 16.0 / 256.0, zero_point: 127 }, dynamic: Float, builtin: Some(50), since: "1.14.0",
    }

    /// Divided by the norm of the last dimension.
    "tfl.l2_normalization" = L2Normalization {
        ins: (input: FQ_INT8), outs: (output: FQ_INT8),
        attrs: (
                fused_activation_function: Activation = Activation::None,
        ),
        traits: PURE, infer: Some(infer::same_as_first), quant: Fixed { scale: 1.0 / 128.0, zero_point: 0 }, dynamic: Float, builtin: Some(11), since: "1.5.0",
    }

    /// Divided by `(bias + alpha * sum(x^2 over 2 radius + 1 channels)) ^ beta`.
    "tfl.local_response_normalization" = LocalResponseNormalization {
        ins: (input: F32), outs: (output: F32),
        rules: [Rank(0, 4), LikeType],
        attrs: (
                alpha: f32 = 1.0,
                beta: f32 = 0.5,
                bias: f32 = 1.0,
                radius: i32 = 5,
        ),
        traits: PURE, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(13), since: "1.5.0",
    }

    /// Mean of a window, of the elements inside the image.
    "tfl.average_pool_2d" = AveragePool2D {
        ins: (input: FQ), outs: (output: FQ),
        rules: [SameScale],
        attrs: (
                filter_height: i32 = 1,
                filter_width: i32 = 1,
                fused_activation_function: Activation = Activation::None,
                padding: Padding = Padding::Same,
                stride_h: i32 = 1,
                stride_w: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::pool_2d), quant: SameScale, dynamic: Float, builtin: Some(1), since: "1.5.0",
    }

    /// Maximum of a window.
    "tfl.max_pool_2d" = MaxPool2D {
        ins: (input: FQ_INT8), outs: (output: FQ_INT8),
        rules: [Rank(0, 4), ResultElem(0, 0), SameScale],
        attrs: (
                filter_height: i32 = 1,
                filter_width: i32 = 1,
                fused_activation_function: Activation = Activation::None,
                padding: Padding = Padding::Same,
                stride_h: i32 = 1,
                stride_w: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::pool_2d), quant: SameScale, dynamic: Float, builtin: Some(17), since: "1.5.0",
    }

    /// Root of the mean square of a window. Upstream has no such operation.
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
        traits: PURE, infer: Some(infer::pool_2d), quant: Float, dynamic: Float, builtin: Some(12), since: "1.5.0",
    }

    /// Mean over axes.
    "tfl.mean" = Mean {
        ins: (input: NUM, axis: I32), outs: (output: NUM),
        rules: [ResultElem(0, 0)],
        attrs: (
                keep_dims: bool = false,
        ),
        traits: PURE, infer: Some(infer::reduce), quant: Plain, dynamic: Float, builtin: Some(40), since: "1.6.0",
    }

    /// Sum over axes.
    "tfl.sum" = Sum {
        ins: (input: NUM, axes: I32), outs: (output: NUM),
        rules: [ResultElem(0, 0)],
        attrs: (
                keep_dims: bool = false,
        ),
        traits: PURE, infer: Some(infer::reduce), quant: Plain, dynamic: Float, builtin: Some(74), since: "1.10.0",
    }

    /// Maximum over axes.
    "tfl.reduce_max" = ReduceMax {
        ins: (input: NUM, axes: I32), outs: (output: NUM),
        rules: [ResultElem(0, 0), SameScale],
        attrs: (
                keep_dims: bool = false,
        ),
        traits: PURE, infer: Some(infer::reduce), quant: SameScale, dynamic: Float, builtin: Some(82), since: "1.11.0",
    }

    /// Minimum over axes.
    "tfl.reduce_min" = ReduceMin {
        ins: (input: NUM, axes: I32), outs: (output: NUM),
        rules: [ResultElem(0, 0), SameScale],
        attrs: (
                keep_dims: bool = false,
        ),
        traits: PURE, infer: Some(infer::reduce), quant: SameScale, dynamic: Float, builtin: Some(89), since: "1.11.0",
    }

    /// Product over axes.
    "tfl.reduce_prod" = ReduceProd {
        ins: (input: NUM, axes: I32), outs: (output: NUM),
        rules: [ResultElem(0, 0)],
        attrs: (
                keep_dims: bool = false,
        ),
        traits: PURE, infer: Some(infer::reduce), quant: Plain, dynamic: Float, builtin: Some(81), since: "1.11.0",
    }

    /// Whether one holds over axes.
    "tfl.reduce_any" = ReduceAny {
        ins: (input: BOOL, reduction_indices: I32), outs: (output: BOOL),
        attrs: (
                keep_dims(optional): bool = false,
        ),
        traits: PURE, infer: Some(infer::reduce), quant: Float, dynamic: Float, builtin: Some(91), since: "1.11.0",
    }

    /// Whether all hold over axes.
    "tfl.reduce_all" = ReduceAll {
        ins: (input: BOOL, reduction_indices: I32), outs: (output: BOOL),
        attrs: (
                keep_dims(optional): bool = false,
        ),
        traits: PURE, infer: Some(infer::reduce), quant: Float, dynamic: Float, builtin: Some(140), since: "2.6.0",
    }

    /// Index of the first maximum along a dimension.
    "tfl.arg_max" = ArgMax {
        ins: (input: TENSOR, dim: IDX), outs: (output: IDX),
        attrs: (),
        traits: PURE, infer: Some(infer::arg_reduce), quant: Plain, dynamic: Float, builtin: Some(56), since: "1.9.0",
    }

    /// Index of the first minimum along a dimension.
    "tfl.arg_min" = ArgMin {
        ins: (input: TENSOR, dim: IDX), outs: (output: IDX),
        attrs: (),
        traits: PURE, infer: Some(infer::arg_reduce), quant: Plain, dynamic: Float, builtin: Some(79), since: "1.9.0",
    }

    /// The `k` largest of the last dimension, and their indices.
    "tfl.topk_v2" = TopKV2 {
        ins: (input: NUM, k: IDX_ANY), outs: (values: NUM, indices: IDX_ANY),
        rules: [Rank(1, 0), RankAtLeast(0, 1), ResultElem(0, 0), SameScale],
        attrs: (),
        traits: PURE, infer: Some(infer::topk), quant: SameScale, dynamic: Float, builtin: Some(48), since: "1.7.0",
    }

    /// Running sum along a dimension.
    "tfl.cumsum" = Cumsum {
        ins: (input: NUM, axis: I32), outs: (output: NUM),
        rules: [Rank(1, 0), ResultElem(0, 0)],
        attrs: (
                exclusive(optional): bool = false,
                reverse(optional): bool = false,
        ),
        traits: PURE, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(128), since: "2.4.0",
    }

    /// The same elements in another shape.
    "tfl.reshape" = Reshape {
        ins: (input: TENSOR, shape: IDX), outs: (output: TENSOR),
        rules: [SameScaleAcross, Check(rules::reshape)],
        attrs: (),
        traits: PURE, infer: Some(infer::reshape), quant: SameScale, dynamic: Float, builtin: Some(22), since: "1.5.0",
    }

    /// Without dimensions of size 1.
    "tfl.squeeze" = Squeeze {
        ins: (input: TENSOR), outs: (output: TENSOR),
        rules: [SameScale, AtMost("squeeze_dims", 8), Ints("squeeze_dims")],
        attrs: (
                squeeze_dims: Option<Attr> = Some(Attr::Array(vec![])),
        ),
        traits: PURE, infer: Some(infer::squeeze), quant: SameScale, dynamic: Float, builtin: Some(43), since: "1.6.0",
    }

    /// With one more dimension of size 1.
    "tfl.expand_dims" = ExpandDims {
        ins: (input: TENSOR, dim: IDX), outs: (output: TENSOR),
        rules: [ResultElem(0, 0), SameScale],
        attrs: (),
        traits: PURE, infer: Some(infer::expand_dims), quant: SameScale, dynamic: Float, builtin: Some(70), since: "1.10.0",
    }

    /// Dimensions in another order.
    "tfl.transpose" = Transpose {
        ins: (input: TENSOR, perm: I32), outs: (output: TENSOR),
        rules: [Rank(1, 1), ResultElem(0, 0), SameScaleAcross, Check(rules::transpose)],
        attrs: (),
        traits: PURE, infer: Some(infer::transpose), quant: SameScale, dynamic: Float, builtin: Some(39), since: "1.6.0",
    }

    /// Joined along a dimension.
    "tfl.concatenation" = Concatenation {
        ins: (values: TENSOR variadic), outs: (output: TENSOR),
        rules: [ResultElem(0, 0), SameScaleUnlessU8, Check(rules::concatenation)],
        attrs: (
                axis: i32 = 0,
                fused_activation_function: Activation = Activation::None,
        ),
        traits: PURE, infer: Some(infer::concatenation), quant: SameScale, dynamic: Float, builtin: Some(2), since: "1.5.0",
    }

    /// Joined along a new dimension.
    "tfl.pack" = Pack {
        ins: (values: TENSOR variadic), outs: (output: TENSOR),
        rules: [ResultElem(0, 0), SameScale, Positive("values_count"), Check(rules::pack)],
        attrs: (
                axis: i32 = 0,
                values_count: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::pack), quant: SameScale, dynamic: Float, builtin: Some(83), since: "1.11.0",
    }

    /// Taken apart along a dimension.
    "tfl.unpack" = Unpack {
        ins: (input: TENSOR), outs: (outputs: TENSOR variadic),
        rules: [SameElem, SameScale, Inferred, NotNegative("num"), Results("num"), Check(rules::unpack)],
        attrs: (
                axis: i32 = 0,
                num: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::unpack), quant: SameScale, dynamic: Float, builtin: Some(88), since: "1.11.0",
    }

    /// Taken apart in equal pieces.
    "tfl.split" = Split {
        ins: (split_dim: I32, value: TENSOR), outs: (outputs: TENSOR variadic),
        rules: [OneElement(0), SameScale, Positive("num_splits"), Results("num_splits"), Check(rules::split)],
        attrs: (
                num_splits: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::split), quant: SameScale, dynamic: Float, builtin: Some(49), since: "1.5.0",
    }

    /// Taken apart in pieces of given sizes.
    "tfl.split_v" = SplitV {
        ins: (value: TENSOR, size_splits: IDX, split_dim: I32), outs: (outputs: TENSOR variadic),
        rules: [KnownRank(1, 1), I32(1), KnownRank(2, 0), I32(2), SameScale, Positive("num_splits"), Results("num_splits"), Check(rules::split_v)],
        attrs: (
                num_splits: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::split_v), quant: SameScale, dynamic: Float, builtin: Some(102), since: "1.13.1",
    }

    /// A block.
    "tfl.slice" = Slice {
        ins: (input: TENSOR, begin: IDX, size: IDX), outs: (output: TENSOR),
        rules: [RankAtMost(1, 1), RankAtMost(2, 1), ResultElem(0, 0), SameScale, Check(rules::slice)],
        attrs: (),
        traits: PURE, infer: Some(infer::slice), quant: SameScale, dynamic: Float, builtin: Some(65), since: "1.14.0",
    }

    /// Every n-th element from begin to end, by dimension.
    "tfl.strided_slice" = StridedSlice {
        ins: (input: TENSOR, begin: IDX, end: IDX, strides: IDX), outs: (output: TENSOR),
        rules: [Rank(1, 1), Rank(2, 1), Rank(3, 1), ResultElem(0, 0), SameScale, Check(rules::strided_slice)],
        attrs: (
                begin_mask: i32 = 0,
                ellipsis_mask: i32 = 0,
                end_mask: i32 = 0,
                new_axis_mask: i32 = 0,
                offset: bool = false,
                shrink_axis_mask: i32 = 0,
        ),
        traits: PURE, infer: Some(infer::strided_slice), quant: SameScale, dynamic: Float, builtin: Some(45), since: "1.6.0",
    }

    /// Slices picked by index.
    "tfl.gather" = Gather {
        ins: (params: TENSOR, indices: IDX_ANY), outs: (output: TENSOR),
        rules: [RankAtLeast(0, 1), ResultElem(0, 0), SameScale],
        attrs: (
                axis: i32 = 0,
                batch_dims: Option<i32> = Some(0),
        ),
        traits: PURE, infer: Some(infer::gather), quant: SameScale, dynamic: Move { weight: 0 }, builtin: Some(36), since: "1.6.0",
    }

    /// Slices picked by coordinates.
    "tfl.gather_nd" = GatherNd {
        ins: (params: TENSOR, indices: IDX_ANY), outs: (output: TENSOR),
        rules: [ResultElem(0, 0), SameScale],
        attrs: (),
        traits: PURE, infer: Some(infer::gather_nd), quant: SameScale, dynamic: Float, builtin: Some(107), since: "1.14.0",
    }

    /// Updates added into zeros at coordinates.
    "tfl.scatter_nd" = ScatterNd {
        ins: (indices: I32, updates: TENSOR, shape: I32), outs: (output: TENSOR),
        rules: [KnownRank(2, 1), RankAtLeast(0, 1), RankAtLeast(1, 1), ResultElem(0, 1), SameScale, Check(rules::scatter_nd)],
        attrs: (),
        traits: PURE, infer: Some(infer::scatter_nd), quant: SameScale, dynamic: Float, builtin: Some(122), since: "2.1.0",
    }

    /// Repeated.
    "tfl.tile" = Tile {
        ins: (input: TENSOR, multiples: IDX), outs: (output: TENSOR),
        rules: [ResultElem(0, 0), SameScale],
        attrs: (),
        traits: PURE, infer: Some(infer::tile), quant: SameScale, dynamic: Float, builtin: Some(69), since: "1.10.1",
    }

    /// Repeated along dimensions of size 1.
    "tfl.broadcast_to" = BroadcastTo {
        ins: (input: TENSOR, shape: IDX), outs: (output: TENSOR),
        rules: [Rank(1, 1), RankAtMost(0, 8), SizeAtMost(1, 0, 8), ResultElem(0, 0), SameScaleAcross],
        attrs: (),
        traits: PURE, infer: Some(infer::broadcast_to), quant: SameScale, dynamic: Float, builtin: Some(130),
    }

    /// One value everywhere.
    "tfl.fill" = Fill {
        ins: (dims: IDX, input: TENSOR), outs: (result: TENSOR),
        rules: [ResultElem(0, 1), SameScale],
        attrs: (),
        traits: PURE, infer: Some(infer::fill), quant: SameScale, dynamic: Float, builtin: Some(94), since: "1.13.0",
    }

    /// With zeros around; quantized, with the zero point.
    "tfl.pad" = Pad {
        ins: (input: TENSOR, padding: IDX), outs: (output: TENSOR),
        rules: [Rank(1, 2), RankAtMost(0, 5), RankIsSize(0, 1), SizeAtMost(1, 0, 5), ResultElem(0, 0), SameScale],
        attrs: (),
        traits: PURE, infer: Some(infer::pad), quant: SameScale, dynamic: Float, builtin: Some(34), since: "1.5.0",
    }

    /// With a value around.
    "tfl.padv2" = PadV2 {
        ins: (input: TENSOR, padding: IDX, constant_values: TENSOR), outs: (output: TENSOR),
        rules: [Rank(1, 2), Rank(2, 0), RankAtMost(0, 5), RankIsSize(0, 1), SizeAtMost(1, 0, 5), OperandElem(0, 2), ResultElem(0, 0), SameScale],
        attrs: (),
        traits: PURE, infer: Some(infer::pad), quant: SameScale, dynamic: Float, builtin: Some(60), since: "1.9.0",
    }

    /// With the input's mirror image around.
    "tfl.mirror_pad" = MirrorPad {
        ins: (input: TENSOR, pad: IDX), outs: (output: TENSOR),
        rules: [Rank(1, 2), SameScale],
        attrs: (
                mode: MirrorPadMode = MirrorPadMode::Reflect,
        ),
        traits: PURE, infer: Some(infer::pad), quant: SameScale, dynamic: Float, builtin: Some(100), since: "1.13.1",
    }

    /// Backwards along dimensions.
    "tfl.reverse_v2" = ReverseV2 {
        ins: (input: TENSOR, axis: I32), outs: (output: TENSOR),
        rules: [Rank(1, 1), ResultElem(0, 0)],
        attrs: (),
        traits: PURE, infer: Some(infer::same_as_first), quant: SameScale, dynamic: Float, builtin: Some(105), since: "1.14.0",
    }

    /// The first elements of each sequence backwards.
    "tfl.reverse_sequence" = ReverseSequence {
        ins: (input: TENSOR, seq_lengths: IDX), outs: (output: TENSOR),
        rules: [Rank(1, 1), ResultElem(0, 0), NotNegative("seq_dim"), NotNegative("batch_dim")],
        attrs: (
                batch_dim: i32 = 0,
                seq_dim: i32 = 0,
        ),
        traits: PURE, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(112), since: "1.14.0",
    }

    /// Blocks of the image become channels.
    "tfl.space_to_depth" = SpaceToDepth {
        ins: (input: TENSOR), outs: (output: TENSOR),
        rules: [RankAtMost(0, 4), ResultElem(0, 0), SameScale, Positive("block_size")],
        attrs: (
                block_size: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::space_to_depth), quant: SameScale, dynamic: Float, builtin: Some(26), since: "1.5.0",
    }

    /// Channels become blocks of the image.
    "tfl.depth_to_space" = DepthToSpace {
        ins: (input: TENSOR), outs: (output: TENSOR),
        rules: [RankAtMost(0, 4), ResultElem(0, 0), SameScale, Positive("block_size")],
        attrs: (
                block_size: i32 = 1,
        ),
        traits: PURE, infer: Some(infer::depth_to_space), quant: SameScale, dynamic: Float, builtin: Some(5), since: "2.1.0",
    }

    /// Blocks of the image become batches.
    "tfl.space_to_batch_nd" = SpaceToBatchNd {
        ins: (input: TENSOR, block_shape: I32, paddings: I32), outs: (output: TENSOR),
        rules: [RankAtLeast(0, 3), RankAtMost(0, 4), ResultElem(0, 0), SameScale],
        attrs: (),
        traits: PURE, infer: Some(infer::space_to_batch_nd), quant: SameScale, dynamic: Float, builtin: Some(38), since: "1.6.0",
    }

    /// Batches become blocks of the image.
    "tfl.batch_to_space_nd" = BatchToSpaceNd {
        ins: (input: TENSOR, block_shape: I32, indices: I32), outs: (output: TENSOR),
        rules: [Rank(1, 1), Rank(2, 2), RankAtLeast(0, 3), RankAtMost(0, 4), ResultElem(0, 0), SameScale],
        attrs: (),
        traits: PURE, infer: Some(infer::batch_to_space_nd), quant: SameScale, dynamic: Float, builtin: Some(37), since: "1.6.0",
    }

    /// A matrix with the given diagonal.
    "tfl.matrix_diag" = MatrixDiag {
        ins: (diagonal: TENSOR), outs: (output: TENSOR),
        rules: [RankAtLeast(0, 1), ResultElem(0, 0)],
        attrs: (),
        traits: PURE, infer: Some(infer::matrix_diag), quant: SameScale, dynamic: Float, builtin: Some(113), since: "1.14.0",
    }

    /// Another image size, linear in between.
    "tfl.resize_bilinear" = ResizeBilinear {
        ins: (input: FQ_INT8, size: I32), outs: (output: FQ_INT8),
        rules: [Rank(0, 4), Rank(1, 1), SizeIfKnown(1, 0, 2), ResultElem(0, 0), SameScale],
        attrs: (
                align_corners: bool = false,
                half_pixel_centers(optional): bool = false,
        ),
        traits: PURE, infer: Some(infer::resize), quant: SameScale, dynamic: Float, builtin: Some(23), since: "1.7.0",
    }

    /// Another image size, nearest pixel.
    "tfl.resize_nearest_neighbor" = ResizeNearestNeighbor {
        ins: (input: TENSOR, size: I32), outs: (output: TENSOR),
        rules: [Rank(0, 4), Rank(1, 1), SizeIfKnown(1, 0, 2), ResultElem(0, 0), SameScale],
        attrs: (
                align_corners: bool = false,
                half_pixel_centers(optional): bool = false,
        ),
        traits: PURE, infer: Some(infer::resize), quant: SameScale, dynamic: Float, builtin: Some(97), since: "1.13.1",
    }

    /// `on_value` at the index, `off_value` elsewhere.
    "tfl.one_hot" = OneHot {
        ins: (indices: IDX, depth: I32, on_value: TENSOR, off_value: TENSOR), outs: (output: TENSOR),
        attrs: (
                axis: i32 = -1,
        ),
        traits: PURE, infer: Some(infer::one_hot), quant: Plain, dynamic: Float, builtin: Some(85), since: "1.11.0",
    }

    /// The shape as a vector.
    "tfl.shape" = Shape {
        ins: (input: TENSOR), outs: (output: IDX),
        attrs: (),
        traits: PURE, infer: Some(infer::shape), quant: Plain, dynamic: Float, builtin: Some(77), since: "1.10.0",
    }

    /// The number of dimensions.
    "tfl.rank" = Rank {
        ins: (input: TENSOR), outs: (output: I32),
        attrs: (),
        traits: PURE, infer: Some(infer::rank), quant: Plain, dynamic: Float, builtin: Some(110), since: "1.14.0",
    }

    /// Numbers from start up to limit by delta.
    "tfl.range" = Range {
        ins: (start: NUM, limit: NUM, delta: NUM), outs: (result: NUM),
        rules: [Rank(0, 0), Rank(1, 0), Rank(2, 0), ResultElem(0, 0), ResultElem(0, 1), ResultElem(0, 2)],
        attrs: (),
        traits: PURE, infer: Some(infer::range), quant: Float, dynamic: Float, builtin: Some(96), since: "1.13.0",
    }

    /// Another element type; floats are cut towards zero.
    "tfl.cast" = Cast {
        ins: (input: TENSOR), outs: (output: TENSOR),
        rules: [SameShape],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(53), since: "1.5.0",
    }

    /// Coordinates of the true elements.
    "tfl.where" = Where {
        ins: (condition: TENSOR), outs: (index: IDX),
        attrs: (),
        traits: PURE, infer: Some(infer::where_), quant: Float, dynamic: Float, builtin: Some(109), since: "1.14.0",
    }

    /// Random numbers in [0, 1).
    "tfl.random_uniform" = RandomUniform {
        ins: (shape: I32), outs: (out: F32),
        attrs: (
                seed(optional): i64 = 0,
                seed2(optional): i64 = 0,
        ),
        traits: NONE, infer: Some(infer::random), quant: Float, dynamic: Float, builtin: Some(148), since: "2.8.0",
    }

    /// Whether bits differ; operands broadcast.
    "tfl.bitwise_xor" = BitwiseXor {
        ins: (lhs: INT, rhs: INT), outs: (output: INT),
        rules: [SameElem, Broadcast],
        attrs: (),
        traits: PURE | ELEMENTWISE | COMMUTATIVE, infer: Some(infer::elementwise), quant: Float, dynamic: Float, builtin: Some(160), since: "2.13.0",
    }

    /// Bits moved to the right; operands broadcast.
    "tfl.right_shift" = RightShift {
        ins: (lhs: INT, rhs: INT), outs: (output: INT),
        rules: [SameElem],
        attrs: (),
        traits: MAP, infer: Some(infer::elementwise), quant: Float, dynamic: Float, builtin: Some(161), since: "2.13.0",
    }

    /// The real part.
    "tfl.real" = Real {
        ins: (input: COMPLEX), outs: (output: FLOAT),
        rules: [SameShape],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(134), since: "2.5.0",
    }

    /// The imaginary part.
    "tfl.imag" = Imag {
        ins: (input: COMPLEX), outs: (output: FLOAT),
        rules: [SameShape],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(133), since: "2.5.0",
    }

    /// The absolute value of complex numbers.
    "tfl.complex_abs" = ComplexAbs {
        ins: (input: COMPLEX), outs: (output: FLOAT),
        rules: [SameShape],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(135), since: "2.5.0",
    }

    /// The discrete Fourier transform of the last two dimensions.
    "tfl.rfft2d" = Rfft2d {
        ins: (input: F32, fft_length: I32), outs: (output: COMPLEX),
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(131), since: "2.5.0",
    }

    /// The number of the interval, between sorted boundaries, that each element lies in.
    "tfl.bucketize" = Bucketize {
        ins: (input: NUM), outs: (output: I32),
        rules: [SameShape],
        attrs: (
                boundaries: Vec<f32> = vec![],
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(147), since: "2.8.0",
    }

    /// Rounded to the values of a quantized type.
    "tfl.fake_quant" = FakeQuant {
        ins: (input: F32), outs: (output: F32),
        rules: [Within("num_bits", 2, 16), Is("narrow_range", || Some(Attr::Bool(false)))],
        attrs: (
                min: f32 = -1.0,
                max: f32 = 1.0,
                num_bits: i32 = 8,
                narrow_range: bool = false,
        ),
        traits: PURE, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(80), since: "1.5.0",
    }

    /// The same bytes as another element type.
    "tfl.bitcast" = Bitcast {
        ins: (input: TENSOR), outs: (output: TENSOR),
        rules: [Check(rules::bitcast)],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(159), since: "2.13.0",
    }

    /// The shape that two shapes broadcast to.
    "tfl.broadcast_args" = BroadcastArgs {
        ins: (s0: IDX, s1: IDX), outs: (r0: IDX),
        rules: [Rank(0, 1), Rank(1, 1), OperandElem(0, 1), ResultElem(0, 0)],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(145), since: "2.6.0",
    }

    /// With other elements from an index on.
    "tfl.dynamic_update_slice" = DynamicUpdateSlice {
        ins: (operand: TENSOR, update: TENSOR, start_indices: IDX), outs: (output: TENSOR),
        rules: [ResultElem(0, 0), SameScaleAcross],
        attrs: (),
        traits: PURE, infer: Some(infer::same_as_first), quant: SameScale, dynamic: Float, builtin: Some(151), since: "2.9.0",
    }

    /// With other elements on the diagonal.
    "tfl.matrix_set_diag" = MatrixSetDiag {
        ins: (input: TENSOR, diagonal: TENSOR), outs: (result: TENSOR),
        rules: [RankAtLeast(0, 2), ResultElem(0, 0)],
        attrs: (),
        traits: PURE, infer: Some(infer::same_as_first), quant: SameScale, dynamic: Float, builtin: Some(115), since: "1.14.0",
    }

    /// With padding between elements.
    "tfl.dilate" = Dilate {
        ins: (input: TENSOR, dilations: I32, padding_value: TENSOR), outs: (output: TENSOR),
        rules: [KnownRank(2, 0), ResultElem(0, 0), ResultElem(0, 2)],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(203), since: "2.15.0",
    }

    /// A sparse tensor, dense.
    "tfl.densify" = Densify {
        ins: (input: TENSOR), outs: (output: TENSOR),
        rules: [ResultElem(0, 0)],
        attrs: (),
        traits: PURE, infer: Some(infer::same_as_first), quant: Float, dynamic: Float, builtin: Some(124), since: "2.2.0",
    }

    /// Values at indices, a default elsewhere.
    "tfl.sparse_to_dense" = SparseToDense {
        ins: (sparse_indices: IDX, output_shape: IDX, sparse_values: TENSOR, default_value: TENSOR), outs: (dense: TENSOR),
        rules: [RankAtMost(0, 2), RankAtMost(1, 1), RankAtMost(2, 1), ResultElem(0, 2), ResultElem(0, 3)],
        attrs: (),
        traits: PURE, infer: Some(infer::sparse_to_dense), quant: SameScale, dynamic: Float, builtin: Some(68), since: "1.9.0",
    }

    /// Each value once, and where each element stands among them.
    "tfl.unique" = Unique {
        ins: (input: TENSOR), outs: (output: TENSOR, idx: IDX),
        rules: [Rank(0, 1)],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(103), since: "1.14.0",
    }

    /// Sums of rows with equal, sorted segment numbers.
    "tfl.segment_sum" = SegmentSum {
        ins: (input: NUM, segment_ids: I32), outs: (output: NUM),
        rules: [ResultElem(0, 0)],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(125), since: "2.2.0",
    }

    /// Products of rows with equal segment numbers.
    "tfl.unsorted_segment_prod" = UnsortedSegmentProd {
        ins: (input: NUM, segment_ids: I32, num_segments: I32), outs: (output: NUM),
        rules: [ResultElem(0, 0)],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(153), since: "2.10.0",
    }

    /// Maxima of rows with equal segment numbers.
    "tfl.unsorted_segment_max" = UnsortedSegmentMax {
        ins: (input: NUM, segment_ids: I32, num_segments: I32), outs: (output: NUM),
        rules: [ResultElem(0, 0)],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(154), since: "2.10.0",
    }

    /// Minima of rows with equal segment numbers.
    "tfl.unsorted_segment_min" = UnsortedSegmentMin {
        ins: (input: NUM, segment_ids: I32, num_segments: I32), outs: (output: NUM),
        rules: [ResultElem(0, 0)],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(157), since: "2.11.0",
    }

    /// Sums of rows with equal segment numbers.
    "tfl.unsorted_segment_sum" = UnsortedSegmentSum {
        ins: (input: NUM, segment_ids: I32, num_segments: I32), outs: (output: NUM),
        rules: [ResultElem(0, 0)],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(155), since: "2.10.0",
    }

    /// The best boxes that overlap little.
    "tfl.non_max_suppression_v4" = NonMaxSuppressionV4 {
        ins: (boxes: F32, scores: F32, max_output_size: I32, iou_threshold: F32, score_threshold: F32), outs: (selected_indices: I32, valid_outputs: I32),
        rules: [Rank(0, 2), Rank(1, 1), Rank(2, 0), Rank(3, 0), Rank(4, 0), Size(0, 1, 4)],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(120), since: "2.1.0",
    }

    /// The best boxes that overlap little; scores of others fall with their overlap.
    "tfl.non_max_suppression_v5" = NonMaxSuppressionV5 {
        ins: (
            boxes: F32, scores: F32, max_output_size: I32, iou_threshold: F32, score_threshold: F32, soft_nms_sigma: F32,
        ), outs: (selected_indices: I32, selected_scores: F32, valid_outputs: I32),
        rules: [Rank(0, 2), Rank(1, 1), Rank(2, 0), Rank(3, 0), Rank(4, 0), Rank(5, 0), Size(0, 1, 4)],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(121), since: "2.1.0",
    }

    /// Numbers of the standard normal distribution.
    "tfl.random_standard_normal" = RandomStandardNormal {
        ins: (shape: I32), outs: (out: F32),
        attrs: (
                seed(optional): i64 = 0,
                seed2(optional): i64 = 0,
        ),
        traits: NONE, infer: Some(infer::random), quant: Float, dynamic: Float, builtin: Some(146), since: "2.8.0",
    }

    /// Classes drawn by their logarithmic probabilities.
    "tfl.multinomial" = Multinomial {
        ins: (logits: F32, num_samples: I32), outs: (out: IDX),
        attrs: (
                seed(optional): i64 = 0,
                seed2(optional): i64 = 0,
        ),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(149), since: "2.8.0",
    }

    /// One step of an LSTM.
    "tfl.lstm" = Lstm {
        ins: (
            input: FQ, input_to_input_weights: WEIGHT optional, input_to_forget_weights: WEIGHT, input_to_cell_weights: WEIGHT,
            input_to_output_weights: WEIGHT, recurrent_to_input_weights: WEIGHT optional, recurrent_to_forget_weights: WEIGHT,
            recurrent_to_cell_weights: WEIGHT, recurrent_to_output_weights: WEIGHT, cell_to_input_weights: WEIGHT optional,
            cell_to_forget_weights: WEIGHT optional, cell_to_output_weights: WEIGHT optional, input_gate_bias: BIAS optional,
            forget_gate_bias: BIAS, cell_bias: BIAS, output_gate_bias: BIAS, projection_weights: WEIGHT optional,
            projection_bias: BIAS optional, input_activation_state: TENSOR, input_cell_state: TENSOR,
            input_layer_norm_coefficients: WEIGHT optional, forget_layer_norm_coefficients: WEIGHT optional,
            cell_layer_norm_coefficients: WEIGHT optional, output_layer_norm_coefficients: WEIGHT optional,
        ), outs: (output: TENSOR),
        rules: [
            Rank(2, 2), Rank(3, 2), Rank(5, 2), Rank(6, 2), Rank(7, 2), Rank(9, 1), Rank(10, 1), Rank(11, 1), Rank(13, 1), Rank(14, 1), Rank(15, 1),
            Rank(16, 2), Rank(17, 1), ResultElem(0, 0), NotNegative("cell_clip"), NotNegative("proj_clip"), Is("kernel_type", || LstmKernelType::Full.to_attr()),
            Check(rules::lstm_operands), Check(rules::lstm_sizes), Regions(1),
        ],
        attrs: (
                asymmetric_quantize_inputs: Option<bool> = None,
                cell_clip: Option<f32> = None,
                effective_hidden_scale_intermediate: Option<Type> = None,
                fused_activation_function: Activation = Activation::None,
                input_to_cell_intermediate: Option<Type> = None,
                input_to_forget_intermediate: Option<Type> = None,
                input_to_input_intermediate: Option<Type> = None,
                input_to_output_intermediate: Option<Type> = None,
                kernel_type: Option<LstmKernelType> = None,
                proj_clip: Option<f32> = None,
        ),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(16), since: "1.7.0",
    }

    /// One step of an LSTM whose weights are one matrix.
    "tfl.basic_lstm" = BasicLstm {
        ins: (
            data_input: TENSOR, prev_activ_input: TENSOR, weights_input: TENSOR, biases_input: TENSOR, prev_state_input: TENSOR,
        ), outs: (activ_output: TENSOR, state_output: TENSOR, concat_temp: TENSOR, activ_temp: TENSOR),
        rules: [
            Rank(0, 2), Rank(1, 2), Rank(2, 2), Rank(3, 1), Rank(4, 2), NotNegative("cell_clip"), NotNegative("proj_clip"),
            Is("kernel_type", || LstmKernelType::Basic.to_attr()), ResultRank(0, 2), ResultRank(1, 2), ResultRank(2, 2), ResultRank(3, 2),
        ],
        attrs: (
                cell_clip: Option<f32> = None,
                fused_activation_function: Activation = Activation::Tanh,
                kernel_type: Option<LstmKernelType> = Some(LstmKernelType::Basic),
                proj_clip: Option<f32> = None,
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(16),
    }

    /// An LSTM over the steps of a sequence.
    "tfl.unidirectional_sequence_lstm" = UnidirectionalSequenceLstm {
        ins: (
            input: FQ, input_to_input_weights: WEIGHT optional, input_to_forget_weights: WEIGHT, input_to_cell_weights: WEIGHT,
            input_to_output_weights: WEIGHT, recurrent_to_input_weights: WEIGHT optional, recurrent_to_forget_weights: WEIGHT,
            recurrent_to_cell_weights: WEIGHT, recurrent_to_output_weights: WEIGHT, cell_to_input_weights: WEIGHT optional,
            cell_to_forget_weights: WEIGHT optional, cell_to_output_weights: WEIGHT optional, input_gate_bias: BIAS optional,
            forget_gate_bias: BIAS, cell_bias: BIAS, output_gate_bias: BIAS, projection_weights: WEIGHT optional,
            projection_bias: BIAS optional, input_activation_state: TENSOR, input_cell_state: TENSOR,
            input_layer_norm_coefficients: WEIGHT optional, forget_layer_norm_coefficients: WEIGHT optional,
            cell_layer_norm_coefficients: WEIGHT optional, output_layer_norm_coefficients: WEIGHT optional,
        ), outs: (output: FQ),
        rules: [
            Rank(1, 2), Rank(2, 2), Rank(3, 2), Rank(4, 2), Rank(9, 1), Rank(10, 1), Rank(11, 1), Rank(12, 1), Rank(13, 1), Rank(14, 1), Rank(15, 1),
            Rank(16, 2), Rank(17, 1), RankAtLeast(0, 2), RankAtMost(5, 2), RankAtMost(6, 2), RankAtMost(7, 2), RankAtMost(8, 2), ResultElem(0, 0),
            NotNegative("cell_clip"), NotNegative("proj_clip"), Check(rules::lstm_operands), Check(rules::sequence_lstm_result),
        ],
        attrs: (
                asymmetric_quantize_inputs: Option<bool> = None,
                cell_clip: Option<f32> = None,
                diagonal_recurrent_tensors: Option<bool> = None,
                effective_hidden_scale_intermediate: Option<Type> = None,
                fused_activation_function: Activation = Activation::None,
                input_to_cell_intermediate: Option<Type> = None,
                input_to_forget_intermediate: Option<Type> = None,
                input_to_input_intermediate: Option<Type> = None,
                input_to_output_intermediate: Option<Type> = None,
                proj_clip: Option<f32> = None,
                time_major: bool = false,
        ),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(44), since: "1.13.1",
    }

    /// Two LSTMs over the steps of a sequence, one of them backwards.
    "tfl.bidirectional_sequence_lstm" = BidirectionalSequenceLstm {
        ins: (
            input: TENSOR, fw_input_to_input_weights: WEIGHT optional, fw_input_to_forget_weights: WEIGHT,
            fw_input_to_cell_weights: WEIGHT, fw_input_to_output_weights: WEIGHT,
            fw_recurrent_to_input_weights: WEIGHT optional, fw_recurrent_to_forget_weights: WEIGHT,
            fw_recurrent_to_cell_weights: WEIGHT, fw_recurrent_to_output_weights: WEIGHT,
            fw_cell_to_input_weights: WEIGHT optional, fw_cell_to_forget_weights: WEIGHT optional,
            fw_cell_to_output_weights: WEIGHT optional, fw_input_gate_bias: F32 optional, fw_forget_gate_bias: F32,
            fw_cell_bias: F32, fw_output_gate_bias: F32, fw_projection_weights: WEIGHT optional,
            fw_projection_bias: F32 optional, bw_input_to_input_weights: WEIGHT optional, bw_input_to_forget_weights: WEIGHT,
            bw_input_to_cell_weights: WEIGHT, bw_input_to_output_weights: WEIGHT,
            bw_recurrent_to_input_weights: WEIGHT optional, bw_recurrent_to_forget_weights: WEIGHT,
            bw_recurrent_to_cell_weights: WEIGHT, bw_recurrent_to_output_weights: WEIGHT,
            bw_cell_to_input_weights: WEIGHT optional, bw_cell_to_forget_weights: WEIGHT optional,
            bw_cell_to_output_weights: WEIGHT optional, bw_input_gate_bias: F32 optional, bw_forget_gate_bias: F32,
            bw_cell_bias: F32, bw_output_gate_bias: F32, bw_projection_weights: WEIGHT optional,
            bw_projection_bias: F32 optional, fw_input_activation_state: TENSOR, fw_input_cell_state: TENSOR,
            bw_input_activation_state: TENSOR, bw_input_cell_state: TENSOR, aux_input: WEIGHT optional,
            fw_aux_input_to_input_weights: WEIGHT optional, fw_aux_input_to_forget_weights: WEIGHT optional,
            fw_aux_input_to_cell_weights: WEIGHT optional, fw_aux_input_to_output_weights: WEIGHT optional,
            bw_aux_input_to_input_weights: WEIGHT optional, bw_aux_input_to_forget_weights: WEIGHT optional,
            bw_aux_input_to_cell_weights: WEIGHT optional, bw_aux_input_to_output_weights: WEIGHT optional,
        ), outs: (fw_output: TENSOR, bw_output: TENSOR),
        rules: [
            Rank(0, 3), Rank(1, 2), Rank(2, 2), Rank(3, 2), Rank(4, 2), Rank(5, 2), Rank(6, 2), Rank(7, 2), Rank(8, 2), Rank(9, 1), Rank(10, 1),
            Rank(11, 1), Rank(12, 1), Rank(13, 1), Rank(14, 1), Rank(15, 1), Rank(16, 2), Rank(17, 1), Rank(18, 2), Rank(19, 2), Rank(20, 2),
            Rank(21, 2), Rank(22, 2), Rank(23, 2), Rank(24, 2), Rank(25, 2), Rank(26, 1), Rank(27, 1), Rank(28, 1), Rank(29, 1), Rank(30, 1),
            Rank(31, 1), Rank(32, 1), Rank(33, 2), Rank(34, 1), ResultElem(0, 0), NotNegative("cell_clip"), NotNegative("proj_clip"),
            Check(rules::bidirectional_operands),
        ],
        attrs: (
                asymmetric_quantize_inputs: Option<bool> = None,
                cell_clip: Option<f32> = None,
                fused_activation_function: Activation = Activation::None,
                merge_outputs: bool = false,
                proj_clip: Option<f32> = None,
                time_major: bool = false,
        ),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(52), since: "1.14.0",
    }

    /// A recurrent layer over the steps of a sequence.
    "tfl.unidirectional_sequence_rnn" = UnidirectionalSequenceRnn {
        ins: (
            input: F32, input_to_input_weights: WEIGHT, recurrent_to_input_weights: WEIGHT, input_gate_bias: F32, hidden_state: TENSOR,
        ), outs: (output: F32),
        rules: [Rank(4, 2), OperandElem(1, 2), ResultElem(0, 0)],
        attrs: (
                asymmetric_quantize_inputs: Option<bool> = None,
                fused_activation_function: Activation = Activation::None,
                time_major: bool = false,
        ),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(35), since: "1.14.0",
    }

    /// A fully connected layer over time whose weights have a low rank.
    "tfl.svdf" = Svdf {
        ins: (
            input: FQ, feature_weights: WEIGHT, time_weights: FQ, input_gate_bias: BIAS optional, activation_state: TENSOR,
        ), outs: (output: FQ),
        rules: [ResultElem(0, 0), Positive("rank")],
        attrs: (
                asymmetric_quantize_inputs: Option<bool> = None,
                fused_activation_function: Activation = Activation::None,
                rank: i32 = 1,
        ),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(27), since: "1.5.0",
    }

    /// Computes one of two regions; they have no arguments and end with `tfl.yield`. In a file each calls a subgraph.
    "tfl.if" = If {
        ins: (cond: BOOL), outs: (results: TENSOR variadic),
        rules: [Regions(2), Blocks(1, "tfl.yield"), Check(rules::no_arguments)],
        attrs: (),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(118), since: "1.15.0",
    }

    /// Computes its second region as long as its first yields true. In a file each calls a subgraph.
    "tfl.while" = While {
        ins: (input: TENSOR variadic), outs: (output: TENSOR variadic),
        rules: [Regions(2), Blocks(2, "tfl.yield"), Check(rules::while_loop)],
        attrs: (
                is_stateless: Option<bool> = None,
        ),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(119), since: "1.15.0",
    }

    /// Ends a region with its results.
    "tfl.yield" = Yield {
        ins: (operands: ANY variadic), outs: (),
        attrs: (),
        traits: TERMINATOR, infer: Some(infer::nothing), quant: Float, dynamic: Float, builtin: None,
    }

    /// Calls a function the first time it is reached.
    "tfl.call_once" = CallOnce {
        ins: (), outs: (),
        attrs: (
                session_init_function: Arc<str> = "".into(),
        ),
        traits: NONE, infer: Some(infer::nothing), quant: Float, dynamic: Float, builtin: Some(129), since: "2.5.0",
    }

    /// A variable by its name.
    "tfl.var_handle" = VarHandle {
        ins: (), outs: (resource_handle: RESOURCE),
        attrs: (
                container: Option<Arc<str>> = None,
                shared_name: Option<Arc<str>> = None,
        ),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(142), since: "2.6.0",
    }

    /// The value of a variable.
    "tfl.read_variable" = ReadVariable {
        ins: (resource_id: RESOURCE), outs: (result: TENSOR),
        attrs: (),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(143), since: "2.6.0",
    }

    /// Gives a variable a value.
    "tfl.assign_variable" = AssignVariable {
        ins: (resource_id: RESOURCE, value: TENSOR), outs: (),
        attrs: (),
        traits: NONE, infer: Some(infer::nothing), quant: Float, dynamic: Float, builtin: Some(144), since: "2.6.0",
    }

    /// A table by its number.
    "tfl.hashtable" = Hashtable {
        ins: (), outs: (out: RESOURCE),
        attrs: (
                key_dtype: Type = Type::Scalar(crate::types::Elem::I64),
                table_id: i32 = 0,
                value_dtype: Type = Type::Scalar(crate::types::Elem::F32),
        ),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(136), since: "2.5.0",
    }

    /// The values of keys in a table.
    "tfl.hashtable_find" = HashtableFind {
        ins: (hash_table: RESOURCE, keys: TENSOR, default_value: TENSOR), outs: (out: TENSOR),
        attrs: (),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(137), since: "2.5.0",
    }

    /// Fills a table.
    "tfl.hashtable_import" = HashtableImport {
        ins: (hash_table: RESOURCE, keys: TENSOR, values: TENSOR), outs: (),
        attrs: (),
        traits: NONE, infer: Some(infer::nothing), quant: Float, dynamic: Float, builtin: Some(138), since: "2.5.0",
    }

    /// The number of entries of a table.
    "tfl.hashtable_size" = HashtableSize {
        ins: (hash_table: RESOURCE), outs: (out: IDX),
        attrs: (),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(139), since: "2.5.0",
    }

    /// Orders operations by tokens; the region holds one of them.
    "tfl.control_node" = ControlNode {
        ins: (controlInputs: ANY variadic), outs: (outputs: ANY variadic, control: ANY),
        rules: [Regions(1), Blocks(1, "tfl.yield"), Check(rules::no_arguments), Check(rules::control_node)],
        attrs: (),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: None,
    }

    /// One of several regions, by what the runtime can do.
    "tfl.poly_call" = PolyCall {
        ins: (input: TENSOR variadic), outs: (output: TENSOR variadic),
        rules: [SomeRegions, Blocks(0, "tfl.yield")],
        attrs: (),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: None,
    }

    /// A TensorFlow operation, which its region holds.
    "tfl.custom_tf" = CustomTf {
        ins: (input: ANY variadic), outs: (output: TENSOR variadic),
        rules: [Regions(1), Blocks(1, "tfl.yield")],
        attrs: (),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: None,
    }

    /// Compares a quantized tensor with its float one while the model runs.
    "tfl.NumericVerify" = NumericVerify {
        ins: (input: TENSOR, ref: F32), outs: (output: F32),
        rules: [SameOperandShape],
        attrs: (
                log_if_failed: Option<bool> = None,
                tolerance: Option<f32> = None,
        ),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: None,
    }

    /// Float to quantized, or from one quantized type to another.
    "tfl.quantize" = Quantize {
        ins: (input: TENSOR), outs: (output: TENSOR),
        rules: [TensorType("qtype"), SameShape],
        attrs: (
                qtype: Type = Type::None,
        ),
        traits: PURE, infer: Some(infer::qtype), quant: Float, dynamic: Float, builtin: Some(114), since: "1.14.0",
    }

    /// Quantized or float16 to float32.
    "tfl.dequantize" = Dequantize {
        ins: (input: TENSOR), outs: (output: F32),
        attrs: (),
        traits: PURE, infer: Some(infer::dequantize), quant: Float, dynamic: Float, builtin: Some(6), since: "1.13.1",
    }

    /// Floats to integers with a scale and a zero point for each block. It has no code in the schema. Names and rules are those of upstream's
    /// Python package; its published sources do not have the operation.
    "tfl.blockwise_quantize" = BlockwiseQuantize {
        ins: (input: TENSOR), outs: (output: TENSOR, scale: TENSOR, zero_point: ANY),
        rules: [Ints("block_shape"), Check(rules::blockwise_quantize)],
        attrs: (
                block_shape: Attr = Attr::Array(vec![]),
                range_dilation(optional): f32 = 0.0,
                scale_type: Type = Type::Scalar(crate::types::Elem::F32),
                symmetric: bool = true,
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: None,
    }

    /// Integers with a scale and a zero point for each block, as floats; like `tfl.blockwise_quantize`.
    "tfl.blockwise_dequantize" = BlockwiseDequantize {
        ins: (input: TENSOR, scales: TENSOR, zero_points: ANY), outs: (output: TENSOR),
        rules: [Ints("block_shape"), Check(rules::blockwise_dequantize)],
        attrs: (
                block_shape: Attr = Attr::Array(vec![]),
                symmetric: bool = true,
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: None,
    }

    /// An operation of the embedder, named by `custom_code`.
    "tfl.custom" = Custom {
        ins: (input: ANY variadic), outs: (output: TENSOR variadic),
        rules: [Of("custom_option", "tfl.const_bytes"), Check(rules::tensors_or_none)],
        attrs: (
                custom_code: Arc<str> = "".into(),
                custom_option: Attr = Attr::Opaque("#tfl<const_bytes : \"0x\">".into()),
        ),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(32),
    }
}
