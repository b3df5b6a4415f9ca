//! The C file under construction.

use std::collections::HashMap;

use ir::Tensor;

use super::names::Unique;
use super::runtime::Used;
use super::text;
use crate::Rounding;
use crate::error::Result;

/// What all functions of a file share.
pub(super) struct Unit {
    pub(super) runtime: Used,
    /// Names at file scope.
    pub(super) names: Unique,
    /// Definitions of constants, layer by layer.
    pub(super) constants: String,
    /// Bytes of all constant arrays.
    pub(super) constant_bytes: usize,
    /// Bytes of the largest array on the stack.
    pub(super) stack: usize,
    pub(super) rounding: Rounding,
    /// Number of the layer that is written.
    pub(super) layer: usize,
    /// The layer that the constants last written belong to.
    titled: usize,
    /// The name of each array that is defined.
    known: HashMap<(String, String), String>,
}

impl Unit {
    pub(super) fn new(rounding: Rounding) -> Unit {
        Unit {
            runtime: Used::default(),
            names: Unique::default(),
            constants: String::new(),
            constant_bytes: 0,
            stack: 0,
            rounding,
            layer: 0,
            titled: 0,
            known: HashMap::new(),
        }
    }

    /// Defines an array, or finds an equal one; gives its name.
    pub(super) fn array(&mut self, title: &str, c_type: &str, stem: &str, items: Vec<String>, bytes: usize) -> String {
        // An array has one element at least.
        let items = if items.is_empty() { vec!["0".to_owned()] } else { items };
        let count = items.len();
        let body = text::lines(items);
        let key = (c_type.to_owned(), body);
        if let Some(name) = self.known.get(&key) {
            return name.clone();
        }
        let name = self.names.name(stem);
        self.title(title);
        self.constants.push_str(&format!("static const {c_type} {name}[{count}] ALIGNED = {{\n{}\n}};\n", key.1));
        self.constant_bytes += bytes;
        self.known.insert(key, name.clone());
        name
    }

    /// The array of a constant tensor.
    pub(super) fn tensor(&mut self, title: &str, stem: &str, t: &Tensor) -> Result<String> {
        let items = text::elements(t)?;
        let bytes = items.len() * t.ty().elem.byte_width().unwrap_or(1);
        Ok(self.array(title, text::c_type(&t.ty().elem)?, stem, items, bytes))
    }

    /// Defines a struct; gives its name.
    pub(super) fn structure(&mut self, title: &str, kind: &str, stem: &str, fields: &[(&str, String)]) -> String {
        let name = self.names.name(stem);
        self.title(title);
        self.constants.push_str(&format!("static const struct {kind} {name} = {{\n"));
        for (field, value) in fields {
            self.constants.push_str(&format!("    .{field} = {value},\n"));
        }
        self.constants.push_str("};\n");
        name
    }

    /// The heading of a layer, once, in front of its constants.
    fn title(&mut self, title: &str) {
        if self.titled != self.layer {
            self.constants.push_str(&format!("\n/* {title} */\n"));
            self.titled = self.layer;
        }
    }
}
