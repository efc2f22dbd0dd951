//! One test for every rule about the header and the sections of a block.

use crate::{
    make::{NOW, cell, hash},
    raw::{RawBlock, RawRow, broken, integer, plain_schema, verdict},
};
use rose_forest_rules::{
    Violation,
    block::{BlockBuilder, BlockView, BuildError, HEADER_BYTES, check_block},
    id::PointId,
    limits,
    schema::{Distance, Encoding, Schema},
};

#[test]
fn the_builder_writes_the_layout_that_is_documented() {
    let raw = RawBlock::valid();
    let (one, two, three) = (PointId::Int(1), PointId::text("two").unwrap(), PointId::Int(3));
    let schema = plain_schema();
    let mut builder = BlockBuilder::new(&schema, None);
    builder.push_tombstone(&three, NOW).unwrap();
    for row in &raw.live {
        let id = if row.id[0] == 0 { &one } else { &two };
        builder.push(id, NOW, &row.code, &row.payload).unwrap();
    }
    assert_eq!(builder.finish().unwrap(), raw.bytes());
}

#[test]
fn bytes_that_do_not_begin_like_a_block_are_refused() {
    assert_eq!(broken(|b| b.magic = *b"RFB\x02"), Violation::NotABlock);
}

#[test]
fn a_header_cut_short_says_where() {
    let expected = Violation::Truncated { what: "newest time", expected: 8, received: 7 };
    assert_eq!(verdict(&RawBlock::valid().bytes()[..HEADER_BYTES - 1]), Err(expected));
    let expected = Violation::Truncated { what: "magic of a block", expected: 4, received: 0 };
    assert_eq!(verdict(&[]), Err(expected));
}

#[test]
fn a_block_with_fewer_codes_than_rows_is_refused() {
    let mut raw = RawBlock::valid();
    let expected = lz4_flex::block::compress(&raw.meta()).len();
    // What follows is read as the code that is missing, and then it is missing itself.
    raw.live[1].code.clear();
    let violation = Violation::Truncated { what: "meta section", expected, received: expected - 12 };
    assert_eq!(verdict(&raw.bytes()), Err(violation));
}

#[test]
fn bytes_after_the_end_are_refused() {
    let mut bytes = RawBlock::valid().bytes();
    bytes.extend([0, 0]);
    assert_eq!(verdict(&bytes), Err(Violation::TrailingBytes { received: 2 }));
}

#[test]
fn bytes_after_the_payloads_are_refused() {
    let raw = RawBlock::valid();
    let mut meta = raw.meta();
    meta.push(b' ');
    assert_eq!(verdict(&raw.bytes_with_meta(&meta)), Err(Violation::TrailingBytes { received: 1 }));
}

#[test]
fn a_block_beyond_the_size_of_an_entry_is_refused() {
    let received = limits::MAX_BLOCK_BYTES + 1;
    let mut bytes = RawBlock::valid().bytes();
    bytes.resize(received, 0);
    let expected = Violation::BlockTooLarge { max: limits::MAX_BLOCK_BYTES, received };
    assert_eq!(verdict(&bytes), Err(expected));
}

#[test]
fn an_unknown_encoding_is_refused_and_a_reserved_one_too() {
    assert_eq!(broken(|b| b.encoding = 0), Violation::UnknownEncoding { received: 0 });
    assert_eq!(broken(|b| b.encoding = 6), Violation::UnknownEncoding { received: 6 });
    assert_eq!(broken(|b| b.encoding = 4), Violation::Reserved { what: "encoding" });
    assert_eq!(broken(|b| b.encoding = 5), Violation::Reserved { what: "encoding" });
}

#[test]
fn a_block_of_another_encoding_than_the_collection_is_refused() {
    let other = Schema::new("forest", 3, Distance::Euclid, Encoding::F16).unwrap();
    let expected = Violation::WrongEncoding { expected: Encoding::F16, received: Encoding::F32 };
    assert_eq!(check_block(&RawBlock::valid().bytes(), &other, NOW), Err(expected));
}

#[test]
fn a_row_of_the_wrong_dimension_is_refused() {
    let other = Schema::new("forest", 4, Distance::Euclid, Encoding::F32).unwrap();
    let expected = Violation::WrongDimension { expected: 4, received: 3 };
    assert_eq!(check_block(&RawBlock::valid().bytes(), &other, NOW), Err(expected));
}

#[test]
fn a_block_of_dimension_0_or_4097_is_refused() {
    for received in [0, 4097, u16::MAX] {
        let expected = Violation::SchemaDimension { min: 1, max: 4096, received: received.into() };
        assert_eq!(broken(|b| b.dimension = received), expected);
    }
}

#[test]
fn reserved_bits_and_bytes_of_the_header_are_zero() {
    assert_eq!(broken(|b| b.flags = 2), Violation::Reserved { what: "flags of a block" });
    assert_eq!(broken(|b| b.flags = 0x80), Violation::Reserved { what: "flags of a block" });
    assert_eq!(broken(|b| b.reserved = 1), Violation::Reserved { what: "bytes of a block's header" });
}

