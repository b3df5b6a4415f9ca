//! Checkpoints: TensorFlow's tensor bundle, an index table and data shards.
//!
//! Tensors are slices of the mapped shards; their checksum is verified when they are read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ir::{Elem, Tensor, TensorType};
use prost::Message;

use crate::dtype;
use crate::mapped::map;
use crate::proto::{BundleEntryProto, BundleHeaderProto, TensorSliceProto};

/// Why a checkpoint cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The system's reason.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The file is damaged.
    #[error("{path} is corrupt: {what}; export the model again")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// A tensor that is not there.
    #[error("the checkpoint has no tensor `{0}`")]
    Missing(String),
}

/// An opened checkpoint.
#[derive(Debug)]
pub struct Bundle {
    index: PathBuf,
    shards: Vec<(PathBuf, Bytes)>,
    entries: BTreeMap<Vec<u8>, BundleEntryProto>,
}

const MAGIC: u64 = 0xdb47_7524_8b80_fb57;

fn unmask(crc: u32) -> u32 {
    crc.wrapping_sub(0xa282_ead8).rotate_left(15)
}

/// Reads a varint; gives it and the bytes behind it.
fn varint(data: &[u8]) -> Option<(u64, &[u8])> {
    let mut v = 0u64;
    for (i, b) in data.iter().enumerate().take(10) {
        v |= u64::from(b & 0x7f) << (7 * i);
        if b & 0x80 == 0 {
            return Some((v, &data[i + 1..]));
        }
    }
    None
}

/// Entries of a block: keys share prefixes with the key before.
fn entries(block: &[u8]) -> Option<Vec<(Vec<u8>, &[u8])>> {
    let restarts = u32::from_le_bytes(block.get(block.len().checked_sub(4)?..)?.try_into().ok()?) as usize;
    let end = block.len().checked_sub(restarts.checked_mul(4)?.checked_add(4)?)?;
    let mut data = &block[..end];
    let mut key: Vec<u8> = Vec::new();
    let mut out = Vec::new();
    while !data.is_empty() {
        let (shared, rest) = varint(data)?;
        let (unshared, rest) = varint(rest)?;
        let (value, rest) = varint(rest)?;
        let (shared, unshared, value) = (shared as usize, unshared as usize, value as usize);
        key.truncate(key.get(..shared)?.len());
        key.extend_from_slice(rest.get(..unshared)?);
        let rest = &rest[unshared..];
        out.push((key.clone(), rest.get(..value)?));
        data = &rest[value..];
    }
    Some(out)
}

impl Bundle {
    /// Opens `PREFIX.index` and its shards.
    pub fn open(prefix: &Path) -> Result<Bundle, BundleError> {
        let with = |suffix: &str| {
            let mut name = prefix.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        let index = with(".index");
        let data = map(&index).map_err(|source| BundleError::Io { path: index.clone(), source })?;
        let corrupt = |what: &str| BundleError::Corrupt { path: index.clone(), what: what.to_owned() };
        let table = read_table(&data).map_err(|what| corrupt(&what))?;
        let mut all = BTreeMap::new();
        let mut header = None;
        for (key, value) in table {
            if key.is_empty() {
                header = Some(BundleHeaderProto::decode(&value[..]).map_err(|_| corrupt("its header"))?);
            } else {
                let entry = BundleEntryProto::decode(&value[..]).map_err(|_| corrupt("an entry"))?;
                all.insert(key, entry);
            }
        }
        let header = header.ok_or_else(|| corrupt("it has no header"))?;
        if header.endianness != 0 {
            return Err(corrupt("it is big-endian, which is not supported"));
        }
        let count = header.num_shards;
        if !(0..=10_000).contains(&count) {
            return Err(corrupt("its number of shards"));
        }
        let shards = (0..count)
            .map(|i| {
                let path = with(&format!(".data-{i:05}-of-{count:05}"));
                let data = map(&path).map_err(|source| BundleError::Io { path: path.clone(), source })?;
                Ok((path, data))
            })
            .collect::<Result<_, BundleError>>()?;
        Ok(Bundle { index, shards, entries: all })
    }

    /// The names of the tensors.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().filter_map(|k| std::str::from_utf8(k).ok()).filter(|k| !k.starts_with('\0'))
    }

