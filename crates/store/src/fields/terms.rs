//! What of a payload goes into an index: a value becomes a term, whose bytes are in the order of the values.
//!
//! Beside the terms of its kind, every index knows three sets of rows: those where the field holds anything, those
//! where it holds null, and those where it holds something that is neither null nor of this kind. A fourth has rows with
//! a string that is too long for a key.

use super::{FieldKind, FieldPath, datetime::parse_micros, geo::GeoPoint, words::words};
use crate::codec::push_terminated;
use serde_json::{Number, Value};
use std::collections::BTreeSet;

/// Rows where the field is not empty.
pub(crate) const PRESENT: u8 = 0;
/// Rows where it is null, or where one of its values or an element of one is.
pub(crate) const NULL: u8 = 1;
/// Rows where it holds something else than null and what the index is for.
pub(crate) const OTHER: u8 = 2;
/// Rows where it holds a string that is longer than [`MAX_TERM_BYTES`].
pub(crate) const LONG: u8 = 3;
/// The first byte of terms.
pub(crate) const TERM: u8 = 16;
/// Bytes of a string that has a term of its own.
pub(crate) const MAX_TERM_BYTES: usize = 512;

/// The term of a string; [`LONG`] for one that is too long.
pub(crate) fn text_term(text: &str) -> Vec<u8> {
    if text.len() > MAX_TERM_BYTES {
        return vec![LONG];
    }
    let mut term = vec![TERM];
    push_terminated(&mut term, text.as_bytes());
    term
}

