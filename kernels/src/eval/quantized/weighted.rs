//! Products of activations and weights in integers.

use ir::dialect::tfl;

use super::stored::{Bias, Stored, bias, coded, codes, operand, weights};
use super::{Prepared, Types};
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

/// Only LiteRT's kernels of int8 round in blocks.
fn of_blocks<C: Stored>(rounding: Rounding) -> Rounding {
    if C::STORAGE == i8::STORAGE { rounding } else { Rounding::Reference }
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
    let x = t.affine_of::<C>(0)?;
    let w = weight_params::<C>(t, 1, channels)?;
    let out = requant_of::<C>(t, x, &w.scales, of_convolution::<C>())?;
    let rounding = t.rounding;
    Ok(Box::new(move |c| {
        let ((data, shape), filter, bias) = (operand::<C>(c, 0)?, weights(c, 1, w.zero)?, bias::<S>(c, 2)?);
        let f_shape = c.shape(1)?;
        let image = Image { data: &data, shape: &shape, zero: x.zero };
        let filter = Filter { data: &filter, shape: &f_shape, bias: bias.as_deref() };
        let (y, s) = kernel(image, filter, p, &rounded(&out, rounding, &shape, &f_shape))?;
        coded(c, &s, y)
    }))
}

pub(super) fn conv_2d<C: Stored, S: Bias>(t: &Types<'_>) -> Prepared {
    let r: tfl::Conv2D = t.row()?;
    let p = params([r.stride_h, r.stride_w], [r.dilation_h_factor, r.dilation_w_factor], r.padding)?;
    // LiteRT has no optimized kernel for groups.
    let rounded = |out: &Requant, rounding: Rounding, x: &[usize], f: &[usize]| {
        if x.last() == f.last() { out.by(rounding.of_products()) } else { out.clone() }
    };
    convolution::<C, S>(t, p, 0, rounded, conv::conv_2d)
}

pub(super) fn depthwise_conv_2d<C: Stored, S: Bias>(t: &Types<'_>) -> Prepared {
    let r: tfl::DepthwiseConv2D = t.row()?;
    let p = params([r.stride_h, r.stride_w], [r.dilation_h_factor, r.dilation_w_factor], r.padding)?;
    let rounded = |out: &Requant, rounding: Rounding, _: &[usize], f: &[usize]| {
        out.in_blocks(f.last().copied().unwrap_or(0), of_blocks::<C>(rounding))
    };
    convolution::<C, S>(t, p, 3, rounded, conv::depthwise_conv_2d)
}

pub(super) fn transpose_conv<C: Stored, S: Bias>(t: &Types<'_>) -> Prepared {
    let r: tfl::TransposeConv = t.row()?;
    let p = params([r.stride_h, r.stride_w], [1, 1], r.padding)?;
    let x = t.affine_of::<C>(2)?;
    let w = weight_params::<C>(t, 1, 0)?;
    let out = requant_of::<C>(t, x, &w.scales, of_convolution::<C>())?;
    let rounding = t.rounding;
    Ok(Box::new(move |c| {
        let ((data, shape), filter, bias) = (operand::<C>(c, 2)?, weights(c, 1, w.zero)?, bias::<S>(c, 3)?);
        let image = Image { data: &data, shape: &shape, zero: x.zero };
        let filter = Filter { data: &filter, shape: &c.shape(1)?, bias: bias.as_deref() };
        let out_shape = c.sizes(0)?;
        let out = out.in_blocks(out_shape.last().copied().unwrap_or(0), of_blocks::<C>(rounding));
        let y = conv::transpose_conv(image, filter, &out_shape, p, &out)?;
        coded(c, &out_shape, y)
    }))
}

/// Codes of 0 of operands 0 and 1 of an int8 fully connected operation, and how its sums become codes.
pub(crate) fn from_sums(t: &Types<'_>) -> Result<(i32, i32, FromSums)> {
    sums_of::<i8>(t)
}

fn sums_of<C: Stored>(t: &Types<'_>) -> Result<(i32, i32, FromSums)> {
    let x = t.affine_of::<C>(0)?;
    // Weights that are activations have a zero point, and then one scale.
    let w = match t.affine(1) {
        Ok(w) => WeightParams { scales: vec![w.scale], zero: w.zero },
        Err(_) => weight_params::<C>(t, 1, 0)?,
    };
    // LiteRT has no optimized kernel for a bias of int64.
    let real = match t.rounding {
        Rounding::Reference => true,
        Rounding::Optimized => C::STORAGE == i16::STORAGE && t.storage(2).is_ok(),
        Rounding::Micro => false,
    };
    let sums = if real {
        FromSums::Real(DoubleRequant::new(x.scale, &w.scales, t.out_of::<C>()?, t.codes_of::<C>()?))
    } else {
        let precision = if w.scales.len() == 1 { Precision::F32 } else { Precision::F64 };
        FromSums::Fixed(requant_of::<C>(t, x, &w.scales, precision)?.by(t.rounding.of_products()))
    };
    Ok((x.zero, w.zero, sums))
}

pub(super) fn fully_connected<C: Stored, S: Bias>(t: &Types<'_>) -> Prepared {
    // Without a bias, optimized kernels sum in int32.
    if t.rounding == Rounding::Optimized && t.storage(2).is_err() {
        return products::<C, i32>(t);
    }
    products::<C, S>(t)
}

fn products<C: Stored, S: Bias>(t: &Types<'_>) -> Prepared {
    let r: tfl::FullyConnected = t.row()?;
    let (x_zero, w_zero, sums) = sums_of::<C>(t)?;
    Ok(Box::new(move |c| {
        let ((data, shape), filter, bias) = (operand::<C>(c, 0)?, weights(c, 1, w_zero)?, bias::<S>(c, 2)?);
        let [out, depth] = c.shape(1)?[..] else { return Err(KernelError::new("weights have rank 2")) };
        let y = matmul::fully_connected((&data, x_zero), (&filter, 0), bias.as_deref(), [out, depth], &sums)?;
        coded(c, &fully_connected_shape(shape, data.len() / depth, out, r.keep_num_dims), y)
    }))
}

/// How the sums of a product of int8 matrices become codes.
pub(crate) fn product_requant(t: &Types<'_>) -> Result<Requant> {
    requant_of::<i8>(t, t.affine(0)?, &[t.affine(1)?.scale], Precision::F32)
}

pub(super) fn batch_matmul<C: Stored, S: Bias>(t: &Types<'_>) -> Prepared {
    let r: tfl::BatchMatMul = t.row()?;
    let (x, y) = (t.affine_of::<C>(0)?, t.affine_of::<C>(1)?);
    let out = requant_of::<C>(t, x, &[y.scale], Precision::F32)?;
    Ok(Box::new(move |c| {
        let (left, right) = ((codes::<C>(c, 0)?, c.shape(0)?), (codes::<C>(c, 1)?, c.shape(1)?));
        let (left, right) = ((&left.0[..], &left.1[..], x.zero), (&right.0[..], &right.1[..], y.zero));
        let (y, s) = matmul::batch_matmul::<C, S>(left, right, r.adj_x, r.adj_y, &out)?;
        coded(c, &s, y)
    }))
}
