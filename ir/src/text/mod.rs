//! The text form of the IR: MLIR.
//!
//! [`parse`] reads what upstream MLIR prints, [`print()`] writes what upstream MLIR reads. `module`, `func.func`, `return` and `arith.constant`
//! are written in their short form, every other operation in the generic one; the reader also knows the short forms that upstream has for
//! calls and for arithmetic of the `tfl` dialect.
//!
//! ```
//! use quant_opt_ir::{Registry, Sink, text};
//! let source = r#"
//! func.func @double(%x: tensor<4xf32>) -> tensor<4xf32> {
//!   %y = tfl.add %x, %x {fused_activation_function = "NONE"} : tensor<4xf32>
//!   return %y : tensor<4xf32>
//! }
//! "#;
//! let registry = Registry::standard();
//! let options = text::ParseOptions { registry: &registry, allow_unregistered: false, file: "double.mlir" };
//! let module = text::parse(source, &options, &mut Sink::new()).unwrap();
//! assert_eq!(
//!     text::print(&module, &text::PrintOptions::default()),
//!     r#"module {
//!   func.func @double(%arg0: tensor<4xf32>) -> tensor<4xf32> {
//!     %0 = "tfl.add"(%arg0, %arg0) <{fused_activation_function = "NONE"}> : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
//!     return %0 : tensor<4xf32>
//!   }
//! }
//! "#
//! );
//! ```
//!
//! # What is carried whole
//! Attributes and types the IR has no form for (`affine_map<…>`, `memref<…>`, `#dialect.attr<…>`, dense vectors) are [`Attr::Opaque`] and
//! [`Type::Opaque`]: their text, with aliases written out.
//!
//! # Locations
//! An operation without a location gets its place in the text; one whose location names a node and no place gets both, of which only what the
//! text says is written again.

use std::fmt;

use crate::attr::Attr;
use crate::diag::{Failed, Sink};
use crate::loc::Loc;
use crate::module::Module;
use crate::op::Registry;
use crate::types::{Elem, TensorType, Type};

pub(crate) mod float;
mod lexer;
mod parser;
mod printer;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use printer::{PrintOptions, print, print_op};

/// How a text is read.
#[derive(Clone, Copy, Debug)]
pub struct ParseOptions<'a> {
    /// The dialects whose operations are known.
    pub registry: &'a Registry,
    /// Whether operations that no dialect of the registry has are carried whole instead of being an error.
    pub allow_unregistered: bool,
    /// What locations and diagnostics call the text.
    pub file: &'a str,
}

/// Reads a module. Operations at the top that are in no module are put in one.
///
/// Every error is emitted at its place (`parse/…`); after one, reading goes on at the next operation. The result is well formed, but not verified.
pub fn parse(source: &str, options: &ParseOptions<'_>, sink: &mut Sink) -> Result<Module, Failed> {
    parser::parse(source, options, sink)
}

macro_rules! display {
    ($($ty:ty => $method:ident),* $(,)?) => {$(
        /// MLIR's spelling, as the printer writes it.
        impl fmt::Display for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = printer::Writer::default();
                text.$method(self);
                f.write_str(&text.out)
            }
        }
    )*};
}
display! {
    Type => ty,
    TensorType => tensor_type,
    Elem => elem,
    Attr => attr,
    Loc => location,
}
