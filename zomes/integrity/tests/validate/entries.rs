//! Creating and updating entries.

use crate::{
    dht::{Dht, Verdict, broken},
    make::{self, NOW, rose, thorn},
    ops,
};
use hdi::prelude::*;
use rose_forest_integrity::{Centroid, EntryTypes, Vector};
use rose_forest_rules::{limits::MAX_AHEAD_MICROS, schema::Distance, schema::Encoding, schema::Schema};

fn create(entry: EntryTypes) -> Verdict {
    make::forest().dht.verdict(ops::create(&rose(), entry))
}

fn block_written_at(micros: i64) -> EntryTypes {
    EntryTypes::Vector(make::block_of(&make::schema(), None, &[], micros))
}

/// One entry of each kind, all of them valid by Rose.
fn one_of_each() -> Vec<EntryTypes> {
    let forest = make::forest();
    vec![
        make::block(None),
        make::founded(make::regions()),
        make::founded(make::cells(&forest.regions, 1)),
        make::shares(&forest.cells),
        make::metadata(&rose()),
    ]
}

#[test]
fn one_of_each_entry_is_valid() {
    for entry in one_of_each() {
        assert_eq!(create(entry.clone()), Verdict::Valid, "{entry:?}");
    }
}

#[test]
fn a_block_needs_no_look_up_even_of_the_cell_it_belongs_to() {
    let forest = make::forest();
    let block = make::block(Some(make::cell(&forest.cells, 2)));
    let empty = Dht::new(&make::schema());
    assert_eq!(empty.verdict(ops::create(&rose(), block)), Verdict::Valid);
}

#[test]
fn a_block_of_another_dimension_is_refused() {
    let other = Schema::new("forest", 3, Distance::Euclid, Encoding::F32).unwrap();
    let block = make::block_of(&other, None, &[], NOW);
    assert_eq!(create(EntryTypes::Vector(block)), broken("WrongDimension"));
}

#[test]
fn a_row_at_most_five_minutes_ahead_of_its_action_is_valid() {
    assert_eq!(create(block_written_at(NOW + MAX_AHEAD_MICROS)), Verdict::Valid);
}

#[test]
fn a_row_more_than_five_minutes_ahead_of_its_action_is_refused() {
    assert_eq!(create(block_written_at(NOW + MAX_AHEAD_MICROS + 1)), broken("WrittenAt"));
}

#[test]
fn bytes_that_are_no_block_are_refused() {
    assert_eq!(create(EntryTypes::Vector(Vector { block: vec![0; 99] })), broken("NotABlock"));
}

#[test]
fn centres_of_another_size_are_refused() {
    let mut regions = make::regions();
    regions.centres.pop();
    assert_eq!(create(make::founded(regions)), broken("CentresSize"));
}

#[test]
fn a_share_of_no_rows_is_refused() {
    let EntryTypes::Centroid(Centroid::Shares(mut shares)) = make::shares(&make::forest().cells) else {
        panic!("shares are shares");
    };
    shares.shares[0].rows = 0;
    assert_eq!(create(EntryTypes::Centroid(Centroid::Shares(shares))), broken("EmptyShare"));
}

#[test]
fn metadata_about_another_node_is_refused() {
    assert_eq!(create(make::metadata(&thorn())), broken("MetadataOfAnother"));
}

#[test]
fn bytes_that_do_not_decode_are_refused() {
    let dht = make::forest().dht;
    let entry = Entry::app(UnsafeBytes::from(vec![0xc1, 1, 2]).into()).unwrap();
    for index in 0..3 {
        let entry_type = ops::entry_type(index, EntryVisibility::Public);
        let ops = ops::create_as(&rose(), entry_type, entry.clone());
        assert_eq!(dht.verdict(ops), broken("EntryUnreadable"), "type {index}");
    }
}

#[test]
fn an_entry_of_one_type_under_the_name_of_another_is_refused() {
    let dht = make::forest().dht;
    let block = Entry::try_from(make::block(None)).unwrap();
    for index in 1..3 {
        let entry_type = ops::entry_type(index, EntryVisibility::Public);
        let ops = ops::create_as(&rose(), entry_type, block.clone());
        assert_eq!(dht.verdict(ops), broken("EntryUnreadable"), "type {index}");
    }
}

