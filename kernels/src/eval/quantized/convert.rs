//! Conversions between real values and codes of any width.

use ir::{Elem, QuantParams, QuantType, Tensor};

use super::{Prepared, Types, affine, scale};
use crate::error::{KernelError, Result, ensure};
use crate::eval::{Call, one, shapes};
use crate::fixed::Multiplier;
use crate::reference::convert;
use crate::reference::{Affine, Code, Codes};
use crate::rounding::Rounding;

/// Parameters and codes of the result.
pub(crate) fn to_codes(t: &Types<'_>) -> Result<(Affine, Codes)> {
    let out = t.outs.first().and_then(Elem::quant).ok_or_else(|| KernelError::new("the result is not quantized"))?;
    let (min, max) = QuantType::default_range(out.signed, out.width);
    Ok((affine(out)?, Codes { min: min as i32, max: max as i32 }))
}

/// Parameters of a quantized operand, and the factor from its codes to those of the result.
pub(crate) fn from_codes(t: &Types<'_>) -> Result<(Affine, Multiplier)> {
    let (from, (to, _)) = (affine(t.quant(0)?)?, to_codes(t)?);
    Ok((from, convert::factor(from, to)?))
}

/// Whether a `quantize` is LiteRT's optimized one, which rounds block by block; of codes there is none for int16.
pub(crate) fn quantizes_in_blocks(t: &Types<'_>) -> Result<bool> {
    let eight = t.quant(0).map_or(Ok(true), |q| Ok(q.width == 8 && to_codes(t)?.1 != i16::ALL))?;
    Ok(t.rounding == Rounding::Optimized && eight)
}

/// The same of a `dequantize`: there is none for several parameters.
pub(crate) fn dequantizes_in_blocks(t: &Types<'_>) -> bool {
    t.rounding == Rounding::Optimized && t.quant(0).is_ok_and(|q| q.as_per_tensor().is_some())
}

pub(super) fn quantize(t: &Types<'_>) -> Prepared {
    let (to, range) = to_codes(t)?;
    let write = |c: &Call<'_>, values: Vec<i32>| {
        let values: Vec<i64> = values.into_iter().map(i64::from).collect();
        Ok(vec![shapes::from_ints(&c.shape(0)?, c.elem(0)?, &values)?])
    };
    if t.quant(0).is_err() {
        let codes = if quantizes_in_blocks(t)? { convert::quantize_in_blocks } else { convert::quantize };
        return Ok(Box::new(move |c| write(c, codes(&c.f32(0)?, to, range))));
    }
    let rounding = if quantizes_in_blocks(t)? { Rounding::Optimized } else { Rounding::Reference };
    let (from, _) = from_codes(t)?;
    Ok(Box::new(move |c| {
        let stored: Vec<i32> = c.ints(0)?.into_iter().map(|v| v as i32).collect();
        write(c, convert::requantize(&stored, from, to, range, rounding)?)
    }))
}

pub(super) fn dequantize(t: &Types<'_>) -> Prepared {
    if t.quant(0).is_err() {
        return Ok(Box::new(|c| {
            let v = c.tensor(0)?.to_f64().ok_or_else(|| KernelError::new("it takes numbers"))?;
            one(&c.shape(0)?, v.into_iter().map(|v| v as f32).collect())
        }));
    }
    let (axis, params) = params(t)?;
    if dequantizes_in_blocks(t) {
        let of = params[0];
        return Ok(Box::new(move |c| {
            let codes: Vec<i32> = c.ints(0)?.into_iter().map(|q| q as i32).collect();
            one(&c.shape(0)?, convert::dequantize_in_blocks(&codes, of))
        }));
    }
    Ok(Box::new(move |c| values(c, axis, &params)))
}

/// The parameters of operand 0: one, or one an index of an axis.
pub(crate) fn params(t: &Types<'_>) -> Result<(Option<usize>, Vec<Affine>)> {
    let q = t.quant(0)?;
    let axis = match &q.params {
        QuantParams::PerTensor { .. } => None,
        QuantParams::PerAxis { axis, .. } => Some(*axis),
        _ => return Err(KernelError::new("its parameters are not per tensor or per axis")),
    };
    let params = q.scales().into_iter().zip(q.zero_points());
    let params = params.map(|(s, z)| Ok(Affine { scale: scale(s)?, zero: z as i32 })).collect::<Result<Vec<_>>>()?;
    Ok((axis, params))
}

/// The values of the codes of operand 0.
fn values(c: &Call<'_>, axis: Option<usize>, params: &[Affine]) -> Result<Vec<Tensor>> {
    let shape = c.shape(0)?;
    // Elements from one index of the axis to the next.
    let inner = match axis {
        None => usize::MAX,
        Some(a) => {
            let fits = shape.get(a) == Some(&params.len());
            ensure(fits, || format!("{} scales along axis {a} of shape {shape:?}", params.len()))?;
            shape[a + 1..].iter().product::<usize>().max(1)
        }
    };
    let codes = c.ints(0)?.into_iter().enumerate();
    one(&shape, codes.map(|(i, q)| convert::dequantize(q as i32, params[i / inner % params.len()])).collect())
}
