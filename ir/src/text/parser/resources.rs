//! The end of a file, `{-# dialect_resources: {builtin: {key: "0x…"}} #-}`: the blobs of `dense_resource` attributes.

use bytes::Bytes;

use super::elements::{decode_hex, pack};
use super::{Parser, Result};
use crate::attr::{Attr, ResourceKey};
use crate::tensor::Tensor;
use crate::text::lexer::{Tok, Token};
use crate::types::{Elem, TensorType};

/// A resource: its alignment and its bytes.
#[derive(Clone, Debug)]
pub(super) struct Blob {
    alignment: u32,
    bytes: Bytes,
}

impl Parser<'_, '_> {
    /// Reads the sections; `{-#` is read already. What is no blob of the builtin dialect is passed over.
    pub(super) fn resources(&mut self) -> Result<()> {
        self.list(Tok::FileEnd, "',' or '#-}' at the end of the file", |p| {
            let section = p.key()?;
            p.entries(|p, dialect| {
                if section != "dialect_resources" || dialect != "builtin" {
                    return p.skip_value();
                }
                p.entries(|p, key| {
                    let tok = p.expect(Tok::Str, "the bytes of a resource")?;
                    let blob = p.decode_blob(tok)?;
                    p.blobs.insert(key, blob);
                    Ok(())
                })
            })
        })
    }

    /// `key:`
    fn key(&mut self) -> Result<String> {
        if !matches!(self.tok.kind, Tok::Bare | Tok::Str) {
            return Err(self.expected("the key of a resource"));
        }
        let tok = self.bump();
        let key = self.unescape(tok)?;
        self.expect(Tok::Colon, "':' behind the key of a resource")?;
        Ok(key)
    }

    /// `{key: …, key: …}`
    fn entries(&mut self, mut each: impl FnMut(&mut Self, String) -> Result<()>) -> Result<()> {
        self.expect(Tok::LBrace, "'{' of a list of resources")?;
        self.list(Tok::RBrace, "',' or '}' in a list of resources", |p| {
            let key = p.key()?;
            each(p, key)
        })
    }

    fn skip_value(&mut self) -> Result<()> {
        match self.tok.kind {
            Tok::LBrace => self.deeper(|p| p.entries(|p, _| p.skip_value())),
            Tok::Eof | Tok::Error | Tok::FileEnd => Err(self.expected("the value of a resource")),
            _ => {
                self.bump();
                Ok(())
            }
        }
    }

    /// `"0x"`, four bytes of alignment, the blob.
    fn decode_blob(&mut self, tok: Token) -> Result<Blob> {
        let text = self.text(tok);
        let digits = text.strip_prefix("\"0x").and_then(|t| t.strip_suffix('"'));
        let bytes = digits.and_then(decode_hex).map(Bytes::from);
        let alignment = bytes.as_ref().and_then(|b| b.first_chunk()).map(|a| u32::from_le_bytes(*a));
        match (bytes, alignment) {
            (Some(bytes), Some(alignment)) if alignment.is_power_of_two() => {
                Ok(Blob { alignment, bytes: bytes.slice(size_of::<u32>()..) })
            }
            _ => Err(self.error(
                tok.start,
                "parse/literal",
                "expected 0x, four bytes of alignment (a power of two) and the bytes of a resource",
            )),
        }
    }

    /// The attribute of a `dense_resource`; one without a blob is carried whole.
    pub(super) fn blob(&mut self, tok: Token, key: &str, ty: &TensorType) -> Result<Attr> {
        let Some(Blob { alignment, bytes: blob }) = self.blobs.get(key).cloned() else {
            return Ok(Attr::Opaque(format!("dense_resource<{}> : {ty}", self.text(tok)).into()));
        };
        let packed = matches!(ty.elem, Elem::Int(2 | 4, _));
        let spread = !packed || ty.num_elements() == Some(blob.len());
        let bytes = if packed && spread { Bytes::from(pack(&ty.elem, blob.to_vec())) } else { blob };
        match Tensor::new(ty.clone(), bytes) {
            Ok(t) => Ok(Attr::Resource(ResourceKey { name: key.into(), alignment, spread }, t)),
            Err(e) => Err(self.error(tok.start, "parse/literal", format!("resource '{key}': {e}"))),
        }
    }
}