#[test]
fn a_block_without_rows_is_refused() {
    let violation = broken(|b| {
        b.live.clear();
        b.tombstones.clear();
    });
    assert_eq!(violation, Violation::EmptyBlock);
    assert_eq!(BlockBuilder::new(&plain_schema(), None).finish(), Err(Violation::EmptyBlock));
}

#[test]
fn a_block_with_too_many_rows_is_refused() {
    let many = |count: u64| {
        broken(|b| {
            b.live.clear();
            b.tombstones = (0..count).map(|n| RawRow::new(&integer(n), &[], &[])).collect();
            b.sort();
            b.newest = if count == 16_384 { 0 } else { NOW };
        })
    };
    assert_eq!(many(16_385), Violation::TooManyRows { max: 16_384, received: 16_385 });
    // One fewer is only refused for what else was broken.
    assert_eq!(many(16_384), Violation::NewestTime { expected: NOW, received: 0 });
}

#[test]
fn counts_that_overflow_32_bits_together_are_refused() {
    let mut bytes = RawBlock::valid().bytes();
    bytes[8..16].fill(0xff);
    let violation = verdict(&bytes).unwrap_err();
    assert!(matches!(violation, Violation::TooManyRows { max: 16_384, .. }), "{violation:?}");
}

#[test]
fn a_block_that_replaces_too_many_is_refused() {
    let violation = broken(|b| b.replaces = (0..25).map(hash).collect());
    assert_eq!(violation, Violation::TooManyReplaced { max: 24, received: 25 });
}

#[test]
fn the_builder_takes_no_more_replaced_blocks_than_a_tag_can_hold() {
    let schema = plain_schema();
    let mut builder = BlockBuilder::new(&schema, None);
    (0..24).for_each(|n| builder.replace(hash(n)).unwrap());
    assert!(matches!(builder.replace(hash(24)), Err(BuildError::Full)));
}

#[test]
fn replaced_blocks_stand_in_order_and_once() {
    let order = |blocks: &[u8]| broken(|b| b.replaces = blocks.iter().map(|n| hash(*n)).collect());
    assert_eq!(order(&[2, 1]), Violation::ReplacedOrder { place: 0 });
    assert_eq!(order(&[1, 2, 2]), Violation::ReplacedOrder { place: 1 });
}

#[test]
fn the_builder_sorts_what_a_block_replaces() {
    let (schema, id) = (plain_schema(), PointId::Int(1));
    let mut builder = BlockBuilder::new(&schema, None);
    [3, 1, 3].iter().for_each(|n| builder.replace(hash(*n)).unwrap());
    builder.push_tombstone(&id, NOW).unwrap();
    let bytes = builder.finish().unwrap();
    assert_eq!(verdict(&bytes), Ok(()));
    assert!(BlockView::parse(&bytes).unwrap().replaces().eq([hash(1), hash(3)]));
}

#[test]
fn a_block_may_be_settled_and_then_names_its_cell() {
    let mut raw = RawBlock::valid();
    raw.flags = 1;
    raw.cell = Some(cell(9, 4));
    let bytes = raw.bytes();
    assert_eq!(verdict(&bytes), Ok(()));
    let block = BlockView::parse(&bytes).unwrap();
    assert_eq!((block.cell(), block.tombstones()), (Some(cell(9, 4)), 1));
}

#[test]
fn meta_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() {
    let expected = Violation::MetaTooLarge { max: 16 << 20, received: (16 << 20) + 1 };
    assert_eq!(verdict(&RawBlock::valid().bytes_with_packed(&[0; 40], (16 << 20) + 1)), Err(expected));
}

#[test]
fn meta_that_cannot_unpack_to_what_it_claims_is_refused_before_memory_is_taken() {
    let violation = verdict(&RawBlock::valid().bytes_with_packed(&[0; 40], 16 << 20)).unwrap_err();
    let reason = "40 bytes cannot unpack to 16777216".to_owned();
    assert_eq!(violation, Violation::MetaCorrupt { reason });
}

#[test]
fn meta_that_is_not_lz4_is_refused() {
    let violation = verdict(&RawBlock::valid().bytes_with_packed(&[0xff; 40], 60)).unwrap_err();
    assert!(matches!(violation, Violation::MetaCorrupt { .. }), "{violation:?}");
}

#[test]
fn meta_that_unpacks_to_less_than_it_claims_is_refused() {
    let raw = RawBlock::valid();
    let meta = raw.meta();
    let packed = lz4_flex::block::compress(&meta);
    let violation = verdict(&raw.bytes_with_packed(&packed, meta.len() as u32 + 1)).unwrap_err();
    let what = "unpacked meta section";
    assert_eq!(violation, Violation::Truncated { what, expected: meta.len() + 1, received: meta.len() });
    let violation = verdict(&raw.bytes_with_packed(&packed, meta.len() as u32 - 1)).unwrap_err();
    assert!(matches!(violation, Violation::MetaCorrupt { .. }), "{violation:?}");
}

#[test]
fn the_newest_time_in_the_header_is_that_of_the_newest_row() {
    let expected = Violation::NewestTime { expected: NOW, received: NOW + 1 };
    assert_eq!(broken(|b| b.newest = NOW + 1), expected);
    let expected = Violation::NewestTime { expected: NOW + 7, received: NOW };
    assert_eq!(broken(|b| b.tombstones[0].micros = NOW + 7), expected);
}
