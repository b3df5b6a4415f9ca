//! The option tables of operators: which attribute stands in which field. One row serves writing and reading.
//!
//! Fields whose value is the schema's default are not written, and an absent field is read as it. A row names the schema's own constants, so
//! that a field that does not exist is an error of the compiler.

use flatbuffers::{FlatBufferBuilder, UnionWIPOffset, VOffsetT, WIPOffset};
use ir::{Attr, Attrs, Body, Elem, Operation, Type};

use crate::elem;
use crate::schema::tflite as schema;
use crate::table::TableView;

/// How an attribute stands in a field.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A 32-bit integer with the schema's default.
    Int(i32),
    /// A 64-bit integer, 0 by default.
    Long,
    /// A float, 0 by default.
    Float,
    /// A boolean with the schema's default.
    Bool(bool),
    /// A boolean that is left out of the IR where it is false.
    Flag,
    /// One of some keywords, by its number in the schema; the first is the default.
    Keyword(&'static [&'static str]),
    /// `#tfl<mirror_pad_attr …>`, by number.
    MirrorPad,
    /// A vector of 32-bit integers, an array in the IR.
    Ints,
    /// The element type of the first result: the IR needs no attribute for it.
    ResultElem,
}

/// One field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Offset in the vtable.
    pub at: VOffsetT,
    /// Attribute.
    pub name: &'static str,
    /// How it is stored.
    pub kind: Kind,
}

/// The options of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The operation.
    pub op: &'static str,
    /// The table's number in the union of all options.
    pub union: schema::BuiltinOptions,
    /// Its fields.
    pub fields: &'static [Field],
}

const ACTIVATION: &[&str] = &["NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"];
const PADDING: &[&str] = &["SAME", "VALID"];
const WEIGHTS_FORMAT: &[&str] = &["DEFAULT", "SHUFFLED4x16INT8"];
const MIRROR_PAD: &[&str] = &["REFLECT", "SYMMETRIC"];

macro_rules! options {
    ($($op:literal = $table:ident { $($at:ident: $name:literal = $kind:expr),* $(,)? })*) => {
        /// The rows. Operations that have no options, or whose table has no field, are not here.
        pub const OPTIONS: &[Options] = &[$(Options {
            op: $op,
            union: schema::BuiltinOptions::$table,
            fields: &[$(Field { at: schema::$table::$at, name: $name, kind: $kind }),*],
        }),*];
    };
}

use Kind::{Bool, Flag, Float, Int, Ints, Keyword, Long, MirrorPad, ResultElem};

