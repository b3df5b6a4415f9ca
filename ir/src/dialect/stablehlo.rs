//! The operations of StableHLO that a TFLite file can hold: one row for each. Names are upstream's.
//!
//! The regions of a file are subgraphs: each calls a function with all its arguments and returns the results.

use std::sync::Arc;

use crate::attr::Attr;
use crate::infer;
use crate::opaque_attr;

opaque_attr! {
    /// What a comparison asks.
    ComparisonDirection = "stablehlo", "comparison_direction" {
        /// Equal.
        Eq = "EQ",
        /// Not equal.
        Ne = "NE",
        /// Greater or equal.
        Ge = "GE",
        /// Greater.
        Gt = "GT",
        /// Less or equal.
        Le = "LE",
        /// Less.
        Lt = "LT",
    }
}

opaque_attr! {
    /// How elements are compared.
    ComparisonType = "stablehlo", "comparison_type" {
        /// As their type says.
        NoType = "NOTYPE",
        /// As floats.
        Float = "FLOAT",
        /// As floats, in the total order of IEEE 754.
        TotalOrder = "TOTALORDER",
        /// As signed integers.
        Signed = "SIGNED",
        /// As unsigned integers.
        Unsigned = "UNSIGNED",
    }
}

opaque_attr! {
    /// How random bits are made.
    RngAlgorithm = "stablehlo", "rng_algorithm" {
        /// As the runtime likes.
        Default = "DEFAULT",
        /// Philox.
        Philox = "PHILOX",
        /// Threefry.
        ThreeFry = "THREE_FRY",
    }
}

opaque_attr! {
    /// How exact the products of a matrix are.
    Precision = "stablehlo", "precision" {
        /// As the runtime likes.
        Default = "DEFAULT",
        /// More.
        High = "HIGH",
        /// Most.
        Highest = "HIGHEST",
    }
}

