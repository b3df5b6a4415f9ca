//! Constants and arguments.

use super::{Choices, types};
use crate::bytestr;
use crate::tensor::Tensor;
use crate::types::{Elem, Sign, TensorType};

/// Any constant.
pub(super) fn any(c: &mut Choices<'_>) -> Tensor {
    let elem = match c.below(8) {
        0..=2 => types::int(c),
        3 | 4 => types::float(c),
        5 => Elem::Int(4, Sign::Signless),
        6 => Elem::Complex(Box::new(types::float(c))),
        _ => return strings(c),
    };
    let shape = c.some(4, |c| c.below(7));
    let ty = TensorType::of(&shape, elem);
    let bits = ty.elem.bits().unwrap_or(8);
    let count = ty.num_elements().unwrap_or(0);
    let splat = c.one_in(2) && count > 0 && bits >= 8;
    let size = if splat { bits / 8 } else { (count * bits).div_ceil(8) };
    let mut data = random(c, size);
    // The half of the last byte that no element has.
    if bits == 4 && count % 2 == 1 {
        data[size - 1] &= 0x0F;
    }
    Tensor::new(ty, data.into()).expect("the size fits")
}

fn random(c: &mut Choices<'_>, size: usize) -> Vec<u8> {
    let mut state = c.bits() | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..size).map(|_| next()).collect()
}

fn strings(c: &mut Choices<'_>) -> Tensor {
    let items = c.some(4, |c| text(c));
    let mut data = Vec::new();
    for bytes in items.iter().map(|s| bytestr::to_bytes(s)) {
        data.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        data.extend_from_slice(&bytes);
    }
    Tensor::new(TensorType::of(&[items.len()], Elem::String), data.into()).expect("strings have any size")
}

/// Any bytes, as an attribute keeps them.
pub(super) fn text(c: &mut Choices<'_>) -> std::sync::Arc<str> {
    let bytes = c.some(12, |c| c.bits() as u8);
    bytestr::from_bytes(&bytes).into()
}

/// A tensor of a type to compute with: small numbers, those of floats with halves. Unknown dimensions are 2, unknown ranks 1. `None` for
/// elements that are no numbers.
pub fn argument(c: &mut Choices<'_>, ty: &TensorType) -> Option<Tensor> {
    let dims = ty.shape.clone().unwrap_or_else(|| vec![None]);
    let shape: Vec<usize> = dims.into_iter().map(|d| d.unwrap_or(2)).collect();
    let ty = TensorType::of(&shape, ty.elem.clone());
    let mut data = Vec::new();
    for _ in 0..ty.num_elements()? {
        let n = c.below(17) as i64 - 4;
        match ty.elem.storage() {
            Elem::F32 => data.extend_from_slice(&(n as f32 / 2.0).to_le_bytes()),
            Elem::Int(1, _) => data.push(u8::from(n > 4)),
            Elem::Int(width @ (8 | 16 | 32 | 64), sign) => {
                let n = if sign == Sign::Unsigned { n.abs() } else { n };
                data.extend_from_slice(&n.to_le_bytes()[..usize::from(width / 8)]);
            }
            _ => return None,
        }
    }
    Tensor::new(ty, data.into()).ok()
}
