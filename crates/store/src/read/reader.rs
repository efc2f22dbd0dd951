//! Putting a row together from the tables that know of it.

use super::{Row, Snapshot};
use crate::{
    BlockNumber, Label, StoreError,
    batch::point_key,
    codec::Bytes,
    id_key::{push_id, read_id},
    point::{Kept, Point},
    record::{BlockRecord, RowRecord, read_hash},
    tables::{AUTHOR_KEYS, BLOCK_INFO, POINTS, ROWS},
};
use rose_forest_rules::{id::PointId, reference::HashRef};

type BytesByBytes = redb::ReadOnlyTable<&'static [u8], &'static [u8]>;
type BytesByNumber = redb::ReadOnlyTable<u32, &'static [u8]>;
type RowValue = redb::AccessGuard<'static, &'static [u8]>;

/// The tables that a row is put together from, opened once.
pub(crate) struct Reader {
    pub points: BytesByBytes,
    pub rows: BytesByNumber,
    infos: BytesByNumber,
    author_keys: BytesByNumber,
}

impl Reader {
    pub(crate) fn new(snapshot: &Snapshot) -> Result<Self, StoreError> {
        let transaction = &snapshot.transaction;
        Ok(Self {
            points: transaction.open_table(POINTS)?,
            rows: transaction.open_table(ROWS)?,
            infos: transaction.open_table(BLOCK_INFO)?,
            author_keys: transaction.open_table(AUTHOR_KEYS)?,
        })
    }

    /// The row with this label, if it counts.
    pub(crate) fn row(&self, label: Label) -> Result<Option<Row>, StoreError> {
        let Some((kept, value)) = self.find(label)? else { return Ok(None) };
        self.complete(&kept, &RowRecord::decode(value.value())?).map(Some)
    }

    /// The row that counts of a point.
    pub(crate) fn winner(&self, point: &Point) -> Result<Option<Row>, StoreError> {
        let Some(kept) = point.winner().filter(|kept| !kept.version.deleted) else { return Ok(None) };
        let value = self.rows.get(kept.label)?.ok_or_else(|| StoreError::damaged("row", "missing"))?;
        self.complete(kept, &RowRecord::decode(value.value())?).map(Some)
    }

    /// What is known of a label that counts, and its record.
    pub(super) fn find(&self, label: Label) -> Result<Option<(Kept, RowValue)>, StoreError> {
        let Some(value) = self.rows.get(label)? else { return Ok(None) };
        let record = RowRecord::decode(value.value())?;
        let mut key = Vec::with_capacity(32);
        point_key(&mut key, &record.id, record.author);
        let point = self.points.get(key.as_slice())?;
        let point = point.ok_or_else(|| StoreError::damaged("point", "missing"))?;
        let point = Point::decode(point.value())?;
        Ok(point.winner().filter(|kept| kept.label == label).map(|kept| (*kept, value)))
    }

    fn complete(&self, kept: &Kept, record: &RowRecord<'_>) -> Result<Row, StoreError> {
        let block = self.block(kept.place.block)?;
        let payload = record.payload.map(|payload| String::from_utf8(payload.to_vec())).transpose();
        Ok(Row {
            label: kept.label,
            author: self.author_key(record.author)?,
            id: record.id.clone(),
            written_at_micros: record.written_at_micros,
            action: block.action,
            place: kept.place,
            confirmed: block.confirmed,
            payload: payload.map_err(|error| StoreError::damaged("payload", error.to_string()))?,
        })
    }

    /// What is known of a block that rows are in.
    pub(crate) fn block(&self, number: BlockNumber) -> Result<BlockRecord, StoreError> {
        let info = self.infos.get(number)?;
        let info = info.ok_or_else(|| StoreError::damaged("block", "missing"))?;
        BlockRecord::decode(info.value())
    }

    pub(crate) fn author_key(&self, number: u32) -> Result<HashRef, StoreError> {
        let key = self.author_keys.get(number)?;
        let key = key.ok_or_else(|| StoreError::damaged("author", "missing"))?;
        read_hash(key.value(), "author")
    }

    /// Visits what is known of this id, author by author.
    pub(crate) fn each_with_id(
        &self,
        id: &PointId,
        mut visit: impl FnMut(Point) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut key = Vec::new();
        push_id(&mut key, id);
        let (first, last) = ([key.as_slice(), &[0; 4]].concat(), [key.as_slice(), &[0xff; 4]].concat());
        for entry in self.points.range(first.as_slice()..=last.as_slice())? {
            visit(Point::decode(entry?.1.value())?)?;
        }
        Ok(())
    }
}

/// The id and the author's number of a point's key.
pub(crate) fn read_point_key(key: &[u8]) -> Result<(PointId, u32), StoreError> {
    let mut bytes = Bytes::plain(key, "key of a point");
    let id = read_id(&mut bytes)?;
    let author = u32::from_be_bytes(bytes.array()?);
    bytes.end()?;
    Ok((id, author))
}
