//! The elements of constants: nested lists, one element for all, and hexadecimal bytes.

use std::ops::Range;

use bytes::Bytes;

use super::{Parser, Result};
use crate::tensor::Tensor;
use crate::text::float;
use crate::text::lexer::Tok;
use crate::types::{Elem, TensorType};

/// Elements that one written element is repeated for, where a tensor has no form for that (strings, integers of less than a byte).
const MAX_REPEATED: usize = 1 << 24;

/// Bits of an element that share a byte with others in a tensor, while each has a byte of its own in text.
fn packed_bits(elem: &Elem) -> Option<usize> {
    elem.bits().filter(|b| *b < 8)
}

/// Bytes of one element in text; 0 for strings.
fn width(elem: &Elem) -> usize {
    elem.bits().map_or(0, |b| b.div_ceil(8))
}

impl Parser<'_, '_> {
    /// The constant between `dense<` and `>`; the next token is its first.
    pub(super) fn elements(&mut self, literal: Range<usize>, ty: &TensorType) -> Result<Tensor> {
        let start = literal.start;
        let (Some(shape), Some(count)) = (ty.static_shape(), ty.num_elements()) else {
            return Err(self.error(start, "parse/literal", format!("a constant has no shape in its type {ty}")));
        };
        let elem = &ty.elem;
        let data = match self.tok.kind {
            Tok::Greater if count == 0 => Vec::new(),
            Tok::Str if *elem != Elem::String => return self.hex_elements(ty, count),
            Tok::LSquare => {
                let written = literal.len() / 2 + 1;
                let mut out = Vec::with_capacity(count.min(written).saturating_mul(width(elem)));
                self.list_elements(&shape, elem, &mut out)?;
                out
            }
            _ => {
                let mut out = Vec::new();
                self.element(elem, &mut out)?;
                return self.close_elements().and_then(|()| self.splat(start, ty, count, out));
            }
        };
        self.close_elements()?;
        self.tensor(start, ty, pack(elem, data))
    }

    fn close_elements(&mut self) -> Result<()> {
        if self.at(Tok::Greater) { Ok(()) } else { Err(self.expected("'>' of a constant")) }
    }

    fn tensor(&mut self, pos: usize, ty: &TensorType, data: Vec<u8>) -> Result<Tensor> {
        Tensor::new(ty.clone(), Bytes::from(data)).map_err(|e| self.error(pos, "parse/literal", e.to_string()))
    }

    /// One element that stands for all.
    fn splat(&mut self, pos: usize, ty: &TensorType, count: usize, one: Vec<u8>) -> Result<Tensor> {
        let whole = ty.elem.byte_width().is_some();
        let data = match (count, whole) {
            (0, _) => Vec::new(),
            (_, true) => one,
            (_, false) if count <= MAX_REPEATED => pack(&ty.elem, one.repeat(count)),
            (_, false) => return Err(self.error(pos, "parse/literal", format!("too many elements in {ty}"))),
        };
        self.tensor(pos, ty, data)
    }

    fn list_elements(&mut self, shape: &[usize], elem: &Elem, out: &mut Vec<u8>) -> Result<()> {
        let [size, inner @ ..] = shape else { return self.element(elem, out) };
        let start = self.expect(Tok::LSquare, "'[' of a list of elements")?.start;
        let mut found = 0;
        self.deeper(|p| {
            p.list(Tok::RSquare, "',' or ']' in a list of elements", |p| {
                found += 1;
                p.list_elements(inner, elem, out)
            })
        })?;
        if found == *size {
            return Ok(());
        }
        Err(self.error(start, "parse/literal", format!("expected {size} elements in this list, found {found}")))
    }

