//! The functions of a module as they become C, each once.

use std::collections::HashMap;

use ir::dialect::tfl;
use ir::{Elem, Module, OpId, Signature, Value};

use super::CodegenError;
use super::function::Writer;
use super::unit::Unit;
use crate::error::KernelError;

/// A function that is written.
#[derive(Clone, Debug)]
pub(super) struct Function {
    /// Its name in C.
    pub(super) name: String,
    /// Bytes it needs of the arena.
    pub(super) arena: usize,
    /// Element type and bytes of each result.
    pub(super) results: Vec<(Elem, usize)>,
}

/// The functions of a module as they become C.
pub(super) struct Program<'m> {
    pub(super) module: &'m Module,
    pub(super) unit: Unit,
    /// Functions that are written, and those that are being written: `None`.
    pub(super) done: HashMap<OpId, Option<Function>>,
    /// Their C text, callees first.
    pub(super) text: String,
    /// Tensors in the order of their numbers in traces.
    pub(super) traced: Vec<(OpId, Value)>,
    /// The macro by which tensors are traced.
    pub(super) trace: String,
}

impl<'m> Program<'m> {
    /// Writes a function unless it is written; names of its arguments and results come from its signature, if it has one.
    pub(super) fn function(
        &mut self,
        func: OpId,
        signature: Option<&Signature>,
    ) -> std::result::Result<Function, CodegenError> {
        let op = self.module.body.op(func);
        match self.done.get(&func) {
            Some(Some(f)) => return Ok(f.clone()),
            Some(None) => return Err(CodegenError::at(op, KernelError::new("a function calls itself"))),
            None => {}
        }
        self.done.insert(func, None);
        let body = op.body(0).ok_or_else(|| CodegenError::at(op, KernelError::new("it has no body")))?;
        let key = signature.map_or_else(|| ir::module::sym_name(op).unwrap_or("function"), |s| s.key.as_str());
        let name = self.unit.names.name(key);
        let mut writer = Writer::new(self, func, body, signature)?;
        for (step, id) in body.ops(body.entry()).into_iter().enumerate() {
            let op = body.op(id);
            if body.op(id).results().iter().any(|v| body.constant(*v).is_some()) || op.is::<tfl::NoValue>() {
                continue;
            }
            if op.name.def().is_some_and(|d| d.traits.has(ir::Traits::TERMINATOR)) {
                writer.outputs(op).map_err(|e| CodegenError::at(op, e))?;
                continue;
            }
            writer.layer(step, op)?;
        }
        let (text, arena) = writer.finish(&name);
        let results = writer.results();
        let done = Function { name, arena, results };
        self.text.push_str(&text);
        self.done.insert(func, Some(done.clone()));
        Ok(done)
    }
}