    /// Whether there is a tensor of a name.
    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name.as_bytes())
    }

    /// The element type and shape of a tensor, without reading it.
    pub fn ty(&self, name: &str) -> Option<TensorType> {
        let e = self.entries.get(name.as_bytes())?;
        let shape: Option<Vec<usize>> =
            dtype::shape(e.shape.as_ref().or(Some(&Default::default())))?.into_iter().collect();
        Some(TensorType::of(&shape?, dtype::elem(e.dtype)?))
    }

    fn corrupt(&self, name: &str, what: &str) -> BundleError {
        BundleError::Corrupt { path: self.index.clone(), what: format!("tensor `{name}`: {what}") }
    }

    fn bytes(&self, name: &str, entry: &BundleEntryProto) -> Result<Bytes, BundleError> {
        let shard = usize::try_from(entry.shard_id).ok().and_then(|i| self.shards.get(i));
        let (path, data) = shard.ok_or_else(|| self.corrupt(name, "its shard does not exist"))?;
        let range = usize::try_from(entry.offset)
            .ok()
            .zip(usize::try_from(entry.size).ok())
            .and_then(|(o, n)| Some(o..o.checked_add(n)?))
            .filter(|r| r.end <= data.len());
        let cut = || BundleError::Corrupt { path: path.clone(), what: format!("it ends before tensor `{name}`") };
        Ok(data.slice(range.ok_or_else(cut)?))
    }

    /// Reads a tensor; one stored in slices is put together.
    pub fn tensor(&self, name: &str) -> Result<Tensor, BundleError> {
        let entry = self.entries.get(name.as_bytes()).ok_or_else(|| BundleError::Missing(name.to_owned()))?;
        let ty = self.ty(name).ok_or_else(|| self.corrupt(name, "its type or shape"))?;
        if !entry.slices.is_empty() {
            return self.assemble(name, &ty, &entry.slices);
        }
        let data = self.bytes(name, entry)?;
        if ty.elem == Elem::String {
            return Err(self.corrupt(name, "string variables are not supported"));
        }
        if crc32c::crc32c(&data) != unmask(entry.crc32c) {
            return Err(self.corrupt(name, "its checksum differs"));
        }
        Tensor::new(ty, data).map_err(|e| self.corrupt(name, &e.to_string()))
    }

    /// The bytes of a scalar string tensor.
    pub fn string(&self, name: &str) -> Result<Bytes, BundleError> {
        let entry = self.entries.get(name.as_bytes()).ok_or_else(|| BundleError::Missing(name.to_owned()))?;
        let data = self.bytes(name, entry)?;
        let (n, rest) = varint(&data).ok_or_else(|| self.corrupt(name, "its length"))?;
        let start = data.len() - rest.len() + 4;
        let end = start.checked_add(n as usize).filter(|e| *e <= data.len());
        Ok(data.slice(start..end.ok_or_else(|| self.corrupt(name, "its length"))?))
    }

    /// Reads the part of a sliced tensor that `spec` names (`"4 2 0,2:-"`: full shape, then start and length of each dimension).
    pub fn slice(&self, name: &str, spec: &str) -> Result<Tensor, BundleError> {
        let bad = || self.corrupt(name, &format!("slice `{spec}`"));
        let parts = spec.rsplit(' ').next().ok_or_else(bad)?;
        let extent = parts
            .split(':')
            .map(|d| match d.split_once(',') {
                Some((s, n)) => Some((s.parse().ok()?, Some(n.parse().ok()?))),
                None => (d == "-").then_some((0, None)),
            })
            .collect::<Option<Vec<(i64, Option<i64>)>>>()
            .ok_or_else(bad)?;
        let full = self.ty(name).ok_or_else(|| BundleError::Missing(name.to_owned()))?;
        self.part(name, &full, &extent)
    }

    fn part(&self, name: &str, full: &TensorType, extent: &[(i64, Option<i64>)]) -> Result<Tensor, BundleError> {
        let entry =
            self.entries.get(&slice_key(name, extent)).ok_or_else(|| self.corrupt(name, "a slice is missing"))?;
        let dims: Vec<usize> = full
            .static_shape()
            .unwrap_or_default()
            .iter()
            .zip(extent)
            .map(|(d, (_, n))| n.and_then(|n| usize::try_from(n).ok()).unwrap_or(*d))
            .collect();
        let data = self.bytes(name, entry)?;
        if crc32c::crc32c(&data) != unmask(entry.crc32c) {
            return Err(self.corrupt(name, "the checksum of a slice differs"));
        }
        Tensor::new(TensorType::of(&dims, full.elem.clone()), data).map_err(|e| self.corrupt(name, &e.to_string()))
    }

    fn assemble(&self, name: &str, ty: &TensorType, slices: &[TensorSliceProto]) -> Result<Tensor, BundleError> {
        let shape = ty.static_shape().unwrap_or_default();
        let width = ty.elem.byte_width().ok_or_else(|| self.corrupt(name, "its type"))?;
        let total = ty.num_elements().and_then(|n| n.checked_mul(width)).filter(|n| *n < 1 << 40);
        let mut out = vec![0u8; total.ok_or_else(|| self.corrupt(name, "its size"))?];
        for s in slices {
            let mut extent: Vec<(i64, Option<i64>)> = s.extent.iter().map(|e| (e.start, e.length)).collect();
            extent.resize(shape.len(), (0, None));
            let part = self.part(name, ty, &extent)?;
            let dims = part.shape();
            let starts: Option<Vec<usize>> = extent.iter().map(|(s, _)| usize::try_from(*s).ok()).collect();
            let starts = starts.filter(|s| s.iter().zip(&dims).zip(&shape).all(|((s, n), d)| s + n <= *d));
            let starts = starts.ok_or_else(|| self.corrupt(name, "a slice lies outside"))?;
            copy_block(&part.bytes(), &dims, &starts, &shape, width, &mut out);
        }
        Tensor::new(ty.clone(), out.into()).map_err(|e| self.corrupt(name, &e.to_string()))
    }
}

