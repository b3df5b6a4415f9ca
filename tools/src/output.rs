//! Where results go: which kind of file, and how it is written whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

/// What is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// MLIR to stdout.
    Stdout,
    /// MLIR to a file.
    Mlir(PathBuf),
    /// A TFLite flatbuffer.
    Tflite(PathBuf),
    /// C source, beside it the header.
    C(PathBuf),
    /// A graph for Graphviz.
    Dot(PathBuf),
}

impl Target {
    /// The kind of a file by its extension. The error is a sentence.
    pub fn of(path: &Path) -> Result<Target, String> {
        if path.as_os_str() == "-" {
            return Ok(Target::Stdout);
        }
        match path.extension().and_then(|e| e.to_str()) {
            Some("mlir") => Ok(Target::Mlir(path.to_owned())),
            Some("tflite") => Ok(Target::Tflite(path.to_owned())),
            Some("c") => Ok(Target::C(path.to_owned())),
            Some("dot") => Ok(Target::Dot(path.to_owned())),
            _ => Err(format!("the output `{}` ends in none of .tflite, .mlir, .c and .dot", path.display())),
        }
    }

    /// The file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Target::Stdout => None,
            Target::Mlir(p) | Target::Tflite(p) | Target::C(p) | Target::Dot(p) => Some(p),
        }
    }
}

/// The directory a file stands in.
fn directory(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether a file can be put where it is wanted, asked before the work is done. The error is a sentence.
pub fn check_directory(path: &Path) -> Result<(), String> {
    let dir = directory(path);
    if dir.is_dir() {
        return Ok(());
    }
    Err(format!("cannot write {}: the directory {} does not exist", path.display(), dir.display()))
}

/// Writes a file beside its place and renames it there, so that no half of it is ever seen. The error is a sentence.
pub fn write_whole(path: &Path, fill: impl FnOnce(&mut std::fs::File) -> std::io::Result<()>) -> Result<(), String> {
    Pending::new(path, fill)?.keep()
}

/// Writes two files that belong together: both are whole before the first is in its place. The error is a sentence.
pub fn write_pair(files: [(&Path, &[u8]); 2]) -> Result<(), String> {
    let [first, second] = files.map(|(path, data)| Pending::new(path, |f| f.write_all(data)));
    let (first, second) = (first?, second?);
    first.keep()?;
    second.keep()
}

/// A file that stands beside its place.
struct Pending<'a> {
    path: &'a Path,
    file: tempfile::NamedTempFile,
}

impl<'a> Pending<'a> {
    fn new(
        path: &'a Path,
        fill: impl FnOnce(&mut std::fs::File) -> std::io::Result<()>,
    ) -> Result<Pending<'a>, String> {
        let file = beside(path, fill).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
        Ok(Pending { path, file })
    }

    fn keep(self) -> Result<(), String> {
        let sentence = |e: std::io::Error| format!("cannot write {}: {e}", self.path.display());
        self.file.persist(self.path).map(|_| ()).map_err(|e| sentence(e.error))
    }
}

fn beside(
    path: &Path,
    fill: impl FnOnce(&mut std::fs::File) -> std::io::Result<()>,
) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".quant-opt-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The process's umask takes away what new files shall not have.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(directory(path))?;
    fill(file.as_file_mut()).and_then(|()| file.as_file_mut().flush())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_nothing_and_keeps_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.tflite");
        write_whole(&path, |f| f.write_all(b"old")).unwrap();
        let e = write_whole(&path, |f| {
            f.write_all(b"half")?;
            Err(std::io::Error::other("the disk is full"))
        })
        .unwrap_err();
        assert!(e.ends_with("m.tflite: the disk is full"), "{e}");
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_extension_decides() {
        assert_eq!(Target::of(Path::new("-")), Ok(Target::Stdout));
        assert_eq!(Target::of(Path::new("a/b.tflite")), Ok(Target::Tflite("a/b.tflite".into())));
        assert!(Target::of(Path::new("b.onnx")).is_err());
    }
}
