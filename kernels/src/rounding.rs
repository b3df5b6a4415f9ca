//! Whose kernels an evaluation follows where sets of kernels round differently. `docs/rounding.md` says where they do.

use crate::fixed::Rule;

/// A set of kernels for TFLite files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rounding {
    /// LiteRT's reference kernels.
    #[default]
    Reference,
    /// LiteRT's optimized kernels without delegates, as they run on x86-64.
    Optimized,
    /// TFLite Micro's reference kernels, whose results CMSIS-NN repeats.
    Micro,
}

impl Rounding {
    /// Every set with its name on command lines.
    pub const ALL: [(&'static str, Rounding); 3] =
        [("reference", Rounding::Reference), ("optimized", Rounding::Optimized), ("micro", Rounding::Micro)];

    /// How the sums of convolutions and fully connected operations are rounded where they are scaled in fixed point. LiteRT's optimized ones go
    /// to the matrix library ruy; this is how its kernels for AVX2 round.
    pub fn of_products(self) -> Rule {
        match self {
            Rounding::Optimized => Rule::Upward,
            Rounding::Reference | Rounding::Micro => Rule::Double,
        }
    }

    /// How element `i` of `n` is rounded by a loop over blocks of `size`: LiteRT's vectors round upwards, and what is left over behind the
    /// last of them as the reference does.
    pub fn in_blocks(self, i: usize, n: usize, size: usize) -> Rule {
        if self == Rounding::Optimized && i < n / size * size { Rule::Upward } else { Rule::Double }
    }
}
