//! Sums and means over neighbouring axes.

use super::pool::add;
use crate::simd::wide;

/// A sum over one run of axes, or a mean.
pub struct Reduction {
    /// Elements that are summed, and elements from one of them to the next: those of the axes behind.
    count: usize,
    inner: usize,
    mean: bool,
}

impl Reduction {
    /// Over `axes` of `shape`, which may be negative; `None` if they are not neighbours.
    pub fn new(shape: &[usize], axes: &[i64], mean: bool) -> Option<Reduction> {
        let mut reduced = vec![false; shape.len()];
        for a in axes {
            reduced[crate::geometry::axis(*a, shape.len()).ok()?] = true;
        }
        let first = reduced.iter().position(|r| *r)?;
        let end = shape.len() - reduced.iter().rev().position(|r| *r)?;
        if reduced[first..end].contains(&false) {
            return None;
        }
        let (count, inner) = (shape[first..end].iter().product(), shape[end..].iter().product());
        (count > 0 && inner > 0).then_some(Reduction { count, inner, mean })
    }

    /// Elements of the result that are best computed at a time: whole rows of the axes behind.
    pub fn band(&self) -> usize {
        (super::BAND / self.inner).max(1) * self.inner
    }

    /// Computes the rows that fill `y`, from row `first` on, of the whole operand `x`.
    pub fn run(&self, x: &[f32], first: usize, y: &mut [f32]) {
        let size = self.count * self.inner;
        let blocks = x[first * size..].chunks_exact(size);
        for (block, out) in blocks.zip(y.chunks_exact_mut(self.inner)) {
            if self.inner == 1 {
                total(block, &mut out[0]);
            } else {
                out.fill(0.0);
                block.chunks_exact(self.inner).for_each(|row| add(row, out));
            }
        }
        if self.mean {
            let n = self.count as f32;
            y.iter_mut().for_each(|v| *v /= n);
        }
    }
}

wide! {
    /// The sum of a row, in independent lanes.
    fn total(x: &[f32], sum: &mut f32) {
        const LANES: usize = 16;
        let mut lanes = [0f32; LANES];
        let chunks = x.chunks_exact(LANES);
        let rest: f32 = chunks.remainder().iter().sum();
        for chunk in chunks {
            for k in 0..LANES {
                lanes[k] += chunk[k];
            }
        }
        *sum = lanes.iter().sum::<f32>() + rest;
    }
}
