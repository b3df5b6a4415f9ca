//! Inputs of every kind, told apart by their content.

use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use ir::text::ParseOptions;
use ir::{Diagnostic, Failed, Module, Registry, Sink};

use crate::args::ModelArgs;

/// What an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A SavedModel directory or a frozen graph: `tf` operations.
    TensorFlow,
    /// A TFLite flatbuffer.
    Tflite,
    /// MLIR text.
    Mlir,
}

/// An input, found and mapped but not yet understood.
#[derive(Debug)]
pub struct Input {
    /// What it is.
    pub kind: Kind,
    /// How the user calls it.
    pub name: String,
    /// Bytes of the files that make it up.
    pub size: u64,
    /// Its bytes; of a SavedModel none.
    data: Bytes,
}

impl Input {
    /// Looks what an input is.
    pub fn open(path: &Path, stdin: &mut dyn Read, sink: &mut Sink) -> Result<Input, Failed> {
        let name = path.display().to_string();
        let failed = |e: std::io::Error, sink: &mut Sink| {
            sink.error(Diagnostic::error("input/unreadable", format!("it cannot be read: {e}")))
        };
        if path.as_os_str() == "-" {
            let mut data = Vec::new();
            stdin.read_to_end(&mut data).map_err(|e| failed(e, sink))?;
            return Ok(Input { kind: Kind::Mlir, name, size: data.len() as u64, data: data.into() });
        }
        let is_directory = path.is_dir() || path.file_name().is_some_and(|n| n == "saved_model.pb");
        if is_directory {
            let size = size_of_directory(if path.is_dir() { path } else { path.parent().unwrap_or(path) });
            return Ok(Input { kind: Kind::TensorFlow, name, size, data: Bytes::new() });
        }
        let data = frontend::mapped::map(path).map_err(|e| failed(e, sink))?;
        let is_text = path.extension().is_none_or(|e| e != "pb") && std::str::from_utf8(&data).is_ok();
        let kind = match data.get(4..8) {
            Some(b"TFL3") => Kind::Tflite,
            _ if is_text => Kind::Mlir,
            _ => Kind::TensorFlow,
        };
        Ok(Input { kind, name, size: data.len() as u64, data })
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.data).ok().filter(|_| self.kind == Kind::Mlir)
    }

    /// Imports a TensorFlow model or reads a TFLite file.
    pub fn load(&self, path: &Path, args: &ModelArgs, sink: &mut Sink) -> Result<Module, Failed> {
        let loaded = match self.kind {
            Kind::TensorFlow => {
                frontend::load(path, &args.options()).map_err(|e| Diagnostic::error("import/model", e.to_string()))
            }
            Kind::Tflite => backend::read(self.data.clone())
                .map(|m| m.module)
                .map_err(|e| Diagnostic::error("import/tflite", e.to_string())),
            Kind::Mlir => Err(Diagnostic::error("parse/encoding", "the text is not UTF-8")),
        };
        loaded.map_err(|d| sink.error(d))
    }

    /// The bytes of a TFLite file.
    pub fn tflite(&self) -> Option<&Bytes> {
        (self.kind == Kind::Tflite).then_some(&self.data)
    }
}

/// Parses MLIR text.
pub fn parse(
    text: &str,
    name: &str,
    registry: &Registry,
    allow_unregistered: bool,
    sink: &mut Sink,
) -> Result<Module, Failed> {
    let options = ParseOptions { registry, allow_unregistered, file: name };
    let module = ir::text::parse(text, &options, sink)?;
    ir::verify::verify_text(&module, sink)?;
    Ok(module)
}

fn size_of_directory(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
    entries
        .map(|e| match e.metadata() {
            Ok(m) if m.is_dir() => size_of_directory(&e.path()),
            Ok(m) => m.len(),
            Err(_) => 0,
        })
        .sum()
}
