//! Random operands of kernels.

use quant_opt_kernels::fixed::Multiplier;
use quant_opt_kernels::float::conv::ConvParams;
use quant_opt_kernels::reference::matmul::{DoubleRequant, FromSums};
use quant_opt_kernels::reference::{Codes, Requant};

/// Random numbers from a seed.
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 16
    }

    /// One of several.
    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.next() as usize % choices.len()]
    }

    /// A number of a range.
    pub fn within(&mut self, range: std::ops::Range<usize>) -> usize {
        range.start + self.next() as usize % range.len()
    }

    /// Codes of all values, or only of the ends.
    pub fn codes(&mut self, n: usize, lowest: i8) -> Vec<i8> {
        let ends = self.next().is_multiple_of(4);
        let one = |r: &mut Random| if ends { r.of(&[lowest, 127, 0]) } else { (r.next() as i8).max(lowest) };
        (0..n).map(|_| one(self)).collect()
    }

    /// A zero point, often an extreme one.
    pub fn zero(&mut self) -> i32 {
        let any = self.within(0..256) as i32 - 128;
        self.of(&[-128, 127, 0, any])
    }

    /// Factors that bring sums of `depth` products into the range of codes, or far beyond it.
    fn ratios(&mut self, n: usize, depth: usize) -> Vec<f64> {
        let fine = self.of(&[1.0, 1.0, 1.0, 300.0, 1e-6]);
        (0..n).map(|_| fine * (1 + self.next() % 1000) as f64 / (2000.0 * depth as f64)).collect()
    }

    /// How sums of `depth` products become codes of `channels`.
    pub fn requant(&mut self, channels: usize, depth: usize) -> Requant {
        let n = self.of(&[1, channels]);
        let multipliers = self.ratios(n, depth).into_iter().map(|r| Multiplier::new(r).unwrap()).collect();
        Requant { multipliers, zero: self.zero(), codes: self.limits() }
    }

    /// Codes of a result: all, or those an activation leaves.
    pub fn limits(&mut self) -> Codes {
        let min = self.of(&[-128, -128, -3]);
        Codes { min, max: self.of(&[127, 127, 40, min]) }
    }

    /// Addends, small or large, or none.
    pub fn bias(&mut self, n: usize) -> Option<Vec<i32>> {
        let bits = self.of(&[17, 17, 1]);
        let bias = (0..n).map(|_| (self.next() as i32) >> bits).collect();
        self.of(&[true, true, false]).then_some(bias)
    }

    /// Any stride, dilation and padding.
    pub fn conv(&mut self) -> ConvParams {
        ConvParams {
            stride: [self.within(1..4), self.within(1..4)],
            dilation: [self.of(&[1, 1, 2]), self.of(&[1, 1, 2])],
            same: self.of(&[true, false]),
        }
    }

    /// How sums become codes of a fully connected operation, by either rule.
    pub fn scaling(&mut self, outputs: usize, depth: usize) -> FromSums {
        if self.of(&[true, false]) {
            return FromSums::Fixed(self.requant(outputs, depth));
        }
        let n = self.of(&[1, outputs]);
        FromSums::Real(DoubleRequant { ratios: self.ratios(n, depth), zero: self.zero(), codes: self.limits() })
    }
}
