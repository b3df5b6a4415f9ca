//! Functions of one code: tables of all of them, made once.

use super::curve::Curve;
use super::{Affine, Code, Codes, sigmoid};
use crate::error::{Result, ensure};
use crate::fixed::{Multiplier, high_mul_16, inverse_sqrt, round_shift};
use crate::float::elementwise::erfc;

/// How a result follows from a code, where a table of all is too long to be written down.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// In no other way than by the table.
    Listed,
    /// A factor, and limits.
    Rescaled(Multiplier, Codes),
    /// A factor for the size.
    Size(Multiplier),
    /// A factor for positive values, one for the others, which it may turn over.
    Bent { positive: Multiplier, negative: Multiplier, falls: bool },
    /// The square root, towards zero.
    Root,
    /// Points and lines.
    Curve(Curve),
    /// The sigmoid.
    Logistic(sigmoid::Input),
    /// The hyperbolic tangent, by the sigmoid.
    Tanh(sigmoid::Input),
}

/// The result of each code.
#[derive(Clone, Debug)]
pub struct Table<C = i8> {
    /// From the lowest code on.
    codes: Vec<C>,
    /// The least code the function takes.
    least: i32,
    form: Form,
}

impl<C: Code> Table<C> {
    /// Of any function of codes, all of which it takes.
    pub fn new(f: impl Fn(i32) -> C) -> Table<C> {
        Table::from(C::ALL.min, f)
    }

    /// Of a function of codes from `least` on.
    fn from(least: i32, f: impl Fn(i32) -> C) -> Table<C> {
        Table { codes: C::ALL.each().map(|q| f(q.max(least))).collect(), least, form: Form::Listed }
    }

    /// The same table, whose codes have a form.
    pub(super) fn with(self, form: Form) -> Table<C> {
        Table { form, ..self }
    }

    /// What the codes follow from.
    pub(crate) fn form(&self) -> &Form {
        &self.form
    }

    /// The results of all codes, from the lowest on.
    pub fn codes(&self) -> &[C] {
        &self.codes
    }

    /// The least code the function takes.
    pub fn least(&self) -> i32 {
        self.least
    }

    /// Applies it. A code below the function's domain is an error.
    pub fn apply(&self, x: &[C]) -> Result<Vec<C>> {
        let inside = self.least == C::ALL.min || x.iter().all(|q| Into::<i32>::into(*q) >= self.least);
        ensure(inside, || "a value is negative".into())?;
        Ok(x.iter().map(|q| self.codes[q.index()]).collect())
    }

    /// A float function between dequantization and quantization, all in float32. LiteRT takes functions of int16 from a [`Curve`].
    fn real(x: Affine, out: Affine, f: impl Fn(f32) -> f32) -> Table<C> {
        if C::ALL == i16::ALL {
            let curve = Curve::single(x, out, f);
            return Table::new(|q| C::of(curve.at(q))).with(Form::Curve(curve));
        }
        let inverse = 1.0 / out.scale;
        Table::new(|q| {
            let y = (f(x.scale * (q - x.zero) as f32) * inverse).round();
            C::ALL.clamp((y + out.zero as f32) as i32)
        })
    }
}

/// `x` with the codes of the result limited to those between two real values.
pub fn relu<C: Code>(x: Affine, out: Affine, lowest: f32, highest: f32) -> Result<Table<C>> {
    let m = Multiplier::new((x.scale / out.scale).into())?;
    let min = out.code(lowest).max(C::ALL.min);
    let max = if highest.is_finite() { out.code(highest).min(C::ALL.max) } else { C::ALL.max };
    let codes = Codes { min, max };
    let table = Table::new(|q| codes.clamp(out.zero.wrapping_add(m.apply(q - x.zero))));
    Ok(table.with(Form::Rescaled(m, codes)))
}

/// `x` if positive, else `alpha * x`.
pub fn leaky_relu<C: Code>(x: Affine, out: Affine, alpha: f32) -> Result<Table<C>> {
    let positive = Multiplier::new((x.scale / out.scale).into())?;
    let slope = x.scale * alpha / out.scale;
    let negative = Multiplier::new(slope.abs().into())?;
    let falls = slope < 0.0;
    let table = Table::new(|q| {
        let v = q - x.zero;
        let y = match v {
            0.. => positive.apply(v),
            _ if falls => -negative.apply(v),
            _ => negative.apply(v),
        };
        C::ALL.clamp(y.wrapping_add(out.zero))
    });
    Ok(table.with(Form::Bent { positive, negative, falls }))
}

/// `|x|`
pub fn abs<C: Code>(x: Affine, out: Affine) -> Result<Table<C>> {
    // A factor of 1 leaves codes as they are.
    let m = Multiplier::new((x.scale / out.scale).into())?;
    let table = Table::new(|q| C::ALL.clamp(m.apply((q - x.zero).abs()).wrapping_add(out.zero)));
    Ok(table.with(Form::Size(m)))
}

/// A multiplier's mantissa in 16 bits.
fn mantissa_16(m: Multiplier) -> i16 {
    if m.mantissa >= i32::MAX - (1 << 15) { i16::MAX } else { ((m.mantissa + (1 << 15)) >> 16) as i16 }
}

