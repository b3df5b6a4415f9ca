//! Reductions over axes.

use super::{Affine, Codes};
use crate::error::{Result, ensure};
use crate::fixed::Multiplier;
use crate::float::reduce::Plan;

/// How a sum of codes becomes the code of their mean.
#[derive(Clone, Copy, Debug)]
pub struct Mean {
    /// From a sum of values to a code.
    pub multiplier: Multiplier,
    /// The zeros in a sum.
    pub zeros: i32,
    /// Code of 0 in the result.
    pub zero: i32,
}

impl Mean {
    /// Of `count` codes, one at least.
    pub fn new(from: Affine, out: Affine, count: usize) -> Result<Mean> {
        let n = counted(count)?;
        let m = Multiplier::new(f64::from(from.scale) / f64::from(out.scale))?;
        // The division by n goes into the mantissa, with as many more bits as there is room for.
        let bits = (63 - n.leading_zeros() as i32).min(32).min(31 + m.shift).max(0);
        let mantissa = ((i64::from(m.mantissa) << bits) / n) as i32;
        let multiplier = Multiplier { mantissa, ..m }.shifted(-bits);
        Ok(Mean { multiplier, zeros: (i64::from(from.zero) * n) as i32, zero: out.zero })
    }

    fn code(&self, sum: i32) -> i8 {
        Codes::I8.clamp(self.multiplier.apply(sum.wrapping_sub(self.zeros)).wrapping_add(self.zero))
    }
}

/// Mean of the codes of each output.
pub fn mean(x: &[i8], plan: &Plan, from: Affine, out: Affine) -> Result<Vec<i8>> {
    let m = Mean::new(from, out, plan.count)?;
    Ok(sums(x, plan).map(|s| m.code(s)).collect())
}

fn sums(x: &[i8], plan: &Plan) -> impl Iterator<Item = i32> {
    plan.fold(x, 0i32, |s, q| *s = s.wrapping_add(q.into())).into_iter()
}

/// How a sum of codes becomes the code of the sum of their values, as LiteRT's optimized kernel has it (its reference reads int8 as uint8).
#[derive(Clone, Copy, Debug)]
pub struct Sum {
    /// Ratio of the scales.
    pub scale: f32,
    /// What the zeros in a sum come to.
    pub bias: f32,
    /// Code of 0 in the result.
    pub zero: i32,
}

impl Sum {
    /// Of `count` codes, one at least.
    pub fn new(from: Affine, out: Affine, count: usize) -> Result<Sum> {
        let n = counted(count)?;
        let scale = from.scale / out.scale;
        Ok(Sum { scale, bias: -from.zero as f32 * scale * n as f32, zero: out.zero })
    }

    fn code(&self, sum: i32) -> i8 {
        let steps = (sum as f32 * self.scale + self.bias).round() as i32;
        Codes::I8.clamp(steps.saturating_add(self.zero))
    }
}

/// Sum of the values of each output.
pub fn sum(x: &[i8], plan: &Plan, from: Affine, out: Affine) -> Result<Vec<i8>> {
    let k = Sum::new(from, out, plan.count)?;
    Ok(sums(x, plan).map(|s| k.code(s)).collect())
}

/// The factor after each factor of a product of `count` codes.
pub fn product_multiplier(from: Affine, out: Affine, count: usize) -> Result<Multiplier> {
    let n = counted(count)?;
    Multiplier::new(f64::from(from.scale) / f64::from(out.scale).powf(1.0 / n as f64))
}

/// Product of the values of each output, scaled after each factor.
pub fn product(x: &[i8], plan: &Plan, from: Affine, out: Affine) -> Result<Vec<i8>> {
    let m = product_multiplier(from, out, plan.count)?;
    let products = plan.fold(x, None, |p: &mut Option<i32>, q| {
        let v = i32::from(q) - from.zero;
        *p = Some(p.map_or(v, |p| m.apply_wide(i64::from(p) * i64::from(v))));
    });
    let code = |p: Option<i32>| Codes::I8.clamp(m.apply_wide(p.unwrap_or(1).into()).saturating_add(out.zero));
    Ok(products.into_iter().map(code).collect())
}

/// The largest or smallest code of each output; input and result have the same parameters.
pub fn extreme(x: &[i8], plan: &Plan, max: bool) -> Vec<i8> {
    if max { plan.fold(x, i8::MIN, |m, q| *m = q.max(*m)) } else { plan.fold(x, i8::MAX, |m, q| *m = q.min(*m)) }
}

fn counted(count: usize) -> Result<i64> {
    ensure(count > 0, || "a reduction of no elements".into())?;
    Ok(count as i64)
}
