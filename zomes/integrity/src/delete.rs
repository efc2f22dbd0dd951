//! Who may delete what: an author its own blocks, shares, metadata and links, and nobody cells.

use crate::{
    Centroid, hashes, look_up,
    refusal::{Checked, Refusal},
};
use hdi::prelude::*;
use rose_forest_rules::Violation;

/// The rules about deleting an entry.
pub(crate) fn check_delete(action: &TypedAction<DeleteData>) -> Checked {
    let Some(original) = look_up::created(action.deletes_address.clone())? else {
        // The system's own, such as a capability grant.
        return Ok(());
    };
    check_author(&original.author, action.author())?;
    match original.centroid()? {
        Some(Centroid::Cells(_)) => Err(Violation::Undeletable { what: "cells" }.into()),
        Some(Centroid::Shares(_)) | None => Ok(()),
    }
}

/// The rules about deleting a link, where only the deletion is at hand.
pub(crate) fn check_delete_link(action: &TypedAction<DeleteLinkData>) -> Checked {
    let original = must_get_action(action.link_add_address.clone())?;
    check_author(&original.hashed.content.header.author, action.author())
}

/// Only the author deletes.
pub(crate) fn check_author(author: &AgentPubKey, deleter: &AgentPubKey) -> Checked {
    if author == deleter {
        return Ok(());
    }
    let (expected, received) = (hashes::hash_ref(author), hashes::hash_ref(deleter));
    Err(Refusal::Broken(Violation::DeletedByAnother { expected, received }))
}
