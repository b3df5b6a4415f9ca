//! Constants: lists while they are small, hexadecimal bytes when they are large.

use std::borrow::Cow;
use std::sync::Arc;

use super::Writer;
use crate::attr::ResourceKey;
use crate::bytestr;
use crate::tensor::Tensor;
use crate::text::float;
use crate::types::{Elem, Sign, TensorType};

/// Constants of more elements are written as bytes; MLIR's threshold.
const HEX_IF_LARGER_THAN: usize = 100;

/// `dense<…> : tensor<…>`. Quantized constants are written as what they store.
pub(super) fn dense(w: &mut Writer, t: &Tensor) {
    let uniform = splat(t);
    if uniform.is_none() && elided(w, t) {
        return;
    }
    let ty = stored_type(t);
    let elem = &ty.elem;
    w.push("dense<");
    match uniform {
        _ if t.is_empty() => {}
        _ if *elem == Elem::String => strings(w, t),
        Some(one) => element(w, elem, one),
        None if t.len() > HEX_IF_LARGER_THAN => {
            w.push("\"0x");
            hex(&mut w.out, &unpacked(elem, t.raw(), t.len()));
            w.out.push('"');
        }
        None => {
            let bytes = unpacked(elem, t.raw(), t.len());
            let mut elements = bytes.chunks_exact(width(elem));
            w.nested('[', ']', &t.shape(), &mut |w| {
                if let Some(e) = elements.next() {
                    element(w, elem, e);
                }
            });
        }
    }
    w.push("> : ");
    w.tensor_type(&ty);
}

/// `dense_resource<key> : tensor<…>`; the blob goes to the end of the file.
pub(super) fn resource(w: &mut Writer, key: &ResourceKey, t: &Tensor) {
    if elided(w, t) {
        return;
    }
    if t.ty().elem.bits().is_none() {
        return dense(w, t);
    }
    let name = blob_name(w, key, t);
    w.push("dense_resource<");
    w.name(&name);
    w.push("> : ");
    w.tensor_type(&stored_type(t));
}

/// The name of a blob; another one than asked for if that already stands for something else.
fn blob_name(w: &mut Writer, key: &ResourceKey, t: &Tensor) -> Arc<str> {
    let others = (0..).map(|i| format!("{}_{i}", key.name).into());
    for name in std::iter::once(key.name.clone()).chain(others) {
        match w.blobs.iter().find(|(k, _)| k.name == name) {
            Some((k, other)) if k.alignment == key.alignment && other.bytes() == t.bytes() => return name,
            Some(_) => {}
            None => {
                w.blobs.push((ResourceKey { name: name.clone(), ..*key }, t.clone()));
                return name;
            }
        }
    }
    key.name.clone()
}

/// `{-# dialect_resources: … #-}`
pub(super) fn blobs(w: &mut Writer) {
    if w.blobs.is_empty() {
        return;
    }
    w.push("\n{-#\n  dialect_resources: {\n    builtin: {\n");
    let blobs = std::mem::take(&mut w.blobs);
    for (i, (key, t)) in blobs.iter().enumerate() {
        w.push(if i > 0 { ",\n      " } else { "      " });
        w.name(&key.name);
        w.push(": \"0x");
        // A blob begins with its alignment; one element stands for all.
        hex(&mut w.out, &key.alignment.to_le_bytes());
        match key.spread {
            true => hex(&mut w.out, &unpacked(&t.ty().elem.storage(), t.raw(), t.len())),
            false => hex(&mut w.out, t.raw()),
        }
        w.out.push('"');
    }
    w.push("\n    }\n  }\n#-}\n");
}

fn elided(w: &mut Writer, t: &Tensor) -> bool {
    let elide = w.elide_larger_than.is_some_and(|limit| t.len() > limit);
    if elide {
        w.push("dense_resource<__elided__> : ");
        w.tensor_type(&stored_type(t));
    }
    elide
}

/// The type as text needs it: of quantized elements the integer that is stored, signless always.
fn stored_type(t: &Tensor) -> TensorType {
    match &t.ty().elem {
        Elem::Quant(q) => t.ty().with_elem(Elem::Int(q.width, Sign::Signless)),
        _ => t.ty().clone(),
    }
}

/// Bytes an element takes in the text: at least one.
fn width(elem: &Elem) -> usize {
    elem.bits().unwrap_or(8).div_ceil(8).max(1)
}

/// The element that is everywhere the same.
fn splat(t: &Tensor) -> Option<&[u8]> {
    let width = t.ty().elem.byte_width().filter(|w| *w > 0)?;
    let first = t.raw().get(..width)?;
    let same = t.is_splat() || t.raw().chunks_exact(width).all(|e| e == first);
    same.then_some(first)
}

/// Elements of less than a byte, each in a byte of its own.
fn unpacked<'b>(elem: &Elem, bytes: &'b [u8], count: usize) -> Cow<'b, [u8]> {
    let bits = match elem.bits() {
        Some(bits @ (2 | 4)) => bits,
        _ => return Cow::Borrowed(bytes),
    };
    let per_byte = 8 / bits;
    let mask = (1 << bits) - 1;
    Cow::Owned((0..count).map(|i| (bytes[i / per_byte] >> (i % per_byte * bits)) & mask).collect())
}

/// Bytes as upper case digits.
fn hex(out: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut block = [0; 4096];
    out.reserve(2 * bytes.len());
    for chunk in bytes.chunks(block.len() / 2) {
        for (pair, b) in block.chunks_exact_mut(2).zip(chunk) {
            pair[0] = DIGITS[usize::from(b >> 4)];
            pair[1] = DIGITS[usize::from(b & 15)];
        }
        out.push_str(std::str::from_utf8(&block[..2 * chunk.len()]).unwrap_or_default());
    }
}

/// One element; `elem` is a storage type.
fn element(w: &mut Writer, elem: &Elem, bytes: &[u8]) {
    let raw = bytes.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
    match elem {
        Elem::Int(1, _) => w.push(if raw == 0 { "false" } else { "true" }),
        Elem::Int(_, Sign::Unsigned) => w.write(format_args!("{raw}")),
        Elem::Int(bits, _) => {
            let unused = 64 - u32::from((*bits).clamp(1, 64));
            w.write(format_args!("{}", (raw << unused).cast_signed() >> unused));
        }
        Elem::Index => w.write(format_args!("{}", raw.cast_signed())),
        Elem::Complex(part) => {
            let (re, im) = bytes.split_at(bytes.len() / 2);
            w.out.push('(');
            element(w, part, re);
            w.out.push(',');
            element(w, part, im);
            w.out.push(')');
        }
        _ => float::write(&mut w.out, float::from_bits(raw, elem), elem),
    }
}

fn strings(w: &mut Writer, t: &Tensor) {
    let mut rest: &[u8] = t.raw();
    let mut next = || {
        let (length, tail) = rest.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        let (text, tail) = tail.split_at_checked(length)?;
        rest = tail;
        Some(text)
    };
    w.nested('[', ']', &t.shape(), &mut |w| w.string(&bytestr::from_bytes(next().unwrap_or_default())));
}
