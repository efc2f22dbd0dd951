//! Distances, and the one score by which the rest of this crate ranks.
//!
//! A **score** is higher for what is nearer, whatever the distance: cosine and dot as they are, Euclid and
//! Manhattan negated. What users see follows Qdrant: similarities for cosine and dot (higher is nearer),
//! distances for Euclid and Manhattan (positive, lower is nearer). [`to_user`] and [`from_user`] convert, and
//! are each other's inverse.
//!
//! [`scalar`] holds the plain loops in f64 that everything fast is tested against; [`kernel`] the fast ones.

pub mod kernel;
pub mod scalar;

use rose_forest_rules::schema::Distance;

/// The score of two vectors of equal length; of unequal ones, of their common part. Higher is nearer.
///
/// Cosine is computed in full here, with both lengths; of the zero vector it is 0. Where both are known to
/// have unit length, [`kernel::dot`] is cheaper. Cost: one pass. Error: about 1e-6 of the sum of the absolute
/// terms, from f32 sums in four lanes.
pub fn score(distance: Distance, a: &[f32], b: &[f32]) -> f32 {
    match distance {
        Distance::Cosine => {
            let lengths = (kernel::squared_length(a) * kernel::squared_length(b)).sqrt();
            if lengths > 0.0 { (f64::from(kernel::dot(a, b)) / lengths) as f32 } else { 0.0 }
        }
        Distance::Dot => kernel::dot(a, b),
        Distance::Euclid => 0.0 - kernel::squared_euclid(a, b).sqrt(),
        Distance::Manhattan => 0.0 - kernel::manhattan(a, b),
    }
}

/// Whether users see a similarity (higher is nearer) rather than a distance (lower is nearer).
pub const fn higher_is_nearer(distance: Distance) -> bool {
    match distance {
        Distance::Cosine | Distance::Dot => true,
        Distance::Euclid | Distance::Manhattan => false,
    }
}

/// What users see of a score.
pub fn to_user(distance: Distance, score: f32) -> f32 {
    // From zero rather than negated, so that nobody sees -0.
    if higher_is_nearer(distance) { score } else { 0.0 - score }
}

/// The score that users see as `value`.
pub fn from_user(distance: Distance, value: f32) -> f32 {
    to_user(distance, value)
}

/// Whether a score is at least as near as the `score_threshold` of a request, which is in the users' terms:
/// a lowest similarity for cosine and dot, a largest distance for Euclid and Manhattan. Without a threshold
/// everything is.
pub fn reaches(distance: Distance, score: f32, threshold: Option<f32>) -> bool {
    threshold.is_none_or(|value| score >= from_user(distance, value))
}

#[cfg(test)]
mod tests;
