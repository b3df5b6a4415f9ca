//! Tensors in numpy's files: `.npy`, and `.npz`, a zip archive of them. Arrays are read as they are asked for.

use std::fs::File;
use std::io::{BufReader, BufWriter, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flate2::read::DeflateDecoder;
use ir::{Elem, Sign, Tensor, TensorType};
use npyz::{DType, Endianness, NpyHeader, Order, TypeChar, TypeStr, WriterBuilder};
use passes::data::{Arrays, Datasets, Stream, Streams};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Reads representative datasets from `.npz` and `.npy` files, and directories of them.
#[derive(Debug, Default)]
pub struct NumpyFiles;

impl Datasets for NumpyFiles {
    fn open(&self, path: &Path) -> Result<Streams, String> {
        let sentence = |e: String| format!("{}: {e}", path.display());
        if !path.is_dir() {
            return open_file(path).map_err(sentence);
        }
        let entries = std::fs::read_dir(path).map_err(|e| sentence(e.to_string()))?;
        let mut files: Vec<_> = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| is_numpy(p)).collect();
        files.sort();
        let mut parts = files.iter().map(|f| open_file(f).map_err(|e| format!("{}: {e}", f.display())));
        let first = parts.next().ok_or_else(|| sentence("the directory holds no .npz or .npy file".into()))??;
        let mut types: Vec<(String, TensorType)> = first.into_iter().map(|(name, s)| (name, s.ty)).collect();
        for part in parts {
            append(&mut types, &part?).map_err(sentence)?;
        }
        let joined = types.into_iter().map(|(name, ty)| {
            let all =
                Joined { name: name.clone(), rest: files.clone().into_iter(), array: None, piece: Cursor::default() };
            (name, Stream::new(ty, all, false))
        });
        Ok(joined.collect())
    }
}

impl NumpyFiles {
    /// All arrays of a file or directory, whole.
    ///
    /// # Errors
    /// A sentence that says what cannot be read.
    pub fn load(path: &Path) -> Result<Arrays, String> {
        let whole = |(name, mut s): (String, Stream)| {
            let bytes = s.ty.num_elements().and_then(|n| n.checked_mul(s.ty.elem.byte_width()?));
            let data = s.read(bytes.ok_or("it is too large")?)?;
            Ok((name, Tensor::new(s.ty, data.into()).map_err(|e| e.to_string())?))
        };
        let read = |(name, s): (String, Stream)| {
            whole((name.clone(), s)).map_err(|e: String| format!("{}: array `{name}`: {e}", path.display()))
        };
        NumpyFiles.open(path)?.into_iter().map(read).collect()
    }

    /// Writes arrays as a `.npz`, in name order; equal arrays make equal files.
    ///
    /// # Errors
    /// The system's, or that numpy has no type for an element.
    pub fn write(file: &mut File, arrays: &Arrays) -> std::io::Result<()> {
        let mut zip = ZipWriter::new(BufWriter::new(file));
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            // The format's first date, so that no clock is in the file.
            .last_modified_time(zip::DateTime::default())
            .large_file(true);
        for (name, tensor) in arrays {
            zip.start_file(format!("{name}.npy"), options)?;
            write_array(&mut zip, tensor)?;
        }
        zip.finish()?.flush()
    }
}

/// One array of several files, which are opened one after the other.
struct Joined {
    name: String,
    rest: std::vec::IntoIter<PathBuf>,
    /// What is left of the array of the file that is open, and its bytes.
    array: Option<(Stream, usize)>,
    /// What was read of it last.
    piece: Cursor<Vec<u8>>,
}

/// Bytes that are read of a file at a time; whole elements of every type.
const PIECE: usize = 1 << 16;

impl Read for Joined {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let n = self.piece.read(to)?;
            if n > 0 || to.is_empty() {
                return Ok(n);
            }
            if let Some((array, left)) = self.array.as_mut().filter(|(_, left)| *left > 0) {
                let bytes = PIECE.min(*left);
                self.piece = Cursor::new(array.read(bytes).map_err(std::io::Error::other)?);
                *left -= bytes;
                continue;
            }
            let Some(path) = self.rest.next() else { return Ok(0) };
            let array = open_file(&path).map_err(std::io::Error::other)?.remove(&self.name);
            let array = array.ok_or_else(|| std::io::Error::other("a file of the directory has changed"))?;
            let bytes = array.ty.num_elements().unwrap_or(0) * array.ty.elem.byte_width().unwrap_or(1);
            self.array = Some((array, bytes));
        }
    }
}