crate::ops! {
    /// StableHLO operations.
    pub STABLEHLO = "stablehlo";

    /// Absolute value.
    "stablehlo.abs" = Abs {
        ins: (operand: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(175),
    }

    /// Cube root.
    "stablehlo.cbrt" = Cbrt {
        ins: (operand: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(208), since: "2.17.0",
    }

    /// Another element type.
    "stablehlo.convert" = Convert {
        ins: (operand: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(192),
    }

    /// Cosine.
    "stablehlo.cosine" = Cosine {
        ins: (operand: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(177),
    }

    /// `e^x`
    "stablehlo.exponential" = Exponential {
        ins: (operand: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(178),
    }

    /// Rounded down.
    "stablehlo.floor" = Floor {
        ins: (operand: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(179),
    }

    /// Natural logarithm.
    "stablehlo.log" = Log {
        ins: (operand: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(180),
    }

    /// `1 / (1 + e^-x)`
    "stablehlo.logistic" = Logistic {
        ins: (operand: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(162),
    }

    /// `-x`
    "stablehlo.negate" = Negate {
        ins: (operand: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(182),
    }

    /// The same elements in another shape.
    "stablehlo.reshape" = Reshape {
        ins: (operand: TENSOR), outs: (result: TENSOR),
        rules: [Ranked],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(167),
    }

    /// `1 / sqrt(x)`
    "stablehlo.rsqrt" = Rsqrt {
        ins: (operand: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(186),
    }

    /// Hyperbolic tangent.
    "stablehlo.tanh" = Tanh {
        ins: (operand: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(189),
    }

    /// Sum.
    "stablehlo.add" = Add {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(163), since: "2.16.0",
    }

    /// Bits of both.
    "stablehlo.and" = And {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(176), since: "2.17.0",
    }

    /// Quotient.
    "stablehlo.divide" = Divide {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(164),
    }

    /// The larger operand.
    "stablehlo.maximum" = Maximum {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(166), since: "2.16.0",
    }

    /// The smaller operand.
    "stablehlo.minimum" = Minimum {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(181), since: "2.16.0",
    }

    /// Product.
    "stablehlo.multiply" = Multiply {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(165), since: "2.16.0",
    }

    /// Bits of one or both.
    "stablehlo.or" = Or {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(183),
    }

    /// `lhs ^ rhs`
    "stablehlo.power" = Power {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(184),
    }

    /// Remainder with the sign of the dividend.
    "stablehlo.remainder" = Remainder {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(185),
    }

    /// Bits moved to the left.
    "stablehlo.shift_left" = ShiftLeft {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(207), since: "2.17.0",
    }

    /// Difference.
    "stablehlo.subtract" = Subtract {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (result: TENSOR),
        rules: [Ranked, SameShape, LikeElem],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(188),
    }

    /// How two elements compare.
    "stablehlo.compare" = Compare {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (result: TENSOR),
        rules: [Ranked],
        attrs: (
            comparison_direction: ComparisonDirection = ComparisonDirection::Eq,
            compare_type: Option<ComparisonType> = None,
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(191),
    }

    /// One operand where the predicate holds, the other elsewhere.
    "stablehlo.select" = Select {
        ins: (pred: TENSOR, on_true: TENSOR, on_false: TENSOR), outs: (result: TENSOR),
        rules: [Ranked],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(187),
    }

    /// Elements kept between two bounds.
    "stablehlo.clamp" = Clamp {
        ins: (min: TENSOR, operand: TENSOR, max: TENSOR), outs: (result: TENSOR),
        rules: [Ranked],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(168),
    }

    /// Joined along a dimension.
    "stablehlo.concatenate" = Concatenate {
        ins: (inputs: TENSOR variadic), outs: (result: TENSOR),
        rules: [Ranked],
        attrs: (
            dimension: i64 = 0,
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(169),
    }

    /// Repeated along dimensions that are new or of size 1.
    "stablehlo.broadcast_in_dim" = BroadcastInDim {
        ins: (operand: TENSOR), outs: (result: TENSOR),
        rules: [Ranked],
        attrs: (
            broadcast_dimensions: Vec<i64> = vec![],
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(170),
    }

    /// Every n-th element of a block.
    "stablehlo.slice" = Slice {
        ins: (operand: TENSOR), outs: (result: TENSOR),
        rules: [Ranked],
        attrs: (
            limit_indices: Vec<i64> = vec![],
            start_indices: Vec<i64> = vec![],
            strides: Vec<i64> = vec![],
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(172),
    }

    /// A block from indices that are operands.
    "stablehlo.dynamic_slice" = DynamicSlice {
        ins: (operand: TENSOR, start_indices: TENSOR variadic), outs: (result: TENSOR),
        rules: [Ranked],
        attrs: (
            slice_sizes: Vec<i64> = vec![],
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(193),
    }

    /// With other elements from indices on.
    "stablehlo.dynamic_update_slice" = DynamicUpdateSlice {
        ins: (operand: TENSOR, update: TENSOR, start_indices: TENSOR variadic), outs: (result: TENSOR),
        rules: [Ranked],
        attrs: (),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(194),
    }

    /// With a value around, between or taken away at the border.
    "stablehlo.pad" = Pad {
        ins: (operand: TENSOR, padding_value: TENSOR), outs: (result: TENSOR),
        rules: [Ranked],
        attrs: (
            edge_padding_high: Vec<i64> = vec![],
            edge_padding_low: Vec<i64> = vec![],
            interior_padding: Vec<i64> = vec![],
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(195), since: "2.16.0",
    }

    /// Each element is its index in a dimension.
    "stablehlo.iota" = Iota {
        ins: (), outs: (output: TENSOR),
        rules: [Ranked],
        attrs: (
            iota_dimension: i64 = 0,
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(196),
    }

    /// Dimensions in another order.
    "stablehlo.transpose" = Transpose {
        ins: (operand: TENSOR), outs: (result: TENSOR),
        rules: [Ranked],
        attrs: (
            permutation: Vec<i64> = vec![],
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(202),
    }

    /// Product of matrices, with batches.
    "stablehlo.dot_general" = DotGeneral {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (result: TENSOR),
        rules: [Of("dot_dimension_numbers", "stablehlo.dot"), Ranked],
        attrs: (
            dot_dimension_numbers: Attr = Attr::Unit,
            precision_config: Option<Attr> = None,
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(197),
    }

    /// Convolution over any number of dimensions.
    "stablehlo.convolution" = Convolution {
        ins: (lhs: TENSOR, rhs: TENSOR), outs: (result: TENSOR),
        rules: [Of("dimension_numbers", "stablehlo.conv"), Ranked],
        attrs: (
            batch_group_count: i64 = 1,
            dimension_numbers: Attr = Attr::Unit,
            feature_group_count: i64 = 1,
            lhs_dilation: Option<Vec<i64>> = None,
            padding: Option<Attr> = None,
            precision_config: Option<Attr> = None,
            rhs_dilation: Option<Vec<i64>> = None,
            window_reversal: Option<Attr> = None,
            window_strides: Option<Vec<i64>> = None,
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(171),
    }

    /// Slices picked by coordinates.
    "stablehlo.gather" = Gather {
        ins: (operand: TENSOR, start_indices: TENSOR), outs: (result: TENSOR),
        rules: [Of("dimension_numbers", "stablehlo.gather"), Ranked],
        attrs: (
            dimension_numbers: Attr = Attr::Unit,
            indices_are_sorted: Option<bool> = None,
            slice_sizes: Vec<i64> = vec![],
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(201), since: "2.16.0",
    }

    /// With updates at coordinates; its region combines old and new.
    "stablehlo.scatter" = Scatter {
        ins: (inputs: TENSOR variadic), outs: (results: TENSOR variadic),
        rules: [Of("scatter_dimension_numbers", "stablehlo.scatter"), Ranked, Regions(1), Blocks(1, "stablehlo.return")],
        attrs: (
            indices_are_sorted: Option<bool> = None,
            scatter_dimension_numbers: Attr = Attr::Unit,
            unique_indices: Option<bool> = None,
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(190), since: "2.15.0",
    }

    /// Its region, folded over dimensions.
    "stablehlo.reduce" = Reduce {
        ins: (inputs: TENSOR variadic), outs: (results: TENSOR variadic),
        rules: [Ranked, Regions(1), Blocks(1, "stablehlo.return")],
        attrs: (
            dimensions: Vec<i64> = vec![],
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(174),
    }

    /// Its region, folded over windows.
    "stablehlo.reduce_window" = ReduceWindow {
        ins: (inputs: TENSOR variadic), outs: (results: TENSOR variadic),
        rules: [Ranked, Regions(1), Blocks(1, "stablehlo.return")],
        attrs: (
            base_dilations: Option<Vec<i64>> = None,
            padding: Option<Attr> = None,
            window_dilations: Option<Vec<i64>> = None,
            window_dimensions: Vec<i64> = vec![],
            window_strides: Option<Vec<i64>> = None,
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(198), since: "2.16.0",
    }

    /// Sorted along a dimension by the order that its region tells.
    "stablehlo.sort" = Sort {
        ins: (inputs: TENSOR variadic), outs: (results: TENSOR variadic),
        rules: [Ranked, Regions(1), Blocks(1, "stablehlo.return")],
        attrs: (
            dimension: Option<i64> = None,
            is_stable: Option<bool> = None,
        ),
        traits: PURE, infer: None, quant: Float, dynamic: Float, builtin: Some(199),
    }

    /// Computes its second region as long as its first yields true.
    "stablehlo.while" = While {
        ins: (operand: ANY variadic), outs: (results: ANY variadic),
        rules: [Regions(2), Blocks(2, "stablehlo.return")],
        attrs: (),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(200),
    }

    /// Computes the region with the number of the operand.
    "stablehlo.case" = Case {
        ins: (index: TENSOR), outs: (results: ANY variadic),
        rules: [SomeRegions, Blocks(usize::MAX, "stablehlo.return")],
        attrs: (),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(209), since: "2.17.0",
    }

    /// Random bits, and the next state.
    "stablehlo.rng_bit_generator" = RngBitGenerator {
        ins: (initial_state: TENSOR), outs: (output_state: TENSOR, output: TENSOR),
        rules: [Ranked],
        attrs: (
            rng_algorithm: RngAlgorithm = RngAlgorithm::Default,
        ),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(204), since: "2.15.0",
    }

    /// Calls what the runtime knows by a name.
    "stablehlo.custom_call" = CustomCall {
        ins: (inputs: ANY variadic), outs: (results: ANY variadic),
        attrs: (
            api_version: Option<i32> = None,
            backend_config: Option<Attr> = None,
            call_target_name: Arc<str> = "".into(),
            has_side_effect: Option<bool> = None,
        ),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(173),
    }

    /// An operation by its name, which a runtime may know; else the function computes it.
    "stablehlo.composite" = Composite {
        ins: (inputs: ANY variadic), outs: (results: ANY variadic),
        rules: [AnyRegions, Check(rules::composite)],
        attrs: (
            composite_attributes: Option<Attr> = None,
            decomposition: Attr = Attr::symbol("f"),
            name: Arc<str> = "".into(),
            version: Option<i32> = None,
        ),
        traits: NONE, infer: None, quant: Float, dynamic: Float, builtin: Some(206), since: "2.17.0",
    }

    /// Ends a region with its results.
    "stablehlo.return" = Return {
        ins: (operands: ANY variadic), outs: (),
        attrs: (),
        traits: TERMINATOR, infer: Some(infer::nothing), quant: Float, dynamic: Float, builtin: None,
    }
}
