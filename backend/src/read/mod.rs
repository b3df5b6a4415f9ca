//! Reads a TFLite flatbuffer as a module.
//!
//! Nothing in the bytes is trusted: the flatbuffer is verified first, with limits that follow from its size, and every number is checked
//! where it is used. Constants are slices of the bytes.

mod codes;
mod constants;
mod error;
mod file;
mod function;
mod metadata;
mod operator;
mod signatures;
mod tensor;
#[cfg(test)]
mod tests;
mod versions;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use flatbuffers::VerifierOptions;
use ir::{Module, OpId, Sink, Value};

use crate::emit::SCHEMA_VERSION;
use crate::schema::tflite as fb;
use crate::{calls, names};
pub use error::ReadError;
use error::{Result, malformed};
use file::File;
use function::{Callees, Function};

/// A module that was read, and the tensors its values are.
#[derive(Debug)]
pub struct Model {
    /// The module: one function for each subgraph, in order.
    pub module: Module,
    /// The tensors of each subgraph, in order.
    pub tensors: Vec<Tensors>,
}

/// Which tensor of its subgraph a value is.
#[derive(Debug)]
pub struct Tensors {
    /// The function of the subgraph.
    pub func: OpId,
    /// The index of each value's tensor; of constants too.
    pub index: BTreeMap<Value, usize>,
}

/// Reads the bytes of a `.tflite` file. The module is verified.
///
/// Metadata that a new file gets anew is not kept. Nor are versions of operators, but for those that are higher than what the operators of
/// the file need: they are in an attribute of the operations.
pub fn read(bytes: Bytes) -> Result<Model> {
    if bytes.len() < 8 || !fb::model_buffer_has_identifier(&bytes) {
        return Err(ReadError::Identifier);
    }
    let limits = VerifierOptions {
        // Files share little: what is listed many times over was made to take long.
        max_tables: 1_000 + bytes.len() / 4,
        max_apparent_size: (1 << 20) + bytes.len().saturating_mul(16),
        ..VerifierOptions::default()
    };
    let model = fb::root_as_model_with_opts(&limits, &bytes).map_err(|e| ReadError::Flatbuffer(first_line(&e)))?;
    if model.version() != SCHEMA_VERSION {
        return Err(ReadError::Version(model.version()));
    }
    let file = File { bytes: &bytes, model, codes: codes::codes(&model)? };
    let out = module(&file)?;
    let mut sink = Sink::new();
    match ir::verify::verify(&out.module, &mut sink) {
        Ok(()) => Ok(out),
        Err(_) => {
            let first = sink.take().into_iter().next();
            let place = |d: &ir::Diagnostic| d.loc.node().map(|n| format!(" (tensor `{n}`)")).unwrap_or_default();
            Err(ReadError::Invalid(first.map(|d| format!("{}{}", d.message, place(&d))).unwrap_or_default()))
        }
    }
}

/// The first line of what the verifier says.
fn first_line(error: &flatbuffers::InvalidFlatbuffer) -> String {
    error.to_string().lines().next().unwrap_or_default().trim_end_matches('.').to_owned()
}

/// Reads a verified flatbuffer.
fn module(file: &File<'_>) -> Result<Model> {
    let graphs: Vec<fb::SubGraph<'_>> = file.model.subgraphs().iter().flatten().collect();
    if graphs.is_empty() {
        return malformed("it has no subgraph");
    }
    codes::check_known(&file.codes, &graphs)?;
    let mut module = Module::new();
    metadata::read(file, &mut module.attrs)?;
    let operators = graphs.iter().flat_map(|g| g.operators().into_iter().flatten());
    let called: BTreeSet<usize> =
        operators.flat_map(|o| calls::subgraphs(&o)).filter_map(|i| usize::try_from(i).ok()).collect();
    let mut control = metadata::control(file)?;
    control.resize(graphs.len(), vec![]);
    let mut unique = names::Unique::default();
    let mut callees = Callees::with_capacity(graphs.len());
    let mut functions = Vec::with_capacity(graphs.len());
    for ((i, graph), control) in graphs.iter().enumerate().zip(control) {
        let name = graph.name().filter(|n| !n.is_empty());
        let name = name.map_or_else(|| if i == 0 { "main".to_owned() } else { format!("subgraph_{i}") }, str::to_owned);
        let function = Function::new(file, i, *graph, control)?;
        callees.push((unique.name(&name), function.ty()?));
        functions.push(function);
    }
    let mut tensors = Vec::with_capacity(graphs.len());
    let mut uses = Vec::with_capacity(graphs.len());
    for function in functions {
        let private = called.contains(&function.number);
        let (read, used) = function.read(&callees, &mut module, private)?;
        uses.push((read.func, used));
        tensors.push(read);
    }
    versions::keep(&file.codes, &mut module, &uses);
    Ok(Model { module, tensors })
}
