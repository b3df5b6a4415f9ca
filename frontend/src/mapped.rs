//! Files as memory maps.

use std::fs::File;
use std::path::Path;

use bytes::Bytes;

/// The bytes of a file, mapped; they live as long as the last slice of them. An empty file gives no bytes.
#[allow(unsafe_code)]
pub fn map(path: &Path) -> std::io::Result<Bytes> {
    let file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(Bytes::new());
    }
    // SAFETY: the map is read-only and private. A file that another process shortens while it is mapped ends this process with SIGBUS, as
    // with every program that maps its input; no memory of ours is touched.
    let map = unsafe { memmap2::Mmap::map(&file)? };
    Ok(Bytes::from_owner(map))
}
