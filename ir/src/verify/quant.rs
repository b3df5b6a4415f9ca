//! Quantized types: parameters that fit the storage, the tensor and each other.

use super::Verifier;
use crate::body::{Body, Operation};
use crate::loc::Loc;
use crate::op::{OpDef, QuantRule};
use crate::types::{Dim, Elem, QuantParams, QuantType, TensorType, Type};

/// Relative difference of the scale of a bias and the product it stands for: scales are rounded to float32, and texts shorten them.
const BIAS_TOLERANCE: f64 = 1e-5;

impl Verifier<'_, '_> {
    pub(super) fn quantized_type(&mut self, op: &Operation, at: &Loc, ty: &Type) {
        let Type::Tensor(t) = ty else { return };
        let Elem::Quant(q) = &t.elem else { return };
        if let Err(text) = storage(q).and_then(|()| parameters(q)).and_then(|()| dimensions(q, t)) {
            self.unfit(op, at, "verify/quant-type", text);
        }
    }

    /// The scale of a bias is that of the input times that of the weight: what the kernels add up.
    pub(super) fn bias(&mut self, body: &Body, op: &Operation, def: &OpDef) {
        let QuantRule::Weighted { input, weight, bias: Some(bias), .. } = def.quant else { return };
        let scales = |i: usize| {
            let q = body.ty(*op.operands().get(i)?).elem()?.quant()?;
            Some(q.scales()).filter(|s| !s.is_empty())
        };
        let (Some(input), Some(weight), Some(bias)) = (scales(input), scales(weight), scales(bias)) else { return };
        let [input] = input[..] else { return };
        if bias.len() != weight.len() {
            let text = format!("its bias has {} scales for {} of the weight", bias.len(), weight.len());
            return self.unfit(op, &op.loc, "verify/bias-scale", text);
        }
        let differs = |(b, w): &(&f64, &f64)| (*b - input * *w).abs() > BIAS_TOLERANCE * (input * *w).abs();
        if let Some((b, w)) = bias.iter().zip(&weight).find(differs) {
            let text = format!("its bias has scale {b}, not input scale {input} times weight scale {w}");
            self.unfit(op, &op.loc, "verify/bias-scale", text);
        }
    }
}

type Fits = Result<(), String>;

/// The range of stored values is one of the storage integer.
fn storage(q: &QuantType) -> Fits {
    if matches!(q.params, QuantParams::Calibrated { .. }) {
        return Ok(());
    }
    let (lowest, highest) = QuantType::default_range(q.signed, q.width);
    if q.min >= q.max {
        return Err(format!("its storage range {}:{} is empty", q.min, q.max));
    }
    if q.min < lowest || q.max > highest {
        return Err(format!("its storage range {}:{} exceeds {lowest}:{highest}", q.min, q.max));
    }
    Ok(())
}

fn parameters(q: &QuantType) -> Fits {
    if let Some(s) = q.scales().into_iter().find(|s| !(s.is_finite() && *s > 0.0)) {
        return Err(format!("its scale {s} is not positive and finite"));
    }
    // A narrow range is what weights use; a zero point may lie beside it, as upstream's import of Google's files has it.
    let (lowest, highest) = QuantType::default_range(q.signed, q.width);
    match q.zero_points().into_iter().find(|z| !(lowest..=highest).contains(z)) {
        Some(z) => Err(format!("its zero point {z} lies outside {lowest}:{highest}")),
        None => Ok(()),
    }
}

/// The dimensions that parameters run along exist and have as many indices.
fn dimensions(q: &QuantType, t: &TensorType) -> Fits {
    let Some(shape) = &t.shape else { return Ok(()) };
    match &q.params {
        QuantParams::PerAxis { axis, scales, .. } => match dimension(shape, *axis)? {
            Some(n) if n != scales.len() => Err(format!("it has {} scales for a dimension of {n}", scales.len())),
            _ => Ok(()),
        },
        QuantParams::SubChannel { blocks, shape: counts, .. } => blocks_fit(blocks, counts, shape),
        QuantParams::PerTensor { .. } | QuantParams::Any | QuantParams::Calibrated { .. } => Ok(()),
    }
}

fn dimension(shape: &[Dim], axis: usize) -> Result<Dim, String> {
    shape.get(axis).copied().ok_or_else(|| format!("its quantized dimension {axis} does not exist"))
}

/// There is a scale for each block, and blocks fill their dimension.
fn blocks_fit(blocks: &[(usize, usize)], counts: &[usize], shape: &[Dim]) -> Fits {
    for (axis, size) in blocks {
        let Some(n) = dimension(shape, *axis)? else { continue };
        if *size == 0 || n % size != 0 {
            return Err(format!("blocks of {size} do not fill dimension {axis} of {n}"));
        }
    }
    if counts.len() != shape.len() {
        return Err(format!("its scales have {} dimensions, the tensor {}", counts.len(), shape.len()));
    }
    for (axis, (count, dim)) in counts.iter().zip(shape).enumerate() {
        let size = blocks.iter().find(|(a, _)| *a == axis).map(|(_, size)| *size);
        let expected = match (dim, size) {
            (Some(n), Some(size)) => n / size,
            // A dimension without blocks is one block.
            (_, None) => 1,
            (None, Some(_)) => continue,
        };
        if *count != expected {
            return Err(format!("it has {count} scales along dimension {axis}, not {expected}"));
        }
    }
    Ok(())
}
