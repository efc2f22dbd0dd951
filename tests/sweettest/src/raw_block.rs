//! Blocks written byte by byte, so that a test can break one rule and keep all others.

use rose_forest_core::encode::encode_row;
use rose_forest_rules::{id::PointId, reference::CellId, schema::Schema};

/// The parts of a block, in the order of its bytes. Change one, and [`RawBlock::bytes`] writes what it says.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // As in `rose_forest_rules::block`.
pub struct RawBlock {
    pub encoding: u8,
    pub flags: u8,
    pub dimension: u16,
    pub live: u32,
    pub tombstones: u32,
    pub newest_micros: i64,
    pub cell: Option<CellId>,
    pub hashes: Vec<u64>,
    pub codes: Vec<Vec<u8>>,
    pub times: Vec<i64>,
    pub ids: Vec<u64>,
    pub payloads: Vec<Vec<u8>>,
    /// What the header says of the unpacked meta section, when that is a lie.
    pub meta_bytes: Option<u32>,
}

impl RawBlock {
    /// A true block of live rows, all written at `time`.
    pub fn of(schema: &Schema, cell: Option<CellId>, time: i64, rows: &[(u64, Vec<f32>)]) -> Self {
        let mut sorted: Vec<_> = rows.iter().map(|(id, v)| (PointId::Int(*id).hash64(), *id, v)).collect();
        sorted.sort_by_key(|(hash, id, _)| (*hash, *id));
        Self {
            encoding: schema.encoding.number(),
            flags: u8::from(cell.is_some()),
            dimension: schema.dimension,
            live: rows.len() as u32,
            tombstones: 0,
            newest_micros: time,
            cell,
            hashes: sorted.iter().map(|row| row.0).collect(),
            codes: sorted.iter().map(|row| encode_row(schema.into(), row.2).unwrap()).collect(),
            times: vec![time; rows.len()],
            ids: sorted.iter().map(|row| row.1).collect(),
            payloads: vec![Vec::new(); rows.len()],
            meta_bytes: None,
        }
    }

    /// The same, with a change.
    pub fn but(mut self, change: impl FnOnce(&mut Self)) -> Vec<u8> {
        change(&mut self);
        self.bytes()
    }

    /// The bytes of the block as its parts stand.
    pub fn bytes(&self) -> Vec<u8> {
        let mut meta: Vec<u8> = self.times.iter().flat_map(|time| time.to_le_bytes()).collect();
        for id in &self.ids {
            meta.push(0);
            meta.extend_from_slice(&id.to_le_bytes());
        }
        for payload in &self.payloads {
            meta.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        }
        meta.extend(self.payloads.iter().flatten());
        let packed = uncompressed_lz4(&meta);

        let mut out = b"RFB\x01".to_vec();
        out.extend([self.encoding, self.flags]);
        out.extend(self.dimension.to_le_bytes());
        out.extend(self.live.to_le_bytes());
        out.extend(self.tombstones.to_le_bytes());
        out.extend([0; 4]);
        out.extend((packed.len() as u32).to_le_bytes());
        out.extend(self.meta_bytes.unwrap_or(meta.len() as u32).to_le_bytes());
        out.extend(self.newest_micros.to_le_bytes());
        if let Some(cell) = self.cell {
            out.extend(cell.founding.0);
            out.extend(cell.index.to_le_bytes());
        }
        out.extend(self.hashes.iter().flat_map(|hash| hash.to_le_bytes()));
        out.extend(self.codes.iter().flatten());
        out.extend(packed);
        out
    }
}

/// An LZ4 block of literals alone.
fn uncompressed_lz4(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![(bytes.len().min(15) as u8) << 4];
    if let Some(mut rest) = bytes.len().checked_sub(15) {
        while rest >= 255 {
            out.push(255);
            rest -= 255;
        }
        out.push(rest as u8);
    }
    out.extend_from_slice(bytes);
    out
}
