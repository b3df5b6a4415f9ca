//! Constants, what calibration saw, and names.

use super::{Checked, OpCx};
use crate::attr::Attr;
use crate::rules::are_alike;
use crate::tensor::Tensor;
use crate::types::{Elem, Sign, Type};

/// `arith.constant`: the result has the type of the value, whose integers are signless.
pub fn constant(cx: &OpCx<'_>) -> Checked {
    let ty = match cx.attr("value") {
        Some(Attr::Dense(t) | Attr::Resource(_, t)) => Type::Tensor(t.ty().clone()),
        Some(Attr::Elided(t)) => t.clone(),
        Some(Attr::Int(_, e) | Attr::Float(_, e)) => Type::Scalar(e.clone()),
        Some(Attr::Bool(_)) => Type::Scalar(Elem::BOOL),
        Some(Attr::Opaque(_)) | None => return Ok(()),
        Some(_) => return Err("must have a value that is a number or a constant tensor".to_owned()),
    };
    if cx.results().any(|t| *t != ty) {
        return Err(format!("must make a value of type {ty}, that of its attribute"));
    }
    match &ty {
        Type::Scalar(e) | Type::Tensor(crate::TensorType { elem: e, .. })
            if matches!(e, Elem::Int(_, Sign::Signed | Sign::Unsigned)) =>
        {
            Err(format!("makes integers with a sign, {ty}; `tfl.pseudo_const` may"))
        }
        _ => Ok(()),
    }
}

/// `quantfork.stats`: a range of the tensor, and of slices of it.
pub fn stats(cx: &OpCx<'_>) -> Checked {
    let floats = |name: &str| match cx.attr(name).and_then(Attr::as_tensor).map(Tensor::ty) {
        Some(t) if !t.elem.is_float() => {
            Err(format!("attribute '{name}' must hold floats, not {}", Type::Scalar(t.elem.clone())))
        }
        t => Ok(t),
    };
    if floats("layerStats")?.is_some_and(|t| t.shape.as_deref() != Some(&[Some(2)])) {
        return Err("attribute 'layerStats' must hold a minimum and a maximum".to_owned());
    }
    let Some(ranges) = floats("axisStats")? else { return Ok(()) };
    let Some(axis) = cx.int("axis") else { return Err("has ranges along an axis it does not name".to_owned()) };
    let Some(sizes) = cx.sizes(0) else { return Ok(()) };
    let slices = usize::try_from(axis).ok().and_then(|axis| sizes.get(axis..)).unwrap_or_default().iter().product();
    if ranges.shape.as_deref() != Some(&[Some(slices), Some(2)]) {
        return Err(format!("attribute 'axisStats' must hold {slices} ranges"));
    }
    Ok(())
}

/// `composite`: its name has a dialect in front.
pub fn composite(cx: &OpCx<'_>) -> Checked {
    let Some(name) = cx.attr("name").and_then(Attr::as_str) else { return Ok(()) };
    let word =
        |w: &str, more: &[char]| !w.is_empty() && w.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(&c));
    let mut words = name.split('.');
    let first = words.next().is_some_and(|w| word(w, &['_']) && w.starts_with(|c: char| c.is_ascii_alphabetic()));
    let rest: Vec<&str> = words.collect();
    if first && !rest.is_empty() && rest.iter().all(|w| word(w, &['_', '$'])) {
        return Ok(());
    }
    Err(format!("'{name}' is no name of an operation, such as 'dialect.name'"))
}

/// `stablehlo.constant`: the result has the shape of the value, and its elements unless they are quantized.
pub fn constant_shape(cx: &OpCx<'_>) -> Checked {
    let Some(value) = cx.attr("value").and_then(Attr::as_tensor).map(Tensor::ty) else { return Ok(()) };
    match cx.result(0) {
        Some(t) if t.shape != value.shape => Err("must make a value of the shape of its attribute".to_owned()),
        Some(t) if t.elem != value.elem && t.elem.quant().is_none() => {
            Err("must make a value of the elements of its attribute".to_owned())
        }
        _ => Ok(()),
    }
}

/// Results are operands, as they are.
pub fn passed_on(cx: &OpCx<'_>) -> Checked {
    if cx.operands().eq(cx.results()) {
        Ok(())
    } else {
        Err("must make values of the types of its operands".to_owned())
    }
}

/// The result is a tuple of the operands.
pub fn tuple(cx: &OpCx<'_>) -> Checked {
    let is = |t: &Type| matches!(t, Type::Tuple(parts) if cx.operands().eq(parts));
    if cx.results().all(is) { Ok(()) } else { Err("must make a tuple of the types of its operands".to_owned()) }
}

/// Operands are tensors, or none.
pub fn tensors_or_none(cx: &OpCx<'_>) -> Checked {
    match cx.operands().find(|t| !matches!(t, Type::Tensor(_) | Type::None)) {
        Some(t) => Err(format!("takes tensors, not {t}")),
        None => Ok(()),
    }
}

/// Operands and results are tensors of known rank.
pub fn ranked(cx: &OpCx<'_>) -> Checked {
    let known = |t: &Type| matches!(t, Type::Tensor(t) if t.shape.is_some());
    match cx.operands().chain(cx.results()).find(|t| !known(t)) {
        Some(t) => Err(format!("takes and makes tensors of known rank, not {t}")),
        None => Ok(()),
    }
}

/// `softmax`: the result has the elements of the input, or quantized ones of more bits, which kernels make and upstream refuses.
pub fn softmax(cx: &OpCx<'_>) -> Checked {
    let (Some(x), Some(y)) = (cx.operand(0), cx.result(0)) else { return Ok(()) };
    let wider = x.elem.quant().zip(y.elem.quant()).is_some_and(|(x, y)| (x.width, y.width) == (8, 16));
    if wider || are_alike(&x.elem, &y.elem) { Ok(()) } else { Err("must make elements like those it takes".to_owned()) }
}
