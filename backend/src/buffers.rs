//! The payloads of a file: what constants store, each distinct one once.

use std::collections::HashMap;

use bytes::Bytes;
use ir::{Elem, Tensor, TensorType};

/// The payloads of a file. Number 0 is empty and stands for "no data".
#[derive(Debug)]
pub struct Buffers {
    payloads: Vec<Bytes>,
    /// The same bytes in memory need no look at them. They are kept alive, so that a place stays theirs.
    by_place: HashMap<(usize, usize), (u32, Bytes)>,
    by_content: HashMap<Bytes, u32>,
}

impl Buffers {
    /// Only the empty payload, with room for `count` more.
    pub fn new(count: usize) -> Buffers {
        Buffers {
            payloads: vec![Bytes::new()],
            by_place: HashMap::with_capacity(count),
            by_content: HashMap::with_capacity(count),
        }
    }

    /// The number of a payload; equal ones share it.
    pub fn add(&mut self, payload: Bytes) -> u32 {
        if payload.is_empty() {
            return 0;
        }
        let place = (payload.as_ptr().addr(), payload.len());
        if let Some((number, _)) = self.by_place.get(&place) {
            return *number;
        }
        let number = match self.by_content.get(&payload) {
            Some(number) => *number,
            None => self.append(payload.clone()),
        };
        self.by_content.entry(payload.clone()).or_insert(number);
        self.by_place.insert(place, (number, payload));
        number
    }

    /// The number of a payload that is shared with nobody.
    pub fn append(&mut self, payload: Bytes) -> u32 {
        self.payloads.push(payload);
        u32::try_from(self.payloads.len() - 1).expect("a module has fewer than 2^32 constants")
    }

    /// All payloads, in order.
    pub fn payloads(&self) -> &[Bytes] {
        &self.payloads
    }
}

/// Bytes that a tensor of a type takes in a file; `None` if the type has no fixed size, or too large a one.
pub fn stored_size(ty: &TensorType) -> Option<usize> {
    Some(ty.num_elements()?.checked_mul(ty.elem.bits()?)?.div_ceil(8))
}

/// The payload of a constant. `None` if its bytes are not those of a tensor of type `ty`.
pub fn payload(tensor: &Tensor, ty: &TensorType) -> Option<Bytes> {
    if ty.elem == Elem::String {
        return write_strings(tensor.raw(), ty.num_elements()?);
    }
    let packed = ty.elem.bits().is_some_and(|b| b % 8 != 0);
    let bytes = match tensor.raw().first() {
        Some(first) if tensor.is_splat() && packed => splat_packed(*first, ty)?,
        _ => tensor.bytes(),
    };
    match ty.elem.bits() {
        Some(_) => (bytes.len() == stored_size(ty)?).then_some(bytes),
        None => Some(bytes),
    }
}

/// The element in the low bits of `first`, everywhere.
fn splat_packed(first: u8, ty: &TensorType) -> Option<Bytes> {
    let bits = ty.elem.bits()?;
    let element = first & ((1 << bits) - 1);
    let byte = (0..8 / bits).fold(0, |byte, i| byte | element << (i * bits));
    Some(Bytes::from(vec![byte; stored_size(ty)?]))
}

/// Strings of a file: a count, as many offsets and one more, and the texts.
fn write_strings(elements: &[u8], count: usize) -> Option<Bytes> {
    let mut texts: Vec<&[u8]> = Vec::new();
    let mut rest = elements;
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let (text, tail) = tail.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        texts.push(text);
        rest = tail;
    }
    if !rest.is_empty() || texts.len() != count {
        return None;
    }
    let mut offset = u32::try_from(4 * (count + 2)).ok()?;
    let mut out = u32::try_from(count).ok()?.to_le_bytes().to_vec();
    out.extend(offset.to_le_bytes());
    for text in &texts {
        offset = offset.checked_add(u32::try_from(text.len()).ok()?)?;
        out.extend(offset.to_le_bytes());
    }
    texts.iter().for_each(|t| out.extend(*t));
    Some(Bytes::from(out))
}

/// Strings of the IR, each a length and its text. `None` if the payload is damaged or does not hold `count` strings.
pub fn read_strings(payload: &[u8], count: usize) -> Option<Bytes> {
    let number = |i: usize| {
        let four = payload.get(4 * i..4 * i + 4)?;
        usize::try_from(u32::from_le_bytes(four.try_into().ok()?)).ok()
    };
    // Each string has an offset: a count that is not covered by bytes is none.
    if number(0)? != count || count.checked_mul(4)? > payload.len() {
        return None;
    }
    let mut out = Vec::with_capacity(payload.len());
    let mut start = number(1)?;
    for i in 0..count {
        let end = number(i + 2)?;
        let text = payload.get(start..end)?;
        out.extend(u32::try_from(text.len()).ok()?.to_le_bytes());
        out.extend(text);
        start = end;
    }
    Some(Bytes::from(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::Sign;

    #[test]
    fn equal_payloads_share_a_number() {
        let mut buffers = Buffers::new(4);
        let owner = Bytes::from(vec![1, 2, 3, 4, 1, 2]);
        let first = buffers.add(owner.slice(..2));
        assert_eq!(buffers.add(owner.slice(4..)), first);
        assert_eq!(buffers.add(owner.slice(..2)), first);
        assert_ne!(buffers.add(owner.slice(2..4)), first);
        assert_eq!(buffers.add(Bytes::new()), 0);
        assert_eq!(buffers.payloads().len(), 3);
    }

    #[test]
    fn strings_return() {
        let elements = b"\x02\0\0\0ab\0\0\0\0\x01\0\0\0c";
        let stored = write_strings(elements, 3).unwrap();
        assert_eq!(&stored[..8], b"\x03\0\0\0\x14\0\0\0");
        assert_eq!(read_strings(&stored, 3).unwrap(), &elements[..]);
        assert_eq!(read_strings(&stored, 2), None);
        assert_eq!(read_strings(&stored[..16], 3), None);
        assert_eq!(write_strings(&elements[..5], 1), None);
    }

    #[test]
    fn a_packed_splat_fills_every_nibble() {
        let ty = TensorType::of(&[5], Elem::Int(4, Sign::Signless));
        let splat = Tensor::new(ty.clone(), Bytes::from_static(&[0x0d])).unwrap();
        assert_eq!(payload(&splat, &ty).unwrap(), &[0xdd, 0xdd, 0xdd][..]);
    }
}
