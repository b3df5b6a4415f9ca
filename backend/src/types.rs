//! Element types, shapes and quantization parameters: what a tensor of the schema says about itself, and the IR's types.
//!
//! The range of stored values is not in a file: a type with a narrow range comes back with the full one. A quantized dimension of a single
//! channel that is dimension 0 comes back as one scale for the whole tensor, which means the same.

use std::sync::Arc;

use ir::{Attr, Attrs, Dim, Elem, F64, QuantParams, QuantType, Sign, TensorType, Type};

use crate::blockwise::Extent;
use crate::schema::tflite as fb;

/// Element types that are their own; quantized ones are what they store.
const ELEMS: &[(fb::TensorType, Elem)] = &[
    (fb::TensorType::FLOAT32, Elem::F32),
    (fb::TensorType::FLOAT16, Elem::F16),
    (fb::TensorType::BFLOAT16, Elem::BF16),
    (fb::TensorType::FLOAT64, Elem::F64),
    (fb::TensorType::BOOL, Elem::BOOL),
    (fb::TensorType::INT2, Elem::Int(2, Sign::Signless)),
    (fb::TensorType::INT4, Elem::Int(4, Sign::Signless)),
    (fb::TensorType::UINT4, Elem::Int(4, Sign::Unsigned)),
    (fb::TensorType::INT8, Elem::I8),
    (fb::TensorType::UINT8, Elem::U8),
    (fb::TensorType::INT16, Elem::I16),
    (fb::TensorType::UINT16, Elem::Int(16, Sign::Unsigned)),
    (fb::TensorType::INT32, Elem::I32),
    (fb::TensorType::UINT32, Elem::Int(32, Sign::Unsigned)),
    (fb::TensorType::INT64, Elem::I64),
    (fb::TensorType::UINT64, Elem::Int(64, Sign::Unsigned)),
    (fb::TensorType::STRING, Elem::String),
    (fb::TensorType::RESOURCE, Elem::Resource),
    (fb::TensorType::VARIANT, Elem::Variant),
];

/// A variant that states what it holds.
const VARIANT: &str = "!tf_type.variant<";
/// A resource that states what it holds, which a file does not.
const RESOURCE: &str = "!tf_type.resource<";

/// The element of a variant that holds tensors of a type.
pub fn variant_of(ty: TensorType) -> Elem {
    Elem::Opaque(format!("{VARIANT}{}>", Type::Tensor(ty)).into())
}

/// The shape and element of the tensors that a variant states to hold.
pub fn variant(elem: &Elem) -> Option<(FileShape, fb::TensorType)> {
    let Elem::Opaque(text) = elem else { return None };
    let ty = parse_tensor(text.strip_prefix(VARIANT)?.strip_suffix('>')?)?;
    Some((file_shape(&ty)?, tensor_type(&ty.elem)?))
}

/// A tensor type with an element of the schema: sizes, `?` or `*` before an `x` each, then the element.
fn parse_tensor(text: &str) -> Option<TensorType> {
    let mut rest = text.strip_prefix("tensor<")?.strip_suffix('>')?;
    let mut shape = Some(vec![]);
    while let Some((dim, tail)) = rest.split_once('x') {
        match (dim, dim.parse::<usize>()) {
            ("*", _) => shape = None,
            ("?", _) => shape.as_mut()?.push(None),
            (_, Ok(size)) => shape.as_mut()?.push(Some(size)),
            _ => break,
        }
        rest = tail;
    }
    let all = (fb::TensorType::ENUM_MIN..=fb::TensorType::ENUM_MAX).filter_map(|n| elem(fb::TensorType(n)));
    let elem = all.into_iter().find(|e| e.to_string() == rest)?;
    Some(TensorType { shape, elem, encoding: None })
}

