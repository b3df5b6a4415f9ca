//! Rules of convolutions, products, normalization and pooling.

use ir::dialect::tfl::{self, Activation, Padding};
use ir::infer::InferError;
use ir::{Dim, Tensor, Value};

use super::lower::{Lower, Lowered};

fn bad(text: &str) -> InferError {
    InferError::new(text)
}

/// Runs a rule of NHWC images on an image of the operation's `data_format`.
fn in_nhwc(l: &mut Lower<'_>, x: Value, f: impl FnOnce(&mut Lower<'_>, Value) -> Lowered) -> Lowered {
    if l.attr_str("data_format") != "NCHW" {
        return f(l, x);
    }
    let x = l.transpose(x, &[0, 2, 3, 1])?;
    let y = f(l, x)?;
    l.transpose(y, &[0, 3, 1, 2])
}

/// Row and column of a list attribute of four, by the operation's `data_format`.
fn spatial(l: &Lower<'_>, name: &str) -> Result<(i32, i32), InferError> {
    let v = l.attr_ints(name);
    let nchw = l.attr_str("data_format") == "NCHW";
    let pick = |i: usize| i32::try_from(v.get(i).copied().unwrap_or(1)).map_err(|_| bad("a stride is too large"));
    if nchw { Ok((pick(2)?, pick(3)?)) } else { Ok((pick(1)?, pick(2)?)) }
}

/// The padding option; explicit padding becomes a pad of its own with a value.
fn padding(l: &mut Lower<'_>, x: Value, value: f32) -> Result<(Value, Padding), InferError> {
    match l.attr_str("padding") {
        "SAME" => Ok((x, Padding::Same)),
        "VALID" => Ok((x, Padding::Valid)),
        "EXPLICIT" => {
            let p = l.attr_ints("explicit_paddings");
            if p.len() != 8 {
                return Err(bad("`explicit_paddings` holds eight numbers"));
            }
            let nchw = l.attr_str("data_format") == "NCHW";
            let (h, w) = if nchw { (4, 6) } else { (2, 4) };
            let pads = [0, 0, p[h], p[h + 1], p[w], p[w + 1], 0, 0];
            let pads = l.constant(Tensor::i32(&[4, 2], pads.iter().map(|v| *v as i32).collect()));
            if value == 0.0 || is_positive(l, x) {
                return Ok((l.emit(&tfl::Pad {}, &[x, pads])?, Padding::Valid));
            }
            let value = l.scalar(value);
            Ok((l.emit(&tfl::PadV2 {}, &[x, pads, value])?, Padding::Valid))
        }
        other => Err(InferError::new(format!("padding `{other}` is unknown"))),
    }
}

/// Whether a value is at least 0 for certain: then 0 is as good a lowest value, and has an int8 form without loss.
fn is_positive(l: &Lower<'_>, v: Value) -> bool {
    let Some(op) = l.body.def_op(v).map(|d| l.body.op(d)) else { return false };
    match op.name.as_str() {
        "tfl.relu" | "tfl.relu6" | "tfl.logistic" | "tfl.softmax" => true,
        "tfl.transpose" | "tfl.reshape" => op.operands().first().is_some_and(|x| is_positive(l, *x)),
        _ => false,
    }
}

fn zeros(l: &mut Lower<'_>, n: Dim) -> Lowered {
    let n = n.ok_or_else(|| bad("the number of output channels is unknown"))?;
    Ok(l.constant(Tensor::f32(&[n], vec![0.0; n])))
}

pub(super) fn conv_2d(l: &mut Lower<'_>) -> Lowered {
    let (x, w) = (l.input(0)?, l.input(1)?);
    let w = l.transpose(w, &[3, 0, 1, 2])?;
    let (stride_h, stride_w) = spatial(l, "strides")?;
    let (dilation_h_factor, dilation_w_factor) = spatial(l, "dilations")?;
    in_nhwc(l, x, |l, x| {
        let (x, padding) = padding(l, x, 0.0)?;
        let o = l.shape(w).and_then(|s| s[0]);
        let bias = zeros(l, o)?;
        let fused_activation_function = Activation::None;
        let row = tfl::Conv2D {
            dilation_h_factor,
            dilation_w_factor,
            fused_activation_function,
            padding,
            stride_h,
            stride_w,
        };
        l.emit(&row, &[x, w, bias])
    })
}

pub(super) fn depthwise(l: &mut Lower<'_>) -> Lowered {
    let (x, w) = (l.input(0)?, l.input(1)?);
    let Some([Some(h), Some(wd), Some(c), Some(m)]) = l.shape(w).as_deref().and_then(|s| <[Dim; 4]>::try_from(s).ok())
    else {
        return Err(bad("the filter's shape must be known"));
    };
    let w = l.reshape(w, &[Some(1), Some(h), Some(wd), Some(c * m)])?;
    let (stride_h, stride_w) = spatial(l, "strides")?;
    let (dilation_h_factor, dilation_w_factor) = spatial(l, "dilations")?;
    in_nhwc(l, x, |l, x| {
        let (x, padding) = padding(l, x, 0.0)?;
        let bias = zeros(l, Some(c * m))?;
        let row = tfl::DepthwiseConv2D {
            depth_multiplier: i32::try_from(m).map_err(|_| bad("the depth multiplier is too large"))?,
            dilation_h_factor,
            dilation_w_factor,
            fused_activation_function: Activation::None,
            padding,
            stride_h,
            stride_w,
        };
        l.emit(&row, &[x, w, bias])
    })
}

