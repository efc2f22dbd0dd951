//! Cells and the region that they name as their parent, which is looked up.

use crate::{
    dht::{Dht, Verdict, broken},
    make::{self, Forest, forest, rose},
    ops,
};
use hdi::prelude::*;
use rose_forest_rules::reference::{CellId, HashRef};

fn verdict_on_cells_in(forest: &Forest, parent: &ActionHash, index: u16) -> Verdict {
    forest.dht.verdict(ops::create(&rose(), make::founded(make::cells(parent, index))))
}

#[test]
fn cells_inside_a_region_of_another_author_are_valid() {
    let forest = forest();
    assert_eq!(verdict_on_cells_in(&forest, &forest.regions, 1), Verdict::Valid);
}

#[test]
fn regions_need_no_look_up() {
    let empty = Dht::new(&make::schema());
    assert_eq!(empty.verdict(ops::create(&rose(), make::founded(make::regions()))), Verdict::Valid);
}

#[test]
fn cells_inside_cells_are_refused() {
    let forest = forest();
    assert_eq!(verdict_on_cells_in(&forest, &forest.cells, 1), broken("ParentLevel"));
}

#[test]
fn cells_inside_a_region_that_does_not_exist_are_refused() {
    let forest = forest();
    assert_eq!(verdict_on_cells_in(&forest, &forest.regions, 2), broken("CellIndex"));
}

#[test]
fn cells_inside_something_else_are_refused() {
    let mut forest = forest();
    let link = forest.dht.add(forest.link(rose_forest_integrity::LinkTypes::RoutingToRegions).action());
    for parent in [&forest.block, &forest.shares, &forest.metadata, &link] {
        assert_eq!(verdict_on_cells_in(&forest, parent, 0), broken("ParentNotCells"));
    }
}

#[test]
fn cells_inside_an_update_of_regions_are_refused() {
    let mut forest = forest();
    let ActionData::Create(create) = forest.dht.actions[&forest.regions].data.clone() else {
        panic!("regions are created");
    };
    let update = ActionData::Update(UpdateData {
        original_action_address: forest.regions.clone(),
        original_entry_address: create.entry_hash.clone(),
        entry_type: create.entry_type,
        entry_hash: create.entry_hash,
    });
    let update = forest.dht.add(ops::action(&rose(), update));
    assert_eq!(verdict_on_cells_in(&forest, &update, 1), broken("ParentNotCells"));
}

#[test]
fn cells_inside_regions_of_another_zome_are_refused() {
    let mut forest = forest();
    let mut action = forest.dht.actions[&forest.regions].clone();
    let ActionData::Create(CreateData { entry_type: EntryType::App(def), .. }) = &mut action.data else {
        panic!("regions are created");
    };
    def.zome_index = ZomeIndex(0);
    let other = forest.dht.add(action);
    assert_eq!(verdict_on_cells_in(&forest, &other, 1), broken("ParentNotCells"));
}

#[test]
fn cells_inside_private_regions_are_refused_without_looking_for_the_entry() {
    let mut forest = forest();
    let create = ActionData::Create(CreateData {
        entry_type: ops::entry_type(1, EntryVisibility::Private),
        entry_hash: EntryHash::from_raw_32(vec![240; 32]),
    });
    let private = forest.dht.add(ops::action(&rose(), create));
    assert_eq!(verdict_on_cells_in(&forest, &private, 1), broken("ParentNotCells"));
}

#[test]
fn a_parent_that_is_not_the_hash_of_an_action_is_refused() {
    let forest = forest();
    let mut cells = make::cells(&forest.regions, 1);
    cells.parent = Some(CellId { founding: HashRef([0; 39]), index: 1 });
    assert_eq!(forest.dht.verdict(ops::create(&rose(), make::founded(cells))), broken("ParentNotCells"));
}

#[test]
fn cells_inside_regions_that_break_the_rules_are_refused() {
    let mut forest = forest();
    let mut regions = make::regions();
    regions.centres[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    let regions = forest.dht.create(&rose(), make::founded(regions));
    assert_eq!(verdict_on_cells_in(&forest, &regions, 1), broken("NotFinite"));
}

#[test]
fn cells_inside_an_entry_that_does_not_decode_are_refused() {
    let mut forest = forest();
    *forest.dht.entry_of(&forest.regions.clone()) = Entry::app(UnsafeBytes::from(vec![0xc1]).into()).unwrap();
    assert_eq!(verdict_on_cells_in(&forest, &forest.regions, 1), broken("EntryUnreadable"));
}