/// The schema's type of an element; `None` if it has none.
pub fn tensor_type(elem: &Elem) -> Option<fb::TensorType> {
    match elem {
        Elem::Complex(part) if **part == Elem::F32 => Some(fb::TensorType::COMPLEX64),
        Elem::Complex(part) if **part == Elem::F64 => Some(fb::TensorType::COMPLEX128),
        Elem::Opaque(text) if &**text == "f8E4M3FN" => Some(fb::TensorType::FLOAT8_E4M3FN),
        Elem::Opaque(text) if &**text == "f8E5M2" => Some(fb::TensorType::FLOAT8_E5M2),
        Elem::Opaque(text) if text.starts_with(VARIANT) => Some(fb::TensorType::VARIANT),
        Elem::Opaque(text) if text.starts_with(RESOURCE) => Some(fb::TensorType::RESOURCE),
        Elem::Int(width, Sign::Signed) => tensor_type(&Elem::Int(*width, Sign::Signless)),
        other => {
            let storage = other.storage();
            ELEMS.iter().find(|(_, e)| *e == storage).map(|(t, _)| *t)
        }
    }
}

/// The element of a type of the schema; `None` for numbers the schema does not have.
pub fn elem(ty: fb::TensorType) -> Option<Elem> {
    match ty {
        fb::TensorType::COMPLEX64 => Some(Elem::Complex(Box::new(Elem::F32))),
        fb::TensorType::COMPLEX128 => Some(Elem::Complex(Box::new(Elem::F64))),
        fb::TensorType::FLOAT8_E4M3FN => Some(Elem::Opaque("f8E4M3FN".into())),
        fb::TensorType::FLOAT8_E5M2 => Some(Elem::Opaque("f8E5M2".into())),
        _ => ELEMS.iter().find(|(t, _)| *t == ty).map(|(_, e)| e.clone()),
    }
}

/// What the file says of a shape: `shape`, `shape_signature` where a dimension is unknown, and whether the rank is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileShape {
    /// The dimensions; unknown ones are 1.
    pub shape: Vec<i32>,
    /// The dimensions; unknown ones are -1.
    pub signature: Option<Vec<i32>>,
    /// Whether the rank is known.
    pub has_rank: bool,
}

/// Writes a shape; `None` if a dimension does not fit.
pub fn file_shape(ty: &TensorType) -> Option<FileShape> {
    let Some(dims) = &ty.shape else {
        return Some(FileShape { shape: vec![], signature: None, has_rank: false });
    };
    let numbers = |unknown: i32| -> Option<Vec<i32>> {
        dims.iter().map(|d| d.map_or(Some(unknown), |d| i32::try_from(d).ok())).collect()
    };
    let shape = numbers(1)?;
    let signature = if dims.contains(&None) { Some(numbers(-1)?) } else { None };
    Some(FileShape { shape, signature, has_rank: true })
}

/// Reads a shape; `None` if a dimension is below -1. A tensor without dimensions whose rank is not stated is a scalar if it is `constant`.
pub fn ir_shape(shape: &[i32], signature: &[i32], has_rank: bool, constant: bool) -> Option<Option<Vec<Dim>>> {
    if shape.is_empty() && !has_rank && !constant {
        return Some(None);
    }
    let dims = if signature.len() == shape.len() { signature } else { shape };
    let dims = dims.iter().map(|d| match d {
        -1 => Some(None),
        d => usize::try_from(*d).ok().map(Some),
    });
    dims.collect::<Option<Vec<Dim>>>().map(Some)
}

/// Quantization parameters as the file stores them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FileQuant {
    /// One scale for the tensor, or for each index of a dimension.
    Scales(Scales),
    /// Scales by blocks, or along several dimensions.
    Blocks(Blocks),
}

/// Scales and zero points as the file stores them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scales {
    /// Bits of the `f32` scales.
    pub scale_bits: Vec<u32>,
    /// One zero point a scale.
    pub zero_points: Vec<i64>,
    /// The dimension the scales run along.
    pub dimension: i32,
}