#[test]
fn an_entry_of_a_type_that_does_not_exist_is_refused() {
    let entry_type = ops::entry_type(3, EntryVisibility::Public);
    let ops = ops::create_as(&rose(), entry_type, Entry::try_from(make::block(None)).unwrap());
    assert_eq!(make::forest().dht.verdict(ops), broken("WrongType"));
}

#[test]
fn an_entry_of_the_system_under_the_name_of_ours_is_refused() {
    for index in 0..3 {
        let entry_type = ops::entry_type(index, EntryVisibility::Public);
        let ops = ops::create_as(&rose(), entry_type, Entry::Agent(rose()));
        assert_eq!(make::forest().dht.verdict(ops), broken("WrongType"), "type {index}");
    }
}

/// An entry with one more field in the MessagePack map that begins at byte `map`, which must be the last one.
fn with_another_field(entry: &EntryTypes, map: usize) -> Entry {
    let Entry::App(bytes) = Entry::try_from(entry).unwrap() else { panic!("an app's entry") };
    let mut bytes = SerializedBytes::from(bytes).bytes().clone();
    assert_eq!(bytes[map] & 0xf0, 0x80, "a map of a few fields");
    bytes[map] += 1;
    bytes.extend_from_slice(b"\xa4more\x01");
    Entry::app(UnsafeBytes::from(bytes).into()).unwrap()
}

#[test]
fn a_field_that_the_rules_do_not_know_is_refused() {
    let forest = make::forest();
    for (entry, map) in [
        (make::block(None), 0),
        (make::founded(make::regions()), 1 + "_Cells".len()),
        (make::shares(&forest.cells), 1 + "_Shares".len()),
        (make::metadata(&rose()), 0),
    ] {
        assert_eq!(create(entry.clone()), Verdict::Valid);
        let ops = ops::create_as(&rose(), ops::public(&entry), with_another_field(&entry, map));
        assert_eq!(forest.dht.verdict(ops), broken("EntryUnreadable"), "{entry:?}");
    }
}

#[test]
fn a_private_entry_is_refused() {
    for entry in one_of_each() {
        let entry_type = ops::entry_type(ops::index(&entry), EntryVisibility::Private);
        let ops = ops::create_as(&rose(), entry_type, Entry::try_from(entry).unwrap());
        assert_eq!(make::forest().dht.verdict(ops), broken("PrivateEntry"));
    }
}

#[test]
fn no_entry_may_be_updated() {
    let empty = Dht::new(&make::schema());
    for entry in one_of_each() {
        let ops = ops::update(&rose(), EntryVisibility::Public, entry);
        assert_eq!(ops.len(), 3);
        assert_eq!(empty.verdict(ops), broken("Immutable"));
    }
}

#[test]
fn no_entry_may_be_updated_in_private() {
    for entry in one_of_each() {
        let mut ops = ops::update(&rose(), EntryVisibility::Private, entry);
        // The entry op, which only its author can hold, says that nothing may be updated.
        let entry_op = ops.remove(1);
        let dht = make::forest().dht;
        assert_eq!(dht.verdict(ops), broken("PrivateEntry"));
        assert_eq!(dht.verdict_on(entry_op), broken("Immutable"));
    }
}

#[test]
fn bytes_behind_an_entry_are_refused() {
    for entry in one_of_each() {
        let entry_type = ops::public(&entry);
        let Entry::App(app) = Entry::try_from(&entry).unwrap() else { panic!("an entry of ours") };
        let mut bytes = app.into_sb().bytes().to_vec();
        bytes.push(0);
        let longer = SerializedBytes::from(UnsafeBytes::from(bytes));
        let longer = Entry::App(AppEntryBytes::try_from(longer).unwrap());
        let verdict = make::forest().dht.verdict(ops::create_as(&rose(), entry_type, longer));
        assert_eq!(verdict, broken("EntryNotCanonical"), "{entry:?}");
    }
}
