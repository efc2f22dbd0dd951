//! What a graph is made with.

use super::GraphError;

/// How many candidates a search keeps in sight unless told otherwise: the least round number that finds 0.99 of the ten nearest
/// WordNet senses with some margin; see `docs/INDEX.md`.
pub const DEFAULT_EF_SEARCH: usize = 144;

/// Parameters of a graph. They do not change once it has rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraphParams {
    /// Neighbours of a row in the upper layers; twice as many in the lowest. 2 to 64, by default 16. More find harder
    /// neighbours at the price of memory (8 bytes a row each) and time to build.
    pub m: usize,
    /// Candidates that an insert keeps in sight. `m` to 4096, by default 128. More make a better graph, in proportion to the
    /// time that building takes.
    pub ef_construction: usize,
    /// What the layers of rows are drawn from. By default 1. The same rows inserted by one thread with the same seed make the
    /// same graph.
    pub seed: u64,
}

impl Default for GraphParams {
    fn default() -> Self {
        Self { m: 16, ef_construction: 128, seed: 1 }
    }
}

impl GraphParams {
    /// Whether every parameter is in its range.
    pub(crate) fn check(&self) -> Result<(), GraphError> {
        let within = |name, received, min, max| {
            if (min..=max).contains(&received) {
                Ok(())
            } else {
                Err(GraphError::Parameter { name, min, max, received })
            }
        };
        within("m", self.m, 2, 64)?;
        within("ef_construction", self.ef_construction, self.m, 4096)
    }
}
