//! What a file says of itself, as attributes of the module.

use ir::{Attr, Attrs, Elem, TensorType};

use super::error::{Result, malformed};
use super::file::File;
use crate::control::{self, CONTROL, Edges};
use crate::emit::SCHEMA_VERSION;
use crate::plan::{DESCRIPTION, METADATA, MIN_RUNTIME};

/// The metadata entry in which a converter describes itself; it would not be true of a file that is written again.
const CONVERSION: &str = "CONVERSION_METADATA";
/// The metadata entry of files whose payloads stand behind the flatbuffer; a file that is written again has them inside.
const BUFFER_LOCATION: &str = "buffer_location";

/// Reads version, description and metadata.
pub(super) fn read(file: &File<'_>, attrs: &mut Attrs) -> Result<()> {
    let mut metadata = Attrs::new();
    for entry in file.model.metadata().iter().flatten() {
        let name = entry.name().unwrap_or_default();
        if [MIN_RUNTIME, CONVERSION, BUFFER_LOCATION, CONTROL].contains(&name) {
            continue;
        }
        let bytes = file.payload(entry.buffer())?.unwrap_or_default();
        let value = match std::str::from_utf8(&bytes) {
            Ok(text) => Attr::str(text),
            Err(_) => {
                let ty = TensorType::of(&[bytes.len()], Elem::U8);
                ir::Tensor::new(ty, bytes).map(Attr::Dense).or_else(|e| malformed(e.to_string()))?
            }
        };
        metadata.set(name, value);
    }
    attrs.set("tfl.schema_version", Attr::i32(SCHEMA_VERSION.cast_signed()));
    if let Some(text) = file.model.description() {
        attrs.set(DESCRIPTION, Attr::str(text));
    }
    if !metadata.is_empty() {
        attrs.set(METADATA, Attr::Dict(metadata));
    }
    Ok(())
}

/// Pairs of operators of each subgraph, the first of which runs first.
pub(super) fn control(file: &File<'_>) -> Result<Edges> {
    let Some(entry) = file.model.metadata().iter().flatten().find(|m| m.name() == Some(CONTROL)) else {
        return Ok(Edges::new());
    };
    match control::read(&file.payload(entry.buffer())?.unwrap_or_default()) {
        Some(edges) => Ok(edges),
        None => malformed(format!("its metadata `{CONTROL}` is of an unknown form")),
    }
}