/// Copies a row-major block into its place in a larger tensor.
fn copy_block(block: &[u8], dims: &[usize], starts: &[usize], shape: &[usize], width: usize, out: &mut [u8]) {
    let run = dims.last().copied().unwrap_or(1) * width;
    if run == 0 {
        return;
    }
    for (r, row) in block.chunks(run).enumerate() {
        let (mut rest, mut at, mut stride) =
            (r, starts.last().copied().unwrap_or(0), shape.last().copied().unwrap_or(1));
        for d in (0..dims.len().saturating_sub(1)).rev() {
            at += (rest % dims[d] + starts[d]) * stride;
            rest /= dims[d];
            stride *= shape[d];
        }
        out[at * width..][..run].copy_from_slice(row);
    }
}

/// The key of a slice: an escaped name, then start and length of each dimension in an order-preserving code.
fn slice_key(name: &str, extent: &[(i64, Option<i64>)]) -> Vec<u8> {
    let mut key = vec![0];
    for b in name.bytes() {
        match b {
            0 => key.extend([0, 0xff]),
            0xff => key.extend([0xff, 0]),
            b => key.push(b),
        }
    }
    key.extend([0, 1]);
    let rank: Vec<u8> = (extent.len() as u64).to_be_bytes().into_iter().skip_while(|b| *b == 0).collect();
    key.push(rank.len() as u8);
    key.extend(rank);
    for (start, length) in extent {
        signed(*start, &mut key);
        signed(length.unwrap_or(-1), &mut key);
    }
    key
}

