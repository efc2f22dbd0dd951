//! Which point a bare id means, where several authors have one with that id: the node's own, else the newest, and of
//! equally new ones that of the smallest author key. The others are *shadowed*: they count, and whoever asks by bare ids
//! does not see them.
//!
//! The set of shadowed rows is a table's, written in the transaction that writes the rows, so that a search need not find
//! out which row stands for each id. It is usually empty or small.

use crate::{
    Label, Store, StoreError,
    batch::point_key,
    left_behind,
    point::Point,
    read::read_point_key,
    record::{AuthorRecord, read_hash},
    sets::SetChanges,
    tables::{ABOUT, ABOUT_OWN, AUTHOR_KEYS, AUTHORS, POINTS, SETS},
};
use redb::{ReadableTable, WriteTransaction};
use rose_forest_rules::{id::PointId, reference::HashRef};

/// The set of rows that are shadowed.
pub(crate) const SHADOWED_SET: &[u8] = &[2];

/// An author's point, as far as it matters who stands for the id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contender {
    pub author: u32,
    /// When the row that counts was written, and its label; nothing for a point that is deleted.
    pub live: Option<(i64, Label)>,
}

impl Contender {
    fn of(author: u32, point: &Point) -> Self {
        let winner = point.winner().filter(|kept| !kept.version.deleted);
        Self { author, live: winner.map(|kept| (kept.version.written_at_micros, kept.label)) }
    }
}

/// All that is known of an id, author by author.
pub(crate) fn contenders(
    points: &impl ReadableTable<&'static [u8], &'static [u8]>,
    id: &PointId,
) -> Result<Vec<Contender>, StoreError> {
    let (mut first, mut last) = (Vec::new(), Vec::new());
    point_key(&mut first, id, 0);
    point_key(&mut last, id, u32::MAX);
    let mut found = Vec::new();
    for entry in points.range(first.as_slice()..=last.as_slice())? {
        let (key, value) = entry?;
        let (_, author) = read_point_key(key.value())?;
        found.push(Contender::of(author, &Point::decode(value.value())?));
    }
    Ok(found)
}

/// The row that stands for an id. `own` is the number of the node's own author.
fn shown(
    contenders: &[Contender],
    own: Option<u32>,
    key_of: &mut dyn FnMut(u32) -> Result<HashRef, StoreError>,
) -> Result<Option<Label>, StoreError> {
    let mut best: Option<(u32, i64, Label)> = None;
    for contender in contenders {
        let Some((written, label)) = contender.live else { continue };
        if Some(contender.author) == own {
            return Ok(Some(label));
        }
        let is_better = match best {
            None => true,
            Some((_, newest, _)) if written != newest => written > newest,
            Some((author, ..)) => key_of(contender.author)? < key_of(author)?,
        };
        if is_better {
            best = Some((contender.author, written, label));
        }
    }
    Ok(best.map(|(_, _, label)| label))
}

/// Notes which of an id's rows are shadowed.
pub(crate) fn note(
    sets: &mut SetChanges,
    contenders: &[Contender],
    own: Option<u32>,
    key_of: &mut dyn FnMut(u32) -> Result<HashRef, StoreError>,
) -> Result<(), StoreError> {
    let shown = shown(contenders, own, key_of)?;
    for (_, label) in contenders.iter().filter_map(|contender| contender.live) {
        sets.put(SHADOWED_SET, label, Some(label) != shown);
    }
    Ok(())
}

/// The number of the node's own author; nothing before it is named and has written.
pub(crate) fn own_author(transaction: &WriteTransaction) -> Result<Option<u32>, StoreError> {
    let Some(key) = transaction.open_table(ABOUT)?.get(ABOUT_OWN)?.map(|key| key.value().to_vec()) else {
        return Ok(None);
    };
    let authors = transaction.open_table(AUTHORS)?;
    let author = authors.get(key.as_slice())?;
    author.map(|author| Ok(AuthorRecord::decode(author.value())?.number)).transpose()
}

/// The key of an author with this number.
pub(crate) fn author_key(
    keys: &impl ReadableTable<u32, &'static [u8]>,
    number: u32,
) -> Result<HashRef, StoreError> {
    let key = keys.get(number)?.ok_or_else(|| StoreError::damaged("author", "missing"))?;
    read_hash(key.value(), "author")
}

impl Store {
    /// Says whose points bare ids mean first: the node's own author. It is remembered. Whether it was another one before, or
    /// none. Said before that author's first block comes, [`crate::Snapshot::cell_blocks_with`] has an answer, too.
    ///
    /// Cost: a look-up; a pass over all points where it changes, while writers wait.
    pub fn set_own_author(&self, author: &HashRef) -> Result<bool, StoreError> {
        let transaction = self.database.begin_write()?;
        {
            let mut about = transaction.open_table(ABOUT)?;
            if about.get(ABOUT_OWN)?.is_some_and(|key| key.value() == author.0) {
                drop(about);
                transaction.abort()?;
                return Ok(false);
            }
            about.insert(ABOUT_OWN, author.0.as_slice())?;
        }
        left_behind::begin(&transaction, author)?;
        let own = own_author(&transaction)?;
        {
            let points = transaction.open_table(POINTS)?;
            let keys = transaction.open_table(AUTHOR_KEYS)?;
            let mut sets = SetChanges::default();
            let mut group: Vec<Contender> = Vec::new();
            let mut of: Option<PointId> = None;
            let mut end_group = |group: &mut Vec<Contender>| {
                let noted = if group.len() > 1 {
                    note(&mut sets, group, own, &mut |number| author_key(&keys, number))
                } else {
                    Ok(())
                };
                group.clear();
                noted
            };
            for entry in points.iter()? {
                let (key, value) = entry?;
                let (id, number) = read_point_key(key.value())?;
                if of.as_ref() != Some(&id) {
                    end_group(&mut group)?;
                    of = Some(id);
                }
                group.push(Contender::of(number, &Point::decode(value.value())?));
            }
            end_group(&mut group)?;
            sets.write(&mut transaction.open_table(SETS)?)?;
        }
        self.commit(transaction, 0, true)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
