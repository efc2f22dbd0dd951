//! Making, filling and dropping an index.

use super::{FieldKind, FieldRecord, path::FieldPath, postings, read_fields, terms::terms_of};
use crate::{
    Label, Store, StoreError,
    payload::Wanted,
    read::LIVE_SET,
    record::RowRecord,
    sets::{SetChanges, read_set},
    tables::{ABOUT, Counters, FIELDS, ROWS, SETS},
};
use redb::{ReadableTable, WriteTransaction};

/// Rows that [`Store::finish_field_index`] puts into an index in one transaction. Writers wait for it.
const STEP_ROWS: u32 = 20_000;

/// How much of an index has been built, in labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Labels that have been looked at.
    pub done: Label,
    /// Labels to look at: those that had been given out when the index was made.
    pub total: Label,
}

impl Progress {
    pub(super) fn of(field: &FieldRecord) -> Self {
        Self { done: field.next.min(field.end), total: field.end }
    }

    /// Whether all of it is there.
    pub fn is_done(&self) -> bool {
        self.done >= self.total
    }
}

impl Store {
    /// Makes an index of a field. It is empty at first: rows that come from now on go into it, and those that are there
    /// by [`Self::build_field_index`]. One that is there already is left as it is, however much of it is built.
    /// Errors: [`StoreError::OtherFieldKind`] if there is one of another kind; drop that first.
    pub fn create_field_index(&self, path: &FieldPath, kind: FieldKind) -> Result<Progress, StoreError> {
        let transaction = self.database.begin_write()?;
        if let Some(field) = find(&transaction, path)? {
            let progress = Progress::of(&field);
            transaction.abort()?;
            return if field.kind == kind {
                Ok(progress)
            } else {
                Err(StoreError::OtherFieldKind {
                    path: path.to_string(),
                    expected: field.kind,
                    received: kind,
                })
            };
        }
        let field = {
            let mut about = transaction.open_table(ABOUT)?;
            let mut counters = Counters::read(&about)?;
            let number = counters.field;
            counters.field =
                number.checked_add(1).ok_or(StoreError::NumbersUsedUp { what: "field index" })?;
            counters.write(&mut about)?;
            FieldRecord { path: path.clone(), kind, number, next: 0, end: counters.label }
        };
        transaction.open_table(postings(&field.table()))?;
        write(&transaction, &field)?;
        self.commit(transaction, 0, true)?;
        Ok(Progress::of(&field))
    }

    /// Drops the index of a field, built or not. Whether there was one.
    pub fn drop_field_index(&self, path: &FieldPath) -> Result<bool, StoreError> {
        let transaction = self.database.begin_write()?;
        let Some(field) = find(&transaction, path)? else {
            transaction.abort()?;
            return Ok(false);
        };
        transaction.open_table(FIELDS)?.remove(path.to_string().as_str())?;
        transaction.delete_table(postings(&field.table()))?;
        self.commit(transaction, 0, true)?;
        Ok(true)
    }

    /// Puts some of the rows that were there before it into an index: looks at up to `labels` of them. After a crash it
    /// goes on where the last durable step ended. Batches wait meanwhile.
    /// Errors: [`StoreError::NoFieldIndex`]. Cost: reads the payloads of these rows, and writes once to each term's set.
    pub fn build_field_index(&self, path: &FieldPath, labels: u32) -> Result<Progress, StoreError> {
        let transaction = self.database.begin_write()?;
        let Some(mut field) = find(&transaction, path)? else {
            transaction.abort()?;
            return Err(StoreError::NoFieldIndex { path: path.to_string() });
        };
        if field.is_ready() {
            transaction.abort()?;
            return Ok(Progress::of(&field));
        }
        let until = field.end.min(field.next.saturating_add(labels.max(1)));
        let wanted: Wanted = [field.path.first_key()].into_iter().collect();
        let mut changes = SetChanges::default();
        {
            let live = read_set(&transaction.open_table(SETS)?, LIVE_SET)?;
            for entry in transaction.open_table(ROWS)?.range(field.next..until)? {
                let (label, value) = entry?;
                if live.contains(label.value()) {
                    let payload = wanted.read(RowRecord::decode(value.value())?.payload);
                    for term in terms_of(field.kind, &field.path, &payload) {
                        changes.put(&term, label.value(), true);
                    }
                }
            }
        }
        changes.write(&mut transaction.open_table(postings(&field.table()))?)?;
        field.next = until;
        write(&transaction, &field)?;
        // It counts as the rows that it has written for, and is durable when it is done.
        self.commit(transaction, u64::from(labels), field.is_ready())?;
        Ok(Progress::of(&field))
    }

    /// Builds an index to its end, and says after each step how far it is. `go_on` may stop it; a later call goes on.
    pub fn finish_field_index(
        &self,
        path: &FieldPath,
        mut go_on: impl FnMut(Progress) -> bool,
    ) -> Result<Progress, StoreError> {
        loop {
            let progress = self.build_field_index(path, STEP_ROWS)?;
            if progress.is_done() || !go_on(progress) {
                return Ok(progress);
            }
        }
    }
}

fn find(transaction: &WriteTransaction, path: &FieldPath) -> Result<Option<FieldRecord>, StoreError> {
    let fields = read_fields(&transaction.open_table(FIELDS)?)?;
    Ok(fields.into_iter().find(|field| field.path == *path))
}

fn write(transaction: &WriteTransaction, field: &FieldRecord) -> Result<(), StoreError> {
    let mut fields = transaction.open_table(FIELDS)?;
    fields.insert(field.path.to_string().as_str(), field.encode().as_slice())?;
    Ok(())
}
