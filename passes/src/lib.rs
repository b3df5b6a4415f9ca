//! Passes over the IR, and the manager that runs them.
//!
//! A pass changes a module: it is a struct whose public fields are its options, a row ([`PassDef`]) that says what is to be known of it, and a
//! method `run`. A [`Pipeline`] is a list of configured passes. It is built in Rust or read from a text, prints as the text it is read from,
//! and runs:
//!
//! ```
//! use quant_opt_passes::optimize::Cse;
//! use quant_opt_passes::pipeline::NoObserver;
//! use quant_opt_passes::{self as passes, Cx, Pipeline};
//!
//! let pipeline = Pipeline::parse("func.func(canonicalize,cse),symbol-dce", &passes::known())?.then(Cse::default());
//! assert_eq!(pipeline.text(), "canonicalize,cse,symbol-dce,cse");
//!
//! let mut module = ir::Module::new();
//! let mut sink = ir::Sink::new();
//! let registry = ir::Registry::standard();
//! pipeline.run(&mut module, &mut Cx::new(&mut sink), &mut NoObserver, Some(&registry)).unwrap();
//! assert!(sink.diagnostics().is_empty());
//! # Ok::<(), passes::pipeline::PipelineError>(())
//! ```
//!
//! # Text
//! `a,b{x=1 y="two words"},builtin.module(func.func(c))`, as mlir-opt writes it; nesting may be left out, since a row says what its pass runs
//! over. The name of a named pipeline ([`pipelines`]) stands for its passes. An unknown name is an error that gives the nearest one and the
//! place in the text.
//!
//! # Order
//! A row states which [`Groups`] of operations its pass takes and which it leaves. A pipeline in which a pass meets what it does not take is an
//! error when it is read; so is a module, before the pass runs.
//!
//! # Functions
//! A pass `on func` is given the body of one function and sees nothing else, so functions run in parallel on the pool of the caller. Outputs,
//! diagnostics and counters are those of one function after another, whatever the number of threads.
//!
//! # State
//! Passes talk through the IR alone: a pipeline can be cut at any comma and continued from the printed module. What several passes compute from
//! a module without changing it is an [`analysis`], which the manager forgets when it may have become wrong.
//!
//! # Faults
//! After each pass the verifier runs, if the caller gives a registry. A panic in a pass is an error that names it. An
//! [`Observer`](pipeline::Observer) sees the module before and after each pass; printing, timing and reproducers are observers. [`reduce`]
//! shrinks a module that makes passes fail.

pub mod analysis;
pub mod data;
pub mod example;
pub mod fold;
mod funcs;
pub mod groups;
pub mod legalize;
pub mod optimize;
pub mod options;
pub mod pass;
pub mod pipeline;
pub mod pipelines;
pub mod quant;
pub mod reduce;
pub mod symbols;

pub use groups::Groups;
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
