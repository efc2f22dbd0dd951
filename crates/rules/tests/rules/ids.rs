//! One point has one id, however it was spelt and whatever carried it.

use crate::make;
use proptest::prelude::*;
use rose_forest_rules::{Violation, id::PointId};
use serde::{Deserialize, Serialize};

const UUID: &str = "550e8400-e29b-41d4-a716-446655440000";

#[test]
fn every_spelling_of_a_uuid_is_one_id() {
    let id = PointId::text(UUID).unwrap();
    for spelling in
        [UUID.to_uppercase(), UUID.replace('-', ""), format!("{{{UUID}}}"), format!("urn:uuid:{UUID}")]
    {
        let other = PointId::text(spelling).unwrap();
        assert_eq!(other, id);
        assert_eq!(other.hash64(), id.hash64());
        assert_eq!(other.to_string(), UUID);
    }
}

#[test]
fn what_only_looks_like_a_uuid_is_a_string() {
    for text in [&UUID[1..], "550e8400-e29b-41d4-a716-44665544000g", " 550e8400-e29b-41d4-a716-446655440000"]
    {
        assert_eq!(PointId::text(text).unwrap().to_string(), text);
    }
}

#[test]
fn an_integer_and_its_digits_are_two_ids() {
    let (number, digits) = (PointId::Int(5), PointId::text("5").unwrap());
    assert_ne!(number, digits);
    assert_ne!(number.hash64(), digits.hash64());
    assert_eq!(number.to_string(), digits.to_string());
}

#[test]
fn the_hash_of_an_id_never_changes() {
    // XXH3-64 of the bytes in a block.
    assert_eq!(PointId::Int(1).hash64(), HASHES[0]);
    assert_eq!(PointId::text(UUID).unwrap().hash64(), HASHES[1]);
    assert_eq!(PointId::text("rose").unwrap().hash64(), HASHES[2]);
    assert_eq!(PointId::text("r".repeat(512)).unwrap().hash64(), HASHES[3]);
}

/// From python-xxhash, an implementation that shares nothing with ours.
const HASHES: [u64; 4] =
    [0x4ac0_e8d9_97f9_3b82, 0x2440_c81e_47b1_839f, 0xfe84_71cc_f8b2_1d91, 0xb33f_c928_fe00_6b2d];

#[test]
fn an_id_in_json_is_a_number_or_a_string() {
    let read = |json: &str| serde_json::from_str::<PointId>(json).map_err(|e| e.to_string());
    assert_eq!(read("5"), Ok(PointId::Int(5)));
    assert_eq!(read("18446744073709551615"), Ok(PointId::Int(u64::MAX)));
    assert_eq!(read("\"a\""), Ok(PointId::text("a").unwrap()));
    assert_eq!(read("\"5\""), Ok(PointId::text("5").unwrap()));
    let error = |json: &str| read(json).unwrap_err();
    assert!(error("\"\"").starts_with("expected an id of 1 to 512 bytes, received 0"));
    for json in ["-1", "1.5", "5.0", "18446744073709551616", "null", "true", "[1]", "{\"Int\":1}"] {
        assert!(error(json).contains("expected an unsigned integer or a string"), "{}", error(json));
    }
}

#[test]
fn an_id_in_messagepack_may_be_written_as_javascript_writes_it() {
    let read = |bytes: &[u8]| rmp_serde::from_slice::<PointId>(bytes).map_err(|_| ());
    // A BigInt is always eight bytes, a number the fewest that hold it, an i64 may be positive.
    assert_eq!(read(&[0xcf, 0, 0, 0, 0, 0, 0, 0, 5]), Ok(PointId::Int(5)));
    assert_eq!(read(&[0xd3, 0, 0, 0, 0, 0, 0, 0, 5]), Ok(PointId::Int(5)));
    assert_eq!(read(&[5]), Ok(PointId::Int(5)));
    assert_eq!(read(&[0xcf, 255, 255, 255, 255, 255, 255, 255, 255]), Ok(PointId::Int(u64::MAX)));
    assert_eq!(read(&[0xd9, 1, b'a']), Ok(PointId::text("a").unwrap()));
    // Minus one, 5.0, a byte array, nothing.
    for bytes in [&[0xff][..], &[0xcb, 0x40, 0x14, 0, 0, 0, 0, 0, 0], &[0xc4, 1, b'a'], &[0xc0], &[]] {
        assert_eq!(read(bytes), Err(()), "{bytes:?}");
    }
}

#[test]
fn a_text_id_refuses_what_is_too_long_wherever_it_comes_from() {
    let long = "a".repeat(513);
    let expected = Violation::StringIdLength { max: 512, received: 513 };
    assert_eq!(PointId::text(long.clone()), Err(expected.clone()));
    let json = serde_json::to_string(&long).unwrap();
    let error = serde_json::from_str::<PointId>(&json).unwrap_err().to_string();
    assert!(error.starts_with(&expected.to_string()), "{error}");
}

/// An id among other fields, as in the input of a zome call.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Call {
    ids: Vec<PointId>,
    one: Option<PointId>,
}

proptest! {
    #[test]
    fn an_id_reads_back_from_json_and_messagepack(ids in prop::collection::vec(make::ids(), 0..5), one in prop::option::of(make::ids())) {
        let call = Call { ids, one };
        let json = serde_json::to_string(&call).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Call>(&json).unwrap(), &call);
        prop_assert_eq!(&serde_json::from_value::<Call>(serde_json::to_value(&call).unwrap()).unwrap(), &call);
        let bytes = rmp_serde::to_vec_named(&call).unwrap();
        prop_assert_eq!(&rmp_serde::from_slice::<Call>(&bytes).unwrap(), &call);
    }

    #[test]
    fn the_text_of_an_id_gives_the_id_again(id in make::ids()) {
        if let PointId::Text(text) = &id {
            prop_assert_eq!(PointId::text(text.as_str()), Ok(id.clone()));
        }
    }

    #[test]
    fn equal_ids_have_equal_hashes_and_others_have_not(a in make::ids(), b in make::ids()) {
        prop_assert_eq!(a == b, a.hash64() == b.hash64());
    }

    #[test]
    fn any_text_is_an_id_or_too_long(text in "(?s).{0,600}") {
        prop_assert_eq!(PointId::text(text.as_str()).is_ok(), (1..=512).contains(&text.len()));
    }
}
