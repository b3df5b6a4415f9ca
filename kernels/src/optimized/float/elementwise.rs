//! Element-wise functions whose loops vectorize.

use super::BAND;
use super::math;
use crate::error::Result;
use crate::float::Clamp;
use crate::optimized::pairing::Pairing;
use crate::simd::wide;

/// A loop over two operands of as many elements as the result; either may be one element.
type BinaryLoop = fn(&[f32], &[f32], Clamp, &mut [f32]);
/// A loop over one operand, with a parameter that some functions have.
type UnaryLoop = fn(&[f32], f32, &mut [f32]);

/// One row a function: its name and its value.
macro_rules! binary {
    ($($name:ident: |$x:ident, $y:ident| $value:expr;)*) => {
        $(wide! {
            fn $name(a: &[f32], b: &[f32], act: Clamp, out: &mut [f32]) {
                let value = |$x: f32, $y: f32| ($value).max(act.min).min(act.max);
                match (a, b) {
                    (a, [y]) if a.len() == out.len() => a.iter().zip(out).for_each(|(x, o)| *o = value(*x, *y)),
                    ([x], b) => b.iter().zip(out).for_each(|(y, o)| *o = value(*x, *y)),
                    _ => a.iter().zip(b).zip(out).for_each(|((x, y), o)| *o = value(*x, *y)),
                }
            }
        })*
        /// The functions of two operands, by name.
        pub const BINARY: &[(&str, BinaryLoop)] = &[$((stringify!($name), $name)),*];
    };
}

macro_rules! unary {
    ($($name:ident: |$x:ident, $p:ident| $value:expr;)*) => {
        $(wide! {
            fn $name(a: &[f32], $p: f32, out: &mut [f32]) {
                a.iter().zip(out).for_each(|(x, o)| { let $x = *x; *o = $value; });
            }
        })*
        /// The functions of one operand, by name.
        pub const UNARY: &[(&str, UnaryLoop)] = &[$((stringify!($name), $name)),*];
    };
}

binary! {
    add: |x, y| x + y;
    div: |x, y| x / y;
    maximum: |x, y| x.max(y);
    minimum: |x, y| x.min(y);
    mul: |x, y| x * y;
    prelu: |x, y| if x >= 0.0 { x } else { x * y };
    squared_difference: |x, y| (x - y) * (x - y);
    sub: |x, y| x - y;
}

unary! {
    abs: |x, _p| x.abs();
    ceil: |x, _p| x.ceil();
    exp: |x, _p| math::exp(x);
    floor: |x, _p| x.floor();
    hard_swish: |x, _p| x * (x + 3.0).clamp(0.0, 6.0) / 6.0;
    leaky_relu: |x, p| if x >= 0.0 { x } else { p * x };
    logistic: |x, _p| math::logistic(x);
    neg: |x, _p| -x;
    relu: |x, _p| x.max(0.0);
    relu6: |x, _p| x.clamp(0.0, 6.0);
    relu_0_to_1: |x, _p| x.clamp(0.0, 1.0);
    relu_n1_to_1: |x, _p| x.clamp(-1.0, 1.0);
    rsqrt: |x, _p| 1.0 / x.sqrt();
    sqrt: |x, _p| x.sqrt();
    square: |x, _p| x * x;
    tanh: |x, _p| math::tanh(x);
}

/// A function of two operands, of which one may be repeated.
pub struct Binary {
    run: BinaryLoop,
    act: Clamp,
    pairing: Pairing,
}

impl Binary {
    /// For shapes of operands and result; `None` if they are broadcast in a way that has no loop.
    pub fn new(run: BinaryLoop, a: &[usize], b: &[usize], y: &[usize], act: Clamp) -> Option<Binary> {
        Some(Binary { run, act, pairing: Pairing::new(a, b, y)? })
    }

    /// Elements of the result that are best computed at a time.
    pub fn band(&self) -> usize {
        self.pairing.band()
    }

    /// Computes the elements that fill `y`, from element `first` on, where a band begins.
    pub fn run(&self, a: &[f32], b: &[f32], first: usize, y: &mut [f32]) -> Result<()> {
        self.pairing.each((a, b), first, y, |a, b, y| {
            (self.run)(a, b, self.act, y);
            Ok(())
        })
    }
}

/// A function of one operand.
pub struct Unary {
    run: UnaryLoop,
    parameter: f32,
}

impl Unary {
    /// With the parameter, where the function has one.
    pub fn new(run: UnaryLoop, parameter: f32) -> Unary {
        Unary { run, parameter }
    }

    /// Elements of the result that are best computed at a time.
    pub fn band(&self) -> usize {
        BAND
    }

    /// Computes the elements that fill `y`, from element `first` on.
    pub fn run(&self, x: &[f32], first: usize, y: &mut [f32]) {
        (self.run)(&x[first..first + y.len()], self.parameter, y);
    }
}
