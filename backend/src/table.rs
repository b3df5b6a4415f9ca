//! A table of a flatbuffer whose type is only known from a row: fields by vtable offset.
//!
//! The generated accessors need the type; this view needs none, checks every access, and answers `None` for a field that is absent or
//! lies outside. (Layout: <https://flatbuffers.dev/internals/>)

use flatbuffers::{Table, VOffsetT};

/// A table in a buffer.
#[derive(Clone, Copy, Debug)]
pub struct TableView<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> TableView<'b> {
    /// The view of a table.
    pub fn new(table: Table<'b>) -> TableView<'b> {
        TableView { bytes: table.buf(), at: table.loc() }
    }

    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..at.checked_add(N)?)?.try_into().ok()
    }

    /// Where a field stands.
    fn field(&self, offset: VOffsetT) -> Option<usize> {
        let back = i32::from_le_bytes(self.array(self.at)?);
        let vtable = usize::try_from(i64::try_from(self.at).ok()? - i64::from(back)).ok()?;
        let size = u16::from_le_bytes(self.array(vtable)?);
        if offset.checked_add(2)? > size {
            return None;
        }
        let relative = u16::from_le_bytes(self.array(vtable + usize::from(offset))?);
        (relative != 0).then(|| self.at + usize::from(relative))
    }

    /// A byte: booleans and enumerations.
    pub fn i8(&self, offset: VOffsetT) -> Option<i8> {
        Some(i8::from_le_bytes(self.array(self.field(offset)?)?))
    }
    /// A 32-bit integer.
    pub fn i32(&self, offset: VOffsetT) -> Option<i32> {
        Some(i32::from_le_bytes(self.array(self.field(offset)?)?))
    }
    /// A 64-bit integer.
    pub fn i64(&self, offset: VOffsetT) -> Option<i64> {
        Some(i64::from_le_bytes(self.array(self.field(offset)?)?))
    }
    /// A float.
    pub fn f32(&self, offset: VOffsetT) -> Option<f32> {
        Some(f32::from_le_bytes(self.array(self.field(offset)?)?))
    }
    /// A vector of 32-bit integers; empty if it is absent.
    pub fn i32s(&self, offset: VOffsetT) -> Vec<i32> {
        let items = || {
            let field = self.field(offset)?;
            let start = field.checked_add(u32::from_le_bytes(self.array(field)?) as usize)?;
            let count = u32::from_le_bytes(self.array(start)?) as usize;
            let bytes = self.bytes.get(start + 4..)?.get(..count.checked_mul(4)?)?;
            Some(bytes.chunks_exact(4).map(|c| i32::from_le_bytes([c[0], c[1], c[2], c[3]])).collect())
        };
        items().unwrap_or_default()
    }
}
