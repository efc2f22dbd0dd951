//! One test for every rule about a schema, and the schema's canonical form.

use crate::make::{DISTANCES, ENCODINGS};
use proptest::prelude::*;
use rose_forest_rules::{
    Violation,
    schema::{Distance, Encoding, PayloadForm, Schema, Writers},
};

fn valid() -> Schema {
    Schema::new("rose forest", 384, Distance::Cosine, Encoding::Sq8).unwrap()
}

/// What reading the properties of this schema says.
fn read(schema: &Schema) -> Result<Schema, Violation> {
    Schema::from_bytes(&schema.to_bytes().unwrap())
}

#[test]
fn properties_that_are_no_map_are_unreadable() {
    assert!(matches!(Schema::from_bytes(&[0xc0]), Err(Violation::SchemaUnreadable { .. })));
    assert!(matches!(Schema::from_bytes(&[]), Err(Violation::SchemaUnreadable { .. })));
}

#[test]
fn an_unknown_property_is_refused() {
    let mut bytes = valid().to_bytes().unwrap();
    bytes[0] += 1; // A map of eight.
    bytes.extend(rmp_serde::to_vec("colour").unwrap());
    bytes.extend(rmp_serde::to_vec("red").unwrap());
    assert!(matches!(Schema::from_bytes(&bytes), Err(Violation::SchemaUnreadable { .. })));
}

#[test]
fn an_unknown_distance_or_encoding_is_refused() {
    for (from, to) in [("cosine", "hamming"), ("sq8", "sq4")] {
        let map = fields(&valid()).into_iter().map(|(key, value)| match value.as_str() {
            Some(text) if text == from => (key, to.into()),
            _ => (key, value),
        });
        let read = Schema::from_bytes(&write_map(&map.collect::<Vec<_>>()));
        assert!(matches!(read, Err(Violation::SchemaUnreadable { .. })), "{to}");
    }
}

#[test]
fn a_schema_as_an_array_is_not_canonical() {
    let bytes = rmp_serde::to_vec(&valid()).unwrap();
    assert_eq!(Schema::from_bytes(&bytes), Err(Violation::SchemaNotCanonical));
}

#[test]
fn a_byte_after_the_properties_is_not_canonical() {
    let mut bytes = valid().to_bytes().unwrap();
    bytes.push(0);
    assert_eq!(Schema::from_bytes(&bytes), Err(Violation::SchemaNotCanonical));
}

#[test]
fn a_number_written_wider_than_needed_is_not_canonical() {
    let bytes = valid().to_bytes().unwrap();
    // `version` is the first key: one byte for the map, eight for the key, then the number 1.
    assert_eq!(bytes[9], 1);
    let wide = [&bytes[..9], &[0xcc, 1], &bytes[10..]].concat();
    assert_eq!(Schema::from_bytes(&wide), Err(Violation::SchemaNotCanonical));
}

#[test]
fn another_version_of_the_schema_is_refused() {
    let expected = Violation::SchemaVersion { expected: 1, received: 2 };
    assert_eq!(read(&Schema { version: 2, ..valid() }), Err(expected));
}

#[test]
fn a_name_is_neither_empty_nor_too_long_nor_invisible() {
    let refused = |name: &str| {
        let received = name.chars().count();
        let expected = Violation::SchemaName { max: 128, received };
        assert_eq!(Schema::new(name, 3, Distance::Dot, Encoding::F32), Err(expected.clone()));
        assert_eq!(read(&Schema { name: name.into(), ..valid() }), Err(expected));
    };
    refused("");
    refused(&"ü".repeat(129));
    refused("a\nb");
    refused("a\u{1b}[2J");
    assert!(Schema::new(&"ü".repeat(128), 3, Distance::Dot, Encoding::F32).is_ok());
}

#[test]
fn a_dimension_lies_between_1_and_4096() {
    for received in [0, 4097, 65_536, usize::MAX] {
        let expected = Violation::SchemaDimension { min: 1, max: 4096, received };
        assert_eq!(Schema::new("a", received, Distance::Dot, Encoding::F32), Err(expected));
    }
    for dimension in [0, 4097, 65_535] {
        let expected = Violation::SchemaDimension { min: 1, max: 4096, received: dimension.into() };
        assert_eq!(read(&Schema { dimension, ..valid() }), Err(expected));
    }
    assert!(Schema::new("a", 1, Distance::Dot, Encoding::F32).is_ok());
    assert!(Schema::new("a", 4096, Distance::Dot, Encoding::F32).is_ok());
}

#[test]
fn what_is_reserved_is_refused() {
    let reserved = |schema, what| assert_eq!(read(&schema), Err(Violation::Reserved { what }));
    reserved(Schema { encoding: Encoding::Pq, ..valid() }, "encoding");
    reserved(Schema { encoding: Encoding::Bit1, ..valid() }, "encoding");
    reserved(Schema { payload: PayloadForm::Encrypted, ..valid() }, "encrypted payloads");
    reserved(Schema { writers: Writers::Named, ..valid() }, "named writers");
}

#[test]
fn an_encoding_is_the_number_it_is_stored_as() {
    for encoding in [Encoding::F32, Encoding::F16, Encoding::Sq8, Encoding::Pq, Encoding::Bit1] {
        assert_eq!(Encoding::from_number(encoding.number()), Some(encoding));
    }
    assert_eq!(Encoding::from_number(0), None);
    assert_eq!(Encoding::from_number(6), None);
}

/// The fields of a schema as MessagePack values, in order.
fn fields(schema: &Schema) -> Vec<(String, serde_json::Value)> {
    let value: serde_json::Value = serde_json::to_value(schema).unwrap();
    ["version", "name", "dimension", "distance", "encoding", "payload", "writers"]
        .map(|key| (key.to_owned(), value[key].clone()))
        .into()
}

fn write_map(fields: &[(String, serde_json::Value)]) -> Vec<u8> {
    let mut bytes = vec![0x80 | fields.len() as u8];
    for (key, value) in fields {
        bytes.extend(rmp_serde::to_vec(key).unwrap());
        bytes.extend(rmp_serde::to_vec(value).unwrap());
    }
    bytes
}

proptest! {
    #[test]
    fn a_schema_reads_back_what_was_written(
        name in "\\PC{1,40}", dimension in 1usize..=4096,
        distance in prop::sample::select(&DISTANCES[..]), encoding in prop::sample::select(&ENCODINGS[..]),
    ) {
        let schema = Schema::new(&name, dimension, distance, encoding).unwrap();
        let bytes = schema.to_bytes().unwrap();
        prop_assert_eq!(Schema::from_bytes(&bytes), Ok(schema.clone()));
        prop_assert_eq!(write_map(&fields(&schema)), bytes, "the canonical form is a map in the order of the fields");
    }

    #[test]
    fn any_other_order_of_the_properties_is_refused(order in Just((0..7).collect::<Vec<usize>>()).prop_shuffle()) {
        let fields = fields(&valid());
        let shuffled: Vec<_> = order.iter().map(|place| fields[*place].clone()).collect();
        let expected = if order.is_sorted() { Ok(valid()) } else { Err(Violation::SchemaNotCanonical) };
        prop_assert_eq!(Schema::from_bytes(&write_map(&shuffled)), expected);
    }
}
