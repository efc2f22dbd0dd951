//! The log of changes, by which an index file that was saved earlier is brought up to date.

use crate::{Label, StoreError, batch::Changes, codec::Bytes, record::Placed};
use redb::{ReadableTable, Table};
use roaring::RoaringBitmap;

/// A moment in the life of a store, to be saved with an index: see [`crate::Store::checkpoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which store: see [`crate::Store::identity`].
    pub identity: u64,
    /// The sequence number of the last change that the index holds.
    pub sequence: u64,
}

/// What changed since a checkpoint, taken together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangesSince {
    /// The sequence number of the last of these changes.
    pub sequence: u64,
    /// Rows that count now and did not then, by label ascending, and where to find their codes.
    pub inserted: Vec<Placed>,
    /// Rows that counted then and do not now, ascending.
    pub removed: Vec<Label>,
    /// Rows that counted then and now, and may be in another place than then, by label ascending.
    pub moved: Vec<Placed>,
}

const LOG_VERSION: u8 = 1;

/// Appends what one block changed.
pub(crate) fn write(
    log: &mut Table<'_, u64, &'static [u8]>,
    sequence: u64,
    changes: &Changes,
) -> Result<(), StoreError> {
    let inserted: Vec<_> = changes.inserted.iter().map(|placed| placed.label).collect();
    let moved: Vec<_> = changes.moved.iter().map(|placed| placed.label).collect();
    let labels = [&inserted, &changes.removed, &moved];
    let mut value = vec![LOG_VERSION];
    for list in labels {
        // A block has at most 16,384 rows.
        value.extend_from_slice(&(list.len() as u32).to_le_bytes());
        list.iter().for_each(|label| value.extend_from_slice(&label.to_le_bytes()));
    }
    log.insert(sequence, value.as_slice())?;
    Ok(())
}

/// Forgets changes up to and including this one.
pub(crate) fn forget(log: &mut Table<'_, u64, &'static [u8]>, until: u64) -> Result<(), StoreError> {
    log.retain_in(..=until, |_, _| false)?;
    Ok(())
}

/// Labels of changes, taken together.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    pub inserted: RoaringBitmap,
    pub removed: RoaringBitmap,
    pub moved: RoaringBitmap,
}

/// Takes together all changes after `since`. Cost: linear in what they changed.
pub(crate) fn sum_since(log: &impl ReadableTable<u64, &'static [u8]>, since: u64) -> Result<Sum, StoreError> {
    let mut sum = Sum::default();
    for entry in log.range(since.saturating_add(1)..)? {
        let (_, value) = entry?;
        let mut bytes = Bytes::versioned(value.value(), "log", LOG_VERSION)?;
        let [inserted, removed, moved] =
            [read_labels(&mut bytes)?, read_labels(&mut bytes)?, read_labels(&mut bytes)?];
        bytes.end()?;
        sum.inserted.extend(inserted);
        sum.moved.extend(moved);
        for label in removed {
            // A label is used once, so what came and went again since was never there.
            if !sum.inserted.remove(label) {
                sum.removed.insert(label);
            }
            sum.moved.remove(label);
        }
    }
    sum.moved -= &sum.inserted;
    Ok(sum)
}

fn read_labels(bytes: &mut Bytes<'_>) -> Result<Vec<Label>, StoreError> {
    let count = bytes.u32()? as usize;
    let labels = bytes.take(count.saturating_mul(4))?.as_chunks::<4>().0;
    Ok(labels.iter().map(|label| Label::from_le_bytes(*label)).collect())
}
