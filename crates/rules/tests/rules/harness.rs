//! What must hold for any bytes from others: nothing panics, and what is accepted keeps its promises.
//!
//! One function for each parser. `cargo test` runs them over the corpus in `fuzz/` and over random changes to
//! it; `cargo fuzz` runs them for as long as one likes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use rose_forest_rules::{
    Violation,
    block::{BlockBuilder, BlockView, BuildError, check_block},
    centroid::{Cells, Shares, check_index, check_parent},
    code,
    id::PointId,
    limits,
    metadata::NodeMetadata,
    schema::{Distance, Encoding, Schema},
    tag::{self, CellTag, FreshTag},
};
use serde::{Serialize, de::DeserializeOwned};

/// A parser under test, over any bytes.
pub type Target = fn(&[u8]);

/// Every target, by the name of its folder in the corpus.
pub const TARGETS: [(&str, Target); 9] = [
    ("block", block),
    ("meta", meta),
    ("tag", tags),
    ("schema", schema),
    ("cells", cells),
    ("shares", shares),
    ("metadata", metadata),
    ("point_id", point_id),
    ("payload", payload),
];

const DISTANCES: [Distance; 4] = [Distance::Cosine, Distance::Dot, Distance::Euclid, Distance::Manhattan];

/// Parse, meta and every rule about a block.
pub fn block(bytes: &[u8]) {
    let Ok(block) = BlockView::parse(bytes) else { return };
    let size = block.encoding().code_bytes(block.dimension());
    assert!(size > 0, "rows of a parsed block have bytes");
    assert_eq!(block.codes().len(), size * block.live_rows());
    let centre = vec![0.5; block.dimension()];
    let radius = f32::from_bits(tag::radius_bits(&block, &centre));
    assert!(!radius.is_nan() && radius >= 0.0);
    for hash in block.live_hashes().chain(block.tombstone_hashes()).take(64) {
        for row in block.rows_with_hash(hash) {
            assert!(row < block.live_rows() + block.tombstones());
        }
    }
    if let Ok(meta) = block.meta() {
        assert_eq!(meta.rows().len(), block.live_rows() + block.tombstones());
        for (row, read) in meta.rows().iter().enumerate() {
            assert_eq!(read.id_hash(), read.id.hash64(), "an id has one form, and so one hash");
            assert_eq!(read.is_tombstone(), row >= block.live_rows());
            assert!(meta.payload(row).is_none_or(|p| p.len() <= limits::MAX_PAYLOAD_BYTES));
        }
    }
    for distance in DISTANCES {
        let schema = Schema::new("f", block.dimension(), distance, block.encoding()).unwrap();
        if check_block(bytes, &schema, i64::MAX).is_ok() {
            accepted(&block, &schema, radius);
        }
    }
}

/// What a reader relies on once a block is accepted.
fn accepted(block: &BlockView<'_>, schema: &Schema, radius: f32) {
    let meta = block.meta().unwrap();
    assert!(radius.is_finite());
    let mut components = vec![0.0; block.dimension()];
    let mut builder = BlockBuilder::new(schema, block.cell());
    block.replaces().for_each(|replaced| builder.replace(replaced).unwrap());
    for (number, row) in meta.rows().iter().enumerate() {
        assert!(block.rows_with_hash(row.id_hash()).any(|found| found == number));
        let Some(row_code) = block.code(number) else {
            builder.push_tombstone(&row.id, row.written_at_micros).unwrap();
            continue;
        };
        code::decode_row(block.encoding(), row_code, &mut components);
        assert!(components.iter().all(|x| x.abs() <= limits::MAX_COMPONENT * 1.0001));
        let payload = meta.payload(number).unwrap_or_default();
        if !payload.is_empty() {
            serde_json::from_slice::<serde_json::Map<_, _>>(payload).unwrap();
        }
        builder.push(&row.id, row.written_at_micros, row_code, payload).unwrap();
    }
    // What was accepted can be written again, and reads the same.
    let again = builder.finish().unwrap();
    assert_eq!(check_block(&again, schema, i64::MAX), Ok(()));
    let again = BlockView::parse(&again).unwrap();
    assert!(again.codes() == block.codes() && again.meta().unwrap().rows() == meta.rows());
    assert!(again.live_hashes().eq(block.live_hashes()) && again.replaces().eq(block.replaces()));
}

/// A block around this meta section, which a fuzzer cannot pack: the first two bytes are the numbers of live
/// rows and tombstones, below eight. Where the ids can be read, their hashes and the newest time are put right,
/// so that the rules behind those are reached.
pub fn meta(bytes: &[u8]) {
    let [live, tombstones, meta @ ..] = bytes else { return };
    let (live, tombstones) = (usize::from(*live % 8), usize::from(*tombstones % 8));
    let packed = lz4_flex::block::compress(meta);
    let around = |hashes: &[u64], newest_micros: i64| {
        let mut out = b"RFB\x01\x01\x00\x01\x00".to_vec();
        for number in [live as u32, tombstones as u32, 0, packed.len() as u32, meta.len() as u32] {
            out.extend(number.to_le_bytes());
        }
        out.extend(newest_micros.to_le_bytes());
        hashes.iter().for_each(|hash| out.extend(hash.to_le_bytes()));
        // One component for each live row: 1.0.
        out.extend([0, 0, 0x80, 0x3f].repeat(live));
        out.extend(&packed);
        out
    };
    let guess = around(&vec![0; live + tombstones], 0);
    if let Ok(read) = BlockView::parse(&guess).and_then(|block| block.meta()) {
        let hashes: Vec<_> = read.rows().iter().map(|row| row.id_hash()).collect();
        let newest = read.rows().iter().map(|row| row.written_at_micros).max().unwrap_or(0);
        block(&around(&hashes, newest));
    }
}

