//! Exponential functions without branches, so that loops over them vectorize.
//!
//! `exp` is Cody and Waite's reduction to `[-ln 2 / 2, ln 2 / 2]` and a Taylor polynomial; the others are made from it.

/// `e^x`, to two units in the last place; below 2^-126 it is 0.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    const HIGH: f32 = 0.693_359_4;
    const LOW: f32 = -2.121_944_4e-4;
    /// Added to a number, it leaves the nearest integer in the low bits.
    const MAGIC: f32 = 12_582_912.0;
    let t = x * std::f32::consts::LOG2_E + MAGIC;
    let n = t - MAGIC;
    let r = (x - n * HIGH) - n * LOW;
    let p = 1.0 / 5040.0;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = p * r + 1.0;
    let p = p * r + 1.0;
    // The power of two in two halves, so that neither leaves the range of exponents.
    let n = t.to_bits().wrapping_sub(MAGIC.to_bits()) as i32;
    let half = n >> 1;
    let power = |n: i32| f32::from_bits((n.wrapping_add(127) as u32) << 23);
    let y = p * power(half) * power(n - half);
    let y = if x < -87.336 { 0.0 } else { y };
    if x > 88.722_84 { f32::INFINITY } else { y }
}

/// `1 / (1 + e^-x)`
#[inline(always)]
pub(super) fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The hyperbolic tangent: near 0 by its continued fraction, elsewhere by `e^2x`.
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    let z = x * x;
    let near = x * (10_395.0 + z * (1_260.0 + 21.0 * z)) / (10_395.0 + z * (4_725.0 + z * (210.0 + z)));
    let far = 1.0 - 2.0 / (exp(2.0 * x.abs()) + 1.0);
    if z < 0.36 { near } else { far.copysign(x) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest relative difference over values of every size.
    fn worst(f: fn(f32) -> f32, exact: fn(f64) -> f64) -> f64 {
        let sizes = (0..4000).map(|i| 1e-6f32 * 1.0046f32.powi(i));
        let values = sizes.flat_map(|v| [v, -v]).filter(|v| v.abs() < 80.0);
        values.map(|v| (f64::from(f(v)) / exact(f64::from(v)) - 1.0).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn they_are_near_the_exact_functions() {
        assert!(worst(exp, f64::exp) < 3e-7, "{}", worst(exp, f64::exp));
        let exact = |x: f64| 1.0 / (1.0 + (-x).exp());
        assert!(worst(logistic, exact) < 4e-7, "{}", worst(logistic, exact));
        assert!(worst(tanh, f64::tanh) < 4e-7, "{}", worst(tanh, f64::tanh));
    }

    #[test]
    fn they_end_where_floats_do() {
        assert_eq!((exp(-200.0), exp(200.0), exp(0.0)), (0.0, f32::INFINITY, 1.0));
        assert!(exp(88.7).is_finite() && exp(f32::NAN).is_nan() && tanh(f32::NAN).is_nan());
        assert_eq!((tanh(1e9), tanh(f32::NEG_INFINITY)), (1.0, -1.0));
        assert_eq!((logistic(f32::NEG_INFINITY), logistic(f32::INFINITY)), (0.0, 1.0));
    }
}
