//! Functions of one or two codes.

use ir::dialect::tfl;
use ir::{Elem, Tensor};

use super::stored::{Stored, coded, codes, operand};
use super::{Prepared, Types, by_code, unfit};
use crate::error::Result;
use crate::reference::Affine;
use crate::reference::activation::{self, Table};
use crate::reference::elementwise::{Comparison, Join, Joined, Operand, Prelu, Product, Quotient, Shifted, extreme};
use crate::reference::sigmoid;

/// The kernel of an element-wise operation; `None` if it has no integer form.
pub(super) fn prepare(t: &Types<'_>, name: &str) -> Option<Prepared> {
    Some(match name {
        "add" if shifts(t) => shifted(t, Joined::Sum),
        "sub" if shifts(t) => shifted(t, Joined::Difference),
        "add" => by_code!(t, [i8 u8 i16], join, Joined::Sum),
        "sub" => by_code!(t, [i8 u8 i16], join, Joined::Difference),
        "squared_difference" => by_code!(t, [i8], join, Joined::SquaredDifference),
        "mul" => by_code!(t, [i8 u8 i16], mul),
        "div" => by_code!(t, [i8 u8 i16], div),
        "prelu" => prelu(t),
        "maximum" => by_code!(t, [i8 u8 i16], larger, true),
        "minimum" => by_code!(t, [i8 u8 i16], larger, false),
        "equal" => compare(t, name, |a, b| a == b),
        "not_equal" => compare(t, name, |a, b| a != b),
        "less" => compare(t, name, |a, b| a < b),
        "less_equal" => compare(t, name, |a, b| a <= b),
        "greater" => compare(t, name, |a, b| a > b),
        "greater_equal" => compare(t, name, |a, b| a >= b),
        "abs" | "relu" | "relu6" | "relu_n1_to_1" | "relu_0_to_1" | "leaky_relu" | "hard_swish" | "logistic"
        | "tanh" | "gelu" | "exp" | "elu" | "log" | "sqrt" | "rsqrt" => function(t, name),
        _ => return None,
    })
}

fn binary<A: Stored, B: Stored>(
    f: impl Fn(Operand<'_, A>, Operand<'_, B>) -> Result<(Vec<A>, Vec<usize>)> + Send + Sync + 'static,
) -> Prepared {
    Ok(Box::new(move |c| {
        let ((a, sa), (b, sb)) = (operand(c, 0)?, operand(c, 1)?);
        let (y, shape) = f((&a, &sa), (&b, &sb))?;
        coded(c, &shape, y)
    }))
}

fn larger<C: Stored>(_: &Types<'_>, larger: bool) -> Prepared {
    binary::<C, C>(move |a, b| extreme(a, b, larger))
}

/// A sum or difference for the types' parameters.
pub(crate) fn join_of(t: &Types<'_>, kind: Joined) -> Result<Join> {
    by_code!(t, [i8 u8 i16], join_in, kind)
}

fn join_in<C: Stored>(t: &Types<'_>, kind: Joined) -> Result<Join> {
    Join::of::<C>(kind, t.affine_of::<C>(0)?, t.affine_of::<C>(1)?, t.out_of::<C>()?, t.codes_of::<C>()?)
}

/// Whether a sum or difference of int16 shifts codes, whose scales are powers of two.
pub(crate) fn shifts(t: &Types<'_>) -> bool {
    t.op.attrs.get(tfl::POT_SCALE_INT16).is_some() && t.storage(0).is_ok_and(|s| s == Elem::I16)
}

/// Such a sum or difference.
pub(crate) fn shifted_of(t: &Types<'_>) -> Result<Shifted> {
    let scales = (t.affine_of::<i16>(0)?.scale, t.affine_of::<i16>(1)?.scale, t.out_of::<i16>()?.scale);
    Shifted::new(scales.0, scales.1, scales.2, t.codes_of::<i16>()?)
}

