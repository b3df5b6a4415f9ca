//! Types.

use std::sync::Arc;

use super::Choices;
use crate::types::{Dim, Elem, F64, FunctionType, QuantParams, QuantType, Sign, TensorType, Type};

/// Bits of integers that constants may have.
pub(super) fn int(c: &mut Choices<'_>) -> Elem {
    let sign = *c.pick(&[Sign::Signless, Sign::Signed, Sign::Unsigned]);
    match c.below(5) {
        4 => Elem::Index,
        i => Elem::Int(8 << i, sign),
    }
}

pub(super) fn float(c: &mut Choices<'_>) -> Elem {
    c.pick(&[Elem::F32, Elem::F16, Elem::BF16, Elem::F64]).clone()
}

/// Parameters of one pair.
pub(super) fn per_tensor(c: &mut Choices<'_>) -> QuantType {
    QuantType::per_tensor(8, scale(c).0, c.below(256) as i64 - 128)
}

fn scale(c: &mut Choices<'_>) -> F64 {
    F64(f64::from((1 + c.below(1000)) as f32 / (1 << c.below(16)) as f32))
}

/// Any quantized type.
fn quant(c: &mut Choices<'_>) -> Elem {
    let (signed, width) = (c.one_in(2), *c.pick(&[8u16, 4, 16, 32]));
    let count = 1 + c.below(8);
    let scales: Vec<F64> = (0..count).map(|_| scale(c)).collect();
    let zero_points: Vec<i64> = (0..count).map(|_| c.below(8) as i64).collect();
    let params = match c.below(5) {
        0 => QuantParams::PerTensor { scale: scales[0], zero_point: zero_points[0] },
        1 => QuantParams::PerAxis { axis: 1, scales, zero_points },
        2 => QuantParams::SubChannel { blocks: vec![(0, 1), (1, 4)], shape: vec![count, 1], scales, zero_points },
        3 => QuantParams::Calibrated { min: F64(-scales[0].0), max: scales[0] },
        _ => QuantParams::Any,
    };
    let expressed = Some(Elem::F32);
    let q = match params {
        QuantParams::Calibrated { .. } => {
            QuantType { signed: true, marked: false, width: 0, min: 0, max: 0, expressed, params }
        }
        _ => {
            let (min, max) = QuantType::default_range(signed, width);
            QuantType { signed, marked: c.one_in(4), width, min: min + i64::from(c.one_in(2)), max, expressed, params }
        }
    };
    Elem::Quant(Arc::new(q))
}

fn elem(c: &mut Choices<'_>) -> Elem {
    match c.below(10) {
        0 | 1 => int(c),
        2 | 3 => float(c),
        4 | 5 => quant(c),
        6 => Elem::Complex(Box::new(float(c))),
        7 => {
            Elem::Opaque((*c.pick(&["f8E5M2", "i0", "i70000", "!tf_type.resource<tensor<3x!tf_type.string>>"])).into())
        }
        _ => c.pick(&[Elem::String, Elem::Variant, Elem::Resource, Elem::BOOL]).clone(),
    }
}

fn shape(c: &mut Choices<'_>) -> Option<Vec<Dim>> {
    if c.one_in(10) {
        return None;
    }
    Some(c.some(4, |c| if c.one_in(5) { None } else { Some(c.below(5)) }))
}

/// Any type. Those of tensors need not fit their parameters.
pub fn ty(c: &mut Choices<'_>) -> Type {
    nested(c, 3)
}

fn nested(c: &mut Choices<'_>, depth: usize) -> Type {
    let count = if depth == 0 { 6 } else { 8 };
    match c.below(count) {
        0 | 1 => {
            let encoding = c.one_in(6).then(|| Box::new(super::attr(c)));
            Type::Tensor(TensorType { shape: shape(c), elem: elem(c), encoding })
        }
        2 => match elem(c) {
            Elem::Opaque(text) if text.starts_with('!') => Type::Opaque(text),
            e => Type::Scalar(e),
        },
        3 => Type::None,
        4 => {
            let texts = ["!tfl.control", "vector<[4]xf32>", "memref<2xf32, strided<[1], offset: ?>>"];
            Type::Opaque((*c.pick(&texts)).into())
        }
        5 => Type::Vector((0..1 + c.below(2)).map(|_| 1 + c.below(4)).collect(), float(c)),
        6 => Type::Tuple(c.some(3, |c| nested(c, depth - 1))),
        _ => {
            let inputs = c.some(3, |c| nested(c, depth - 1));
            let results = c.some(3, |c| nested(c, depth - 1));
            Type::Function(Arc::new(FunctionType { inputs, results }))
        }
    }
}

/// The type of a value that operations compute with.
pub(super) fn value(c: &mut Choices<'_>) -> Type {
    let dims: Vec<Dim> = c.some(5, |c| if c.one_in(12) { None } else { Some(1 + c.below(4)) });
    let elem = match c.below(8) {
        0..=3 => Elem::F32,
        4 => Elem::I32,
        5 => Elem::Quant(Arc::new(per_tensor(c))),
        _ => c.pick(&[Elem::I64, Elem::BOOL, Elem::I8, Elem::U8, Elem::I16]).clone(),
    };
    match c.one_in(40) {
        true => Type::Tensor(TensorType::unranked(elem)),
        false => Type::Tensor(TensorType::ranked(dims, elem)),
    }
}
