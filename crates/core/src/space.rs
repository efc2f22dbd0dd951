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
        // Without their sign, the bits of floats are ordered as the numbers are, then infinity, then what is no number.
        let largest = vector.iter().fold(0, |largest, x| (x.to_bits() & !SIGN).max(largest));
        if largest > limits::MAX_COMPONENT.to_bits() {
            return Err(out_of_range(vector));
        }
        if self.distance == Distance::Cosine && largest == 0 {
            return Err(VectorError::ZeroVector);
        }
        Ok(())
    }
}

/// The sign of an f32.
const SIGN: u32 = 1 << 31;

/// What is wrong with a vector that has a component out of range: the first that is not finite, or the first too large.
#[cold]
fn out_of_range(vector: &[f32]) -> VectorError {
    let max = limits::MAX_COMPONENT;
    let first = |wrong: fn(&f32) -> bool| vector.iter().copied().enumerate().find(|(_, x)| wrong(x));
    match first(|x| !x.is_finite()) {
        Some((component, received)) => VectorError::NotFinite { component, received },
        None => {
            let (component, received) = first(|x| x.abs() > limits::MAX_COMPONENT).unwrap_or_default();
            VectorError::TooLarge { component, max, received }
        }
    }
}

impl From<&Schema> for Space {
    fn from(schema: &Schema) -> Self {
        Self { dimension: schema.dimension(), distance: schema.distance, encoding: schema.encoding }
    }
}
