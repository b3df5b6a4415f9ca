//! Products of activations and weights in integers.

use ir::Elem;
use ir::dialect::tfl;

use super::stored::{Bias, Stored, bias, coded, codes, operand, weights};
use super::{Prepared, Types, by_stored, unfit};
use crate::error::{KernelError, Result, ensure};
use crate::eval::compute::{fully_connected_shape, params};
use crate::fixed::{Multiplier, Rule};
use crate::float::conv::ConvParams;
use crate::reference::conv::{self, Filter, Image};
use crate::reference::matmul::{self, DoubleRequant, FromSums};
use crate::reference::{Affine, Requant};
use crate::rounding::Rounding;

/// Scales of weights, and their code of 0.
struct WeightParams {
    /// One, or one a channel.
    scales: Vec<f32>,
    zero: i32,
}

/// The parameters of weights: uint8 ones have one scale and a zero point, others are symmetric.
fn weight_params<C: Stored>(t: &Types<'_>, operand: usize, channels: usize) -> Result<WeightParams> {
    if t.storage(operand)? == u8::STORAGE {
        let w = t.affine_of::<u8>(operand)?;
        return Ok(WeightParams { scales: vec![w.scale], zero: w.zero });
    }
    ensure(C::STORAGE != u8::STORAGE, || "uint8 activations have uint8 weights".into())?;
    Ok(WeightParams { scales: t.symmetric_scales(operand, channels)?, zero: 0 })
}

/// Whether products of operand `x` are summed in int64: those of int16 are, unless the bias, another operand, is int32.
pub(crate) fn is_wide(t: &Types<'_>, x: usize, bias: usize) -> bool {
    t.storage(x).is_ok_and(|s| s == Elem::I16) && t.storage(bias).ok() != Some(Elem::I32)
}

/// The same of a fully connected operation: always with int16 weights, never in optimized kernels where there is no bias.
pub(crate) fn fully_connected_is_wide(t: &Types<'_>) -> bool {
    let narrow = t.rounding == Rounding::Optimized && t.storage(2).is_err();
    has_wide_weights(t) || is_wide(t, 0, 2) && !narrow
}

/// Whether operand 1 of a fully connected operation is int16.
fn has_wide_weights(t: &Types<'_>) -> bool {
    t.storage(1).is_ok_and(|s| s == Elem::I16)
}

/// In what the scales of input and weights are multiplied.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Precision {
    F32,
    F64,
}

/// `s_x s_w / s_y` for each scale of the weights.
fn requant_of<C: Stored>(t: &Types<'_>, x: Affine, weights: &[f32], precision: Precision) -> Result<Requant> {
    let out = t.out_of::<C>()?;
    let product = |w: f32| match precision {
        Precision::F32 => f64::from(x.scale * w),
        Precision::F64 => f64::from(x.scale) * f64::from(w),
    };
    let one = |w: &f32| Multiplier::new(product(*w) / f64::from(out.scale));
    let multipliers = weights.iter().map(one).collect::<Result<_>>()?;
    Ok(Requant { multipliers, zero: out.zero, codes: t.codes_of::<C>()? })
}

/// `s_x s_w / s_y` for each scale of the weights of an int8 convolution, rounded by a rule.
pub(crate) fn requant(t: &Types<'_>, x: Affine, weights: &[f32], rule: Rule) -> Result<Requant> {
    Ok(requant_of::<i8>(t, x, weights, Precision::F64)?.by(rule))
}

/// How LiteRT multiplies the scales of convolutions.
fn of_convolution<C: Stored>() -> Precision {
    if C::STORAGE == u8::STORAGE { Precision::F32 } else { Precision::F64 }
}

/// The scaling of a convolution without groups, or of one with: LiteRT has no optimized kernel for them.
fn by_groups(out: &Requant, rounding: Rounding, x: &[usize], f: &[usize]) -> Requant {
    if x.last() == f.last() { out.by(rounding.of_products()) } else { out.clone() }
}

/// The scaling of a kernel that rounds blocks of channels apart; only LiteRT's kernels of int8 do.
fn by_channels<C: Stored>(out: &Requant, rounding: Rounding, of: &[usize]) -> Requant {
    let rounding = if C::STORAGE == i8::STORAGE { rounding } else { Rounding::Reference };
    out.in_blocks(of.last().copied().unwrap_or(0), rounding)
}

/// How the sums of a product of activations and weights become codes.
pub(crate) struct Scaling<Out = Requant> {
    /// Codes of 0 of the activations and the weights.
    pub(crate) zeros: [i32; 2],
    /// From sums to codes.
    pub(crate) out: Out,
}