    /// Appends the little-endian bytes of one element; of a string, its length and its bytes.
    fn element(&mut self, elem: &Elem, out: &mut Vec<u8>) -> Result<()> {
        match elem {
            Elem::String => {
                let tok = self.expect(Tok::Str, "a string")?;
                let text = self.unescape(tok)?;
                let bytes = crate::bytestr::to_bytes(&text);
                let length = u32::try_from(bytes.len())
                    .map_err(|_| self.error(tok.start, "parse/literal", "a string of 4 GiB and more"))?;
                out.extend_from_slice(&length.to_le_bytes());
                out.extend_from_slice(&bytes);
            }
            Elem::Complex(part) => {
                self.expect(Tok::LParen, "'(' of a complex number")?;
                self.element(part, out)?;
                self.expect(Tok::Comma, "',' of a complex number")?;
                self.element(part, out)?;
                self.expect(Tok::RParen, "')' of a complex number")?;
            }
            Elem::Int(..) | Elem::Index => {
                let v = self.int_value(elem)?;
                out.extend_from_slice(&v.to_le_bytes()[..width(elem)]);
            }
            _ => {
                let bits = float::to_bits(self.float_value(elem)?, elem);
                out.extend_from_slice(&bits.to_le_bytes()[..width(elem)]);
            }
        }
        Ok(())
    }

    /// `dense<"0x…">`: the bytes of all elements, or of one for all.
    fn hex_elements(&mut self, ty: &TensorType, count: usize) -> Result<Tensor> {
        let tok = self.bump();
        self.close_elements()?;
        let text = self.text(tok);
        let digits = text.strip_prefix("\"0x").and_then(|t| t.strip_suffix('"'));
        let Some(bytes) = digits.and_then(decode_hex) else {
            return Err(self.error(
                tok.start,
                "parse/literal",
                "expected an even number of hexadecimal digits behind 0x",
            ));
        };
        let elem = &ty.elem;
        let one = width(elem);
        let bytes = if *elem == Elem::BOOL { booleans(bytes, count) } else { bytes };
        match bytes.len() {
            n if Some(n) == count.checked_mul(one) => self.tensor(tok.start, ty, pack(elem, bytes)),
            n if n == one => self.splat(tok.start, ty, count, bytes),
            n => {
                let text = format!("{n} bytes given for {ty}, which takes {}", count.saturating_mul(one));
                Err(self.error(tok.start, "parse/literal", text))
            }
        }
    }
}

/// Booleans as bytes of 0 and 1. Older versions of MLIR write eight to a byte, the first in the lowest bit; a single 0 or 1 stands for all.
fn booleans(bytes: Vec<u8>, count: usize) -> Vec<u8> {
    let packed = count > 1 && bytes.len() == count.div_ceil(8) && !matches!(bytes[..], [0 | 1]);
    if packed {
        return (0..count).map(|i| bytes[i / 8] >> (i % 8) & 1).collect();
    }
    bytes.into_iter().map(|b| u8::from(b != 0)).collect()
}

/// Elements of less than a byte as a tensor keeps them: side by side, the first in the lowest bits.
pub(super) fn pack(elem: &Elem, bytes: Vec<u8>) -> Vec<u8> {
    let Some(bits) = packed_bits(elem) else { return bytes };
    let mask = (1u8 << bits) - 1;
    let pack_one = |group: &[u8]| group.iter().rev().fold(0, |byte: u8, b| byte << bits | (b & mask));
    bytes.chunks(8 / bits).map(pack_one).collect()
}

/// The bytes that hexadecimal digits stand for; `None` if one is no digit or stands alone.
pub(super) fn decode_hex(digits: &str) -> Option<Vec<u8>> {
    const BAD: u8 = 0xFF;
    const VALUES: [u8; 256] = {
        let mut table = [BAD; 256];
        let mut i = 0u8;
        while i < 16 {
            table[b"0123456789ABCDEF"[i as usize] as usize] = i;
            table[b"0123456789abcdef"[i as usize] as usize] = i;
            i += 1;
        }
        table
    };
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    // Bad digits are looked for once, at the end: the loop has no branch.
    let mut bad = 0;
    let pair = |p: &[u8]| {
        let (high, low) = (VALUES[usize::from(p[0])], VALUES[usize::from(p[1])]);
        bad |= high | low;
        high << 4 | (low & 15)
    };
    let out = digits.as_bytes().chunks_exact(2).map(pair).collect();
    (bad & 0xF0 == 0).then_some(out)
}
