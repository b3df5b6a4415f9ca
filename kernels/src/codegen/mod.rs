//! Writes a module as C99: one source and one header that need nothing else.
//!
//! [`generate`] walks the functions behind the signatures. Each operation becomes a call of a function of the runtime (the files in `c/`, of which
//! only what is used is written), with every shape, multiplier and zero point in a `const` struct. The numbers come from the values that the
//! evaluator's kernels are made of, so both compute the same. Intermediate tensors stand in one static arena, laid out by their lifetimes; inputs
//! and outputs are the caller's memory.
//!
//! With `STEM_TRACE` defined, the code calls `STEM_trace` with each tensor as it is computed, so that every one can be compared.

mod function;
mod header;
mod layer;
mod names;
mod ops;
mod program;
mod runtime;
mod text;
mod unit;
mod walk;

use std::collections::HashMap;

use ir::{Module, OpId, Operation, Value};

pub use self::header::{Entry, Port};
use self::program::Program;
use self::unit::Unit;
use crate::Rounding;
use crate::error::KernelError;

/// Why a module cannot become C: the operation, as the user knows it, and the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{node}: {source}")]
pub struct CodegenError {
    node: String,
    source: KernelError,
}

impl CodegenError {
    fn at(op: &Operation, source: KernelError) -> CodegenError {
        let name = op.name.as_str();
        let node = op.loc.node().map_or_else(|| name.to_owned(), |n| format!("`{n}` ({name})"));
        CodegenError { node, source }
    }
}

/// How C is written.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The files' name without extension; what is visible outside begins with it.
    pub stem: &'a str,
    /// Whose results the integer operations give.
    pub rounding: Rounding,
}

/// A module as C.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The `.c` file.
    pub source: String,
    /// The `.h` file.
    pub header: String,
    /// What names outside of the file begin with.
    pub prefix: String,
    /// Bytes of the arena.
    pub arena: usize,
    /// Bytes of weights and other constant arrays.
    pub constants: usize,
    /// Bytes of the largest array on the stack.
    pub stack: usize,
    /// The functions of the header, one for each signature.
    pub entries: Vec<Entry>,
    /// The tensors that a trace reports: the function and the value of each number.
    pub traced: Vec<(OpId, Value)>,
}

/// Writes the functions behind a module's signatures and all that they call.
///
/// # Errors
/// An operation without a generator, a shape that is not known, parameters that no kernel takes.
pub fn generate(module: &Module, options: &Options<'_>) -> Result<Generated, CodegenError> {
    let prefix = names::identifier(options.stem);
    let mut unit = Unit::new(options.rounding);
    unit.names.reserve(runtime::names());
    let trace = format!("{}_TRACED", prefix.to_uppercase());
    let mut program = Program { module, unit, done: HashMap::new(), text: String::new(), traced: Vec::new(), trace };
    let mut entries = Vec::new();
    for signature in ir::signatures(module) {
        let f = program.function(signature.func, Some(&signature))?;
        let op = module.body.op(signature.func);
        entries.push(Entry::new(module, &signature, &prefix, f).map_err(|e| CodegenError::at(op, e))?);
    }
    let arena = entries.iter().map(|e| e.arena).max().unwrap_or(0);
    let constants = program.unit.constant_bytes;
    let stack = program.unit.stack;
    let sizes = header::Sizes { arena, constants, stack };
    Ok(Generated {
        source: header::source(&program, &prefix, &entries, sizes),
        header: header::header(&prefix, &entries, sizes, program.unit.runtime.libm()),
        prefix,
        arena,
        constants,
        stack,
        entries,
        traced: program.traced,
    })
}
