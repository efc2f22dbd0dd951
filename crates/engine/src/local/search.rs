//! Searching.

mod near;

pub(super) use near::{Asked, SPARE_ROWS};

use super::{IndexError, LocalIndex};
use crate::block::{action, agent};
use rose_forest_api::{Hit, MAX_K, SearchInput, bytes_to_floats, floats_to_bytes};
use rose_forest_core::{
    VectorError,
    distance::{from_user, reaches, to_user},
};
use rose_forest_index::{Effort, kernel::Query};
use rose_forest_rules::code::decode_row;
use rose_forest_store::Filter;

/// Why a search was not made.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// More or fewer hits than one search may ask for.
    #[error("expected a k from 1 to {max}, received {received}")]
    K {
        /// The most.
        max: u32,
        /// What was asked for.
        received: u32,
    },
    /// A vector whose bytes are not as many as the collection's components.
    #[error("expected a vector of {expected} components, {} bytes, received {received} bytes", 4 * expected)]
    Bytes {
        /// Components.
        expected: usize,
        /// Bytes.
        received: usize,
    },
    /// A vector that cannot be searched for.
    #[error(transparent)]
    Vector(#[from] VectorError),
    /// A threshold that is no number.
    #[error("expected a number as score threshold, received NaN")]
    Threshold,
    /// The index.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The hits, best first; ties by author and id hash.
    pub hits: Vec<Hit>,
    /// Whether each of them has been delivered by the DHT; of the others a peer's signed word is all there is.
    pub confirmed: Vec<bool>,
    /// Rows whose codes were compared with the query.
    pub scanned: u64,
}

impl LocalIndex {
    /// The nearest points, of those that fulfil the filter. `nprobe`, `scope` and `view` of the input are the zome's matter
    /// and are not looked at.
    ///
    /// It sees the collection as it was when it began; of blocks that were being taken in then, nothing. It waits for no writer.
    ///
    /// # Errors
    /// An input that is out of range, or a store that cannot be read.
    ///
    /// Cost: see [`rose_forest_index::graph::Graph::search`] and [`rose_forest_index::lists::Lists::search_query`], and some
    /// look-ups for each hit. For a filter, what [`rose_forest_store::Snapshot::narrow`] costs; where indexes of fields do
    /// not answer it, the nearest rows are looked at first, up to 4,096 of them, a few microseconds each; where too few
    /// of those fulfil it, each row that indexes leave is, which without any index is every row of the collection.
    pub fn search(&self, input: &SearchInput, filter: Option<&Filter>) -> Result<Found, SearchError> {
        if input.k == 0 || input.k > MAX_K {
            return Err(SearchError::K { max: MAX_K, received: input.k });
        }
        let dimension = self.schema.dimension();
        if input.vector.len() != dimension * 4 {
            return Err(SearchError::Bytes { expected: dimension, received: input.vector.len() });
        }
        if input.score_threshold.is_some_and(f32::is_nan) {
            return Err(SearchError::Threshold);
        }
        let query = Query::new(self.space, &bytes_to_floats(&input.vector))?;
        let k = input.k as usize;
        // Kept until the end: as long, the rows stay where they are.
        let sight = self.views.look(&self.store).map_err(IndexError::from)?;
        let asked = Asked { query: &query, k, effort: Effort::Usual };
        let near = self.candidates(asked, filter, &sight.moment)?;
        let mut hits = Vec::with_capacity(near.len());
        for (found, row) in near {
            if !reaches(self.schema.distance, found.score, input.score_threshold) {
                continue;
            }
            let vector = input.with_vector.then(|| self.vector(found.label)).flatten();
            let hit = Hit {
                score: to_user(self.schema.distance, found.score),
                author: agent(row.author),
                action_hash: action(row.action),
                written_at_micros: row.written_at_micros,
                payload: row.payload.filter(|_| !input.without_payload),
                vector,
                id: row.id,
            };
            hits.push((hit, row.confirmed));
        }
        let score = |hit: &Hit| from_user(self.schema.distance, hit.score);
        hits.sort_by(|(a, _), (b, _)| {
            let by_score = score(b).total_cmp(&score(a));
            by_score.then_with(|| a.author.cmp(&b.author)).then_with(|| a.id.hash64().cmp(&b.id.hash64()))
        });
        hits.truncate(k);
        let (hits, confirmed) = hits.into_iter().unzip();
        Ok(Found { hits, confirmed, scanned: query.scored() })
    }

    /// The vector of a row as it is stored, decoded; little-endian f32.
    pub fn vector(&self, label: rose_forest_index::Label) -> Option<Vec<u8>> {
        let code = self.code(label)?;
        let mut floats = vec![0.0; self.schema.dimension()];
        decode_row(self.schema.encoding, &code, &mut floats);
        Some(floats_to_bytes(&floats))
    }
}

#[cfg(test)]
mod tests;
