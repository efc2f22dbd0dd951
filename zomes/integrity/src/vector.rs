//! The `Vector` entry: a block of rows, all of one author.

use crate::{
    UnitEntryTypes,
    entry::Rules,
    refusal::{Checked, Refusal},
};
use hdi::prelude::*;
use rose_forest_rules::{
    Violation,
    block::{BlockView, check_block},
    schema::Schema,
};

/// A block: one row or thousands. See `rose_forest_rules::block` for its bytes.
#[hdk_entry_helper]
#[derive(Clone, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// The bytes of the block.
    #[serde(with = "serde_bytes")]
    pub block: Vec<u8>,
}

impl Vector {
    /// The block, if it is encoded as the collection says. Its dimension is compared with that of the cell's
    /// centre, and the rules about its rows are left to the action that creates it.
    pub(crate) fn view(&self, schema: &Schema) -> Result<BlockView<'_>, Refusal> {
        let block = BlockView::parse(&self.block)?;
        let (expected, received) = (schema.encoding, block.encoding());
        if expected != received {
            return Err(Violation::WrongEncoding { expected, received }.into());
        }
        Ok(block)
    }
}

impl Rules for Vector {
    fn unit(&self) -> UnitEntryTypes {
        UnitEntryTypes::Vector
    }

    fn check_create(&self, schema: &Schema, action: &ActionHeader) -> Checked {
        Ok(check_block(&self.block, schema, action.timestamp.as_micros())?)
    }
}
