use super::*;
use proptest::prelude::*;
use rose_forest_api::{AgentPubKey, Distance, Encoding, PointId, Schema};
use rose_forest_store::FieldKind;
use serde_json::{Map, Value, json};
use std::io::Read;

fn header(dimension: usize) -> Header {
    let schema = Schema::new("a collection", dimension, Distance::Dot, Encoding::F32).unwrap();
    let fields = [("b".parse().unwrap(), FieldKind::Text), ("a.c".parse().unwrap(), FieldKind::Keyword)];
    Header::new(schema, "text".to_owned(), fields, Some("uhC0k".to_owned()))
}

fn row(id: PointId, vector: &[f32], payload: Value) -> Row {
    let Value::Object(payload) = payload else { panic!("{payload} is no object") };
    let author = AgentPubKey::from_raw_32(vec![7; 32]);
    Row { id, vector: vector.to_vec(), payload, author, written_at_micros: 5 }
}

fn text(text: &str) -> PointId {
    PointId::text(text).unwrap()
}

fn some_rows() -> Vec<Row> {
    vec![
        row(PointId::Int(3), &[1.0, -0.0], json!({"a": [1, {"c": "x", "b": null}], "é": true})),
        row(PointId::Int(u64::MAX), &[0.5, 1e-40], json!({})),
        row(text("936da01f-9abd-4d9d-80c7-02af85c822a8"), &[2.0, 3.0], json!({"n": -1.5})),
        row(text("0"), &[4.0, f32::MAX], json!({"": ""})),
        row(text("zoë"), &[0.0, 0.0], json!({"deep": {"er": {}}})),
    ]
}

fn write(header: &Header, rows: &[Row]) -> (Vec<u8>, Summary) {
    let mut writer = SnapshotWriter::new(Vec::new(), header).unwrap();
    rows.iter().for_each(|row| writer.row(row).unwrap());
    writer.finish().unwrap()
}

/// Reads it all, and where it is right gives what is in it.
fn read(bytes: &[u8]) -> Result<(Header, Vec<Row>, Summary), FileError> {
    let mut reader = SnapshotReader::new(bytes)?;
    let mut rows = Vec::new();
    while let Some(frame) = reader.next_rows()? {
        rows.extend(frame);
    }
    assert!(reader.next_rows().unwrap().is_none(), "the end is the end");
    Ok((reader.header().clone(), rows, *reader.summary().unwrap()))
}

#[test]
fn what_is_written_is_read() {
    for rows in [some_rows(), Vec::new()] {
        let (bytes, summary) = write(&header(2), &rows);
        assert_eq!(summary.bytes, bytes.len() as u64);
        assert_eq!(summary.rows, rows.len() as u64);
        let (read_header, read_rows, read_summary) = read(&bytes).unwrap();
        assert_eq!(read_header, header(2));
        assert_eq!(read_rows, rows);
        assert_eq!(read_summary, summary);
    }
    assert_eq!(header(2).fields[0].path.to_string(), "a.c", "in the order of the paths");
}

/// [`some_rows`], as version 1 wrote them.
const FIVE_ROWS: &[u8] = include_bytes!("../../../../../fuzz/seeds/snapshot/five-rows.snapshot");

#[test]
fn what_was_published_can_be_read_and_says_what_it_said() {
    let (read_header, rows, summary) = read(FIVE_ROWS).unwrap();
    assert_eq!(read_header, Header { software: "rose-forest 0.1.0".to_owned(), ..header(2) });
    assert_eq!(rows, some_rows());
    assert_eq!(hex(&summary.content), "4e0880ece5d3cde0f60f7dfaa991115d632e198fb2fcce68bee9df1cd6c94163");
    assert_eq!(write(&read_header, &rows).1.content, summary.content);
}

#[test]
fn the_hash_of_a_file_is_that_of_all_its_bytes() {
    use sha2::Digest;
    let (bytes, summary) = write(&header(2), &some_rows());
    assert_eq!(<[u8; 32]>::from(sha2::Sha256::digest(&bytes)), summary.sha256);
    let before = bytes.len() - 32;
    assert_eq!(sha2::Sha256::digest(&bytes[..before]).as_slice(), &bytes[before..]);
}

