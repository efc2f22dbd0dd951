//! Disks that fill up, and systems that refuse.

use super::*;
use crate::file::write::Sink;
use std::{
    fs::File,
    io::{self, Seek, SeekFrom, Write},
};

/// A disk that takes so many bytes, counted over all writes, and may fail to sync.
struct Disk {
    file: File,
    left_bytes: usize,
    syncs: bool,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.left_bytes);
        if taken == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.left_bytes -= taken;
        self.file.write(&bytes[..taken])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Disk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Sink for Disk {
    fn sync(&mut self) -> io::Result<()> {
        if self.syncs { self.file.sync() } else { Err(io::Error::from_raw_os_error(5)) }
    }
}

fn write_to(path: &Path, left_bytes: usize, syncs: bool) -> Result<(), FileError> {
    let disk = |file| Box::new(Disk { file, left_bytes, syncs }) as Box<dyn Sink>;
    let mut writer = IndexFileWriter::create_in(path, CONTENTS, 43, &[ONE, TWO], disk)?;
    writer.begin(ONE)?;
    writer.put(b"the new first section")?;
    writer.begin(TWO)?;
    writer.put(&[9; 70])?;
    writer.commit()
}

/// Bytes that are written for the file above: all of it, and the head once more.
const WRITTEN_BYTES: usize = 256 + 70 + 152;

#[test]
fn a_disk_that_fills_up_at_any_byte_leaves_the_old_file_and_nothing_else() {
    let (directory, path) = place();
    write(&path, b"old", b"");
    for left_bytes in 0..WRITTEN_BYTES {
        let error = write_to(&path, left_bytes, true).unwrap_err();
        assert!(
            matches!(&error, FileError::Io { doing: "write", source, .. } if source.kind() == io::ErrorKind::StorageFull),
            "{left_bytes}: {error}"
        );
        assert_eq!(names(directory.path()), ["test.index"]);
        assert_eq!(open(&path).unwrap().section(ONE).unwrap(), b"old");
    }
    write_to(&path, WRITTEN_BYTES, true).unwrap();
    assert_eq!(open(&path).unwrap().section(ONE).unwrap(), b"the new first section");
}

#[test]
fn a_disk_that_cannot_sync_leaves_the_old_file_and_nothing_else() {
    let (directory, path) = place();
    write(&path, b"old", b"");
    assert!(matches!(write_to(&path, usize::MAX, false), Err(FileError::Io { doing: "sync", .. })));
    assert_eq!(names(directory.path()), ["test.index"]);
    assert_eq!(open(&path).unwrap().section(ONE).unwrap(), b"old");
}

#[test]
fn a_name_that_cannot_be_replaced_leaves_nothing() {
    let (directory, path) = place();
    fs::create_dir(&path).unwrap();
    fs::write(path.join("inside"), b"").unwrap();
    assert!(matches!(write_to(&path, usize::MAX, true), Err(FileError::Io { doing: "replace", .. })));
    assert_eq!(names(directory.path()), ["test.index"]);
    let nowhere = directory.path().join("none").join("file");
    assert!(matches!(write_to(&nowhere, usize::MAX, true), Err(FileError::Io { .. })));
}
