//! `exp(beta * x) / sum(exp(beta * x))` of every row.

use super::math;
use crate::simd::wide;

/// A softmax of rows.
pub struct Softmax {
    depth: usize,
    beta: f32,
}

impl Softmax {
    /// Of rows of `depth` elements, at least one.
    pub fn new(depth: usize, beta: f32) -> Softmax {
        Softmax { depth: depth.max(1), beta }
    }

    /// Elements of the result that are best computed at a time: whole rows.
    pub fn band(&self) -> usize {
        (super::BAND / self.depth).max(1) * self.depth
    }

    /// Computes the elements that fill `y`, from element `first` on, of the whole operand `x`.
    pub fn run(&self, x: &[f32], first: usize, y: &mut [f32]) {
        let x = &x[first..first + y.len()];
        for (x, y) in x.chunks_exact(self.depth).zip(y.chunks_exact_mut(self.depth)) {
            row(x, self.beta, y);
        }
    }
}

wide! {
    fn row(x: &[f32], beta: f32, y: &mut [f32]) {
        let max = x.iter().fold(f32::NEG_INFINITY, |m, v| m.max(*v));
        for (y, x) in y.iter_mut().zip(x) {
            *y = math::exp((x - max) * beta);
        }
        let sum: f32 = y.iter().sum();
        y.iter_mut().for_each(|y| *y /= sum);
    }
}
