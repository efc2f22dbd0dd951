//! Ids of points: an unsigned integer, a UUID, or any other string.
//!
//! One id has one form: a string that reads as a UUID *is* that UUID, so that `"550E8400…"` and `"550e8400…"`
//! are one point. Integers and strings of digits stay apart, as in Qdrant.

use crate::{Violation, limits, read::Reader};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;
use uuid::Uuid;

/// The seed of the id hash. Zero, so that the hash is plain XXH3-64 (Collet, 2019).
const ID_HASH_SEED: u64 = 0;

/// The id of a point, unique for its author.
///
/// Serialised it is an unsigned integer or a string, in JSON and MessagePack alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
pub enum PointId {
    /// An unsigned integer.
    Int(u64),
    /// A UUID or any other string. See [`PointId::text`] for how one becomes the other.
    Text(TextId),
}

/// A string id. UUIDs are kept in their hyphenated lower-case form, and as 16 bytes in a block.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TextId(String);

impl TextId {
    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()).to_owned())
    }
}

impl From<TextId> for String {
    fn from(id: TextId) -> Self {
        id.0
    }
}

impl TryFrom<String> for TextId {
    type Error = Violation;
    fn try_from(text: String) -> Result<Self, Violation> {
        if text.is_empty() || text.len() > limits::MAX_STRING_ID_BYTES {
            return Err(Violation::StringIdLength { max: limits::MAX_STRING_ID_BYTES, received: text.len() });
        }
        Ok(match Uuid::try_parse(&text) {
            Ok(uuid) => Self::from_uuid(uuid),
            Err(_) => Self(text),
        })
    }
}

impl PointId {
    /// The id of this text: 1 to 512 bytes; a UUID in any of its spellings is normalised.
    pub fn text(text: impl Into<String>) -> Result<Self, Violation> {
        TextId::try_from(text.into()).map(Self::Text)
    }

    /// Eight bytes to look the id up by. Collisions are possible and cost a look at the ids themselves.
    pub fn hash64(&self) -> u64 {
        // Room for an integer or a UUID without growing.
        let mut bytes = Vec::with_capacity(17);
        self.write(&mut bytes);
        hash_bytes(&bytes)
    }

    /// The bytes in a block: a kind (0 integer, 1 UUID, 2 string), then 8 bytes, 16 bytes, or a length of two
    /// bytes and UTF-8.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Int(n) => {
                out.push(0);
                out.extend_from_slice(&n.to_le_bytes());
            }
            Self::Text(id) => match Uuid::try_parse(&id.0) {
                Ok(uuid) => {
                    out.push(1);
                    out.extend_from_slice(uuid.as_bytes());
                }
                Err(_) => {
                    out.push(2);
                    // A TextId holds at most 512 bytes.
                    out.extend_from_slice(&(id.0.len() as u16).to_le_bytes());
                    out.extend_from_slice(id.0.as_bytes());
                }
            },
        }
    }

    /// Reads an id, and the hash of its bytes: these are the only ones for this id, so it is the id's hash.
    pub(crate) fn read_hashed(reader: &mut Reader<'_>, row: usize) -> Result<(Self, u64), Violation> {
        let bytes = reader.rest();
        let id = Self::read(reader, row)?;
        let length = bytes.len() - reader.rest().len();
        Ok((id, hash_bytes(bytes.get(..length).unwrap_or_default())))
    }

    fn read(reader: &mut Reader<'_>, row: usize) -> Result<Self, Violation> {
        match reader.u8("kind of an id")? {
            0 => Ok(Self::Int(reader.u64("integer id")?)),
            1 => Ok(Self::Text(TextId::from_uuid(Uuid::from_bytes(reader.array("UUID")?)))),
            2 => {
                let length = usize::from(reader.u16("length of a string id")?);
                if length == 0 || length > limits::MAX_STRING_ID_BYTES {
                    let max = limits::MAX_STRING_ID_BYTES;
                    return Err(Violation::StringIdLength { max, received: length });
                }
                let text = std::str::from_utf8(reader.take(length, "string id")?)
                    .map_err(|_| Violation::IdUnreadable { row })?;
                // A UUID in this form would give one point two hashes.
                if Uuid::try_parse(text).is_ok() {
                    return Err(Violation::IdNotCanonical { row });
                }
                Ok(Self::Text(TextId(text.to_owned())))
            }
            received => Err(Violation::IdKind { row, received }),
        }
    }
}

fn hash_bytes(bytes: &[u8]) -> u64 {
    twox_hash::XxHash3_64::oneshot_with_seed(ID_HASH_SEED, bytes)
}

// Written out, because serde's own for untagged enums copies the value first and hides why it was refused.
impl<'de> Deserialize<'de> for PointId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = PointId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an unsigned integer or a string")
            }
            fn visit_u64<E: de::Error>(self, n: u64) -> Result<PointId, E> {
                Ok(PointId::Int(n))
            }
            fn visit_i64<E: de::Error>(self, n: i64) -> Result<PointId, E> {
                u64::try_from(n)
                    .map(PointId::Int)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(n), &self))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<PointId, E> {
                PointId::text(text).map_err(E::custom)
            }
            fn visit_string<E: de::Error>(self, text: String) -> Result<PointId, E> {
                PointId::text(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl From<u64> for PointId {
    fn from(n: u64) -> Self {
        Self::Int(n)
    }
}

impl fmt::Display for PointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(n) => n.fmt(f),
            Self::Text(id) => id.0.fmt(f),
        }
    }
}
