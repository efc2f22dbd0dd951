//! Where a record stands, to be read when it is needed.

use super::scan;
use super::segment::{self, HEADER_BYTES, Segment};
use super::{Arc, File, Path, WalError};
use std::os::unix::fs::FileExt;

/// A record of the log. It can be read for as long as it is held, even when it is done and its segment deleted.
#[derive(Clone, Debug)]
pub struct Record {
    number: u64,
    /// Where its header begins.
    offset: u64,
    content_bytes: usize,
    file: Arc<File>,
    path: Arc<Path>,
}

impl Record {
    pub(super) fn new(segment: &Segment, number: u64, offset: u64, content_bytes: usize) -> Self {
        let (file, path) = (segment.file.clone(), segment.path.clone());
        Self { number, offset, content_bytes, file, path }
    }

    /// Its number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Bytes of its content.
    pub fn content_bytes(&self) -> usize {
        self.content_bytes
    }

    /// Its content.
    ///
    /// # Errors
    /// If the system cannot read it, or it is no longer what was written. Cost: one read, and a checksum.
    pub fn read(&self) -> Result<Vec<u8>, WalError> {
        let mut bytes = vec![0; HEADER_BYTES + self.content_bytes];
        self.file
            .read_exact_at(&mut bytes, self.offset)
            .map_err(|error| segment::failed("read", &self.path, error))?;
        if !scan::is_content(&bytes, self.number) {
            let (number, path, offset) = (self.number, self.path.to_path_buf(), self.offset);
            return Err(WalError::Changed { number, path, offset });
        }
        bytes.drain(..HEADER_BYTES);
        Ok(bytes)
    }

    /// Where the next record may begin.
    pub(super) fn end(&self) -> u64 {
        self.offset + (HEADER_BYTES + self.content_bytes) as u64
    }
}
