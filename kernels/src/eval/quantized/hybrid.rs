//! Products of float activations and weights of 8 bits or less.

use ir::dialect::tfl;

use super::stored::signed_weights;
use super::{Prepared, Types};
use crate::error::{KernelError, Result};
use crate::eval::compute::{fully_connected_shape, params};
use crate::eval::{Call, one};
use crate::float::Clamp;
use crate::reference::hybrid::{self, Weights};

/// Runs `f` with the weights of operand 1 and the bias of operand `bias`.
fn with_weights<T>(
    c: &Call<'_>,
    bias: usize,
    scales: &[f32],
    act: Clamp,
    f: impl FnOnce(Weights<'_>) -> Result<T>,
) -> Result<T> {
    let (data, shape, bias) = (signed_weights(c, 1)?, c.shape(1)?, c.optional_f32(bias)?);
    f(Weights { data: &data, shape: &shape, scales, bias: bias.as_deref(), act })
}

pub(super) fn conv_2d(t: &Types<'_>) -> Prepared {
    let r: tfl::Conv2D = t.row()?;
    let p = params([r.stride_h, r.stride_w], [r.dilation_h_factor, r.dilation_w_factor], r.padding)?;
    let (scales, act) = (t.symmetric_scales(1, 0)?, t.activation()?);
    Ok(Box::new(move |c| {
        let (x, shape) = (c.f32(0)?, c.shape(0)?);
        let (y, s) = with_weights(c, 2, &scales, act, |w| hybrid::conv_2d(&x, &shape, w, p))?;
        one(&s, y)
    }))
}

pub(super) fn depthwise_conv_2d(t: &Types<'_>) -> Prepared {
    let r: tfl::DepthwiseConv2D = t.row()?;
    let p = params([r.stride_h, r.stride_w], [r.dilation_h_factor, r.dilation_w_factor], r.padding)?;
    let (scales, act) = (t.symmetric_scales(1, 3)?, t.activation()?);
    Ok(Box::new(move |c| {
        let (x, shape) = (c.f32(0)?, c.shape(0)?);
        let (y, s) = with_weights(c, 2, &scales, act, |w| hybrid::depthwise_conv_2d(&x, &shape, w, p))?;
        one(&s, y)
    }))
}

pub(super) fn transpose_conv(t: &Types<'_>) -> Prepared {
    let r: tfl::TransposeConv = t.row()?;
    let p = params([r.stride_h, r.stride_w], [1, 1], r.padding)?;
    let (scales, act) = (t.symmetric_scales(1, 0)?, t.activation()?);
    Ok(Box::new(move |c| {
        let (x, shape, out_shape) = (c.f32(2)?, c.shape(2)?, c.sizes(0)?);
        let y = with_weights(c, 3, &scales, act, |w| hybrid::transpose_conv(&x, &shape, w, &out_shape, p))?;
        one(&out_shape, y)
    }))
}

pub(super) fn fully_connected(t: &Types<'_>) -> Prepared {
    let r: tfl::FullyConnected = t.row()?;
    let (scales, act) = (t.symmetric_scales(1, 0)?, t.activation()?);
    let asymmetric = r.asymmetric_quantize_inputs.unwrap_or(false);
    Ok(Box::new(move |c| {
        let (x, w_shape) = (c.f32(0)?, c.shape(1)?);
        let [out, depth] = w_shape[..] else { return Err(KernelError::new("weights have rank 2")) };
        let y = with_weights(c, 2, &scales, act, |w| hybrid::fully_connected(&x, w, asymmetric))?;
        one(&fully_connected_shape(c.shape(0)?, x.len() / depth, out, r.keep_num_dims), y)
    }))
}

pub(super) fn batch_matmul(t: &Types<'_>) -> Prepared {
    let r: tfl::BatchMatMul = t.row()?;
    let asymmetric = r.asymmetric_quantize_inputs.unwrap_or(false);
    let scales = match t.affine_of::<i8>(1)? {
        w if w.zero == 0 => [w.scale],
        _ => return Err(KernelError::new("operand 1 is not symmetric")),
    };
    Ok(Box::new(move |c| {
        let (x, shape) = (c.f32(0)?, c.shape(0)?);
        let (y, s) = with_weights(c, usize::MAX, &scales, Clamp::NONE, |w| {
            hybrid::batch_matmul((&x, &shape), w, r.adj_x, r.adj_y, asymmetric)
        })?;
        one(&s, y)
    }))
}