/// Of operand `input` and the weights in operand 1, whose scales run along `channels`.
fn scaling<C: Stored>(t: &Types<'_>, input: usize, channels: usize) -> Result<Scaling> {
    let x = t.affine_of::<C>(input)?;
    let w = weight_params::<C>(t, 1, channels)?;
    let out = requant_of::<C>(t, x, &w.scales, of_convolution::<C>())?;
    Ok(Scaling { zeros: [x.zero, w.zero], out })
}

fn conv_of<C: Stored>(t: &Types<'_>, x: &[usize], f: &[usize]) -> Result<Scaling> {
    let s = scaling::<C>(t, 0, 0)?;
    Ok(Scaling { out: by_groups(&s.out, t.rounding, x, f), ..s })
}

fn depthwise_of<C: Stored>(t: &Types<'_>, f: &[usize]) -> Result<Scaling> {
    let s = scaling::<C>(t, 0, 3)?;
    Ok(Scaling { out: by_channels::<C>(&s.out, t.rounding, f), ..s })
}

fn transposed_of<C: Stored>(t: &Types<'_>, out: &[usize]) -> Result<Scaling> {
    let s = scaling::<C>(t, 2, 0)?;
    Ok(Scaling { out: by_channels::<C>(&s.out, t.rounding, out), ..s })
}

/// The scaling of a convolution of an image and a filter of these shapes.
pub(crate) fn conv_scaling(t: &Types<'_>, x: &[usize], f: &[usize]) -> Result<Scaling> {
    by_stored!(t, 0, conv_of, x, f)
}

/// The scaling of a depthwise convolution with a filter of this shape.
pub(crate) fn depthwise_scaling(t: &Types<'_>, f: &[usize]) -> Result<Scaling> {
    by_stored!(t, 0, depthwise_of, f)
}

/// The scaling of a transposed convolution whose result has this shape.
pub(crate) fn transposed_scaling(t: &Types<'_>, out: &[usize]) -> Result<Scaling> {
    by_stored!(t, 2, transposed_of, out)
}

/// A convolution of image and filter; gives the result and its shape.
type Convolution<C, S> = fn(Image<'_, C>, Filter<'_, i16, S>, ConvParams, &Requant) -> Result<(Vec<C>, Vec<usize>)>;

/// Prepares `kernel` for an image, a filter with a scale per index of its axis `channels`, and a bias.
fn convolution<C: Stored, S: Bias>(
    t: &Types<'_>,
    p: ConvParams,
    channels: usize,
    rounded: fn(&Requant, Rounding, &[usize], &[usize]) -> Requant,
    kernel: Convolution<C, S>,
) -> Prepared {
    let Scaling { zeros: [x_zero, w_zero], out } = scaling::<C>(t, 0, channels)?;
    let rounding = t.rounding;
    Ok(Box::new(move |c| {
        let ((data, shape), filter, bias) = (operand::<C>(c, 0)?, weights(c, 1, w_zero)?, bias::<S>(c, 2)?);
        let f_shape = c.shape(1)?;
        let image = Image { data: &data, shape: &shape, zero: x_zero };
        let filter = Filter { data: &filter, shape: &f_shape, bias: bias.as_deref() };
        let (y, s) = kernel(image, filter, p, &rounded(&out, rounding, &shape, &f_shape))?;
        coded(c, &s, y)
    }))
}

pub(super) fn conv_2d<C: Stored, S: Bias>(t: &Types<'_>) -> Prepared {
    let r: tfl::Conv2D = t.row()?;
    let p = params([r.stride_h, r.stride_w], [r.dilation_h_factor, r.dilation_w_factor], r.padding)?;
    convolution::<C, S>(t, p, 0, by_groups, conv::conv_2d)
}

pub(super) fn depthwise_conv_2d<C: Stored, S: Bias>(t: &Types<'_>) -> Prepared {
    let r: tfl::DepthwiseConv2D = t.row()?;
    let p = params([r.stride_h, r.stride_w], [r.dilation_h_factor, r.dilation_w_factor], r.padding)?;
    convolution::<C, S>(t, p, 3, |out, rounding, _, f| by_channels::<C>(out, rounding, f), conv::depthwise_conv_2d)
}

