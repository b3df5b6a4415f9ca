//! The options table of each operation: one row says which fields hold which attributes, for writing and for reading.
//!
//! An operation of the dialect that has no row here has no attributes; its options, if the schema has any, are without fields and left out.

use std::sync::Arc;

use flatbuffers::{FlatBufferBuilder, UnionWIPOffset, Vector, WIPOffset};
use ir::dialect::tfl;
use ir::{Attr, Attrs, OpDef, OpRow, Type};

use crate::schema::tflite as fb;
use crate::types;
use crate::view::View;

/// An options table that was written: its type and its place.
pub type Written = (fb::BuiltinOptions, Option<WIPOffset<UnionWIPOffset>>);

/// How the options of one operation are written and read.
pub struct Codec {
    /// The operation.
    pub def: &'static OpDef,
    write: fn(View<'_>, &mut FlatBufferBuilder<'_>) -> Option<Written>,
    read: fn(&fb::Operator<'_>) -> Option<Attrs>,
}

/// The options of an operation; `None` if it has none with fields.
pub fn codec(name: &str) -> Option<&'static Codec> {
    CODECS.iter().find(|c| c.def.name == name)
}

/// Writes the options of an operation. `None` if an attribute is missing or of another kind.
pub fn write(view: View<'_>, fbb: &mut FlatBufferBuilder<'_>) -> Option<Written> {
    match codec(view.op.name.as_str()) {
        Some(codec) => (codec.write)(view, fbb),
        None => Some((fb::BuiltinOptions::NONE, None)),
    }
}

/// Reads the attributes of an operation with given result types. `None` if the options are of another type or hold an unknown keyword.
pub fn read(def: &'static OpDef, operator: &fb::Operator<'_>, results: &[Type]) -> Option<Attrs> {
    let mut attrs = match codec(def.name) {
        Some(codec) => (codec.read)(operator)?,
        None => Attrs::new(),
    };
    if def == tfl::Quantize::DEF
        && let Some(ty) = results.first()
    {
        attrs.set("qtype", Attr::Type(ty.clone()));
    }
    Some(attrs)
}

/// The row of an operator: an `LSTM` has one of two.
pub fn variant(def: &'static OpDef, operator: &fb::Operator<'_>) -> &'static OpDef {
    let options = operator.builtin_options_as_lstmoptions();
    match options.is_some_and(|o| o.kernel_type() == fb::LSTMKernelType::BASIC) {
        true if def == tfl::Lstm::DEF => tfl::BasicLstm::DEF,
        _ => def,
    }
}

