//! Operations over quantized tensors.
//!
//! What follows from the parameters of the types (multipliers, tables) is computed by [`prepare`], once for an operation; the [`Kernel`] it
//! gives runs on tensors. Operations that only move elements are not here: [`super::moves`] takes elements of any type.

pub(crate) mod convert;
pub(crate) mod elementwise;
pub(crate) mod hybrid;
mod stored;
pub(crate) mod weighted;
pub(crate) mod whole;

use ir::dialect::tfl::Activation;
use ir::{AttrValue, Elem, Operation, QuantType, Tensor};

use self::stored::Stored;
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

/// Calls a function for the type that operand 0 is stored in, if it is one of those LiteRT has a kernel for.
macro_rules! by_code {
    ($t:expr, [$int:ident $($others:ident)*], $($f:ident)::+ $(, $arg:expr)*) => {
        if $t.storage(0).is_ok_and(|s| s == <$int as $crate::eval::quantized::stored::Stored>::STORAGE) {
            $($f)::+::<$int>($t $(, $arg)*)
        } else {
            by_code!($t, [$($others)*], $($f)::+ $(, $arg)*)
        }
    };
    ($t:expr, [], $($f:ident)::+ $(, $arg:expr)*) => { Err(unfit($t.storage(0))) };
}

/// Calls a function for the type that an operand is stored in, and that of sums of products: int64 if they are wide, which only those of
/// int16 are.
macro_rules! by_sum {
    ($t:expr, $i:expr, $wide:expr, $($f:ident)::+) => {
        match $t.storage($i) {
            Ok(Elem::I16) if $wide => $($f)::+::<i16, i64>($t),
            Ok(Elem::I16) => $($f)::+::<i16, i32>($t),
            Ok(Elem::I8) => $($f)::+::<i8, i32>($t),
            Ok(Elem::U8) => $($f)::+::<u8, i32>($t),
            other => Err(unfit(other)),
        }
    };
}

/// Calls a function for the type that an operand is stored in.
macro_rules! by_stored {
    ($t:expr, $i:expr, $f:ident $(, $arg:expr)*) => {
        match $t.storage($i) {
            Ok(Elem::I8) => $f::<i8>($t $(, $arg)*),
            Ok(Elem::U8) => $f::<u8>($t $(, $arg)*),
            Ok(Elem::I16) => $f::<i16>($t $(, $arg)*),
            other => Err(unfit(other)),
        }
    };
}
use {by_code, by_stored};

/// The error of an operand that no kernel takes.
fn unfit(storage: Result<Elem>) -> KernelError {
    match storage {
        Ok(_) => KernelError::new("no integer kernel takes the type of its operand"),
        Err(e) => e,
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
        "embedding_lookup" if t.is_hybrid() => hybrid::embedding_lookup(t),
        "conv_2d" => by_sum!(t, 0, weighted::is_wide(t, 0, 2), weighted::conv_2d),
        "depthwise_conv_2d" => by_sum!(t, 0, weighted::is_wide(t, 0, 2), weighted::depthwise_conv_2d),
        "transpose_conv" => by_sum!(t, 2, weighted::is_wide(t, 2, 3), weighted::transpose_conv),
        "fully_connected" => by_sum!(t, 0, weighted::fully_connected_is_wide(t), weighted::fully_connected),
        "batch_matmul" => by_sum!(t, 0, true, weighted::batch_matmul),
        "average_pool_2d" => by_code!(t, [i8 u8 i16], whole::pool, false),
        "max_pool_2d" => by_code!(t, [i8 u8 i16], whole::pool, true),
        "softmax" if t.storage(0).is_ok_and(|s| s == Elem::I16) => whole::softmax_16(t),
        "softmax" => by_code!(t, [i8 u8], whole::softmax),
        "log_softmax" => by_code!(t, [i8 u8], whole::log_softmax),
        "l2_normalization" => by_code!(t, [i8 u8], whole::l2_normalization),
        "mean" if t.storage(0).is_ok_and(|s| s == Elem::I8) => whole::mean(t),
        "mean" | "sum" | "reduce_prod" | "reduce_max" | "reduce_min" => by_code!(t, [i8 u8 i16], whole::reduce, name),
        "resize_bilinear" if t.storage(0).is_ok_and(|s| s == Elem::U8) => whole::resize_bilinear_u8(t),
        "resize_bilinear" => by_code!(t, [i8 i16], whole::resize_bilinear),
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

    /// What an operand is stored in.
    fn storage(&self, i: usize) -> Result<Elem> {
        let elem = self.ins.get(i).and_then(Option::as_ref);
        elem.map(Elem::storage).ok_or_else(|| KernelError::new(format!("operand {i} is missing")))
    }

    /// Parameters of an operand stored in `C`.
    fn affine_of<C: Stored>(&self, i: usize) -> Result<Affine> {
        stored_in::<C>(self.quant(i)?)
    }

    /// Parameters of the first result, which is stored in `C`.
    fn out_of<C: Stored>(&self) -> Result<Affine> {
        let quant = self.outs.first().and_then(Elem::quant);
        stored_in::<C>(quant.ok_or_else(|| KernelError::new("the result is not quantized"))?)
    }

    /// Parameters of an operand of 8 or 16 bits.
    pub(crate) fn affine(&self, i: usize) -> Result<Affine> {
        affine(self.quant(i)?)
    }

    /// Parameters of the first result, of 8 or 16 bits.
    pub(crate) fn out(&self) -> Result<Affine> {
        affine(self.outs.first().and_then(Elem::quant).ok_or_else(|| KernelError::new("the result is not quantized"))?)
    }

    /// All codes of an operand's type.
    pub(crate) fn range(&self, i: usize) -> Result<Codes> {
        let q = self.quant(i)?;
        let (min, max) = QuantType::default_range(q.signed, q.width);
        Ok(Codes { min: min as i32, max: max as i32 })
    }

    /// The scales of an operand of at most 8 signed bits whose zero points are 0: one, or one an index of its axis.
    pub(crate) fn symmetric_scales(&self, i: usize, axis: usize) -> Result<Vec<f32>> {
        self.symmetric_scales_upto(8, i, axis)
    }

    /// The same of at most some bits.
    fn symmetric_scales_upto(&self, bits: u16, i: usize, axis: usize) -> Result<Vec<f32>> {
        let q = self.quant(i)?;
        ensure(q.width <= bits && q.signed, || format!("operand {i} is no signed integer of {bits} bits or less"))?;
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
    fn codes_of<C: Stored>(&self) -> Result<Codes> {
        Ok(C::ALL.within(self.activation()?, self.out_of::<C>()?))
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

fn stored_in<C: Stored>(q: &QuantType) -> Result<Affine> {
    ensure(q.storage() == C::STORAGE, || format!("a tensor is not {}", C::NAME))?;
    affine(q)
}
