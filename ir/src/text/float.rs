//! Floats in MLIR's spelling: six digits where they are exact, else as many as it takes, else the bits.

use std::fmt::Write;

use crate::types::Elem;

/// The bits of a float type that a double of its value has; NaNs keep their payload.
pub(super) fn to_bits(x: f64, elem: &Elem) -> u64 {
    match elem {
        Elem::F64 => x.to_bits(),
        Elem::F32 if x.is_nan() => narrow_nan(x, 8, 23),
        Elem::F32 => u64::from((x as f32).to_bits()),
        Elem::F16 if x.is_nan() => narrow_nan(x, 5, 10),
        Elem::F16 => u64::from(half::f16::from_f64(x).to_bits()),
        _ if x.is_nan() => narrow_nan(x, 8, 7),
        _ => u64::from(half::bf16::from_f64(x).to_bits()),
    }
}

/// The double whose value the bits of a float type have; NaNs keep their payload.
pub(crate) fn from_bits(bits: u64, elem: &Elem) -> f64 {
    let (exponent, mantissa) = match elem {
        Elem::F64 => return f64::from_bits(bits),
        Elem::F32 => (8, 23),
        Elem::F16 => (5, 10),
        _ => (8, 7),
    };
    let payload = bits & ((1 << mantissa) - 1);
    if (bits >> mantissa) & ((1 << exponent) - 1) == (1 << exponent) - 1 && payload != 0 {
        let sign = (bits >> (mantissa + exponent)) & 1;
        return f64::from_bits(sign << 63 | 0x7FF << 52 | payload << (52 - mantissa));
    }
    match elem {
        Elem::F32 => f64::from(f32::from_bits(bits as u32)),
        Elem::F16 => half::f16::from_bits(bits as u16).to_f64(),
        _ => half::bf16::from_bits(bits as u16).to_f64(),
    }
}

fn narrow_nan(x: f64, exponent: u32, mantissa: u32) -> u64 {
    let payload = (x.to_bits() & ((1 << 52) - 1)) >> (52 - mantissa);
    let sign = x.to_bits() >> 63;
    sign << (exponent + mantissa) | ((1 << exponent) - 1) << mantissa | payload.max(1)
}

/// Writes a float of type `elem`; read back, it has the same bits.
pub(super) fn write(out: &mut String, x: f64, elem: &Elem) {
    let bits = to_bits(x, elem);
    let x = from_bits(bits, elem);
    if x.is_finite() {
        let digits = match elem {
            Elem::F64 => 17,
            Elem::F32 => 9,
            _ => 5,
        };
        let short = format!("{x:.5e}");
        let exact = short.parse().is_ok_and(|y: f64| to_bits(y, elem) == bits);
        if exact {
            return push_padded(out, &short);
        }
        if push_full(out, x, digits) {
            return;
        }
    }
    let width = match elem {
        Elem::F64 => 16,
        Elem::F32 => 8,
        _ => 4,
    };
    let _ = write!(out, "0x{bits:0width$X}");
}

/// Rust's `1.50000e0` as LLVM's `1.500000e+00`: six digits and a zero.
fn push_padded(out: &mut String, text: &str) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |d| ('-', d));
    let _ = write!(out, "{mantissa}0e{sign}{digits:0>2}");
}

/// The value with `precision` digits, as LLVM's `APFloat::toString` has it: plain near 1, else with an exponent. False, and nothing is written,
/// where that has no decimal point and so would be read as an integer.
fn push_full(out: &mut String, x: f64, precision: usize) -> bool {
    let text = format!("{:.*e}", precision - 1, x.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = mantissa.replace('.', "");
    let digits = match digits.trim_end_matches('0') {
        "" => "0",
        d => d,
    };
    // The power of ten of the first digit.
    let first: i32 = exponent.parse().unwrap_or(0);
    let count = digits.len() as i32;
    let last = first - (count - 1);
    if (0..=3).contains(&last) && count + last <= precision as i32 {
        return false;
    }
    if x.is_sign_negative() {
        out.push('-');
    }
    let _ = if last < 0 && first >= 0 {
        let (whole, part) = digits.split_at(first as usize + 1);
        write!(out, "{whole}.{part}")
    } else if last < 0 && first >= -3 {
        write!(out, "0.{}{digits}", "0".repeat((-first - 1) as usize))
    } else {
        let part = if count == 1 { "0" } else { &digits[1..] };
        write!(out, "{}.{part}E{first:+}", &digits[..1])
    };
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(x: f64, elem: &Elem) -> String {
        let mut out = String::new();
        write(&mut out, x, elem);
        out
    }

    // The expectations are what mlir-opt prints.
    #[test]
    fn the_spelling_is_upstreams() {
        let f32s = [
            (1.0, "1.000000e+00"),
            (1e10, "1.000000e+10"),
            (f64::from(123_456.7_f32), "123456.703"),
            (f64::from(f32::MIN_POSITIVE), "1.17549435E-38"),
            (f64::from(f32::MAX), "3.40282347E+38"),
            (f64::NEG_INFINITY, "0xFF800000"),
            (16_777_216.0, "0x4B800000"),
            (-0.0, "-0.000000e+00"),
            (f64::from(-0.052_783_918_f32), "-0.0527839176"),
        ];
        for (x, expected) in f32s {
            assert_eq!(text(x, &Elem::F32), expected);
        }
        assert_eq!(text(123_456_789.0, &Elem::F64), "0x419D6F3454000000");
        assert_eq!(text(0.015_801_213_681_697_845, &Elem::F64), "0.015801213681697845");
        assert_eq!(text(half::f16::from_f64(0.3).to_f64(), &Elem::F16), "3.000490e-01");
        assert_eq!(text(from_bits(0x7E01, &Elem::F16), &Elem::F16), "0x7E01");
        assert_eq!(text(from_bits(0x7FA0_0001, &Elem::F32), &Elem::F32), "0x7FA00001");
    }

    #[test]
    fn bits_come_back() {
        for bits in (0..=u64::from(u16::MAX)).step_by(7) {
            assert_eq!(to_bits(from_bits(bits, &Elem::F16), &Elem::F16), bits);
            assert_eq!(to_bits(from_bits(bits, &Elem::BF16), &Elem::BF16), bits);
            let wide = bits << 16 | bits;
            assert_eq!(to_bits(from_bits(wide, &Elem::F32), &Elem::F32), wide);
        }
    }
}
