//! Links from the routing, shares and nodes anchors.

use crate::{
    dht::{Verdict, broken},
    make::{self, Forest, forest, rose, thorn},
    ops::{self, Link},
};
use hdi::prelude::*;
use rose_forest_integrity::{LinkTypes, anchor_hash};
use rose_forest_rules::anchor::Anchor as Base;

const FROM_ANCHORS: [LinkTypes; 3] =
    [LinkTypes::RoutingToRegions, LinkTypes::SharesToCentroid, LinkTypes::NodesToMetadata];

fn bent(forest: &Forest, link_type: LinkTypes, bend: impl FnOnce(&mut Link)) -> Verdict {
    let mut link = forest.link(link_type);
    bend(&mut link);
    forest.dht.verdict(link.create())
}

#[test]
fn regions_shares_and_metadata_hang_on_their_anchors() {
    for link_type in FROM_ANCHORS {
        assert_eq!(bent(&forest(), link_type, |_| ()), Verdict::Valid, "{link_type:?}");
    }
}

#[test]
fn they_hang_on_no_other_anchor() {
    for link_type in FROM_ANCHORS {
        let verdict = bent(&forest(), link_type, |link| link.base = anchor_hash(Base::Fresh).into());
        assert_eq!(verdict, broken("LinkBase"), "{link_type:?}");
    }
}

#[test]
fn they_have_no_tag() {
    for link_type in FROM_ANCHORS {
        assert_eq!(bent(&forest(), link_type, |link| link.tag.push(1)), broken("TagLength"), "{link_type:?}");
    }
}

#[test]
fn they_lead_to_actions() {
    for link_type in FROM_ANCHORS {
        let entry = EntryHash::from_raw_32(vec![101; 32]);
        let verdict = bent(&forest(), link_type, |link| link.target = entry.into());
        assert_eq!(verdict, broken("LinkTarget"), "{link_type:?}");
    }
}

#[test]
fn they_lead_to_actions_that_create_entries() {
    for link_type in FROM_ANCHORS {
        let mut forest = forest();
        let key = EntryHash::from_raw_32(vec![11; 32]);
        let key = CreateData { entry_type: EntryType::AgentPubKey, entry_hash: key };
        let key = forest.dht.add(ops::action(&rose(), ActionData::Create(key)));
        let link = forest.dht.add(forest.link(link_type).action());
        for other in [key, link] {
            let verdict = bent(&forest, link_type, |link| link.target = other.into());
            assert_eq!(verdict, broken("LinkTarget"), "{link_type:?}");
        }
    }
}

#[test]
fn they_lead_to_no_other_type_of_entry() {
    let mut forest = forest();
    let regions_of_rose = forest.dht.create(&rose(), make::founded(make::regions()));
    let cells_of_rose = forest.dht.create(&rose(), make::founded(make::cells(&forest.regions, 1)));
    let (block, shares, metadata) = (&forest.block, &forest.shares, &forest.metadata);
    for (link_type, others) in [
        (LinkTypes::RoutingToRegions, [block, shares, metadata, &cells_of_rose]),
        (LinkTypes::SharesToCentroid, [block, metadata, &regions_of_rose, &cells_of_rose]),
        (LinkTypes::NodesToMetadata, [block, shares, &regions_of_rose, &cells_of_rose]),
    ] {
        for other in others {
            let verdict = bent(&forest, link_type, |link| link.target = other.clone().into());
            assert_eq!(verdict, broken("LinkTarget"), "{link_type:?}");
        }
    }
}

#[test]
fn anyone_may_link_regions_so_that_a_deleted_link_can_be_restored() {
    for author in [rose(), thorn()] {
        let verdict = bent(&forest(), LinkTypes::RoutingToRegions, |link| link.author = author);
        assert_eq!(verdict, Verdict::Valid);
    }
}

#[test]
fn only_their_author_links_shares_and_metadata() {
    for link_type in [LinkTypes::SharesToCentroid, LinkTypes::NodesToMetadata] {
        let verdict = bent(&forest(), link_type, |link| link.author = thorn());
        assert_eq!(verdict, broken("NotOwn"), "{link_type:?}");
    }
}

#[test]
fn a_link_of_a_type_that_does_not_exist_is_refused() {
    let forest = forest();
    let mut action = forest.link(LinkTypes::RoutingToRegions).action();
    let ActionData::CreateLink(data) = &mut action.data else { panic!("a link is a link") };
    data.link_type = LinkType(7);
    let record = ops::record_and_activity(&rose(), action.data).remove(0);
    assert_eq!(forest.dht.verdict_on(record), broken("WrongType"));
}

/// The verdict on the record alone of a link that is bent.
fn record(link_type: LinkTypes, bend: impl FnOnce(&mut Link)) -> Verdict {
    let mut forest = forest();
    let mut link = forest.link(link_type);
    bend(&mut link);
    // Whatever would be looked up misses.
    forest.dht.actions.clear();
    forest.dht.entries.clear();
    forest.dht.verdict_on(link.create().swap_remove(0))
}

#[test]
fn the_record_of_a_link_is_checked_for_its_form_without_a_look_up() {
    let entry = || AnyLinkableHash::from(EntryHash::from_raw_32(vec![102; 32]));
    for link_type in FROM_ANCHORS.into_iter().chain([LinkTypes::RegionToCells, LinkTypes::CellToBlock]) {
        assert_eq!(record(link_type, |_| ()), Verdict::Valid, "{link_type:?}");
        assert_eq!(record(link_type, |link| link.base = entry()), broken("LinkBase"), "{link_type:?}");
        assert_eq!(record(link_type, |link| link.target = entry()), broken("LinkTarget"), "{link_type:?}");
    }
    for link_type in FROM_ANCHORS {
        assert_eq!(record(link_type, |link| link.tag.push(0)), broken("TagLength"), "{link_type:?}");
    }
    for link_type in [LinkTypes::RegionToCells, LinkTypes::CellToBlock] {
        assert_eq!(record(link_type, |link| link.tag.push(0)), broken("TrailingBytes"), "{link_type:?}");
    }
}
