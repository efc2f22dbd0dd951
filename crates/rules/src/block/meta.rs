//! Times, ids and payloads of a block's rows.
//!
//! Unpacked, column by column: times (8 bytes each), ids, lengths of payloads (4 bytes each, live rows only),
//! payloads. A length of zero is no payload.

use crate::{Violation, id::PointId, limits, read::Reader};

/// What a row says beside its vector.
#[derive(Clone, Debug, PartialEq)]
pub struct RowMeta {
    /// The point's id.
    pub id: PointId,
    /// When the row was written, in microseconds since 1970.
    pub written_at_micros: i64,
    id_hash: u64,
    /// Where the payload stands in [`Meta`]; `None` for a tombstone.
    payload: Option<std::ops::Range<usize>>,
}

impl RowMeta {
    /// [`PointId::hash64`] of the id, as it was computed when the row was read.
    pub fn id_hash(&self) -> u64 {
        self.id_hash
    }

    /// Whether the row deletes the point.
    pub fn is_tombstone(&self) -> bool {
        self.payload.is_none()
    }
}

/// The unpacked meta section: live rows first, then tombstones.
#[derive(Clone, Debug)]
pub struct Meta {
    bytes: Vec<u8>,
    rows: Vec<RowMeta>,
}

impl Meta {
    pub(super) fn unpack(
        packed: &[u8],
        unpacked_bytes: usize,
        live: usize,
        tombstones: usize,
    ) -> Result<Self, Violation> {
        // Nothing in LZ4 stands for more than 255 bytes: a claim beyond that is refused before memory is taken.
        let most = packed.len().saturating_mul(255);
        if unpacked_bytes > most {
            return Err(Violation::MetaCorrupt {
                reason: format!("{} bytes cannot unpack to {unpacked_bytes}", packed.len()),
            });
        }
        let bytes = lz4_flex::block::decompress(packed, unpacked_bytes)
            .map_err(|e| Violation::MetaCorrupt { reason: e.to_string() })?;
        if bytes.len() != unpacked_bytes {
            return Err(Violation::Truncated {
                what: "unpacked meta section",
                expected: unpacked_bytes,
                received: bytes.len(),
            });
        }
        let mut reader = Reader::new(&bytes);
        let mut times = Reader::new(reader.take((live + tombstones) * 8, "times")?);
        let mut rows = Vec::with_capacity(live + tombstones);
        for row in 0..live + tombstones {
            let (id, id_hash) = PointId::read_hashed(&mut reader, row)?;
            rows.push(RowMeta { id, id_hash, written_at_micros: times.i64("time")?, payload: None });
        }
        let mut lengths = Reader::new(reader.take(live * 4, "lengths of payloads")?);
        let mut start = 0;
        let mut payload_bytes = 0;
        for (number, row) in rows.iter_mut().take(live).enumerate() {
            let length = lengths.u32("length of a payload")? as usize;
            if length > limits::MAX_PAYLOAD_BYTES {
                return Err(Violation::PayloadTooLarge {
                    row: number,
                    max: limits::MAX_PAYLOAD_BYTES,
                    received: length,
                });
            }
            reader.take(length, "payload")?;
            row.payload = Some(start..start + length);
            start += length;
            payload_bytes += length;
        }
        reader.end()?;
        // Payloads are the last section: their ranges become ranges of the whole.
        let offset = bytes.len() - payload_bytes;
        for row in rows.iter_mut().take(live) {
            row.payload = row.payload.take().map(|r| r.start + offset..r.end + offset);
        }
        Ok(Self { bytes, rows })
    }

    /// All rows: the live ones in the order of their codes, then the tombstones.
    pub fn rows(&self) -> &[RowMeta] {
        &self.rows
    }

    /// The payload of row `row` as JSON text; `None` when it has none, is a tombstone or does not exist.
    pub fn payload(&self, row: usize) -> Option<&[u8]> {
        let range = self.rows.get(row)?.payload.clone()?;
        self.bytes.get(range).filter(|bytes| !bytes.is_empty())
    }
}