/// Where the scales of blocks are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Blocks {
    /// The tensor of scales.
    pub scales: i32,
    /// The tensor of zero points; -1 if all are 0.
    pub zero_points: i32,
    /// Which elements share them.
    pub extent: Extent,
}

/// Writes the parameters of a tensor or of the indices of a dimension; `Err` says what has no form in the file.
pub fn file_quant(q: &QuantType) -> Result<FileQuant, &'static str> {
    match &q.params {
        QuantParams::PerTensor { .. } | QuantParams::PerAxis { .. } => {}
        QuantParams::SubChannel { .. } => return Err("has scales by blocks"),
        QuantParams::Any => return Err("has no scale"),
        QuantParams::Calibrated { .. } => return Err("has a range but no scale"),
    }
    let dimension = i32::try_from(q.axis().unwrap_or(0)).map_err(|_| "has a quantized dimension out of range")?;
    let scale_bits = q.scales().iter().map(|s| (*s as f32).to_bits()).collect();
    Ok(FileQuant::Scales(Scales { scale_bits, zero_points: q.zero_points(), dimension }))
}

/// The attribute of a constant of 64-bit integers, which no quantized type stores, that has the parameters of its tensor.
pub const QUANTIZATION: &str = "tfl.quantization";

/// The parameters of a tensor as the attribute [`QUANTIZATION`].
pub fn quant_to_attr(scales: Vec<f32>, zero_points: Vec<i64>, dimension: i32) -> Attr {
    let scales = scales.into_iter().map(|s| F64(f64::from(s))).collect();
    let attrs = Attrs::new()
        .with("dimension", Attr::i32(dimension))
        .with("scales", Attr::DenseFloatArray(Elem::F32, scales))
        .with("zero_points", Attr::DenseArray(Elem::I64, zero_points));
    Attr::Dict(attrs)
}

/// Reads the attribute [`QUANTIZATION`]; `None` if it is of another form.
pub fn quant_from_attr(attr: &Attr) -> Option<FileQuant> {
    let attrs = attr.as_dict()?;
    let (Attr::DenseFloatArray(_, scales), Attr::DenseArray(_, zero_points)) =
        (attrs.get("scales")?, attrs.get("zero_points")?)
    else {
        return None;
    };
    Some(FileQuant::Scales(Scales {
        scale_bits: scales.iter().map(|s| (s.0 as f32).to_bits()).collect(),
        zero_points: zero_points.clone(),
        dimension: i32::try_from(attrs.get("dimension")?.as_int()?).ok()?,
    }))
}

