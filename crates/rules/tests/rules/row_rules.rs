//! One test for every rule about a row's id, time and payload.

use crate::{
    make::{NOW, hash},
    raw::{RawBlock, RawRow, broken, integer, plain_schema, string, verdict},
};
use rose_forest_rules::{
    Violation,
    block::{BlockBuilder, BuildError},
    id::PointId,
    limits,
};

/// The violation of a block whose row 0 has these id bytes.
fn with_id(id: &[u8]) -> Violation {
    broken(|b| {
        b.live.truncate(1);
        b.live[0] = RawRow::new(id, &b.live[0].code, b"");
    })
}

/// The verdict on a block whose row 0 has this payload.
fn with_payload(payload: &[u8]) -> Result<(), Violation> {
    let mut raw = RawBlock::valid();
    raw.live[0].payload = payload.to_vec();
    verdict(&raw.bytes())
}

/// Why this payload is not accepted.
fn refused(payload: &[u8]) -> String {
    let Err(Violation::PayloadNotObject { row: 0, reason }) = with_payload(payload) else {
        panic!("accepted: {}", String::from_utf8_lossy(payload));
    };
    // The builder says the same.
    let (schema, id) = (plain_schema(), PointId::Int(1));
    let built = BlockBuilder::new(&schema, None).push(&id, NOW, &[0; 12], payload);
    assert!(matches!(built, Err(BuildError::Refused(Violation::PayloadNotObject { row: 0, .. }))));
    reason
}

#[test]
fn an_id_stands_under_its_own_hash() {
    let mut truth = 0;
    let violation = broken(|b| {
        truth = b.live[0].id_hash;
        b.live[0].id_hash = 5;
    });
    assert_eq!(violation, Violation::IdHash { row: 0, expected: truth, received: 5 });
    let violation = broken(|b| {
        truth = b.tombstones[0].id_hash;
        b.tombstones[0].id_hash = 5;
    });
    // Tombstones are counted after the live rows.
    assert_eq!(violation, Violation::IdHash { row: 2, expected: truth, received: 5 });
}

#[test]
fn rows_stand_in_the_order_of_their_hashes() {
    assert_eq!(broken(|b| b.live.reverse()), Violation::IdOrder { row: 1 });
    let violation = broken(|b| {
        b.tombstones.push(RawRow::new(&integer(4), &[], &[]));
        b.sort();
        b.tombstones.reverse();
    });
    assert_eq!(violation, Violation::IdOrder { row: 3 });
}

#[test]
fn an_id_stands_once_in_a_block() {
    let twice = |break_it: fn(&mut RawBlock)| {
        assert_eq!(broken(break_it), Violation::RepeatedId { id: "3".into() });
    };
    twice(|b| b.tombstones.push(b.tombstones[0].clone()));
    // Live and deleted at once, wherever it stands among the others.
    twice(|b| {
        b.live.push(RawRow::new(&integer(3), &b.live[0].code, b""));
        b.sort();
    });
    twice(|b| {
        b.live[0] = RawRow::new(&integer(3), &b.live[0].code, b"");
        b.tombstones.extend((10..40).map(|n| RawRow::new(&integer(n), &[], &[])));
        b.sort();
    });
}

#[test]
fn the_builder_refuses_an_id_that_it_was_given_twice() {
    let (schema, id) = (plain_schema(), PointId::Int(3));
    let mut builder = BlockBuilder::new(&schema, None);
    builder.push(&id, NOW, &[0; 12], b"").unwrap();
    builder.push_tombstone(&id, NOW).unwrap();
    assert_eq!(builder.finish(), Err(Violation::RepeatedId { id: "3".into() }));
}

#[test]
fn an_id_is_valid_text() {
    assert_eq!(with_id(&string(b"\xff\xfe")), Violation::IdUnreadable { row: 0 });
    // Half of a surrogate pair in UTF-8, and a zero that is longer than needed.
    assert_eq!(with_id(&string(b"\xed\xa0\x80")), Violation::IdUnreadable { row: 0 });
    assert_eq!(with_id(&string(b"\xc0\x80")), Violation::IdUnreadable { row: 0 });
}

