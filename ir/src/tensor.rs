//! A constant tensor: a type and little-endian bytes that are shared, never copied.
//!
//! Invariant: the bytes hold exactly `num_elements` row-major elements of `ty.elem.storage()`, or one element if `splat` is set.
//! Strings are the exception: each element is a `u32` length and its bytes.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use bytes::Bytes;

use crate::types::{Elem, Sign, TensorType};

/// Splats of more elements are not written out: a text or a file may state any number of them.
const WRITTEN_OUT: usize = 1 << 28;

/// A typed constant. Cloning shares the bytes. What gives its elements gives `None` for a splat of more than 2^28.
#[derive(Clone, Debug)]
pub struct Tensor {
    ty: TensorType,
    data: Bytes,
    splat: bool,
}

/// Why bytes are no tensor of a type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} bytes given for a tensor that takes {expected}")]
pub struct SizeError {
    /// Bytes the type asks for.
    pub expected: usize,
    /// Bytes given.
    pub found: usize,
}

struct Owner<T>(Vec<T>);
impl<T: bytemuck::NoUninit> AsRef<[u8]> for Owner<T> {
    fn as_ref(&self) -> &[u8] {
        bytemuck::cast_slice(&self.0)
    }
}

impl Tensor {
    /// A tensor over `data`, which may be one element (a splat) or all of them.
    pub fn new(ty: TensorType, data: Bytes) -> Result<Tensor, SizeError> {
        let width = ty.elem.byte_width().unwrap_or(1);
        let count = ty.num_elements().unwrap_or(0);
        let expected = match ty.elem.bits() {
            Some(bits) => (count.saturating_mul(bits)).div_ceil(8),
            None => data.len(),
        };
        if data.len() == expected {
            Ok(Tensor { ty, data, splat: false })
        } else if data.len() == width && count > 0 {
            Ok(Tensor { ty, data, splat: true })
        } else {
            Err(SizeError { expected, found: data.len() })
        }
    }