/// An attribute and the field that holds it.
trait Field<S, L = S>: Sized {
    fn store(&self, fbb: &mut FlatBufferBuilder<'_>) -> Option<S>;
    fn load(field: L) -> Option<Self>;
}

macro_rules! fields_that_are_attributes {
    ($($ty:ty),*) => {$(
        impl Field<$ty> for $ty {
            fn store(&self, _: &mut FlatBufferBuilder<'_>) -> Option<$ty> {
                Some(*self)
            }
            fn load(field: $ty) -> Option<$ty> {
                Some(field)
            }
        }
        /// One that may be left out: 0 and false are the defaults.
        impl Field<$ty> for Option<$ty> {
            fn store(&self, _: &mut FlatBufferBuilder<'_>) -> Option<$ty> {
                Some(self.unwrap_or_default())
            }
            fn load(field: $ty) -> Option<Self> {
                Some(Some(field))
            }
        }
    )*};
}
fields_that_are_attributes!(i32, i64, f32, bool);

/// Keywords are listed in the order of the schema.
macro_rules! fields_that_are_keywords {
    ($($keyword:ty = $field:ty: $all:expr),* $(,)?) => {$(
        impl Field<$field> for $keyword {
            fn store(&self, _: &mut FlatBufferBuilder<'_>) -> Option<$field> {
                let number = $all.iter().position(|k| k == self)?;
                i8::try_from(number).ok().map(<$field>::from_bits)
            }
            fn load(field: $field) -> Option<Self> {
                $all.get(usize::try_from(field.bits()).ok()?).copied()
            }
        }
        /// One that may be left out: the first is the default.
        impl Field<$field> for Option<$keyword> {
            fn store(&self, fbb: &mut FlatBufferBuilder<'_>) -> Option<$field> {
                self.map_or(Some(<$field>::from_bits(0)), |keyword| keyword.store(fbb))
            }
            fn load(field: $field) -> Option<Self> {
                Field::load(field).map(Some)
            }
        }
    )*};
}
trait Bits {
    fn from_bits(bits: i8) -> Self;
    fn bits(self) -> i8;
}
macro_rules! bits {
    ($($ty:ty),* $(,)?) => {$(
        impl Bits for $ty {
            fn from_bits(bits: i8) -> Self {
                Self(bits)
            }
            fn bits(self) -> i8 {
                self.0
            }
        }
    )*};
}
bits!(
    fb::ActivationFunctionType,
    fb::Padding,
    fb::FullyConnectedOptionsWeightsFormat,
    fb::MirrorPadMode,
    fb::LSTMKernelType,
);
fields_that_are_keywords! {
    tfl::Activation = fb::ActivationFunctionType: tfl::Activation::ALL,
    tfl::Padding = fb::Padding: tfl::Padding::ALL,
    tfl::WeightsFormat = fb::FullyConnectedOptionsWeightsFormat: tfl::WeightsFormat::ALL,
    tfl::MirrorPadMode = fb::MirrorPadMode: tfl::MirrorPadMode::ALL,
    tfl::LstmKernelType = fb::LSTMKernelType: tfl::LstmKernelType::ALL,
}

/// The type of elements.
impl Field<fb::TensorType> for Type {
    fn store(&self, _: &mut FlatBufferBuilder<'_>) -> Option<fb::TensorType> {
        match self {
            Type::Scalar(elem) => types::tensor_type(elem),
            _ => None,
        }
    }
    fn load(field: fb::TensorType) -> Option<Self> {
        types::elem(field).map(Type::Scalar)
    }
}

/// A name; none is empty.
impl<'f, 'b> Field<Option<WIPOffset<&'f str>>, Option<&'b str>> for Option<Arc<str>> {
    fn store(&self, fbb: &mut FlatBufferBuilder<'_>) -> Option<Option<WIPOffset<&'f str>>> {
        Some(self.as_ref().map(|name| WIPOffset::new(fbb.create_string(name).value())))
    }
    fn load(field: Option<&'b str>) -> Option<Self> {
        Some(field.map(Arc::from))
    }
}

/// A list of numbers.
impl<'f, 'b> Field<Option<WIPOffset<Vector<'f, f32>>>, Option<Vector<'b, f32>>> for Vec<f32> {
    fn store(&self, fbb: &mut FlatBufferBuilder<'_>) -> Option<Option<WIPOffset<Vector<'f, f32>>>> {
        Some(Some(WIPOffset::new(fbb.create_vector(self).value())))
    }
    fn load(field: Option<Vector<'b, f32>>) -> Option<Self> {
        Some(field.iter().flatten().collect())
    }
}

/// A list of integers.
impl<'f, 'b> Field<Option<WIPOffset<Vector<'f, i32>>>, Option<Vector<'b, i32>>> for Attr {
    fn store(&self, fbb: &mut FlatBufferBuilder<'_>) -> Option<Option<WIPOffset<Vector<'f, i32>>>> {
        let ints = self.as_ints()?.into_iter().map(|v| i32::try_from(v).ok()).collect::<Option<Vec<i32>>>()?;
        Some((!ints.is_empty()).then(|| WIPOffset::new(fbb.create_vector(&ints).value())))
    }
    fn load(field: Option<Vector<'b, i32>>) -> Option<Self> {
        Some(Attr::Array(field.iter().flatten().map(|v| Attr::i64(i64::from(v))).collect()))
    }
}

/// A list of integers that is empty where it is left out.
impl<'f, 'b> Field<Option<WIPOffset<Vector<'f, i32>>>, Option<Vector<'b, i32>>> for Option<Attr> {
    fn store(&self, fbb: &mut FlatBufferBuilder<'_>) -> Option<Option<WIPOffset<Vector<'f, i32>>>> {
        self.as_ref().map_or(Some(None), |list| list.store(fbb))
    }
    fn load(field: Option<Vector<'b, i32>>) -> Option<Self> {
        Attr::load(field).map(Some)
    }
}

/// Each row: operations, the table that holds their options, its arguments and accessor in the generated code, and its fields. A field is
/// named like its attribute, or has a value that is derived from the operation.
macro_rules! options {
    ($([$($row:ident),+]: $table:ident $args:ident $get:ident $fields:tt)*) => {
        static CODECS: &[Codec] = &[$($(options!(@codec $row $table $args $get $fields)),+),*];
    };
    (@codec $row:ident $table:ident $args:ident $get:ident { $($field:ident),* $(; $($derived:ident = $value:expr),+)? }) => {
        Codec {
            def: <tfl::$row as OpRow>::DEF,
            #[allow(clippy::needless_update, unused_variables, reason = "not every table has fields of each kind")]
            write: |view, fbb| {
                let row = view.op.as_row::<tfl::$row>()?;
                let args = fb::$args {
                    $($field: Field::store(&row.$field, fbb)?,)*
                    $($($derived: $value(view),)+)?
                    ..Default::default()
                };
                let table = fb::$table::create(fbb, &args);
                Some((fb::BuiltinOptions::$table, Some(table.as_union_value())))
            },
            #[allow(clippy::needless_update, unused_variables, reason = "not every attribute is read from a field")]
            read: |operator| {
                let Some(table) = operator.$get() else {
                    let absent = operator.builtin_options_type() == fb::BuiltinOptions::NONE;
                    return absent.then(|| tfl::$row::default().write());
                };
                let row = tfl::$row { $($field: Field::load(table.$field())?,)* ..Default::default() };
                Some(row.write())
            },
        }
    };
}

/// The default of the schema is true, which int16 kernels take for scales that are powers of two.
fn pot_scale_int16(view: View<'_>) -> bool {
    !view.makes_q16(0)
}

fn output_type(view: View<'_>) -> fb::TensorType {
    view.stored_out(0).unwrap_or(fb::TensorType::INT32)
}

fn basic_kernel(_: View<'_>) -> fb::LSTMKernelType {
    fb::LSTMKernelType::BASIC
}

fn index_output_type(view: View<'_>) -> fb::TensorType {
    view.stored_out(1).unwrap_or(fb::TensorType::INT32)
}

fn first_callee(view: View<'_>) -> i32 {
    view.callee(0)
}

fn second_callee(view: View<'_>) -> i32 {
    view.callee(1)
}

options! {
    [Conv2D]: Conv2DOptions Conv2DOptionsArgs builtin_options_as_conv_2_doptions {
        padding, stride_w, stride_h, fused_activation_function, dilation_w_factor, dilation_h_factor
    }
    [DepthwiseConv2D]: DepthwiseConv2DOptions DepthwiseConv2DOptionsArgs builtin_options_as_depthwise_conv_2_doptions {
        padding, stride_w, stride_h, depth_multiplier, fused_activation_function, dilation_w_factor, dilation_h_factor
    }
    [TransposeConv]: TransposeConvOptions TransposeConvOptionsArgs builtin_options_as_transpose_conv_options {
        padding, stride_w, stride_h, fused_activation_function
    }
    [Conv3D, Conv3DTranspose]: Conv3DOptions Conv3DOptionsArgs builtin_options_as_conv_3_doptions {
        padding, stride_d, stride_w, stride_h,
        fused_activation_function, dilation_d_factor, dilation_w_factor, dilation_h_factor
    }
    [FullyConnected]: FullyConnectedOptions FullyConnectedOptionsArgs builtin_options_as_fully_connected_options {
        fused_activation_function, weights_format, keep_num_dims, asymmetric_quantize_inputs
    }
    [BatchMatMul]: BatchMatMulOptions BatchMatMulOptionsArgs builtin_options_as_batch_mat_mul_options {
        adj_x, adj_y, asymmetric_quantize_inputs
    }
    [Add]: AddOptions AddOptionsArgs builtin_options_as_add_options {
        fused_activation_function; pot_scale_int16 = pot_scale_int16
    }
    [Sub]: SubOptions SubOptionsArgs builtin_options_as_sub_options {
        fused_activation_function; pot_scale_int16 = pot_scale_int16
    }
    [Mul]: MulOptions MulOptionsArgs builtin_options_as_mul_options { fused_activation_function }
    [Div]: DivOptions DivOptionsArgs builtin_options_as_div_options { fused_activation_function }
    [AveragePool2D, MaxPool2D, L2Pool2D]: Pool2DOptions Pool2DOptionsArgs builtin_options_as_pool_2_doptions {
        padding, stride_w, stride_h, filter_width, filter_height, fused_activation_function
    }
    [Mean, Sum, ReduceMax, ReduceMin, ReduceProd, ReduceAny, ReduceAll]: ReducerOptions ReducerOptionsArgs
        builtin_options_as_reducer_options {
        keep_dims
    }
    [ArgMax]: ArgMaxOptions ArgMaxOptionsArgs builtin_options_as_arg_max_options { ; output_type = output_type }
    [ArgMin]: ArgMinOptions ArgMinOptionsArgs builtin_options_as_arg_min_options { ; output_type = output_type }
    [Shape]: ShapeOptions ShapeOptionsArgs builtin_options_as_shape_options { ; out_type = output_type }
    [Softmax]: SoftmaxOptions SoftmaxOptionsArgs builtin_options_as_softmax_options { beta }
    [LeakyRelu]: LeakyReluOptions LeakyReluOptionsArgs builtin_options_as_leaky_relu_options { alpha }
    [Gelu]: GeluOptions GeluOptionsArgs builtin_options_as_gelu_options { approximate }
    [L2Normalization]: L2NormOptions L2NormOptionsArgs builtin_options_as_l2_norm_options { fused_activation_function }
    [LocalResponseNormalization]: LocalResponseNormalizationOptions LocalResponseNormalizationOptionsArgs
        builtin_options_as_local_response_normalization_options {
        radius, bias, alpha, beta
    }
    [Cumsum]: CumsumOptions CumsumOptionsArgs builtin_options_as_cumsum_options { exclusive, reverse }
    [Squeeze]: SqueezeOptions SqueezeOptionsArgs builtin_options_as_squeeze_options { squeeze_dims }
    [Concatenation]: ConcatenationOptions ConcatenationOptionsArgs builtin_options_as_concatenation_options {
        axis, fused_activation_function
    }
    [Pack]: PackOptions PackOptionsArgs builtin_options_as_pack_options { values_count, axis }
    [Unpack]: UnpackOptions UnpackOptionsArgs builtin_options_as_unpack_options { num, axis }
    [Split]: SplitOptions SplitOptionsArgs builtin_options_as_split_options { num_splits }
    [SplitV]: SplitVOptions SplitVOptionsArgs builtin_options_as_split_voptions { num_splits }
    [StridedSlice]: StridedSliceOptions StridedSliceOptionsArgs builtin_options_as_strided_slice_options {
        begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask, offset
    }
    [Gather]: GatherOptions GatherOptionsArgs builtin_options_as_gather_options { axis, batch_dims }
    [MirrorPad]: MirrorPadOptions MirrorPadOptionsArgs builtin_options_as_mirror_pad_options { mode }
    [ReverseSequence]: ReverseSequenceOptions ReverseSequenceOptionsArgs builtin_options_as_reverse_sequence_options {
        seq_dim, batch_dim
    }
    [SpaceToDepth]: SpaceToDepthOptions SpaceToDepthOptionsArgs builtin_options_as_space_to_depth_options { block_size }
    [DepthToSpace]: DepthToSpaceOptions DepthToSpaceOptionsArgs builtin_options_as_depth_to_space_options { block_size }
    [ResizeBilinear]: ResizeBilinearOptions ResizeBilinearOptionsArgs builtin_options_as_resize_bilinear_options {
        align_corners, half_pixel_centers
    }
    [ResizeNearestNeighbor]: ResizeNearestNeighborOptions ResizeNearestNeighborOptionsArgs
        builtin_options_as_resize_nearest_neighbor_options {
        align_corners, half_pixel_centers
    }
    [OneHot]: OneHotOptions OneHotOptionsArgs builtin_options_as_one_hot_options { axis }
    [RandomUniform, RandomStandardNormal, Multinomial]: RandomOptions RandomOptionsArgs builtin_options_as_random_options {
        seed, seed2
    }
    [Bucketize]: BucketizeOptions BucketizeOptionsArgs builtin_options_as_bucketize_options { boundaries }
    [FakeQuant]: FakeQuantOptions FakeQuantOptionsArgs builtin_options_as_fake_quant_options {
        min, max, num_bits, narrow_range
    }
    [Unique]: UniqueOptions UniqueOptionsArgs builtin_options_as_unique_options { ; idx_out_type = index_output_type }
    [Lstm]: LSTMOptions LSTMOptionsArgs builtin_options_as_lstmoptions {
        fused_activation_function, cell_clip, proj_clip, kernel_type, asymmetric_quantize_inputs
    }
    [BasicLstm]: LSTMOptions LSTMOptionsArgs builtin_options_as_lstmoptions {
        fused_activation_function, cell_clip, proj_clip; kernel_type = basic_kernel
    }
    [UnidirectionalSequenceLstm]: UnidirectionalSequenceLSTMOptions UnidirectionalSequenceLSTMOptionsArgs
        builtin_options_as_unidirectional_sequence_lstmoptions {
        fused_activation_function, cell_clip, proj_clip, time_major, asymmetric_quantize_inputs,
        diagonal_recurrent_tensors
    }
    [BidirectionalSequenceLstm]: BidirectionalSequenceLSTMOptions BidirectionalSequenceLSTMOptionsArgs
        builtin_options_as_bidirectional_sequence_lstmoptions {
        fused_activation_function, cell_clip, proj_clip, merge_outputs, time_major, asymmetric_quantize_inputs
    }
    [UnidirectionalSequenceRnn]: SequenceRNNOptions SequenceRNNOptionsArgs builtin_options_as_sequence_rnnoptions {
        time_major, fused_activation_function, asymmetric_quantize_inputs
    }
    [Svdf]: SVDFOptions SVDFOptionsArgs builtin_options_as_svdfoptions {
        rank, fused_activation_function, asymmetric_quantize_inputs
    }
    [If]: IfOptions IfOptionsArgs builtin_options_as_if_options {
        ; then_subgraph_index = first_callee, else_subgraph_index = second_callee
    }
    [While]: WhileOptions WhileOptionsArgs builtin_options_as_while_options {
        ; cond_subgraph_index = first_callee, body_subgraph_index = second_callee
    }
    [CallOnce]: CallOnceOptions CallOnceOptionsArgs builtin_options_as_call_once_options {
        ; init_subgraph_index = first_callee
    }
    [VarHandle]: VarHandleOptions VarHandleOptionsArgs builtin_options_as_var_handle_options { container, shared_name }
    [Hashtable]: HashtableOptions HashtableOptionsArgs builtin_options_as_hashtable_options {
        table_id, key_dtype, value_dtype
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_with_attributes_has_a_row() {
        let elsewhere = ["tfl.quantize", "tfl.custom", "tfl.call_once"];
        for def in tfl::TFL.ops.iter().filter(|d| d.builtin.is_some()) {
            let stated = codec(def.name).is_some() || elsewhere.contains(&def.name);
            assert!(stated || def.attrs.is_empty(), "{} has attributes and no options", def.name);
        }
    }

    #[test]
    fn no_operation_has_two_rows() {
        let mut names: Vec<&str> = CODECS.iter().map(|c| c.def.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|w| w[0] != w[1]), "{names:?}");
    }
}
