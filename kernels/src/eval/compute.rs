//! Convolutions, products, pooling, reductions and other float functions of whole tensors.

use ir::dialect::tfl::{self, Activation, Padding};
use ir::{OpRow, Operation, Tensor};

use super::{Call, one};
use crate::error::{KernelError, Result};
use crate::float::conv::{self, ConvParams};
use crate::float::pool::{Pool, pool_2d};
use crate::float::resize::{Placement, bilinear};
use crate::float::{Clamp, matmul, reduce, softmax};
use crate::geometry::{Axis, Window, axis};

/// The float activation of an attribute.
pub(crate) fn clamp(act: Activation) -> Result<Clamp> {
    Ok(match act {
        Activation::None => Clamp::NONE,
        Activation::Relu => Clamp { min: 0.0, ..Clamp::NONE },
        Activation::Relu6 => Clamp { min: 0.0, max: 6.0 },
        Activation::ReluN1To1 => Clamp { min: -1.0, max: 1.0 },
        Activation::Tanh | Activation::SignBit => {
            return Err(KernelError::new(format!("no kernel has the activation {}", act.as_str())));
        }
    })
}

fn positive(v: i32) -> Result<usize> {
    usize::try_from(v).ok().filter(|v| *v > 0).ok_or_else(|| KernelError::new("a stride or dilation is not positive"))
}

pub(crate) fn params(stride: [i32; 2], dilation: [i32; 2], padding: Padding) -> Result<ConvParams> {
    Ok(ConvParams {
        stride: [positive(stride[0])?, positive(stride[1])?],
        dilation: [positive(dilation[0])?, positive(dilation[1])?],
        same: padding == Padding::Same,
    })
}

pub(super) fn eval(c: &Call<'_>) -> Option<Result<Vec<Tensor>>> {
    let name = c.op.name.as_str();
    Some(match name {
        n if n == tfl::Conv2D::DEF.name => conv_2d(c),
        n if n == tfl::DepthwiseConv2D::DEF.name => depthwise_conv_2d(c),
        n if n == tfl::TransposeConv::DEF.name => transpose_conv(c),
        n if n == tfl::FullyConnected::DEF.name => fully_connected(c),
        n if n == tfl::BatchMatMul::DEF.name => batch_matmul(c),
        "tfl.average_pool_2d" => pool(c, Pool::Average),
        "tfl.max_pool_2d" => pool(c, Pool::Max),
        "tfl.l2_pool_2d" => pool(c, Pool::L2),
        "tfl.softmax" => rows(c, |x, d| softmax::softmax(x, d, c.row::<tfl::Softmax>().map_or(1.0, |r| r.beta))),
        "tfl.log_softmax" => rows(c, softmax::log_softmax),
        "tfl.l2_normalization" => rows(c, softmax::l2_normalization),
        "tfl.local_response_normalization" => c.row::<tfl::LocalResponseNormalization>().and_then(|r| {
            let radius = usize::try_from(r.radius).unwrap_or(0);
            rows(c, |x, d| softmax::local_response_normalization(x, d, radius, r.bias, r.alpha, r.beta))
        }),
        "tfl.mean" | "tfl.sum" | "tfl.reduce_max" | "tfl.reduce_min" | "tfl.reduce_prod" => reduce_op(c, name),
        "tfl.reduce_any" | "tfl.reduce_all" => reduce_bool(c, name == "tfl.reduce_any"),
        "tfl.cumsum" => cumsum(c),
        "tfl.resize_bilinear" => resize_bilinear(c),
        _ => return None,
    })
}

fn conv_2d(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let r: tfl::Conv2D = c.row()?;
    let p = params([r.stride_h, r.stride_w], [r.dilation_h_factor, r.dilation_w_factor], r.padding)?;
    let bias = c.optional_f32(2)?;
    let act = clamp(r.fused_activation_function)?;
    let (y, s) = conv::conv_2d(&c.f32(0)?, &c.shape(0)?, &c.f32(1)?, &c.shape(1)?, bias.as_deref(), p, act)?;
    one(&s, y)
}

fn depthwise_conv_2d(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let r: tfl::DepthwiseConv2D = c.row()?;
    let p = params([r.stride_h, r.stride_w], [r.dilation_h_factor, r.dilation_w_factor], r.padding)?;
    let bias = c.optional_f32(2)?;
    let act = clamp(r.fused_activation_function)?;
    let (y, s) = conv::depthwise_conv_2d(&c.f32(0)?, &c.shape(0)?, &c.f32(1)?, &c.shape(1)?, bias.as_deref(), p, act)?;
    one(&s, y)
}

fn transpose_conv(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let r: tfl::TransposeConv = c.row()?;
    let p = params([r.stride_h, r.stride_w], [1, 1], r.padding)?;
    let bias = c.optional_f32(3)?;
    let shape = c.sizes(0)?;
    let act = clamp(r.fused_activation_function)?;
    let y = conv::transpose_conv(&c.f32(2)?, &c.shape(2)?, &c.f32(1)?, &c.shape(1)?, bias.as_deref(), &shape, p, act)?;
    one(&shape, y)
}

fn fully_connected(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let r: tfl::FullyConnected = c.row()?;
    let (x, x_shape) = (c.f32(0)?, c.shape(0)?);
    let [out, depth] = c.shape(1)?[..] else { return Err(KernelError::new("weights have rank 2")) };
    if depth == 0 || x.len() % depth != 0 {
        return Err(KernelError::new(format!("{} input elements and weights of depth {depth}", x.len())));
    }
    let bias = c.optional_f32(2)?;
    let y = matmul::fully_connected(&x, &c.f32(1)?, bias.as_deref(), out, depth, clamp(r.fused_activation_function)?);
    one(&fully_connected_shape(x_shape, x.len() / depth, out, r.keep_num_dims), y)
}