options! {
    "tfl.add" = AddOptions { VT_FUSED_ACTIVATION_FUNCTION: "fused_activation_function" = Keyword(ACTIVATION) }
    "tfl.arg_max" = ArgMaxOptions { VT_OUTPUT_TYPE: "output_type" = ResultElem }
    "tfl.arg_min" = ArgMinOptions { VT_OUTPUT_TYPE: "output_type" = ResultElem }
    "tfl.average_pool_2d" = Pool2DOptions {
        VT_PADDING: "padding" = Keyword(PADDING), VT_STRIDE_W: "stride_w" = Int(0), VT_STRIDE_H: "stride_h" = Int(0),
        VT_FILTER_WIDTH: "filter_width" = Int(0), VT_FILTER_HEIGHT: "filter_height" = Int(0),
        VT_FUSED_ACTIVATION_FUNCTION: "fused_activation_function" = Keyword(ACTIVATION),
    }
    "tfl.batch_matmul" = BatchMatMulOptions {
        VT_ADJ_X: "adj_x" = Bool(false), VT_ADJ_Y: "adj_y" = Bool(false),
        VT_ASYMMETRIC_QUANTIZE_INPUTS: "asymmetric_quantize_inputs" = Flag,
    }
    "tfl.concatenation" = ConcatenationOptions {
        VT_AXIS: "axis" = Int(0), VT_FUSED_ACTIVATION_FUNCTION: "fused_activation_function" = Keyword(ACTIVATION),
    }
    "tfl.conv_2d" = Conv2DOptions {
        VT_PADDING: "padding" = Keyword(PADDING), VT_STRIDE_W: "stride_w" = Int(0), VT_STRIDE_H: "stride_h" = Int(0),
        VT_FUSED_ACTIVATION_FUNCTION: "fused_activation_function" = Keyword(ACTIVATION),
        VT_DILATION_W_FACTOR: "dilation_w_factor" = Int(1), VT_DILATION_H_FACTOR: "dilation_h_factor" = Int(1),
    }
    "tfl.conv_3d" = Conv3DOptions {
        VT_PADDING: "padding" = Keyword(PADDING), VT_STRIDE_D: "stride_d" = Int(0), VT_STRIDE_W: "stride_w" = Int(0),
        VT_STRIDE_H: "stride_h" = Int(0), VT_FUSED_ACTIVATION_FUNCTION: "fused_activation_function" = Keyword(ACTIVATION),
        VT_DILATION_D_FACTOR: "dilation_d_factor" = Int(1), VT_DILATION_W_FACTOR: "dilation_w_factor" = Int(1),
        VT_DILATION_H_FACTOR: "dilation_h_factor" = Int(1),
    }
    "tfl.cumsum" = CumsumOptions { VT_EXCLUSIVE: "exclusive" = Bool(false), VT_REVERSE: "reverse" = Bool(false) }
    "tfl.depth_to_space" = DepthToSpaceOptions { VT_BLOCK_SIZE: "block_size" = Int(0) }
    "tfl.depthwise_conv_2d" = DepthwiseConv2DOptions {
        VT_PADDING: "padding" = Keyword(PADDING), VT_STRIDE_W: "stride_w" = Int(0), VT_STRIDE_H: "stride_h" = Int(0),
        VT_DEPTH_MULTIPLIER: "depth_multiplier" = Int(0),
        VT_FUSED_ACTIVATION_FUNCTION: "fused_activation_function" = Keyword(ACTIVATION),
        VT_DILATION_W_FACTOR: "dilation_w_factor" = Int(1), VT_DILATION_H_FACTOR: "dilation_h_factor" = Int(1),
    }
    "tfl.div" = DivOptions { VT_FUSED_ACTIVATION_FUNCTION: "fused_activation_function" = Keyword(ACTIVATION) }
    "tfl.fully_connected" = FullyConnectedOptions {
        VT_FUSED_ACTIVATION_FUNCTION: "fused_activation_function" = Keyword(ACTIVATION),
        VT_WEIGHTS_FORMAT: "weights_format" = Keyword(WEIGHTS_FORMAT), VT_KEEP_NUM_DIMS: "keep_num_dims" = Bool(false),
        VT_ASYMMETRIC_QUANTIZE_INPUTS: "asymmetric_quantize_inputs" = Flag,
    }
    "tfl.gather" = GatherOptions { VT_AXIS: "axis" = Int(0), VT_BATCH_DIMS: "batch_dims" = Int(0) }
    "tfl.gelu" = GeluOptions { VT_APPROXIMATE: "approximate" = Bool(false) }
    "tfl.l2_normalization" = L2NormOptions { VT_FUSED_ACTIVATION_FUNCTION: "fused_activation_function" = Keyword(ACTIVATION) }
    "tfl.l2_pool_2d" = Pool2DOptions {
        VT_PADDING: "padding" = Keyword(PADDING), VT_STRIDE_W: "stride_w" = Int(0), VT_STRIDE_H: "stride_h" = Int(0),
        VT_FILTER_WIDTH: "filter_width" = Int(0), VT_FILTER_HEIGHT: "filter_height" = Int(0),
        VT_FUSED_ACTIVATION_FUNCTION: "fused_activation_function" = Keyword(ACTIVATION),
    }
    "tfl.leaky_relu" = LeakyReluOptions { VT_ALPHA: "alpha" = Float }
    "tfl.local_response_normalization" = LocalResponseNormalizationOptions {
        VT_RADIUS: "radius" = Int(0), VT_BIAS: "bias" = Float, VT_ALPHA: "alpha" = Float, VT_BETA: "beta" = Float,
    }
    "tfl.max_pool_2d" = Pool2DOptions {
        VT_PADDING: "padding" = Keyword(PADDING), VT_STRIDE_W: "stride_w" = Int(0), VT_STRIDE_H: "stride_h" = Int(0),
        VT_FILTER_WIDTH: "filter_width" = Int(0), VT_FILTER_HEIGHT: "filter_height" = Int(0),
        VT_FUSED_ACTIVATION_FUNCTION: "fused_activation_function" = Keyword(ACTIVATION),
    }
    "tfl.mean" = ReducerOptions { VT_KEEP_DIMS: "keep_dims" = Bool(false) }
    "tfl.mirror_pad" = MirrorPadOptions { VT_MODE: "mode" = MirrorPad }
    "tfl.mul" = MulOptions { VT_FUSED_ACTIVATION_FUNCTION: "fused_activation_function" = Keyword(ACTIVATION) }
    "tfl.one_hot" = OneHotOptions { VT_AXIS: "axis" = Int(0) }
    "tfl.pack" = PackOptions { VT_VALUES_COUNT: "values_count" = Int(0), VT_AXIS: "axis" = Int(0) }
    "tfl.random_uniform" = RandomOptions { VT_SEED: "seed" = Long, VT_SEED2: "seed2" = Long }
    "tfl.reduce_all" = ReducerOptions { VT_KEEP_DIMS: "keep_dims" = Bool(false) }
    "tfl.reduce_any" = ReducerOptions { VT_KEEP_DIMS: "keep_dims" = Bool(false) }
    "tfl.reduce_max" = ReducerOptions { VT_KEEP_DIMS: "keep_dims" = Bool(false) }
    "tfl.reduce_min" = ReducerOptions { VT_KEEP_DIMS: "keep_dims" = Bool(false) }
    "tfl.reduce_prod" = ReducerOptions { VT_KEEP_DIMS: "keep_dims" = Bool(false) }
    "tfl.resize_bilinear" = ResizeBilinearOptions {
        VT_ALIGN_CORNERS: "align_corners" = Bool(false), VT_HALF_PIXEL_CENTERS: "half_pixel_centers" = Bool(false),
    }
    "tfl.resize_nearest_neighbor" = ResizeNearestNeighborOptions {
        VT_ALIGN_CORNERS: "align_corners" = Bool(false), VT_HALF_PIXEL_CENTERS: "half_pixel_centers" = Bool(false),
    }
    "tfl.reverse_sequence" = ReverseSequenceOptions { VT_SEQ_DIM: "seq_dim" = Int(0), VT_BATCH_DIM: "batch_dim" = Int(0) }
    "tfl.shape" = ShapeOptions { VT_OUT_TYPE: "out_type" = ResultElem }
    "tfl.softmax" = SoftmaxOptions { VT_BETA: "beta" = Float }
    "tfl.space_to_depth" = SpaceToDepthOptions { VT_BLOCK_SIZE: "block_size" = Int(0) }
    "tfl.split" = SplitOptions { VT_NUM_SPLITS: "num_splits" = Int(0) }
    "tfl.split_v" = SplitVOptions { VT_NUM_SPLITS: "num_splits" = Int(0) }
    "tfl.squeeze" = SqueezeOptions { VT_SQUEEZE_DIMS: "squeeze_dims" = Ints }
    "tfl.strided_slice" = StridedSliceOptions {
        VT_BEGIN_MASK: "begin_mask" = Int(0), VT_END_MASK: "end_mask" = Int(0), VT_ELLIPSIS_MASK: "ellipsis_mask" = Int(0),
        VT_NEW_AXIS_MASK: "new_axis_mask" = Int(0), VT_SHRINK_AXIS_MASK: "shrink_axis_mask" = Int(0),
        VT_OFFSET: "offset" = Bool(false),
    }
    "tfl.sub" = SubOptions { VT_FUSED_ACTIVATION_FUNCTION: "fused_activation_function" = Keyword(ACTIVATION) }
    "tfl.sum" = ReducerOptions { VT_KEEP_DIMS: "keep_dims" = Bool(false) }
    "tfl.transpose_conv" = TransposeConvOptions {
        VT_PADDING: "padding" = Keyword(PADDING), VT_STRIDE_W: "stride_w" = Int(0), VT_STRIDE_H: "stride_h" = Int(0),
        VT_FUSED_ACTIVATION_FUNCTION: "fused_activation_function" = Keyword(ACTIVATION),
    }
    "tfl.unpack" = UnpackOptions { VT_NUM: "num" = Int(0), VT_AXIS: "axis" = Int(0) }
}

