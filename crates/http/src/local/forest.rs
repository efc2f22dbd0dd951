//! Answers beyond Qdrant's: everybody's points, who wrote what, where rows lie, and what is new.

use super::found;
use crate::backend::{AllStart, Author, BackendError, Change, Changes, Found, ScrollAll, ScrolledAll, With};
use rose_forest_api::{ActionHash, AgentPubKey, PointId};
use rose_forest_engine::local::{IndexReport, LocalIndex, Whose};
use rose_forest_rules::reference::HashRef;
use rose_forest_store::{Event, EventCursor, Start};

/// Every author's point with this id. See [`crate::Backend::points_of_all`].
///
/// # Errors
/// A store that cannot be read.
pub fn points_of_all(index: &LocalIndex, id: &PointId, with: With) -> Result<Vec<Found>, BackendError> {
    let reader = index.reader()?;
    let rows = reader.snapshot().points(id)?;
    Ok(rows.into_iter().map(|row| found(&reader, row, with)).collect())
}

/// A page of everybody's points, or of one author's. See [`crate::Backend::scroll_all`].
///
/// # Errors
/// A store that cannot be read.
pub fn scroll_all(index: &LocalIndex, scroll: &ScrollAll) -> Result<ScrolledAll, BackendError> {
    let reader = index.reader()?;
    let whose = scroll.author.clone().map_or(Whose::Everyones, Whose::Of);
    let allowed = reader.allowed(&whose, scroll.filter.as_ref())?;
    let start = match &scroll.start {
        AllStart::First => Start::First,
        AllStart::At(id) => Start::At(id.clone()),
        AllStart::After(id, author) => match HashRef::from_slice(author.get_raw_39()) {
            Some(author) => Start::After(id.clone(), author),
            None => Start::At(id.clone()),
        },
    };
    let page = reader.scroll(&start, scroll.limit, allowed.as_ref())?;
    let points: Vec<_> = page.rows.into_iter().map(|row| found(&reader, row, scroll.with)).collect();
    let last = points.last().map(|point| (point.id.clone(), point.author.clone()));
    Ok(ScrolledAll { points, next: last.filter(|_| page.next.is_some()) })
}

/// Who wrote how much. See [`crate::Backend::authors`].
///
/// # Errors
/// A store that cannot be read.
pub fn authors(index: &LocalIndex) -> Result<Vec<Author>, BackendError> {
    let states = index.reader()?.snapshot().author_states()?;
    let author = |state: rose_forest_store::AuthorState| Author {
        author: agent(state.author),
        points: state.live,
        newest_write_micros: state.newest_micros,
    };
    Ok(states.into_iter().map(author).collect())
}

/// Where rows lie, and how many blocks are unconfirmed. For [`crate::Backend::sync_state`].
///
/// # Errors
/// A store that cannot be read.
pub fn places(index: &LocalIndex) -> Result<(IndexReport, u64), BackendError> {
    Ok((index.report()?, index.unconfirmed_blocks()?.len() as u64))
}

/// What is new. See [`crate::Backend::changes`].
///
/// # Errors
/// A store that cannot be read.
pub fn changes(
    index: &LocalIndex,
    since: Option<&EventCursor>,
    at_most: usize,
) -> Result<Changes, BackendError> {
    let page = index.changes(since, at_most)?;
    let changes = page.events.into_iter().map(change).collect();
    Ok(Changes { changes, next: page.next, lost: page.lost })
}

fn change(event: Event) -> Change {
    Change {
        cursor: event.cursor,
        kind: event.kind,
        author: agent(event.author),
        action: ActionHash::from_raw_39(event.action.0.to_vec()),
        confirmed: event.confirmed,
        rows: u64::from(event.rows),
        ids: event.ids,
    }
}

fn agent(key: HashRef) -> AgentPubKey {
    AgentPubKey::from_raw_39(key.0.to_vec())
}
