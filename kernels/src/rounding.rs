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

    /// How the sums of convolutions and fully connected operations are rounded, where they are scaled in fixed point.
    pub fn of_sums(self) -> Rule {
        match self {
            Rounding::Optimized => Rule::Single,
            Rounding::Reference | Rounding::Micro => Rule::Double,
        }
    }
}
