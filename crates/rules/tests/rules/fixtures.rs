//! The published formats, byte for byte. A file in `tests/fixtures` is what networks hold: this program has to
//! read it and to write the same again. A change that breaks this test forks the network, but for one: another
//! release of LZ4 may pack a block otherwise and still read the old ones.
//!
//! `ROSE_FOREST_WRITE_FIXTURES=1 cargo test -p rose-forest-rules fixtures` writes the ones that are missing,
//! and never changes one that is there.

use crate::{
    make::{NOW, Parts, Row, cell, encode, hash, schema},
    metadata_rules,
};
use rose_forest_rules::{
    block::{BlockView, check_block},
    centroid::{Cells, Share, Shares},
    code::decode_row,
    id::PointId,
    metadata::NodeMetadata,
    schema::{Distance, Encoding, Schema},
    tag::{CellTag, FreshTag, epoch_tag, read_epoch_tag, read_region_tag, region_tag},
};
use std::path::PathBuf;

/// The bytes of a fixture, which must be the ones that this program writes.
fn fixture(name: &str, written: &[u8]) -> Vec<u8> {
    // As cargo says when it runs the tests: a binary from a shared target directory may have been built elsewhere.
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let path = PathBuf::from(here).join("tests/fixtures").join(name);
    if std::env::var_os("ROSE_FOREST_WRITE_FIXTURES").is_some() && !path.exists() {
        std::fs::write(&path, written).unwrap();
    }
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(bytes, written, "{name}: this program writes other bytes");
    bytes
}

