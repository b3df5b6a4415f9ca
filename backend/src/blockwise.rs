//! Scales by blocks, and along several dimensions: tensors of their own in the file, a sub-channel type in the IR.
//!
//! The tensor of scales of blocks has the rank of the quantized one; each dimension of it divides the other's, and the quotient is the size
//! of a block. A dimension of a single block is not quantized. Scales are stored as float16 where that loses nothing, as runtimes want them.
//! Blocks of more than one dimension have a shape in the file, others a size.
//!
//! Where each index of several dimensions has scales of its own, the file names these dimensions, and the tensor of scales has no others.

use std::sync::Arc;

use half::f16;
use ir::{Dim, Elem, F64, QuantParams, QuantType, Sign, Tensor, TensorType};

/// What the file stores for the parameters of a tensor.
pub struct Written {
    /// The scales.
    pub scales: Tensor,
    /// The zero points, unless all are 0.
    pub zero_points: Option<Tensor>,
    /// Which elements share them.
    pub extent: Extent,
}

/// Which elements share a scale.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Extent {
    /// Blocks of a size along one dimension.
    Size(i32),
    /// Blocks of a size in each dimension, which is above 1 in several.
    Shape(Vec<i32>),
    /// Those of the same indices in these dimensions, in rising order.
    Axes(Vec<i32>),
}

impl Extent {
    /// How many numbers the file lists for it.
    pub fn listed(&self) -> usize {
        match self {
            Extent::Size(_) => 0,
            Extent::Shape(list) | Extent::Axes(list) => list.len(),
        }
    }
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
    let extent = extent(blocks, sizes)?;
    if let Extent::Axes(_) = extent {
        let mut axis = 0..;
        dims.retain(|_| axis.next().is_some_and(|axis| blocks.iter().any(|(at, _)| *at == axis)));
    }
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
    Ok(Written { scales, zero_points: (!zero).then(|| Tensor::i32(&dims, zero_points)), extent })
}

/// How the file states blocks of sizes, one for each dimension.
fn extent(blocks: &[(usize, usize)], sizes: Vec<i32>) -> Result<Extent, &'static str> {
    let mut large = blocks.iter().filter_map(|(axis, _)| sizes.get(*axis)).copied().filter(|size| *size > 1);
    match (large.next(), large.next()) {
        (Some(size), None) => Ok(Extent::Size(size)),
        (Some(_), Some(_)) => Ok(Extent::Shape(sizes)),
        (None, _) if blocks.len() < 2 => Ok(Extent::Size(1)),
        (None, _) => {
            let axes: Result<Vec<i32>, _> = blocks.iter().map(|(axis, _)| i32::try_from(*axis)).collect();
            let mut axes = axes.map_err(|_| "has blocks of a dimension that does not exist")?;
            axes.sort_unstable();
            Ok(Extent::Axes(axes))
        }
    }
}

/// The parameters of a tensor as other tensors hold them.
pub struct Held {
    /// The scales.
    pub scales: Tensor,
    /// The zero points; `None` if all are 0.
    pub zero_points: Option<Tensor>,
}

