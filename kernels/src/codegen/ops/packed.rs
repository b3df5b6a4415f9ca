//! int8 convolutions and products with packed weights: the algorithms and the packing of [`crate::optimized`], in C.

use ir::dialect::tfl;
use ir::{Body, Elem, OpRow, Operation, Tensor};

use super::weighted::{image, rank_4};
use crate::codegen::layer::Layer;
use crate::codegen::text;
use crate::error::{KernelError, Result};
use crate::eval::conv_params;
use crate::eval::quantized::weighted;
use crate::fixed::Rule;
use crate::float::conv::ConvParams;
use crate::geometry::Window;
use crate::optimized::{Conv, Depthwise, Factors, FullyConnected, Output, Panels};
use crate::reference::conv::Filter;
use crate::reference::matmul::FromSums;
use crate::rounding::Rounding;

/// Fewest output pixels whose patches are gathered at a time: as many as are multiplied together.
const FEWEST: usize = 4;

/// A `struct from_sums`.
fn from_sums(layer: &mut Layer<'_, '_, '_>, out: &Output, what: &str) -> String {
    let ends = format!("{}, {}, {}", out.zero, out.codes.min, out.codes.max);
    match &out.factors {
        Factors::Fixed { mantissas, shifts } => {
            let mantissas = layer.i32s(&format!("mantissas{what}"), mantissas.iter().copied());
            let shifts = layer.i32s(&format!("shifts{what}"), shifts.iter().copied());
            format!("{{{mantissas}, {shifts}, 0, {ends}}}")
        }
        Factors::Real { ratios } => {
            let items = ratios.iter().map(|r| text::f64(*r)).collect();
            let ratios = layer.array("double", &format!("ratios{what}"), items, 8);
            format!("{{0, 0, {ratios}, {ends}}}")
        }
    }
}

/// An initializer of `struct panels_i8`.
fn panels(layer: &mut Layer<'_, '_, '_>, p: &Panels, what: &str) -> String {
    let weights = layer.array("int8_t", &format!("weights{what}"), p.weights.iter().map(i8::to_string).collect(), 1);
    let bias = layer.i32s(&format!("bias{what}"), p.bias.iter().copied());
    let out = from_sums(layer, &p.out, what);
    format!("{{{}, {}, {}, {weights}, {bias}, {out}}}", p.outputs, p.depth, u8::from(p.lowest))
}

/// The weights and the bias of operands 1 and 2, which are constant.
struct Constants {
    weights: Tensor,
    shape: Vec<usize>,
    bias: Option<Tensor>,
}

impl Constants {
    fn of(layer: &Layer<'_, '_, '_>) -> Result<Constants> {
        let bias = if layer.has(2) { Some(layer.fixed(2)?) } else { None };
        Ok(Constants { weights: layer.fixed(1)?, shape: layer.shape(1)?, bias })
    }

