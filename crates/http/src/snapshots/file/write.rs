//! Writing a snapshot, row by row.

use super::{
    FRAME_BYTES, FileError, Header, MAGIC, MAX_FRAME_BYTES, Row, Summary, VERSION,
    part::{Hashed, Kind, PartHead},
    row::order,
};
use rose_forest_api::PointId;
use sha2::{Digest, Sha256};
use std::io::Write;

/// zstd's own default: above it, time grows faster than files shrink.
const LEVEL: i32 = 3;

/// Writes a snapshot. What is not finished is no snapshot.
pub struct SnapshotWriter<W> {
    out: Hashed<W>,
    dimension: usize,
    /// The last row's id.
    last: Option<PointId>,
    frame: Vec<u8>,
    frame_rows: u32,
    rows: u64,
    content: Sha256,
}

impl<W: Write> SnapshotWriter<W> {
    /// Begins a snapshot.
    ///
    /// # Errors
    /// A header that is too long, and those of `out`.
    pub fn new(out: W, header: &Header) -> Result<Self, FileError> {
        let mut out = Hashed::new(out);
        out.put(&MAGIC)?;
        out.put(&VERSION.to_le_bytes())?;
        part(&mut out, Kind::Head, 0, &header.to_bytes()?)?;
        Ok(Self {
            out,
            dimension: header.schema.dimension(),
            last: None,
            frame: Vec::new(),
            frame_rows: 0,
            rows: 0,
            content: Sha256::new(),
        })
    }

    /// Writes a row. Rows come in the order of their ids: integers, UUIDs, other strings.
    ///
    /// # Errors
    /// [`FileError::Order`], [`FileError::TooLarge`], [`FileError::Malformed`] for a vector of another dimension, and those
    /// of `out`. After any, the snapshot cannot be finished.
    pub fn row(&mut self, row: &Row) -> Result<(), FileError> {
        if let Some(before) = &self.last
            && order(before, &row.id).is_ge()
        {
            return Err(FileError::Order { before: before.to_string(), received: row.id.to_string() });
        }
        if row.vector.len() != self.dimension {
            let expected = "a vector of the collection's dimension";
            return Err(FileError::malformed("a row", expected, row.vector.len()));
        }
        let start = self.frame.len();
        let content = row.write(&mut self.frame)?;
        let length = self.frame.len() - start;
        if length > MAX_FRAME_BYTES {
            return Err(FileError::TooLarge { part: "a row", max: MAX_FRAME_BYTES, received: length });
        }
        self.content.update(self.frame.get(start..content).unwrap_or_default());
        self.last = Some(row.id.clone());
        self.rows += 1;
        if start > 0 && self.frame.len() > FRAME_BYTES {
            // The row begins the next frame.
            let next = self.frame.split_off(start);
            self.flush()?;
            self.frame = next;
        }
        self.frame_rows += 1;
        Ok(())
    }

    /// Ends the snapshot and gives back what it was written to, not flushed.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(mut self) -> Result<(W, Summary), FileError> {
        self.flush()?;
        let content: [u8; 32] = self.content.finalize().into();
        let mut end = self.rows.to_le_bytes().to_vec();
        end.extend(content);
        part(&mut self.out, Kind::Done, 0, &end)?;
        let before = self.out.so_far();
        self.out.put(&before)?;
        let summary = Summary { rows: self.rows, bytes: self.out.bytes, content, sha256: self.out.so_far() };
        Ok((self.out.stream, summary))
    }

    fn flush(&mut self) -> Result<(), FileError> {
        if !self.frame.is_empty() {
            part(&mut self.out, Kind::Rows, self.frame_rows, &self.frame)?;
        }
        self.frame.clear();
        self.frame_rows = 0;
        Ok(())
    }
}

fn part<W: Write>(out: &mut Hashed<W>, kind: Kind, rows: u32, raw: &[u8]) -> Result<(), FileError> {
    let compressed;
    let stored = match kind {
        Kind::Rows => {
            compressed = zstd::bulk::compress(raw, LEVEL)?;
            &compressed
        }
        Kind::Head | Kind::Done => raw,
    };
    let length = |bytes: &[u8]| {
        u32::try_from(bytes.len()).map_err(|_| FileError::TooLarge {
            part: kind.name(),
            max: MAX_FRAME_BYTES,
            received: bytes.len(),
        })
    };
    let head = PartHead { kind, rows, raw_bytes: length(raw)?, stored_bytes: length(stored)? };
    out.put(&head.to_bytes(stored))?;
    out.put(stored)
}
