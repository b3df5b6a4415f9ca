//! How a kernel runs in memory that is given.

use super::memory::Operands;
use crate::error::{KernelError, Result};
use crate::range::Range;

/// One operation with one result, prepared for its shapes.
pub(super) trait Kernel: Send + Sync {
    /// Which operands of the operation it reads when it runs, in its own order; others it has taken in.
    fn operands(&self) -> &[usize];

    /// Bytes of the result that are best computed at a time, whole elements; the last ones may be fewer.
    fn band(&self) -> usize;

    /// Bytes of scratch that a run needs.
    fn scratch(&self) -> usize {
        0
    }

    /// Computes a band of the result that begins at byte `first`. What it writes does not depend on where else bands begin.
    fn run(&self, x: Operands<'_>, first: usize, y: &mut [u8], scratch: &mut [u8]) -> Result<()>;
}

/// What is found out about the values of a result while they are near.
pub(super) type Seen<'r> = Option<&'r mut Range>;

/// The bytes of a result that one call computes, and what it computes them with.
pub(super) struct Work<'a> {
    pub(super) kernel: &'a dyn Kernel,
    pub(super) x: Operands<'a>,
    /// As much as the kernel needs for each thread.
    pub(super) scratch: &'a mut [u8],
    /// The first byte of `y`.
    pub(super) first: usize,
    pub(super) y: &'a mut [u8],
}

impl Work<'_> {
    /// Computes band after band; `threads` share them, each some that stand side by side.
    pub(super) fn run(self, threads: usize, mut seen: Seen<'_>) -> Result<()> {
        let band = self.kernel.band().max(1);
        let bands = self.y.len().div_ceil(band);
        if threads > 1 && bands > 1 {
            return self.share(bands.div_ceil(2) * band, threads, seen);
        }
        for (i, y) in self.y.chunks_mut(band).enumerate() {
            self.kernel.run(self.x, self.first + i * band, y, self.scratch)?;
            if let Some(range) = &mut seen {
                range.see(bytemuck::try_cast_slice(y).map_err(|_| KernelError::new("the result is not float32"))?);
            }
        }
        Ok(())
    }

    /// Gives the first bytes to one half of the threads and the rest to the other.
    fn share(self, bytes: usize, threads: usize, seen: Seen<'_>) -> Result<()> {
        let half = threads.div_ceil(2);
        let (y, rest) = self.y.split_at_mut(bytes);
        let (scratch, other) = self.scratch.split_at_mut(self.scratch.len() / threads * half);
        let left = Work { scratch, y, ..self };
        let right = Work { scratch: other, first: self.first + bytes, y: rest, ..self };
        let (mut low, mut high) = (Range::EMPTY, Range::EMPTY);
        let (low_seen, high_seen) = match seen {
            Some(_) => (Some(&mut low), Some(&mut high)),
            None => (None, None),
        };
        let (a, b) = rayon::join(|| left.run(half, low_seen), || right.run(threads - half, high_seen));
        if let Some(range) = seen {
            range.merge(low);
            range.merge(high);
        }
        a.and(b)
    }
}