/// Reads the parameters of a tensor of a shape that is cut in blocks, of one size or of a shape; `Err` says what is wrong.
pub fn read(storage: &Elem, shape: Option<&[Dim]>, held: &Held, (size, block): (i32, &[i32])) -> Result<Elem, String> {
    let counts = held.scales.shape();
    let dims = known(shape);
    let fits = |(count, dim): (&usize, &usize)| *count > 0 && *dim > 0 && dim % count == 0;
    if counts.len() != dims.len() || counts.is_empty() || !counts.iter().zip(&dims).all(fits) {
        return Err(misfit(&counts));
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
    held.elem(storage, |scales, zero_points| QuantParams::SubChannel { blocks, shape: counts, scales, zero_points })
}

/// Reads the parameters of a tensor of a shape, each index of whose dimensions `axes` has scales of its own; `Err` says what is wrong.
pub fn read_axes(storage: &Elem, shape: Option<&[Dim]>, held: &Held, axes: &[i32]) -> Result<Elem, String> {
    let dims = known(shape);
    let rising = axes.windows(2).all(|pair| pair[0] < pair[1]);
    let found = axes.iter().map(|axis| usize::try_from(*axis).ok().filter(|axis| *axis < dims.len()));
    let found: Option<Vec<usize>> = found.collect();
    let Some(axes) = found.filter(|axes| rising && !axes.is_empty()) else {
        return Err(format!("has scales along the dimensions {axes:?}, which are none of its own in rising order"));
    };
    let (counts, whole) = (held.scales.shape(), |axis| if axes.contains(&axis) { dims[axis] } else { 1 });
    let whole: Vec<usize> = (0..dims.len()).map(whole).collect();
    // Dimensions that share scales may be left out or be 1.
    if whole != counts && !axes.iter().map(|axis| &dims[*axis]).eq(&counts) {
        return Err(misfit(&counts));
    }
    held.elem(storage, |scales, zero_points| match axes[..] {
        [axis] => QuantParams::PerAxis { axis, scales, zero_points },
        _ => {
            let blocks = axes.iter().map(|axis| (*axis, 1)).collect();
            QuantParams::SubChannel { blocks, shape: whole, scales, zero_points }
        }
    })
}

/// The sizes of a shape, 0 where they are not known.
fn known(shape: Option<&[Dim]>) -> Vec<usize> {
    shape.iter().copied().flatten().map(|d| d.unwrap_or(0)).collect()
}

fn misfit(counts: &[usize]) -> String {
    format!("has scales of shape {counts:?}, which do not fit its shape")
}

impl Held {
    /// The element that stores `storage` and has the parameters that `params` makes of scales and zero points.
    fn elem(&self, storage: &Elem, params: impl FnOnce(Vec<F64>, Vec<i64>) -> QuantParams) -> Result<Elem, String> {
        let (width, signed) = match storage {
            Elem::Int(width, sign) if *width > 1 => (*width, *sign != Sign::Unsigned),
            _ => return Err("has scales by blocks, but no integers".into()),
        };
        if !self.scales.ty().elem.is_float() {
            return Err("has scales that are no floats".into());
        }
        let scales: Vec<F64> = self.scales.to_f64().into_iter().flatten().map(F64).collect();
        if let Some(s) = scales.iter().find(|s| !(s.0.is_finite() && s.0 > 0.0)) {
            return Err(format!("has the scale {}, which is not positive and finite", s.0));
        }
        let zero_points = match &self.zero_points {
            Some(z) if z.len() == scales.len() => z.to_i64().ok_or("has zero points that are no integers")?,
            Some(z) => return Err(format!("has {} scales and {} zero points", scales.len(), z.len())),
            None => vec![0; scales.len()],
        };
        let (min, max) = QuantType::default_range(signed, width);
        if let Some(z) = zero_points.iter().find(|z| !(min..=max).contains(*z)) {
            return Err(format!("has the zero point {z}, which {width} bits do not hold"));
        }
        let (params, expressed) = (params(scales, zero_points), Some(Elem::F32));
        Ok(Elem::Quant(Arc::new(QuantType { signed, marked: false, width, min, max, expressed, params })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a tensor of 2 × 4 × 3 is with scales of a shape along dimensions.
    fn axes(counts: &[usize], axes: &[i32]) -> Result<Elem, String> {
        let scales = (1..=counts.iter().product()).map(|i| i as f32).collect();
        let held = Held { scales: Tensor::f32(counts, scales), zero_points: None };
        read_axes(&Elem::I8, Some(&[Some(2), Some(4), Some(3)]), &held, axes)
    }

    #[test]
    fn dimensions_that_share_scales_may_be_left_out() {
        let params = |elem: Elem| elem.quant().map(|q| q.params.clone());
        let (short, whole) = (axes(&[2, 3], &[0, 2]).unwrap(), axes(&[2, 1, 3], &[0, 2]).unwrap());
        assert_eq!(short, whole);
        let Some(QuantParams::SubChannel { blocks, shape, scales, .. }) = params(short) else { panic!("blocks") };
        assert_eq!((&blocks[..], &shape[..], scales.len()), (&[(0, 1), (2, 1)][..], &[2, 1, 3][..], 6));
        let params_of = QuantParams::SubChannel { blocks, shape, scales, zero_points: vec![0; 6] };
        let written = write(&TensorType::of(&[2, 4, 3], Elem::I8), &params_of).unwrap();
        assert_eq!((written.extent, written.scales.shape()), (Extent::Axes(vec![0, 2]), vec![2, 3]));
        let one = params(axes(&[4], &[1]).unwrap());
        assert!(matches!(one, Some(QuantParams::PerAxis { axis: 1, .. })), "{one:?}");
    }

    #[test]
    fn scales_fit_the_dimensions_they_are_along() {
        let says = |counts: &[usize], along: &[i32]| axes(counts, along).unwrap_err();
        let order = "which are none of its own in rising order";
        assert_eq!(says(&[3, 2], &[0, 2]), "has scales of shape [3, 2], which do not fit its shape");
        assert_eq!(says(&[2, 4], &[0, 2]), "has scales of shape [2, 4], which do not fit its shape");
        for along in [&[2, 0][..], &[0, 0], &[0, 3], &[-1, 0], &[]] {
            assert_eq!(says(&[2, 3], along), format!("has scales along the dimensions {along:?}, {order}"));
        }
    }
}