/// An order-preserving code of a signed number: the length is in the leading bits, as in UTF-8.
fn signed(v: i64, out: &mut Vec<u8>) {
    let magnitude = if v < 0 { !v } else { v } as u64;
    let bits = 64 - magnitude.leading_zeros() as usize + 1;
    let len = bits.div_ceil(7).max(1);
    if len == 1 {
        out.push(0x80 ^ v as u8);
        return;
    }
    let mut bytes = vec![if v < 0 { 0xff } else { 0 }; 2];
    bytes.extend(v.to_be_bytes());
    let mut code = bytes.split_off(bytes.len() - len);
    // The header: `len` ones and a zero for positive numbers, inverted for negative ones.
    let header: u16 = !(0xffff >> len.min(15));
    code[0] ^= (header >> 8) as u8;
    code[1] ^= header as u8;
    out.extend(code);
}

/// Keys with their values.
type Table = Vec<(Vec<u8>, Vec<u8>)>;

fn read_table(data: &Bytes) -> Result<Table, String> {
    let footer = data.len().checked_sub(48).map(|at| &data[at..]).ok_or("it is shorter than its footer")?;
    if footer[40..] != MAGIC.to_le_bytes() {
        return Err("it is no checkpoint index".into());
    }
    let two = |d| varint(d).and_then(|(a, r)| varint(r).map(|(b, r)| (a, b, r)));
    let (_, _, rest) = two(footer).ok_or("its footer")?;
    let (at, size, _) = two(rest).ok_or("its footer")?;
    let mut out = Vec::new();
    let index = block(data, at, size)?;
    for (_, handle) in entries(&index).ok_or("its index block")? {
        let (at, size, _) = two(handle).ok_or("a block handle")?;
        let content = block(data, at, size)?;
        out.extend(entries(&content).ok_or("a data block")?.into_iter().map(|(k, v)| (k, v.to_vec())));
    }
    Ok(out)
}

/// A block's content; its checksum is verified and compression undone.
fn block(data: &Bytes, at: u64, size: u64) -> Result<Bytes, String> {
    let range =
        usize::try_from(at).ok().zip(usize::try_from(size).ok()).and_then(|(a, n)| Some((a, a.checked_add(n)?)));
    let (start, end) =
        range.filter(|(_, e)| e.checked_add(5).is_some_and(|e| e <= data.len())).ok_or("a block lies outside")?;
    let crc = u32::from_le_bytes([data[end + 1], data[end + 2], data[end + 3], data[end + 4]]);
    if crc32c::crc32c(&data[start..=end]) != unmask(crc) {
        return Err("the checksum of a block differs".into());
    }
    let content = data.slice(start..end);
    match data[end] {
        0 => Ok(content),
        1 => {
            let n = snap::raw::decompress_len(&content).map_err(|e| e.to_string())?;
            if n > 64 * content.len().max(1 << 20) {
                return Err("a block claims an absurd size".into());
            }
            snap::raw::Decoder::new().decompress_vec(&content).map(Bytes::from).map_err(|e| e.to_string())
        }
        other => Err(format!("compression {other} is unknown")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slice_keys_are_tensorflows() {
        let mut key = b"\0v\0\x01\x01\x02".to_vec();
        key.extend([0x82, 0x82, 0x80, 0x7f]);
        assert_eq!(slice_key("v", &[(2, Some(2)), (0, None)]), key);
        let mut far = Vec::new();
        signed(64, &mut far);
        assert_eq!(far, [0xc0, 0x40]);
    }

    #[test]
    fn blocks_go_to_their_place() {
        let mut out = vec![0; 6];
        copy_block(&[1, 2], &[2, 1], &[0, 2], &[2, 3], 1, &mut out);
        assert_eq!(out, [0, 0, 1, 0, 0, 2]);
    }
}