fn shifted(t: &Types<'_>, kind: Joined) -> Prepared {
    let k = shifted_of(t)?;
    binary::<i16, i16>(move |a, b| k.apply(a, b, kind))
}

/// A product for the types' parameters.
pub(crate) fn product(t: &Types<'_>) -> Result<Product> {
    by_code!(t, [i8 u8 i16], product_in)
}

fn product_in<C: Stored>(t: &Types<'_>) -> Result<Product> {
    Product::new(t.affine_of::<C>(0)?, t.affine_of::<C>(1)?, t.out_of::<C>()?, t.codes_of::<C>()?)
}

/// A quotient for the types' parameters.
pub(crate) fn quotient(t: &Types<'_>) -> Result<Quotient> {
    by_code!(t, [i8 u8 i16], quotient_in)
}

fn quotient_in<C: Stored>(t: &Types<'_>) -> Result<Quotient> {
    Quotient::new(t.affine_of::<C>(0)?, t.affine_of::<C>(1)?, t.out_of::<C>()?, t.codes_of::<C>()?)
}

/// A PReLU for the types' parameters; the slopes of int16 values are int8.
pub(crate) fn prelu_of(t: &Types<'_>) -> Result<Prelu> {
    match t.storage(0)? {
        Elem::I8 => prelu_in::<i8, i8>(t),
        Elem::U8 => prelu_in::<u8, u8>(t),
        Elem::I16 => prelu_in::<i16, i8>(t),
        other => Err(unfit(Ok(other))),
    }
}

fn prelu_in<C: Stored, A: Stored>(t: &Types<'_>) -> Result<Prelu> {
    Prelu::new(t.affine_of::<C>(0)?, t.affine_of::<A>(1)?, t.out_of::<C>()?)
}

/// A comparison for the types' parameters.
pub(crate) fn comparison_of(t: &Types<'_>) -> Result<Comparison> {
    by_code!(t, [i8 u8 i16], comparison_in)
}

fn comparison_in<C: Stored>(t: &Types<'_>) -> Result<Comparison> {
    Comparison::new::<C>(t.affine_of::<C>(0)?, t.affine_of::<C>(1)?)
}

fn join<C: Stored>(t: &Types<'_>, kind: Joined) -> Prepared {
    let k = join_in::<C>(t, kind)?;
    binary::<C, C>(move |a, b| k.apply(a, b))
}

fn mul<C: Stored>(t: &Types<'_>) -> Prepared {
    let k = product_in::<C>(t)?;
    binary::<C, C>(move |a, b| k.apply(a, b))
}

fn div<C: Stored>(t: &Types<'_>) -> Prepared {
    let k = quotient_in::<C>(t)?;
    binary::<C, C>(move |a, b| k.apply(a, b))
}

fn prelu(t: &Types<'_>) -> Prepared {
    let k = prelu_of(t)?;
    match t.storage(0)? {
        Elem::U8 => binary::<u8, u8>(move |x, alpha| k.apply(x, alpha)),
        Elem::I16 => binary::<i16, i8>(move |x, alpha| k.apply(x, alpha)),
        _ => binary::<i8, i8>(move |x, alpha| k.apply(x, alpha)),
    }
}

fn comparison<C: Stored>(t: &Types<'_>, holds: fn(i32, i32) -> bool) -> Prepared {
    let k = comparison_in::<C>(t)?;
    Ok(Box::new(move |c| {
        let ((a, sa), (b, sb)) = (operand::<C>(c, 0)?, operand::<C>(c, 1)?);
        let (y, shape) = k.apply((&a, &sa), (&b, &sb), holds)?;
        Ok(vec![Tensor::bool(&shape, y)])
    }))
}

/// Whether LiteRT compares codes as they stand, whatever their scales: orderings of int16.
pub(crate) fn compares_codes(t: &Types<'_>, name: &str) -> Result<bool> {
    Ok(t.storage(0)? == Elem::I16 && !matches!(name, "equal" | "not_equal"))
}