fn parts(distance: Distance, encoding: Encoding) -> Parts {
    let schema = schema(4, distance, encoding);
    let live =
        |vector: [f32; 4], payload: &str| Some((encode(&schema, &vector), payload.as_bytes().to_vec()));
    let row = |id, ago, live| Row { id, written_at_micros: NOW - ago, live };
    let rows = vec![
        row(PointId::Int(42), 3, live([1.0, 0.5, -0.25, 0.0], r#"{"title":"Rose","n":1}"#)),
        row(
            PointId::text("550E8400-E29B-41D4-A716-446655440000").unwrap(),
            2,
            live([-3.0, 4.0, 0.0, 0.0], ""),
        ),
        row(
            PointId::text("forest/1 🌲").unwrap(),
            1,
            live([0.1, 0.2, 0.3, -0.4], r#"{"title":"Forest 🌲"}"#),
        ),
        row(PointId::Int(u64::MAX), 0, None),
    ];
    Parts { cell: Some(cell(9, 513)), replaces: vec![hash(1), hash(2)], rows, schema }
}

fn check_block_fixture(name: &str, distance: Distance, encoding: Encoding, decoded: [[f32; 4]; 3]) {
    let parts = parts(distance, encoding);
    let bytes = fixture(name, &parts.build());
    assert_eq!(check_block(&bytes, &parts.schema, NOW), Ok(()));
    let block = BlockView::parse(&bytes).unwrap();
    assert_eq!((block.encoding(), block.dimension()), (encoding, 4));
    assert_eq!((block.live_rows(), block.tombstones()), (3, 1));
    assert_eq!(block.cell(), Some(cell(9, 513)));
    assert!(block.replaces().eq([hash(1), hash(2)]));
    assert_eq!(block.newest_micros(), NOW);
    let meta = block.meta().unwrap();
    let find = |id: PointId| {
        let row = block.rows_with_hash(id.hash64()).next().unwrap();
        assert_eq!(meta.rows()[row].id, id);
        row
    };
    let rows = [
        (PointId::Int(42), 3, Some(r#"{"title":"Rose","n":1}"#)),
        (PointId::text("550e8400-e29b-41d4-a716-446655440000").unwrap(), 2, None),
        (PointId::text("forest/1 🌲").unwrap(), 1, Some(r#"{"title":"Forest 🌲"}"#)),
    ];
    for ((id, ago, payload), expected) in rows.into_iter().zip(decoded) {
        let row = find(id);
        assert_eq!(meta.rows()[row].written_at_micros, NOW - ago);
        assert_eq!(meta.payload(row), payload.map(str::as_bytes));
        let mut vector = [0.0; 4];
        decode_row(encoding, block.code(row).unwrap(), &mut vector);
        assert_eq!(vector, expected);
    }
    let dead = find(PointId::Int(u64::MAX));
    assert!(meta.rows()[dead].is_tombstone() && block.code(dead).is_none());
}

#[test]
fn a_published_block_of_f32_reads_as_it_was_written() {
    let decoded = [[1.0, 0.5, -0.25, 0.0], [-3.0, 4.0, 0.0, 0.0], [0.1, 0.2, 0.3, -0.4]];
    check_block_fixture("block-f32.bin", Distance::Euclid, Encoding::F32, decoded);
}

#[test]
fn a_published_block_of_f16_reads_as_it_was_written() {
    let decoded = [
        [1.0, 0.5, -0.25, 0.0],
        [-3.0, 4.0, 0.0, 0.0],
        [0.099_975_586, 0.199_951_17, 0.300_048_83, -0.399_902_34],
    ];
    check_block_fixture("block-f16.bin", Distance::Dot, Encoding::F16, decoded);
}

#[test]
fn a_published_block_of_sq8_reads_as_it_was_written() {
    // From NumPy, in the same steps.
    let decoded = [
        [0.871_233_34, 0.439_046_7, -0.219_523_36, 0.0],
        [-0.598_990_7, 0.800_756, 0.0, 0.0],
        [0.183_914_12, 0.367_828_25, 0.545_995_06, -0.729_909_2],
    ];
    check_block_fixture("block-sq8-cosine.bin", Distance::Cosine, Encoding::Sq8, decoded);
}

#[test]
fn a_published_block_of_sq8_outside_cosine_reads_as_it_was_written() {
    let decoded = [
        [1.0, 0.503_937, -0.251_968_5, 0.0],
        [-2.992_126, 4.0, 0.0, 0.0],
        [0.100_787_4, 0.201_574_8, 0.299_212_6, -0.4],
    ];
    check_block_fixture("block-sq8-manhattan.bin", Distance::Manhattan, Encoding::Sq8, decoded);
}

#[test]
fn published_properties_read_as_they_were_written() {
    let schema = Schema::new("Rose Forest 🌹", 384, Distance::Cosine, Encoding::Sq8).unwrap();
    let bytes = fixture("schema.msgpack", &schema.to_bytes().unwrap());
    assert_eq!(Schema::from_bytes(&bytes), Ok(schema));
}

#[test]
fn published_tags_read_as_they_were_written() {
    let parts = parts(Distance::Euclid, Encoding::F32);
    let block = parts.build();
    let block = BlockView::parse(&block).unwrap();
    let centre = [0.5, 0.5, 0.0, 0.0];
    let tag = CellTag::of(&block, 513, &centre);
    let bytes = fixture("tag-cell.bin", &tag.to_bytes());
    let read = CellTag::from_bytes(&bytes).unwrap();
    assert_eq!(read.check(&block, &centre), Ok(()));
    assert_eq!((read.index, read.rows, read.radius_bits), (513, 3, 24.5f32.sqrt().to_bits()));
    assert_eq!(read.replaces, [hash(1), hash(2)]);

    let tag = FreshTag { epoch: 7, rows: 300, tombstones: 70_000 };
    assert_eq!(FreshTag::from_bytes(&fixture("tag-fresh.bin", &tag.to_bytes())), Ok(tag));
    assert_eq!(read_epoch_tag(&fixture("tag-epoch.bin", &epoch_tag(70_000))), Ok(70_000));
    assert_eq!(read_region_tag(&fixture("tag-region.bin", &region_tag(300))), Ok(300));
}

#[test]
fn published_entries_read_as_they_were_written() {
    let schema = schema(2, Distance::Cosine, Encoding::Sq8);
    let centres = [1.0f32, 0.0, -0.5, 0.25].iter().flat_map(|x| x.to_le_bytes()).collect();
    let regions = Cells { level: 0, parent: None, centres };
    let bytes = fixture("cells-level-0.msgpack", &rmp_serde::to_vec_named(&regions).unwrap());
    assert_eq!(rmp_serde::from_slice::<Cells>(&bytes).unwrap(), regions);
    assert_eq!(regions.check(&schema), Ok(()));
    assert_eq!(regions.centre(1, 2), Some(vec![-0.5, 0.25]));

    let cells = Cells { level: 1, parent: Some(cell(3, 1)), ..regions };
    let bytes = fixture("cells-level-1.msgpack", &rmp_serde::to_vec_named(&cells).unwrap());
    assert_eq!(rmp_serde::from_slice::<Cells>(&bytes).unwrap(), cells);
    assert_eq!(cells.check(&schema), Ok(()));

    let share = |n, rows| Share { cell: cell(n, 1), rows, mean: vec![0, 0x3c, 0, 0xb8] };
    let shares = Shares { seq: 5_000_000_000, shares: vec![share(1, 300), share(2, 1)] };
    let bytes = fixture("shares.msgpack", &rmp_serde::to_vec_named(&shares).unwrap());
    assert_eq!(rmp_serde::from_slice::<Shares>(&bytes).unwrap(), shares);
    assert_eq!(shares.check(&schema), Ok(()));

    let metadata = metadata_rules::valid();
    let bytes = fixture("metadata.msgpack", &rmp_serde::to_vec_named(&metadata).unwrap());
    assert_eq!(rmp_serde::from_slice::<NodeMetadata>(&bytes).unwrap(), metadata);
    assert_eq!(metadata.check(metadata.agent), Ok(()));
}