/// The row of an operation.
pub fn options(op: &str) -> Option<&'static Options> {
    OPTIONS.iter().find(|o| o.op == op)
}

fn mirror_pad(mode: &str) -> String {
    format!("#tfl<mirror_pad_attr {mode}>")
}

/// What stands in a field that is not written as default.
#[derive(Debug)]
enum Stored {
    I32(i32),
    I64(i64),
    F32(f32),
    Bool(bool),
    I8(i8),
    Vector(Vec<i32>),
}

/// The fields of one operation's options, ready to be written.
#[derive(Debug)]
pub struct Values {
    union: schema::BuiltinOptions,
    fields: Vec<(VOffsetT, Stored)>,
}

/// The value of a field; the error is a sentence.
fn stored(body: &Body, op: &Operation, field: &Field) -> Result<Option<Stored>, String> {
    let attr = op.attr(field.name);
    let bad = || format!("attribute `{}` has a value that the TFLite schema does not know", field.name);
    let int = |a: Option<&Attr>| a.and_then(Attr::as_int);
    let number = |names: &[&str], name: Option<&str>| -> Result<i8, String> {
        let at = names.iter().position(|n| Some(*n) == name).ok_or_else(bad)?;
        i8::try_from(at).map_err(|_| bad())
    };
    let elem_of = |ty: Option<&Type>| ty.and_then(|t| t.elem()).and_then(elem::to_schema).map(|t| t.0);
    Ok(match field.kind {
        Kind::Int(default) => {
            let v = i32::try_from(int(attr).ok_or_else(bad)?).map_err(|_| bad())?;
            (v != default).then_some(Stored::I32(v))
        }
        Kind::Long => int(attr).filter(|v| *v != 0).map(Stored::I64),
        Kind::Float => {
            let v = attr.and_then(Attr::as_float).ok_or_else(bad)? as f32;
            (v.to_bits() != 0).then_some(Stored::F32(v))
        }
        Kind::Bool(default) => {
            let v = attr.and_then(Attr::as_bool).ok_or_else(bad)?;
            (v != default).then_some(Stored::Bool(v))
        }
        Kind::Flag => attr.and_then(Attr::as_bool).filter(|v| *v).map(Stored::Bool),
        Kind::Keyword(names) => Some(number(names, attr.and_then(Attr::as_str))?).filter(|n| *n != 0).map(Stored::I8),
        Kind::MirrorPad => {
            let mode = match attr {
                Some(Attr::Opaque(text)) => MIRROR_PAD.iter().copied().find(|m| mirror_pad(m) == **text),
                _ => None,
            };
            Some(number(MIRROR_PAD, mode)?).filter(|n| *n != 0).map(Stored::I8)
        }
        Kind::Ints => {
            let v = attr.and_then(Attr::as_ints).ok_or_else(bad)?;
            let v: Vec<i32> = v.into_iter().map(i32::try_from).collect::<Result<_, _>>().map_err(|_| bad())?;
            (!v.is_empty()).then_some(Stored::Vector(v))
        }
        Kind::ResultElem => elem_of(op.results().first().map(|v| body.ty(*v))).filter(|n| *n != 0).map(Stored::I8),
    })
}