/// The bits of a number, ordered as numbers are. The two zeros are one.
pub(crate) fn ordered_bits(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// The number that [`ordered_bits`] was given.
pub(crate) fn from_ordered_bits(bits: u64) -> f64 {
    f64::from_bits(if bits >> 63 == 1 { bits & !(1 << 63) } else { !bits })
}

/// The beginning of the term of numbers: by their size as floats.
pub(crate) fn number_prefix(bits: u64) -> Vec<u8> {
    [&[TERM][..], &bits.to_be_bytes()].concat()
}

/// The term of an integer: integers that are one float are told apart behind it.
pub(crate) fn integer_term(number: i64) -> Vec<u8> {
    let mut term = number_prefix(ordered_bits(number as f64));
    term.push(1);
    term.extend_from_slice(&(number as u64 ^ 1 << 63).to_be_bytes());
    term
}

/// The integer that a term stands for; nothing for other bytes.
pub(crate) fn read_integer_term(term: &[u8]) -> Option<i64> {
    let (_, rest) = term.strip_prefix(&[TERM])?.split_first_chunk::<8>()?;
    let (&[1], number) = rest.split_first_chunk::<1>()? else { return None };
    number.try_into().ok().map(|bits| (u64::from_be_bytes(bits) ^ 1 << 63) as i64)
}

fn number_term(number: &Number) -> Option<Vec<u8>> {
    match number.as_i64() {
        Some(number) => Some(integer_term(number)),
        None => {
            let mut term = number_prefix(ordered_bits(number.as_f64()?));
            term.push(0);
            Some(term)
        }
    }
}

/// The term of a boolean.
pub(crate) fn bool_term(value: bool) -> Vec<u8> {
    vec![TERM, u8::from(value)]
}

/// The boolean that a term stands for; nothing for other bytes.
pub(crate) fn read_bool_term(term: &[u8]) -> Option<bool> {
    match term {
        [TERM, value @ (0 | 1)] => Some(*value == 1),
        _ => None,
    }
}

/// The beginning of the term of a time, and all of it.
pub(crate) fn time_term(micros: i64) -> Vec<u8> {
    number_prefix(micros as u64 ^ 1 << 63)
}

fn geo_term(place: GeoPoint) -> Vec<u8> {
    let mut term = number_prefix(ordered_bits(place.lat));
    term.extend_from_slice(&ordered_bits(place.lon).to_be_bytes());
    term
}

/// The place that a term stands for; nothing for other bytes.
pub(crate) fn read_geo_term(term: &[u8]) -> Option<GeoPoint> {
    let (lat, lon) = term.strip_prefix(&[TERM])?.split_first_chunk::<8>()?;
    let (lon, []) = lon.split_first_chunk::<8>()? else { return None };
    let read = |bytes: &[u8; 8]| from_ordered_bits(u64::from_be_bytes(*bytes));
    Some(GeoPoint { lon: read(lon), lat: read(lat) })
}

/// All terms of a payload in an index of this kind and path, each once.
pub(crate) fn terms_of(kind: FieldKind, path: &FieldPath, payload: &Value) -> BTreeSet<Vec<u8>> {
    let mut terms = BTreeSet::new();
    path.visit(payload, &mut |value| match value {
        Value::Null => {
            terms.insert(vec![NULL]);
        }
        Value::Array(elements) => {
            if !elements.is_empty() {
                terms.insert(vec![PRESENT]);
            }
            if elements.iter().any(Value::is_null) {
                terms.insert(vec![NULL]);
            }
            elements.iter().for_each(|element| add_terms(kind, element, &mut terms));
        }
        value => {
            terms.insert(vec![PRESENT]);
            add_terms(kind, value, &mut terms);
        }
    });
    terms
}

fn add_terms(kind: FieldKind, value: &Value, terms: &mut BTreeSet<Vec<u8>>) {
    let term = match (kind, value) {
        (_, Value::Null) => return,
        (FieldKind::Text, Value::String(text)) => {
            terms.extend(words(text).map(|word| text_term(&word)));
            return;
        }
        (FieldKind::Keyword | FieldKind::Uuid, Value::String(text)) => Some(text_term(text)),
        (FieldKind::Integer | FieldKind::Float, Value::Number(number)) => number_term(number),
        (FieldKind::Bool, Value::Bool(value)) => Some(bool_term(*value)),
        (FieldKind::Datetime, Value::String(text)) => parse_micros(text).map(time_term),
        (FieldKind::Geo, value) => GeoPoint::of(value).map(geo_term),
        (
            FieldKind::Keyword
            | FieldKind::Uuid
            | FieldKind::Text
            | FieldKind::Integer
            | FieldKind::Float
            | FieldKind::Bool
            | FieldKind::Datetime,
            _,
        ) => None,
    };
    terms.insert(term.unwrap_or_else(|| vec![OTHER]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    proptest! {
        #[test]
        fn numbers_are_in_their_order(a: i64, b: i64, x in -1e300f64..1e300, y in -1e300f64..1e300) {
            prop_assert_eq!(integer_term(a).cmp(&integer_term(b)), a.cmp(&b));
            prop_assert_eq!(time_term(a).cmp(&time_term(b)), a.cmp(&b));
            prop_assert_eq!(Some(ordered_bits(x).cmp(&ordered_bits(y))), x.partial_cmp(&y));
            prop_assert_eq!(from_ordered_bits(ordered_bits(x)), x);
            prop_assert_eq!(read_integer_term(&integer_term(a)), Some(a));
            let place = GeoPoint { lon: x, lat: y };
            prop_assert_eq!(read_geo_term(&geo_term(place)), Some(place));
        }
    }

    #[test]
    fn both_zeros_are_one() {
        assert_eq!(ordered_bits(-0.0), ordered_bits(0.0));
    }

    #[test]
    fn an_index_knows_what_is_empty_null_or_of_another_kind() {
        let path = "a".parse().unwrap();
        let terms = |payload: Value| {
            let terms = terms_of(FieldKind::Keyword, &path, &payload);
            terms.into_iter().collect::<Vec<_>>()
        };
        assert!(terms(json!({})).is_empty());
        assert!(terms(json!({"a": []})).is_empty());
        assert_eq!(terms(json!({"a": null})), [vec![NULL]]);
        assert_eq!(terms(json!({"a": [null]})), [vec![PRESENT], vec![NULL]]);
        assert_eq!(terms(json!({"a": ["x", 1]})), [vec![PRESENT], vec![OTHER], text_term("x")]);
        assert_eq!(terms(json!({"a": "y".repeat(513)})), [vec![PRESENT], vec![LONG]]);
    }
}
