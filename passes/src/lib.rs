//! Passes and the pass manager.
//!
//! One pass is one file, named as on the command line. [`passes`] lists them all.
//! Passes talk through the IR alone: a pipeline can be cut at any comma and continued from the printed module.

pub mod data;
pub mod fold;
pub mod legalize;
pub mod optimize;
pub mod pass;
pub mod pipeline;
pub mod pipelines;
pub mod quant;
pub mod reduce;

pub use pass::{Cx, Pass, PassDef, Stats};
pub use pipeline::Pipeline;

/// Every pass, in name order.
pub fn passes() -> Vec<&'static PassDef> {
    let mut all: Vec<&'static PassDef> =
        [legalize::PASSES, optimize::PASSES, quant::PASSES].into_iter().flatten().copied().collect();
    all.sort_by_key(|p| p.name);
    all
}

/// Every row that a pipeline may name: the passes, then the named pipelines.
pub fn known() -> Vec<&'static PassDef> {
    passes().into_iter().chain(pipelines::PIPELINES.iter().copied()).collect()
}
