//! The intermediate representation of quant-opt.
//!
//! The text of this IR is MLIR: the generic operation form, with upstream's dialect, operation, attribute and type names. In Rust it is a
//! [`Module`] of [`Body`] arenas with typed ids; an operation is generic data (name, operands, results, attributes, regions, location) and
//! points at its row ([`OpDef`]) if its dialect is registered. Passes read it through the row's typed attributes:
//!
//! ```
//! use quant_opt_ir as ir;
//! use ir::dialect::tfl::Conv2D;
//! fn has_unit_stride(op: &ir::Operation) -> bool {
//!     matches!(op.as_row::<Conv2D>(), Some(Conv2D { stride_h: 1, stride_w: 1, .. }))
//! }
//! ```
//!
//! # Structure
//! A module holds symbols, most of them functions (`func.func`). A function holds a region, a region blocks, a block arguments and operations,
//! an operation may hold regions again. A region is *inline*, in the arena of the body around it, or *isolated*, a [`Body`] of its own: that of
//! a function sees no value from outside, so it may be given to another thread whole.
//!
//! Ids ([`OpId`], [`BlockId`], [`RegionId`], [`Value`]) belong to one body and are never used again. A [`Module`] borrows nothing and is `Send`.
//!
//! ```
//! use quant_opt_ir as ir;
//! use ir::dialect::{builtin::Return, tfl::Relu};
//! use ir::{At, Builder, Elem, FunctionType, Loc, Module, Type};
//!
//! let ty = Type::tensor(&[4], Elem::F32);
//! let mut module = Module::new();
//! let func = module.add_func("main", FunctionType { inputs: vec![ty], results: vec![] }, Loc::UNKNOWN);
//! let body = module.func_body_mut(func).unwrap();
//! let (entry, x) = (body.entry(), body.args(body.entry())[0]);
//! let mut b = Builder::new(body, At::End(entry), Loc::name("net/relu"));
//! let y = b.value(&Relu::default(), &[x])?;
//! b.typed(&Return {}, &[y], &[]);
//! ir::module::sync_function_type(module.body.op_mut(func));
//!
//! assert!(ir::verify::verify(&module, &mut ir::Sink::new()).is_ok());
//! let text = ir::text::print(&module, &Default::default());
//! assert!(text.contains(r#"%0 = "tfl.relu"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>"#));
//! # Ok::<(), ir::infer::InferError>(())
//! ```
//!
//! # Values
//! A value is the result of one operation or the argument of one block, and has one type. A tensor type states elements and what is known of
//! the shape: `?` is a dimension, `*` a rank that is known only at run time. A quantized element type states a storage type and parameters:
//! the stored `q` stands for `scale * (q - zero_point)`. Scales are `f64` that hold `f32` values.
//!
//! # Evaluation
//! A function is called with one value for each argument of its entry block. Operations run in order; each reads its operands and makes its
//! results. A terminator ends its block: `func.return` ends the call, `cf.br` and `cf.cond_br` go to a block of the same region and give it its
//! arguments, `tfl.yield` ends a region of `tfl.if` or `tfl.while` with its results. An operation with [`Traits::PURE`] has no other effect than
//! its results: unused it may go, equal ones are one, one whose operands are constants is a constant.
//!
//! # Scope
//! A value is visible from its definition to the end of its block and in the regions nested there, in the blocks that can only be reached
//! through its own, and nowhere in bodies of isolated operations (modules, functions). A symbol is visible in the whole module.
//!
//! # Attributes
//! *Inherent* attributes (`<{…}>`) are those of the row; *discardable* ones (`{…}`) belong to whoever set them and may be lost. Both are
//! compared by content, floats by their bits. The bytes of a constant are shared and never changed: a clone copies none of them.
//!
//! # Locations
//! Every operation says where it comes from: a node of TensorFlow, a place in a text, or several of both, the node whose value it holds first
//! ([`Loc`]). Diagnostics and the names of tensors in a file come from it.
//!
//! # Validity
//! Whoever holds a module that [`verify`](verify::verify) accepts may rely on what the rows state: numbers and elements of operands and results,
//! required attributes, definitions before uses, terminators. Any other module may be built and printed; it makes passes fail, not crash.
//! A failure is a [`Diagnostic`] in a [`Sink`], and a [`Failed`] that only the sink can make.
//!
//! # Dialects
//! The rows that a text or a tool knows are a [`Registry`], a value. A host adds rows of its own with [`ops!`]; operations of other dialects
//! are carried whole where that is allowed.

pub mod attr;
pub mod body;
pub mod build;
pub mod bytestr;
pub mod diag;
pub mod dialect;
pub mod infer;
pub mod loc;
pub mod module;
pub mod op;
pub mod rules;
pub mod signature;
pub mod tensor;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
pub mod types;
pub mod verify;

pub use attr::{Attr, AttrValue, Attrs};
pub use body::{At, BlockId, Body, Def, OpId, OpName, OpSpec, Operation, Region, RegionId, Successor, Value};
pub use build::Builder;
pub use diag::{Diagnostic, Failed, Severity, Sink};
pub use loc::{Loc, LocKind};
pub use module::Module;
pub use op::{Arity, CustomCode, Dialect, DynamicRule, OpDef, OpRow, QuantRule, Registry, Traits};
pub use signature::{Signature, signatures};
pub use tensor::Tensor;
pub use types::{Dim, Elem, F64, FunctionType, QuantParams, QuantType, Sign, TensorType, Type};