#[test]
fn a_uuid_is_never_written_as_text() {
    for text in [
        "550e8400-e29b-41d4-a716-446655440000",
        "550E8400E29B41D4A716446655440000",
        "{550e8400-e29b-41d4-a716-446655440000}",
        "urn:uuid:550e8400-e29b-41d4-a716-446655440000",
    ] {
        assert_eq!(with_id(&string(text.as_bytes())), Violation::IdNotCanonical { row: 0 });
    }
}

#[test]
fn an_id_is_of_one_of_three_kinds() {
    assert_eq!(with_id(&[3, 0]), Violation::IdKind { row: 0, received: 3 });
}

#[test]
fn a_string_id_has_1_to_512_bytes() {
    assert_eq!(with_id(&string(b"")), Violation::StringIdLength { max: 512, received: 0 });
    assert_eq!(with_id(&string(&[b'a'; 513])), Violation::StringIdLength { max: 512, received: 513 });
    let refused = |text: String| {
        let received = text.len();
        assert_eq!(PointId::text(text), Err(Violation::StringIdLength { max: 512, received }));
    };
    refused(String::new());
    refused("ü".repeat(257));
    assert!(PointId::text("ü".repeat(256)).is_ok());
}

#[test]
fn an_id_cut_short_is_refused() {
    let mut raw = RawBlock::valid();
    raw.tombstones.clear();
    raw.live.truncate(1);
    raw.live[0].id = string(b"seven");
    let meta = raw.meta();
    // Times come first, then the only id: kind, length, and two of its five letters.
    let violation = verdict(&raw.bytes_with_meta(&meta[..8 + 3 + 2])).unwrap_err();
    assert_eq!(violation, Violation::Truncated { what: "string id", expected: 5, received: 2 });
    let violation = verdict(&raw.bytes_with_meta(&meta[..7])).unwrap_err();
    assert_eq!(violation, Violation::Truncated { what: "times", expected: 8, received: 7 });
}

#[test]
fn a_payload_longer_than_a_megabyte_is_refused() {
    let max = limits::MAX_PAYLOAD_BYTES;
    let mut payload = vec![b' '; max + 1];
    payload[0] = b'{';
    payload[max] = b'}';
    assert_eq!(with_payload(&payload), Err(Violation::PayloadTooLarge { row: 0, max, received: max + 1 }));
    payload.remove(1);
    assert_eq!(with_payload(&payload), Ok(()));
}

#[test]
fn the_builder_refuses_a_payload_longer_than_a_megabyte() {
    let (schema, id) = (plain_schema(), PointId::Int(1));
    let max = limits::MAX_PAYLOAD_BYTES;
    let built = BlockBuilder::new(&schema, None).push(&id, NOW, &[0; 12], &vec![b' '; max + 1]);
    let Err(BuildError::Refused(violation)) = built else { panic!("accepted") };
    assert_eq!(violation, Violation::PayloadTooLarge { row: 0, max, received: max + 1 });
}

