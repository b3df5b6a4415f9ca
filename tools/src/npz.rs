//! Tensors in numpy's files: `.npy`, and `.npz`, a zip archive of them.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use ir::{Elem, Sign, Tensor, TensorType};
use npyz::{DType, Endianness, NpyHeader, Order, TypeChar, TypeStr, WriterBuilder};
use passes::data::{Arrays, Datasets};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Reads representative datasets from `.npz` and `.npy` files, and directories of them.
#[derive(Debug, Default)]
pub struct NumpyFiles;

impl Datasets for NumpyFiles {
    fn load(&self, path: &Path) -> Result<Arrays, String> {
        let sentence = |e: String| format!("{}: {e}", path.display());
        if !path.is_dir() {
            return read_file(path).map_err(sentence);
        }
        let entries = std::fs::read_dir(path).map_err(|e| sentence(e.to_string()))?;
        let mut files: Vec<_> = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| is_numpy(p)).collect();
        files.sort();
        let mut parts = files.iter().map(|f| read_file(f).map_err(|e| format!("{}: {e}", f.display())));
        let first = parts.next().ok_or_else(|| sentence("the directory holds no .npz or .npy file".into()))??;
        parts.try_fold(first, |all, part| append(all, part?).map_err(sentence))
    }
}

impl NumpyFiles {
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

fn is_numpy(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "npz" || e == "npy")
}

/// The arrays of one file; that of a `.npy` has the empty name.
fn read_file(path: &Path) -> Result<Arrays, String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let mut reader = BufReader::new(file);
    let mut magic = [0; 6];
    let n = reader.read(&mut magic).map_err(|e| e.to_string())?;
    reader.rewind().map_err(|e| e.to_string())?;
    if magic[..n].starts_with(b"\x93NUMPY") {
        let size = reader.get_ref().metadata().map_or(0, |m| m.len());
        return Ok(Arrays::from([(String::new(), read_array(reader, size)?)]));
    }
    if !magic[..n].starts_with(b"PK") {
        return Err("it is neither a .npz nor a .npy file".into());
    }
    let mut archive = ZipArchive::new(reader).map_err(|e| e.to_string())?;
    (0..archive.len())
        .map(|i| {
            let member = archive.by_index(i).map_err(|e| e.to_string())?;
            let name = member.name().map_err(|e| e.to_string())?.trim_end_matches(".npy").to_owned();
            let size = member.size();
            let array = read_array(member, size).map_err(|e| format!("array `{name}`: {e}"))?;
            Ok((name, array))
        })
        .collect()
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

fn read_array(mut reader: impl Read, size: u64) -> Result<Tensor, String> {
    let header = NpyHeader::from_reader(&mut reader).map_err(|e| e.to_string())?;
    let (elem, endianness) =
        elem(&header.dtype()).ok_or_else(|| format!("its type {} is not supported", header.dtype().descr()))?;
    let sizes = header.shape().iter().map(|d| usize::try_from(*d).ok());
    let shape: Vec<usize> = sizes.collect::<Option<_>>().ok_or("its shape is too large")?;
    let ty = TensorType::of(&shape, elem);
    let width = ty.elem.byte_width().unwrap_or(1);
    let bytes = ty.num_elements().and_then(|n| n.checked_mul(width)).ok_or("its shape is too large")?;
    // A header may promise anything: memory is asked for as data comes.
    let mut data = Vec::with_capacity(bytes.min(usize::try_from(size).unwrap_or(0)));
    reader.take(bytes as u64).read_to_end(&mut data).map_err(|e| e.to_string())?;
    if data.len() < bytes {
        return Err(format!("it ends after {} of {bytes} bytes", data.len()));
    }
    if endianness == Endianness::Big {
        data.chunks_exact_mut(width).for_each(<[u8]>::reverse);
    }
    if header.order() == Order::Fortran {
        data = row_major(&data, width, &shape);
    }
    Tensor::new(ty, data.into()).map_err(|e| e.to_string())
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

/// Joins two files of a directory along the first axis.
fn append(all: Arrays, part: Arrays) -> Result<Arrays, String> {
    if !all.keys().eq(part.keys()) {
        return Err("its files do not hold the same arrays".into());
    }
    all.into_iter()
        .zip(part)
        .map(|((name, a), (_, b))| {
            let (mut shape, other) = (a.shape(), b.shape());
            if a.ty().elem != b.ty().elem || shape.is_empty() || other.get(1..) != shape.get(1..) {
                return Err(format!("array `{name}` is of another type or shape in a later file"));
            }
            shape[0] += other[0];
            let data = [a.bytes(), b.bytes()].concat();
            let ty = TensorType::of(&shape, a.ty().elem.clone());
            Ok((name, Tensor::new(ty, data.into()).map_err(|e| e.to_string())?))
        })
        .collect()
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
        assert_eq!(NumpyFiles.load(&path).unwrap(), arrays);
        let second = dir.path().join("b.npz");
        std::fs::copy(&path, &second).unwrap();
        assert!(NumpyFiles.load(dir.path()).unwrap_err().contains("array `q`"), "a scalar has no first axis");
    }

    #[test]
    fn files_of_a_directory_are_joined() {
        let dir = tempfile::tempdir().unwrap();
        for (name, v) in [("b", 2.0), ("a", 1.0)] {
            let arrays = Arrays::from([("x".to_owned(), Tensor::f32(&[1, 2], vec![v, v]))]);
            NumpyFiles::write(&mut File::create(dir.path().join(format!("{name}.npz"))).unwrap(), &arrays).unwrap();
        }
        let all = NumpyFiles.load(dir.path()).unwrap();
        assert_eq!(all["x"], Tensor::f32(&[2, 2], vec![1.0, 1.0, 2.0, 2.0]));
    }

    #[test]
    fn columns_become_rows() {
        assert_eq!(row_major(&[1, 4, 2, 5, 3, 6], 1, &[2, 3]), [1, 2, 3, 4, 5, 6]);
    }
}
