//! Reading a snapshot, frame by frame.

use super::{
    FileError, Header, MAGIC, MAX_FRAME_BYTES, MAX_HEADER_BYTES, Row, Summary, VERSION, hex,
    part::{HEAD_BYTES, Hashed, Kind, PartHead},
    row::order,
};
use rose_forest_api::PointId;
use sha2::{Digest, Sha256};
use std::io::Read;

/// Bytes of the last part: how many rows, and their hash.
const DONE_BYTES: usize = 40;

/// Reads a snapshot. Nothing is known to be right before [`Self::summary`] is there; what rows say before is only known to
/// have the right checksum.
pub struct SnapshotReader<R> {
    input: Hashed<R>,
    header: Header,
    last: Option<PointId>,
    rows: u64,
    content: Sha256,
    summary: Option<Summary>,
}

impl<R: Read> SnapshotReader<R> {
    /// Reads the beginning.
    ///
    /// # Errors
    /// What is wrong with it, and those of `input`.
    pub fn new(input: R) -> Result<Self, FileError> {
        let mut input = Hashed::new(input);
        let magic = input.take("the beginning", MAGIC.len());
        if !matches!(&magic, Ok(magic) if *magic == MAGIC) {
            return Err(match magic {
                Err(error @ FileError::Io(_)) => error,
                Ok(_) | Err(_) => FileError::NotASnapshot,
            });
        }
        let version = u32::from_le_bytes(input.array("the beginning")?);
        if version != VERSION {
            return Err(FileError::OtherVersion { expected: VERSION, received: version });
        }
        let (head, header) = part(&mut input, &[Kind::Head])?;
        expect(Kind::Head, "no rows", head.rows, head.rows == 0)?;
        let header = Header::from_bytes(&header)?;
        Ok(Self { input, header, last: None, rows: 0, content: Sha256::new(), summary: None })
    }

    /// What the collection is like.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What the file is known by, once all of it has been read and found right.
    pub fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// The rows of the next frame, at least one; nothing at the end, when everything has been checked.
    ///
    /// # Errors
    /// What is wrong with the file, and those of the input. After any, it cannot be read on.
    pub fn next_rows(&mut self) -> Result<Option<Vec<Row>>, FileError> {
        if self.summary.is_some() {
            return Ok(None);
        }
        let (head, raw) = part(&mut self.input, &[Kind::Rows, Kind::Done])?;
        if head.kind != Kind::Rows {
            expect(Kind::Done, "no rows", head.rows, head.rows == 0)?;
            self.end(&raw)?;
            return Ok(None);
        }
        let (mut rows, mut rest) = (Vec::new(), raw.as_slice());
        while !rest.is_empty() {
            let before = rest;
            let (row, content) = Row::read(&mut rest, self.header.schema.dimension())?;
            self.content.update(before.get(..content).unwrap_or_default());
            if let Some(last) = &self.last
                && order(last, &row.id).is_ge()
            {
                return Err(FileError::Order { before: last.to_string(), received: row.id.to_string() });
            }
            self.last = Some(row.id.clone());
            rows.push(row);
        }
        let is_right = !rows.is_empty() && rows.len() as u64 == u64::from(head.rows);
        expect(Kind::Rows, "as many rows as it says, at least one", rows.len(), is_right)?;
        self.rows += rows.len() as u64;
        Ok(Some(rows))
    }

    fn end(&mut self, raw: &[u8]) -> Result<(), FileError> {
        let name = Kind::Done.name();
        let (Some((rows, content)), true) = (raw.split_first_chunk::<8>(), raw.len() == DONE_BYTES) else {
            return Err(FileError::malformed(name, "40 bytes", raw.len()));
        };
        let rows = u64::from_le_bytes(*rows);
        expect(Kind::Done, "as many rows as were read", rows, rows == self.rows)?;
        let received: [u8; 32] = self.content.clone().finalize().into();
        same_hash("its rows", content, received)?;
        let before = self.input.so_far();
        let said = self.input.array::<32>("its hash")?;
        same_hash("the file", &said, before)?;
        let summary =
            Summary { rows, bytes: self.input.bytes, content: received, sha256: self.input.so_far() };
        if self.input.stream.read(&mut [0])? > 0 {
            return Err(FileError::TooLong { expected: summary.bytes });
        }
        self.summary = Some(summary);
        Ok(())
    }
}

/// Reads a part of one of these kinds, checked and unpacked.
fn part<R: Read>(input: &mut Hashed<R>, kinds: &[Kind]) -> Result<(PartHead, Vec<u8>), FileError> {
    let (head, expected) = PartHead::from_bytes(input.array::<HEAD_BYTES>("the beginning of a part")?)?;
    let name = head.kind.name();
    if !kinds.contains(&head.kind) {
        return Err(FileError::malformed("the order of parts", "one header, rows, the end", name));
    }
    let max = match head.kind {
        Kind::Head => MAX_HEADER_BYTES,
        Kind::Rows => MAX_FRAME_BYTES,
        Kind::Done => DONE_BYTES,
    };
    let (raw, stored) = (head.raw_bytes as usize, head.stored_bytes as usize);
    let max_stored = match head.kind {
        Kind::Rows => zstd::zstd_safe::compress_bound(max),
        Kind::Head | Kind::Done => max,
    };
    for (max, received) in [(max, raw), (max_stored, stored)] {
        if received > max {
            return Err(FileError::TooLarge { part: name, max, received });
        }
    }
    let stored = input.take(name, stored)?;
    let received = head.checksum(&stored);
    if received != expected {
        return Err(FileError::Checksum { part: name, expected, received });
    }
    let bytes = match head.kind {
        Kind::Rows => zstd::bulk::decompress(&stored, raw).map_err(|error| {
            FileError::malformed(name, "what zstd unpacks to as many bytes as it says", error)
        })?,
        Kind::Head | Kind::Done => stored,
    };
    expect(head.kind, "as many bytes as it says", bytes.len(), bytes.len() == raw)?;
    Ok((head, bytes))
}

fn expect(kind: Kind, expected: &'static str, received: impl ToString, is_so: bool) -> Result<(), FileError> {
    if is_so { Ok(()) } else { Err(FileError::malformed(kind.name(), expected, received)) }
}

fn same_hash(of: &'static str, expected: &[u8], received: [u8; 32]) -> Result<(), FileError> {
    if expected == received {
        return Ok(());
    }
    Err(FileError::Hash { of, expected: hex(expected), received: hex(&received) })
}
