//! The entry and link types, in the order that their numbers come from: part of the network's identity.

#![expect(clippy::indexing_slicing, reason = "in what `hdk_entry_types` writes, into a table of its own")]

use crate::{Centroid, NodeMetadata, Vector};
use hdi::prelude::*;

/// What can be stored. All of it is public, and none of it ever changes.
#[hdk_entry_types]
#[unit_enum(UnitEntryTypes)]
#[derive(Clone, PartialEq)]
pub enum EntryTypes {
    /// Rows of one author.
    Vector(Vector),
    /// Cells as founded, or the shares that an author has in them.
    Centroid(Centroid),
    /// What an agent says of its own node.
    NodeMetadata(NodeMetadata),
}

/// How it is found.
#[hdk_link_types]
pub enum LinkTypes {
    /// From the fresh anchor to an epoch of an author. Tag: the epoch.
    FreshToEpoch,
    /// From an epoch of an author to a fresh block. Tag: epoch, rows, tombstones.
    EpochToBlock,
    /// From the routing anchor to an entry of regions. No tag.
    RoutingToRegions,
    /// From an entry of regions to the cells of one of them. Tag: which one.
    RegionToCells,
    /// From an entry of cells to a block. Tag: which cell, rows, radius, replaced blocks.
    CellToBlock,
    /// From the shares anchor to an author's shares. No tag.
    SharesToCentroid,
    /// From the nodes anchor to the metadata of a node. No tag.
    NodesToMetadata,
}
