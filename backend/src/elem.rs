//! Element types in the schema's numbers.

use ir::{Elem, Sign};

use crate::schema::tflite::TensorType as T;

const TYPES: &[(T, Elem)] = &[
    (T::FLOAT32, Elem::F32),
    (T::FLOAT16, Elem::F16),
    (T::INT32, Elem::I32),
    (T::UINT8, Elem::U8),
    (T::INT64, Elem::I64),
    (T::STRING, Elem::String),
    (T::BOOL, Elem::BOOL),
    (T::INT16, Elem::I16),
    (T::INT8, Elem::I8),
    (T::FLOAT64, Elem::F64),
    (T::UINT64, Elem::Int(64, Sign::Unsigned)),
    (T::RESOURCE, Elem::Resource),
    (T::VARIANT, Elem::Variant),
    (T::UINT32, Elem::Int(32, Sign::Unsigned)),
    (T::UINT16, Elem::Int(16, Sign::Unsigned)),
    (T::INT4, Elem::Int(4, Sign::Signless)),
    (T::BFLOAT16, Elem::BF16),
    (T::INT2, Elem::Int(2, Sign::Signless)),
    (T::UINT4, Elem::Int(4, Sign::Unsigned)),
];

/// The number of an element type; of a quantized one, that of its storage. `None` if TFLite has none.
pub fn to_schema(elem: &Elem) -> Option<T> {
    match elem.storage() {
        Elem::Complex(inner) => match *inner {
            Elem::F32 => Some(T::COMPLEX64),
            Elem::F64 => Some(T::COMPLEX128),
            _ => None,
        },
        plain => TYPES.iter().find(|(_, e)| *e == plain).map(|(t, _)| *t),
    }
}

/// The element type of a number.
pub fn from_schema(ty: T) -> Option<Elem> {
    match ty {
        T::COMPLEX64 => Some(Elem::Complex(Box::new(Elem::F32))),
        T::COMPLEX128 => Some(Elem::Complex(Box::new(Elem::F64))),
        plain => TYPES.iter().find(|(t, _)| *t == plain).map(|(_, e)| e.clone()),
    }
}