#[test]
fn the_hash_of_the_content_is_of_ids_payloads_and_vectors_alone() {
    let rows = some_rows();
    let content = |header: &Header, rows: &[Row]| write(header, rows).1.content;
    let same = content(&header(2), &rows);
    let mut others = rows.clone();
    others[0].author = AgentPubKey::from_raw_32(vec![8; 32]);
    others[1].written_at_micros += 1;
    let other_header = Header { software: "another".to_owned(), network: None, ..header(2) };
    assert_eq!(content(&other_header, &others), same);
    assert_ne!(write(&other_header, &others).1.sha256, write(&header(2), &rows).1.sha256);
    others[2].vector[1] = 3.5;
    let by_vector = content(&header(2), &others);
    others[3].payload = Map::new();
    let by_payload = content(&header(2), &others);
    others[4].id = text("zoé");
    let by_id = content(&header(2), &others[..4]);
    let hashes = std::collections::BTreeSet::from([same, by_vector, by_payload, by_id]);
    assert_eq!(hashes.len(), 4);
}

#[test]
fn the_order_of_keys_in_a_payload_changes_nothing() {
    let mut one: Map<String, Value> = Map::new();
    let mut other = Map::new();
    let entries = [("b", json!({"y": 1, "x": 2})), ("a", json!([{"q": 1, "p": 2}])), ("c", json!(1.0))];
    one.extend(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    other.extend(entries.iter().rev().map(|(key, value)| ((*key).to_owned(), value.clone())));
    let with = |payload: Map<String, Value>| vec![row(PointId::Int(1), &[1.0], Value::Object(payload))];
    assert_eq!(write(&header(1), &with(one)), write(&header(1), &with(other)));
    let raw = row(PointId::Int(1), &[], json!({"b": {"y": 1, "x": 2}, "a": "\n"}));
    let mut bytes = Vec::new();
    raw.write(&mut bytes).unwrap();
    let expected = br#"{"a":"\n","b":{"x":2,"y":1}}"#;
    assert_eq!(&bytes[13..13 + expected.len()], expected);
}

#[test]
fn rows_fill_frames_and_a_large_one_has_its_own() {
    let payload = |bytes: usize, seed: u64| {
        // What zstd cannot make smaller, so that frames are seen in the length of the file.
        let mut state = seed;
        let letter = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'a' + (state >> 59) as u8 % 26)
        };
        json!({"text": (0..bytes).map(letter).collect::<String>()})
    };
    let sizes = [10, 600_000, 600_000, FRAME_BYTES + 100_000, 10, 10, 900_000];
    let rows: Vec<_> = sizes
        .into_iter()
        .zip(1..)
        .map(|(bytes, id)| row(PointId::Int(id), &[1.0], payload(bytes, id)))
        .collect();
    let (bytes, _) = write(&header(1), &rows);
    let mut reader = SnapshotReader::new(bytes.as_slice()).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = reader.next_rows().unwrap() {
        frames.push(frame.len());
    }
    assert_eq!(frames, [2, 1, 1, 3]);
    assert_eq!(read(&bytes).unwrap().1, rows);
}

#[test]
fn what_cannot_be_written_is_refused() {
    let mut writer = SnapshotWriter::new(Vec::new(), &header(1)).unwrap();
    writer.row(&row(text("b"), &[1.0], json!({}))).unwrap();
    for id in [text("b"), text("a"), text("936da01f-9abd-4d9d-80c7-02af85c822a8"), PointId::Int(9)] {
        let error = writer.row(&row(id, &[1.0], json!({}))).unwrap_err();
        assert!(matches!(error, FileError::Order { .. }), "{error}");
    }
    let error = writer.row(&row(text("c"), &[1.0, 2.0], json!({}))).unwrap_err();
    assert!(error.to_string().contains("received 2"), "{error}");
    let long = json!({"text": "x".repeat(MAX_FRAME_BYTES)});
    let error = writer.row(&row(text("c"), &[1.0], long)).unwrap_err();
    assert!(matches!(error, FileError::TooLarge { .. }), "{error}");
}

#[test]
fn other_files_and_other_versions_are_told_apart() {
    assert!(matches!(read(b""), Err(FileError::NotASnapshot)));
    assert!(matches!(read(b"PK\x03\x04 and so on, as a zip"), Err(FileError::NotASnapshot)));
    let (mut bytes, _) = write(&header(2), &some_rows());
    bytes[8] = 2;
    assert!(matches!(read(&bytes), Err(FileError::OtherVersion { expected: 1, received: 2 })));
}

