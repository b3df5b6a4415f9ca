//! Attributes and locations.

use std::sync::Arc;

use super::tensors::{self, text};
use super::{Choices, types};
use crate::attr::{Attr, Attrs, ResourceKey};
use crate::loc::{Loc, LocKind};
use crate::tensor::Tensor;
use crate::types::{Elem, F64, Sign, Type};

/// A name, with or without need of quotes.
pub(super) fn name(c: &mut Choices<'_>) -> Arc<str> {
    match c.below(5) {
        4 => c.some(5, |c| char::from(b' ' + c.below(95) as u8)).into_iter().chain(['"']).collect::<String>().into(),
        _ => format!("{}{}", c.pick(&["a", "b.c", "_x", "z$9", "true"]), c.below(9)).into(),
    }
}

/// A place, with any strings in it.
pub fn location(c: &mut Choices<'_>) -> Loc {
    nested_location(c, 3)
}

fn nested_location(c: &mut Choices<'_>, depth: usize) -> Loc {
    let count = if depth == 0 { 3 } else { 6 };
    match c.below(count) {
        0 => Loc::UNKNOWN,
        1 => Loc::name(text(c)),
        2 => {
            let (line, col) = (1 + c.below(9) as u32, 1 + c.below(9) as u32);
            let end = c.one_in(3).then(|| (line + c.below(2) as u32, col));
            Loc::new(LocKind::File { file: text(c), line, col, end, implied: false })
        }
        3 => Loc::new(LocKind::Name(text(c), nested_location(c, depth - 1))),
        4 => Loc::new(LocKind::CallSite(nested_location(c, depth - 1), nested_location(c, depth - 1))),
        _ => {
            let parts = (0..1 + c.below(2)).map(|_| nested_location(c, depth - 1)).collect();
            let metadata = c.one_in(3).then(|| leaf(c));
            Loc::new(LocKind::Fused(parts, metadata))
        }
    }
}

/// Any attribute.
pub fn attr(c: &mut Choices<'_>) -> Attr {
    nested(c, 3)
}

fn nested(c: &mut Choices<'_>, depth: usize) -> Attr {
    match c.below(8) {
        0 if depth > 0 => Attr::Array(c.some(4, |c| nested(c, depth - 1))),
        1 if depth > 0 => Attr::Dict(
            c.some(4, |c| (name(c), if c.one_in(5) { Attr::Unit } else { nested(c, depth - 1) })).into_iter().collect(),
        ),
        _ => leaf(c),
    }
}

/// An integer of a type.
fn int_of(bits: u64, elem: &Elem) -> i64 {
    match elem {
        Elem::Int(w, Sign::Unsigned) => (bits & u64::MAX >> (64 - w)).cast_signed(),
        Elem::Int(w, _) => bits.cast_signed() << (64 - w) >> (64 - w),
        _ => bits.cast_signed(),
    }
}

fn leaf(c: &mut Choices<'_>) -> Attr {
    match c.below(14) {
        0 => Attr::Bool(c.one_in(2)),
        1 => {
            let elem = types::int(c);
            Attr::Int(int_of(c.bits(), &elem), elem)
        }
        2 => {
            let elem = types::float(c);
            Attr::Float(float_of(c, &elem), elem)
        }
        3 => Attr::Str(text(c)),
        4 => Attr::Type(Type::Scalar(types::int(c))),
        5 => Attr::Type(types::value(c)),
        6 => Attr::Symbol((0..1 + c.below(2)).map(|_| name(c)).collect()),
        7 => Attr::Dense(tensors::any(c)),
        8 => {
            let tensor = tensors::any(c);
            // Strings have no blobs.
            if tensor.ty().elem == Elem::String { Attr::Dense(tensor) } else { resource(c, tensor) }
        }
        9 => Attr::Elided(Type::Tensor(tensors::any(c).ty().clone())),
        10 => {
            let elem = Elem::Int(8 << c.below(4), Sign::Signless);
            let values = c.some(4, |c| int_of(c.bits(), &elem));
            Attr::DenseArray(elem, values)
        }
        11 => {
            let elem = types::float(c);
            let values = c.some(4, |c| float_of(c, &elem));
            Attr::DenseFloatArray(elem, values)
        }
        12 => Attr::Loc(nested_location(c, 2)),
        _ => {
            let texts =
                ["#tfl<mirror_pad_attr REFLECT>", "affine_map<(d0)[s0] -> (d0 + s0)>", "12 : i77", "1.0 : f8E5M2"];
            Attr::Opaque((*c.pick(&texts)).into())
        }
    }
}

/// A constant with its bytes at the end of the file, under a key of its own.
pub(super) fn resource(c: &mut Choices<'_>, tensor: Tensor) -> Attr {
    let key = format!("{}{}", name(c), c.fresh());
    Attr::Resource(ResourceKey::from(&*key), tensor)
}

/// A value of a float type: any bits.
fn float_of(c: &mut Choices<'_>, elem: &Elem) -> F64 {
    let bits = c.bits() & (u64::MAX >> (64 - elem.bits().unwrap_or(64)));
    F64(crate::text::float::from_bits(bits, elem))
}

/// Discardable attributes, each of a dialect.
pub(super) fn discardable(c: &mut Choices<'_>) -> Attrs {
    if !c.one_in(4) {
        return Attrs::new();
    }
    (0..1 + c.below(2)).map(|i| (Arc::from(format!("test.{i}{}", name(c))), symbol_free(attr(c)))).collect()
}

/// The attribute without references, which would have to exist.
fn symbol_free(attr: Attr) -> Attr {
    match attr {
        Attr::Symbol(path) => Attr::Str(path[0].clone()),
        Attr::Array(items) => Attr::Array(items.into_iter().map(symbol_free).collect()),
        Attr::Dict(d) => Attr::Dict(d.iter().map(|(k, v)| (k.clone(), symbol_free(v.clone()))).collect()),
        other => other,
    }
}
