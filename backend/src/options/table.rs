//! The options of `tfl` operations: one row says which fields hold which attributes.

use ir::OpRow;
use ir::dialect::tfl;

use super::discardable::{bias_type, quant_spec, transposed_bias_type};
use super::fields::Field;
use super::{Codec, Options};
use crate::schema::tflite as fb;
use crate::view::View;

/// Each row: operations, the table that holds their options, its arguments and accessor in the generated code, and its fields. A field is
/// named like its attribute, or has a value that is derived from the operation, or one that is built in the file.
macro_rules! options {
    ($([$($row:ident),+]: $table:ident $args:ident $get:ident $fields:tt)*) => {
        pub(super) static CODECS: &[Codec] = &[$($(options!(@codec $row $table $args $get $fields)),+),*];
    };
    (@codec $row:ident $table:ident $args:ident $get:ident {
        $($field:ident),* $(; $($derived:ident = $value:expr),+)? $(=> $($built:ident = $make:expr),+)?
    }) => {
        Codec {
            def: <tfl::$row as OpRow>::DEF,
            #[cfg(test)]
            table: stringify!($table),
            #[cfg(test)]
            fields: &[$(stringify!($field),)* $($(stringify!($derived),)+)? $($(stringify!($built),)+)?],
            #[allow(clippy::needless_update, unused_variables, reason = "not every table has fields of each kind")]
            write: |view, fbb| {
                let row = view.op.as_row::<tfl::$row>()?;
                let args = fb::$args {
                    $($field: Field::store(&row.$field, fbb)?,)*
                    $($($derived: $value(view),)+)?
                    $($($built: $make(view, fbb)?,)+)?
                    ..Default::default()
                };
                let table = fb::$table::create(fbb, &args);
                Some(Options::First(fb::BuiltinOptions::$table, table.as_union_value()))
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
    !view.makes_q16(0) || view.op.attrs.get(tfl::POT_SCALE_INT16).is_some()
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
        => quantized_bias_type = bias_type
    }
    [DepthwiseConv2D]: DepthwiseConv2DOptions DepthwiseConv2DOptionsArgs builtin_options_as_depthwise_conv_2_doptions {
        padding, stride_w, stride_h, depth_multiplier, fused_activation_function, dilation_w_factor, dilation_h_factor
    }
    [TransposeConv]: TransposeConvOptions TransposeConvOptionsArgs builtin_options_as_transpose_conv_options {
        padding, stride_w, stride_h, fused_activation_function => quantized_bias_type = transposed_bias_type
    }
    [Conv3D, Conv3DTranspose]: Conv3DOptions Conv3DOptionsArgs builtin_options_as_conv_3_doptions {
        padding, stride_d, stride_w, stride_h,
        fused_activation_function, dilation_d_factor, dilation_w_factor, dilation_h_factor
    }
    [FullyConnected]: FullyConnectedOptions FullyConnectedOptionsArgs builtin_options_as_fully_connected_options {
        fused_activation_function, weights_format, keep_num_dims, asymmetric_quantize_inputs
        => quantized_bias_type = bias_type, quant_spec = quant_spec
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
