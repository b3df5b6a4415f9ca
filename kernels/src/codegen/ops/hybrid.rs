//! Products of float activations, quantized on the way, with int8 weights.

use ir::dialect::tfl;

use super::elementwise::limits_text;
use super::weighted::{Convolution, rank_4};
use crate::codegen::layer::Layer;
use crate::error::{Result, ensure};
use crate::eval::quantized::hybrid::blocks;
use crate::float::Clamp;
use crate::reference::hybrid::one_scale;

/// A `struct hybrid`: operand 1 with scales along a dimension, and the bias.
fn by(layer: &mut Layer<'_, '_, '_>, scales: &[f32], bias: Option<usize>, act: Clamp) -> Result<String> {
    layer.fixed(1)?;
    let step = usize::from(scales.len() > 1);
    let scales = layer.f32s("scales", scales);
    let weights = layer.ptr(1)?;
    let bias = bias.map_or_else(|| Ok("0".to_owned()), |i| layer.optional_array(i))?;
    let out = limits_text(layer, act);
    Ok(format!("{{{weights}, {scales}, {bias}, {step}, {out}}}"))
}

/// The rows' quantizer by name.
fn quantizer(asymmetric: bool) -> &'static str {
    if asymmetric { "asymmetric" } else { "symmetric" }
}

pub(super) fn conv_2d(layer: &mut Layer<'_, '_, '_>, conv: &Convolution) -> Result<()> {
    let scales = layer.types.symmetric_scales(1, 0)?;
    let act = layer.types.activation()?;
    let symmetric = one_scale(&scales, rank_4(&layer.shape(0)?)?[3], conv.depth);
    let (name, product) = if symmetric {
        ("hybrid_conv_symmetric", "(float)sum * (row.scale * scale)")
    } else {
        ("hybrid_conv_asymmetric", "(float)sum * scale * row.scale")
    };
    let rows = quantizer(!symmetric);
    layer.needs(rows);
    layer.instance("hybrid_conv", format!("HYBRID_CONV({name}, {rows}, {product})"));
    let by = by(layer, &scales, Some(2), act)?;
    let k =
        layer.structure("hybrid_conv", &[("image", conv.image.clone()), ("depth", conv.depth.to_string()), ("by", by)]);
    call(layer, name, k, 0, conv.image_size)
}

/// Calls a kernel with memory for the codes of one row or image.
fn call(layer: &mut Layer<'_, '_, '_>, name: &str, k: String, input: usize, codes: usize) -> Result<()> {
    let args = vec![k, layer.ptr(input)?, layer.out(0)?];
    layer.call_with_scratch(name, args, "int8_t", codes);
    Ok(())
}

pub(super) fn depthwise_conv_2d(layer: &mut Layer<'_, '_, '_>, conv: &Convolution) -> Result<()> {
    let scales = layer.types.symmetric_scales(1, 3)?;
    let act = layer.types.activation()?;
    let by = by(layer, &scales, Some(2), act)?;
    layer.needs("hybrid_depthwise_conv");
    let k = layer.structure("hybrid_depthwise_conv", &[("image", conv.image.clone()), ("by", by)]);
    call(layer, "hybrid_depthwise_conv", k, 0, conv.image_size)
}

pub(super) fn transpose_conv(layer: &mut Layer<'_, '_, '_>, conv: &Convolution) -> Result<()> {
    let scales = layer.types.symmetric_scales(1, 0)?;
    let act = layer.types.activation()?;
    let by = by(layer, &scales, Some(3), act)?;
    layer.needs("hybrid_transpose_conv");
    let k = layer.structure("hybrid_transpose_conv", &[("image", conv.image.clone()), ("by", by)]);
    call(layer, "hybrid_transpose_conv", k, 2, conv.image_size)
}

/// Weights with scales by blocks.
fn blockwise(
    layer: &mut Layer<'_, '_, '_>,
    [rows, outputs, depth]: [usize; 3],
    (scales, size): (Vec<f32>, usize),
) -> Result<()> {
    ensure(size > 0 && depth % size == 0, || format!("blocks of {size} in rows of {depth}"))?;
    layer.fixed(1)?;
    let fields = [
        ("rows", rows.to_string()),
        ("outputs", outputs.to_string()),
        ("blocks", (depth / size).to_string()),
        ("size", size.to_string()),
        ("weights", layer.ptr(1)?),
        ("scales", layer.f32s("scales", &scales)),
        ("bias", layer.optional_array(2)?),
    ];
    layer.needs("hybrid_blockwise");
    let k = layer.structure("hybrid_blockwise", &fields);
    call(layer, "hybrid_blockwise", k, 0, depth)
}

pub(super) fn fully_connected(layer: &mut Layer<'_, '_, '_>, [rows, outputs, depth]: [usize; 3]) -> Result<()> {
    let r: tfl::FullyConnected = layer.row()?;
    if let Some(blocks) = blocks(&layer.types) {
        return blockwise(layer, [rows, outputs, depth], blocks?);
    }
    let scales = layer.types.symmetric_scales(1, 0)?;
    let act = layer.types.activation()?;
    let quantizer = quantizer(r.asymmetric_quantize_inputs.unwrap_or(false));
    let name = format!("hybrid_fully_connected_{quantizer}");
    layer.needs(quantizer);
    layer.instance("hybrid_fully_connected", format!("HYBRID_FULLY_CONNECTED({name}, {quantizer})"));
    let by = by(layer, &scales, Some(2), act)?;
    let fields =
        [("rows", rows.to_string()), ("outputs", outputs.to_string()), ("depth", depth.to_string()), ("by", by)];
    let k = layer.structure("hybrid_fully_connected", &fields);
    call(layer, &name, k, 0, depth)
}

pub(super) fn batch_matmul(layer: &mut Layer<'_, '_, '_>, of: String, depth: usize) -> Result<()> {
    let r: tfl::BatchMatMul = layer.row()?;
    let scale = layer.types.affine(1)?.scale;
    let quantizer = quantizer(r.asymmetric_quantize_inputs.unwrap_or(false));
    let name = format!("hybrid_batch_matmul_{quantizer}");
    layer.needs(quantizer);
    layer.instance("hybrid_batch_matmul", format!("HYBRID_BATCH_MATMUL({name}, {quantizer})"));
    let by = by(layer, &[scale], None, Clamp::NONE)?;
    let k = layer.structure("hybrid_batch_matmul", &[("of", of), ("by", by)]);
    let values = layer.scratch("f32", 4 * depth);
    let codes = layer.scratch("int8_t", depth);
    let args = [k, layer.ptr(0)?, layer.out(0)?, values, codes];
    layer.call(&name, &args);
    Ok(())
}

/// Rows of a table of `rows` rows of `run` codes.
pub(super) fn embedding_lookup(layer: &mut Layer<'_, '_, '_>, indices: usize, rows: usize, run: usize) -> Result<()> {
    layer.fixed(1)?;
    let scales = layer.types.symmetric_scales(1, 0)?;
    let fields = [
        ("indices", indices.to_string()),
        ("rows", rows.to_string()),
        ("run", run.to_string()),
        ("scale_step", usize::from(scales.len() > 1).to_string()),
        ("table", layer.ptr(1)?),
        ("scales", layer.f32s("scales", &scales)),
    ];
    layer.needs("hybrid_embedding");
    let k = layer.structure("hybrid_embedding", &fields);
    let args = [k, layer.ptr(0)?, layer.out(0)?];
    layer.require(&format!("hybrid_embedding({})", args.join(", ")));
    Ok(())
}
