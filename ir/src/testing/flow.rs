//! Modules.

use std::sync::Arc;

use super::functions::{self, Callee};
use super::{Choices, attrs};
use crate::attr::Attr;
use crate::body::{At, Body, OpName, OpSpec, Region};
use crate::dialect::builtin;
use crate::loc::Loc;
use crate::module::Module;
use crate::op::OpRow;
use crate::types::{FunctionType, Type};

/// A module that the verifier accepts: functions that call each other, declarations, modules in it.
pub fn module(c: &mut Choices<'_>) -> Module {
    nested(c, 2)
}

fn nested(c: &mut Choices<'_>, depth: usize) -> Module {
    let mut m = Module { attrs: attrs::discardable(c), loc: attrs::location(c), ..Module::default() };
    let mut callees: Vec<Callee> = Vec::new();
    for i in 0..1 + c.below(3) {
        let name = if c.one_in(6) { format!("f{i} \"é\"") } else { format!("f{i}") };
        callees.push(functions::add(c, &mut m, &name, &callees));
    }
    if c.one_in(3) {
        declare(c, &mut m);
    }
    if depth > 0 && c.one_in(4) {
        let inner = nested(c, depth - 1);
        let mut spec =
            OpSpec::new(OpName::Known(builtin::ModuleOp::DEF), inner.loc).prop("sym_name", Attr::str("inner"));
        spec.attrs = inner.attrs;
        m.body.insert(At::End(m.body.entry()), spec.region(Region::Isolated(Box::new(inner.body))));
    }
    m
}

/// A function without a body.
fn declare(c: &mut Choices<'_>, m: &mut Module) {
    let ty = FunctionType { inputs: c.some(3, super::ty), results: c.some(3, super::ty) };
    let spec = OpSpec::new(OpName::Known(builtin::Func::DEF), Loc::UNKNOWN)
        .prop("sym_name", Attr::str("declared"))
        .prop("sym_visibility", Attr::str("private"))
        .prop("function_type", Attr::Type(Type::Function(Arc::new(ty))))
        .region(Region::Isolated(Box::new(Body::without_blocks())));
    m.body.insert(At::End(m.body.entry()), spec);
}
