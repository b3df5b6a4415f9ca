//! Convolutions and matrix products.

use ir::Elem;
use ir::dialect::tfl;

use super::elementwise::limits_text;
use super::{hybrid, packed};
use crate::codegen::layer::Layer;
use crate::codegen::text;
use crate::codegen::walk::{Walk, broadcast_steps};
use crate::error::{KernelError, Result, ensure};
use crate::eval::quantized::weighted::{self, Scaling};
use crate::fixed::Rule;
use crate::float::conv::ConvParams;
use crate::float::elementwise::broadcast_shape;
use crate::geometry::{Axis, Window};
use crate::reference::Requant;
use crate::reference::matmul::{DoubleRequant, FromSums};

/// What operands are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Float,
    Codes,
    /// Float activations, int8 weights.
    Hybrid,
}

/// By the types of input, weights and result.
pub(super) fn form(layer: &Layer<'_, '_, '_>, input: usize) -> Result<Form> {
    match (layer.elem(input)? == Elem::F32, layer.elem(1)? == Elem::F32) {
        (true, true) => Ok(Form::Float),
        (true, false) => Ok(Form::Hybrid),
        _ => Ok(Form::Codes),
    }
}

pub(super) fn axis(a: &Axis) -> String {
    text::list([a.input, a.output, a.taps, a.stride, a.dilation, a.pad])
}

/// A `struct image`.
pub(super) fn image(batch: usize, channels: usize, filters: usize, window: &Window) -> String {
    format!("{{{batch}, {channels}, {filters}, {}, {}}}", axis(&window.y), axis(&window.x))
}

/// What the functions of a product of codes are made with.
struct Arithmetic {
    /// Types of activations, of weights if there are, and of sums, with and without a sign.
    types: String,
    /// What names end in.
    suffix: String,
    wide: bool,
}

impl Arithmetic {
    /// Of a product of operands `input` and 1; the type of `weights` is another one.
    fn new(layer: &Layer<'_, '_, '_>, input: usize, weights: bool, wide: bool) -> Result<Arithmetic> {
        let sums = if wide { "int64_t, uint64_t" } else { "int32_t, uint32_t" };
        let w_type = if weights { format!("{}, ", layer.c_type(1)?) } else { String::new() };
        let x_type = layer.c_type(input)?;
        let narrow = if x_type == "i16" && !wide { "_32" } else { "" };
        let wide_weights = if weights && layer.c_type(1)? == "i16" { "_i16" } else { "" };
        let suffix = format!("{}{wide_weights}{narrow}", layer.suffix(input)?);
        Ok(Arithmetic { types: format!("{x_type}, {w_type}{sums}"), suffix, wide })
    }

    /// The function from sums to codes, and what names with it end in.
    fn ending(&self, layer: &mut Layer<'_, '_, '_>, r: &Requant) -> (&'static str, &'static str) {
        let upward = r.multipliers.iter().any(|m| m.rule == Rule::Upward);
        let (section, function, ending) = match (self.wide, upward) {
            (true, _) => ("requant_wide", "requantize_wide", ""),
            (false, true) => ("requant_upward", "requantize_upward", "_upward"),
            (false, false) => ("requant", "requantize", ""),
        };
        layer.needs(section);
        (function, ending)
    }
}

/// A `struct requant`; its factors are an array of their own.
fn requant(layer: &mut Layer<'_, '_, '_>, r: &Requant) -> String {
    let factors: Vec<String> = r.multipliers.iter().map(|m| text::multiplier(*m)).collect();
    let step = usize::from(factors.len() > 1);
    let factors = layer.array("struct multiplier", "factors", factors, 8);
    let upward = r.multipliers.iter().take_while(|m| m.rule == Rule::Upward).count() as i32;
    // One factor stands for all channels.
    let upward = if step == 0 && upward > 0 { i32::MAX } else { upward };
    format!("{{{factors}, {step}, {upward}, {}, {}, {}}}", r.zero, r.codes.min, r.codes.max)
}

/// A convolution: its image, the depth of a filter and its axes.
pub(super) struct Convolution {
    pub(super) image: String,
    pub(super) depth: usize,
    /// Bytes of one image, a code an element.
    pub(super) image_size: usize,
}

pub(super) fn rank_4(shape: &[usize]) -> Result<[usize; 4]> {
    shape.try_into().map_err(|_| KernelError::new(format!("rank {} is not 4", shape.len())))
}

