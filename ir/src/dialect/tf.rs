//! TensorFlow operations, as a graph has them.
//!
//! A row says what a `GraphDef` leaves to TensorFlow's registry: the names of an operation's outputs, by which function bodies refer to them,
//! how many there are, and what their elements are.

use crate::attr::Attr;
use crate::infer;
use crate::op::{Arity, Dialect, DynamicRule, ElemSet, OpDef, OpRow, QuantRule, Traits, ValueDef};
use crate::types::Elem;

/// What the elements of an output are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OutType {
    /// The type attribute of this name, or the second field where it is absent.
    Attr(&'static str, Option<&'static Elem>),
    /// Always the same.
    Fixed(&'static Elem),
    /// One output for each type of this list attribute.
    List(&'static str),
}

/// One output argument of an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Out {
    /// Its name in function bodies: `node:name:index`.
    pub name: &'static str,
    /// Its element type.
    pub ty: OutType,
    /// The integer attribute that counts it, if it stands for several.
    pub count: Option<&'static str>,
}

/// What the importer needs of an operation.
#[derive(Debug)]
pub struct TfOp {
    /// The row all dialects have.
    pub def: OpDef,
    /// The output arguments.
    pub outs: &'static [Out],
}

/// The row of a TensorFlow operation, by its name in the graph (`Conv2D`).
pub fn lookup(op: &str) -> Option<&'static TfOp> {
    ROWS.iter().find(|r| r.def.name.strip_prefix("tf.") == Some(op)).copied()
}

const ANY: ValueDef = ValueDef { name: "values", elems: ElemSet::ANY, arity: Arity::Variadic };

macro_rules! rows {
    ($($name:literal: $traits:ident, [$($out:literal: $ty:expr $(, times $count:literal)?);*];)*) => {
        const ROWS: &[&TfOp] = &[$(&TfOp {
            def: OpDef {
                name: concat!("tf.", $name),
                doc: concat!("TensorFlow's `", $name, "`."),
                operands: &[ANY],
                results: &[ANY],
                rules: &[],
                attrs: &[],
                traits: Traits::$traits,
                infer: None,
                quant: QuantRule::Float,
                dynamic: DynamicRule::Float,
                builtin: None,
                since: None,
                custom: None,
                eval: None,
            },
            outs: &[$(Out { name: $out, ty: $ty, count: rows!(@count $($count)?) }),*],
        }),*];
        const DEFS: &[&OpDef] = &{
            let mut all = [<Const as OpRow>::DEF; ROWS.len() + 1];
            let mut i = 0;
            while i < ROWS.len() {
                all[i + 1] = &ROWS[i].def;
                i += 1;
            }
            all
        };
    };
    (@count) => { None };
    (@count $count:literal) => { Some($count) };
}

