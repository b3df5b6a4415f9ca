//! Element-wise functions with numpy's broadcasting.

use crate::error::{Result, ensure};
use crate::geometry::{elements, strides};

/// The shape two shapes broadcast to.
pub fn broadcast_shape(a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let rank = a.len().max(b.len());
    let at = |s: &[usize], i: usize| if i + s.len() < rank { 1 } else { s[i + s.len() - rank] };
    (0..rank)
        .map(|i| {
            let (x, y) = (at(a, i), at(b, i));
            ensure(x == y || x == 1 || y == 1, || format!("dimensions {x} and {y} do not broadcast"))?;
            Ok(if x == 1 { y } else { x })
        })
        .collect()
}

/// Applies `f` to every pair of elements; gives the result and its shape.
pub fn binary<A: Copy, B: Copy, T>(
    a: &[A],
    a_shape: &[usize],
    b: &[B],
    b_shape: &[usize],
    f: impl Fn(A, B) -> T,
) -> Result<(Vec<T>, Vec<usize>)> {
    let shape = broadcast_shape(a_shape, b_shape)?;
    let total = elements(&shape)?;
    if total == 0 {
        return Ok((Vec::new(), shape));
    }
    let out = if a.len() == total && b.len() == total {
        a.iter().zip(b).map(|(x, y)| f(*x, *y)).collect()
    } else if b.len() == 1 {
        a.iter().map(|x| f(*x, b[0])).collect()
    } else if a.len() == 1 {
        b.iter().map(|y| f(a[0], *y)).collect()
    } else if a.len() == total && shape.ends_with(trim(b_shape)) {
        a.chunks(b.len()).flat_map(|row| row.iter().zip(b).map(|(x, y)| f(*x, *y))).collect()
    } else {
        let (ia, ib) = (indices(a_shape, &shape), indices(b_shape, &shape));
        ia.into_iter().zip(ib).map(|(i, j)| f(a[i], b[j])).collect()
    };
    Ok((out, shape))
}

fn trim(shape: &[usize]) -> &[usize] {
    let ones = shape.iter().take_while(|d| **d == 1).count();
    &shape[ones..]
}

/// For each element of `to`, the element of a tensor of shape `from` it reads.
pub fn indices(from: &[usize], to: &[usize]) -> Vec<usize> {
    let own = strides(from);
    let step: Vec<usize> = (0..to.len())
        .map(|i| match (i + from.len()).checked_sub(to.len()) {
            Some(d) if from[d] != 1 => own[d],
            _ => 0,
        })
        .collect();
    let mut out = Vec::with_capacity(to.iter().product());
    let mut at = vec![0usize; to.len()];
    let mut index = 0usize;
    for _ in 0..to.iter().product::<usize>() {
        out.push(index);
        for d in (0..to.len()).rev() {
            at[d] += 1;
            index += step[d];
            if at[d] < to[d] {
                break;
            }
            index -= step[d] * to[d];
            at[d] = 0;
        }
    }
    out
}

/// `x * relu6(x + 3) / 6`
pub fn hard_swish(x: f32) -> f32 {
    x * (x + 3.0).clamp(0.0, 6.0) / 6.0
}

/// `1 / (1 + e^-x)`
pub fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// The Gaussian error linear unit; by tanh if `approximate`.
pub fn gelu(x: f32, approximate: bool) -> f32 {
    if approximate {
        let k = (2.0 / std::f64::consts::PI).sqrt() as f32;
        0.5 * x * (1.0 + (k * (x + 0.044715 * x * x * x)).tanh())
    } else {
        (0.5 * f64::from(x) * erfc(-f64::from(x) * std::f64::consts::FRAC_1_SQRT_2)) as f32
    }
}

/// The error function.
pub fn erf(x: f64) -> f64 {
    1.0 - erfc(x)
}

/// The complementary error function, to about 1e-15 relative: its Taylor series near zero, its continued fraction elsewhere
/// (Abramowitz and Stegun 7.1.6 and 7.1.14).
pub fn erfc(x: f64) -> f64 {
    let z = x.abs();
    let tail = if z < 2.5 {
        let (mut term, mut sum, mut n) = (z, z, 0.0f64);
        while term > 1e-17 * sum {
            n += 1.0;
            term *= 2.0 * z * z / (2.0 * n + 1.0);
            sum += term;
        }
        1.0 - std::f64::consts::FRAC_2_SQRT_PI * (-z * z).exp() * sum
    } else {
        let fraction = (1..=60).rev().fold(z, |f, k| z + f64::from(k) / 2.0 / f);
        (-z * z).exp() / (fraction * std::f64::consts::PI.sqrt())
    };
    if x < 0.0 { 2.0 - tail } else { tail }
}

/// Remainder with the sign of the divisor.
pub fn floor_mod(a: f32, b: f32) -> f32 {
    let r = a % b;
    if r != 0.0 && (r < 0.0) != (b < 0.0) { r + b } else { r }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_broadcasting_is_the_same() {
        let a: Vec<f32> = (0..6).map(|v| v as f32).collect();
        let f = |x: f32, y: f32| x * 10.0 + y;
        assert_eq!(binary(&a, &[2, 3], &[1.0, 2.0, 3.0], &[3], f).unwrap().0, [1.0, 12.0, 23.0, 31.0, 42.0, 53.0]);
        assert_eq!(binary(&a, &[2, 3], &[1.0, 2.0], &[2, 1], f).unwrap().0, [1.0, 11.0, 21.0, 32.0, 42.0, 52.0]);
        assert_eq!(binary(&[1.0, 2.0], &[2, 1], &[5.0, 6.0], &[1, 2], f).unwrap().0, [15.0, 16.0, 25.0, 26.0]);
        assert!(binary(&a, &[2, 3], &[1.0, 2.0], &[2], f).is_err());
    }

    #[test]
    fn error_function_values() {
        for (x, y) in
            [(0.0, 0.0), (0.5, 0.520_499_877_813_046_5), (1.0, 0.842_700_792_949_714_9), (3.0, 0.999_977_909_503_001_4)]
        {
            assert!((erf(x) - y).abs() < 1e-15, "erf({x}) = {}", erf(x));
            assert!((erf(-x) + y).abs() < 1e-15);
        }
        assert!((erfc(5.0) / 1.537_459_794_428_034_8e-12 - 1.0).abs() < 1e-12);
    }
}
