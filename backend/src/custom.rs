//! The options of custom operators: bytes in the file, `#tfl<const_bytes : "0x…">` in the IR.

use ir::Attr;

const OPEN: &str = "#tfl<const_bytes : \"0x";
const CLOSE: &str = "\">";

/// The bytes of the attribute; `None` if it is none.
pub fn to_bytes(attr: &Attr) -> Option<Vec<u8>> {
    let Attr::Opaque(text) = attr else { return None };
    let hex = text.strip_prefix(OPEN)?.strip_suffix(CLOSE)?.as_bytes();
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let (pairs, rest) = hex.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect())?
}

/// The attribute of bytes.
pub fn to_attr(bytes: &[u8]) -> Attr {
    let digit = |d: u8| char::from(b"0123456789ABCDEF"[usize::from(d)]);
    let hex = bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]);
    Attr::Opaque(OPEN.chars().chain(hex).chain(CLOSE.chars()).collect::<String>().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_return() {
        let bytes = [0, 1, 0xab, 0xff];
        assert_eq!(to_attr(&bytes), Attr::Opaque("#tfl<const_bytes : \"0x0001ABFF\">".into()));
        assert_eq!(to_bytes(&to_attr(&bytes)).as_deref(), Some(&bytes[..]));
        assert_eq!(to_bytes(&Attr::Opaque("#tfl<const_bytes : \"0x0\">".into())), None);
        assert_eq!(to_bytes(&Attr::Unit), None);
    }
}
