//! A look-up that misses leaves the op undecided, and the host's error passes through as it is: anything else
//! would count as invalid and warrant an honest author.

use crate::{
    dht::{Verdict, miss, silence},
    make::{self, Forest, forest, rose},
    ops,
};
use hdi::prelude::*;
use rose_forest_integrity::LinkTypes;

/// The verdict when the action `missing` has not arrived, and when only its entry has not.
fn without(missing: impl Fn(&Forest) -> ActionHash, ops: impl Fn(&Forest) -> Vec<Op>) {
    let mut no_entry = forest();
    let action = missing(&no_entry);
    let entry = no_entry.dht.actions[&action].data.entry_hash().unwrap().clone();
    no_entry.dht.entries.remove(&entry);
    assert_eq!(no_entry.dht.verdict(ops(&no_entry)), Verdict::Undecided(miss(entry)));
    without_action(missing, ops);
}

fn without_action(missing: impl Fn(&Forest) -> ActionHash, ops: impl Fn(&Forest) -> Vec<Op>) {
    let mut forest = forest();
    let action = missing(&forest);
    forest.dht.actions.remove(&action);
    assert_eq!(forest.dht.verdict(ops(&forest)), Verdict::Undecided(miss(action)));
}

#[test]
fn cells_wait_for_their_parent() {
    without(
        |forest| forest.regions.clone(),
        |forest| ops::create(&rose(), make::founded(make::cells(&forest.regions, 1))),
    );
}

#[test]
fn a_deletion_waits_for_what_it_deletes() {
    without_action(|forest| forest.block.clone(), |forest| ops::delete(&rose(), &forest.block));
    without(|forest| forest.shares.clone(), |forest| ops::delete(&rose(), &forest.shares));
}

#[test]
fn the_record_of_a_link_s_deletion_waits_for_the_link() {
    let forest = forest();
    let created = ActionHash::from_raw_32(vec![99; 32]);
    let mut ops = forest.link(LinkTypes::RoutingToRegions).delete(&rose(), &created);
    // The op at the link's base carries the link.
    assert_eq!(forest.dht.verdict_on(ops.pop().unwrap()), Verdict::Valid);
    assert_eq!(forest.dht.verdict_on(ops.pop().unwrap()), Verdict::Undecided(miss(created)));
}

#[test]
fn a_link_to_regions_waits_for_them() {
    without(|forest| forest.regions.clone(), |forest| forest.link(LinkTypes::RoutingToRegions).create());
}

#[test]
fn a_link_to_cells_waits_for_them_and_for_their_region() {
    without(|forest| forest.regions.clone(), |forest| forest.link(LinkTypes::RegionToCells).create());
    without(|forest| forest.cells.clone(), |forest| forest.link(LinkTypes::RegionToCells).create());
}

#[test]
fn a_link_to_a_block_waits_for_it_and_for_its_cell() {
    without(|forest| forest.cells.clone(), |forest| forest.link(LinkTypes::CellToBlock).create());
    without(|forest| forest.block.clone(), |forest| forest.link(LinkTypes::CellToBlock).create());
}

#[test]
fn a_link_to_shares_waits_for_them() {
    without(|forest| forest.shares.clone(), |forest| forest.link(LinkTypes::SharesToCentroid).create());
}

#[test]
fn a_link_to_metadata_waits_for_its_action_only() {
    let link = |forest: &Forest| forest.link(LinkTypes::NodesToMetadata).create();
    without_action(|forest| forest.metadata.clone(), link);
    let mut forest = forest();
    forest.dht.entries.clear();
    assert_eq!(forest.dht.verdict(link(&forest)), Verdict::Valid);
}

#[test]
fn an_op_whose_type_the_host_cannot_tell_waits() {
    let mut forest = forest();
    forest.dht.silent = true;
    for ops in [
        ops::create(&rose(), make::block(None)),
        ops::delete(&rose(), &forest.block),
        forest.link(LinkTypes::FreshToEpoch).create(),
    ] {
        assert_eq!(forest.dht.verdict(ops), Verdict::Undecided(silence()));
    }
}
