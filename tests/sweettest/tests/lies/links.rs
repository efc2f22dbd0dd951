//! Links that start or lead where they must not, or say what is not true.

use super::world::{EPOCH, Lie, World};
use holochain::prelude::AnyLinkableHash;
use rose_forest_rules::{
    anchor::Anchor,
    tag::{CellTag, FreshTag, epoch_tag, region_tag},
};
use rose_forest_sweettest::{Act, LinkKind, anchor, epoch, hash_ref};

pub fn lies(world: &World) -> Vec<Lie> {
    [fresh(world), routing(world), cells(world), own_only(world)].into_iter().flatten().collect()
}

fn link(
    name: &'static str,
    kind: LinkKind,
    base: impl Into<AnyLinkableHash>,
    target: impl Into<AnyLinkableHash>,
    tag: Vec<u8>,
) -> Lie {
    Lie::new(name, Act::link(kind, base, target, tag))
}

fn fresh(world: &World) -> Vec<Lie> {
    let mine = epoch(&world.liar, EPOCH);
    let another = world.judge.clone();
    let tag = FreshTag { epoch: EPOCH, rows: 1, tombstones: 0 }.to_bytes();
    let old_version = [vec![9], tag[1..].to_vec()].concat();
    let block = world.fresh.clone();
    use LinkKind::{EpochToBlock, FreshToEpoch};
    vec![
        link(
            "an epoch on another anchor",
            FreshToEpoch,
            anchor(Anchor::Nodes),
            mine.clone(),
            epoch_tag(EPOCH),
        ),
        link(
            "another's epoch",
            FreshToEpoch,
            anchor(Anchor::Fresh),
            epoch(&another, EPOCH),
            epoch_tag(EPOCH),
        ),
        link(
            "another epoch than the tag says",
            FreshToEpoch,
            anchor(Anchor::Fresh),
            mine.clone(),
            epoch_tag(2),
        ),
        link("an epoch without a tag", FreshToEpoch, anchor(Anchor::Fresh), mine.clone(), vec![]),
        link("a block in another's epoch", EpochToBlock, epoch(&another, EPOCH), block.clone(), tag.clone()),
        link("a fresh link to no action", EpochToBlock, mine.clone(), anchor(Anchor::Nodes), tag),
        link("a fresh tag of another version", EpochToBlock, mine.clone(), block.clone(), old_version),
        link("a fresh tag cut short", EpochToBlock, mine, block, vec![1, 1, 0]),
    ]
}

fn routing(world: &World) -> Vec<Lie> {
    let (regions, cells) = (world.regions.clone(), world.cells.clone());
    use LinkKind::{RegionToCells, RoutingToRegions};
    vec![
        link("regions on another anchor", RoutingToRegions, anchor(Anchor::Fresh), regions.clone(), vec![]),
        link("cells where regions belong", RoutingToRegions, anchor(Anchor::Routing), cells.clone(), vec![])
            .seen_by_look_up(),
        link(
            "a block where regions belong",
            RoutingToRegions,
            anchor(Anchor::Routing),
            world.fresh.clone(),
            vec![],
        )
        .seen_by_look_up(),
        link("regions with a tag", RoutingToRegions, anchor(Anchor::Routing), regions.clone(), vec![1]),
        link("cells of another region", RegionToCells, regions.clone(), cells.clone(), region_tag(1))
            .seen_by_look_up(),
        link("cells of no region", RegionToCells, regions.clone(), cells.clone(), region_tag(2))
            .seen_by_look_up(),
        link("cells below cells", RegionToCells, cells.clone(), cells.clone(), region_tag(0))
            .seen_by_look_up(),
        link("regions below regions", RegionToCells, regions.clone(), regions, region_tag(0))
            .seen_by_look_up(),
        link("cells below a block", RegionToCells, world.fresh.clone(), cells, region_tag(0))
            .seen_by_look_up(),
    ]
}

fn cells(world: &World) -> Vec<Lie> {
    let to_block = |name, tag: CellTag| {
        let (base, target) = (world.cells.clone(), world.own.block.clone());
        link(name, LinkKind::CellToBlock, base, target, tag.to_bytes()).seen_by_look_up()
    };
    let truth = world.tag();
    let elsewhere = |name, base: AnyLinkableHash, target: AnyLinkableHash| {
        link(name, LinkKind::CellToBlock, base, target, world.tag().to_bytes()).seen_by_look_up()
    };
    let replaced = hash_ref(&world.fresh);
    vec![
        to_block("a tag with more rows", CellTag { rows: truth.rows + 1, ..truth.clone() }),
        to_block("a tag with no rows", CellTag { rows: 0, ..truth.clone() }),
        to_block(
            "a tag with a smaller radius",
            CellTag { radius_bits: truth.radius_bits - 1, ..truth.clone() },
        ),
        to_block(
            "a tag with a larger radius",
            CellTag { radius_bits: truth.radius_bits + 1, ..truth.clone() },
        ),
        to_block("a tag that replaces a block", CellTag { replaces: vec![replaced], ..truth.clone() }),
        to_block("a tag of another cell", CellTag { index: 1, ..truth.clone() }),
        to_block("a tag of no cell", CellTag { index: 2, ..truth }),
        elsewhere("another's block", world.cells.clone().into(), world.theirs.block.clone().into()),
        elsewhere("a fresh block in a cell", world.cells.clone().into(), world.fresh.clone().into()),
        elsewhere("a block below regions", world.regions.clone().into(), world.own.block.clone().into()),
        link(
            "a block below an anchor",
            LinkKind::CellToBlock,
            anchor(Anchor::Routing),
            world.own.block.clone(),
            world.tag().to_bytes(),
        ),
        elsewhere("metadata in a cell", world.cells.clone().into(), world.own.metadata.clone().into()),
    ]
}

fn own_only(world: &World) -> Vec<Lie> {
    let (shares, nodes) = (anchor(Anchor::Shares), anchor(Anchor::Nodes));
    use LinkKind::{NodesToMetadata, SharesToCentroid};
    vec![
        link("another's shares", SharesToCentroid, shares.clone(), world.theirs.shares.clone(), vec![])
            .seen_by_look_up(),
        link("cells as shares", SharesToCentroid, shares.clone(), world.cells.clone(), vec![])
            .seen_by_look_up(),
        link("shares on another anchor", SharesToCentroid, nodes.clone(), world.own.shares.clone(), vec![]),
        link("shares with a tag", SharesToCentroid, shares, world.own.shares.clone(), vec![7]),
        link("another's metadata", NodesToMetadata, nodes.clone(), world.theirs.metadata.clone(), vec![])
            .seen_by_look_up(),
        link("a block as metadata", NodesToMetadata, nodes, world.own.block.clone(), vec![])
            .seen_by_look_up(),
        link(
            "metadata on another anchor",
            NodesToMetadata,
            anchor(Anchor::Fresh),
            world.own.metadata.clone(),
            vec![],
        ),
        Lie::new("the deletion of another's link", Act::DeleteLink { link: world.their_link.clone() }),
    ]
}
