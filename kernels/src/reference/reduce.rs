//! Reductions over axes.

use super::{Affine, Codes};
use crate::error::{Result, ensure};
use crate::fixed::Multiplier;
use crate::float::reduce::Plan;

/// Mean of the codes of each output.
pub fn mean(x: &[i8], plan: &Plan, from: Affine, out: Affine) -> Result<Vec<i8>> {
    let n = counted(plan)?;
    let m = Multiplier::new(f64::from(from.scale) / f64::from(out.scale))?;
    // The division by n goes into the mantissa, with as many more bits as there is room for.
    let bits = (63 - n.leading_zeros() as i32).min(32).min(31 + m.shift).max(0);
    let mantissa = ((i64::from(m.mantissa) << bits) / n) as i32;
    let m = Multiplier { mantissa, ..m }.shifted(-bits);
    let zeros = (i64::from(from.zero) * n) as i32;
    let code = |sum: i32| Codes::I8.clamp(m.apply(sum.wrapping_sub(zeros)).wrapping_add(out.zero));
    Ok(plan.fold(x, 0i32, |s, q| *s = s.wrapping_add(q.into())).into_iter().map(code).collect())
}

/// Sum of the values of each output, as LiteRT's optimized kernel has it (its reference reads int8 as uint8).
pub fn sum(x: &[i8], plan: &Plan, from: Affine, out: Affine) -> Result<Vec<i8>> {
    let n = counted(plan)?;
    let scale = from.scale / out.scale;
    let bias = -from.zero as f32 * scale * n as f32;
    let code = |sum: i32| Codes::I8.clamp(((sum as f32 * scale + bias).round() as i32).saturating_add(out.zero));
    Ok(plan.fold(x, 0i32, |s, q| *s = s.wrapping_add(q.into())).into_iter().map(code).collect())
}

/// Product of the values of each output, scaled after each factor.
pub fn product(x: &[i8], plan: &Plan, from: Affine, out: Affine) -> Result<Vec<i8>> {
    let n = counted(plan)?;
    let m = Multiplier::new(f64::from(from.scale) / f64::from(out.scale).powf(1.0 / n as f64))?;
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

fn counted(plan: &Plan) -> Result<i64> {
    ensure(plan.count > 0, || "a reduction of no elements".into())?;
    Ok(plan.count as i64)
}
