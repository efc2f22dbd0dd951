//! Indexes of payload fields: made and dropped at any time, kept in step by every batch.
//!
//! An index is a table of the store's own file: from a value's term to the rows that hold it, in the chunks of
//! [`crate::sets`]. The choice was between that and maps in memory that are saved or rebuilt at opening. In the file, an
//! index is as consistent as the rows, whatever crashes; opening reads nothing of it; values of a million rows need no
//! memory beside the page cache; and the tree is the ordered map that ranges need. It costs a write for each value that
//! a batch brings, the same one only once.

mod build;
pub(crate) mod datetime;
pub(crate) mod edit;
pub(crate) mod geo;
pub(crate) mod path;
pub(crate) mod terms;
pub(crate) mod words;

use crate::{Label, Snapshot, StoreError, codec::Bytes, payload::Wanted, sets::SetChanges, tables::FIELDS};
pub use build::Progress;
use path::FieldPath;
use redb::{ReadableTable, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};

/// What an index of a field is for. Values of other kinds in that field are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// Strings, whole: `match` with value, any and except.
    Keyword,
    /// Numbers: `match` with integers, and ranges.
    Integer,
    /// Numbers: ranges, and `match` with integers. The same as [`Self::Integer`] inside.
    Float,
    /// Booleans: `match`.
    Bool,
    /// Strings that are times, see [`crate::Range`].
    Datetime,
    /// Strings, whole, as [`Self::Keyword`].
    Uuid,
    /// Objects with `lon` and `lat`: areas.
    Geo,
    /// Words of strings: `match` with text.
    Text,
}

impl FieldKind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Keyword,
        Self::Integer,
        Self::Float,
        Self::Bool,
        Self::Datetime,
        Self::Uuid,
        Self::Geo,
        Self::Text,
    ];
}

/// An index of a field, as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldIndexInfo {
    /// The field.
    pub path: FieldPath,
    /// What the index is for.
    pub kind: FieldKind,
    /// How much of it has been built; filters use it once that is all.
    pub progress: Progress,
}

/// An index of a field, as the table of fields has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldRecord {
    pub path: FieldPath,
    pub kind: FieldKind,
    /// The name of its table.
    pub number: u32,
    /// Rows with labels from here on, below `end`, are not in it yet.
    pub next: Label,
    /// The first label that was given out after the index had been made: rows from there on are in it.
    pub end: Label,
}

const FIELD_VERSION: u8 = 1;

impl FieldRecord {
    pub(crate) fn is_ready(&self) -> bool {
        self.next >= self.end
    }

    /// Whether it holds a row with this label.
    fn covers(&self, label: Label) -> bool {
        label < self.next || label >= self.end
    }

    /// The name of its table.
    pub(crate) fn table(&self) -> String {
        format!("postings-{}", self.number)
    }

    fn encode(&self) -> Vec<u8> {
        let kind = FieldKind::ALL.iter().position(|kind| *kind == self.kind).unwrap_or_default();
        let mut value = vec![FIELD_VERSION, kind as u8];
        for number in [self.number, self.next, self.end] {
            value.extend_from_slice(&number.to_le_bytes());
        }
        value
    }

    fn decode(path: &str, value: &[u8]) -> Result<Self, StoreError> {
        let damaged = |reason: String| StoreError::damaged("field index", reason);
        let mut bytes = Bytes::versioned(value, "field index", FIELD_VERSION)?;
        let kind = usize::from(bytes.u8()?);
        let record = Self {
            path: path.parse().map_err(|error: path::PathError| damaged(error.to_string()))?,
            kind: *FieldKind::ALL.get(kind).ok_or_else(|| damaged(format!("kind {kind}")))?,
            number: bytes.u32()?,
            next: bytes.u32()?,
            end: bytes.u32()?,
        };
        bytes.end()?;
        Ok(record)
    }
}

/// The table of an index.
pub(crate) fn postings(name: &str) -> TableDefinition<'_, &'static [u8], &'static [u8]> {
    TableDefinition::new(name)
}

/// All indexes.
pub(crate) fn read_fields(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
) -> Result<Vec<FieldRecord>, StoreError> {
    let mut fields = Vec::new();
    for entry in table.iter()? {
        let (path, value) = entry?;
        fields.push(FieldRecord::decode(path.value(), value.value())?);
    }
    Ok(fields)
}

/// The indexes of a store, and what a batch has changed in them.
pub(crate) struct FieldChanges {
    fields: Vec<(FieldRecord, SetChanges)>,
}

impl FieldChanges {
    pub(crate) fn new(transaction: &WriteTransaction) -> Result<Self, StoreError> {
        let fields = read_fields(&transaction.open_table(FIELDS)?)?;
        Ok(Self { fields: fields.into_iter().map(|field| (field, SetChanges::default())).collect() })
    }

    /// Whether there are none: then payloads need not be read.
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// How many changes wait to be written.
    pub(crate) fn len(&self) -> usize {
        self.fields.iter().map(|(_, changes)| changes.len()).sum()
    }

    /// Puts a row into all indexes, or takes it out. Cost: reads the payload.
    pub(crate) fn put(&mut self, label: Label, payload: Option<&[u8]>, is_in: bool) {
        if self.fields.is_empty() {
            return;
        }
        let payload =
            self.fields.iter().map(|(field, _)| field.path.first_key()).collect::<Wanted>().read(payload);
        for (field, changes) in self.fields.iter_mut().filter(|(field, _)| field.covers(label)) {
            for term in terms::terms_of(field.kind, &field.path, &payload) {
                changes.put(&term, label, is_in);
            }
        }
    }

    pub(crate) fn write(&mut self, transaction: &WriteTransaction) -> Result<(), StoreError> {
        for (field, changes) in &mut self.fields {
            if changes.len() > 0 {
                changes.write(&mut transaction.open_table(postings(&field.table()))?)?;
            }
        }
        Ok(())
    }
}

impl Snapshot {
    /// The indexes of payload fields, by path.
    pub fn field_indexes(&self) -> Result<Vec<FieldIndexInfo>, StoreError> {
        let fields = read_fields(&self.transaction.open_table(FIELDS)?)?;
        let info = |field: FieldRecord| FieldIndexInfo {
            progress: Progress::of(&field),
            path: field.path,
            kind: field.kind,
        };
        Ok(fields.into_iter().map(info).collect())
    }
}

#[cfg(test)]
mod tests;