#[test]
fn every_missing_byte_is_noticed_and_every_added_one() {
    let (mut bytes, _) = write(&header(2), &some_rows());
    for length in 0..bytes.len() {
        let error = read(&bytes[..length]).unwrap_err();
        let is_right = if length < MAGIC.len() {
            matches!(error, FileError::NotASnapshot)
        } else {
            matches!(error, FileError::Truncated { .. })
        };
        assert!(is_right, "{length}: {error}");
    }
    bytes.push(0);
    let expected = bytes.len() as u64 - 1;
    assert!(matches!(read(&bytes), Err(FileError::TooLong { expected: e }) if e == expected));
}

#[test]
fn every_flipped_bit_is_noticed() {
    let (mut bytes, _) = write(&header(2), &some_rows());
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            assert!(read(&bytes).is_err(), "bit {bit} of byte {at}");
            bytes[at] ^= 1 << bit;
        }
    }
    read(&bytes).unwrap();
}

/// A file of these parts, with right checksums and hashes, whatever they hold.
fn forged(parts: &[(part::Kind, u32, u32, Vec<u8>)]) -> Vec<u8> {
    use sha2::Digest;
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    for (kind, rows, raw_bytes, stored) in parts {
        let stored_bytes = stored.len() as u32;
        let head = part::PartHead { kind: *kind, rows: *rows, raw_bytes: *raw_bytes, stored_bytes };
        bytes.extend(head.to_bytes(stored));
        bytes.extend(stored);
    }
    let hash = sha2::Sha256::digest(&bytes);
    bytes.extend(hash);
    bytes
}

#[test]
fn files_with_right_checksums_that_make_no_sense_are_refused_with_what_is_wrong() {
    use part::Kind::{Done, Head, Rows};
    let plain = |bytes: Vec<u8>| (bytes.len() as u32, bytes);
    let head = |json: Value| {
        let (raw, stored) = plain(serde_json::to_vec(&json).unwrap());
        (Head, 0, raw, stored)
    };
    let good = serde_json::to_value(header(1)).unwrap();
    let rows_part = |count: u32, rows: &[Row]| {
        let mut raw = Vec::new();
        for row in rows {
            row.write(&mut raw).unwrap();
        }
        (Rows, count, raw.len() as u32, zstd::bulk::compress(&raw, 1).unwrap())
    };
    let one = |id: u64| row(PointId::Int(id), &[1.0], json!({"a": 1}));
    let done = |rows: u64| (Done, 0, 40, [rows.to_le_bytes().to_vec(), vec![0; 32]].concat());
    let with = |key: &str, value: Value| {
        let mut changed = good.clone();
        changed["schema"][key] = value;
        head(changed)
    };
    let bomb = zstd::bulk::compress(&vec![0; 4 << 20], 1).unwrap();
    let claims = |raw: u32| (Rows, 1, raw, bomb.clone());
    let first = || head(good.clone());
    let mut nan = one(1);
    nan.vector[0] = f32::NAN;
    for (parts, reason) in [
        (vec![], "beginning of a part"),
        (vec![done(0)], "order of parts"),
        (vec![rows_part(1, &[one(1)])], "order of parts"),
        (vec![first(), first()], "order of parts"),
        (vec![head(json!({}))], "schema"),
        (vec![head(json!([1]))], "header"),
        (vec![with("dimension", json!(0))], "dimension"),
        (vec![with("dimension", json!(5000))], "dimension"),
        (vec![with("encoding", json!("pq"))], "reserved"),
        (vec![with("version", json!(9))], "schema of this version"),
        (vec![with("name", json!("a\nb"))], "name"),
        (vec![first(), done(1)], "as many rows as were read, received 1"),
        (vec![first(), rows_part(1, &[one(1)]), done(1)], "SHA-256"),
        (vec![first(), rows_part(2, &[one(1)])], "as many rows as it says"),
        (vec![first(), rows_part(0, &[])], "at least one"),
        (vec![first(), rows_part(2, &[one(2), one(1)])], "order of their ids"),
        (vec![first(), rows_part(1, &[one(2)]), rows_part(1, &[one(2)])], "order of their ids"),
        (vec![first(), rows_part(1, &[nan])], "finite"),
        (vec![first(), claims(1000)], "zstd"),
        (vec![first(), claims(5 << 20)], "as many bytes as it says"),
        (vec![first(), claims(u32::MAX)], "at most 8388608 bytes"),
        (vec![first(), (Done, 0, 8, vec![0; 8])], "40 bytes"),
        (vec![first(), (Done, 1, 40, vec![0; 40])], "no rows"),
    ] {
        let error = read(&forged(&parts)).unwrap_err().to_string();
        assert!(error.contains(reason), "{reason}: {error}");
    }
}