/// The result's shape: `[batch, out]`, or the input's with another last dimension.
pub(super) fn fully_connected_shape(mut x: Vec<usize>, batch: usize, out: usize, keep_num_dims: bool) -> Vec<usize> {
    if !keep_num_dims {
        return vec![batch, out];
    }
    x.pop();
    x.push(out);
    x
}

fn batch_matmul(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let r: tfl::BatchMatMul = c.row()?;
    let (y, s) = matmul::batch_matmul(&c.f32(0)?, &c.shape(0)?, &c.f32(1)?, &c.shape(1)?, r.adj_x, r.adj_y)?;
    one(&s, y)
}

/// The window of a pooling operation over an image of a shape.
pub(crate) fn pool_window(op: &Operation, shape: &[usize]) -> Result<Window> {
    let [_, h, w, _] = shape[..] else { return Err(KernelError::new("an image has rank 4")) };
    let get = |n: &str| {
        let size = op.attr(n).and_then(ir::Attr::as_int).unwrap_or(0);
        positive(i32::try_from(size).unwrap_or(0))
    };
    let same = op.attr("padding").and_then(ir::Attr::as_str) == Some("SAME");
    Ok(Window {
        y: Axis::new(h, get("filter_height")?, get("stride_h")?, 1, same)?,
        x: Axis::new(w, get("filter_width")?, get("stride_w")?, 1, same)?,
    })
}

fn pool(c: &Call<'_>, kind: Pool) -> Result<Vec<Tensor>> {
    let act = c.op.attr("fused_activation_function").and_then(<Activation as ir::AttrValue>::from_attr);
    let act = clamp(act.unwrap_or(Activation::None))?;
    let shape = c.shape(0)?;
    let (y, s) = pool_2d(&c.f32(0)?, &shape, &pool_window(c.op, &shape)?, kind, act)?;
    one(&s, y)
}

fn rows(c: &Call<'_>, f: impl Fn(&[f32], usize) -> Vec<f32>) -> Result<Vec<Tensor>> {
    let shape = c.shape(0)?;
    let depth = shape.last().copied().unwrap_or(1);
    one(&shape, f(&c.f32(0)?, depth))
}

fn reduce_op(c: &Call<'_>, name: &str) -> Result<Vec<Tensor>> {
    let plan = reduce::plan(&c.shape(0)?, &c.ints(1)?, c.attr_flag("keep_dims"))?;
    if let Some(x) = c.tensor(0)?.as_f32() {
        let y = match name {
            "tfl.mean" => {
                let n = plan.count as f32;
                plan.fold(&x, 0.0, |a, v| *a += v).into_iter().map(|s| s / n).collect()
            }
            "tfl.sum" => plan.fold(&x, 0.0, |a, v| *a += v),
            "tfl.reduce_max" => plan.fold(&x, f32::NEG_INFINITY, |a, v| *a = a.max(v)),
            "tfl.reduce_min" => plan.fold(&x, f32::INFINITY, |a, v| *a = a.min(v)),
            _ => plan.fold(&x, 1.0, |a, v| *a *= v),
        };
        return one(&plan.shape, y);
    }
    let x = c.ints(0)?;
    let y = match name {
        "tfl.mean" => {
            let n = plan.count.max(1) as i64;
            plan.fold(&x, 0i64, |a, v| *a = a.wrapping_add(v)).into_iter().map(|s| s / n).collect()
        }
        "tfl.sum" => plan.fold(&x, 0i64, |a, v| *a = a.wrapping_add(v)),
        "tfl.reduce_max" => plan.fold(&x, i64::MIN, |a, v| *a = (*a).max(v)),
        "tfl.reduce_min" => plan.fold(&x, i64::MAX, |a, v| *a = (*a).min(v)),
        _ => plan.fold(&x, 1i64, |a, v| *a = a.wrapping_mul(v)),
    };
    Ok(vec![super::shapes::from_ints(&plan.shape, c.elem(0)?, &y)?])
}

fn reduce_bool(c: &Call<'_>, any: bool) -> Result<Vec<Tensor>> {
    let plan = reduce::plan(&c.shape(0)?, &c.ints(1)?, c.attr_flag("keep_dims"))?;
    let x = c.ints(0)?;
    let y = plan.fold(&x, !any, |a, v| *a = if any { *a || v != 0 } else { *a && v != 0 });
    Ok(vec![Tensor::bool(&plan.shape, y)])
}

fn cumsum(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let r: tfl::Cumsum = c.row()?;
    let shape = c.shape(0)?;
    let at = axis(c.int(1)?, shape.len())?;
    one(&shape, reduce::cumsum(&c.f32(0)?, &shape, at, r.exclusive, r.reverse))
}

fn resize_bilinear(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let r: tfl::ResizeBilinear = c.row()?;
    let place = Placement { align_corners: r.align_corners, half_pixel_centers: r.half_pixel_centers };
    let [h, w] = c.sizes(1)?[..] else { return Err(KernelError::new("a size is two numbers")) };
    let shape = c.shape(0)?;
    let y = bilinear(&c.f32(0)?, &shape, [h, w], place)?;
    one(&[shape[0], h, w, shape[3]], y)
}
