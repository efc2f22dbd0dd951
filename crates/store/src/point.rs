//! What is known of one point, and which of its versions counts.
//!
//! The rule is that of `rose_forest_core::points`: the newest version wins, and a tombstone is a version like any other.
//! Two things are said more exactly here, because the store sees all blocks at once:
//!
//! - *At one time, a tombstone is newer.* Settling hides a row in its cell by a tombstone with the time of that very row
//!   (`coordinator/src/versions.rs`). Whoever learns of both counts the tombstone, or deleted points would come back.
//! - *A copy is no other version.* Settling and upkeep copy rows into blocks of other actions, so the action's hash
//!   cannot say which version is newer: a copy would change who wins. Versions of one time that differ are told apart
//!   and ordered by their content. An honest author writes none.
//!
//! So a version is a value, with a total order; what is known of a point is the largest one that the DHT has confirmed,
//! and beside it those unconfirmed ones that are larger still. That is a join: in whatever order blocks come, and however
//! often, the same version counts. And an unconfirmed version that is withdrawn leaves what was confirmed.

use crate::{
    Label, StoreError,
    block::{IncomingRow, fingerprint},
    codec::Bytes,
    record::{BlockNumber, Place},
};

/// A version of a point. Newer is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// When it was written, in microseconds since 1970.
    pub written_at_micros: i64,
    /// Whether it is a tombstone.
    pub deleted: bool,
    /// Tells versions of one time apart: 64 bits made from code and payload, 0 for a tombstone.
    pub fingerprint: u64,
}

impl Version {
    /// The version that a row of a block is. Cost: a pass over its code and payload.
    pub fn of(row: &IncomingRow<'_>) -> Self {
        Self {
            written_at_micros: row.written_at_micros,
            deleted: row.content.is_none(),
            fingerprint: row.content.as_ref().map_or(0, fingerprint),
        }
    }
}

/// A version that is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub version: Version,
    pub place: Place,
    /// The key of its row; [`NO_LABEL`] for a tombstone and for a row that has not got one yet.
    pub label: Label,
}

/// No row.
pub(crate) const NO_LABEL: Label = Label::MAX;

/// What is known of a point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Point {
    /// The newest version that the DHT has delivered.
    pub confirmed: Option<Kept>,
    /// Newer ones that it has not, in the order in which they came; one version several times if several blocks hold it.
    pub unconfirmed: Vec<Kept>,
}

impl Point {
    /// The version that counts.
    pub(crate) fn winner(&self) -> Option<&Kept> {
        // Of equal ones the first: `max_by` would take the last.
        self.kept().reduce(|best, kept| if kept.version > best.version { kept } else { best })
    }

    /// The version that counts, and whether the DHT has delivered it.
    pub(crate) fn counting(&self) -> Option<(&Kept, bool)> {
        let winner = self.winner()?;
        Some((winner, self.confirmed.is_some_and(|confirmed| confirmed.version == winner.version)))
    }

    /// All that is remembered.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &Kept> {
        self.confirmed.iter().chain(&self.unconfirmed)
    }

    /// The label under which a version's row is kept, if it is.
    pub(crate) fn label_of(&self, version: Version) -> Option<Label> {
        self.kept().find(|kept| kept.version == version && kept.label != NO_LABEL).map(|kept| kept.label)
    }

    /// Gives a version another label, wherever it is remembered.
    pub(crate) fn set_label(&mut self, version: Version, label: Label) {
        self.confirmed
            .iter_mut()
            .chain(&mut self.unconfirmed)
            .filter(|kept| kept.version == version)
            .for_each(|kept| kept.label = label);
    }

    /// Takes in a version from a block that the DHT has delivered. `is_later` says whether that block is a later one
    /// than the other; it is asked only for two places of one version.
    pub(crate) fn confirm(
        &mut self,
        new: Kept,
        is_later: impl FnOnce(BlockNumber) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let label = self.label_of(new.version).unwrap_or(new.label);
        let confirmed = match self.confirmed {
            Some(old) if old.version > new.version => old,
            Some(old) if old.version == new.version && !is_later(old.place.block)? => old,
            Some(_) | None => Kept { label, ..new },
        };
        self.unconfirmed.retain(|kept| kept.place != new.place && kept.version > confirmed.version);
        self.confirmed = Some(confirmed);
        Ok(())
    }

    /// Takes in a version from a block that only a signal has brought.
    pub(crate) fn announce(&mut self, new: Kept) {
        let known = self.confirmed.is_some_and(|kept| kept.version >= new.version)
            || self.unconfirmed.iter().any(|kept| kept.place == new.place);
        if !known {
            let label = self.label_of(new.version).unwrap_or(new.label);
            self.unconfirmed.push(Kept { label, ..new });
        }
    }

    /// Forgets what an unconfirmed block said.
    pub(crate) fn withdraw(&mut self, block: BlockNumber) {
        self.unconfirmed.retain(|kept| kept.place.block != block);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.confirmed.is_none() && self.unconfirmed.is_empty()
    }

    pub(crate) fn encode(&self, value: &mut Vec<u8>) {
        value.clear();
        value.push(VERSION);
        value.push(u8::from(self.confirmed.is_some()));
        for kept in self.kept() {
            value.extend_from_slice(&kept.version.written_at_micros.to_le_bytes());
            value.push(u8::from(kept.version.deleted));
            value.extend_from_slice(&kept.version.fingerprint.to_le_bytes());
            value.extend_from_slice(&kept.place.block.to_le_bytes());
            value.extend_from_slice(&kept.place.row.to_le_bytes());
            value.extend_from_slice(&kept.label.to_le_bytes());
        }
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, StoreError> {
        let mut bytes = Bytes::versioned(value, "point", VERSION)?;
        let confirmed = if bytes.u8()? == 0 { None } else { Some(read_kept(&mut bytes)?) };
        let mut unconfirmed = Vec::new();
        while !bytes.is_empty() {
            unconfirmed.push(read_kept(&mut bytes)?);
        }
        Ok(Self { confirmed, unconfirmed })
    }
}

const VERSION: u8 = 1;

fn read_kept(bytes: &mut Bytes<'_>) -> Result<Kept, StoreError> {
    Ok(Kept {
        version: Version {
            written_at_micros: bytes.i64()?,
            deleted: bytes.u8()? != 0,
            fingerprint: bytes.u64()?,
        },
        place: Place { block: bytes.u32()?, row: bytes.u32()? },
        label: bytes.u32()?,
    })
}

#[cfg(test)]
mod tests;