/// Reads quantization parameters of a tensor that stores `storage`; `Err` says what is wrong. A missing list of zero points stands for zeros.
pub fn ir_quant(
    storage: &Elem,
    scales: Vec<f32>,
    zero_points: Vec<i64>,
    dimension: i32,
    shape: Option<&[Dim]>,
) -> Result<Elem, String> {
    let (width, signed) = match storage {
        // Upstream's quantized types store at most 32 bits.
        Elem::Int(width, sign) if (2..=32).contains(width) => (*width, *sign != Sign::Unsigned),
        // Float tensors may carry the range they were trained with.
        _ => return Ok(storage.clone()),
    };
    let zero_points = if zero_points.is_empty() { vec![0; scales.len()] } else { zero_points };
    if zero_points.len() != scales.len() {
        return Err(format!("has {} scales and {} zero points", scales.len(), zero_points.len()));
    }
    if let Some(s) = scales.iter().find(|s| !(s.is_finite() && **s > 0.0)) {
        return Err(format!("has the scale {s}, which is not positive and finite"));
    }
    let (min, max) = QuantType::default_range(signed, width);
    if let Some(z) = zero_points.iter().find(|z| !(min..=max).contains(*z)) {
        return Err(format!("has the zero point {z}, which {width} bits do not hold"));
    }
    // Old converters count the dimension of a bias as that of its weights.
    let dimension = if shape.is_some_and(|s| s.len() == 1) { 0 } else { dimension };
    let axis = usize::try_from(dimension).ok();
    let channels = axis.and_then(|a| *shape?.get(a)?);
    let scales: Vec<F64> = scales.into_iter().map(|s| F64(f64::from(s))).collect();
    let params = match (&scales[..], &zero_points[..]) {
        ([scale], [zero_point]) if dimension == 0 || channels != Some(1) => {
            QuantParams::PerTensor { scale: *scale, zero_point: *zero_point }
        }
        _ if channels == Some(scales.len()) => QuantParams::PerAxis { axis: axis.unwrap_or(0), scales, zero_points },
        _ => return Err(format!("has {} scales, which do not fit dimension {dimension}", scales.len())),
    };
    Ok(Elem::Quant(Arc::new(QuantType { signed, marked: false, width, min, max, expressed: Some(Elem::F32), params })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_type_of_the_schema_is_read_and_written() {
        for number in fb::TensorType::ENUM_MIN..=fb::TensorType::ENUM_MAX {
            let ty = fb::TensorType(number);
            let elem = elem(ty).unwrap_or_else(|| panic!("{ty:?} has an element"));
            assert_eq!(tensor_type(&elem), Some(ty));
        }
        assert_eq!(elem(fb::TensorType(fb::TensorType::ENUM_MAX + 1)), None);
    }

    #[test]
    fn variants_state_what_they_hold() {
        for ty in ["tensor<2x?xi32>", "tensor<*xcomplex<f32>>", "tensor<f16>"] {
            let elem = variant_of(parse_tensor(ty).unwrap());
            assert_eq!(elem, Elem::Opaque(format!("!tf_type.variant<{ty}>").into()));
            assert_eq!(tensor_type(&elem), Some(fb::TensorType::VARIANT));
            assert_eq!(variant(&elem), parse_tensor(ty).and_then(|t| Some((file_shape(&t)?, tensor_type(&t.elem)?))));
        }
        assert_eq!(variant(&Elem::Variant), None);
        assert_eq!(parse_tensor("tensor<2xq>"), None);
    }

    #[test]
    fn unknown_dimensions_are_one_in_the_shape() {
        let ty = TensorType::ranked(vec![None, Some(3)], Elem::F32);
        let file = file_shape(&ty).unwrap();
        assert_eq!(file, FileShape { shape: vec![1, 3], signature: Some(vec![-1, 3]), has_rank: true });
        assert_eq!(ir_shape(&[1, 3], &[-1, 3], true, false), Some(ty.shape));
        assert_eq!(ir_shape(&[], &[], true, false), Some(Some(vec![])));
        assert_eq!(ir_shape(&[], &[], false, false), Some(None));
        assert_eq!(ir_shape(&[-2], &[], true, false), None);
    }

    #[test]
    fn parameters_return() {
        let per_axis = QuantType::per_axis(8, 1, vec![0.5, 0.25]);
        let Ok(FileQuant::Scales(file)) = file_quant(&per_axis) else { panic!("scales") };
        let scales = file.scale_bits.iter().map(|b| f32::from_bits(*b)).collect();
        let back = ir_quant(&Elem::I8, scales, file.zero_points, file.dimension, Some(&[Some(3), Some(2)]));
        assert_eq!(back, Ok(Elem::Quant(Arc::new(per_axis))));
        let bad = ir_quant(&Elem::I8, vec![0.5, 0.25], vec![], 0, Some(&[Some(3), Some(2)]));
        assert_eq!(bad, Err("has 2 scales, which do not fit dimension 0".to_owned()));
        let bad = ir_quant(&Elem::I8, vec![0.5], vec![128], 0, None);
        assert_eq!(bad, Err("has the zero point 128, which 8 bits do not hold".to_owned()));
    }
}
