//! Random modules, attributes and types, for tests and fuzzers (feature `testing`).
//!
//! Whatever is made follows from bytes alone: those of a fuzzer, or [`seeded`] ones. [`module`] makes modules that the verifier accepts.
//!
//! ```
//! use quant_opt_ir::{Sink, testing, verify};
//! let m = testing::module(&mut testing::Choices::new(&testing::seeded(1)));
//! assert!(verify::verify(&m, &mut Sink::new()).is_ok());
//! ```

mod attrs;
mod flow;
mod functions;
mod operations;
mod tensors;
mod types;

pub use attrs::{attr, location};
pub use flow::module;
pub use tensors::argument;
pub use types::ty;

/// Makes choices from bytes; when they are used up, always the first.
#[derive(Clone, Debug)]
pub struct Choices<'d> {
    data: &'d [u8],
    /// How many numbers of their own were given.
    fresh: u32,
}

impl<'d> Choices<'d> {
    /// Choices from bytes.
    pub fn new(data: &'d [u8]) -> Choices<'d> {
        Choices { data, fresh: 0 }
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.data.split_at(N.min(self.data.len()));
        self.data = rest;
        let mut out = [0; N];
        out[..head.len()].copy_from_slice(head);
        out
    }

    /// Any 64 bits.
    pub fn bits(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    /// A number below `n`; 0 if that is 0.
    pub fn below(&mut self, n: usize) -> usize {
        usize::from(u16::from_le_bytes(self.take())) % n.max(1)
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) + 1 == n
    }

    /// A number that is given only once.
    pub fn fresh(&mut self) -> u32 {
        self.fresh += 1;
        self.fresh
    }

    /// One of several things, of which there is at least one.
    pub fn pick<'t, T>(&mut self, things: &'t [T]) -> &'t T {
        &things[self.below(things.len())]
    }

    /// Whether all bytes are used up.
    pub fn is_spent(&self) -> bool {
        self.data.is_empty()
    }

    /// Less than `most` things.
    pub fn some<T>(&mut self, most: usize, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most)).map(|_| one(self)).collect()
    }
}

/// Bytes that follow from a number: enough for a module of some hundred operations.
pub fn seeded(seed: u64) -> Vec<u8> {
    const WORDS: u64 = 4096;
    // SplitMix64.
    let word = |i: u64| {
        let mut z = seed.wrapping_mul(WORDS).wrapping_add(i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    (0..WORDS).flat_map(|i| word(i).to_le_bytes()).collect()
}
