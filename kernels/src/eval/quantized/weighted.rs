//! Products of int8 activations and weights.

use ir::dialect::tfl;

use super::{Prepared, Types, coded, codes, operand};
use crate::error::{KernelError, Result};
use crate::eval::Call;
use crate::eval::compute::{fully_connected_shape, params};
use crate::fixed::{Multiplier, Rule};
use crate::float::conv::ConvParams;
use crate::reference::conv::{self, Filter, Image};
use crate::reference::matmul::{self, DoubleRequant, FromSums};
use crate::reference::{Affine, Requant};
use crate::rounding::Rounding;

/// `s_x s_w / s_y` for each scale of the weights.
pub(crate) fn requant(t: &Types<'_>, x: Affine, weights: &[f32], rule: Rule) -> Result<Requant> {
    let out = t.out()?;
    let one = |w: &f32| Multiplier::new(f64::from(x.scale) * f64::from(*w) / f64::from(out.scale));
    let multipliers = weights.iter().map(|w| Ok(one(w)?.by(rule))).collect::<Result<_>>()?;
    Ok(Requant { multipliers, zero: out.zero, codes: t.codes()? })
}

fn bias<'a>(c: &Call<'a>, i: usize) -> Result<Option<std::borrow::Cow<'a, [i32]>>> {
    match c.ins.get(i) {
        Some(Some(b)) => b.as_i32().map(Some).ok_or_else(|| KernelError::new("the bias is not int32")),
        _ => Ok(None),
    }
}

/// A convolution of image and filter; gives the result and its shape.
type Convolution = fn(Image<'_>, Filter<'_>, ConvParams, &Requant) -> Result<(Vec<i8>, Vec<usize>)>;

/// Prepares `kernel` for an image, a filter with a scale per index of its axis `channels`, and a bias.
fn convolution(t: &Types<'_>, p: ConvParams, channels: usize, rule: Rule, kernel: Convolution) -> Prepared {
    let x = t.affine(0)?;
    let out = requant(t, x, &t.symmetric_scales(1, channels)?, rule)?;
    Ok(Box::new(move |c| {
        let ((data, shape), (filter, f_shape), bias) = (operand(c, 0)?, operand(c, 1)?, bias(c, 2)?);
        let image = Image { data: &data, shape: &shape, zero: x.zero };
        let filter = Filter { data: &filter, shape: &f_shape, bias: bias.as_deref() };
        let (y, s) = kernel(image, filter, p, &out)?;
        coded(c, &s, y)
    }))
}

pub(super) fn conv_2d(t: &Types<'_>) -> Prepared {
    let r: tfl::Conv2D = t.row()?;
    let p = params([r.stride_h, r.stride_w], [r.dilation_h_factor, r.dilation_w_factor], r.padding)?;
    convolution(t, p, 0, t.rounding.of_sums(), conv::conv_2d)
}

pub(super) fn depthwise_conv_2d(t: &Types<'_>) -> Prepared {
    let r: tfl::DepthwiseConv2D = t.row()?;
    let p = params([r.stride_h, r.stride_w], [r.dilation_h_factor, r.dilation_w_factor], r.padding)?;
    convolution(t, p, 3, Rule::Double, conv::depthwise_conv_2d)
}

pub(super) fn transpose_conv(t: &Types<'_>) -> Prepared {
    let r: tfl::TransposeConv = t.row()?;
    let p = params([r.stride_h, r.stride_w], [1, 1], r.padding)?;
    let x = t.affine(2)?;
    let out = requant(t, x, &t.symmetric_scales(1, 0)?, Rule::Double)?;
    Ok(Box::new(move |c| {
        let ((data, shape), (filter, f_shape), bias) = (operand(c, 2)?, operand(c, 1)?, bias(c, 3)?);
        let image = Image { data: &data, shape: &shape, zero: x.zero };
        let filter = Filter { data: &filter, shape: &f_shape, bias: bias.as_deref() };
        let out_shape = c.sizes(0)?;
        let y = conv::transpose_conv(image, filter, &out_shape, p, &out)?;
        coded(c, &out_shape, y)
    }))
}

/// Codes of 0 of operands 0 and 1 of a fully connected operation, and how its sums become codes.
pub(crate) fn from_sums(t: &Types<'_>) -> Result<(i32, i32, FromSums)> {
    let x = t.affine(0)?;
    // Weights that are activations have a zero point, and then one scale.
    let (w_zero, scales) = match t.affine(1) {
        Ok(w) => (w.zero, vec![w.scale]),
        Err(_) => (0, t.symmetric_scales(1, 0)?),
    };
    let sums = match t.rounding {
        Rounding::Reference => FromSums::Real(DoubleRequant::new(x.scale, &scales, t.out()?, t.codes()?)),
        Rounding::Optimized | Rounding::Micro => FromSums::Fixed(requant(t, x, &scales, t.rounding.of_sums())?),
    };
    Ok((x.zero, w_zero, sums))
}

pub(super) fn fully_connected(t: &Types<'_>) -> Prepared {
    let r: tfl::FullyConnected = t.row()?;
    let (x_zero, w_zero, sums) = from_sums(t)?;
    Ok(Box::new(move |c| {
        let ((data, shape), (w, w_shape), bias) = (operand(c, 0)?, operand(c, 1)?, bias(c, 2)?);
        let [out, depth] = w_shape[..] else { return Err(KernelError::new("weights have rank 2")) };
        let y = matmul::fully_connected((&data, x_zero), (&w, w_zero), bias.as_deref(), [out, depth], &sums)?;
        coded(c, &fully_connected_shape(shape, data.len() / depth, out, r.keep_num_dims), y)
    }))
}

/// How the sums of a matrix product become codes.
pub(crate) fn product_requant(t: &Types<'_>) -> Result<Requant> {
    let (x, y, out) = (t.affine(0)?, t.affine(1)?, t.out()?);
    let multiplier = Multiplier::new(f64::from(x.scale * y.scale) / f64::from(out.scale))?;
    Ok(Requant { multipliers: vec![multiplier], zero: out.zero, codes: t.codes()? })
}

pub(super) fn batch_matmul(t: &Types<'_>) -> Prepared {
    let r: tfl::BatchMatMul = t.row()?;
    let (x, y, out) = (t.affine(0)?, t.affine(1)?, product_requant(t)?);
    Ok(Box::new(move |c| {
        let (left, right) = ((codes(c, 0)?, c.shape(0)?), (codes(c, 1)?, c.shape(1)?));
        let (left, right) = ((&left.0[..], &left.1[..], x.zero), (&right.0[..], &right.1[..], y.zero));
        let (y, s) = matmul::batch_matmul(left, right, r.adj_x, r.adj_y, &out)?;
        coded(c, &s, y)
    }))
}