/// `filters` says which dimension of the weights counts them.
pub(super) fn convolution(layer: &Layer<'_, '_, '_>, p: ConvParams, filters: usize) -> Result<Convolution> {
    let [n, h, w, c] = rank_4(&layer.shape(0)?)?;
    let weights = rank_4(&layer.shape(1)?)?;
    let window = p.window([h, w], [weights[1], weights[2]])?;
    let fits = rank_4(&layer.out_shape(0)?)? == [n, window.y.output, window.x.output, weights[filters]];
    ensure(fits, || "the result's shape does not fit".into())?;
    let groups = if filters == 0 { c % weights[3].max(1) == 0 && weights[3] > 0 } else { weights[3] % c.max(1) == 0 };
    ensure(groups, || format!("{c} channels and weights of shape {weights:?}"))?;
    Ok(Convolution { image: image(n, c, weights[filters], &window), depth: weights[3], image_size: h * w * c })
}

pub(super) fn conv_2d(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let r: tfl::Conv2D = layer.row()?;
    let p = crate::eval::conv_params([r.stride_h, r.stride_w], [r.dilation_h_factor, r.dilation_w_factor], r.padding)?;
    let conv = convolution(layer, p, 0)?;
    let form = form(layer, 0)?;
    if form == Form::Hybrid {
        return hybrid::conv_2d(layer, &conv);
    }
    if form == Form::Float {
        return call_float(layer, "conv_f32", [0, 2], vec![("image", conv.image), ("depth", conv.depth.to_string())]);
    }
    let scaling = weighted::conv_scaling(&layer.types, &layer.shape(0)?, &layer.shape(1)?)?;
    if packs(layer, 0, &scaling.out)? {
        return packed::conv_2d(layer, p);
    }
    let fields = vec![("image", conv.image), ("depth", conv.depth.to_string())];
    call_weighted(layer, ("conv", "CONV"), [0, 2], fields, &scaling)
}

/// Whether there is a packed kernel for the type of an input, and for how sums become codes.
fn packs(layer: &Layer<'_, '_, '_>, input: usize, r: &Requant) -> Result<bool> {
    Ok(layer.c_type(input)? == "int8_t" && r.multipliers.iter().all(|m| m.rule == Rule::Double))
}

pub(super) fn depthwise_conv_2d(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let r: tfl::DepthwiseConv2D = layer.row()?;
    let p = crate::eval::conv_params([r.stride_h, r.stride_w], [r.dilation_h_factor, r.dilation_w_factor], r.padding)?;
    let conv = convolution(layer, p, 3)?;
    let form = form(layer, 0)?;
    if form == Form::Hybrid {
        return hybrid::depthwise_conv_2d(layer, &conv);
    }
    if form == Form::Float {
        return call_float(layer, "depthwise_conv_f32", [0, 2], vec![("image", conv.image)]);
    }
    let scaling = weighted::depthwise_scaling(&layer.types, &layer.shape(1)?)?;
    if packed::takes_depthwise(layer.types.rounding) && packs(layer, 0, &scaling.out)? {
        return packed::depthwise_conv_2d(layer, p);
    }
    call_weighted(layer, ("depthwise_conv", "DEPTHWISE_CONV"), [0, 2], vec![("image", conv.image)], &scaling)
}

/// The axes of the forward convolution, from the result to the input.
fn transposed(layer: &Layer<'_, '_, '_>) -> Result<Convolution> {
    let r: tfl::TransposeConv = layer.row()?;
    let p = crate::eval::conv_params([r.stride_h, r.stride_w], [1, 1], r.padding)?;
    let [n, h, w, c] = rank_4(&layer.shape(2)?)?;
    let [o, kh, kw, fc] = rank_4(&layer.shape(1)?)?;
    let [on, oh, ow, oc] = rank_4(&layer.out_shape(0)?)?;
    let window = p.window([oh, ow], [kh, kw])?;
    let fits = (on, oc, fc, window.y.output, window.x.output) == (n, o, c, h, w);
    ensure(fits, || "filter, input and output shape do not fit".into())?;
    Ok(Convolution { image: image(n, c, o, &window), depth: c, image_size: h * w * c })
}