fn compare(t: &Types<'_>, name: &str, holds: fn(i32, i32) -> bool) -> Prepared {
    if !compares_codes(t, name)? {
        return by_code!(t, [i8 u8 i16], comparison, holds);
    }
    Ok(Box::new(move |c| {
        let ((a, sa), (b, sb)) = (operand::<i16>(c, 0)?, operand::<i16>(c, 1)?);
        let (y, shape) = crate::float::elementwise::binary(&a, &sa, &b, &sb, |p, q| holds(p.into(), q.into()))?;
        Ok(vec![Tensor::bool(&shape, y)])
    }))
}

/// Refuses a function of codes stored in `C` that LiteRT has no kernel for.
fn taken<C: Stored>(name: &str) -> Result<()> {
    let (bytes, wide) = match name {
        "relu" | "relu6" | "leaky_relu" | "gelu" | "logistic" | "tanh" => (true, true),
        "abs" | "exp" | "log" | "sqrt" | "rsqrt" => (false, true),
        "elu" => (false, false),
        _ => (true, false),
    };
    let found = if C::STORAGE == i16::STORAGE { wide } else { bytes || C::STORAGE == i8::STORAGE };
    if found { Ok(()) } else { Err(unfit(Ok(C::STORAGE))) }
}

/// The table of a function of one code of 8 bits.
pub(crate) fn table<C: Stored>(t: &Types<'_>, name: &str) -> Result<Table<C>> {
    taken::<C>(name)?;
    any_table(t, name, t.affine_of::<C>(0)?, t.out_of::<C>()?)
}

/// The table of a function of one int16 code.
pub(crate) fn wide_table(t: &Types<'_>, name: &str) -> Result<Table<i16>> {
    taken::<i16>(name)?;
    let (x, out) = (t.affine_of::<i16>(0)?, t.out_of::<i16>()?);
    match name {
        "logistic" => sigmoid::logistic(x, out),
        "tanh" => sigmoid::tanh(x, out),
        "rsqrt" => Ok(activation::rsqrt_by_curve(x, out)),
        _ => any_table(t, name, x, out),
    }
}

/// The table of a function of one code, of whatever type.
fn any_table<C: Stored>(t: &Types<'_>, name: &str, x: Affine, out: Affine) -> Result<Table<C>> {
    match name {
        "abs" => activation::abs(x, out),
        "relu" => activation::relu(x, out, 0.0, f32::INFINITY),
        "relu6" => activation::relu(x, out, 0.0, 6.0),
        "relu_n1_to_1" => activation::relu(x, out, -1.0, 1.0),
        "relu_0_to_1" => activation::relu(x, out, 0.0, 1.0),
        "leaky_relu" => activation::leaky_relu(x, out, t.row::<tfl::LeakyRelu>()?.alpha),
        "hard_swish" => activation::hard_swish(x, out),
        "logistic" => activation::logistic(x, out),
        "tanh" => activation::tanh(x, out),
        "gelu" => Ok(activation::gelu(x, out, t.row::<tfl::Gelu>()?.approximate)),
        "exp" => Ok(activation::exp(x, out)),
        "elu" => Ok(activation::elu(x, out)),
        "log" => Ok(activation::log(x, out)),
        "sqrt" => Ok(activation::sqrt(x, out)),
        _ => activation::rsqrt(x, out),
    }
}

fn by_table<C: Stored>(table: Table<C>) -> Prepared {
    Ok(Box::new(move |c| coded(c, &c.shape(0)?, table.apply(&codes(c, 0)?)?)))
}

/// The kernel of a function of one code.
fn function(t: &Types<'_>, name: &str) -> Prepared {
    match t.storage(0)? {
        Elem::I16 => by_table(wide_table(t, name)?),
        Elem::U8 => by_table(table::<u8>(t, name)?),
        _ => by_table(table::<i8>(t, name)?),
    }
}
