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

use crate::pass::passes;

passes![
    canonicalize::Canonicalize,
    cse::Cse,
    lower_for_int8::LowerForInt8,
    fuse::Optimize,
    saturate::PlaceViews,
    sccp::Sccp,
    symbol_dce::SymbolDce,
];
