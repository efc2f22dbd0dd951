//! What a backend is asked for, and what it answers.

use rose_forest_api::{ActionHash, AgentPubKey, PointId};
use rose_forest_engine::local::Effort;
use rose_forest_store::{FieldPath, Filter, OrderBy, OrderValue};
use serde_json::{Map, Value};
use std::time::Duration;

/// How many nodes an answer has to hold what they have of. A node that answers for several has asked the others what it lacks,
/// and taken that in, so that it does not matter which of them is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consistency {
    /// What this node has.
    #[default]
    Own,
    /// So many nodes, this one included.
    Nodes(usize),
    /// More than half of the known nodes. Of two versions of a point the newer one holds, not the one that more nodes have.
    Majority,
    /// The same: what Qdrant tells apart by which version of a point holds.
    Quorum,
    /// All known nodes.
    All,
}

/// How to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// Of whom it has to hold what they have.
    pub consistency: Consistency,
    /// How long to wait.
    pub timeout: Duration,
}

/// What to bring of each point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct With {
    /// Its payload.
    pub payload: bool,
    /// Its vector, as it is stored.
    pub vector: bool,
}

/// Which points come first.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Those nearest to a vector.
    Nearest(Vec<f32>),
    /// Those whose best score to a positive example is above that to any negative one, the best first; then the others, those
    /// far from the negative ones first. See [`crate::local::best_score`].
    BestScore {
        /// Examples to be near to.
        positive: Vec<Vec<f32>>,
        /// Examples to be far from.
        negative: Vec<Vec<f32>>,
    },
    /// Those with the largest sum of scores to the positive examples, less that to the negative ones.
    SumScores {
        /// Examples to be near to.
        positive: Vec<Vec<f32>>,
        /// Examples to be far from.
        negative: Vec<Vec<f32>>,
    },
    /// Those first in the order of a field.
    Ordered(OrderBy),
    /// Any, by chance.
    Sample,
    /// Those with the smallest ids.
    ById,
}

/// A search.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// Which points come first.
    pub what: What,
    /// What they have to fulfil.
    pub filter: Option<Filter>,
    /// How many.
    pub limit: usize,
    /// How hard to look for the nearest. Everything else is looked at whole.
    pub effort: Effort,
    /// The score that each has to be better than, in the users' terms. Of orders, samples and ids it asks nothing.
    pub threshold: Option<f32>,
    /// What to bring of them.
    pub with: With,
}

/// A point that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its id.
    pub id: PointId,
    /// Who wrote it.
    pub author: AgentPubKey,
    /// The action that carries it.
    pub action: ActionHash,
    /// When it was written, in microseconds since 1970.
    pub written_at_micros: i64,
    /// Whether the DHT has delivered it; otherwise its author's signed word is all there is.
    pub confirmed: bool,
    /// Its score in the users' terms; 0 where there is none, 1 in a sample.
    pub score: f32,
    /// The value that it stands at, in the order of a field.
    pub order_value: Option<OrderValue>,
    /// Its payload, where asked for and where it has one.
    pub payload: Option<Map<String, Value>>,
    /// Its vector, where asked for and at hand.
    pub vector: Option<Vec<f32>>,
}

/// A page to read.
#[derive(Clone, Debug, PartialEq)]
pub struct Scroll {
    /// What points have to fulfil.
    pub filter: Option<Filter>,
    /// The first id that may be on the page.
    pub start: Option<PointId>,
    /// How many.
    pub limit: usize,
    /// What to bring of them.
    pub with: With,
}

/// A page.
#[derive(Clone, Debug, PartialEq)]
pub struct Scrolled {
    /// Its points.
    pub points: Vec<Found>,
    /// Where the next page begins; nothing after the last.
    pub next: Option<PointId>,
}

/// A facet to count.
#[derive(Clone, Debug, PartialEq)]
pub struct Facet {
    /// The field.
    pub key: FieldPath,
    /// What points have to fulfil.
    pub filter: Option<Filter>,
    /// How many values.
    pub limit: usize,
}
