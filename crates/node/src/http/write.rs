//! Writes of the API: planned by what is there, logged in that order, and waited for as the client asks.
//!
//! What a write means may depend on what is there: a delete by filter, a change of a payload. Such a write is planned when
//! everything that was logged before it is on the chain, and nothing else is logged until what follows from it is. A plain
//! upsert looks at nothing and does not wait.

use super::{acknowledged, blocking, of_node};
use crate::collections::Collection;
use crate::live::Live;
use crate::node::Node;
use rose_forest_api::{DeleteInput, InsertInput, MAX_IDS, MAX_INSERT_ROWS, Schema, WriteOutput};
use rose_forest_core::{Space, encode::encode_row};
use rose_forest_engine::writer::{Begun, Work, WriteError};
use rose_forest_http::backend::{BackendError, Mode, Ordering, Write, WriteOptions, Written};
use rose_forest_http::local::{Plan, PlannedRow, plan};
use rose_forest_rules::block::{BlockBuilder, BuildError};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// When to try again if the queue is full: it takes some hundred milliseconds to commit what makes room.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// See [`rose_forest_http::Backend::write`].
pub(super) async fn write(
    node: &Node,
    collection: &Collection,
    live: &Arc<Live>,
    write: Write,
    options: WriteOptions,
) -> Result<Written, BackendError> {
    let begun = Instant::now();
    let queue = node.queue(collection).await.map_err(of_node)?;
    let looks = looks(&write);
    let turn = if looks { queue.turn_alone().await.map_err(of_writer)? } else { queue.turn().await };
    if looks && !live.caught_up_within(options.timeout).await {
        return Err(BackendError::NotReady);
    }
    let (own, schema, index) = (collection.agent.clone(), collection.schema.clone(), live.clone());
    let (works, skipped, missing) = blocking(move || {
        let Plan { insert, delete, skipped, missing } = plan(index.index(), &own, &write)?;
        check(&schema, &insert)?;
        let inserts = insert.chunks(MAX_INSERT_ROWS).map(insert_of);
        let deletes = delete
            .chunks(MAX_IDS)
            .map(|ids| Work::Delete(DeleteInput { ids: ids.to_vec(), ignore_unknown: true }));
        Ok((inserts.chain(deletes).collect::<Vec<_>>(), skipped, missing))
    })
    .await?;
    let waits = options.wait || options.ordering != Ordering::Weak;
    let mut operation_id = None;
    let mut on_their_way = Vec::new();
    for work in works {
        let number = if waits {
            let begun = turn.begin(work).await.map_err(of_writer)?;
            let number = begun.number();
            on_their_way.push(begun);
            number
        } else {
            turn.log(work).await.map_err(of_writer)?
        };
        operation_id = Some(number);
    }
    drop(turn);
    let outputs = committed(on_their_way).await?;
    if options.ordering != Ordering::Weak {
        let left = options.timeout.saturating_sub(begun.elapsed());
        acknowledged::wait(node, collection, live, &outputs, options.ordering, left).await?;
    }
    match missing {
        Some(id) => Err(BackendError::NoPoint { id }),
        None => Ok(Written { operation_id, completed: waits, skipped }),
    }
}

/// Whether what a write means depends on what is there.
fn looks(write: &Write) -> bool {
    !matches!(write, Write::Upsert { mode: Mode::Upsert, only: None, .. })
}

/// Whether the zome will take all rows: a mistake is told before anything is logged.
fn check(schema: &Schema, rows: &[PlannedRow]) -> Result<(), BackendError> {
    let space = Space::from(schema);
    for row in rows {
        let code = encode_row(space, &row.vector)?;
        let payload = row.payload.as_deref().unwrap_or_default().as_bytes();
        BlockBuilder::new(schema, None).push(&row.id, 0, &code, payload).map_err(|error| match error {
            BuildError::Refused(violation) => BackendError::Rule(violation),
            BuildError::Full => BackendError::Refused { reason: format!("point {} is too large", row.id) },
        })?;
    }
    Ok(())
}

fn insert_of(rows: &[PlannedRow]) -> Work {
    let input = InsertInput {
        ids: rows.iter().map(|row| row.id.clone()).collect(),
        vectors: rows.iter().flat_map(|row| &row.vector).flat_map(|x| x.to_le_bytes()).collect(),
        payloads: rows.iter().map(|row| row.payload.clone()).collect(),
    };
    Work::Insert { bulk: false, input }
}

async fn committed(writes: Vec<Begun>) -> Result<Vec<WriteOutput>, BackendError> {
    let mut outputs = Vec::with_capacity(writes.len());
    for begun in writes {
        outputs.push(begun.committed().await.map_err(of_writer)?);
    }
    Ok(outputs)
}

fn of_writer(error: WriteError) -> BackendError {
    match error {
        WriteError::QueueFull { .. } => BackendError::Busy { retry_after: RETRY_AFTER },
        WriteError::Refused { reason } => BackendError::Refused { reason },
        error @ (WriteError::TooLarge { .. }
        | WriteError::Encode { .. }
        | WriteError::Log { .. }
        | WriteError::Closed
        | WriteError::GivenUp { .. }
        | WriteError::Stopped { .. }) => BackendError::Node(error.into()),
    }
}
