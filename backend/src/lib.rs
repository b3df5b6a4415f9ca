//! Writes and reads TFLite flatbuffers.
//!
//! [`emit`] turns a module of `tfl` operations into the bytes of a `.tflite` file, [`read`] turns such bytes into a module. What an
//! operation's options are is stated once, in `options/`, for both ways.

mod blockwise;
mod buffers;
mod calls;
mod control;
mod custom;
mod emit;
mod names;
mod options;
mod plan;
mod read;
mod record;
#[rustfmt::skip]
#[allow(missing_docs, unsafe_code, elided_lifetimes_in_paths, clippy::all, clippy::pedantic, reason = "generated")]
mod schema;
mod sparsity;
mod types;
mod version;
mod view;

pub use emit::emit;
pub use read::{Model, ReadError, Tensors, read};
