//! How each operation becomes C: one function an operation, found by name.

mod blocks;
mod control;
mod convert;
mod elementwise;
mod hybrid;
mod indexed;
mod moves;
mod packed;
mod rows;
mod unary;
mod updates;
mod weighted;
mod windows;

use super::CodegenError;
use super::layer::Layer;
use crate::error::KernelError;
use crate::rounding::Rounding;

/// Writes one operation. Control flow, which writes other functions, reports their errors as its own.
type Emitter = fn(&mut Layer<'_, '_, '_>) -> crate::error::Result<()>;

/// Operations by name, without their dialect.
const EMITTERS: &[(&str, Emitter)] = &[
    ("abs", unary::unary),
    ("add", elementwise::binary),
    ("add_n", elementwise::add_n),
    ("arg_max", rows::arg),
    ("arg_min", rows::arg),
    ("atan2", elementwise::binary),
    ("average_pool_2d", windows::pool),
    ("batch_matmul", weighted::batch_matmul),
    ("batch_to_space_nd", blocks::batch_to_space),
    ("bitcast", moves::view),
    ("broadcast_to", moves::broadcast_to),
    ("cast", convert::cast),
    ("ceil", unary::unary),
    ("concatenation", moves::concatenation),
    ("conv_2d", weighted::conv_2d),
    ("cos", unary::unary),
    ("cumsum", rows::cumsum),
    ("depth_to_space", blocks::depth_to_space),
    ("depthwise_conv_2d", weighted::depthwise_conv_2d),
    ("dequantize", convert::dequantize),
    ("div", elementwise::binary),
    ("dynamic_update_slice", updates::dynamic_update_slice),
    ("elu", unary::unary),
    ("embedding_lookup", indexed::embedding_lookup),
    ("equal", elementwise::binary),
    ("exp", unary::unary),
    ("expand_dims", moves::view),
    ("fill", indexed::fill),
    ("floor", unary::unary),
    ("floor_div", elementwise::binary),
    ("floor_mod", elementwise::binary),
    ("fully_connected", weighted::fully_connected),
    ("gather", indexed::gather),
    ("gather_nd", indexed::gather_nd),
    ("gelu", unary::unary),
    ("greater", elementwise::binary),
    ("greater_equal", elementwise::binary),
    ("hard_swish", unary::unary),
    ("l2_normalization", rows::l2_normalization),
    ("l2_pool_2d", windows::pool),
    ("leaky_relu", unary::unary),
    ("less", elementwise::binary),
    ("less_equal", elementwise::binary),
    ("local_response_normalization", rows::local_response),
    ("log", unary::unary),
    ("log_softmax", rows::log_softmax),
    ("logical_and", elementwise::binary),
    ("logical_not", unary::unary),
    ("logical_or", elementwise::binary),
    ("logistic", unary::unary),
    ("matrix_diag", moves::matrix_diag),
    ("matrix_set_diag", updates::matrix_set_diag),
    ("max_pool_2d", windows::pool),
    ("maximum", elementwise::binary),
    ("mean", rows::reduce),
    ("minimum", elementwise::binary),
    ("mirror_pad", moves::mirror_pad),
    ("mul", elementwise::binary),
    ("neg", unary::unary),
    ("not_equal", elementwise::binary),
    ("one_hot", indexed::one_hot),
    ("pack", moves::pack),
    ("pad", moves::pad),
    ("padv2", moves::pad),
    ("pow", elementwise::binary),
    ("prelu", elementwise::binary),
    ("quantize", convert::quantize),
    ("rank", indexed::known),
    ("reduce_all", rows::reduce),
    ("reduce_any", rows::reduce),
    ("reduce_max", rows::reduce),
    ("reduce_min", rows::reduce),
    ("reduce_prod", rows::reduce),
    ("relu", unary::unary),
    ("relu6", unary::unary),
    ("relu_0_to_1", unary::unary),
    ("relu_n1_to_1", unary::unary),
    ("reshape", moves::view),
    ("resize_bilinear", windows::resize_bilinear),
    ("resize_nearest_neighbor", moves::resize_nearest),
    ("reverse_v2", moves::reverse),
    ("round", unary::unary),
    ("rsqrt", unary::unary),
    ("scatter_nd", indexed::scatter_nd),
    ("select", elementwise::select),
    ("select_v2", elementwise::select),
    ("shape", indexed::known),
    ("sign", unary::unary),
    ("sin", unary::unary),
    ("slice", moves::slice),
    ("softmax", rows::softmax),
    ("space_to_batch_nd", blocks::space_to_batch),
    ("space_to_depth", blocks::space_to_depth),
    ("sparse_to_dense", updates::sparse_to_dense),
    ("split", moves::split),
    ("split_v", moves::split),
    ("sqrt", unary::unary),
    ("square", unary::unary),
    ("squared_difference", elementwise::binary),
    ("squeeze", moves::view),
    ("strided_slice", moves::strided_slice),
    ("sub", elementwise::binary),
    ("sum", rows::reduce),
    ("tanh", unary::unary),
    ("tile", moves::tile),
    ("topk_v2", rows::topk),
    ("transpose", moves::transpose),
    ("transpose_conv", weighted::transpose_conv),
    ("unpack", moves::unpack),
    ("zeros_like", indexed::zeros_like),
];

/// Whether an operation may write its result over operand 0, the larger one.
pub(super) fn runs_within(body: &ir::Body, op: &ir::Operation, rounding: Rounding) -> bool {
    let packed = op.is::<ir::dialect::tfl::DepthwiseConv2D>() && packed::takes_depthwise(rounding);
    packed && packed::depthwise_runs_within(body, op)
}

/// Writes one operation.
pub(super) fn emit(layer: &mut Layer<'_, '_, '_>) -> Result<(), CodegenError> {
    let name = layer.op.name.as_str();
    match name {
        "tfl.if" => return control::if_else(layer),
        "tfl.while" => return control::while_loop(layer),
        _ => {}
    }
    let found = name.strip_prefix("tfl.").and_then(|n| EMITTERS.iter().find(|(e, _)| *e == n));
    let Some((_, emitter)) = found else {
        return Err(layer.fail(KernelError::new(
            "generated C has no such operation; run the file with quant-run, or keep this part out of the model",
        )));
    };
    // Where a result has no element, nothing is computed.
    if (0..layer.op.results().len()).all(|i| layer.out_len(i).is_ok_and(|n| n == 0)) {
        return Ok(());
    }
    emitter(layer).map_err(|e| layer.fail(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(EMITTERS.is_sorted_by_key(|(n, _)| n));
    }
}
