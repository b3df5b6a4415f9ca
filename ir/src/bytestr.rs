//! Any bytes as text: what MLIR's string attributes hold.
//!
//! Attributes keep strings as `str`. Bytes that are no UTF-8 stand in it as characters of a block that has no use elsewhere: byte `b` is
//! U+10FF00 + `b`. A character of that block in the bytes themselves is written byte by byte, so every sequence of bytes comes back whole.

use std::borrow::Cow;

const BASE: u32 = 0x10_FF00;

fn stands_for(c: char) -> Option<u8> {
    u8::try_from((c as u32).checked_sub(BASE)?).ok().filter(|b| *b >= 0x80)
}

fn push_escaped(out: &mut String, bytes: &[u8]) {
    out.extend(bytes.iter().filter_map(|b| char::from_u32(BASE + u32::from(*b))));
}

/// The text that stands for bytes; for UTF-8 the bytes themselves.
pub fn from_bytes(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(s) = std::str::from_utf8(bytes)
        && !s.chars().any(|c| stands_for(c).is_some())
    {
        return Cow::Borrowed(s);
    }
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match stands_for(c) {
                Some(_) => push_escaped(&mut out, c.encode_utf8(&mut [0; 4]).as_bytes()),
                None => out.push(c),
            }
        }
        push_escaped(&mut out, chunk.invalid());
    }
    Cow::Owned(out)
}

/// The bytes that a text of [`from_bytes`] stands for.
pub fn to_bytes(text: &str) -> Cow<'_, [u8]> {
    if !text.chars().any(|c| stands_for(c).is_some()) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        match stands_for(c) {
            Some(b) => out.push(b),
            None => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(*to_bytes(&from_bytes(&all)), all);
        for text in ["", "plain", "é日本", "\u{10FF80}\u{10FFFF}"] {
            assert_eq!(*to_bytes(&from_bytes(text.as_bytes())), *text.as_bytes());
        }
        assert_eq!(from_bytes("é".as_bytes()), "é");
    }
}