fn is_numpy(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "npz" || e == "npy")
}

/// The arrays of one file; that of a `.npy` has the empty name.
fn open_file(path: &Path) -> Result<Streams, String> {
    let open = || File::open(path).map_err(|e| e.to_string());
    let mut reader = BufReader::new(open()?);
    let mut magic = [0; 6];
    let n = reader.read(&mut magic).map_err(|e| e.to_string())?;
    reader.rewind().map_err(|e| e.to_string())?;
    if magic[..n].starts_with(b"\x93NUMPY") {
        return Ok(Streams::from([(String::new(), open_array(reader)?)]));
    }
    if !magic[..n].starts_with(b"PK") {
        return Err("it is neither a .npz nor a .npy file".into());
    }
    let mut archive = ZipArchive::new(reader).map_err(|e| e.to_string())?;
    let count = archive.len();
    let member = |i: usize| {
        let member = archive.by_index(i).map_err(|e| e.to_string())?;
        let name = member.name().map_err(|e| e.to_string())?.trim_end_matches(".npy").to_owned();
        let place = |e: String| format!("array `{name}`: {e}");
        // A handle of its own, so that arrays can be read side by side.
        let mut file = BufReader::new(open()?);
        let start = member.data_start().ok_or_else(|| place("it has no place in the archive".into()))?;
        file.seek(SeekFrom::Start(start)).map_err(|e| place(e.to_string()))?;
        let stored = file.take(member.compressed_size());
        let sum = Sum { left: member.size(), of: crc32fast::Hasher::new(), given: member.crc32() };
        let array = match (member.compression(), member.encrypted()) {
            (CompressionMethod::Stored, false) => open_array(Checked { data: stored, sum }),
            (CompressionMethod::Deflated, false) => open_array(Checked { data: DeflateDecoder::new(stored), sum }),
            (method, _) => Err(format!("its compression ({method}) is not supported")),
        };
        Ok((name.clone(), array.map_err(place)?))
    };
    (0..count).map(member).collect()
}

/// A member of an archive, whose checksum is compared at its end.
struct Checked<R> {
    data: R,
    sum: Sum,
}

struct Sum {
    left: u64,
    of: crc32fast::Hasher,
    given: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let n = self.data.read(to)?;
        self.sum.of.update(&to[..n]);
        self.sum.left = self.sum.left.saturating_sub(n as u64);
        if self.sum.left == 0 && self.sum.of.clone().finalize() != self.sum.given {
            return Err(std::io::Error::other("its checksum is wrong"));
        }
        Ok(n)
    }
}

/// Element types, numpy's letter and bytes of each.
const TYPES: &[(Elem, char, u64)] = &[
    (Elem::BOOL, 'b', 1),
    (Elem::I8, 'i', 1),
    (Elem::I16, 'i', 2),
    (Elem::I32, 'i', 4),
    (Elem::I64, 'i', 8),
    (Elem::U8, 'u', 1),
    (Elem::Int(16, Sign::Unsigned), 'u', 2),
    (Elem::Int(32, Sign::Unsigned), 'u', 4),
    (Elem::Int(64, Sign::Unsigned), 'u', 8),
    (Elem::F16, 'f', 2),
    (Elem::F32, 'f', 4),
    (Elem::F64, 'f', 8),
];

/// The element type of numpy's, and its order of bytes.
fn elem(dtype: &DType) -> Option<(Elem, Endianness)> {
    let DType::Plain(ty) = dtype else { return None };
    let kind = match ty.type_char() {
        TypeChar::Bool => 'b',
        TypeChar::Int => 'i',
        TypeChar::Uint => 'u',
        TypeChar::Float => 'f',
        _ => return None,
    };
    let (elem, ..) = TYPES.iter().find(|(_, k, width)| *k == kind && *width == ty.size_field())?;
    Some((elem.clone(), ty.endianness()))
}

/// An array behind its header.
fn open_array(mut reader: impl Read + Send + 'static) -> Result<Stream, String> {
    let header = NpyHeader::from_reader(&mut reader).map_err(|e| e.to_string())?;
    let (elem, endianness) =
        elem(&header.dtype()).ok_or_else(|| format!("its type {} is not supported", header.dtype().descr()))?;
    let sizes = header.shape().iter().map(|d| usize::try_from(*d).ok());
    let shape: Vec<usize> = sizes.collect::<Option<_>>().ok_or("its shape is too large")?;
    let ty = TensorType::of(&shape, elem);
    let width = ty.elem.byte_width().unwrap_or(1);
    let bytes = ty.num_elements().and_then(|n| n.checked_mul(width)).ok_or("its shape is too large")?;
    let mut stream = Stream::new(ty.clone(), reader, endianness == Endianness::Big);
    if header.order() == Order::Fortran && shape.len() > 1 {
        // The samples stand interleaved: the whole array is turned.
        let data = row_major(&stream.read(bytes)?, width, &shape);
        stream = Stream::new(ty, Cursor::new(data), false);
    }
    Ok(stream)
}