#[test]
fn a_reader_takes_no_more_memory_than_there_is_file() {
    // The longest part that may be claimed, and nothing behind it: an endless stream of zeros would be read, a short file not.
    let head = part::PartHead { kind: part::Kind::Head, rows: 0, raw_bytes: 1 << 20, stored_bytes: 1 << 20 };
    let bytes = [MAGIC.to_vec(), VERSION.to_le_bytes().to_vec(), head.to_bytes(&[]).to_vec()].concat();
    let error = SnapshotReader::new(bytes.as_slice()).err().unwrap();
    assert!(matches!(error, FileError::Truncated { expected: 1_048_576, received: 0, .. }), "{error}");
    let endless = bytes.chain(std::io::repeat(0));
    assert!(matches!(SnapshotReader::new(endless).err().unwrap(), FileError::Checksum { .. }));
}

fn json_value() -> impl Strategy<Value = Value> {
    // Quarters: JSON's readers keep those to the bit.
    let number = any::<i32>().prop_map(|quarters| json!(f64::from(quarters) / 4.0));
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        number,
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_id() -> impl Strategy<Value = PointId> {
    prop_oneof![
        any::<u64>().prop_map(PointId::Int),
        any::<[u8; 16]>().prop_map(|bytes| text(&hex(&bytes))),
        ".{1,30}".prop_map(|id| text(&id)),
    ]
}

fn any_row(dimension: usize) -> impl Strategy<Value = Row> {
    let component = any::<f32>().prop_filter("finite", |component| component.is_finite());
    let payload = prop::collection::btree_map(".{0,6}", json_value(), 0..4);
    let vector = prop::collection::vec(component, dimension);
    (any_id(), vector, payload, any::<[u8; 32]>(), any::<i64>()).prop_map(
        |(id, vector, payload, author, written_at_micros)| Row {
            id,
            vector,
            payload: payload.into_iter().collect(),
            author: AgentPubKey::from_raw_32(author.to_vec()),
            written_at_micros,
        },
    )
}

fn any_rows() -> impl Strategy<Value = (usize, Vec<Row>)> {
    (1usize..9).prop_flat_map(|dimension| {
        let rows = prop::collection::vec(any_row(dimension), 0..20).prop_map(|mut rows| {
            rows.sort_by(|a, b| row::order(&a.id, &b.id));
            rows.dedup_by(|a, b| a.id == b.id);
            rows
        });
        (Just(dimension), rows)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_rows_come_back_as_they_were((dimension, rows) in any_rows()) {
        let (bytes, summary) = write(&header(dimension), &rows);
        let (_, read_rows, read_summary) = read(&bytes).unwrap();
        prop_assert_eq!(&read_rows, &rows);
        prop_assert_eq!(read_summary, summary);
        prop_assert_eq!(write(&header(dimension), &read_rows).0, bytes);
    }

    #[test]
    fn a_stretch_of_other_bytes_is_noticed(
        (dimension, rows) in any_rows(),
        place in any::<prop::sample::Index>(),
        other in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let (mut bytes, _) = write(&header(dimension), &rows);
        let whole = bytes.clone();
        let start = place.index(bytes.len());
        bytes.iter_mut().skip(start).zip(&other).for_each(|(to, from)| *to = *from);
        prop_assert_eq!(read(&bytes).is_ok(), bytes == whole);
    }

    #[test]
    fn the_order_of_rows_is_the_stores(mut ids in prop::collection::vec(any_id(), 0..10)) {
        // The store's: kinds by their number, integers big-endian, UUIDs and text by their bytes.
        let key = |id: &PointId| match id {
            PointId::Int(number) => (0, number.to_be_bytes().to_vec()),
            PointId::Text(text) => {
                let text = text.as_str();
                let plain = text.replace('-', "");
                let is_uuid = text.len() == 36
                    && plain.len() == 32
                    && plain.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase());
                (if is_uuid { 1 } else { 2 }, text.as_bytes().to_vec())
            }
        };
        ids.sort_by(row::order);
        let keys: Vec<_> = ids.iter().map(key).collect();
        prop_assert!(keys.is_sorted());
    }
}
