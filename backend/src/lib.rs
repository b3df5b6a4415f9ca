//! Writes and reads TFLite flatbuffers.
//!
//! [`emit`] turns a module of `tfl` operations into a file, [`read`] a file into a module. Both go through the same table of options, so an
//! operation that can be written can be read.

mod buffers;
mod bytes_attr;
mod elem;
mod emit;
mod options;
mod read;
mod runtime;
#[allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, rustdoc::all, mismatched_lifetime_syntaxes)]
#[rustfmt::skip]
mod schema;
mod strings;
mod table;
mod version;

pub use emit::emit;
pub use read::{Model, ReadError, Tensors, read};