pub(super) fn transpose_conv<C: Stored, S: Bias>(t: &Types<'_>) -> Prepared {
    let r: tfl::TransposeConv = t.row()?;
    let p = params([r.stride_h, r.stride_w], [1, 1], r.padding)?;
    let Scaling { zeros: [x_zero, w_zero], out } = scaling::<C>(t, 2, 0)?;
    let rounding = t.rounding;
    Ok(Box::new(move |c| {
        let ((data, shape), filter, bias) = (operand::<C>(c, 2)?, weights(c, 1, w_zero)?, bias::<S>(c, 3)?);
        let image = Image { data: &data, shape: &shape, zero: x_zero };
        let filter = Filter { data: &filter, shape: &c.shape(1)?, bias: bias.as_deref() };
        let out_shape = c.sizes(0)?;
        let out = by_channels::<C>(&out, rounding, &out_shape);
        let y = conv::transpose_conv(image, filter, &out_shape, p, &out)?;
        coded(c, &out_shape, y)
    }))
}

/// The scaling of a fully connected operation.
pub(crate) fn product_scaling(t: &Types<'_>) -> Result<Scaling<FromSums>> {
    by_stored!(t, 0, product_of)
}

fn product_of<C: Stored>(t: &Types<'_>) -> Result<Scaling<FromSums>> {
    let x = t.affine_of::<C>(0)?;
    // Weights that are activations have a zero point, and then one scale.
    let w = match t.affine(1) {
        Ok(w) => WeightParams { scales: vec![w.scale], zero: w.zero },
        Err(_) if has_wide_weights(t) => WeightParams { scales: t.symmetric_scales_upto(16, 1, 0)?, zero: 0 },
        Err(_) => weight_params::<C>(t, 1, 0)?,
    };
    ensure(!has_wide_weights(t) || C::STORAGE == i16::STORAGE && w.zero == 0, || {
        "int16 weights are symmetric, and so are their activations".into()
    })?;
    // LiteRT has no optimized kernel for a bias of int64.
    let real = match t.rounding {
        _ if has_wide_weights(t) => false,
        Rounding::Reference => true,
        Rounding::Optimized => C::STORAGE == i16::STORAGE && t.storage(2).is_ok(),
        Rounding::Micro => false,
    };
    let out = if real {
        FromSums::Real(DoubleRequant::new(x.scale, &w.scales, t.out_of::<C>()?, t.codes_of::<C>()?))
    } else {
        let precision = if w.scales.len() == 1 { Precision::F32 } else { Precision::F64 };
        FromSums::Fixed(requant_of::<C>(t, x, &w.scales, precision)?.by(t.rounding.of_products()))
    };
    Ok(Scaling { zeros: [x.zero, w.zero], out })
}

pub(super) fn fully_connected<C: Stored, S: Bias>(t: &Types<'_>) -> Prepared {
    let r: tfl::FullyConnected = t.row()?;
    let Scaling { zeros: [x_zero, w_zero], out } = product_of::<C>(t)?;
    Ok(Box::new(move |c| {
        let ((data, shape), filter, bias) = (operand::<C>(c, 0)?, weights(c, 1, w_zero)?, bias::<S>(c, 2)?);
        let [outputs, depth] = c.shape(1)?[..] else { return Err(KernelError::new("weights have rank 2")) };
        let y = matmul::fully_connected((&data, x_zero), (&filter, 0), bias.as_deref(), [outputs, depth], &out)?;
        coded(c, &fully_connected_shape(shape, data.len() / depth, outputs, r.keep_num_dims), y)
    }))
}

/// The scaling of a product of matrices.
pub(crate) fn matmul_scaling(t: &Types<'_>) -> Result<Scaling> {
    by_stored!(t, 0, matmul_of)
}

fn matmul_of<C: Stored>(t: &Types<'_>) -> Result<Scaling> {
    let (x, y) = (t.affine_of::<C>(0)?, t.affine_of::<C>(1)?);
    Ok(Scaling { zeros: [x.zero, y.zero], out: requant_of::<C>(t, x, &[y.scale], Precision::F32)? })
}

pub(super) fn batch_matmul<C: Stored, S: Bias>(t: &Types<'_>) -> Prepared {
    let r: tfl::BatchMatMul = t.row()?;
    let Scaling { zeros: [x_zero, y_zero], out } = matmul_of::<C>(t)?;
    Ok(Box::new(move |c| {
        let (left, right) = ((codes::<C>(c, 0)?, c.shape(0)?), (codes::<C>(c, 1)?, c.shape(1)?));
        let (left, right) = ((&left.0[..], &left.1[..], x_zero), (&right.0[..], &right.1[..], y_zero));
        let (y, s) = matmul::batch_matmul::<C, S>(left, right, r.adj_x, r.adj_y, &out)?;
        coded(c, &s, y)
    }))
}
