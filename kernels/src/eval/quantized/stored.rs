//! Tensors of codes, and of biases.

use std::borrow::Cow;

use ir::{Elem, Tensor};

use crate::error::{KernelError, Result, ensure};
use crate::eval::Call;
use crate::reference::{Code, Sum, centered};

/// An integer type that tensors store codes in.
pub(crate) trait Stored: Code {
    /// Its element type.
    const STORAGE: Elem;
    /// Its name in messages.
    const NAME: &'static str;

    /// The codes of a tensor; `None` if it stores another type.
    fn read(t: &Tensor) -> Option<Cow<'_, [Self]>>;

    /// A tensor of codes; there is one for each element.
    fn write(shape: &[usize], elem: Elem, codes: Vec<Self>) -> Tensor;
}

macro_rules! stored {
    ($($int:ident = $elem:ident, $name:literal, $read:ident;)*) => {$(
        impl Stored for $int {
            const STORAGE: Elem = Elem::$elem;
            const NAME: &'static str = $name;
            fn read(t: &Tensor) -> Option<Cow<'_, [Self]>> {
                t.$read()
            }
            fn write(shape: &[usize], elem: Elem, codes: Vec<Self>) -> Tensor {
                Tensor::$int(shape, elem, codes)
            }
        }
    )*};
}
stored! {
    i8 = I8, "int8", as_i8;
    u8 = U8, "uint8", as_u8;
    i16 = I16, "int16", as_i16;
}

/// A type of sums that tensors store biases in.
pub(super) trait Bias: Sum {
    /// The values of a tensor; `None` if it stores another type.
    fn read(t: &Tensor) -> Option<Cow<'_, [Self]>>;
}

impl Bias for i32 {
    fn read(t: &Tensor) -> Option<Cow<'_, [i32]>> {
        t.as_i32()
    }
}

impl Bias for i64 {
    fn read(t: &Tensor) -> Option<Cow<'_, [i64]>> {
        let narrow = || t.as_i32().map(|v| Cow::Owned(v.iter().map(|v| i64::from(*v)).collect()));
        t.as_i64().or_else(narrow)
    }
}

/// Stored codes of an operand.
pub(super) fn codes<'a, C: Stored>(c: &Call<'a>, i: usize) -> Result<Cow<'a, [C]>> {
    C::read(c.tensor(i)?).ok_or_else(|| KernelError::new(format!("operand {i} is not {}", C::NAME)))
}

/// Codes and shape of an operand.
pub(super) fn operand<'a, C: Stored>(c: &Call<'a>, i: usize) -> Result<(Cow<'a, [C]>, Vec<usize>)> {
    Ok((codes(c, i)?, c.shape(i)?))
}

/// Weights of 8 bits or less; packed ones are unpacked.
pub(super) fn signed_weights<'a>(c: &Call<'a>, i: usize) -> Result<Cow<'a, [i8]>> {
    c.tensor(i)?.to_i8().ok_or_else(|| KernelError::new(format!("operand {i} is no signed integer of 8 bits or less")))
}

/// Weights, less their zero.
pub(super) fn weights(c: &Call<'_>, i: usize, zero: i32) -> Result<Vec<i16>> {
    let t = c.tensor(i)?;
    match (t.as_u8(), t.as_i16()) {
        (Some(codes), _) => Ok(centered(&codes, zero)),
        (_, Some(codes)) => Ok(centered(&codes, zero)),
        _ => Ok(centered(&signed_weights(c, i)?, zero)),
    }
}

/// An optional bias.
pub(super) fn bias<'a, S: Bias>(c: &Call<'a>, i: usize) -> Result<Option<Cow<'a, [S]>>> {
    match c.ins.get(i) {
        Some(Some(b)) => S::read(b).map(Some).ok_or_else(|| KernelError::new("the bias is not of the type of sums")),
        _ => Ok(None),
    }
}

/// The first result.
pub(super) fn coded<C: Stored>(c: &Call<'_>, shape: &[usize], codes: Vec<C>) -> Result<Vec<Tensor>> {
    let elem = c.elem(0)?;
    ensure(shape.iter().product::<usize>() == codes.len() && elem.storage() == C::STORAGE, || {
        format!("{} elements of {} for shape {shape:?}", codes.len(), C::NAME)
    })?;
    Ok(vec![C::write(shape, elem.clone(), codes)])
}