    fn from_pod<T: bytemuck::NoUninit + Send>(shape: &[usize], elem: Elem, values: Vec<T>) -> Tensor {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "a value for each element");
        Tensor { ty: TensorType::of(shape, elem), data: Bytes::from_owner(Owner(values)), splat: false }
    }

    /// A float32 tensor. `values` are row-major; there is one for each element.
    pub fn f32(shape: &[usize], values: Vec<f32>) -> Tensor {
        Self::from_pod(shape, Elem::F32, values)
    }

    /// An int32 tensor.
    pub fn i32(shape: &[usize], values: Vec<i32>) -> Tensor {
        Self::from_pod(shape, Elem::I32, values)
    }

    /// An int64 tensor.
    pub fn i64(shape: &[usize], values: Vec<i64>) -> Tensor {
        Self::from_pod(shape, Elem::I64, values)
    }

    /// A tensor of stored int8 values; `elem` is `i8` or a quantized type stored in 8 bits.
    pub fn i8(shape: &[usize], elem: Elem, values: Vec<i8>) -> Tensor {
        assert_eq!(elem.byte_width(), Some(1), "8-bit storage");
        Self::from_pod(shape, elem, values)
    }

    /// A tensor of stored uint8 values; `elem` is `u8` or a quantized type stored in 8 bits.
    pub fn u8(shape: &[usize], elem: Elem, values: Vec<u8>) -> Tensor {
        assert_eq!(elem.byte_width(), Some(1), "8-bit storage");
        Self::from_pod(shape, elem, values)
    }

    /// A tensor of stored int16 values; `elem` is `i16` or a quantized type stored in 16 bits.
    pub fn i16(shape: &[usize], elem: Elem, values: Vec<i16>) -> Tensor {
        assert_eq!(elem.byte_width(), Some(2), "16-bit storage");
        Self::from_pod(shape, elem, values)
    }

    /// A tensor of booleans.
    pub fn bool(shape: &[usize], values: Vec<bool>) -> Tensor {
        Self::from_pod(shape, Elem::BOOL, values.into_iter().map(u8::from).collect())
    }

    /// The type.
    pub fn ty(&self) -> &TensorType {
        &self.ty
    }

    /// The shape, every dimension of which is known.
    pub fn shape(&self) -> Vec<usize> {
        self.ty.static_shape().unwrap_or_default()
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.ty.num_elements().unwrap_or(0)
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The stored bytes: all elements, or one of a splat.
    pub fn raw(&self) -> &Bytes {
        &self.data
    }

    /// Whether only one element is stored, which stands for all.
    pub fn is_splat(&self) -> bool {
        self.splat
    }

    /// The bytes of all elements; a splat is written out.
    pub fn bytes(&self) -> Bytes {
        if self.splat { Bytes::from(self.data.repeat(self.len())) } else { self.data.clone() }
    }

    /// The same bytes under another type of as many bytes; the caller states that they mean the same.
    pub fn retyped(&self, ty: TensorType) -> Result<Tensor, SizeError> {
        let mut t = Tensor::new(ty, self.data.clone())?;
        // One stored element of a tensor of one element is no splat; of more, it stays one.
        t.splat |= self.splat && t.len() != 1;
        Ok(t)
    }

    /// The number of elements, if they may be written out.
    fn writable(&self) -> Option<usize> {
        Some(self.len()).filter(|n| !self.splat || *n <= WRITTEN_OUT)
    }

    fn pod<T: bytemuck::AnyBitPattern>(&self) -> Option<Cow<'_, [T]>> {
        if self.splat {
            return Some(Cow::Owned(vec![bytemuck::pod_read_unaligned(&self.data); self.writable()?]));
        }
        Some(match bytemuck::try_cast_slice(&self.data) {
            Ok(s) => Cow::Borrowed(s),
            // Checkpoints do not align their tensors: read element by element.
            Err(_) => Cow::Owned(self.data.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect()),
        })
    }

    /// All elements of an `f32` tensor, borrowed where the bytes are aligned; `None` for other types.
    pub fn as_f32(&self) -> Option<Cow<'_, [f32]>> {
        if self.ty.elem == Elem::F32 { self.pod() } else { None }
    }

    /// All elements of an `i32` tensor (stored, for a quantized type of 32 bits).
    pub fn as_i32(&self) -> Option<Cow<'_, [i32]>> {
        if self.ty.elem.storage() == Elem::I32 { self.pod() } else { None }
    }

    /// All elements of an `i64` tensor (stored, for a quantized type of 64 bits).
    pub fn as_i64(&self) -> Option<Cow<'_, [i64]>> {
        if self.ty.elem.storage() == Elem::I64 { self.pod() } else { None }
    }

    /// All stored bytes of an 8-bit signed tensor, plain or quantized.
    pub fn as_i8(&self) -> Option<Cow<'_, [i8]>> {
        if self.ty.elem.storage() == Elem::I8 { self.pod() } else { None }
    }

    /// All stored bytes of an 8-bit unsigned tensor, plain or quantized.
    pub fn as_u8(&self) -> Option<Cow<'_, [u8]>> {
        if self.ty.elem.storage() == Elem::U8 { self.pod() } else { None }
    }

    /// All stored elements of a 16-bit signed tensor, plain or quantized.
    pub fn as_i16(&self) -> Option<Cow<'_, [i16]>> {
        if self.ty.elem.storage() == Elem::I16 { self.pod() } else { None }
    }

    /// All stored elements of a signed tensor of 2, 4 or 8 bits, plain or quantized; packed ones, lowest bits first, are unpacked.
    pub fn to_i8(&self) -> Option<Cow<'_, [i8]>> {
        let bits = match self.ty.elem.storage() {
            Elem::Int(8, Sign::Signless | Sign::Signed) => return self.pod(),
            Elem::Int(bits @ (2 | 4), Sign::Signless | Sign::Signed) => usize::from(bits),
            _ => return None,
        };
        let element = |i: usize| {
            let (at, low) = if self.splat { (0, 0) } else { (i * bits / 8, i * bits % 8) };
            // Up to the sign bit, and back with its copies.
            (self.data[at] << (8 - bits - low)) as i8 >> (8 - bits)
        };
        Some(Cow::Owned((0..self.writable()?).map(element).collect()))
    }

    /// All elements as doubles, for float and integer types (stored values of a quantized type).
    pub fn to_f64(&self) -> Option<Vec<f64>> {
        Some(match self.ty.elem.storage() {
            Elem::F32 => self.pod::<f32>()?.iter().map(|x| f64::from(*x)).collect(),
            Elem::F64 => self.pod::<f64>()?.into_owned(),
            Elem::F16 => self.pod::<u16>()?.iter().map(|x| half::f16::from_bits(*x).to_f64()).collect(),
            Elem::BF16 => self.pod::<u16>()?.iter().map(|x| half::bf16::from_bits(*x).to_f64()).collect(),
            _ => self.to_i64()?.into_iter().map(|x| x as f64).collect(),
        })
    }

    /// All elements as `i64`, for integer types (stored values of a quantized type); `None` for others.
    pub fn to_i64(&self) -> Option<Vec<i64>> {
        Some(match self.ty.elem.storage() {
            Elem::Int(1, _) | Elem::Int(8, Sign::Unsigned) => self.pod::<u8>()?.iter().map(|x| i64::from(*x)).collect(),
            Elem::Int(8, _) => self.pod::<i8>()?.iter().map(|x| i64::from(*x)).collect(),
            Elem::Int(16, Sign::Unsigned) => self.pod::<u16>()?.iter().map(|x| i64::from(*x)).collect(),
            Elem::Int(16, _) => self.pod::<i16>()?.iter().map(|x| i64::from(*x)).collect(),
            Elem::Int(32, Sign::Unsigned) => self.pod::<u32>()?.iter().map(|x| i64::from(*x)).collect(),
            Elem::Int(32, _) => self.pod::<i32>()?.iter().map(|x| i64::from(*x)).collect(),
            Elem::Int(64, _) | Elem::Index => self.pod::<i64>()?.into_owned(),
            Elem::Int(2 | 4, _) => self.to_i8()?.iter().map(|x| i64::from(*x)).collect(),
            _ => return None,
        })
    }

    /// The value of every element, if they are all the same and the type is numeric.
    pub fn splat_f64(&self) -> Option<f64> {
        if self.splat || self.len() == 1 {
            let one = Tensor { ty: TensorType::of(&[1], self.ty.elem.clone()), data: self.data.clone(), splat: false };
            return one.to_f64()?.first().copied();
        }
        let width = self.ty.elem.byte_width()?;
        let first = self.data.get(..width)?;
        if self.data.chunks_exact(width).all(|c| c == first) {
            let one =
                Tensor { ty: TensorType::of(&[1], self.ty.elem.clone()), data: self.data.slice(..width), splat: false };
            return one.to_f64()?.first().copied();
        }
        None
    }
}

impl PartialEq for Tensor {
    fn eq(&self, other: &Self) -> bool {
        self.ty == other.ty
            && (self.splat == other.splat && self.data == other.data
                || self.splat != other.splat && self.bytes() == other.bytes())
    }
}
impl Eq for Tensor {}
impl Hash for Tensor {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Splats equal to written-out tensors must hash alike: the type and the first element decide.
        self.ty.hash(state);
        self.data.get(..self.ty.elem.byte_width().unwrap_or(0)).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_splat_of_any_length_is_not_written_out() {
        for elem in [Elem::F32, Elem::I32, Elem::I8, Elem::Int(4, Sign::Signless)] {
            let width = elem.byte_width().unwrap_or(1);
            let of =
                |n: usize| Tensor::new(TensorType::of(&[n, 1 << 20], elem.clone()), vec![0; width].into()).unwrap();
            assert_eq!(of(1).to_f64().map(|v| v.len()), Some(1 << 20), "{elem}");
            let large = of(1 << 30);
            assert!(large.as_f32().is_none() && large.to_i8().is_none() && large.to_f64().is_none(), "{elem}");
            assert_eq!(large.splat_f64(), Some(0.0), "{elem}");
        }
    }
}