/// Column-major elements of `width` bytes in row-major order.
fn row_major(data: &[u8], width: usize, shape: &[usize]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut index = vec![0; shape.len()];
    for _ in 0..data.len() / width.max(1) {
        let at = index.iter().zip(shape).rev().fold(0, |at, (i, n)| at * n + i) * width;
        out.extend_from_slice(&data[at..at + width]);
        for (i, n) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < *n {
                break;
            }
            *i = 0;
        }
    }
    out
}

/// Adds the samples of one more file of a directory to the types of all.
fn append(all: &mut [(String, TensorType)], part: &Streams) -> Result<(), String> {
    if !all.iter().map(|(name, _)| name).eq(part.keys()) {
        return Err("its files do not hold the same arrays".into());
    }
    for ((name, ty), other) in all.iter_mut().zip(part.values()) {
        let shapes = (ty.static_shape().unwrap_or_default(), other.ty.static_shape().unwrap_or_default());
        let (mut shape, other_shape) = shapes;
        if ty.elem != other.ty.elem || shape.is_empty() || other_shape.get(1..) != shape.get(1..) {
            return Err(format!("array `{name}` is of another type or shape in a later file"));
        }
        shape[0] = shape[0].checked_add(other_shape[0]).ok_or_else(|| format!("array `{name}` is too large"))?;
        *ty = TensorType::of(&shape, ty.elem.clone());
    }
    Ok(())
}

fn write_array(out: &mut impl Write, tensor: &Tensor) -> std::io::Result<()> {
    let shape: Vec<u64> = tensor.shape().iter().map(|d| *d as u64).collect();
    let elem = tensor.ty().elem.storage();
    let found = TYPES.iter().find(|(e, ..)| *e == elem);
    let (_, kind, width) = found.ok_or_else(|| std::io::Error::other(format!("numpy has no type for {elem}")))?;
    let order = if *width == 1 { "|" } else { "<" };
    let dtype: TypeStr = format!("{order}{kind}{width}").parse().map_err(std::io::Error::other)?;
    npyz::WriteOptions::new_header_only()
        .dtype(DType::Plain(dtype))
        .shape(&shape)
        .writer(&mut *out)
        .write_header_only()?;
    out.write_all(&tensor.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_come_back_as_they_were_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npz");
        let arrays = Arrays::from([
            ("x".to_owned(), Tensor::f32(&[2, 3], vec![0.0, -1.5, 2.0, 3.0, f32::MAX, 5.0])),
            ("n".to_owned(), Tensor::i64(&[2], vec![-1, i64::MAX])),
            ("b".to_owned(), Tensor::bool(&[3], vec![true, false, true])),
            ("q".to_owned(), Tensor::i8(&[], Elem::I8, vec![-128])),
        ]);
        NumpyFiles::write(&mut File::create(&path).unwrap(), &arrays).unwrap();
        assert_eq!(NumpyFiles::load(&path).unwrap(), arrays);
        let second = dir.path().join("b.npz");
        std::fs::copy(&path, &second).unwrap();
        assert!(NumpyFiles::load(dir.path()).unwrap_err().contains("array `q`"), "a scalar has no first axis");
    }

    #[test]
    fn files_of_a_directory_are_joined() {
        let dir = tempfile::tempdir().unwrap();
        for (name, v) in [("b", 2.0), ("a", 1.0)] {
            let arrays = Arrays::from([("x".to_owned(), Tensor::f32(&[1, 2], vec![v, v]))]);
            NumpyFiles::write(&mut File::create(dir.path().join(format!("{name}.npz"))).unwrap(), &arrays).unwrap();
        }
        let all = NumpyFiles::load(dir.path()).unwrap();
        assert_eq!(all["x"], Tensor::f32(&[2, 2], vec![1.0, 1.0, 2.0, 2.0]));
    }

    #[test]
    fn columns_become_rows() {
        assert_eq!(row_major(&[1, 4, 2, 5, 3, 6], 1, &[2, 3]), [1, 2, 3, 4, 5, 6]);
    }
}
