//! What can be wrong with the file of a snapshot.

use std::io;

/// Why a file cannot be read, or rows not be written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It does not begin as a snapshot does.
    #[error("expected the file of a snapshot, received something else")]
    NotASnapshot,
    /// Another version of the layout.
    #[error("expected version {expected} of a snapshot's layout, received {received}")]
    OtherVersion {
        /// The version that is read here.
        expected: u32,
        /// The file's.
        received: u32,
    },
    /// The file ends too early.
    #[error("the snapshot was cut off: expected {expected} more bytes of {part}, received {received}")]
    Truncated {
        /// Where.
        part: &'static str,
        /// Bytes that should follow.
        expected: u64,
        /// Bytes that do.
        received: u64,
    },
    /// There is more after the end.
    #[error("expected the end of the snapshot after {expected} bytes, received more")]
    TooLong {
        /// Bytes that the file should have.
        expected: u64,
    },
    /// The checksum of a part is another.
    #[error("the snapshot is damaged: {part} has the checksum {received:016x}, expected {expected:016x}")]
    Checksum {
        /// Which part.
        part: &'static str,
        /// What the file says.
        expected: u64,
        /// What the bytes have.
        received: u64,
    },
    /// The hash of the whole, or of its rows, is another.
    #[error("the snapshot is damaged: {of} has the SHA-256 {received}, expected {expected}")]
    Hash {
        /// What was hashed.
        of: &'static str,
        /// What the file says, in hexadecimal.
        expected: String,
        /// What the bytes have.
        received: String,
    },
    /// Something is longer than it may be.
    #[error("expected at most {max} bytes of {part}, received {received}")]
    TooLarge {
        /// What.
        part: &'static str,
        /// Bytes that it may have.
        max: usize,
        /// Bytes that it has, or says that it has.
        received: usize,
    },
    /// What has the right checksum is no row, no header, or not what should be there: nothing that we write.
    #[error("in {part} of the snapshot: expected {expected}, received {received}")]
    Malformed {
        /// Where.
        part: &'static str,
        /// What should be there.
        expected: &'static str,
        /// What is.
        received: String,
    },
    /// Rows that do not come in their order, or come twice.
    #[error("expected rows in the order of their ids, received {received} after {before}")]
    Order {
        /// The id before.
        before: String,
        /// The id that came after it.
        received: String,
    },
    /// The file cannot be read or written.
    #[error("cannot read or write the snapshot: {0}")]
    Io(#[from] io::Error),
}

impl FileError {
    /// Something other than what should be there.
    pub(super) fn malformed(part: &'static str, expected: &'static str, received: impl ToString) -> Self {
        Self::Malformed { part, expected, received: received.to_string() }
    }
}
