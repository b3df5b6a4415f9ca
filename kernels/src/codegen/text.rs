//! Numbers and initializers as C text.

use std::fmt::Write;

use ir::{Elem, Sign, Tensor};

use crate::error::{KernelError, Result};
use crate::fixed::Multiplier;
use crate::optimized::Blend;

/// Columns of a line of numbers.
const WIDTH: usize = 118;

/// A float32 literal, equal to the bit; infinities and NaN by `math.h`.
pub(super) fn f32(v: f32) -> String {
    match v {
        _ if v.is_nan() => "NAN".into(),
        f32::INFINITY => "HUGE_VALF".into(),
        f32::NEG_INFINITY => "-HUGE_VALF".into(),
        _ => format!("{v:?}f"),
    }
}

/// A double literal.
pub(super) fn f64(v: f64) -> String {
    format!("{v:?}")
}

/// An integer literal; the least ones have none of their own.
fn int(v: i64) -> String {
    match v {
        i64::MIN => "(-9223372036854775807 - 1)".into(),
        _ if v == i64::from(i32::MIN) => "(-2147483647 - 1)".into(),
        _ => v.to_string(),
    }
}

/// `{mantissa, shift}`
pub(super) fn multiplier(m: Multiplier) -> String {
    format!("{{{}, {}}}", m.mantissa, m.shift)
}

/// A `struct blend_i8`.
pub(super) fn blend(b: &Blend) -> String {
    format!("{{{}, {}, {}, {}}}", list(b.a), list(b.b), b.add, b.right)
}

/// `{a, b, …}` on one line.
pub(super) fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|i| i.to_string()).collect();
    format!("{{{}}}", if items.is_empty() { "0".into() } else { items.join(", ") })
}

/// Items of an array, in lines.
pub(super) fn lines(items: impl IntoIterator<Item = String>) -> String {
    let mut out = String::new();
    let mut column = 0;
    for item in items {
        if column == 0 || column + item.len() + 1 > WIDTH {
            out.push_str(if column == 0 { "    " } else { "\n    " });
            column = 4;
        }
        let _ = write!(out, "{item},");
        column += item.len() + 1;
    }
    out
}

/// The C type of stored elements, as a caller sees it.
pub(super) fn c_type(elem: &Elem) -> Result<&'static str> {
    Ok(match elem.storage() {
        Elem::Int(1, _) | Elem::Int(8, Sign::Unsigned) => "uint8_t",
        Elem::Int(2 | 4 | 8, _) => "int8_t",
        Elem::Int(16, Sign::Unsigned) | Elem::F16 => "uint16_t",
        Elem::Int(16, _) => "int16_t",
        Elem::Int(32, Sign::Unsigned) => "uint32_t",
        Elem::Int(32, _) => "int32_t",
        Elem::Int(64, Sign::Signless | Sign::Signed) | Elem::Index => "int64_t",
        Elem::F32 => "float",
        other => return Err(KernelError::new(format!("generated C has no elements of type {other:?}"))),
    })
}

/// The type by which kernels reach such elements in memory of any type.
pub(super) fn memory_type(elem: &Elem) -> Result<&'static str> {
    Ok(match c_type(elem)? {
        "int16_t" => "i16",
        "uint16_t" => "u16",
        "int32_t" => "i32",
        "uint32_t" => "u32",
        "int64_t" => "i64",
        "float" => "f32",
        bytes => bytes,
    })
}

/// `i8` of `int8_t` and of `i8`.
pub(super) fn short(c_type: &str) -> String {
    c_type.trim_end_matches("_t").replace("uint", "u").replace("int", "i")
}

/// The elements of a tensor as literals.
pub(super) fn elements(t: &Tensor) -> Result<Vec<String>> {
    if let Some(v) = t.as_f32() {
        return Ok(v.iter().map(|v| f32(*v)).collect());
    }
    if t.ty().elem == Elem::F16 {
        return Ok(t.bytes().chunks(2).map(|b| u16::from_le_bytes([b[0], b[1]]).to_string()).collect());
    }
    let v = t.to_i64().ok_or_else(|| KernelError::new("a constant holds no numbers"))?;
    Ok(v.into_iter().map(int).collect())
}

/// A shape as people write it: `1x24x24x3`.
pub(super) fn shape(shape: &[usize]) -> String {
    if shape.is_empty() {
        return "scalar".into();
    }
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_keep_their_bits() {
        assert_eq!([0.1, 1.0, -0.0, 1e-45, f32::MAX].map(f32), ["0.1f", "1.0f", "-0.0f", "1e-45f", "3.4028235e38f"]);
        assert_eq!([f32::INFINITY, f32::NEG_INFINITY].map(f32), ["HUGE_VALF", "-HUGE_VALF"]);
    }

    #[test]
    fn lines_are_short() {
        let text = lines((0..500).map(|i| i.to_string()));
        assert!(text.lines().all(|l| l.len() <= WIDTH) && text.lines().count() > 10);
    }
}
