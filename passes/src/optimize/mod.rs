//! Between legalization and quantization: the fused float graph, which is what quantization sees.

mod canonicalize;
mod cse;
mod fuse;
mod lower_for_int8;
mod rewrite;
mod rewriter;
mod rules;
mod saturate;
mod sccp;
mod symbol_dce;

pub use canonicalize::Canonicalize;
pub use cse::Cse;
pub use fuse::Optimize;
pub use lower_for_int8::LowerForInt8;
pub use saturate::PlaceViews;
pub use sccp::Sccp;
pub use symbol_dce::SymbolDce;

use crate::pass::PassDef;

/// The passes of this module.
pub const PASSES: &[&PassDef] =
    &[Canonicalize::DEF, Cse::DEF, LowerForInt8::DEF, Optimize::DEF, PlaceViews::DEF, Sccp::DEF, SymbolDce::DEF];
