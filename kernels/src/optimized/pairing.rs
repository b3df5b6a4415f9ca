//! How two operands of an element-wise function meet where one of them is repeated.

use super::float::BAND;
use crate::error::{Result, ensure};

/// How an operand is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    /// An element for each of the result.
    All,
    /// Its rows of so many elements again and again; 1 is one element for all.
    Again(usize),
}

impl Read {
    /// For an operand of a shape and a result of a shape; `None` if the operand is broadcast in another way.
    fn of(x: &[usize], y: &[usize]) -> Option<Read> {
        let count: usize = x.iter().product();
        let inner = &x[x.iter().take_while(|d| **d == 1).count()..];
        if count == y.iter().product() {
            return Some(Read::All);
        }
        (count > 0 && y.ends_with(inner)).then_some(Read::Again(count))
    }

    /// What `n` elements of the result from element `at` on read, inside one row.
    fn part<T>(self, x: &[T], at: usize, n: usize) -> &[T] {
        match self {
            Read::All => &x[at..at + n],
            Read::Again(1) => x,
            Read::Again(_) => &x[..n],
        }
    }

    fn is_whole<T>(self, x: &[T], end: usize) -> bool {
        match self {
            Read::All => x.len() >= end,
            Read::Again(n) => x.len() == n,
        }
    }
}

/// Two operands, of which one may be repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pairing {
    reads: [Read; 2],
    /// Elements after which what is repeated begins again.
    row: usize,
}

impl Pairing {
    /// For shapes of operands and result; `None` if they are broadcast in another way.
    pub(crate) fn new(a: &[usize], b: &[usize], y: &[usize]) -> Option<Pairing> {
        let reads = [Read::of(a, y)?, Read::of(b, y)?];
        let row = match reads {
            [Read::All, Read::All] | [Read::All, Read::Again(1)] | [Read::Again(1), Read::All] => BAND,
            [Read::All, Read::Again(n)] | [Read::Again(n), Read::All] => n,
            [Read::Again(_), Read::Again(_)] => return None,
        };
        Some(Pairing { reads, row })
    }

    /// Elements of the result that are best computed at a time.
    pub(crate) fn band(&self) -> usize {
        BAND.div_ceil(self.row) * self.row
    }

    /// Calls `run` with what belongs together, until the elements of `y` from element `first` on, where a band begins, are computed. Operands
    /// have as many elements as the result's part, or one.
    pub(crate) fn each<T>(
        &self,
        (a, b): (&[T], &[T]),
        first: usize,
        y: &mut [T],
        mut run: impl FnMut(&[T], &[T], &mut [T]) -> Result<()>,
    ) -> Result<()> {
        let end = first + y.len();
        let [left, right] = self.reads;
        ensure(left.is_whole(a, end) && right.is_whole(b, end), || "an operand is too short".into())?;
        for (at, out) in (first..).step_by(self.row).zip(y.chunks_mut(self.row)) {
            let n = out.len();
            run(left.part(a, at, n), right.part(b, at, n), out)?;
        }
        Ok(())
    }
}
