//! Data in other files: `tfl.external_const` says in which, and where.

use ir::dialect::tfl;
use ir::{Attr, Body, Operation, Value};

use super::{Planner, Tensor};
use crate::record::{Item, Record};

/// The attribute that says where data stands.
pub const EXTERNAL_BUFFER: &str = "#tfl.external_buffer";

/// A part of another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalBuffer {
    /// The file, by its place in the list of files.
    pub group: u32,
    /// The first byte.
    pub offset: u64,
    /// The number of bytes.
    pub length: u64,
    /// How elements are packed.
    pub packing: String,
}

/// Other files that tensors have data in.
#[derive(Debug, Default)]
pub struct ExternalBuffers {
    /// The names of the files.
    pub groups: Vec<String>,
    /// Parts; tensors count them from 1.
    pub buffers: Vec<ExternalBuffer>,
}

impl ExternalBuffers {
    /// The number of a part, which is added if it is new; `None` if the attribute is of another form.
    fn add(&mut self, attr: &Attr) -> Option<u32> {
        let record = Record::from_attr(attr, EXTERNAL_BUFFER)?;
        let name = record.text("group_name")?;
        let group = self.groups.iter().position(|g| g == name).unwrap_or_else(|| {
            self.groups.push(name.to_owned());
            self.groups.len() - 1
        });
        let buffer = ExternalBuffer {
            group: u32::try_from(group).ok()?,
            offset: u64::try_from(record.int("offset")?).ok()?,
            length: u64::try_from(record.int("length")?).ok()?,
            packing: record.text("packing")?.to_owned(),
        };
        let at = self.buffers.iter().position(|b| *b == buffer).unwrap_or_else(|| {
            self.buffers.push(buffer);
            self.buffers.len() - 1
        });
        u32::try_from(at + 1).ok()
    }
}

/// The attribute of a part of another file.
pub fn to_attr(name: &str, offset: i64, length: i64, packing: &str) -> Attr {
    Record::default()
        .with("group_name", Item::Text(name.to_owned()))
        .with("offset", Item::Int(offset))
        .with("length", Item::Int(length))
        .with("packing", Item::Text(packing.to_owned()))
        .to_attr(EXTERNAL_BUFFER)
}

impl Planner<'_, '_> {
    /// The tensor of a constant whose data is in another file.
    pub(super) fn external(&mut self, body: &Body, op: &Operation, v: Value, name: String) -> Option<Tensor> {
        let tensor = self.tensor(body, v, name, &op.loc, op.name.as_str())?;
        let external = op.as_row::<tfl::ExternalConst>().and_then(|row| self.external.add(&row.external_buffer?));
        if external.is_none() {
            let text = format!("'{}' op needs an `external_buffer` that names a file", op.name.as_str());
            self.error("emit/attribute", &op.loc, text);
        }
        Some(Tensor { external: external?, ..tensor })
    }
}
