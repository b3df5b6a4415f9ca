//! TensorFlow's element types, shapes and constants.

use bytes::Bytes;
use ir::{Dim, Elem, Sign, Tensor, TensorType};

use crate::proto::{TensorProto, TensorShapeProto};

/// The element type of a `DataType` value; reference types (100 more) are the type they refer to.
pub fn elem(dtype: i32) -> Option<Elem> {
    Some(match if dtype > 100 { dtype - 100 } else { dtype } {
        1 => Elem::F32,
        2 => Elem::F64,
        3 | 13 => Elem::I32,
        4 | 12 => Elem::U8,
        5 | 15 => Elem::I16,
        6 | 11 => Elem::I8,
        7 => Elem::String,
        8 => Elem::Complex(Box::new(Elem::F32)),
        9 => Elem::I64,
        10 => Elem::BOOL,
        14 => Elem::BF16,
        16 | 17 => Elem::Int(16, Sign::Unsigned),
        18 => Elem::Complex(Box::new(Elem::F64)),
        19 => Elem::F16,
        20 => Elem::Resource,
        21 => Elem::Variant,
        22 => Elem::Int(32, Sign::Unsigned),
        23 => Elem::Int(64, Sign::Unsigned),
        _ => return None,
    })
}

/// The dimensions of a shape; `None` where the rank is unknown.
pub fn shape(proto: Option<&TensorShapeProto>) -> Option<Vec<Dim>> {
    let proto = proto.filter(|p| !p.unknown_rank)?;
    Some(proto.dim.iter().map(|d| usize::try_from(d.size).ok()).collect())
}

/// Larger constants are refused before memory is asked for.
const MOST: usize = 1 << 31;

/// The tensor of a `TensorProto`. Its content is shared; typed values are written out, the last repeated to fill the shape.
pub fn tensor(proto: &TensorProto) -> Result<Tensor, String> {
    let elem = elem(proto.dtype).ok_or_else(|| format!("unknown element type {}", proto.dtype))?;
    let dims: Option<Vec<usize>> = shape(Some(proto.tensor_shape.as_ref().unwrap_or(&TensorShapeProto::default())))
        .and_then(|s| s.into_iter().collect());
    let dims = dims.ok_or("a constant of unknown shape")?;
    let ty = TensorType::of(&dims, elem.clone());
    let count = ty.num_elements().filter(|n| *n <= MOST).ok_or("a constant that is too large")?;
    if !proto.tensor_content.is_empty() {
        return Tensor::new(ty, proto.tensor_content.clone()).map_err(|e| e.to_string());
    }
    let bytes: Vec<u8> = match &elem {
        Elem::F32 => proto.float_val.iter().flat_map(|v| v.to_le_bytes()).collect(),
        Elem::F64 => proto.double_val.iter().flat_map(|v| v.to_le_bytes()).collect(),
        Elem::F16 | Elem::BF16 => proto.half_val.iter().flat_map(|v| (*v as u16).to_le_bytes()).collect(),
        Elem::Int(1, _) => proto.bool_val.iter().map(|v| u8::from(*v)).collect(),
        Elem::Int(8, _) => proto.int_val.iter().map(|v| *v as u8).collect(),
        Elem::Int(16, _) => proto.int_val.iter().flat_map(|v| (*v as u16).to_le_bytes()).collect(),
        Elem::Int(32, Sign::Unsigned) => proto.uint32_val.iter().flat_map(|v| v.to_le_bytes()).collect(),
        Elem::Int(32, _) => proto.int_val.iter().flat_map(|v| v.to_le_bytes()).collect(),
        Elem::Int(64, Sign::Unsigned) => proto.uint64_val.iter().flat_map(|v| v.to_le_bytes()).collect(),
        Elem::Int(64, _) => proto.int64_val.iter().flat_map(|v| v.to_le_bytes()).collect(),
        Elem::String => {
            let with_len = |s: &Bytes| {
                let mut b = (s.len() as u32).to_le_bytes().to_vec();
                b.extend_from_slice(s);
                b
            };
            let all: Vec<u8> = proto.string_val.iter().flat_map(with_len).collect();
            return Tensor::new(ty, all.into()).map_err(|e| e.to_string());
        }
        other => return Err(format!("a constant of type {other:?}")),
    };
    let width = elem.byte_width().ok_or("a constant of no whole bytes")?;
    let given = bytes.len() / width;
    let filled = match given {
        0 => vec![0; if count == 0 { 0 } else { width }],
        n if n == count || n == 1 => bytes,
        n if n < count => {
            let last = bytes[bytes.len() - width..].to_vec();
            let mut all = bytes;
            all.extend(last.repeat(count - n));
            all
        }
        n => return Err(format!("{n} values for {count} elements")),
    };
    Tensor::new(ty, if count == 0 { Bytes::new() } else { filled.into() }).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Dim;

    #[test]
    fn the_last_value_fills_the_shape() {
        let shape = TensorShapeProto { dim: vec![Dim { size: 4 }], unknown_rank: false };
        let mut p =
            TensorProto { dtype: 1, tensor_shape: Some(shape), float_val: vec![1.0, 2.0], ..Default::default() };
        assert_eq!(tensor(&p).unwrap().as_f32().unwrap().as_ref(), [1.0, 2.0, 2.0, 2.0]);
        p.float_val.clear();
        assert_eq!(tensor(&p).unwrap().as_f32().unwrap().as_ref(), [0.0; 4]);
        p.float_val = vec![0.0; 5];
        assert_eq!(tensor(&p).unwrap_err(), "5 values for 4 elements");
    }
}
