//! The memory of one running function.

use std::ops::Range;

use bytes::Bytes;
use ir::Tensor;

use crate::error::{KernelError, Result};

/// Every buffer begins at a multiple of so many bytes: a cache line, and the widest register.
pub(super) const ALIGN: usize = 64;

/// One block of memory: scratch, and behind it the values. A thread that runs a function has one of its own.
#[derive(Debug)]
pub struct Memory {
    bytes: Vec<u8>,
    start: usize,
    scratch: usize,
}

impl Memory {
    /// Scratch (a multiple of the alignment) and bytes for values.
    pub(super) fn new(scratch: usize, values: usize) -> Memory {
        let bytes = vec![0; scratch + values + ALIGN];
        let start = bytes.as_ptr().align_offset(ALIGN).min(ALIGN);
        Memory { bytes, start, scratch }
    }

    fn parts(&mut self) -> (&mut [u8], &mut [u8]) {
        self.bytes[self.start..].split_at_mut(self.scratch)
    }

    /// The values.
    pub(super) fn values(&self) -> &[u8] {
        &self.bytes[self.start + self.scratch..]
    }

    /// The bytes of one value, to be written.
    pub(super) fn value_mut(&mut self, place: &Range<usize>) -> &mut [u8] {
        &mut self.parts().1[place.clone()]
    }

    /// The bytes of one value, to be written, with scratch and with all other values.
    pub(super) fn open(&mut self, place: &Range<usize>) -> (&mut [u8], &mut [u8], Others<'_>) {
        let (scratch, values) = self.parts();
        let (before, rest) = values.split_at_mut(place.start);
        let (value, after) = rest.split_at_mut(place.len());
        (value, scratch, Others { before, after, at: place.end })
    }
}

/// All values but one.
#[derive(Clone, Copy)]
pub(super) struct Others<'m> {
    before: &'m [u8],
    after: &'m [u8],
    /// Where `after` begins.
    at: usize,
}

impl<'m> Others<'m> {
    fn get(&self, place: &Range<usize>) -> Option<&'m [u8]> {
        match place.start.checked_sub(self.at) {
            Some(start) => self.after.get(start..place.end - self.at),
            None => self.before.get(place.clone()),
        }
    }
}

/// Where an operand is.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// In memory, from byte to byte of the values.
    Memory(Range<usize>),
    /// Nowhere else.
    Constant(Tensor),
    /// An optional operand that is left out.
    Absent,
}

/// The operands of a kernel.
#[derive(Clone, Copy)]
pub(super) struct Operands<'m> {
    pub(super) sources: &'m [Source],
    pub(super) others: Others<'m>,
}

impl<'m> Operands<'m> {
    /// The bytes of operand `i`; a constant's only if they are written out.
    pub(super) fn bytes(&self, i: usize) -> Result<&'m [u8]> {
        let found = match self.sources.get(i) {
            Some(Source::Memory(place)) => self.others.get(place),
            Some(Source::Constant(t)) if !t.is_splat() || t.len() == 1 => Some(&t.raw()[..]),
            _ => None,
        };
        found.ok_or_else(|| KernelError::new(format!("operand {i} is not in memory")))
    }

    /// The elements of operand `i`, of a type of as many bytes.
    pub(super) fn of<T: bytemuck::AnyBitPattern>(&self, i: usize) -> Result<&'m [T]> {
        let aligned = bytemuck::try_cast_slice(self.bytes(i)?);
        aligned.map_err(|_| KernelError::new(format!("operand {i} is not aligned")))
    }
}

/// A copy of a value.
pub(super) fn copy(bytes: &[u8], ty: &ir::TensorType) -> Result<Tensor> {
    Tensor::new(ty.clone(), Bytes::copy_from_slice(bytes)).map_err(|e| KernelError::new(e.to_string()))
}
