//! The rules about links: where each type starts, where it leads, and that its tag is true.
//!
//! What must be found at once (epochs and fresh blocks) is ruled on without a look-up. What routes a search is
//! looked up and checked, so that an index cannot lie.

use crate::{
    Centroid, LinkTypes, UnitEntryTypes, hashes, look_up,
    refusal::{Checked, Refusal},
    schema,
};
use hdi::prelude::*;
use rose_forest_rules::{
    Violation,
    anchor::Anchor,
    centroid::{Cells, REGION_LEVEL, check_index, check_parent},
    reference::CellId,
    schema::Schema,
    tag::{CellTag, FreshTag, read_epoch_tag, read_region_tag},
};

type Link = TypedAction<CreateLinkData>;

const REGIONS: &str = "an entry of regions";
const REGION_CELLS: &str = "the cells of the region that the tag names";
const BLOCK: &str = "a block";
const SHARES: &str = "an entry of shares";
const METADATA: &str = "the metadata of a node";

/// The rules about creating a link that need no look-up: its base, the kind of its target, the form of its tag.
///
/// The record of a link gets these alone. Who follows links gets them from their base, whose keepers check the
/// rest; nobody follows a link by its record. So what a link refers to is fetched for one op, not for two.
pub(crate) fn check_form(link_type: LinkTypes, link: &Link) -> Checked {
    match link_type {
        LinkTypes::FreshToEpoch => fresh_to_epoch(link),
        LinkTypes::EpochToBlock => epoch_to_block(link),
        LinkTypes::RoutingToRegions => plain(link, Anchor::Routing, "the routing anchor", REGIONS),
        LinkTypes::RegionToCells => {
            read_region_tag(tag(link))?;
            base_action(link).and(target_action(link, REGION_CELLS)).map(|_| ())
        }
        LinkTypes::CellToBlock => {
            CellTag::from_bytes(tag(link))?;
            base_action(link).and(target_action(link, BLOCK)).map(|_| ())
        }
        LinkTypes::SharesToCentroid => plain(link, Anchor::Shares, "the shares anchor", SHARES),
        LinkTypes::NodesToMetadata => plain(link, Anchor::Nodes, "the nodes anchor", METADATA),
    }
}

/// The rules about creating a link.
pub(crate) fn check_create(link_type: LinkTypes, link: &Link) -> Checked {
    check_form(link_type, link)?;
    match link_type {
        LinkTypes::FreshToEpoch | LinkTypes::EpochToBlock => Ok(()),
        LinkTypes::RoutingToRegions => routing_to_regions(link),
        LinkTypes::RegionToCells => region_to_cells(link),
        LinkTypes::CellToBlock => cell_to_block(link),
        LinkTypes::SharesToCentroid => shares_to_centroid(link),
        LinkTypes::NodesToMetadata => nodes_to_metadata(link),
    }
}

/// A link without a tag from an anchor to an action.
fn plain(link: &Link, anchor: Anchor, base: &'static str, expected: &'static str) -> Checked {
    check_no_tag(link)?;
    check_base(link, anchor_base(anchor), base)?;
    target_action(link, expected).map(|_| ())
}

fn fresh_to_epoch(link: &Link) -> Checked {
    let epoch = read_epoch_tag(tag(link))?;
    check_base(link, anchor_base(Anchor::Fresh), "the fresh anchor")?;
    if link.target_address != hashes::epoch_hash(link.author(), epoch).into() {
        return Err(target("the epoch of its author that the tag names"));
    }
    Ok(())
}

fn epoch_to_block(link: &Link) -> Checked {
    let epoch = FreshTag::from_bytes(tag(link))?.epoch;
    let base = hashes::epoch_hash(link.author(), epoch).into();
    check_base(link, base, "the epoch of its author that the tag names")?;
    target_action(link, "an action").map(|_| ())
}

/// Anyone may link, so that others can restore what a founder has deleted.
fn routing_to_regions(link: &Link) -> Checked {
    let cells = look_up::cells(target_action(link, REGIONS)?, &schema()?)?;
    match cells {
        Some(cells) if cells.level == REGION_LEVEL => Ok(()),
        Some(_) | None => Err(target(REGIONS)),
    }
}

