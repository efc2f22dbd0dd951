//! What a collection is like, at the beginning of its snapshot.

use super::{FileError, MAX_HEADER_BYTES};
use rose_forest_api::Schema;
use rose_forest_store::{FieldKind, FieldPath};
use serde::{Deserialize, Serialize};

const PART: &str = "the header";

/// The index of a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// The field.
    pub path: FieldPath,
    /// What the index is for.
    pub kind: FieldKind,
}

/// The header: JSON with these fields, in this order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// What rows are like. Its name is that of the network: a collection that the snapshot is restored into may have
    /// another.
    pub schema: Schema,
    /// What the vector is called; empty for none.
    pub vector_name: String,
    /// Indexes of fields, in the order of their paths.
    pub fields: Vec<Field>,
    /// What wrote the file, for information.
    pub software: String,
    /// What the network of the collection is known by, where that was known: for information.
    #[serde(default)]
    pub network: Option<String>,
}

impl Header {
    /// A header for these, of this software.
    pub fn new(
        schema: Schema,
        vector_name: String,
        fields: impl IntoIterator<Item = (FieldPath, FieldKind)>,
        network: Option<String>,
    ) -> Self {
        let mut fields: Vec<_> = fields.into_iter().map(|(path, kind)| Field { path, kind }).collect();
        fields.sort_by_cached_key(|field| field.path.to_string());
        let software = concat!("rose-forest ", env!("CARGO_PKG_VERSION")).to_owned();
        Self { schema, vector_name, fields, software, network }
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, FileError> {
        let bytes = serde_json::to_vec(self);
        let bytes = bytes.map_err(|error| FileError::malformed(PART, "what JSON can hold", error))?;
        if bytes.len() > MAX_HEADER_BYTES {
            return Err(FileError::TooLarge { part: PART, max: MAX_HEADER_BYTES, received: bytes.len() });
        }
        Ok(bytes)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, FileError> {
        let read = serde_json::from_slice::<Self>(bytes);
        let header = read.map_err(|error| FileError::malformed(PART, "JSON of a header", error))?;
        let Schema { name, distance, encoding, .. } = &header.schema;
        let checked = Schema::new(name, header.schema.dimension(), *distance, *encoding);
        match checked {
            Ok(schema) if schema == header.schema => Ok(header),
            Ok(_) => Err(FileError::malformed(PART, "a schema of this version", "another")),
            Err(violation) => Err(FileError::malformed(PART, "a schema", violation)),
        }
    }
}