impl Values {
    /// What the options of an operation hold; `None` if it has none. The error is a sentence.
    pub fn of(body: &Body, op: &Operation) -> Result<Option<Values>, String> {
        let Some(row) = options(op.name.as_str()) else { return Ok(None) };
        let mut fields = Vec::new();
        for field in row.fields {
            fields.extend(stored(body, op, field)?.map(|v| (field.at, v)));
        }
        // Widest first, so that nothing is padded.
        fields.sort_by_key(|(_, v)| match v {
            Stored::I64(_) => 0,
            Stored::I32(_) | Stored::F32(_) | Stored::Vector(_) => 1,
            Stored::Bool(_) | Stored::I8(_) => 2,
        });
        Ok(Some(Values { union: row.union, fields }))
    }

    /// Writes the table; gives its number in the union and its place.
    pub fn write(&self, fbb: &mut FlatBufferBuilder<'_>) -> (schema::BuiltinOptions, WIPOffset<UnionWIPOffset>) {
        // Vectors stand outside of the table that refers to them.
        let vectors: Vec<_> = self
            .fields
            .iter()
            .map(|(_, v)| match v {
                Stored::Vector(v) => Some(fbb.create_vector(v)),
                _ => None,
            })
            .collect();
        let start = fbb.start_table();
        for ((at, v), vector) in self.fields.iter().zip(vectors) {
            match v {
                Stored::I32(v) => fbb.push_slot_always(*at, *v),
                Stored::I64(v) => fbb.push_slot_always(*at, *v),
                Stored::F32(v) => fbb.push_slot_always(*at, *v),
                Stored::Bool(v) => fbb.push_slot_always(*at, *v),
                Stored::I8(v) => fbb.push_slot_always(*at, *v),
                Stored::Vector(_) => {
                    if let Some(vector) = vector {
                        fbb.push_slot_always(*at, vector);
                    }
                }
            }
        }
        (self.union, WIPOffset::new(fbb.end_table(start).value()))
    }
}

