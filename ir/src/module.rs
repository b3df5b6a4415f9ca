//! Modules and functions: the operations every other one stands in.

use std::sync::Arc;

use crate::attr::{Attr, Attrs};
use crate::body::{At, Body, OpId, OpName, OpSpec, Operation, Region};
use crate::loc::Loc;
use crate::op::OpRow;
use crate::types::{FunctionType, Type};

/// A `builtin.module`: attributes and a body of functions and other symbols. It borrows nothing, so it may go to another thread.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// The symbol name, of a named module.
    pub name: Option<Arc<str>>,
    /// Attributes, such as `tfl.schema_version`.
    pub attrs: Attrs,
    /// The operations.
    pub body: Body,
    /// Where it comes from.
    pub loc: Loc,
}

impl Module {
    /// An empty module.
    pub fn new() -> Module {
        Module::default()
    }

    /// The operations at the top, in order.
    pub fn ops(&self) -> Vec<OpId> {
        if self.body.has_entry() { self.body.ops(self.body.entry()) } else { Vec::new() }
    }

    /// The functions that have a body, in order.
    pub fn funcs(&self) -> Vec<OpId> {
        self.ops().into_iter().filter(|op| is_func(self.body.op(*op))).collect()
    }

    /// The operation that defines a symbol.
    pub fn symbol(&self, name: &str) -> Option<OpId> {
        self.ops().into_iter().find(|op| sym_name(self.body.op(*op)) == Some(name))
    }

    /// Adds a function with a body of one empty block whose arguments have the input types.
    pub fn add_func(&mut self, name: &str, ty: FunctionType, loc: Loc) -> OpId {
        let mut body = Body::new();
        let entry = body.entry();
        for input in &ty.inputs {
            body.add_arg(entry, input.clone(), Loc::UNKNOWN);
        }
        let spec = OpSpec::new(OpName::Known(crate::dialect::builtin::Func::DEF), loc)
            .prop("sym_name", Attr::str(name))
            .prop("function_type", Attr::Type(Type::Function(Arc::new(ty))))
            .region(Region::Isolated(Box::new(body)));
        self.body.insert(At::End(self.body.entry()), spec)
    }

    /// The body of a function, to change.
    pub fn func_body_mut(&mut self, func: OpId) -> Option<&mut Body> {
        self.body.op_mut(func).body_mut(0)
    }
}

/// Whether an operation is a `func.func` with a body, not only declared.
pub fn is_func(op: &Operation) -> bool {
    op.is::<crate::dialect::builtin::Func>() && op.body(0).is_some_and(Body::has_entry)
}

/// The symbol an operation defines.
pub fn sym_name(op: &Operation) -> Option<&str> {
    op.attr("sym_name")?.as_str()
}

/// The type of a `func.func`.
pub fn function_type(op: &Operation) -> Option<&Arc<FunctionType>> {
    match op.attr("function_type")?.as_type()? {
        Type::Function(f) => Some(f),
        _ => None,
    }
}

/// Makes `function_type` say what the entry block's arguments and the `return`'s operands are. Results of a function of several blocks, none
/// of which returns, stay as they were stated.
pub fn sync_function_type(func: &mut Operation) {
    let Some(body) = func.body(0).filter(|b| b.has_entry()) else { return };
    let blocks = body.blocks(body.root());
    let inputs = body.args(body.entry()).iter().map(|v| body.ty(*v).clone()).collect();
    let mut ends = blocks.iter().filter_map(|b| body.terminator(*b));
    let end = match blocks {
        [_] => ends.next(),
        _ => ends.find(|t| body.op(*t).is::<crate::dialect::builtin::Return>()),
    };
    let results = match (end, function_type(func)) {
        (Some(t), _) => body.op(t).operands().iter().map(|v| body.ty(*v).clone()).collect(),
        (None, Some(stated)) if blocks.len() > 1 => stated.results.clone(),
        (None, _) => Vec::new(),
    };
    func.props.set("function_type", Attr::Type(Type::Function(Arc::new(FunctionType { inputs, results }))));
}
