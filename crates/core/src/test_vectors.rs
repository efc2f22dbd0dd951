//! Vectors for tests: what proptest draws from.

use crate::{Distance, Encoding};
use proptest::prelude::*;

/// Every distance.
pub(crate) const DISTANCES: [Distance; 4] =
    [Distance::Cosine, Distance::Dot, Distance::Euclid, Distance::Manhattan];
/// Every encoding that is not only reserved.
pub(crate) const ENCODINGS: [Encoding; 3] = [Encoding::F32, Encoding::F16, Encoding::Sq8];

/// One component: mostly ordinary, sometimes zero or tiny.
pub(crate) fn component() -> impl Strategy<Value = f32> {
    prop_oneof![8 => -1.0f32..1.0, 2 => -1000.0f32..1000.0, 1 => Just(0.0f32), 1 => -1e-6f32..1e-6]
}

/// Mostly short and odd, sometimes the longest there is.
pub(crate) fn dimension() -> impl Strategy<Value = usize> {
    prop_oneof![6 => 1usize..70, 2 => 380usize..390, 1 => 511usize..515, 1 => Just(4096usize), 1 => Just(4095usize)]
}

/// A vector of this dimension with a direction.
pub(crate) fn vector(dimension: usize) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(component(), dimension).prop_map(|mut vector| {
        if vector.iter().all(|x| *x == 0.0) {
            vector[0] = 1.0;
        }
        vector
    })
}

/// Two vectors of one dimension.
pub(crate) fn two_vectors() -> impl Strategy<Value = (Vec<f32>, Vec<f32>)> {
    dimension().prop_flat_map(|d| (vector(d), vector(d)))
}

/// Any distance.
pub(crate) fn distance() -> impl Strategy<Value = Distance> {
    prop::sample::select(&DISTANCES[..])
}

/// Any encoding.
pub(crate) fn encoding() -> impl Strategy<Value = Encoding> {
    prop::sample::select(&ENCODINGS[..])
}
