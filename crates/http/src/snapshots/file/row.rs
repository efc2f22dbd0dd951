//! A row as bytes, and the order of rows.

use super::FileError;
use rose_forest_api::{AgentPubKey, PointId};
use serde_json::{Map, Value};
use std::cmp::Ordering;

const PART: &str = "a row";
const INTEGER: u8 = 0;
const TEXT: u8 = 1;
const AUTHOR_BYTES: usize = 39;
/// Where the hyphens of a UUID stand.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
const UUID_CHARS: usize = 36;

/// A row of a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its id.
    pub id: PointId,
    /// Its vector, as it was read: what its encoding says.
    pub vector: Vec<f32>,
    /// Its payload; empty where it has none.
    pub payload: Map<String, Value>,
    /// Who wrote it, for information: whoever restores a snapshot becomes the author of its rows.
    pub author: AgentPubKey,
    /// When it was written, in microseconds since 1970: for information.
    pub written_at_micros: i64,
}

impl Row {
    /// Appends the row. The bytes up to the returned place are its content; after them come author and time.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<usize, FileError> {
        match &self.id {
            PointId::Int(number) => {
                out.push(INTEGER);
                out.extend(number.to_le_bytes());
            }
            PointId::Text(text) => {
                let text = text.as_str().as_bytes();
                let length = u16::try_from(text.len());
                let length = length.map_err(|_| FileError::TooLarge {
                    part: "an id",
                    max: usize::from(u16::MAX),
                    received: text.len(),
                })?;
                out.push(TEXT);
                out.extend(length.to_le_bytes());
                out.extend(text);
            }
        }
        let start = out.len();
        out.extend([0; 4]);
        if !self.payload.is_empty() {
            write_object(&self.payload, out)?;
        }
        let length = out.len() - start - 4;
        let length = u32::try_from(length).map_err(|_| FileError::TooLarge {
            part: "a payload",
            max: u32::MAX as usize,
            received: length,
        })?;
        out.iter_mut().skip(start).zip(length.to_le_bytes()).for_each(|(to, from)| *to = from);
        out.extend(self.vector.iter().flat_map(|component| component.to_le_bytes()));
        let content = out.len();
        out.extend(self.author.get_raw_39());
        out.extend(self.written_at_micros.to_le_bytes());
        Ok(content)
    }

    /// Reads a row from the front of `bytes`, and says how many of them are its content.
    pub(super) fn read(bytes: &mut &[u8], dimension: usize) -> Result<(Self, usize), FileError> {
        let whole = bytes.len();
        let id = match take::<1>(bytes)? {
            [INTEGER] => PointId::Int(u64::from_le_bytes(take(bytes)?)),
            [TEXT] => {
                let length = usize::from(u16::from_le_bytes(take(bytes)?));
                let text = slice(bytes, length)?;
                let text = std::str::from_utf8(text);
                let text = text.map_err(|error| FileError::malformed(PART, "an id in UTF-8", error))?;
                let id = PointId::text(text).map_err(|error| FileError::malformed(PART, "an id", error))?;
                match &id {
                    PointId::Text(canonical) if canonical.as_str() == text => id,
                    PointId::Text(_) | PointId::Int(_) => {
                        return Err(FileError::malformed(PART, "a UUID with hyphens, in lower case", text));
                    }
                }
            }
            [kind] => return Err(FileError::malformed(PART, "an id of kind 0 or 1", kind)),
        };
        let length = u32::from_le_bytes(take(bytes)?) as usize;
        let payload = match slice(bytes, length)? {
            [] => Map::new(),
            text => serde_json::from_slice(text)
                .map_err(|error| FileError::malformed(PART, "a payload that is a JSON object", error))?,
        };
        let (components, _) = slice(bytes, dimension * 4)?.as_chunks::<4>();
        let vector: Vec<_> = components.iter().map(|component| f32::from_le_bytes(*component)).collect();
        if let Some(component) = vector.iter().find(|component| !component.is_finite()) {
            return Err(FileError::malformed(PART, "components that are finite", component));
        }
        let content = whole - bytes.len();
        let author = AgentPubKey::try_from_raw_39(take::<AUTHOR_BYTES>(bytes)?.to_vec());
        let author = author.map_err(|error| FileError::malformed(PART, "an author's key", error))?;
        let written_at_micros = i64::from_le_bytes(take(bytes)?);
        Ok((Self { id, vector, payload, author, written_at_micros }, content))
    }
}

/// The order of rows: integers by size, then UUIDs, then other strings, both by their text. As the node scrolls.
pub(super) fn order(a: &PointId, b: &PointId) -> Ordering {
    rank(a).cmp(&rank(b)).then_with(|| a.cmp(b))
}

fn rank(id: &PointId) -> u8 {
    match id {
        PointId::Int(_) => 0,
        PointId::Text(text) if is_uuid(text.as_str()) => 1,
        PointId::Text(_) => 2,
    }
}

/// Whether a text is a UUID in its canonical form, the only one that an id has.
fn is_uuid(text: &str) -> bool {
    let is_right = |(at, byte): (usize, u8)| {
        if HYPHENS.contains(&at) { byte == b'-' } else { matches!(byte, b'0'..=b'9' | b'a'..=b'f') }
    };
    text.len() == UUID_CHARS && text.bytes().enumerate().all(is_right)
}

/// JSON with the keys of every object in their order: one text for one value, whatever order a map keeps.
fn write_value(value: &Value, out: &mut Vec<u8>) -> Result<(), FileError> {
    match value {
        Value::Object(object) => write_object(object, out),
        Value::Array(list) => {
            out.push(b'[');
            for (at, value) in list.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_value(value, out)?;
            }
            out.push(b']');
            Ok(())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => plain(value, out),
    }
}

fn write_object(object: &Map<String, Value>, out: &mut Vec<u8>) -> Result<(), FileError> {
    let mut entries: Vec<_> = object.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    out.push(b'{');
    for (at, (key, value)) in entries.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        plain(key, out)?;
        out.push(b':');
        write_value(value, out)?;
    }
    out.push(b'}');
    Ok(())
}

fn plain(value: &impl serde::Serialize, out: &mut Vec<u8>) -> Result<(), FileError> {
    serde_json::to_writer(out, value).map_err(|error| FileError::malformed(PART, "what JSON can hold", error))
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], FileError> {
    match bytes.split_first_chunk() {
        Some((first, rest)) => {
            *bytes = rest;
            Ok(*first)
        }
        None => Err(cut_off(N, bytes.len())),
    }
}

fn slice<'b>(bytes: &mut &'b [u8], count: usize) -> Result<&'b [u8], FileError> {
    match bytes.split_at_checked(count) {
        Some((first, rest)) => {
            *bytes = rest;
            Ok(first)
        }
        None => Err(cut_off(count, bytes.len())),
    }
}

fn cut_off(expected: usize, received: usize) -> FileError {
    FileError::Truncated { part: PART, expected: expected as u64, received: received as u64 }
}