/// Reads the attributes of an operation; a table that is absent gives the defaults. The error is a sentence.
pub fn read(row: &Options, table: Option<TableView<'_>>) -> Result<Attrs, String> {
    let mut attrs = Attrs::new();
    for field in row.fields {
        let at = field.at;
        let keyword = |names: &[&'static str]| -> Result<&'static str, String> {
            let n = table.and_then(|t| t.i8(at)).unwrap_or(0);
            let name = usize::try_from(n).ok().and_then(|n| names.get(n));
            name.copied().ok_or_else(|| format!("option `{}` has the unknown value {n}", field.name))
        };
        let attr = match field.kind {
            Kind::Int(default) => Attr::i32(table.and_then(|t| t.i32(at)).unwrap_or(default)),
            Kind::Long => Attr::i64(table.and_then(|t| t.i64(at)).unwrap_or(0)),
            Kind::Float => Attr::f32(table.and_then(|t| t.f32(at)).unwrap_or(0.0)),
            Kind::Bool(default) => Attr::Bool(table.and_then(|t| t.i8(at)).map_or(default, |v| v != 0)),
            Kind::Flag => match table.and_then(|t| t.i8(at)) {
                Some(v) if v != 0 => Attr::Bool(true),
                _ => continue,
            },
            Kind::Keyword(names) => Attr::str(keyword(names)?),
            Kind::MirrorPad => Attr::Opaque(mirror_pad(keyword(MIRROR_PAD)?).into()),
            Kind::Ints => {
                let v = table.map(|t| t.i32s(at)).unwrap_or_default();
                Attr::Array(v.into_iter().map(|v| Attr::Int(i64::from(v), Elem::I64)).collect())
            }
            Kind::ResultElem => continue,
        };
        attrs.set(field.name, attr);
    }
    Ok(attrs)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Operators whose table has no field, or that have none.
    const WITHOUT: &[&str] = &[
        "abs",
        "add_n",
        "atan2",
        "batch_to_space_nd",
        "broadcast_to",
        "cast",
        "ceil",
        "cos",
        "custom",
        "dequantize",
        "elu",
        "embedding_lookup",
        "equal",
        "exp",
        "expand_dims",
        "fill",
        "floor",
        "floor_div",
        "floor_mod",
        "gather_nd",
        "greater",
        "greater_equal",
        "hard_swish",
        "less",
        "less_equal",
        "log",
        "log_softmax",
        "logical_and",
        "logical_not",
        "logical_or",
        "logistic",
        "matrix_diag",
        "maximum",
        "minimum",
        "neg",
        "not_equal",
        "pad",
        "padv2",
        "pow",
        "prelu",
        "quantize",
        "range",
        "rank",
        "relu",
        "relu6",
        "relu_0_to_1",
        "relu_n1_to_1",
        "reshape",
        "reverse_v2",
        "round",
        "rsqrt",
        "scatter_nd",
        "select",
        "select_v2",
        "sign",
        "sin",
        "slice",
        "space_to_batch_nd",
        "sqrt",
        "square",
        "squared_difference",
        "tanh",
        "tile",
        "topk_v2",
        "transpose",
        "where",
        "zeros_like",
    ];

    #[test]
    fn every_row_of_the_dialect_has_its_options() {
        assert!(OPTIONS.is_sorted_by(|a, b| a.op < b.op));
        for def in ir::dialect::tfl::TFL.ops.iter().filter(|d| d.builtin.is_some()) {
            let name = def.name.trim_start_matches("tfl.");
            assert_ne!(options(def.name).is_some(), WITHOUT.contains(&name), "{name}");
            let Some(row) = options(def.name) else { continue };
            for attr in def.attrs {
                assert!(row.fields.iter().any(|f| f.name == attr.name), "{name}: `{}` has no field", attr.name);
            }
        }
    }
}