#[test]
fn a_payload_is_a_json_object() {
    for payload in ["[1]", "1", "\"a\"", "null", "true", " ", "a"] {
        assert_eq!(
            refused(payload.as_bytes()),
            format!("expected `{{` at byte {}", usize::from(payload == " "))
        );
    }
    for payload in
        ["{}", " {\t} \r\n", r#"{"a":[1,-2.5e-3,{"b":null}],"":"\u00e4\ud83c\udf39\n"}"#, "{\"ä\":\"🌹\"}"]
    {
        assert_eq!(with_payload(payload.as_bytes()), Ok(()), "{payload}");
    }
}

#[test]
fn a_payload_that_json_does_not_allow_is_refused() {
    for payload in [
        "{",
        "{}}",
        "{} x",
        "{a:1}",
        "{'a':1}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":[1,]}",
        "{\"a\":[1}",
        "{\"a\":\"b}",
        "{\"a\":tru}",
        "{\"a\":nulll}",
        "{\"a\":NaN}",
        "{\"a\":01}",
        "{\"a\":-}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "{\"a\":1e}",
        "{\"a\":1e+}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\u{1}\"}",
        "\u{feff}{}",
    ] {
        refused(payload.as_bytes());
        assert!(serde_json::from_str::<serde_json::Value>(payload).is_err(), "{payload}");
    }
}

#[test]
fn a_payload_that_readers_would_choke_on_is_refused() {
    assert_eq!(refused(br#"{"a":"\ud800"}"#), "unknown word at byte 12");
    assert_eq!(refused(br#"{"a":"\ud800\u0041"}"#), "half of a surrogate pair at byte 18");
    assert_eq!(refused(br#"{"a":"\udc00"}"#), "half of a surrogate pair at byte 12");
    assert_eq!(refused(br#"{"a":1e309}"#), "number out of range at byte 10");
    assert_eq!(
        refused(format!("{{\"a\":{}}}", "9".repeat(400)).as_bytes()),
        "number out of range at byte 405"
    );
    assert!(refused(b"{\"a\":\"\xff\"}").contains("utf-8"));
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert_eq!(with_payload(nested(100).as_bytes()), Ok(()));
    assert_eq!(refused(nested(101).as_bytes()), "nested too deep at byte 104");
    assert_eq!(refused("{\"a\":".repeat(100_000).as_bytes()), "nested too deep at byte 500");
}

#[test]
fn a_row_is_not_written_later_than_five_minutes_after_its_action() {
    let latest = NOW + 300_000_000;
    let at = |micros: i64| {
        let mut raw = RawBlock::valid();
        raw.live[1].micros = micros;
        raw.newest = micros.max(NOW);
        verdict(&raw.bytes())
    };
    assert_eq!(at(latest), Ok(()));
    assert_eq!(at(0), Ok(()));
    for received in [latest + 1, -1, i64::MIN, i64::MAX] {
        assert_eq!(at(received), Err(Violation::WrittenAt { row: 1, latest, received }));
    }
}

#[test]
fn the_builder_refuses_a_time_before_1970() {
    let (schema, id) = (plain_schema(), PointId::Int(1));
    let built = BlockBuilder::new(&schema, None).push_tombstone(&id, -1);
    let Err(BuildError::Refused(violation)) = built else { panic!("accepted") };
    assert_eq!(violation, Violation::WrittenAt { row: 0, latest: i64::MAX, received: -1 });
}

#[test]
fn a_full_builder_says_so_and_still_makes_a_block() {
    let schema = plain_schema();
    let ids: Vec<_> = (0..16_385).map(PointId::Int).collect();
    let mut builder = BlockBuilder::new(&schema, None);
    assert!(builder.is_empty());
    builder.replace(hash(1)).unwrap();
    for id in &ids[..16_384] {
        builder.push(id, NOW, &[0; 12], b"").unwrap();
    }
    assert!(matches!(builder.push(&ids[16_384], NOW, &[0; 12], b""), Err(BuildError::Full)));
    assert_eq!(builder.len(), 16_384);
    assert_eq!(verdict(&builder.finish().unwrap()), Ok(()));
}

#[test]
fn a_block_filled_with_payloads_that_do_not_compress_stays_within_its_size() {
    let schema = plain_schema();
    let ids: Vec<_> = (0..10).map(PointId::Int).collect();
    let mut state = 1u64;
    let noise: String = (0..600_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'#' + (state >> 58) as u8)
        })
        .filter(|c| *c != '\\')
        .collect();
    let payload = format!("{{\"a\":\"{noise}\"}}");
    let mut builder = BlockBuilder::new(&schema, None);
    let full = ids.iter().position(|id| builder.push(id, NOW, &[0; 12], payload.as_bytes()).is_err());
    assert!(full.is_some_and(|rows| rows > 3));
    let bytes = builder.finish().unwrap();
    assert_eq!(verdict(&bytes), Ok(()));
}
