//! Links that route searches: from regions to their cells, and from cells to blocks. They cannot lie.

use crate::{
    dht::{Verdict, broken},
    make::{self, Forest, NOW, forest, replaced, rose, thorn},
    ops::Link,
};
use hdi::prelude::*;
use rose_forest_integrity::{EntryTypes, LinkTypes};
use rose_forest_rules::{
    reference::CellId,
    schema::{Distance, Encoding, Schema},
    tag::{CellTag, region_tag},
};

fn bent(forest: &Forest, link_type: LinkTypes, bend: impl FnOnce(&mut Link)) -> Verdict {
    let mut link = forest.link(link_type);
    bend(&mut link);
    forest.dht.verdict(link.create())
}

fn region(forest: &Forest, bend: impl FnOnce(&mut Link)) -> Verdict {
    bent(forest, LinkTypes::RegionToCells, bend)
}

fn block(forest: &Forest, bend: impl FnOnce(&mut Link)) -> Verdict {
    bent(forest, LinkTypes::CellToBlock, bend)
}

fn tag(forest: &Forest, bend: impl FnOnce(&mut CellTag)) -> Verdict {
    let mut tag = forest.true_tag();
    bend(&mut tag);
    block(forest, |link| link.tag = tag.to_bytes())
}

#[test]
fn anyone_may_link_cells_to_their_region() {
    assert_eq!(region(&forest(), |_| ()), Verdict::Valid);
    assert_eq!(region(&forest(), |link| link.author = thorn()), Verdict::Valid);
}

#[test]
fn cells_hang_on_an_entry_of_regions() {
    let forest = forest();
    assert_eq!(region(&forest, |link| link.base = forest.cells.clone().into()), broken("ParentLevel"));
    for other in [&forest.block, &forest.shares, &forest.metadata] {
        assert_eq!(region(&forest, |link| link.base = other.clone().into()), broken("LinkBase"));
    }
    let entry = EntryHash::from_raw_32(vec![101; 32]);
    assert_eq!(region(&forest, |link| link.base = entry.into()), broken("LinkBase"));
}

#[test]
fn a_region_leads_to_its_own_cells_only() {
    let mut forest = forest();
    let others = forest.dht.create(&rose(), make::founded(make::regions()));
    let cells_of_others = forest.dht.create(&rose(), make::founded(make::cells(&others, 1)));
    for target in [&cells_of_others, &forest.regions, &forest.block, &forest.shares, &forest.metadata] {
        assert_eq!(region(&forest, |link| link.target = target.clone().into()), broken("LinkTarget"));
    }
    let entry = EntryHash::from_raw_32(vec![102; 32]);
    assert_eq!(region(&forest, |link| link.target = entry.into()), broken("LinkTarget"));
}

#[test]
fn cells_hang_on_the_region_that_the_tag_names() {
    assert_eq!(region(&forest(), |link| link.tag = region_tag(0)), broken("LinkTarget"));
}

#[test]
fn a_region_that_does_not_exist_leads_nowhere() {
    assert_eq!(region(&forest(), |link| link.tag = region_tag(2)), broken("CellIndex"));
}

#[test]
fn a_malformed_tag_is_refused() {
    assert_eq!(region(&forest(), |link| link.tag = Vec::new()), broken("Truncated"));
    assert_eq!(region(&forest(), |link| link.tag.push(0)), broken("TrailingBytes"));
    assert_eq!(block(&forest(), |link| link.tag = Vec::new()), broken("Truncated"));
    assert_eq!(block(&forest(), |link| link.tag.push(0)), broken("TrailingBytes"));
    assert_eq!(block(&forest(), |link| link.tag[0] = 2), broken("TagVersion"));
}

#[test]
fn a_block_hangs_on_its_cell() {
    assert_eq!(block(&forest(), |_| ()), Verdict::Valid);
}

#[test]
fn a_block_may_hang_on_a_region_that_it_belongs_to() {
    let mut forest = forest();
    let in_region = make::block_of(&make::schema(), Some(make::cell(&forest.regions, 0)), &[replaced()], NOW);
    let target = forest.dht.create(&rose(), EntryTypes::Vector(in_region));
    // The centre of that region is (0, 0) too, so that the tag stays true but for the index.
    let tag = CellTag { index: 0, ..forest.true_tag() };
    let base = forest.regions.clone().into();
    let link =
        Link { base, target: target.into(), tag: tag.to_bytes(), ..forest.link(LinkTypes::CellToBlock) };
    assert_eq!(forest.dht.verdict(link.create()), Verdict::Valid);
}

