//! Products of float activations and weights of 8 bits or less.

use ir::QuantParams;
use ir::dialect::tfl;

use super::stored::signed_weights;
use super::{Prepared, Types, scale};
use crate::error::{KernelError, Result};
use crate::eval::compute::{fully_connected_shape, params};
use crate::eval::{Call, one};
use crate::float::Clamp;
use crate::reference::blockwise::{self, Blocks};
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

/// The scales of operand 1 by blocks of its rows, and the size of a block.
pub(crate) fn blocks(t: &Types<'_>) -> Option<Result<(Vec<f32>, usize)>> {
    let q = t.quant(1).ok()?;
    let QuantParams::SubChannel { blocks, .. } = &q.params else { return None };
    let sizes: Vec<usize> = blocks.iter().filter(|(axis, _)| *axis == 1).map(|(_, size)| *size).collect();
    let along_rows = sizes.len() == 1 && blocks.iter().all(|(axis, size)| *axis == 1 || *axis == 0 && *size == 1);
    let fits = along_rows && q.width == 4 && q.signed && q.zero_points().iter().all(|z| *z == 0);
    let scales = || q.scales().into_iter().map(scale).collect::<Result<Vec<_>>>();
    Some(if fits {
        scales().map(|s| (s, sizes[0]))
    } else {
        Err(KernelError::new("operand 1 is no symmetric int4 with scales by blocks of its rows"))
    })
}

/// A product with weights that have scales by blocks.
fn blockwise(r: &tfl::FullyConnected, (scales, size): (Vec<f32>, usize)) -> Prepared {
    let keep_num_dims = r.keep_num_dims;
    Ok(Box::new(move |c| {
        let (x, w_shape, data, bias) = (c.f32(0)?, c.shape(1)?, signed_weights(c, 1)?, c.optional_f32(2)?);
        let w = Blocks { data: &data, shape: &w_shape, size, scales: &scales, bias: bias.as_deref() };
        let y = blockwise::fully_connected(&x, w)?;
        one(&fully_connected_shape(c.shape(0)?, x.len() / w_shape[1], w_shape[0], keep_num_dims), y)
    }))
}

pub(super) fn fully_connected(t: &Types<'_>) -> Prepared {
    let r: tfl::FullyConnected = t.row()?;
    if let Some(blocks) = blocks(t) {
        return blockwise(&r, blocks?);
    }
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

pub(super) fn embedding_lookup(t: &Types<'_>) -> Prepared {
    let scales = t.symmetric_scales(1, 0)?;
    Ok(Box::new(move |c| {
        let table = c.shape(1)?;
        let y = with_weights(c, usize::MAX, &scales, Clamp::NONE, |w| hybrid::embedding_lookup(&c.ints(0)?, w))?;
        one(&[&c.shape(0)?, table.get(1..).unwrap_or_default()].concat(), y)
    }))
}
