//! What a backend is asked to write.

use rose_forest_api::PointId;
use rose_forest_store::{FieldPath, Filter, merge};
use serde_json::{Map, Value};
use std::time::Duration;

/// Who has to acknowledge a write before it counts as completed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ordering {
    /// This node.
    #[default]
    Weak,
    /// Most of the peers that are known.
    Medium,
    /// All peers that are known.
    Strong,
}

/// How to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// Whether to wait until the write is on this node's chain and its searches see it; otherwise until it is in the
    /// write-ahead log.
    pub wait: bool,
    /// Who has to acknowledge. Anything but weak waits.
    pub ordering: Ordering,
    /// How long to wait.
    pub timeout: Duration,
}

/// A point to write.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPoint {
    /// Its id.
    pub id: PointId,
    /// Its vector.
    pub vector: Vec<f32>,
    /// Its payload; it replaces the one that was there.
    pub payload: Map<String, Value>,
}

/// A vector for a point that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct NewVector {
    /// The point's id.
    pub id: PointId,
    /// Its vector.
    pub vector: Vec<f32>,
}

/// Which points to insert or overwrite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// All.
    #[default]
    Upsert,
    /// Those that are not there.
    InsertOnly,
    /// Those that are there.
    UpdateOnly,
}

/// Which points are meant.
#[derive(Clone, Debug, PartialEq)]
pub enum Selector {
    /// Those with these ids.
    Ids(Vec<PointId>),
    /// Those that fulfil a filter, and that this node's author wrote.
    Filter(Filter),
}

/// A change of a payload.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Merges fields into it, or into the object that a path leads to.
    Set {
        /// The fields; null takes one away.
        fields: Map<String, Value>,
        /// Where.
        key: Option<FieldPath>,
    },
    /// Replaces it.
    Overwrite(Map<String, Value>),
    /// Takes away what these paths lead to.
    Delete(Vec<FieldPath>),
    /// Takes away everything.
    Clear,
}

impl Edit {
    /// Changes a payload.
    pub fn apply(&self, payload: &mut Map<String, Value>) {
        match self {
            Self::Set { fields, key: None } => merge(payload, fields),
            Self::Set { fields, key: Some(key) } => key.merge_into(payload, fields),
            Self::Overwrite(fields) => payload.clone_from(fields),
            Self::Delete(keys) => keys.iter().for_each(|key| key.remove_from(payload)),
            Self::Clear => payload.clear(),
        }
    }
}

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Points to insert or overwrite; of several with one id the last counts.
    Upsert {
        /// The points.
        points: Vec<NewPoint>,
        /// Which of them.
        mode: Mode,
        /// Overwrites only points that fulfil this; new ones are inserted whatever it says.
        only: Option<Filter>,
    },
    /// Points to delete. Ids that are not there are passed over.
    Delete(Selector),
    /// Payloads to change.
    Payload {
        /// Whose.
        points: Selector,
        /// How.
        edit: Edit,
    },
    /// Vectors to replace.
    Vectors {
        /// The vectors.
        points: Vec<NewVector>,
        /// Changes only points that fulfil this.
        only: Option<Filter>,
    },
}

/// What became of a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Its number in the write-ahead log, where it has one.
    pub operation_id: Option<u64>,
    /// Whether searches see it; otherwise it is in the log.
    pub completed: bool,
    /// Points of other authors that a filter meant, and that were left as they are.
    pub skipped: u64,
}