/// `x * relu6(x + 3) / 6`. The result's scale must not be finer than that of the input, times 128.
pub fn hard_swish<C: Code>(x: Affine, out: Affine) -> Result<Table<C>> {
    let fine = 1.0 / 128.0 * x.scale;
    let to_output = Multiplier::new((fine / out.scale).into())?;
    let to_relu = Multiplier::new((fine / (3.0 / 32768.0)).into())?;
    ensure(to_output.shift <= 0, || "the scale of the result is too small for its operand".into())?;
    let (output_16, relu_16) = (mantissa_16(to_output), mantissa_16(to_relu));
    let saturated = |v: i32| v.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
    Ok(Table::new(|q| {
        let v = saturated((q - x.zero) * 128);
        let scaled = high_mul_16(v, output_16);
        let mut gate = v;
        if to_relu.shift > 0 {
            gate = saturated(i32::from(gate).checked_shl(to_relu.shift as u32 - 1).unwrap_or(0));
        }
        gate = high_mul_16(gate, relu_16);
        if to_relu.shift > 0 {
            gate = saturated(i32::from(gate) << 1);
        } else {
            gate = round_shift(gate.into(), -to_relu.shift) as i16;
        }
        let gate = (i32::from(gate) + (1 << 15)) >> 1;
        let product = saturated(gate * i32::from(scaled) / (1 << 15));
        C::ALL.clamp(round_shift(product.into(), -to_output.shift) + out.zero)
    }))
}

/// `1 / (1 + e^-x)`; the result must be in steps of 1/256 from the lowest code.
pub fn logistic<C: Code>(x: Affine, out: Affine) -> Result<Table<C>> {
    let fits = out == Affine { scale: 1.0 / 256.0, zero: C::ALL.min };
    ensure(fits, || format!("the result of a logistic is 1/256 from {}", C::ALL.min))?;
    Ok(Table::real(x, out, |v| 1.0 / (1.0 + (-v).exp())))
}

/// Hyperbolic tangent; the result must be in steps of 1/128 from the middle code.
pub fn tanh<C: Code>(x: Affine, out: Affine) -> Result<Table<C>> {
    let fits = out == Affine { scale: 1.0 / 128.0, zero: C::ALL.middle() };
    ensure(fits, || format!("the result of a tanh is 1/128 from {}", C::ALL.middle()))?;
    Ok(Table::real(x, out, f32::tanh))
}

/// The Gaussian error linear unit; by tanh if `approximate`.
pub fn gelu<C: Code>(x: Affine, out: Affine, approximate: bool) -> Table<C> {
    if approximate {
        return Table::real(x, out, |v| crate::float::elementwise::gelu(v, true));
    }
    Table::real(x, out, |v| 0.5 * v * erfc(f64::from(v * -std::f32::consts::FRAC_1_SQRT_2)) as f32)
}

/// `e^x`
pub fn exp<C: Code>(x: Affine, out: Affine) -> Table<C> {
    Table::real(x, out, f32::exp)
}

/// `x` if positive, else `e^x - 1`.
pub fn elu<C: Code>(x: Affine, out: Affine) -> Table<C> {
    Table::real(x, out, |v| if v < 0.0 { v.exp_m1() } else { v })
}

/// Natural logarithm; the lowest code where there is none.
pub fn log<C: Code>(x: Affine, out: Affine) -> Table<C> {
    let lowest = (C::ALL.min - out.zero) as f32 * out.scale;
    Table::real(x, out, |v| if v <= 0.0 { lowest } else { v.ln() })
}

/// Square root, rounded towards zero; negative values are errors.
pub fn sqrt<C: Code>(x: Affine, out: Affine) -> Table<C> {
    Table::from(x.zero, |q| {
        let real = (x.scale * (q - x.zero) as f32).sqrt();
        C::ALL.clamp(((real / out.scale) as i32).saturating_add(out.zero))
    })
    .with(Form::Root)
}

/// `1 / sqrt(x)`; the highest code for 0, an error for negative values.
pub fn rsqrt<C: Code>(x: Affine, out: Affine) -> Result<Table<C>> {
    const FRACTION_BITS: i32 = 20;
    let m = Multiplier::new(1.0 / f64::from(x.scale.sqrt() * out.scale))?.shifted(-FRACTION_BITS);
    Ok(Table::from(x.zero, |q| {
        let v = q - x.zero;
        if v == 0 {
            return C::of(C::ALL.max);
        }
        let inverse = inverse_sqrt(v).shifted(FRACTION_BITS).apply(1);
        C::ALL.clamp(m.apply(inverse).wrapping_add(out.zero))
    }))
}

/// `1 / sqrt(x)` of int16 codes; the highest value where there is none.
pub fn rsqrt_by_curve(x: Affine, out: Affine) -> Table<i16> {
    let highest = i16::ALL.max as f32 * out.scale;
    Table::real(x, out, |v| if v <= 0.0 { highest } else { 1.0 / v.sqrt() })
}
