//! A collection's schema: the properties of its DNA.
//!
//! The bytes of the properties are hashed into the identity of the network, so there is one canonical form:
//! a MessagePack map with the fields in the order of [`Schema`]. Another order is another network, and is
//! refused at genesis.

use crate::{Violation, limits};
use serde::{Deserialize, Serialize};

/// The version of the schema's own layout.
pub const SCHEMA_VERSION: u8 = 1;

/// How two vectors are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Distance {
    /// Cosine of the angle; higher is nearer. Rows are stored with unit length.
    Cosine,
    /// Inner product; higher is nearer.
    Dot,
    /// Euclidean distance; lower is nearer.
    Euclid,
    /// Sum of the absolute differences; lower is nearer.
    Manhattan,
}

/// How a row's components are stored. The numbers are part of the block format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// 32-bit floats: exact.
    F32,
    /// 16-bit floats (IEEE 754 binary16).
    F16,
    /// Signed bytes and one scale a row.
    Sq8,
    /// Reserved: product codes. Refused by this version.
    Pq,
    /// Reserved: one bit a component. Refused by this version.
    Bit1,
}

impl Encoding {
    /// The number in a block's header.
    pub const fn number(self) -> u8 {
        match self {
            Self::F32 => 1,
            Self::F16 => 2,
            Self::Sq8 => 3,
            Self::Pq => 4,
            Self::Bit1 => 5,
        }
    }

    /// The encoding with this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::F32),
            2 => Some(Self::F16),
            3 => Some(Self::Sq8),
            4 => Some(Self::Pq),
            5 => Some(Self::Bit1),
            _ => None,
        }
    }

    /// Bytes of one row of `dimension` components. Zero for the encodings that are only reserved.
    pub const fn code_bytes(self, dimension: usize) -> usize {
        match self {
            Self::F32 => dimension * 4,
            Self::F16 => dimension * 2,
            Self::Sq8 => dimension + 4,
            Self::Pq | Self::Bit1 => 0,
        }
    }
}

/// How payloads are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PayloadForm {
    /// JSON text that every member can read.
    Plain,
    /// Reserved: payloads that peers store and cannot read. Refused by this version.
    Encrypted,
}

/// Who may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Writers {
    /// Every member.
    Anyone,
    /// Reserved: those whom the creator names. Refused by this version.
    Named,
}

/// What a collection is. The order of the fields is the canonical order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// [`SCHEMA_VERSION`].
    pub version: u8,
    /// What people call it: 1 to 128 characters, none of them a control character.
    pub name: String,
    /// Components of every vector: 1 to 4096.
    pub dimension: u16,
    /// How vectors are compared.
    pub distance: Distance,
    /// How vectors are stored.
    pub encoding: Encoding,
    /// How payloads are stored.
    pub payload: PayloadForm,
    /// Who may write.
    pub writers: Writers,
}

impl Schema {
    /// A schema of this version, checked.
    pub fn new(
        name: &str,
        dimension: usize,
        distance: Distance,
        encoding: Encoding,
    ) -> Result<Self, Violation> {
        let schema = Self {
            version: SCHEMA_VERSION,
            name: name.to_owned(),
            dimension: u16::try_from(dimension).map_err(|_| dimension_violation(dimension))?,
            distance,
            encoding,
            payload: PayloadForm::Plain,
            writers: Writers::Anyone,
        };
        schema.check()?;
        Ok(schema)
    }

    /// Components of every vector.
    pub fn dimension(&self) -> usize {
        usize::from(self.dimension)
    }

    /// Bytes of one row's code.
    pub fn code_bytes(&self) -> usize {
        self.encoding.code_bytes(self.dimension())
    }

    /// The canonical bytes of the properties.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Violation> {
        rmp_serde::to_vec_named(self).map_err(|e| Violation::SchemaUnreadable { reason: e.to_string() })
    }

    /// Reads properties and checks every value, and that the bytes are the canonical ones.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Violation> {
        let schema: Self = rmp_serde::from_slice(bytes)
            .map_err(|e| Violation::SchemaUnreadable { reason: e.to_string() })?;
        schema.check()?;
        if schema.to_bytes()? != bytes {
            return Err(Violation::SchemaNotCanonical);
        }
        Ok(schema)
    }

    fn check(&self) -> Result<(), Violation> {
        if self.version != SCHEMA_VERSION {
            return Err(Violation::SchemaVersion { expected: SCHEMA_VERSION, received: self.version });
        }
        let chars = self.name.chars().count();
        if chars == 0 || chars > limits::MAX_NAME_CHARS || self.name.chars().any(char::is_control) {
            return Err(Violation::SchemaName { max: limits::MAX_NAME_CHARS, received: chars });
        }
        if !(limits::MIN_DIMENSION..=limits::MAX_DIMENSION).contains(&self.dimension()) {
            return Err(dimension_violation(self.dimension()));
        }
        match self.encoding {
            Encoding::F32 | Encoding::F16 | Encoding::Sq8 => {}
            Encoding::Pq | Encoding::Bit1 => return Err(Violation::Reserved { what: "encoding" }),
        }
        match self.payload {
            PayloadForm::Plain => {}
            PayloadForm::Encrypted => return Err(Violation::Reserved { what: "encrypted payloads" }),
        }
        match self.writers {
            Writers::Anyone => Ok(()),
            Writers::Named => Err(Violation::Reserved { what: "named writers" }),
        }
    }
}

fn dimension_violation(received: usize) -> Violation {
    Violation::SchemaDimension { min: limits::MIN_DIMENSION, max: limits::MAX_DIMENSION, received }
}
