//! Who may delete what.

use crate::{
    dht::{Verdict, broken},
    make::{forest, rose, thorn},
    ops,
};
use hdi::prelude::*;
use rose_forest_integrity::LinkTypes;

#[test]
fn an_author_may_delete_its_blocks_shares_and_metadata() {
    let forest = forest();
    for action in [&forest.fresh_block, &forest.block, &forest.shares, &forest.metadata] {
        assert_eq!(forest.dht.verdict(ops::delete(&rose(), action)), Verdict::Valid);
    }
}

#[test]
fn nobody_else_may_delete_them() {
    let forest = forest();
    for action in [&forest.fresh_block, &forest.block, &forest.shares, &forest.metadata] {
        assert_eq!(forest.dht.verdict(ops::delete(&thorn(), action)), broken("DeletedByAnother"));
    }
}

#[test]
fn cells_cannot_be_deleted_even_by_their_author() {
    let forest = forest();
    for action in [&forest.regions, &forest.cells] {
        assert_eq!(forest.dht.verdict(ops::delete(&thorn(), action)), broken("Undeletable"));
    }
}

#[test]
fn deleting_a_block_does_not_look_for_its_rows() {
    let mut forest = forest();
    forest.dht.entries.clear();
    assert_eq!(forest.dht.verdict(ops::delete(&rose(), &forest.block)), Verdict::Valid);
}

#[test]
fn a_capability_grant_may_be_deleted() {
    let mut forest = forest();
    let grant =
        CreateData { entry_type: EntryType::CapGrant, entry_hash: EntryHash::from_raw_32(vec![50; 32]) };
    let grant = forest.dht.add(ops::action(&rose(), ActionData::Create(grant)));
    assert_eq!(forest.dht.verdict(ops::delete(&rose(), &grant)), Verdict::Valid);
}

#[test]
fn an_author_may_delete_its_links_of_every_type() {
    for link_type in LinkTypes::iter() {
        let mut forest = forest();
        let link = forest.link(link_type);
        let created = forest.dht.add(link.action());
        assert_eq!(forest.dht.verdict(link.delete(&rose(), &created)), Verdict::Valid, "{link_type:?}");
    }
}

#[test]
fn nobody_else_may_delete_a_link_of_any_type() {
    for link_type in LinkTypes::iter() {
        let mut forest = forest();
        let link = forest.link(link_type);
        let created = forest.dht.add(link.action());
        let verdict = forest.dht.verdict(link.delete(&thorn(), &created));
        assert_eq!(verdict, broken("DeletedByAnother"), "{link_type:?}");
    }
}