pub(super) fn transpose_conv(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let conv = transposed(layer)?;
    let form = form(layer, 2)?;
    if form == Form::Hybrid {
        return hybrid::transpose_conv(layer, &conv);
    }
    if form == Form::Float {
        return call_float(layer, "transpose_conv_f32", [2, 3], vec![("image", conv.image)]);
    }
    let scaling = weighted::transposed_scaling(&layer.types, &layer.out_shape(0)?)?;
    call_weighted(layer, ("transpose_conv", "TRANSPOSE_CONV"), [2, 3], vec![("image", conv.image)], &scaling)
}

/// Calls a float kernel of operands `input`, weights and `bias`, which may be computed: weights of other types are converted first.
fn call_float(
    layer: &mut Layer<'_, '_, '_>,
    function: &'static str,
    [input, bias]: [usize; 2],
    mut fields: Vec<(&str, String)>,
) -> Result<()> {
    let act = layer.types.activation()?;
    fields.push(("out", limits_text(layer, act)));
    layer.needs(function);
    let k = layer.structure(function, &fields);
    let bias = if layer.has(bias) { layer.ptr(bias)? } else { "0".into() };
    let args = [k, layer.ptr(input)?, layer.ptr(1)?, bias, layer.out(0)?];
    layer.call(function, &args);
    Ok(())
}

