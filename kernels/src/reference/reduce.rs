//! Reductions over axes.

use super::{Affine, Code};
use crate::error::{Result, ensure};
use crate::fixed::Multiplier;
use crate::float::reduce::Plan;
use crate::rounding::Rounding;

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

    /// The same of the sum itself, as TFLite Micro has it.
    pub fn of_sum(from: Affine, out: Affine, count: usize) -> Result<Mean> {
        let zeros = counted(count)?.wrapping_mul(from.zero.into()) as i32;
        let multiplier = Multiplier::new(f64::from(from.scale) / f64::from(out.scale))?;
        Ok(Mean { multiplier, zeros, zero: out.zero })
    }

    fn code<C: Code>(&self, sum: i32) -> C {
        C::ALL.clamp(self.multiplier.apply(sum.wrapping_sub(self.zeros)).wrapping_add(self.zero))
    }
}

/// Mean of the codes of each output.
pub fn mean<C: Code>(x: &[C], plan: &Plan, from: Affine, out: Affine) -> Result<Vec<C>> {
    let m = Mean::new(from, out, plan.count)?;
    Ok(sums(x, plan).map(|s| m.code(s)).collect())
}

fn sums<C: Code>(x: &[C], plan: &Plan) -> impl Iterator<Item = i32> {
    plan.fold(x, 0i32, |s, q| *s = s.wrapping_add(q.into())).into_iter()
}

/// How the sum of a channel of int8 images becomes the code of its mean in LiteRT's optimized kernel: the zero points are taken out of the sum as
/// one rounded code.
#[derive(Clone, Copy, Debug)]
pub struct MeanOfImages {
    /// From a sum of codes to a code.
    pub multiplier: Multiplier,
    /// What is added to that.
    pub bias: i32,
}

impl MeanOfImages {
    /// Of `count` pixels, one at least.
    pub fn new(from: Affine, out: Affine, count: usize) -> Result<MeanOfImages> {
        let n = counted(count)?;
        let multiplier = Multiplier::new((from.scale / (n as f32 * out.scale)).into())?;
        let bias = out.zero.wrapping_sub((from.zero as f32 * from.scale / out.scale).round() as i32);
        Ok(MeanOfImages { multiplier, bias })
    }
}

/// Mean of each channel of images `[n, h, w, c]` in LiteRT's optimized kernel, which rounds channels in blocks of 16.
pub fn mean_of_images(x: &[i8], plan: &Plan, channels: usize, from: Affine, out: Affine) -> Result<Vec<i8>> {
    let m = MeanOfImages::new(from, out, plan.count)?;
    let code = |(i, sum): (usize, i32)| {
        let by = m.multiplier.by(Rounding::Optimized.in_blocks(i % channels, channels, 16));
        i8::ALL.clamp(by.apply(sum).wrapping_add(m.bias))
    };
    Ok(sums(x, plan).enumerate().map(code).collect())
}

/// Sum of the values of each output in fixed point, as in TFLite Micro.
pub fn sum_in_fixed_point<C: Code>(x: &[C], plan: &Plan, from: Affine, out: Affine) -> Result<Vec<C>> {
    let m = Mean::of_sum(from, out, plan.count)?;
    Ok(sums(x, plan).map(|s| m.code(s)).collect())
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

    fn code<C: Code>(&self, sum: i32) -> C {
        let steps = (sum as f32 * self.scale + self.bias).round() as i32;
        C::ALL.clamp(steps.saturating_add(self.zero))
    }
}

/// Sum of the values of each output.
pub fn sum<C: Code>(x: &[C], plan: &Plan, from: Affine, out: Affine) -> Result<Vec<C>> {
    let k = Sum::new(from, out, plan.count)?;
    Ok(sums(x, plan).map(|s| k.code(s)).collect())
}

/// The factor after each factor of a product of `count` codes.
pub fn product_multiplier(from: Affine, out: Affine, count: usize) -> Result<Multiplier> {
    let n = counted(count)?;
    Multiplier::new(f64::from(from.scale) / f64::from(out.scale).powf(1.0 / n as f64))
}

/// Product of the values of each output, scaled after each factor.
pub fn product<C: Code>(x: &[C], plan: &Plan, from: Affine, out: Affine) -> Result<Vec<C>> {
    let m = product_multiplier(from, out, plan.count)?;
    let products = plan.fold(x, None, |p: &mut Option<i32>, q| {
        let v = Into::<i32>::into(q) - from.zero;
        *p = Some(p.map_or(v, |p| m.apply_wide(i64::from(p) * i64::from(v))));
    });
    let code = |p: Option<i32>| C::ALL.clamp(m.apply_wide(p.unwrap_or(1).into()).saturating_add(out.zero));
    Ok(products.into_iter().map(code).collect())
}

/// The largest or smallest code of each output; input and result have the same parameters.
pub fn extreme<C: Code>(x: &[C], plan: &Plan, max: bool) -> Vec<C> {
    let ends = C::ALL;
    if max {
        plan.fold(x, C::of(ends.min), |m, q| *m = q.max(*m))
    } else {
        plan.fold(x, C::of(ends.max), |m, q| *m = q.min(*m))
    }
}

fn counted(count: usize) -> Result<i64> {
    ensure(count > 0, || "a reduction of no elements".into())?;
    Ok(count as i64)
}