    fn with<T>(&self, f: impl FnOnce(Filter<'_>) -> Result<T>) -> Result<T> {
        let data = self.weights.as_i8().ok_or_else(|| KernelError::new("the weights are not int8"))?;
        let missing = || KernelError::new("the bias is not int32");
        let bias = self.bias.as_ref().map(|b| b.as_i32().ok_or_else(missing)).transpose()?;
        f(Filter { data: &data, shape: &self.shape, bias: bias.as_deref() })
    }
}

pub(super) fn conv_2d(layer: &mut Layer<'_, '_, '_>, p: ConvParams) -> Result<()> {
    let shape = rank_4(&layer.shape(0)?)?;
    let x = layer.types.affine(0)?;
    let out = weighted::requant(&layer.types, x, &layer.types.symmetric_scales(1, 0)?, Rule::Double)?;
    let conv = Constants::of(layer)?.with(|f| Conv::new(&shape, x.zero, f, p, &out))?;
    layer.needs("conv_packed_i8");
    let groups = conv.groups();
    let mut items = Vec::new();
    for (g, p) in groups.iter().enumerate() {
        let what = if groups.len() > 1 { format!("_{g}") } else { String::new() };
        items.push(panels(layer, p, &what));
    }
    let depth = groups[0].depth;
    // The arena need not grow for patches while some fit beside the tensors.
    let tile = conv.tile().min((layer.room() / depth).max(FEWEST));
    let panels = layer.array("struct panels_i8", "panels", items, 0);
    let fields = [
        ("image", image(shape[0], shape[3], conv.shape()[3], conv.window())),
        ("groups", groups.len().to_string()),
        ("tile", tile.to_string()),
        ("x_zero", x.zero.to_string()),
        ("panels", panels),
    ];
    let k = layer.structure("conv_packed_i8", &fields);
    let args = vec![k, layer.ptr(0)?, layer.out(0)?];
    if tile == 0 {
        layer.call("conv_packed_i8", &[args, vec!["0".into()]].concat());
    } else {
        layer.call_with_scratch("conv_packed_i8", args, "int8_t", tile * depth);
    }
    Ok(())
}

pub(super) fn depthwise_conv_2d(layer: &mut Layer<'_, '_, '_>, p: ConvParams) -> Result<()> {
    let shape = rank_4(&layer.shape(0)?)?;
    let x = layer.types.affine(0)?;
    let out = weighted::requant(&layer.types, x, &layer.types.symmetric_scales(1, 3)?, Rule::Double)?;
    let conv = Constants::of(layer)?.with(|f| Depthwise::new(&shape, x.zero, f, p, &out))?;
    layer.needs("depthwise_packed_i8");
    let taps = conv.taps();
    let weights = layer.array("int8_t", "weights", taps.weights.iter().map(i8::to_string).collect(), 1);
    let bias = layer.i32s("bias", taps.bias.iter().copied());
    let out = from_sums(layer, &taps.out, "");
    let lines = layer.i32s("lines", conv.lines().iter().map(|o| *o as i32));
    let columns = layer.i32s("columns", conv.columns().iter().map(|c| *c as i32));
    let fields = [
        ("image", image(shape[0], shape[3], conv.shape()[3], conv.window())),
        ("x_zero", x.zero.to_string()),
        ("reach", conv.reach().to_string()),
        ("across", conv.across().to_string()),
        ("taps", conv.columns().len().to_string()),
        ("lines", lines),
        ("columns", columns),
        ("weights", weights),
        ("bias", bias),
        ("out", out),
    ];
    let k = layer.structure("depthwise_packed_i8", &fields);
    let args = vec![k, layer.ptr(0)?, layer.out(0)?];
    layer.call_with_scratch("depthwise_packed_i8", args, "i16", conv.scratch());
    Ok(())
}

pub(super) fn fully_connected(
    layer: &mut Layer<'_, '_, '_>,
    [rows, outputs, depth]: [usize; 3],
    zero: i32,
    sums: &FromSums,
) -> Result<()> {
    let shape = [outputs, depth];
    let of = Constants::of(layer)?.with(|f| FullyConnected::new(zero, f.data, shape, f.bias, sums))?;
    layer.needs("fully_connected_packed_i8");
    let items = vec![panels(layer, of.panels(), "")];
    let k = layer.array("struct panels_i8", "panels", items, 0);
    let args = [k, rows.to_string(), layer.ptr(0)?, layer.out(0)?];
    layer.call("fully_connected_packed_i8", &args);
    Ok(())
}

/// Whether depthwise convolutions round as the packed kernel does; LiteRT's optimized ones round a channel by its place.
pub(super) fn takes_depthwise(rounding: Rounding) -> bool {
    rounding != Rounding::Optimized
}

/// Whether a depthwise convolution of codes may write over its image: the rows that an output row needs are copied before it is written, so
/// no output row may end behind the first row that is not copied yet.
pub(super) fn depthwise_runs_within(body: &Body, op: &Operation) -> bool {
    let shape = |v: &ir::Value| body.tensor_ty(*v)?.static_shape();
    let codes =
        |v: &ir::Value| body.ty(*v).elem().is_some_and(|e| matches!(e.quant(), Some(q) if q.storage() == Elem::I8));
    let window = || {
        let r = tfl::DepthwiseConv2D::read(op)?;
        let p = conv_params([r.stride_h, r.stride_w], [r.dilation_h_factor, r.dilation_w_factor], r.padding).ok()?;
        let [_, h, w, c] = rank_4(&shape(op.operands().first()?)?).ok()?;
        let [_, kh, kw, o] = rank_4(&shape(op.operands().get(1)?)?).ok()?;
        Some((p.window([h, w], [kh, kw]).ok()?, w * c, o))
    };
    let (Some(x), Some(y), Some((win, in_row, filters))) = (op.operands().first(), op.result(), window()) else {
        return false;
    };
    let Window { y: rows, x: columns } = win;
    let out_row = columns.output * filters;
    let copied =
        |oy: usize| (oy * rows.stride + (rows.taps - 1) * rows.dilation + 1).saturating_sub(rows.pad).min(rows.input);
    codes(x) && codes(&y) && (0..rows.output).all(|oy| (oy + 1) * out_row <= copied(oy) * in_row)
}
