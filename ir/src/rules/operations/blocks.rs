//! Tensors cut in blocks, each of which has a scale and a zero point.

use super::{Broken, Checked, OpCx};
use crate::attr::Attr;
use crate::rules::sizes;
use crate::types::{Dim, Elem, Sign, TensorType, Type};

/// `blockwise_quantize(input)`: its codes, and a scale and a zero point for each block.
pub fn blockwise_quantize(cx: &OpCx<'_>) -> Checked {
    codes(cx.result(0))?;
    let counts = counts(cx)?;
    each("scale", cx.results().nth(1), &counts)?;
    each("zero_point", cx.results().nth(2), &counts)?;
    match (cx.attr("scale_type"), cx.result(1)) {
        (Some(Attr::Type(stated)), Some(scale)) if *stated != Type::Scalar(scale.elem.clone()) => {
            Err(format!("has scales of {}, but its attribute 'scale_type' says {stated}", scale.elem))
        }
        _ => Ok(()),
    }
}

/// `blockwise_dequantize(input, scales, zero_points)`: the values of codes.
pub fn blockwise_dequantize(cx: &OpCx<'_>) -> Checked {
    codes(cx.operand(0))?;
    let counts = counts(cx)?;
    each("scales", cx.operands().nth(1), &counts)?;
    each("zero_points", cx.operands().nth(2), &counts)
}

fn codes(of: Option<&TensorType>) -> Checked {
    match of.map(|t| &t.elem) {
        Some(Elem::Int(2 | 4 | 8 | 16, Sign::Signless)) | None => Ok(()),
        Some(elem) => Err(format!("must have codes of i2, i4, i8 or i16, not {elem}")),
    }
}

/// How many blocks there are along each dimension of the first operand.
fn counts(cx: &OpCx<'_>) -> Result<Vec<usize>, Broken> {
    let shape = cx.sizes(0).ok_or("must have an operand #0 of known shape")?;
    let stated = cx.attr("block_shape").and_then(Attr::as_array).unwrap_or_default();
    let block: Option<Vec<usize>> =
        stated.iter().map(|a| usize::try_from(a.as_int()?).ok().filter(|size| *size > 0)).collect();
    let block = block.ok_or("attribute 'block_shape' must hold sizes above 0")?;
    if block.len() != shape.len() {
        return Err(format!("attribute 'block_shape' must have {} sizes, not {}", shape.len(), block.len()));
    }
    match shape.iter().zip(&block).position(|(size, block)| size % block != 0) {
        Some(axis) => Err(format!("has {} elements along dimension {axis} in blocks of {}", shape[axis], block[axis])),
        None => Ok(shape.iter().zip(&block).map(|(size, block)| size / block).collect()),
    }
}

/// Whether a value may hold one element for each block; along a dimension, all blocks may share it.
fn each(what: &str, of: Option<&Type>, counts: &[usize]) -> Checked {
    let tensor = match of {
        Some(Type::Tensor(tensor)) => tensor,
        Some(Type::None) | None => return Ok(()),
        Some(other) => return Err(format!("must have a tensor of {what} or none, not {other}")),
    };
    let Some(shape) = tensor.shape.as_deref() else { return Ok(()) };
    let fits = |(size, count): (&Dim, &usize)| *size == Some(1) || *size == Some(*count);
    if shape.len() == counts.len() && shape.iter().zip(counts).all(fits) {
        return Ok(());
    }
    let wanted: Vec<Dim> = counts.iter().copied().map(Some).collect();
    Err(format!("must have {what} of shape {} or with sizes of 1, not {}", sizes(&wanted), sizes(shape)))
}
