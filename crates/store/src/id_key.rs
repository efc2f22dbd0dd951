//! Ids as bytes in keys: first integers by size, then UUIDs, then other strings, both in the order of their text.

use crate::{
    StoreError,
    codec::{Bytes, push_terminated, read_terminated},
};
use rose_forest_rules::id::PointId;

const INTEGER: u8 = 0;
const UUID: u8 = 1;
const STRING: u8 = 2;
/// Where the hyphens of a UUID stand.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
const UUID_CHARS: usize = 36;

/// Appends an id. No id's bytes are the beginning of another's.
pub(crate) fn push_id(key: &mut Vec<u8>, id: &PointId) {
    match id {
        PointId::Int(number) => {
            key.push(INTEGER);
            key.extend_from_slice(&number.to_be_bytes());
        }
        PointId::Text(text) => match uuid_bytes(text.as_str()) {
            Some(bytes) => {
                key.push(UUID);
                key.extend_from_slice(&bytes);
            }
            None => {
                key.push(STRING);
                push_terminated(key, text.as_str().as_bytes());
            }
        },
    }
}

/// Reads an id.
pub(crate) fn read_id(bytes: &mut Bytes<'_>) -> Result<PointId, StoreError> {
    let text = match bytes.u8()? {
        INTEGER => return Ok(PointId::Int(u64::from_be_bytes(bytes.array()?))),
        UUID => uuid_text(&bytes.array()?),
        STRING => String::from_utf8(read_terminated(bytes)?)
            .map_err(|error| StoreError::damaged("id", error.to_string()))?,
        received => return Err(StoreError::damaged("id", format!("kind {received}"))),
    };
    PointId::text(text).map_err(|violation| StoreError::damaged("id", violation.to_string()))
}

/// The bytes of a UUID in its canonical form, the only one that a [`PointId`] has; nothing for any other text.
fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    if text.len() != UUID_CHARS {
        return None;
    }
    let mut bytes = [0; 16];
    let mut digits = 0;
    for (at, byte) in text.bytes().enumerate() {
        if HYPHENS.contains(&at) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        bytes[digits / 2] = bytes[digits / 2] << 4 | digit;
        digits += 1;
    }
    Some(bytes)
}

fn uuid_text(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(UUID_CHARS);
    for byte in bytes {
        if HYPHENS.contains(&text.len()) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ids() -> impl Strategy<Value = PointId> {
        let text = |text: String| PointId::text(text).unwrap();
        prop_oneof![
            any::<u64>().prop_map(PointId::Int),
            "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}".prop_map(text),
            "[0-9A-F]{32}".prop_map(text),
            "\\PC{1,40}".prop_map(text),
            "[\0a]{1,4}".prop_map(text),
        ]
    }

    fn key(id: &PointId) -> Vec<u8> {
        let mut key = Vec::new();
        push_id(&mut key, id);
        key
    }

    proptest! {
        #[test]
        fn ids_come_back_and_none_begins_another(a in ids(), b in ids()) {
            let mut bytes = key(&a);
            prop_assert!(a == b || !key(&b).starts_with(&bytes));
            bytes.push(7);
            let mut reader = Bytes::plain(&bytes, "test");
            prop_assert_eq!(read_id(&mut reader).unwrap(), a);
            prop_assert_eq!(reader.rest(), [7]);
        }

        #[test]
        fn keys_of_one_kind_are_in_the_order_of_their_ids(a in ids(), b in ids()) {
            if key(&a)[0] == key(&b)[0] {
                prop_assert_eq!(key(&a).cmp(&key(&b)), a.cmp(&b));
            }
        }
    }

    #[test]
    fn uuids_take_sixteen_bytes() {
        let uuid = PointId::text("550E8400-E29B-41D4-A716-446655440000").unwrap();
        assert_eq!(key(&uuid).len(), 17);
        let other = PointId::text("550e8400xe29b-41d4-a716-446655440000").unwrap();
        assert_eq!(key(&other)[0], STRING);
    }

    #[test]
    fn an_unknown_kind_and_bad_text_are_refused() {
        for bytes in [&[3][..], &[2, 0xc3, 0, 0], &[2, 0, 0], &[0, 1], &[]] {
            assert!(read_id(&mut Bytes::plain(bytes, "test")).is_err());
        }
    }
}