pub(super) fn conv_2d_backprop_input(l: &mut Lower<'_>) -> Lowered {
    let (sizes, w, x) = (l.input(0)?, l.input(1)?, l.input(2)?);
    let w = l.transpose(w, &[2, 0, 1, 3])?;
    let mut sizes = l.index(sizes)?;
    if l.attr_str("data_format") == "NCHW" {
        let nhwc = l.i32s(&[0, 2, 3, 1]);
        sizes = l.emit(&tfl::Gather { axis: 0, batch_dims: Some(0) }, &[sizes, nhwc])?;
    }
    let (stride_h, stride_w) = spatial(l, "strides")?;
    if spatial(l, "dilations")? != (1, 1) {
        return Err(bad("a transposed convolution has no dilation in TFLite"));
    }
    let padding = match l.attr_str("padding") {
        "SAME" => Padding::Same,
        "VALID" => Padding::Valid,
        other => return Err(InferError::new(format!("padding `{other}` is not supported"))),
    };
    in_nhwc(l, x, |l, x| {
        let row = tfl::TransposeConv { fused_activation_function: Activation::None, padding, stride_h, stride_w };
        let none = no_value(l);
        l.emit(&row, &[sizes, w, x, none])
    })
}

pub(super) fn conv_3d(l: &mut Lower<'_>) -> Lowered {
    let (x, w) = (l.input(0)?, l.input(1)?);
    let at = |name: &str, i: usize| i32::try_from(l.attr_ints(name).get(i).copied().unwrap_or(1)).unwrap_or(1);
    let row = tfl::Conv3D {
        dilation_d_factor: at("dilations", 1),
        dilation_h_factor: at("dilations", 2),
        dilation_w_factor: at("dilations", 3),
        fused_activation_function: Activation::None,
        padding: if l.attr_str("padding") == "SAME" { Padding::Same } else { Padding::Valid },
        stride_d: at("strides", 1),
        stride_h: at("strides", 2),
        stride_w: at("strides", 3),
    };
    let none = no_value(l);
    l.emit(&row, &[x, w, none])
}

fn no_value(l: &mut Lower<'_>) -> Value {
    l.emit_typed(&tfl::NoValue { value: ir::Attr::Unit }, &[], ir::Type::None)
}

pub(super) fn mat_mul(l: &mut Lower<'_>) -> Lowered {
    let (a, b) = (l.input(0)?, l.input(1)?);
    let (ta, tb) = (l.attr_bool("transpose_a", false), l.attr_bool("transpose_b", false));
    if ta && !l.is_constant(a) && !l.is_constant(b) {
        let row = tfl::BatchMatMul { adj_x: ta, adj_y: tb, asymmetric_quantize_inputs: None };
        return l.emit(&row, &[a, b]);
    }
    let a = if ta { l.transpose(a, &[1, 0])? } else { a };
    let b = if tb { b } else { l.transpose(b, &[1, 0])? };
    let none = no_value(l);
    l.emit(&tfl::FullyConnected::default(), &[a, b, none])
}

pub(super) fn batch_mat_mul(l: &mut Lower<'_>) -> Lowered {
    let (a, b) = (l.input(0)?, l.input(1)?);
    let row = tfl::BatchMatMul {
        adj_x: l.attr_bool("adj_x", false),
        adj_y: l.attr_bool("adj_y", false),
        asymmetric_quantize_inputs: None,
    };
    l.emit(&row, &[a, b])
}

pub(super) fn bias_add(l: &mut Lower<'_>) -> Lowered {
    let (x, b) = (l.input(0)?, l.input(1)?);
    in_nhwc(l, x, |l, x| l.emit(&tfl::Add::default(), &[x, b]))
}

/// `x * m + (offset - mean * m)` with `m = scale * rsqrt(variance + epsilon)`.
pub(super) fn fused_batch_norm(l: &mut Lower<'_>) -> Lowered {
    if l.attr_bool("is_training", true) {
        return Err(bad("it computes batch statistics, as in training; export the model for inference"));
    }
    let (x, scale, offset, mean, variance) = (l.input(0)?, l.input(1)?, l.input(2)?, l.input(3)?, l.input(4)?);
    let epsilon = l.scalar(l.attr_f32("epsilon", 1e-4));
    in_nhwc(l, x, |l, x| {
        let v = l.emit(&tfl::Add::default(), &[variance, epsilon])?;
        let r = l.emit(&tfl::Rsqrt {}, &[v])?;
        let m = l.emit(&tfl::Mul::default(), &[scale, r])?;
        let shift = l.emit(&tfl::Mul::default(), &[mean, m])?;
        let shift = l.emit(&tfl::Sub::default(), &[offset, shift])?;
        let y = l.emit(&tfl::Mul::default(), &[x, m])?;
        l.emit(&tfl::Add::default(), &[y, shift])
    })
}

pub(super) fn pool(l: &mut Lower<'_>, max: bool) -> Lowered {
    let x = l.input(0)?;
    let (stride_h, stride_w) = spatial(l, "strides")?;
    let (filter_height, filter_width) = spatial(l, "ksize")?;
    in_nhwc(l, x, |l, x| {
        // What is padded explicitly must not win a maximum; an average counts it.
        let (x, padding) = padding(l, x, if max { f32::MIN } else { 0.0 })?;
        let fused_activation_function = Activation::None;
        if max {
            let row =
                tfl::MaxPool2D { filter_height, filter_width, fused_activation_function, padding, stride_h, stride_w };
            l.emit(&row, &[x])
        } else {
            let row = tfl::AveragePool2D {
                filter_height,
                filter_width,
                fused_activation_function,
                padding,
                stride_h,
                stride_w,
            };
            l.emit(&row, &[x])
        }
    })
}

/// The last dimension's softmax; of TensorFlow's kernels there is no other.
pub(super) fn softmax(l: &mut Lower<'_>) -> Lowered {
    let x = l.input(0)?;
    l.emit(&tfl::Softmax { beta: 1.0 }, &[x])
}
