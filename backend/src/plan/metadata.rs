//! What the module carries beside its functions.

use bytes::Bytes;
use ir::{Attr, Module};

use super::{Graph, METADATA, MIN_RUNTIME, Planner};
use crate::control;

impl Planner<'_, '_> {
    /// What the module carries, and the oldest runtime that runs the file.
    pub(super) fn metadata(&mut self, module: &Module, graphs: &[Graph<'_>]) -> Vec<(String, u32)> {
        let mut out = Vec::new();
        for (name, value) in module.attrs.get(METADATA).and_then(Attr::as_dict).iter().flat_map(|d| d.iter()) {
            let bytes = match value {
                _ if &**name == MIN_RUNTIME => continue,
                Attr::Str(s) => Bytes::from(s.to_string()),
                Attr::Dense(t) => t.bytes(),
                _ => {
                    self.error("emit/metadata", &module.loc, format!("metadata `{name}` is neither text nor bytes"));
                    continue;
                }
            };
            out.push((name.to_string(), self.buffers.append(bytes)));
        }
        let edges: Vec<_> = graphs.iter().map(|g| g.control.clone()).collect();
        if let Some(bytes) = control::write(&edges) {
            out.push((control::CONTROL.to_owned(), self.buffers.append(Bytes::from(bytes))));
        }
        if let Some(runtime) = self.runtime {
            let mut text = runtime.as_bytes().to_vec();
            text.resize(16, 0);
            out.push((MIN_RUNTIME.to_owned(), self.buffers.append(Bytes::from(text))));
        }
        out
    }
}
