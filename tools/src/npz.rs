//! Tensors in numpy's files: `.npy`, and `.npz`, a zip archive of them.

use std::fs::File;
use std::io::{BufReader, BufWriter, Cursor, Read, Seek, Write};
use std::path::Path;

use ir::{Elem, Sign, Tensor, TensorType};
use npyz::{DType, NpyFile, Order, TypeChar, WriterBuilder};
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
            let mut data = Vec::new();
            write_array(&mut data, tensor)?;
            zip.write_all(&data)?;
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
        return Ok(Arrays::from([(String::new(), read_array(reader)?)]));
    }
    if !magic[..n].starts_with(b"PK") {
        return Err("it is neither a .npz nor a .npy file".into());
    }
    let mut archive = ZipArchive::new(reader).map_err(|e| e.to_string())?;
    (0..archive.len())
        .map(|i| {
            let member = archive.by_index(i).map_err(|e| e.to_string())?;
            let name = member.name().map_err(|e| e.to_string())?.trim_end_matches(".npy").to_owned();
            let array = read_array(member).map_err(|e| format!("array `{name}`: {e}"))?;
            Ok((name, array))
        })
        .collect()
}

/// The element type of numpy's.
fn elem(dtype: &DType) -> Option<Elem> {
    let DType::Plain(ty) = dtype else { return None };
    Some(match (ty.type_char(), ty.size_field()) {
        (TypeChar::Bool, 1) => Elem::BOOL,
        (TypeChar::Int, n @ (1 | 2 | 4 | 8)) => Elem::Int(n as u16 * 8, Sign::Signless),
        (TypeChar::Uint, n @ (1 | 2 | 4 | 8)) => Elem::Int(n as u16 * 8, Sign::Unsigned),
        (TypeChar::Float, 2) => Elem::F16,
        (TypeChar::Float, 4) => Elem::F32,
        (TypeChar::Float, 8) => Elem::F64,
        _ => return None,
    })
}

fn read_array(reader: impl Read) -> Result<Tensor, String> {
    let npy = NpyFile::new(reader).map_err(|e| e.to_string())?;
    let elem = elem(&npy.dtype()).ok_or_else(|| format!("its type {} is not supported", npy.dtype().descr()))?;
    let shape: Vec<usize> = npy
        .shape()
        .iter()
        .map(|d| usize::try_from(*d).map_err(|_| "its shape is too large".to_owned()))
        .collect::<Result<_, _>>()?;
    let ty = TensorType::of(&shape, elem.clone());
    if ty.num_elements().is_none() {
        return Err("its shape is too large".into());
    }
    let order = npy.order();
    macro_rules! values {
        ($t:ty, $bytes:expr) => {{
            let values: Vec<$t> = npy.into_vec().map_err(|e| e.to_string())?;
            let values = if order == Order::Fortran { row_major(&values, &shape) } else { values };
            values.into_iter().flat_map($bytes).collect()
        }};
    }
    let data: Vec<u8> = match &elem {
        Elem::F32 if order == Order::C => {
            let values: Vec<f32> = npy.into_vec().map_err(|e| e.to_string())?;
            return Ok(Tensor::f32(&shape, values));
        }
        Elem::F32 => values!(f32, |v| v.to_le_bytes()),
        Elem::F64 => values!(f64, |v| v.to_le_bytes()),
        Elem::F16 => values!(half::f16, |v| v.to_le_bytes()),
        Elem::Int(1, _) => values!(bool, |v| [u8::from(v)]),
        Elem::Int(8, Sign::Unsigned) => values!(u8, |v| [v]),
        Elem::Int(8, _) => values!(i8, |v| v.to_le_bytes()),
        Elem::Int(16, Sign::Unsigned) => values!(u16, |v| v.to_le_bytes()),
        Elem::Int(16, _) => values!(i16, |v| v.to_le_bytes()),
        Elem::Int(32, Sign::Unsigned) => values!(u32, |v| v.to_le_bytes()),
        Elem::Int(32, _) => values!(i32, |v| v.to_le_bytes()),
        Elem::Int(_, Sign::Unsigned) => values!(u64, |v| v.to_le_bytes()),
        _ => values!(i64, |v| v.to_le_bytes()),
    };
    Tensor::new(ty, data.into()).map_err(|e| e.to_string())
}

/// Column-major values in row-major order.
fn row_major<T: Copy>(values: &[T], shape: &[usize]) -> Vec<T> {
    let mut out = Vec::with_capacity(values.len());
    let mut index = vec![0; shape.len()];
    for _ in 0..values.len() {
        let at = index.iter().zip(shape).rev().fold(0, |at, (i, n)| at * n + i);
        out.push(values[at]);
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

fn write_array(out: &mut Vec<u8>, tensor: &Tensor) -> std::io::Result<()> {
    let shape: Vec<u64> = tensor.shape().iter().map(|d| *d as u64).collect();
    let bytes = tensor.bytes();
    macro_rules! values {
        ($t:ty, $read:expr) => {{
            let options = npyz::WriteOptions::<$t>::new().default_dtype().shape(&shape);
            let mut writer = options.writer(Cursor::new(out)).begin_nd()?;
            writer.extend(bytes.chunks_exact(size_of::<$t>()).map($read))?;
            writer.finish()
        }};
    }
    macro_rules! le {
        ($t:ty) => {
            values!($t, |c| <$t>::from_le_bytes(c.try_into().unwrap_or_default()))
        };
    }
    match tensor.ty().elem.storage() {
        Elem::F32 => le!(f32),
        Elem::F64 => le!(f64),
        Elem::F16 => le!(half::f16),
        Elem::Int(1, _) => values!(bool, |c| c[0] != 0),
        Elem::Int(8, Sign::Unsigned) => le!(u8),
        Elem::Int(8, _) => le!(i8),
        Elem::Int(16, Sign::Unsigned) => le!(u16),
        Elem::Int(16, _) => le!(i16),
        Elem::Int(32, Sign::Unsigned) => le!(u32),
        Elem::Int(32, _) => le!(i32),
        Elem::Int(64, Sign::Unsigned) => le!(u64),
        Elem::Int(64, _) => le!(i64),
        other => Err(std::io::Error::other(format!("numpy has no type for {other:?}"))),
    }
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
        assert_eq!(row_major(&[1, 4, 2, 5, 3, 6], &[2, 3]), [1, 2, 3, 4, 5, 6]);
    }
}
