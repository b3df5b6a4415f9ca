//! A softmax of rows of int8 codes: exponentials are looked up.

use crate::fixed::{exp_of_negative, high_mul, reciprocal, round_shift};
use crate::reference::rows::{self, SUM_BITS};

/// How far a code may be below the greatest of its row, and 0.
const DIFFERENCES: usize = 256;

/// The function of [`rows::Softmax`], which has an exponential for each difference to the maximum of a row.
pub struct Softmax {
    depth: usize,
    /// The exponential of each difference, in `0..=1` of 31 bits.
    exponentials: [i32; DIFFERENCES],
    /// What it adds to the sum of a row, of [`SUM_BITS`] integer bits: 0 where it does not count.
    terms: [i32; DIFFERENCES],
    /// How many differences count.
    count: usize,
}

impl Softmax {
    /// Of rows of `depth` codes, at least one.
    pub fn new(of: &rows::Softmax, depth: usize) -> Softmax {
        let (multiplier, least) = of.parts();
        let count = usize::try_from(1 - i64::from(least)).unwrap_or(0).min(DIFFERENCES);
        let (mut exponentials, mut terms) = ([0; DIFFERENCES], [0; DIFFERENCES]);
        for (difference, (e, term)) in (0i32..).zip(exponentials.iter_mut().zip(&mut terms).take(count)) {
            *e = exp_of_negative(multiplier.apply(-difference));
            *term = round_shift(*e, SUM_BITS);
        }
        Softmax { depth: depth.max(1), exponentials, terms, count }
    }

    /// Computes rows `rows` of the result, which fill `y`, of the whole operand `x`.
    pub fn run(&self, x: &[i8], rows: std::ops::Range<usize>, y: &mut [i8]) {
        let x = &x[rows.start * self.depth..][..y.len()];
        for (x, y) in x.chunks_exact(self.depth).zip(y.chunks_exact_mut(self.depth)) {
            self.row(x, y);
        }
    }

    fn row(&self, x: &[i8], y: &mut [i8]) {
        let max = x.iter().copied().max().unwrap_or(0);
        let sum = x.iter().fold(0i32, |sum, code| sum.wrapping_add(self.terms[usize::from(max.abs_diff(*code))]));
        let (scale, bits) = reciprocal(sum, SUM_BITS);
        let shift = (bits + 31 - 8).clamp(0, 31);
        for (y, code) in y.iter_mut().zip(x) {
            let difference = usize::from(max.abs_diff(*code));
            let share = || round_shift(high_mul(scale, self.exponentials[difference]), shift) - 128;
            *y = if difference < self.count { share().clamp(-128, 127) as i8 } else { i8::MIN };
        }
    }
}
