//! One test for every rule about tags, and what the radius in one promises.

use crate::{
    make::{self, NOW, cell, hash, schema},
    raw::RawBlock,
};
use proptest::prelude::*;
use rose_forest_rules::{
    Violation,
    anchor::{Anchor, epoch_base},
    block::{BlockBuilder, BlockView},
    code::decode_row,
    id::PointId,
    schema::{Distance, Encoding},
    tag::{CellTag, FreshTag, epoch_tag, radius_bits, read_epoch_tag, read_region_tag, region_tag},
};

/// A settled block of two rows that replaces two others.
fn block() -> Vec<u8> {
    let mut raw = RawBlock::valid();
    raw.flags = 1;
    raw.cell = Some(cell(9, 4));
    raw.replaces = vec![hash(1), hash(2)];
    raw.bytes()
}

const CENTRE: [f32; 3] = [1.0, 2.0, 0.0];

/// The violation of the true tag of [`block`] after `break_it`.
fn broken(break_it: impl FnOnce(&mut CellTag)) -> Violation {
    let bytes = block();
    let block = BlockView::parse(&bytes).unwrap();
    let mut tag = CellTag::of(&block, 4, &CENTRE);
    assert_eq!(tag.check(&block, &CENTRE), Ok(()));
    break_it(&mut tag);
    tag.check(&block, &CENTRE).unwrap_err()
}

#[test]
fn the_true_tag_says_how_many_rows_and_how_far_the_farthest_is() {
    let bytes = block();
    let tag = CellTag::of(&BlockView::parse(&bytes).unwrap(), 4, &CENTRE);
    assert_eq!((tag.index, tag.rows), (4, 2));
    // The rows are (1, 2, 3) and (2, 2, 3).
    assert_eq!(tag.radius(), 10f64.sqrt() as f32);
    assert!(f64::from(tag.radius()) >= 10f64.sqrt());
    assert_eq!(tag.replaces, [hash(1), hash(2)]);
    assert_eq!(tag.to_bytes().len(), 12 + 2 * 39);
}

#[test]
fn a_tag_that_miscounts_is_refused() {
    assert_eq!(broken(|t| t.rows = 3), Violation::TagRows { expected: 2, received: 3 });
}

#[test]
fn a_tag_with_a_false_radius_is_refused_by_the_last_bit() {
    let truth = 10f64.sqrt() as f32;
    for received in [truth.next_up(), truth.next_down(), 0.0] {
        let expected = Violation::TagRadius { expected: truth, received };
        assert_eq!(broken(|t| t.radius_bits = received.to_bits()), expected);
    }
}

#[test]
fn a_tag_that_names_other_replaced_blocks_is_refused() {
    assert_eq!(broken(|t| t.replaces.truncate(1)), Violation::TagReplaces { expected: 2, received: 1 });
    assert_eq!(broken(|t| t.replaces.reverse()), Violation::TagReplaces { expected: 2, received: 2 });
}

#[test]
fn a_tag_is_measured_from_a_centre_of_the_same_dimension() {
    let bytes = block();
    let block = BlockView::parse(&bytes).unwrap();
    let tag = CellTag::of(&block, 4, &CENTRE);
    let expected = Violation::WrongDimension { expected: 2, received: 3 };
    assert_eq!(tag.check(&block, &CENTRE[..2]), Err(expected));
}

#[test]
fn a_tag_of_another_version_is_refused() {
    let expected = Violation::TagVersion { expected: 1, received: 2 };
    assert_eq!(CellTag::from_bytes(&[2; 12]), Err(expected.clone()));
    assert_eq!(FreshTag::from_bytes(&[2; 13]), Err(expected.clone()));
    assert_eq!(read_epoch_tag(&[2; 5]), Err(expected.clone()));
    assert_eq!(read_region_tag(&[2; 3]), Err(expected));
}

#[test]
fn a_tag_that_names_too_many_replaced_blocks_is_refused() {
    let mut bytes = CellTag { index: 0, rows: 1, radius_bits: 0, replaces: vec![hash(0); 24] }.to_bytes();
    assert!(CellTag::from_bytes(&bytes).is_ok());
    assert!(bytes.len() <= 1_000, "it fits into a link tag");
    bytes[11] = 25;
    bytes.extend([0; 39]);
    assert_eq!(CellTag::from_bytes(&bytes), Err(Violation::TooManyReplaced { max: 24, received: 25 }));
}