/// All four tags: bytes that are accepted are the only ones for their meaning.
pub fn tags(bytes: &[u8]) {
    if let Ok(tag) = CellTag::from_bytes(bytes) {
        assert_eq!(tag.to_bytes(), bytes);
        assert!(bytes.len() <= 1_000, "it fits into a link tag");
    }
    if let Ok(tag) = FreshTag::from_bytes(bytes) {
        assert_eq!(tag.to_bytes(), bytes);
    }
    if let Ok(epoch) = tag::read_epoch_tag(bytes) {
        assert_eq!(tag::epoch_tag(epoch), bytes);
    }
    if let Ok(index) = tag::read_region_tag(bytes) {
        assert_eq!(tag::region_tag(index), bytes);
    }
}

/// Properties: bytes that are accepted are the only ones for their meaning.
pub fn schema(bytes: &[u8]) {
    if let Ok(schema) = Schema::from_bytes(bytes) {
        assert_eq!(schema.to_bytes().unwrap(), bytes);
        assert!(schema.code_bytes() > 0);
    }
}

fn collection() -> Schema {
    Schema::new("f", 3, Distance::Cosine, Encoding::Sq8).unwrap()
}

/// A Centroid entry.
pub fn cells(bytes: &[u8]) {
    let Some(cells) = entry::<Cells>(bytes) else { return };
    let schema = collection();
    for index in [0, 1, u16::MAX] {
        let _ = check_parent(&cells, index, &schema);
        assert_eq!(check_index(&cells, index, &schema).is_ok(), cells.centre(index, 3).is_some());
    }
    if cells.check(&schema).is_ok() {
        assert_eq!(cells.all_centres().len(), cells.len(3) * 3);
        assert!(cells.len(3) > 0 && cells.all_centres().iter().all(|x| x.abs() <= limits::MAX_COMPONENT));
    }
}

/// An entry of shares.
pub fn shares(bytes: &[u8]) {
    if let Some(shares) = entry::<Shares>(bytes)
        && shares.check(&collection()).is_ok()
    {
        assert!(shares.shares.is_sorted_by(|a, b| a.cell < b.cell));
        assert!(shares.shares.iter().all(|s| s.rows > 0 && s.mean.len() == 6));
    }
}

/// A NodeMetadata entry.
pub fn metadata(bytes: &[u8]) {
    if let Some(metadata) = entry::<NodeMetadata>(bytes)
        && metadata.check(metadata.agent).is_ok()
    {
        assert!(!format!("{}{}", metadata.name, metadata.software).contains(char::is_control));
    }
}

/// Reads an entry as Holochain does; what is read can be written and read again.
fn entry<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> Option<T> {
    let value: T = rmp_serde::from_slice(bytes).ok()?;
    let again = rmp_serde::to_vec_named(&value).unwrap();
    assert_eq!(rmp_serde::from_slice::<T>(&again).unwrap(), value);
    Some(value)
}

/// An id in JSON and in MessagePack.
pub fn point_id(bytes: &[u8]) {
    let json = serde_json::from_slice::<PointId>(bytes).ok();
    let packed = rmp_serde::from_slice::<PointId>(bytes).ok();
    for id in json.into_iter().chain(packed) {
        let json = serde_json::to_vec(&id).unwrap();
        assert_eq!(serde_json::from_slice::<PointId>(&json).unwrap(), id);
        let packed = rmp_serde::to_vec_named(&id).unwrap();
        assert_eq!(rmp_serde::from_slice::<PointId>(&packed).unwrap(), id);
        if let PointId::Text(text) = &id {
            assert_eq!(PointId::text(text.as_str()), Ok(id.clone()));
        }
    }
}

/// The JSON scanner against serde_json: what it accepts can be read, and what it refuses beyond serde_json it
/// refuses for its depth or for a number out of range.
pub fn payload(bytes: &[u8]) {
    let schema = collection();
    let (id, code) = (PointId::Int(1), [127, 0, 0, 4, 2, 1, 60]);
    if bytes.is_empty() || bytes.len() > limits::MAX_PAYLOAD_BYTES {
        return;
    }
    let ours = BlockBuilder::new(&schema, None).push(&id, 0, &code, bytes);
    let theirs = serde_json::from_slice::<serde_json::Map<_, serde_json::Value>>(bytes);
    match (ours, theirs) {
        (Ok(()), Err(error)) => panic!("accepted what cannot be read: {error}"),
        (Err(BuildError::Refused(Violation::PayloadNotObject { reason, .. })), Ok(_)) => {
            assert!(
                reason.starts_with("nested too deep") || reason.starts_with("number out of range"),
                "{reason}"
            );
        }
        (Ok(()), Ok(_)) | (Err(BuildError::Refused(Violation::PayloadNotObject { .. })), Err(_)) => {}
        (Err(error), _) => panic!("{error}"),
    }
}
