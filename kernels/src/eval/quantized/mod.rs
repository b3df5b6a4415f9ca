//! Operations over quantized tensors.
//!
//! What follows from the parameters of the types (multipliers, tables) is computed by [`prepare`], once for an operation; the [`Kernel`] it
//! gives runs on tensors. Operations that only move elements are not here: [`super::moves`] takes elements of any type.

pub(crate) mod convert;
pub(crate) mod elementwise;
mod hybrid;
pub(crate) mod weighted;
pub(crate) mod whole;

use std::borrow::Cow;

use ir::dialect::tfl::Activation;
use ir::{AttrValue, Elem, Operation, QuantType, Tensor};

use super::Call;
use super::compute::clamp;
use crate::error::{KernelError, Result, ensure};
use crate::float::Clamp;
use crate::reference::{Affine, Codes};
use crate::rounding::Rounding;

type Run = Box<dyn Fn(&Call<'_>) -> Result<Vec<Tensor>> + Send + Sync>;
type Prepared = Result<Run>;

/// An operation whose parameters are computed.
pub(crate) struct Kernel(Run);

impl Kernel {
    pub(crate) fn run(&self, c: &Call<'_>) -> Result<Vec<Tensor>> {
        (self.0)(c)
    }
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kernel")
    }
}

/// An operation before it has operands: their element types, `None` for an absent one, and those of the results.
pub(crate) struct Types<'a> {
    pub(crate) op: &'a Operation,
    pub(crate) ins: Vec<Option<Elem>>,
    pub(crate) outs: &'a [Elem],
    /// Whose results the kernel gives.
    pub(crate) rounding: Rounding,
}

/// The kernel of an operation over quantized tensors; `None` if there is none, or the operation is not quantized.
pub(crate) fn prepare(t: &Types<'_>) -> Option<Result<Kernel>> {
    let name = t.op.name.as_str().strip_prefix("tfl.")?;
    let prepared = match name {
        "dequantize" => convert::dequantize(t),
        _ if !t.is_quantized() => return None,
        "quantize" => convert::quantize(t),
        "conv_2d" if t.is_hybrid() => hybrid::conv_2d(t),
        "depthwise_conv_2d" if t.is_hybrid() => hybrid::depthwise_conv_2d(t),
        "transpose_conv" if t.is_hybrid() => hybrid::transpose_conv(t),
        "fully_connected" if t.is_hybrid() => hybrid::fully_connected(t),
        "batch_matmul" if t.is_hybrid() => hybrid::batch_matmul(t),
        "conv_2d" => weighted::conv_2d(t),
        "depthwise_conv_2d" => weighted::depthwise_conv_2d(t),
        "transpose_conv" => weighted::transpose_conv(t),
        "fully_connected" => weighted::fully_connected(t),
        "batch_matmul" => weighted::batch_matmul(t),
        "average_pool_2d" | "max_pool_2d" => whole::pool(t, name == "max_pool_2d"),
        "softmax" => whole::softmax(t),
        "log_softmax" => whole::log_softmax(t),
        "l2_normalization" => whole::l2_normalization(t),
        "mean" | "sum" | "reduce_prod" | "reduce_max" | "reduce_min" => whole::reduce(t, name),
        "resize_bilinear" => whole::resize_bilinear(t),
        _ => elementwise::prepare(t, name)?,
    };
    Some(prepared.map(Kernel))
}

impl Types<'_> {
    fn is_quantized(&self) -> bool {
        self.ins.iter().flatten().chain(self.outs).any(|e| e.quant().is_some())
    }

    /// Whether float activations meet quantized weights.
    fn is_hybrid(&self) -> bool {
        self.outs.first() == Some(&Elem::F32)
    }

    fn quant(&self, i: usize) -> Result<&QuantType> {
        let elem = self.ins.get(i).and_then(Option::as_ref);
        let q = elem.and_then(Elem::quant).ok_or_else(|| KernelError::new(format!("operand {i} is not quantized")))?;
        Ok(q)
    }

    /// Parameters of an int8 operand.
    pub(crate) fn affine(&self, i: usize) -> Result<Affine> {
        int8(self.quant(i)?)
    }

    /// Parameters of the first result, which is int8.
    pub(crate) fn out(&self) -> Result<Affine> {
        int8(self.outs.first().and_then(Elem::quant).ok_or_else(|| KernelError::new("the result is not quantized"))?)
    }

    /// The scales of an int8 operand whose zero points are 0: one, or one an index of its axis.
    pub(crate) fn symmetric_scales(&self, i: usize, axis: usize) -> Result<Vec<f32>> {
        let q = self.quant(i)?;
        ensure(q.width == 8 && q.signed, || format!("operand {i} is not int8"))?;
        ensure(q.axis().is_none_or(|a| a == axis), || {
            format!("the scales of operand {i} do not run along axis {axis}")
        })?;
        let scales = q.scales();
        ensure(!scales.is_empty() && q.zero_points().iter().all(|z| *z == 0), || {
            format!("operand {i} is not symmetric")
        })?;
        scales.into_iter().map(scale).collect()
    }

    /// The fused activation.
    pub(crate) fn activation(&self) -> Result<Clamp> {
        let act = self.op.attr("fused_activation_function").and_then(Activation::from_attr);
        clamp(act.unwrap_or(Activation::None))
    }

    /// The codes of the result that the fused activation leaves.
    fn codes(&self) -> Result<Codes> {
        Ok(Codes::within(self.activation()?, self.out()?))
    }

    pub(crate) fn row<R: ir::OpRow>(&self) -> Result<R> {
        R::read(self.op).ok_or_else(|| KernelError::new("its attributes are not well formed"))
    }
}

/// A scale as files store it.
fn scale(s: f64) -> Result<f32> {
    let scale = s as f32;
    ensure(scale.is_finite() && scale > 0.0, || format!("a scale of {s}"))?;
    Ok(scale)
}

/// Parameters of a per-tensor type.
fn affine(q: &QuantType) -> Result<Affine> {
    let (s, zero) = q.as_per_tensor().ok_or_else(|| KernelError::new("a tensor has not one scale and zero point"))?;
    let (min, max) = QuantType::default_range(q.signed, q.width);
    ensure(q.width <= 16 && (min..=max).contains(&zero), || format!("a zero point of {zero}"))?;
    Ok(Affine { scale: scale(s)?, zero: zero as i32 })
}

fn int8(q: &QuantType) -> Result<Affine> {
    ensure(q.width == 8 && q.signed, || "a tensor is not int8".into())?;
    affine(q)
}

/// Stored codes of an operand.
fn codes<'a>(c: &Call<'a>, i: usize) -> Result<Cow<'a, [i8]>> {
    c.tensor(i)?.as_i8().ok_or_else(|| KernelError::new(format!("operand {i} is not int8")))
}

/// Codes and shape of an operand.
fn operand<'a>(c: &Call<'a>, i: usize) -> Result<(Cow<'a, [i8]>, Vec<usize>)> {
    Ok((codes(c, i)?, c.shape(i)?))
}

/// The first result.
fn coded(c: &Call<'_>, shape: &[usize], values: Vec<i8>) -> Result<Vec<Tensor>> {
    let elem = c.elem(0)?;
    ensure(shape.iter().product::<usize>() == values.len() && elem.byte_width() == Some(1), || {
        format!("{} int8 elements for shape {shape:?}", values.len())
    })?;
    Ok(vec![Tensor::i8(shape, elem.clone(), values)])
}