#[test]
fn a_tag_cut_short_or_too_long_is_refused() {
    let short = |what, expected, received| Violation::Truncated { what, expected, received };
    assert_eq!(CellTag::from_bytes(&[]), Err(short("version of a tag", 1, 0)));
    assert_eq!(CellTag::from_bytes(&[1; 10]), Err(short("radius", 4, 3)));
    assert_eq!(CellTag::from_bytes(&[1; 12]), Err(short("replaced block", 39, 0)));
    assert_eq!(FreshTag::from_bytes(&[1; 12]), Err(short("tombstones", 4, 3)));
    assert_eq!(read_epoch_tag(&[1; 4]), Err(short("epoch", 4, 3)));
    assert_eq!(read_region_tag(&[1; 2]), Err(short("index of the region", 2, 1)));
    let long = Violation::TrailingBytes { received: 1 };
    assert_eq!(CellTag::from_bytes(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]), Err(long.clone()));
    assert_eq!(FreshTag::from_bytes(&[1; 14]), Err(long.clone()));
    assert_eq!(read_epoch_tag(&[1; 6]), Err(long.clone()));
    assert_eq!(read_region_tag(&[1; 4]), Err(long));
}

#[test]
fn a_row_at_the_centre_has_radius_zero() {
    let (schema, id) = (schema(2, Distance::Euclid, Encoding::F32), PointId::Int(1));
    let code = make::encode(&schema, &[3.0, -4.0]);
    let mut builder = BlockBuilder::new(&schema, None);
    builder.push(&id, NOW, &code, b"").unwrap();
    let bytes = builder.finish().unwrap();
    assert_eq!(radius_bits(&BlockView::parse(&bytes).unwrap(), &[3.0, -4.0]), 0);
}

#[test]
fn anchors_and_epochs_have_bases_of_their_own() {
    let anchors = [Anchor::Fresh, Anchor::Routing, Anchor::Shares, Anchor::Nodes].map(Anchor::bytes);
    for (place, anchor) in anchors.iter().enumerate() {
        assert!(!anchors[..place].contains(anchor));
        assert!(anchor.starts_with(b"rose-forest/"));
    }
    let key = [7; 32];
    assert_ne!(epoch_base(&key, 1), epoch_base(&key, 2));
    assert_ne!(epoch_base(&key, 1), epoch_base(&[8; 32], 1));
    assert_eq!(epoch_base(&key, 0x0403_0201), [[7; 28].as_slice(), &[1, 2, 3, 4]].concat()[..]);
}

proptest! {
    #[test]
    fn tags_read_back_what_was_written(
        index: u16, rows: u32, radius_bits: u32, epoch: u32, tombstones: u32,
        blocks in prop::collection::vec(any::<u8>(), 0..=24),
    ) {
        let cell_tag = CellTag { index, rows, radius_bits, replaces: blocks.into_iter().map(hash).collect() };
        prop_assert_eq!(CellTag::from_bytes(&cell_tag.to_bytes()), Ok(cell_tag));
        let fresh = FreshTag { epoch, rows, tombstones };
        prop_assert_eq!(FreshTag::from_bytes(&fresh.to_bytes()), Ok(fresh));
        prop_assert_eq!(read_epoch_tag(&epoch_tag(epoch)), Ok(epoch));
        prop_assert_eq!(read_region_tag(&region_tag(index)), Ok(index));
    }

    #[test]
    fn no_row_is_farther_than_the_radius_and_one_is_as_far(
        (parts, centre) in make::blocks().prop_flat_map(|p| (make::vectors(p.schema.dimension()), Just(p)).prop_map(|(c, p)| (p, c))),
    ) {
        let bytes = parts.build();
        let block = BlockView::parse(&bytes).unwrap();
        let radius = f32::from_bits(radius_bits(&block, &centre));
        let mut row = vec![0.0f32; block.dimension()];
        let distances: Vec<f64> = (0..block.live_rows()).map(|number| {
            decode_row(block.encoding(), block.code(number).unwrap(), &mut row);
            row.iter().zip(&centre).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2)).sum::<f64>().sqrt()
        }).collect();
        let farthest = distances.iter().copied().fold(0.0, f64::max);
        // Sums in another order differ by a few roundings of f64, far less than one of f32.
        prop_assert!(f64::from(radius) >= farthest * (1.0 - 1e-13));
        prop_assert!(f64::from(radius.next_down()) <= farthest * (1.0 + 1e-13));
    }

    #[test]
    fn the_bits_of_a_radius_grow_with_it(x in 0.0f32..1e20, y in 0.0f32..1e20) {
        prop_assert_eq!(x < y, x.to_bits() < y.to_bits());
    }

    #[test]
    fn a_block_with_one_row_more_has_no_smaller_radius(parts in make::blocks()) {
        let mut fewer = parts.clone();
        fewer.rows.pop();
        prop_assume!(!fewer.rows.is_empty());
        let centre = vec![0.25; parts.schema.dimension()];
        let radius = |bytes: &[u8]| radius_bits(&BlockView::parse(bytes).unwrap(), &centre);
        prop_assert!(radius(&fewer.build()) <= radius(&parts.build()));
    }
}
