//! Bytes as attributes: `#tfl<const_bytes : "0x…">`, upstream's spelling.

use std::fmt::Write;

use bytes::Bytes;
use ir::Attr;

const HEAD: &str = "#tfl<const_bytes : \"0x";
const TAIL: &str = "\">";

/// The attribute of some bytes.
pub fn attr(data: &[u8]) -> Attr {
    let mut text = String::with_capacity(HEAD.len() + 2 * data.len() + TAIL.len());
    text.push_str(HEAD);
    for b in data {
        // Writing to a string does not fail.
        let _ = write!(text, "{b:02X}");
    }
    text.push_str(TAIL);
    Attr::Opaque(text.into())
}

/// The bytes of such an attribute, or of a string.
pub fn bytes(attr: &Attr) -> Option<Bytes> {
    match attr {
        Attr::Str(s) => Some(Bytes::copy_from_slice(s.as_bytes())),
        Attr::Opaque(text) => {
            let hex = text.strip_prefix(HEAD)?.strip_suffix(TAIL)?.as_bytes();
            let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
            if !hex.len().is_multiple_of(2) {
                return None;
            }
            hex.chunks_exact(2)
                .map(|p| Some(digit(p[0])? << 4 | digit(p[1])?))
                .collect::<Option<Vec<u8>>>()
                .map(Bytes::from)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back() {
        let data = [0, 1, 0xab, 0xff];
        assert_eq!(bytes(&attr(&data)).unwrap().as_ref(), data);
        assert_eq!(bytes(&Attr::Opaque("#tfl<const_bytes : \"0x1\">".into())), None);
    }
}
