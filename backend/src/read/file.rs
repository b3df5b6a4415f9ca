//! A file that is being read.

use bytes::Bytes;

use super::codes::Code;
use super::error::{Result, malformed};
use crate::schema::tflite as fb;

/// A verified flatbuffer and the bytes it stands in.
pub(super) struct File<'a> {
    pub(super) bytes: &'a Bytes,
    pub(super) model: fb::Model<'a>,
    pub(super) codes: Vec<Code>,
}

impl<'a> File<'a> {
    /// The bytes of a buffer, a slice of the file; `None` if it has no data.
    pub(super) fn payload(&self, buffer: u32) -> Result<Option<Bytes>> {
        let list = self.model.buffers();
        let Some(found) = list.filter(|l| u64::from(buffer) < l.len() as u64).map(|l| l.get(buffer as usize)) else {
            // Buffer 0 stands for "no data" even where there is none.
            return if buffer == 0 { Ok(None) } else { malformed(format!("buffer {buffer} does not exist")) };
        };
        if let Some(data) = found.data().filter(|d| !d.is_empty()) {
            return Ok(Some(self.bytes.slice_ref(data.bytes())));
        }
        match self.behind(found.offset(), found.size()) {
            Some(bytes) => Ok((!bytes.is_empty()).then_some(bytes)),
            None => malformed(format!("buffer {buffer} lies outside the file")),
        }
    }

    /// Bytes behind the flatbuffer, where files above 2 GB have what is large; 0 and 1 stand for "none". `None` if they lie outside.
    pub(super) fn behind(&self, offset: u64, size: u64) -> Option<Bytes> {
        if offset <= 1 || size <= 1 {
            return Some(Bytes::new());
        }
        let start = usize::try_from(offset).ok()?;
        let end = start.checked_add(usize::try_from(size).ok()?)?;
        (end <= self.bytes.len()).then(|| self.bytes.slice(start..end))
    }

    /// Signatures of a subgraph.
    pub(super) fn signatures(&self, graph: usize) -> Vec<fb::SignatureDef<'a>> {
        let all = self.model.signature_defs();
        all.iter().flatten().filter(|s| u64::from(s.subgraph_index()) == graph as u64).collect()
    }
}
