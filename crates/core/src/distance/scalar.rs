//! The oracle: distances as the textbook writes them, one component after the other, in f64.
//!
//! Slow on purpose, and obviously right. Fast kernels are tested against these; nothing else calls them.

use rose_forest_rules::schema::Distance;

/// Inner product.
pub fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
}

/// Square of the Euclidean distance.
pub fn squared_euclid(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2)).sum()
}

/// Sum of the absolute differences.
pub fn manhattan(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (f64::from(*x) - f64::from(*y)).abs()).sum()
}

/// Cosine of the angle; 0 where a vector has no direction.
pub fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { dot(a, b) / lengths } else { 0.0 }
}

/// The score: higher is nearer.
pub fn score(distance: Distance, a: &[f32], b: &[f32]) -> f64 {
    match distance {
        Distance::Cosine => cosine(a, b),
        Distance::Dot => dot(a, b),
        Distance::Euclid => 0.0 - squared_euclid(a, b).sqrt(),
        Distance::Manhattan => 0.0 - manhattan(a, b),
    }
}
