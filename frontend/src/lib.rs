//! Reads TensorFlow SavedModels and frozen graphs into the `tf` dialect.
//!
//! Nothing of TensorFlow is needed. Weights stay in the mapped checkpoint: an imported constant is a slice of it.

pub mod bundle;
pub mod dtype;
pub mod import;
pub mod mapped;
pub mod objects;
pub mod proto;
pub mod saved_model;

use std::path::Path;

use ir::Module;
pub use saved_model::{ImportError, Model, Options};

/// Imports a SavedModel directory (or its `saved_model.pb`), or a frozen graph.
pub fn load(path: &Path, options: &Options) -> Result<Module, ImportError> {
    let is_proto = path.file_name().is_some_and(|n| n == "saved_model.pb");
    let model = match (path.is_dir(), is_proto, path.parent()) {
        (true, _, _) => Model::saved_model(path, options)?,
        (false, true, Some(dir)) => Model::saved_model(dir, options)?,
        _ => Model::frozen_graph(path, options)?,
    };
    import::import(&model)
}
