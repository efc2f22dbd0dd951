//! What actions and entries that an op refers to are. All validators find the same, or nothing yet.
//!
//! `must_get_action` and `must_get_entry` answer as soon as the bytes are there. `must_get_valid_record` would
//! also wait until they are validated, which takes more than twice as long; so nothing here takes what it finds
//! to be valid.

use crate::{Centroid, UnitEntryTypes, Vector, refusal::Refusal};
use hdi::prelude::*;
use rose_forest_rules::{centroid::Cells, schema::Schema};

/// An action that creates an entry of this zome.
pub(crate) struct Created {
    pub author: AgentPubKey,
    pub unit: UnitEntryTypes,
    entry_hash: EntryHash,
}

/// The action with this hash, when it creates a public entry of this zome; `None` when it is another action.
pub(crate) fn created(hash: ActionHash) -> Result<Option<Created>, Refusal> {
    let action = must_get_action(hash)?.hashed.content;
    let ActionData::Create(CreateData { entry_type: EntryType::App(def), entry_hash }) = action.data else {
        return Ok(None);
    };
    if def.visibility != EntryVisibility::Public {
        return Ok(None);
    }
    let scoped = ScopedEntryDefIndex { zome_index: def.zome_index, zome_type: def.entry_index };
    let unit = zome_info()?.zome_types.entries.find(UnitEntryTypes::iter(), scoped);
    Ok(unit.map(|unit| Created { author: action.header.author, unit, entry_hash }))
}

impl Created {
    /// The block that the action creates; `None` when it creates something else.
    pub(crate) fn vector(self) -> Result<Option<Vector>, Refusal> {
        match self.unit {
            UnitEntryTypes::Vector => read(self.entry_hash).map(Some),
            UnitEntryTypes::Centroid | UnitEntryTypes::NodeMetadata => Ok(None),
        }
    }

    /// The centroid that the action creates; `None` when it creates something else.
    pub(crate) fn centroid(self) -> Result<Option<Centroid>, Refusal> {
        match self.unit {
            UnitEntryTypes::Centroid => read(self.entry_hash).map(Some),
            UnitEntryTypes::Vector | UnitEntryTypes::NodeMetadata => Ok(None),
        }
    }
}

/// The cells that this action founds, whose form is right; `None` when it is another action.
pub(crate) fn cells(hash: ActionHash, schema: &Schema) -> Result<Option<Cells>, Refusal> {
    let Some(created) = created(hash)? else { return Ok(None) };
    match created.centroid()? {
        Some(Centroid::Cells(cells)) => {
            cells.check(schema)?;
            Ok(Some(cells))
        }
        Some(Centroid::Shares(_)) | None => Ok(None),
    }
}

/// Looks an entry up and decodes it.
fn read<T: TryFrom<Entry, Error = WasmError>>(hash: EntryHash) -> Result<T, Refusal> {
    T::try_from(must_get_entry(hash)?.content).map_err(Refusal::of_type)
}
