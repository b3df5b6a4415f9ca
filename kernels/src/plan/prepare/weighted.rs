//! Convolutions and products with constant weights.

use ir::dialect::tfl;

use super::{Found, Site, float};
use crate::eval::compute::params;
use crate::optimized::float::{Conv, Depthwise, Weights};

pub(super) fn prepare(s: &Site<'_>, name: &str) -> Found {
    if !s.is_float(&[0, 1]) {
        return None;
    }
    match name {
        "conv_2d" => conv_2d(s),
        "depthwise_conv_2d" => depthwise_conv_2d(s),
        "fully_connected" => fully_connected(s),
        "batch_matmul" => batch_matmul(s),
        _ => None,
    }
}

/// The kernel of a convolution.
fn convolution(conv: Conv) -> Found {
    let channels = conv.shape()[3];
    float(&[0], conv.band(), conv.scratch(), move |x, first, y, scratch| {
        conv.run(x.of(0)?, first / channels, y, scratch)
    })
}

fn conv_2d(s: &Site<'_>) -> Found {
    let r: tfl::Conv2D = s.row()?;
    let p = params([r.stride_h, r.stride_w], [r.dilation_h_factor, r.dilation_w_factor], r.padding).ok()?;
    let (filter, bias) = (s.f32(1)?, s.optional_f32(2)?);
    let conv = Conv::new(&s.shape(0)?, &filter, &s.shape(1)?, bias.as_deref(), p, s.activation()?).ok()?;
    convolution(conv)
}

fn depthwise_conv_2d(s: &Site<'_>) -> Found {
    let r: tfl::DepthwiseConv2D = s.row()?;
    let p = params([r.stride_h, r.stride_w], [r.dilation_h_factor, r.dilation_w_factor], r.padding).ok()?;
    let (filter, bias, act) = (s.f32(1)?, s.optional_f32(2)?, s.activation()?);
    let (x, f) = (s.shape(0)?, s.shape(1)?);
    if let ([_, _, _, 1], [1, kh, kw, o]) = (&x[..], &f[..]) {
        // One channel under many filters is a convolution.
        let (taps, o) = (kh * kw, *o);
        let turned: Vec<f32> = (0..o * taps).map(|i| filter[i % taps * o + i / taps]).collect();
        return convolution(Conv::new(&x, &turned, &[o, *kh, *kw, 1], bias.as_deref(), p, act).ok()?);
    }
    let conv = Depthwise::new(&x, &filter, &f, bias.as_deref(), p, act).ok()?;
    let row = conv.shape()[2] * conv.shape()[3];
    float(&[0], conv.band(), 0, move |x, first, y, _| {
        conv.run(x.of(0)?, first / row, y);
        Ok(())
    })
}

fn fully_connected(s: &Site<'_>) -> Found {
    let [outputs, depth] = s.shape(1)?[..] else { return None };
    let weights = Weights::new(&s.f32(1)?, [outputs, depth], s.optional_f32(2)?.as_deref()).ok()?;
    product(s, weights)
}

/// A product with one constant matrix.
fn batch_matmul(s: &Site<'_>) -> Found {
    let r: tfl::BatchMatMul = s.row()?;
    let (shape, matrix) = (s.shape(1)?, s.f32(1)?);
    let (batch, [a, b]) = shape.split_last_chunk()?;
    if r.adj_x || batch.iter().any(|d| *d != 1) || batch.len() + 2 > s.shape(0)?.len() {
        return None;
    }
    let (a, b) = (*a, *b);
    let weights = match r.adj_y {
        true => Weights::new(&matrix, [a, b], None),
        false => {
            let turned: Vec<f32> = (0..a * b).map(|i| matrix[i % a * b + i / a]).collect();
            Weights::new(&turned, [b, a], None)
        }
    };
    product(s, weights.ok()?)
}

/// Rows of operand 0 times weights.
fn product(s: &Site<'_>, weights: Weights) -> Found {
    let (act, outputs, depth) = (s.activation()?, weights.outputs(), weights.depth());
    let rows = s.out()?.num_elements()? / outputs;
    if s.types[0].as_ref()?.num_elements()? != rows * depth {
        return None;
    }
    float(&[0], weights.band(), 0, move |x, first, y, _| {
        let row = first / outputs;
        let x: &[f32] = x.of(0)?;
        weights.product(&x[row * depth..(row + y.len() / outputs) * depth], y)?;
        act.apply(y);
        Ok(())
    })
}
