//! Attributes and the fields of options that hold them.

use std::sync::Arc;

use flatbuffers::{FlatBufferBuilder, Vector, WIPOffset};
use ir::dialect::{stablehlo, tfl};
use ir::{Attr, Type};

use crate::schema::tflite as fb;
use crate::types;

/// An attribute and the field that holds it.
pub(super) trait Field<S, L = S>: Sized {
    fn store(&self, fbb: &mut FlatBufferBuilder<'_>) -> Option<S>;
    fn load(field: L) -> Option<Self>;
}

macro_rules! fields_that_are_attributes {
    ($($ty:ty),*) => {$(
        impl Field<$ty> for $ty {
            fn store(&self, _: &mut FlatBufferBuilder<'_>) -> Option<$ty> {
                Some(*self)
            }
            fn load(field: $ty) -> Option<$ty> {
                Some(field)
            }
        }
        /// One that may be left out: 0 and false are the defaults.
        impl Field<$ty> for Option<$ty> {
            fn store(&self, _: &mut FlatBufferBuilder<'_>) -> Option<$ty> {
                Some(self.unwrap_or_default())
            }
            fn load(field: $ty) -> Option<Self> {
                Some(Some(field))
            }
        }
    )*};
}
fields_that_are_attributes!(i32, i64, f32, bool);

/// A keyword of the schema by its number.
trait Bits<N> {
    fn from_bits(bits: N) -> Self;
}

/// Keywords are listed in the order of the schema.
macro_rules! fields_that_are_keywords {
    ($($keyword:ty = $field:ty: $bits:ty),* $(,)?) => {$(
        impl Bits<$bits> for $field {
            fn from_bits(bits: $bits) -> Self {
                Self(bits)
            }
        }
        impl Field<$field> for $keyword {
            fn store(&self, _: &mut FlatBufferBuilder<'_>) -> Option<$field> {
                let number = <$keyword>::ALL.iter().position(|k| k == self)?;
                <$bits>::try_from(number).ok().map(<$field>::from_bits)
            }
            fn load(field: $field) -> Option<Self> {
                <$keyword>::ALL.get(usize::try_from(field.0).ok()?).copied()
            }
        }
        /// One that may be left out: the first is the default.
        impl Field<$field> for Option<$keyword> {
            fn store(&self, fbb: &mut FlatBufferBuilder<'_>) -> Option<$field> {
                self.map_or(Some(<$field>::from_bits(0)), |keyword| keyword.store(fbb))
            }
            fn load(field: $field) -> Option<Self> {
                Field::load(field).map(Some)
            }
        }
    )*};
}
fields_that_are_keywords! {
    tfl::Activation = fb::ActivationFunctionType: i8,
    tfl::Padding = fb::Padding: i8,
    tfl::WeightsFormat = fb::FullyConnectedOptionsWeightsFormat: i8,
    tfl::MirrorPadMode = fb::MirrorPadMode: i8,
    tfl::LstmKernelType = fb::LSTMKernelType: i8,
    stablehlo::ComparisonDirection = fb::StablehloComparisonDirection: u32,
    stablehlo::ComparisonType = fb::StablehloComparisonType: u32,
    stablehlo::RngAlgorithm = fb::RngAlgorithm: i8,
}

/// The type of elements.
impl Field<fb::TensorType> for Type {
    fn store(&self, _: &mut FlatBufferBuilder<'_>) -> Option<fb::TensorType> {
        match self {
            Type::Scalar(elem) => types::tensor_type(elem),
            _ => None,
        }
    }
    fn load(field: fb::TensorType) -> Option<Self> {
        types::elem(field).map(Type::Scalar)
    }
}

/// A name; none is empty.
impl<'f, 'b> Field<Option<WIPOffset<&'f str>>, Option<&'b str>> for Option<Arc<str>> {
    fn store(&self, fbb: &mut FlatBufferBuilder<'_>) -> Option<Option<WIPOffset<&'f str>>> {
        Some(self.as_ref().map(|name| WIPOffset::new(fbb.create_string(name).value())))
    }
    fn load(field: Option<&'b str>) -> Option<Self> {
        Some(field.map(Arc::from))
    }
}

/// A list of numbers.
impl<'f, 'b> Field<Option<WIPOffset<Vector<'f, f32>>>, Option<Vector<'b, f32>>> for Vec<f32> {
    fn store(&self, fbb: &mut FlatBufferBuilder<'_>) -> Option<Option<WIPOffset<Vector<'f, f32>>>> {
        Some(Some(WIPOffset::new(fbb.create_vector(self).value())))
    }
    fn load(field: Option<Vector<'b, f32>>) -> Option<Self> {
        Some(field.iter().flatten().collect())
    }
}

/// A list of integers.
impl<'f, 'b> Field<Option<WIPOffset<Vector<'f, i32>>>, Option<Vector<'b, i32>>> for Attr {
    fn store(&self, fbb: &mut FlatBufferBuilder<'_>) -> Option<Option<WIPOffset<Vector<'f, i32>>>> {
        let ints = self.as_ints()?.into_iter().map(|v| i32::try_from(v).ok()).collect::<Option<Vec<i32>>>()?;
        Some((!ints.is_empty()).then(|| WIPOffset::new(fbb.create_vector(&ints).value())))
    }
    fn load(field: Option<Vector<'b, i32>>) -> Option<Self> {
        Some(Attr::Array(field.iter().flatten().map(|v| Attr::i64(i64::from(v))).collect()))
    }
}

/// A list of integers that is empty where it is left out.
impl<'f, 'b> Field<Option<WIPOffset<Vector<'f, i32>>>, Option<Vector<'b, i32>>> for Option<Attr> {
    fn store(&self, fbb: &mut FlatBufferBuilder<'_>) -> Option<Option<WIPOffset<Vector<'f, i32>>>> {
        self.as_ref().map_or(Some(None), |list| list.store(fbb))
    }
    fn load(field: Option<Vector<'b, i32>>) -> Option<Self> {
        Attr::load(field).map(Some)
    }
}

/// A list of 64-bit integers.
impl<'f, 'b> Field<Option<WIPOffset<Vector<'f, i64>>>, Option<Vector<'b, i64>>> for Vec<i64> {
    fn store(&self, fbb: &mut FlatBufferBuilder<'_>) -> Option<Option<WIPOffset<Vector<'f, i64>>>> {
        Some(Some(WIPOffset::new(fbb.create_vector(self).value())))
    }
    fn load(field: Option<Vector<'b, i64>>) -> Option<Self> {
        Some(field.iter().flatten().collect())
    }
}

/// A list of 64-bit integers that is empty where it is left out.
impl<'f, 'b> Field<Option<WIPOffset<Vector<'f, i64>>>, Option<Vector<'b, i64>>> for Option<Vec<i64>> {
    fn store(&self, fbb: &mut FlatBufferBuilder<'_>) -> Option<Option<WIPOffset<Vector<'f, i64>>>> {
        self.as_ref().map_or(Some(None), |list| list.store(fbb))
    }
    fn load(field: Option<Vector<'b, i64>>) -> Option<Self> {
        Some(Vec::load(field).filter(|list| !list.is_empty()))
    }
}
