//! The buffers of a file: equal contents are stored once, each payload 16-byte aligned.

use std::collections::HashMap;

use bytemuck::TransparentWrapper;
use bytes::Bytes;
use flatbuffers::{FlatBufferBuilder, ForwardsUOffset, Push, PushAlignment, Vector, WIPOffset};

use crate::schema::tflite as schema;

/// The contents of buffers by number. Buffer 0 is empty and stands for "no data".
#[derive(Debug)]
pub struct Buffers {
    contents: Vec<Bytes>,
    numbers: HashMap<Bytes, u32>,
}

impl Buffers {
    /// Only buffer 0.
    pub fn new() -> Buffers {
        Buffers { contents: vec![Bytes::new()], numbers: HashMap::from([(Bytes::new(), 0)]) }
    }

    /// The number of the buffer that holds some bytes. Bytes are compared only where their hashes agree.
    pub fn add(&mut self, data: Bytes) -> u32 {
        if let Some(n) = self.numbers.get(&data) {
            return *n;
        }
        let n = u32::try_from(self.contents.len()).unwrap_or(u32::MAX);
        self.contents.push(data.clone());
        self.numbers.insert(data, n);
        n
    }

    /// Bytes of all contents, with their alignment.
    pub fn size(&self) -> usize {
        self.contents.iter().map(|c| c.len() + 64).sum()
    }

    /// Writes them.
    pub fn write<'f>(
        &self,
        fbb: &mut FlatBufferBuilder<'f>,
    ) -> WIPOffset<Vector<'f, ForwardsUOffset<schema::Buffer<'f>>>> {
        let tables: Vec<_> = self
            .contents
            .iter()
            .map(|data| {
                let data = (!data.is_empty()).then(|| payload(fbb, data));
                let start = fbb.start_table();
                if let Some(data) = data {
                    fbb.push_slot_always(schema::Buffer::VT_DATA, data);
                }
                WIPOffset::<schema::Buffer<'f>>::new(fbb.end_table(start).value())
            })
            .collect();
        fbb.create_vector(&tables)
    }
}

/// A byte that asks for the alignment the schema demands of payloads (`force_align: 16`), which a vector of `u8` does not get.
#[derive(Clone, Copy, TransparentWrapper)]
#[repr(transparent)]
struct Aligned(u8);

impl Push for Aligned {
    type Output = Aligned;
    #[allow(unsafe_code)]
    // SAFETY: the trait asks that `dst` be filled; `dst` is as long as `size` says, one byte, which is written in bounds.
    unsafe fn push(&self, dst: &mut [u8], _written: usize) {
        dst[0] = self.0;
    }
    fn size() -> usize {
        1
    }
    fn alignment() -> PushAlignment {
        PushAlignment::new(16)
    }
}

fn payload<'f>(fbb: &mut FlatBufferBuilder<'f>, data: &[u8]) -> WIPOffset<Vector<'f, u8>> {
    let vector = fbb.create_vector(Aligned::wrap_slice(data));
    WIPOffset::new(vector.value())
}
