//! What can be wrong with a vector, or with a set of rows to cluster.

use rose_forest_rules::schema::Encoding;

/// Why a vector cannot be stored, searched for or routed.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum VectorError {
    /// The collection's vectors have another length.
    #[error("expected a vector of {expected} components, received {received}")]
    WrongDimension {
        /// Components that the collection asks for.
        expected: usize,
        /// Components of this vector.
        received: usize,
    },
    /// NaN or infinity.
    #[error("expected finite numbers, received {received} as component {component}")]
    NotFinite {
        /// Place of the first such component, from zero.
        component: usize,
        /// What stood there.
        received: f32,
    },
    /// A component so large that sums of squares would overflow.
    #[error("expected components of at most {max:e}, received {received} as component {component}")]
    TooLarge {
        /// Place of the first such component, from zero.
        component: usize,
        /// The largest magnitude.
        max: f32,
        /// What stood there.
        received: f32,
    },
    /// Cosine compares directions, and zero has none.
    #[error("expected a vector with a direction, received the zero vector: cosine is not defined for it")]
    ZeroVector,
    /// A component is too large for half floats.
    #[error(
        "expected components from -65504 to 65504, received {received} as component {component}: use f32 or sq8"
    )]
    OutOfF16Range {
        /// Place of the first such component, from zero.
        component: usize,
        /// What stood there.
        received: f32,
    },
    /// The schema names an encoding that this version only reserves.
    #[error("expected the encoding f32, f16 or sq8, received {received:?}, which is reserved")]
    Reserved {
        /// The reserved encoding.
        received: Encoding,
    },
}

/// Why rows cannot be clustered.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ClusterError {
    /// There is nothing to cluster.
    #[error("expected at least one row, received none")]
    NoRows,
    /// No centre was asked for.
    #[error("expected at least one cluster, received 0")]
    NoClusters,
    /// A row cannot be clustered.
    #[error("row {row}: {source}")]
    Row {
        /// Which row, from zero.
        row: usize,
        /// What is wrong with it.
        source: VectorError,
    },
}