rows! {
    "Abs": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "Add": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "AddN": PURE, ["sum": OutType::Attr("T", Some(&Elem::F32))];
    "AddV2": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "All": PURE, ["output": OutType::Fixed(&Elem::BOOL)];
    "Any": PURE, ["output": OutType::Fixed(&Elem::BOOL)];
    "ArgMax": PURE, ["output": OutType::Attr("output_type", Some(&Elem::I64))];
    "ArgMin": PURE, ["output": OutType::Attr("output_type", Some(&Elem::I64))];
    "Assert": NONE, [];
    "Assign": NONE, ["output_ref": OutType::Attr("T", Some(&Elem::F32))];
    "AssignAddVariableOp": NONE, [];
    "AssignSubVariableOp": NONE, [];
    "AssignVariableOp": NONE, [];
    "Atan2": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "AvgPool": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "BatchMatMul": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "BatchMatMulV2": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "BatchMatMulV3": PURE, ["output": OutType::Attr("Tout", None)];
    "BatchNormWithGlobalNormalization": PURE, ["result": OutType::Attr("T", Some(&Elem::F32))];
    "BatchToSpace": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "BatchToSpaceND": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "BiasAdd": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "BiasAddV1": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "BroadcastTo": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Cast": PURE, ["y": OutType::Attr("DstT", None)];
    "Ceil": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "CheckNumerics": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "ClipByValue": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Concat": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "ConcatV2": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Conv2D": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Conv2DBackpropInput": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Conv3D": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Cos": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "Cosh": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "Cumsum": PURE, ["out": OutType::Attr("T", Some(&Elem::F32))];
    "DepthToSpace": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "DepthwiseConv2dNative": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Div": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "DivNoNan": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "Einsum": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Elu": PURE, ["activations": OutType::Attr("T", Some(&Elem::F32))];
    "EnsureShape": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Equal": PURE, ["z": OutType::Fixed(&Elem::BOOL)];
    "Erf": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "Erfc": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "Exp": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "ExpandDims": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Expm1": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "FakeQuantWithMinMaxArgs": PURE, ["outputs": OutType::Fixed(&Elem::F32)];
    "FakeQuantWithMinMaxVars": PURE, ["outputs": OutType::Fixed(&Elem::F32)];
    "FakeQuantWithMinMaxVarsPerChannel": PURE, ["outputs": OutType::Fixed(&Elem::F32)];
    "Fill": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Floor": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "FloorDiv": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "FloorMod": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "FusedBatchNorm": PURE, ["y": OutType::Attr("T", Some(&Elem::F32)); "batch_mean": OutType::Attr("T", Some(&Elem::F32)); "batch_variance": OutType::Attr("T", Some(&Elem::F32)); "reserve_space_1": OutType::Attr("T", Some(&Elem::F32)); "reserve_space_2": OutType::Attr("T", Some(&Elem::F32))];
    "FusedBatchNormV2": PURE, ["y": OutType::Attr("T", Some(&Elem::F32)); "batch_mean": OutType::Attr("U", Some(&Elem::F32)); "batch_variance": OutType::Attr("U", Some(&Elem::F32)); "reserve_space_1": OutType::Attr("U", Some(&Elem::F32)); "reserve_space_2": OutType::Attr("U", Some(&Elem::F32))];
    "FusedBatchNormV3": PURE, ["y": OutType::Attr("T", Some(&Elem::F32)); "batch_mean": OutType::Attr("U", Some(&Elem::F32)); "batch_variance": OutType::Attr("U", Some(&Elem::F32)); "reserve_space_1": OutType::Attr("U", Some(&Elem::F32)); "reserve_space_2": OutType::Attr("U", Some(&Elem::F32)); "reserve_space_3": OutType::Attr("U", Some(&Elem::F32))];
    "Gather": PURE, ["output": OutType::Attr("Tparams", None)];
    "GatherNd": PURE, ["output": OutType::Attr("Tparams", None)];
    "GatherV2": PURE, ["output": OutType::Attr("Tparams", None)];
    "Greater": PURE, ["z": OutType::Fixed(&Elem::BOOL)];
    "GreaterEqual": PURE, ["z": OutType::Fixed(&Elem::BOOL)];
    "Identity": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "IdentityN": PURE, ["output": OutType::List("T")];
    "Inv": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "IsFinite": PURE, ["y": OutType::Fixed(&Elem::BOOL)];
    "IsInf": PURE, ["y": OutType::Fixed(&Elem::BOOL)];
    "IsNan": PURE, ["y": OutType::Fixed(&Elem::BOOL)];
    "L2Loss": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "LRN": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "LeakyRelu": PURE, ["activations": OutType::Attr("T", Some(&Elem::F32))];
    "Less": PURE, ["z": OutType::Fixed(&Elem::BOOL)];
    "LessEqual": PURE, ["z": OutType::Fixed(&Elem::BOOL)];
    "LinSpace": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Log": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "Log1p": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "LogSoftmax": PURE, ["logsoftmax": OutType::Attr("T", Some(&Elem::F32))];
    "LogicalAnd": PURE, ["z": OutType::Fixed(&Elem::BOOL)];
    "LogicalNot": PURE, ["y": OutType::Fixed(&Elem::BOOL)];
    "LogicalOr": PURE, ["z": OutType::Fixed(&Elem::BOOL)];
    "MatMul": PURE, ["product": OutType::Attr("T", Some(&Elem::F32))];
    "MatrixBandPart": PURE, ["band": OutType::Attr("T", Some(&Elem::F32))];
    "MatrixDiag": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "MatrixDiagV2": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "MatrixDiagV3": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Max": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "MaxPool": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "MaxPoolV2": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Maximum": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "Mean": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Min": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Minimum": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "MirrorPad": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Mod": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "Mul": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "MulNoNan": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "Neg": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "NoOp": NONE, [];
    "NotEqual": PURE, ["z": OutType::Fixed(&Elem::BOOL)];
    "OneHot": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "OnesLike": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "Pack": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Pad": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "PadV2": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "PartitionedCall": PURE, ["output": OutType::List("Tout")];
    "Placeholder": PURE, ["output": OutType::Attr("dtype", None)];
    "PlaceholderWithDefault": PURE, ["output": OutType::Attr("dtype", None)];
    "Pow": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "PreventGradient": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Prod": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "RandomStandardNormal": NONE, ["output": OutType::Attr("dtype", None)];
    "RandomUniform": NONE, ["output": OutType::Attr("dtype", None)];
    "Range": PURE, ["output": OutType::Attr("Tidx", Some(&Elem::I32))];
    "Rank": PURE, ["output": OutType::Fixed(&Elem::I32)];
    "ReadVariableOp": NONE, ["value": OutType::Attr("dtype", None)];
    "RealDiv": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "Reciprocal": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "Relu": PURE, ["activations": OutType::Attr("T", Some(&Elem::F32))];
    "Relu6": PURE, ["activations": OutType::Attr("T", Some(&Elem::F32))];
    "Reshape": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "ResizeBilinear": PURE, ["resized_images": OutType::Fixed(&Elem::F32)];
    "ResizeNearestNeighbor": PURE, ["resized_images": OutType::Attr("T", Some(&Elem::F32))];
    "ResourceGather": NONE, ["output": OutType::Attr("dtype", None)];
    "ReverseSequence": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "ReverseV2": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Rint": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "Roll": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Round": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "Rsqrt": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "ScatterNd": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "SegmentSum": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Select": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "SelectV2": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Selu": PURE, ["activations": OutType::Attr("T", Some(&Elem::F32))];
    "Shape": PURE, ["output": OutType::Attr("out_type", Some(&Elem::I32))];
    "ShapeN": PURE, ["output": OutType::Attr("out_type", Some(&Elem::I32)), times "N"];
    "Sigmoid": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "Sign": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "Sin": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "Sinh": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "Size": PURE, ["output": OutType::Attr("out_type", Some(&Elem::I32))];
    "Slice": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Snapshot": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Softmax": PURE, ["softmax": OutType::Attr("T", Some(&Elem::F32))];
    "Softplus": PURE, ["activations": OutType::Attr("T", Some(&Elem::F32))];
    "Softsign": PURE, ["activations": OutType::Attr("T", Some(&Elem::F32))];
    "SpaceToBatch": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "SpaceToBatchND": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "SpaceToDepth": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Split": PURE, ["output": OutType::Attr("T", Some(&Elem::F32)), times "num_split"];
    "SplitV": PURE, ["output": OutType::Attr("T", Some(&Elem::F32)), times "num_split"];
    "Sqrt": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "Square": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "SquaredDifference": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "Squeeze": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "StatefulPartitionedCall": NONE, ["output": OutType::List("Tout")];
    "StopGradient": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "StridedSlice": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Sub": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "Sum": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Tan": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "Tanh": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "TensorScatterAdd": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "TensorScatterUpdate": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "Tile": PURE, ["output": OutType::Attr("T", Some(&Elem::F32))];
    "TopKV2": PURE, ["values": OutType::Attr("T", Some(&Elem::F32)); "indices": OutType::Attr("index_type", Some(&Elem::I32))];
    "Transpose": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
    "TruncateDiv": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "Unpack": PURE, ["output": OutType::Attr("T", Some(&Elem::F32)), times "num"];
    "VarHandleOp": NONE, ["resource": OutType::Fixed(&Elem::Resource)];
    "Variable": NONE, ["ref": OutType::Attr("dtype", None)];
    "VariableV2": NONE, ["ref": OutType::Attr("dtype", None)];
    "Where": PURE, ["index": OutType::Fixed(&Elem::I64)];
    "Xdivy": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "Xlogy": PURE, ["z": OutType::Attr("T", Some(&Elem::F32))];
    "ZerosLike": PURE, ["y": OutType::Attr("T", Some(&Elem::F32))];
}

/// TensorFlow operations.
pub const TF: Dialect = Dialect { name: "tf", ops: DEFS };

pub use rows::*;
mod rows {
    use super::{Attr, infer};
    use std::sync::Arc;

    crate::ops! {
        /// `tf.Const`, which is a constant like those of other dialects.
        pub CONSTANTS = "tf";

        /// A constant.
        "tf.Const" = Const {
            ins: (), outs: (output: ANY), attrs: (value: Attr = Attr::Unit),
            traits: PURE | CONSTANT, infer: Some(infer::constant), quant: Float, dynamic: Float, builtin: None,
        }
    }

    crate::ops! {
        /// What a SavedModel holds beside functions.
        pub TF_SAVED_MODEL = "tf_saved_model";

        /// The value of a variable; its type is the discardable attribute `type`.
        "tf_saved_model.global_tensor" = GlobalTensor {
            ins: (), outs: (),
            attrs: (sym_name: Arc<str> = "v".into(), value: Option<Attr> = None),
            traits: SYMBOL, infer: None, quant: Float, dynamic: Float, builtin: None,
        }
    }
}
