//! The part of a collection's schema that arithmetic depends on.

use crate::VectorError;
use rose_forest_rules::{
    limits,
    schema::{Distance, Encoding, Schema},
};

/// What vectors of a collection are like: how many components, how compared, how stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Components of every vector, 1 to 4096.
    pub dimension: usize,
    /// How two vectors are compared.
    pub distance: Distance,
    /// How rows are stored.
    pub encoding: Encoding,
}

impl Space {
    /// Bytes of the code of one row.
    pub fn code_bytes(&self) -> usize {
        self.encoding.code_bytes(self.dimension)
    }

    /// Whether `vector` may be stored here or searched for: its length, that every component is finite and at
    /// most [`limits::MAX_COMPONENT`], and under cosine that it has a direction. Cost: one pass.
    pub fn check(&self, vector: &[f32]) -> Result<(), VectorError> {
        if vector.len() != self.dimension {
            return Err(VectorError::WrongDimension { expected: self.dimension, received: vector.len() });
        }
        if let Some((component, received)) = vector.iter().enumerate().find(|(_, x)| !x.is_finite()) {
            return Err(VectorError::NotFinite { component, received: *received });
        }
        let max = limits::MAX_COMPONENT;
        if let Some((component, received)) = vector.iter().enumerate().find(|(_, x)| x.abs() > max) {
            return Err(VectorError::TooLarge { component, max, received: *received });
        }
        if self.distance == Distance::Cosine && vector.iter().all(|x| *x == 0.0) {
            return Err(VectorError::ZeroVector);
        }
        Ok(())
    }
}

impl From<&Schema> for Space {
    fn from(schema: &Schema) -> Self {
        Self { dimension: schema.dimension(), distance: schema.distance, encoding: schema.encoding }
    }
}
