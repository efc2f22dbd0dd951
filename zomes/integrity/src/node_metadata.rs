//! The `NodeMetadata` entry: what an agent says of its own node.

use crate::{UnitEntryTypes, entry::Rules, hashes, refusal::Checked};
use hdi::prelude::*;
use rose_forest_rules::{metadata, schema::Schema};

/// What an agent says of its own node.
#[hdk_entry_helper]
#[derive(Clone, PartialEq, Eq)]
pub struct NodeMetadata(pub metadata::NodeMetadata);

impl Rules for NodeMetadata {
    fn unit(&self) -> UnitEntryTypes {
        UnitEntryTypes::NodeMetadata
    }

    fn check_create(&self, _: &Schema, action: &ActionHeader) -> Checked {
        Ok(self.0.check(hashes::hash_ref(&action.author))?)
    }
}