/// Calls a kernel of codes of operands `input`, weights and `bias`, which are constant; it is the function that a macro of a section makes.
fn call_weighted(
    layer: &mut Layer<'_, '_, '_>,
    (section, maker): (&'static str, &str),
    [input, bias]: [usize; 2],
    mut fields: Vec<(&str, String)>,
    scaling: &Scaling,
) -> Result<()> {
    layer.fixed(1)?;
    let of = Arithmetic::new(layer, input, true, weighted::is_wide(&layer.types, input, bias))?;
    let (code, ending) = of.ending(layer, &scaling.out);
    let name = format!("{section}_{}{ending}", of.suffix);
    layer.instance(section, format!("{maker}({name}, {}, {code})", of.types));
    let out = requant(layer, &scaling.out);
    let [x_zero, w_zero] = scaling.zeros.map(|z| z.to_string());
    let bias = layer.optional_array(bias)?;
    let weights = layer.ptr(1)?;
    fields.extend([("x_zero", x_zero), ("w_zero", w_zero), ("weights", weights), ("bias", bias), ("out", out)]);
    let k = layer.structure(section, &fields);
    let args = [k, layer.ptr(input)?, layer.out(0)?];
    layer.call(&name, &args);
    Ok(())
}

pub(super) fn fully_connected(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let [outputs, depth] = layer.shape(1)?[..] else { return Err(KernelError::new("weights have rank 2")) };
    let n = layer.len(0)?;
    ensure(depth > 0 && n % depth == 0, || format!("{n} input elements and weights of depth {depth}"))?;
    let rows = n / depth;
    let form = form(layer, 0)?;
    if form == Form::Hybrid {
        return hybrid::fully_connected(layer, [rows, outputs, depth]);
    }
    let mut fields = vec![("rows", rows.to_string()), ("outputs", outputs.to_string()), ("depth", depth.to_string())];
    if form == Form::Float {
        return call_float(layer, "fully_connected_f32", [0, 2], fields);
    }
    let Scaling { zeros: [x_zero, w_zero], out } = weighted::product_scaling(&layer.types)?;
    let doubly = match &out {
        FromSums::Real(_) => true,
        FromSums::Fixed(r) => r.multipliers.iter().all(|m| m.rule == Rule::Double),
    };
    if layer.c_type(0)? == "int8_t" && w_zero == 0 && doubly && layer.constant(1).is_some() {
        return packed::fully_connected(layer, [rows, outputs, depth], x_zero, &out);
    }
    let wide = weighted::fully_connected_is_wide(&layer.types);
    let bias = if wide { wide_bias(layer, 2)? } else { layer.optional_array(2)? };
    fields.extend([("x_zero", x_zero.to_string()), ("w_zero", w_zero.to_string()), ("bias", bias)]);
    let of = Arithmetic::new(layer, 0, true, wide)?;
    let (ending, kind, code, out) = match out {
        FromSums::Real(r) => {
            layer.needs("reals");
            ("_real", "reals", "from_real", reals(layer, &r))
        }
        FromSums::Fixed(r) => {
            let (code, ending) = of.ending(layer, &r);
            (ending, "requant", code, requant(layer, &r))
        }
    };
    let name = format!("fully_connected_{}{ending}", of.suffix);
    layer.instance("fully_connected", format!("FULLY_CONNECTED({name}, {}, {kind}, {code})", of.types));
    let k = layer.structure("fully_connected", &fields);
    let out = layer.array(&format!("struct {kind}"), kind, vec![out], 0);
    let args = [k, out, layer.ptr(0)?, layer.ptr(1)?, layer.out(0)?];
    layer.call(&name, &args);
    Ok(())
}

/// The name of an optional bias's array of int64, or of null.
fn wide_bias(layer: &mut Layer<'_, '_, '_>, i: usize) -> Result<String> {
    if !layer.has(i) || layer.elem(i)?.storage() != Elem::I32 {
        return layer.optional_array(i);
    }
    let items = layer.ints(i)?.iter().map(i64::to_string).collect();
    Ok(layer.array("int64_t", "bias", items, 8))
}

/// A `struct reals`; its ratios are an array of their own.
fn reals(layer: &mut Layer<'_, '_, '_>, r: &DoubleRequant) -> String {
    let step = usize::from(r.ratios.len() > 1);
    let ratios = layer.array("double", "ratios", r.ratios.iter().map(|v| text::f64(*v)).collect(), 8);
    format!("{{{ratios}, {step}, {}, {}, {}}}", r.zero, r.codes.min, r.codes.max)
}

/// A `struct matmul`, and the depth and columns of a product.
pub(super) fn matmul(layer: &Layer<'_, '_, '_>) -> Result<(String, usize, usize)> {
    let r: tfl::BatchMatMul = layer.row()?;
    let (x, y) = (layer.shape(0)?, layer.shape(1)?);
    ensure(x.len() >= 2 && y.len() >= 2, || "matrices have rank 2 or more".into())?;
    let ((xb, xm), (yb, ym)) = (x.split_at(x.len() - 2), y.split_at(y.len() - 2));
    let (m, k, x_row, x_column) = if r.adj_x { (xm[1], xm[0], 1, xm[1]) } else { (xm[0], xm[1], xm[1], 1) };
    let (depth, n, y_row, y_column) = if r.adj_y { (ym[1], ym[0], 1, ym[1]) } else { (ym[0], ym[1], ym[1], 1) };
    ensure(k == depth && k > 0, || format!("matrices of depth {k} and {depth}"))?;
    let batch = broadcast_shape(xb, yb)?;
    let scale = |steps: Vec<i64>, by: usize| steps.into_iter().map(|s| s * by as i64).collect();
    let steps = vec![scale(broadcast_steps(xb, &batch), m * k), scale(broadcast_steps(yb, &batch), k * n)];
    let pairs = Walk::new(&batch, steps).text()?;
    Ok((format!("{{{pairs}, {m}, {k}, {n}, {x_row}, {x_column}, {y_row}, {y_column}}}"), k, n))
}

pub(super) fn batch_matmul(layer: &mut Layer<'_, '_, '_>) -> Result<()> {
    let (of, depth, _) = matmul(layer)?;
    match form(layer, 0)? {
        Form::Hybrid => return hybrid::batch_matmul(layer, of, depth),
        Form::Float => {
            layer.needs("batch_matmul_f32");
            let k = layer.structure("batch_matmul_f32", &[("of", of)]);
            let args = [k, layer.ptr(0)?, layer.ptr(1)?, layer.out(0)?];
            layer.call("batch_matmul_f32", &args);
            return Ok(());
        }
        Form::Codes => {}
    }
    let scaling = weighted::matmul_scaling(&layer.types)?;
    let wide = layer.c_type(0)? == "i16";
    let arithmetic = Arithmetic::new(layer, 0, false, wide)?;
    let (code, ending) = arithmetic.ending(layer, &scaling.out);
    let name = format!("batch_matmul_{}{ending}", arithmetic.suffix);
    layer.instance("batch_matmul", format!("BATCH_MATMUL({name}, {}, {code})", arithmetic.types));
    let out = requant(layer, &scaling.out);
    let [x_zero, y_zero] = scaling.zeros.map(|z| z.to_string());
    let k = layer.structure("batch_matmul", &[("of", of), ("x_zero", x_zero), ("y_zero", y_zero), ("out", out)]);
    let args = [k, layer.ptr(0)?, layer.ptr(1)?, layer.out(0)?];
    layer.call(&name, &args);
    Ok(())
}
