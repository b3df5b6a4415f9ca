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
//! # Evaluation
//! A function is called with one value for each argument of its entry block. Operations run in order; each reads its operands and makes its
//! results. `func.return` ends the call. A tensor type states what is known of a shape; `?` dimensions are known at run time.
//!
//! # Scope
//! A value is visible from its definition to the end of its block and in the regions nested there, except in bodies of isolated operations
//! (modules, functions).

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
pub mod signature;
pub mod tensor;
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