/// Anyone may link, as from the routing anchor.
fn region_to_cells(link: &Link) -> Checked {
    let index = read_region_tag(tag(link))?;
    let schema = schema()?;
    let (founding, regions) = base_cells(link, &schema)?;
    check_parent(&regions, index, &schema)?;
    let cells = look_up::cells(target_action(link, REGION_CELLS)?, &schema)?;
    let parent = Some(CellId { founding: hashes::hash_ref(&founding), index });
    match cells {
        // What has a parent is of level 1: their form has been checked.
        Some(cells) if cells.parent == parent => Ok(()),
        Some(_) | None => Err(target(REGION_CELLS)),
    }
}

fn cell_to_block(link: &Link) -> Checked {
    let tag = CellTag::from_bytes(tag(link))?;
    let schema = schema()?;
    let (founding, cells) = base_cells(link, &schema)?;
    check_index(&cells, tag.index, &schema)?;
    let created = look_up::created(target_action(link, BLOCK)?)?.ok_or_else(|| target(BLOCK))?;
    check_own(link, &created, "block")?;
    let vector = created.vector()?.ok_or_else(|| target(BLOCK))?;
    let block = vector.view(&schema)?;
    if block.cell() != Some(CellId { founding: hashes::hash_ref(&founding), index: tag.index }) {
        return Err(Violation::WrongCell.into());
    }
    // `check_index` has found that there is such a centre.
    let centre = cells.centre(tag.index, schema.dimension()).unwrap_or_default();
    Ok(tag.check(&block, &centre)?)
}

fn shares_to_centroid(link: &Link) -> Checked {
    let created = look_up::created(target_action(link, SHARES)?)?.ok_or_else(|| target(SHARES))?;
    check_own(link, &created, "shares")?;
    match created.centroid()? {
        Some(Centroid::Shares(_)) => Ok(()),
        Some(Centroid::Cells(_)) | None => Err(target(SHARES)),
    }
}

fn nodes_to_metadata(link: &Link) -> Checked {
    let created = look_up::created(target_action(link, METADATA)?)?.ok_or_else(|| target(METADATA))?;
    check_own(link, &created, "metadata")?;
    match created.unit {
        UnitEntryTypes::NodeMetadata => Ok(()),
        UnitEntryTypes::Vector | UnitEntryTypes::Centroid => Err(target(METADATA)),
    }
}

fn tag(link: &Link) -> &[u8] {
    &link.tag.0
}

fn anchor_base(anchor: Anchor) -> AnyLinkableHash {
    hashes::anchor_hash(anchor).into()
}

fn target(expected: &'static str) -> Refusal {
    Violation::LinkTarget { expected }.into()
}

fn check_no_tag(link: &Link) -> Checked {
    match tag(link).len() {
        0 => Ok(()),
        received => Err(Violation::TagLength { expected: 0, received }.into()),
    }
}

fn check_base(link: &Link, base: AnyLinkableHash, expected: &'static str) -> Checked {
    if link.base_address == base { Ok(()) } else { Err(Violation::LinkBase { expected }.into()) }
}

fn check_own(link: &Link, created: &look_up::Created, what: &'static str) -> Checked {
    if created.author == *link.author() { Ok(()) } else { Err(Violation::NotOwn { what }.into()) }
}

fn target_action(link: &Link, expected: &'static str) -> Result<ActionHash, Refusal> {
    link.target_address.clone().into_action_hash().ok_or_else(|| target(expected))
}

/// The cells that a link starts from, and the action that founds them.
fn base_cells(link: &Link, schema: &Schema) -> Result<(ActionHash, Cells), Refusal> {
    let founding = base_action(link)?;
    let cells = look_up::cells(founding.clone(), schema)?.ok_or_else(no_cells)?;
    Ok((founding, cells))
}

fn base_action(link: &Link) -> Result<ActionHash, Refusal> {
    link.base_address.clone().into_action_hash().ok_or_else(no_cells)
}

fn no_cells() -> Refusal {
    Violation::LinkBase { expected: "an entry of cells" }.into()
}
