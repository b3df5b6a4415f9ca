//! Scales by blocks: tensors of their own in the file, a sub-channel type in the IR.
//!
//! The tensor of scales has the rank of the quantized one; each dimension of it divides the other's, and the quotient is the size of a
//! block. A dimension of a single block is not quantized. Scales are stored as float16 where that loses nothing, as runtimes want them. Blocks
//! of more than one dimension have a shape in the file, others a size.

use std::sync::Arc;

use half::f16;
use ir::{Dim, Elem, F64, QuantParams, QuantType, Sign, Tensor, TensorType};

/// What the file stores for the parameters of a tensor.
pub struct Written {
    /// The scales.
    pub scales: Tensor,
    /// The zero points, unless all are 0.
    pub zero_points: Option<Tensor>,
    /// The size of a block; 0 if it has a shape.
    pub size: i32,
    /// The size of a block in each dimension, if it is above 1 in several.
    pub shape: Vec<i32>,
}

/// Writes the parameters of a tensor; `Err` says what has no form in the file.
pub fn write(ty: &TensorType, params: &QuantParams) -> Result<Written, &'static str> {
    let QuantParams::SubChannel { blocks, shape, scales, zero_points } = params else { return Err("has no blocks") };
    let rank = ty.rank().ok_or("has blocks and no rank")?;
    let mut dims = vec![1; rank];
    for ((axis, _), count) in blocks.iter().zip(shape.iter().filter(|_| shape.len() == blocks.len())) {
        *dims.get_mut(*axis).ok_or("has blocks of a dimension that does not exist")? = *count;
    }
    if shape.len() == rank {
        dims.clone_from(shape);
    }
    if dims.iter().product::<usize>() != scales.len() {
        return Err("has another number of scales than of blocks");
    }
    let mut sizes = Vec::with_capacity(rank);
    for (axis, (dim, count)) in
        ty.static_shape().ok_or("has blocks and an unknown shape")?.into_iter().zip(&dims).enumerate()
    {
        // A dimension without blocks is one.
        let block = blocks.iter().find(|(at, _)| *at == axis).map_or(dim / count.max(&1), |(_, size)| *size);
        sizes.push(i32::try_from(block).map_err(|_| "has blocks of 2^31 or more")?);
    }
    let mut large = blocks.iter().filter_map(|(axis, _)| sizes.get(*axis)).copied().filter(|size| *size > 1);
    let (size, shape) = match (large.next(), large.next()) {
        (size, None) => (size.unwrap_or(1), vec![]),
        _ => (0, sizes),
    };
    let halves: Vec<f16> = scales.iter().map(|s| f16::from_f64(s.0)).collect();
    let exact = halves.iter().zip(scales).all(|(half, s)| half.to_f64() == s.0);
    let scales = if exact {
        let bytes: Vec<u8> = halves.iter().flat_map(|h| h.to_le_bytes()).collect();
        Tensor::new(TensorType::of(&dims, Elem::F16), bytes.into()).map_err(|_| "has too many scales")?
    } else {
        Tensor::f32(&dims, scales.iter().map(|s| s.0 as f32).collect())
    };
    let zero = zero_points.iter().all(|z| *z == 0);
    let zero_points: Option<Vec<i32>> = zero_points.iter().map(|z| i32::try_from(*z).ok()).collect();
    let zero_points = zero_points.ok_or("has a zero point of more than 32 bits")?;
    Ok(Written { scales, zero_points: (!zero).then(|| Tensor::i32(&dims, zero_points)), size, shape })
}

/// Reads the parameters of a tensor of a shape from the tensors of its scales and zero points, and the size or the shape of a block; `Err`
/// says what is wrong.
pub fn read(
    storage: &Elem,
    shape: Option<&[Dim]>,
    scales: &Tensor,
    zero_points: Option<&Tensor>,
    (size, block): (i32, &[i32]),
) -> Result<Elem, String> {
    let (width, signed) = match storage {
        Elem::Int(width, sign) if *width > 1 => (*width, *sign != Sign::Unsigned),
        _ => return Err("has scales by blocks, but no integers".into()),
    };
    let counts = scales.shape();
    let dims: Vec<usize> = shape.iter().copied().flatten().map(|d| d.unwrap_or(0)).collect();
    let fits = |(count, dim): (&usize, &usize)| *count > 0 && *dim > 0 && dim % count == 0;
    if counts.len() != dims.len() || counts.is_empty() || !counts.iter().zip(&dims).all(fits) {
        return Err(format!("has scales of shape {counts:?}, which do not fit its shape"));
    }
    let blocks: Vec<(usize, usize)> = counts
        .iter()
        .zip(&dims)
        .enumerate()
        .filter(|(_, (count, dim))| **count > 1 || dim == count)
        .map(|(axis, (count, dim))| (axis, dim / count))
        .collect();
    if block.is_empty() && !blocks.iter().any(|(_, block)| i32::try_from(*block) == Ok(size)) {
        return Err(format!("has blocks of {size}, which its scales are not for"));
    }
    let sizes = dims.iter().zip(&counts).map(|(dim, count)| i32::try_from(dim / count).ok());
    if !block.is_empty() && !sizes.eq(block.iter().map(|size| Some(*size))) {
        return Err(format!("has blocks of shape {block:?}, which its scales are not for"));
    }
    if !scales.ty().elem.is_float() {
        return Err("has scales that are no floats".into());
    }
    let scales: Vec<F64> = scales.to_f64().into_iter().flatten().map(F64).collect();
    if let Some(s) = scales.iter().find(|s| !(s.0.is_finite() && s.0 > 0.0)) {
        return Err(format!("has the scale {}, which is not positive and finite", s.0));
    }
    let zero_points = match zero_points {
        Some(z) if z.len() == scales.len() => z.to_i64().ok_or("has zero points that are no integers")?,
        Some(z) => return Err(format!("has {} scales and {} zero points", scales.len(), z.len())),
        None => vec![0; scales.len()],
    };
    let (min, max) = QuantType::default_range(signed, width);
    if let Some(z) = zero_points.iter().find(|z| !(min..=max).contains(*z)) {
        return Err(format!("has the zero point {z}, which {width} bits do not hold"));
    }
    let params = QuantParams::SubChannel { blocks, shape: counts, scales, zero_points };
    let expressed = Some(Elem::F32);
    Ok(Elem::Quant(Arc::new(QuantType { signed, marked: false, width, min, max, expressed, params })))
}
