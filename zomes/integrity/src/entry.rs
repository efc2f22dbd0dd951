//! What all entry types have in common.

use crate::{
    EntryTypes, UnitEntryTypes,
    refusal::{Checked, Refusal},
};
use hdi::prelude::*;
use rose_forest_rules::{Violation, schema::Schema};

/// The rules of one entry type.
pub(crate) trait Rules {
    /// Which type it is.
    fn unit(&self) -> UnitEntryTypes;

    /// Whether it may be created by this action.
    fn check_create(&self, schema: &Schema, action: &ActionHeader) -> Checked;

    /// Whether it may take another entry's place. Nothing may, unless a type says otherwise.
    fn check_update(&self) -> Checked {
        Err(Violation::Immutable { what: self.unit().what() }.into())
    }
}

impl EntryTypes {
    /// The rules of the entry.
    pub(crate) fn rules(&self) -> &dyn Rules {
        match self {
            Self::Vector(entry) => entry,
            Self::Centroid(entry) => entry,
            Self::NodeMetadata(entry) => entry,
        }
    }
}

impl UnitEntryTypes {
    /// What entries of the type are called in a message.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::Vector => "blocks",
            Self::Centroid => "centroids",
            Self::NodeMetadata => "metadata of nodes",
        }
    }
}

/// Refuses an entry that only its author could read.
pub(crate) fn check_public(rules: &dyn Rules, entry_type: &EntryType) -> Checked {
    match entry_type.visibility() {
        EntryVisibility::Public => Ok(()),
        EntryVisibility::Private => {
            Err(Refusal::Broken(Violation::PrivateEntry { what: rules.unit().what() }))
        }
    }
}

/// Refuses an entry whose bytes are not those that this zome writes for it: with fields in another form, or with
/// bytes behind it that nobody would look at.
pub(crate) fn check_canonical(entry: &EntryTypes, op: &Op) -> Checked {
    let stored = match op {
        Op::CreateRecord(op) => op.record.entry().as_option(),
        Op::CreateEntry(op) => Some(&op.entry),
        // No other op carries an entry.
        _ => None,
    };
    let what = entry.rules().unit().what();
    match Entry::try_from(entry) {
        Ok(canonical) if stored.is_none_or(|stored| *stored == canonical) => Ok(()),
        Ok(_) | Err(_) => Err(Violation::EntryNotCanonical { what }.into()),
    }
}
