//! Links to epochs and fresh blocks: they must be found at once, so nothing is looked up.

use crate::{
    dht::{Dht, Verdict, broken},
    make::{self, EPOCH, forest, rose, thorn},
    ops::Link,
};
use hdi::prelude::*;
use rose_forest_integrity::{LinkTypes, anchor_hash, epoch_hash};
use rose_forest_rules::{
    anchor::Anchor as Base,
    tag::{FreshTag, epoch_tag},
};

/// A DHT that has nothing: any look-up would leave the op undecided.
fn verdict(link: &Link) -> Verdict {
    Dht::new(&make::schema()).verdict(link.create())
}

fn to_epoch() -> Link {
    forest().link(LinkTypes::FreshToEpoch)
}

fn to_block() -> Link {
    forest().link(LinkTypes::EpochToBlock)
}

#[test]
fn epochs_and_fresh_blocks_are_valid_without_a_look_up() {
    assert_eq!(verdict(&to_epoch()), Verdict::Valid);
    assert_eq!(verdict(&to_block()), Verdict::Valid);
}

#[test]
fn an_epoch_hangs_on_the_fresh_anchor() {
    let base = anchor_hash(Base::Nodes).into();
    assert_eq!(verdict(&Link { base, ..to_epoch() }), broken("LinkBase"));
}

#[test]
fn an_epoch_of_another_author_is_refused() {
    let target = epoch_hash(&thorn(), EPOCH).into();
    assert_eq!(verdict(&Link { target, ..to_epoch() }), broken("LinkTarget"));
}

#[test]
fn an_epoch_that_its_tag_does_not_name_is_refused() {
    assert_eq!(verdict(&Link { tag: epoch_tag(EPOCH + 1), ..to_epoch() }), broken("LinkTarget"));
}

#[test]
fn the_bytes_of_an_epoch_under_another_kind_of_hash_are_refused() {
    let bytes = epoch_hash(&rose(), EPOCH).get_raw_32().to_vec();
    let target = EntryHash::from_raw_32(bytes).into();
    assert_eq!(verdict(&Link { target, ..to_epoch() }), broken("LinkTarget"));
}

#[test]
fn a_fresh_block_hangs_on_an_epoch_of_its_author() {
    let base = epoch_hash(&thorn(), EPOCH).into();
    assert_eq!(verdict(&Link { base, ..to_block() }), broken("LinkBase"));
}

#[test]
fn a_fresh_block_hangs_on_the_epoch_that_its_tag_names() {
    let tag = FreshTag { epoch: EPOCH + 1, rows: 2, tombstones: 0 }.to_bytes();
    assert_eq!(verdict(&Link { tag, ..to_block() }), broken("LinkBase"));
}

#[test]
fn a_fresh_block_is_an_action() {
    let target = EntryHash::from_raw_32(vec![1; 32]).into();
    assert_eq!(verdict(&Link { target, ..to_block() }), broken("LinkTarget"));
}

#[test]
fn a_tag_that_ends_too_early_or_too_late_is_refused() {
    for link in [to_epoch(), to_block()] {
        let tag = link.tag[..link.tag.len() - 1].to_vec();
        assert_eq!(verdict(&Link { tag, ..link.clone() }), broken("Truncated"));
        let tag = [link.tag.as_slice(), &[0]].concat();
        assert_eq!(verdict(&Link { tag, ..link }), broken("TrailingBytes"));
    }
}

#[test]
fn a_tag_of_another_version_is_refused() {
    for mut link in [to_epoch(), to_block()] {
        link.tag[0] = 2;
        assert_eq!(verdict(&link), broken("TagVersion"));
    }
}
