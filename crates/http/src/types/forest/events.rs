//! Events, as those who follow a collection read them.

use crate::backend::Change;
use rose_forest_api::PointId;
use rose_forest_store::{EventCursor, EventKind, openapi::IdSchema};
use serde::Serialize;
use utoipa::ToSchema;

/// What is told to who follows a collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = Event)]
pub enum EventJson {
    /// The first event: where it begins, or goes on.
    Begin {
        /// To go on from here later.
        cursor: String,
    },
    /// Points are as the action says.
    Upsert(ChangeJson),
    /// Points are no more.
    Delete(ChangeJson),
    /// Changes between the given cursor and this one cannot be told any more. Read all points again; what comes after this
    /// event is complete.
    Lost {
        /// To go on from here later.
        cursor: String,
    },
    /// The last event: nothing comes after it.
    End {
        /// Why.
        reason: String,
    },
}

/// What became of points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Change)]
pub struct ChangeJson {
    /// To go on from here later.
    pub cursor: String,
    /// Which points: the first of them, where there are many.
    #[schema(value_type = Vec<IdSchema>)]
    pub ids: Vec<PointId>,
    /// How many points.
    pub rows: u64,
    /// Who wrote them.
    pub author: String,
    /// The action that says so.
    pub action: String,
    /// Whether the DHT has delivered it. When it does later on, the event comes again.
    pub confirmed: bool,
}

impl EventJson {
    /// The first event.
    pub fn begin(cursor: EventCursor) -> Self {
        Self::Begin { cursor: cursor.to_string() }
    }

    /// That changes were lost.
    pub fn lost(cursor: EventCursor) -> Self {
        Self::Lost { cursor: cursor.to_string() }
    }

    /// Where to go on after this event.
    pub fn cursor(&self) -> Option<&str> {
        match self {
            Self::Begin { cursor } | Self::Lost { cursor } => Some(cursor),
            Self::Upsert(change) | Self::Delete(change) => Some(&change.cursor),
            Self::End { .. } => None,
        }
    }
}

impl From<Change> for EventJson {
    fn from(change: Change) -> Self {
        let json = ChangeJson {
            cursor: change.cursor.to_string(),
            ids: change.ids,
            rows: change.rows,
            author: change.author.to_string(),
            action: change.action.to_string(),
            confirmed: change.confirmed,
        };
        match change.kind {
            EventKind::Upsert => Self::Upsert(json),
            EventKind::Delete => Self::Delete(json),
        }
    }
}
