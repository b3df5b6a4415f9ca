//! The instruction sets that kernels are compiled for.

use super::blend::Blend;
use super::depthwise::{self, Row};
use super::elementwise::{self, Joining, Multiplying, Pairs};
use super::gemm::{self, Gemm};
#[cfg(target_arch = "x86_64")]
use super::isa::avx2::{Avx2, Pairwise, Vnni, Vnni512};
#[cfg(target_arch = "aarch64")]
use super::isa::neon::Neon;
use super::isa::{Isa, portable::Portable};
use crate::error::{Result, ensure};

/// The kernels of one instruction set.
pub struct Variant {
    /// Short name.
    pub name: &'static str,
    /// Whether this processor has what it needs.
    pub available: fn() -> bool,
    /// Whether weights of -128 are multiplied exactly.
    pub(super) any_weight: bool,
    pub(super) gemm: unsafe fn(Gemm<'_>),
    pub(super) depthwise: unsafe fn(Row<'_>),
    pub(super) join: unsafe fn(&Joining, Option<&Blend>, Pairs<'_>),
    pub(super) product: unsafe fn(&Multiplying, Pairs<'_>),
}

impl Variant {
    /// Checks that it can be used here, with weights of which one is -128 if `lowest`.
    pub(super) fn takes(&self, lowest: bool) -> Result<()> {
        ensure((self.available)(), || format!("the processor has not what variant {} needs", self.name))?;
        ensure(self.any_weight || !lowest, || format!("variant {} does not take weights of -128", self.name))
    }
}

/// One row an instruction set, best first: its name, its operations, the features it is compiled with, and when it is there.
macro_rules! variants {
    ($($(#[$on:meta])* $name:ident: $isa:ty, [$(#[$features:meta])*], $available:expr;)*) => {
        $($(#[$on])* mod $name {
            use super::*;

            $(#[$features])*
            #[allow(unsafe_code)]
            unsafe fn gemm(g: Gemm<'_>) {
                // SAFETY: the caller's promise.
                unsafe { gemm::run::<$isa>(g) }
            }

            $(#[$features])*
            #[allow(unsafe_code)]
            unsafe fn depthwise(r: Row<'_>) {
                // SAFETY: the caller's promise.
                unsafe { depthwise::run::<$isa>(r) }
            }

            $(#[$features])*
            #[allow(unsafe_code)]
            unsafe fn join(k: &Joining, blend: Option<&Blend>, p: Pairs<'_>) {
                // SAFETY: the caller's promise.
                unsafe { elementwise::join::<$isa>(k, blend, p) }
            }

            $(#[$features])*
            #[allow(unsafe_code)]
            unsafe fn product(k: &Multiplying, p: Pairs<'_>) {
                // SAFETY: the caller's promise.
                unsafe { elementwise::product::<$isa>(k, p) }
            }

            pub(super) static VARIANT: Variant = Variant {
                name: stringify!($name),
                available: || $available,
                any_weight: <$isa>::ANY_WEIGHT,
                gemm,
                depthwise,
                join,
                product,
            };
        })*
        /// Every variant of this architecture, best first; the last one is always available.
        pub static VARIANTS: &[&Variant] = &[$($(#[$on])* &$name::VARIANT),*];
    };
}

variants! {
    #[cfg(target_arch = "x86_64")]
    avx512_vnni: Avx2<Vnni512>, [#[target_feature(enable = "avx2,avx512vnni,avx512vl")]],
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx512vl");
    #[cfg(target_arch = "x86_64")]
    avx_vnni: Avx2<Vnni>, [#[target_feature(enable = "avx2,avxvnni")]],
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("avxvnni");
    #[cfg(target_arch = "x86_64")]
    avx2: Avx2<Pairwise>, [#[target_feature(enable = "avx2")]], is_x86_feature_detected!("avx2");
    #[cfg(target_arch = "aarch64")]
    neon_dot: Neon<true>, [#[target_feature(enable = "neon,dotprod")]],
        std::arch::is_aarch64_feature_detected!("dotprod");
    #[cfg(target_arch = "aarch64")]
    neon: Neon<false>, [#[target_feature(enable = "neon")]], std::arch::is_aarch64_feature_detected!("neon");
    portable: Portable, [], true;
}

/// The best variant for this processor that multiplies the weights exactly; `lowest` says whether one is -128.
pub fn best(lowest: bool) -> &'static Variant {
    let fits = |v: &&&Variant| (v.available)() && (v.any_weight || !lowest);
    VARIANTS.iter().find(fits).unwrap_or(&VARIANTS[VARIANTS.len() - 1])
}
