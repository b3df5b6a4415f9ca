//! Rules of element types.

use super::{Broken, OpCx};
use crate::types::{Elem, QuantParams, QuantType, Sign, TensorType, Type};

/// All operands and results have the same element type.
pub(super) fn same(cx: &OpCx<'_>) -> Result<(), Broken> {
    one_elem(cx.operands().chain(cx.results()).filter_map(elem))
}

/// All operands and results that are not quantized have the same element type.
pub(super) fn like(cx: &OpCx<'_>) -> Result<(), Broken> {
    let plain = |e: &&Elem| !matches!(e, Elem::Quant(_));
    one_elem(cx.operands().chain(cx.results()).filter_map(elem).filter(plain))
}

/// Results have the type of the first operand.
pub(super) fn typed_like_first(cx: &OpCx<'_>) -> Result<(), Broken> {
    let Some(first) = cx.operands().next() else { return Ok(()) };
    match cx.results().find(|t| *t != first) {
        Some(other) => Err(format!("must make a value of the type of its operand, {first}, not {other}")),
        None => Ok(()),
    }
}

fn elem(ty: &Type) -> Option<&Elem> {
    match ty {
        Type::Tensor(t) => Some(&t.elem),
        Type::Scalar(e) | Type::Vector(_, e) => Some(e),
        _ => None,
    }
}

fn one_elem<'a>(mut elems: impl Iterator<Item = &'a Elem>) -> Result<(), Broken> {
    let Some(first) = elems.next() else { return Ok(()) };
    match elems.find(|e| *e != first) {
        None => Ok(()),
        Some(other) => Err(format!("must have one element type, but has {} and {}", shown(first), shown(other))),
    }
}

type Place<'a> = (usize, Option<&'a TensorType>);

/// A result or operand has the elements of an operand.
pub(super) fn alike(what: &str, (i, x): Place<'_>, (j, y): Place<'_>) -> Result<(), Broken> {
    let (Some(x), Some(y)) = (x, y) else { return Ok(()) };
    if are_alike(&x.elem, &y.elem) {
        return Ok(());
    }
    Err(format!("{what} #{i} must have elements like operand #{j}, {}, not {}", shown(&y.elem), shown(&x.elem)))
}

/// Equal, or as runtimes store them equal.
pub(crate) fn are_alike(x: &Elem, y: &Elem) -> bool {
    let four_bits = |e: &Elem| match e {
        Elem::Int(width, _) => *width == 4,
        Elem::Quant(q) => q.width == 4,
        _ => false,
    };
    let eight_bits = |e: &Elem| match e {
        Elem::Int(8, Sign::Unsigned) => true,
        Elem::Opaque(text) => &**text == "!tf_type.quint8",
        _ => false,
    };
    let stored = |e: &Elem| e.quant().map(|q| q.width);
    x == y
        || (four_bits(x) && four_bits(y))
        || (eight_bits(x) && eight_bits(y))
        || (stored(y).is_some() && stored(x) == stored(y))
}

/// All quantized operands and results have parameters that are equal in this sense.
pub(super) fn same_scale(cx: &OpCx<'_>, equal: fn(&QuantType, &QuantType) -> bool) -> Result<(), Broken> {
    let mut quantized = cx.operands().chain(cx.results()).filter_map(|t| t.elem()?.quant());
    let Some(first) = quantized.next() else { return Ok(()) };
    match quantized.find(|q| !equal(first, q)) {
        None => Ok(()),
        Some(other) => Err(format!(
            "must have the same quantization parameters everywhere, but has {} and {}",
            shown(&Elem::Quant(first.clone())),
            shown(&Elem::Quant(other.clone()))
        )),
    }
}

/// Parameters may run along different dimensions; the range of stored values is not compared then.
pub(super) fn equal_but_for_axis(a: &QuantType, b: &QuantType) -> bool {
    let sizes = |blocks: &[(usize, usize)]| blocks.iter().map(|(_, size)| *size).collect::<Vec<_>>();
    let moved = match (&a.params, &b.params) {
        (QuantParams::PerAxis { .. }, QuantParams::PerAxis { .. }) => true,
        (QuantParams::SubChannel { blocks: a, .. }, QuantParams::SubChannel { blocks: b, .. }) => sizes(a) == sizes(b),
        _ => false,
    };
    let alike = || a.scales() == b.scales() && a.zero_points() == b.zero_points() && a.width == b.width;
    a == b || (moved && alike() && a.expressed == b.expressed)
}

/// Parameters of unsigned 8-bit types may differ.
pub(super) fn equal_or_u8(a: &QuantType, b: &QuantType) -> bool {
    let is_u8 = |q: &QuantType| !q.signed && q.width == 8;
    a == b || (is_u8(a) && is_u8(b))
}

fn shown(elem: &Elem) -> String {
    Type::Scalar(elem.clone()).to_string()
}
