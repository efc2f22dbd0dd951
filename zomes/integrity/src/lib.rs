//! The integrity zome: what may be stored, and the rules that every peer enforces.
//!
//! **Frozen**, with everything it links: the hash of this wasm is part of the identity of the network.
//! A verdict follows from the op, the DNA's properties and what the op refers to, never from a clock or from
//! what this node happens to hold. The rules about bytes stand in `rose-forest-rules`; here stand the rules
//! that need an action or a look-up. A broken rule is a [`Violation`] and makes
//! the op invalid; a look-up that misses leaves the op undecided, until what it refers to arrives.

mod centroid;
mod delete;
mod entry;
mod hashes;
mod link;
mod look_up;
mod node_metadata;
mod refusal;
mod types;
mod vector;

pub use centroid::Centroid;
pub use hashes::{action_hash, anchor_hash, epoch_hash, hash_ref};
pub use node_metadata::NodeMetadata;
pub use refusal::Refusal;
pub use types::{EntryTypes, LinkTypes, UnitEntryTypes};
pub use vector::Vector;

use hdi::prelude::*;
use refusal::{Checked, verdict};
use rose_forest_rules::{Violation, schema::Schema};

/// Whether an op obeys the rules. Errors only when that cannot be decided yet.
#[hdk_extern]
pub fn validate(op: Op) -> ExternResult<ValidateCallbackResult> {
    verdict(check(&op))
}

/// Whether the collection's properties can be read, before anything is written.
#[hdk_extern]
pub fn genesis_self_check(_: GenesisSelfCheckData) -> ExternResult<ValidateCallbackResult> {
    verdict(schema().map(|_| ()))
}

/// The schema of this collection, from the DNA's properties.
pub fn schema() -> Result<Schema, Refusal> {
    Ok(Schema::from_bytes(dna_info()?.modifiers.properties.bytes())?)
}

/// The record op and the entry op of an action get one verdict, so each pair stands in one pattern. (A conductor
/// hands out entries by their records; links it hands out from their bases alone.)
fn check(op: &Op) -> Checked {
    match flatten(op)? {
        FlatOp::CreateRecord(OpRecord::CreateEntry { app_entry, action })
        | FlatOp::CreateEntry(OpEntry::CreateEntry { app_entry, action }) => {
            entry::check_public(app_entry.rules(), action.entry_type())?;
            entry::check_canonical(&app_entry, op)?;
            app_entry.rules().check_create(&schema()?, &action.header)
        }
        FlatOp::CreateRecord(OpRecord::UpdateEntry { app_entry, .. })
        | FlatOp::CreateEntry(OpEntry::UpdateEntry { app_entry, .. })
        | FlatOp::Update(OpUpdate::Entry { app_entry, .. }) => app_entry.rules().check_update(),
        FlatOp::CreateRecord(
            OpRecord::CreatePrivateEntry { app_entry_type, .. }
            | OpRecord::UpdatePrivateEntry { app_entry_type, .. },
        )
        | FlatOp::Update(OpUpdate::PrivateEntry { app_entry_type, .. }) => {
            Err(Violation::PrivateEntry { what: app_entry_type.what() }.into())
        }
        FlatOp::CreateRecord(OpRecord::DeleteEntry { action }) | FlatOp::Delete(OpDelete { action }) => {
            delete::check_delete(&action)
        }
        FlatOp::CreateRecord(OpRecord::CreateLink { link_type, action }) => {
            link::check_form(link_type, &action)
        }
        FlatOp::Link(OpLink::CreateLink { link_type, action }) => link::check_create(link_type, &action),
        FlatOp::CreateRecord(OpRecord::DeleteLink { action }) => delete::check_delete_link(&action),
        FlatOp::Link(OpLink::DeleteLink { original_action, action, .. }) => {
            delete::check_author(original_action.author(), action.author())
        }
        // The system's own operations, which the conductor has checked; and what an agent's activity says of an
        // action, which is ruled on where the action's content is.
        FlatOp::CreateRecord(_) | FlatOp::CreateEntry(_) | FlatOp::Update(_) | FlatOp::AgentActivity(_) => {
            Ok(())
        }
    }
}

/// An op with its entry decoded.
fn flatten(op: &Op) -> Result<FlatOp<EntryTypes, LinkTypes>, Refusal> {
    op.flattened().map_err(Refusal::of_type)
}