#[test]
fn a_block_hangs_on_cells_and_nothing_else() {
    let forest = forest();
    for other in [&forest.fresh_block, &forest.shares, &forest.metadata] {
        assert_eq!(block(&forest, |link| link.base = other.clone().into()), broken("LinkBase"));
    }
    let entry = EntryHash::from_raw_32(vec![102; 32]);
    assert_eq!(block(&forest, |link| link.base = entry.into()), broken("LinkBase"));
}

#[test]
fn a_cell_leads_to_a_block_and_nothing_else() {
    let forest = forest();
    for other in [&forest.shares, &forest.metadata] {
        assert_eq!(block(&forest, |link| link.target = other.clone().into()), broken("LinkTarget"));
    }
    let entry = EntryHash::from_raw_32(vec![104; 32]);
    assert_eq!(block(&forest, |link| link.target = entry.into()), broken("LinkTarget"));
}

#[test]
fn a_cell_leads_to_a_block_of_the_same_author() {
    assert_eq!(block(&forest(), |link| link.author = thorn()), broken("NotOwn"));
}

#[test]
fn a_cell_that_does_not_exist_leads_nowhere() {
    assert_eq!(tag(&forest(), |tag| tag.index = 3), broken("CellIndex"));
}

#[test]
fn a_block_hangs_on_no_other_cell() {
    assert_eq!(tag(&forest(), |tag| tag.index = 1), broken("WrongCell"));
    let mut forest = forest();
    let others = forest.dht.create(&rose(), make::founded(make::cells(&forest.regions, 1)));
    assert_eq!(block(&forest, |link| link.base = others.into()), broken("WrongCell"));
}

#[test]
fn a_fresh_block_hangs_on_no_cell() {
    let forest = forest();
    assert_eq!(block(&forest, |link| link.target = forest.fresh_block.clone().into()), broken("WrongCell"));
}

#[test]
fn a_tag_that_counts_wrong_is_refused() {
    assert_eq!(tag(&forest(), |tag| tag.rows = 1), broken("TagRows"));
}

#[test]
fn a_tag_that_is_wrong_about_the_radius_by_the_last_bit_is_refused() {
    assert_eq!(tag(&forest(), |tag| tag.radius_bits += 1), broken("TagRadius"));
    assert_eq!(tag(&forest(), |tag| tag.radius_bits -= 1), broken("TagRadius"));
}

#[test]
fn a_tag_that_hides_what_the_block_replaces_is_refused() {
    assert_eq!(tag(&forest(), |tag| tag.replaces.clear()), broken("TagReplaces"));
}

/// A block of another collection, under an action that nobody has validated yet.
fn of_another_form(schema: Schema) -> Verdict {
    let mut forest = forest();
    let cell = CellId { founding: rose_forest_integrity::hash_ref(&forest.cells), index: 2 };
    let other = make::block_of(&schema, Some(cell), &[replaced()], NOW);
    let other = forest.dht.create(&rose(), EntryTypes::Vector(other));
    block(&forest, |link| link.target = other.into())
}

#[test]
fn a_block_of_another_dimension_hangs_on_no_cell() {
    let other = Schema::new("forest", 3, Distance::Euclid, Encoding::F32).unwrap();
    assert_eq!(of_another_form(other), broken("WrongDimension"));
}

#[test]
fn a_block_of_another_encoding_hangs_on_no_cell() {
    let other = Schema::new("forest", 2, Distance::Euclid, Encoding::F16).unwrap();
    assert_eq!(of_another_form(other), broken("WrongEncoding"));
}

#[test]
fn bytes_that_are_no_block_hang_on_no_cell() {
    let mut forest = forest();
    let block_action = forest.block.clone();
    *forest.dht.entry_of(&block_action) = Entry::app(UnsafeBytes::from(vec![0xc1]).into()).unwrap();
    assert_eq!(block(&forest, |_| ()), broken("EntryUnreadable"));
}
