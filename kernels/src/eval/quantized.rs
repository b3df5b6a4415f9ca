//! Conversions between real and stored values.

use ir::{Elem, QuantParams, QuantType, Tensor};

use super::{Call, one};
use crate::error::{KernelError, Result};

pub(super) fn eval(c: &Call<'_>) -> Option<Result<Vec<Tensor>>> {
    match c.op.name.as_str() {
        "tfl.dequantize" => Some(dequantize(c)),
        _ if c.is_quantized() => Some(Err(KernelError::new("no integer kernel computes it yet"))),
        _ => None,
    }
}

/// Scale and zero point of each element: one pair, or one for each index of an axis.
fn params_of(q: &QuantType, shape: &[usize]) -> Result<impl Fn(usize) -> (f64, i64)> {
    let (scales, zeros) = (q.scales(), q.zero_points());
    let (inner, count) = match &q.params {
        QuantParams::PerTensor { .. } => (1, 1),
        QuantParams::PerAxis { axis, .. } if *axis < shape.len() && shape[*axis] == scales.len() => {
            (shape[axis + 1..].iter().product::<usize>().max(1), scales.len())
        }
        _ => return Err(KernelError::new("its parameters do not fit the tensor")),
    };
    Ok(move |i: usize| {
        let k = if count == 1 { 0 } else { i / inner % count };
        (scales[k], zeros[k])
    })
}

fn dequantize(c: &Call<'_>) -> Result<Vec<Tensor>> {
    let t = c.tensor(0)?;
    let shape = t.shape();
    let Elem::Quant(q) = &t.ty().elem else {
        let v = t.to_f64().ok_or_else(|| KernelError::new("it takes numbers"))?;
        return one(&shape, v.into_iter().map(|v| v as f32).collect());
    };
    let of = params_of(q, &shape)?;
    let stored = t.to_i64().ok_or_else(|| KernelError::new("it takes integers"))?;
    let values = stored
        .into_iter()
        .enumerate()
        .map(|(i, v)| {
            let (scale, zero) = of(i);
            (scale * (v - zero) as f64) as f32
        })
        .collect();
    one(&shape, values)
}
