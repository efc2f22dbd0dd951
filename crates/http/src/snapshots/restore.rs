//! Restoring a snapshot: the rows of a file are written to a backend, as this node's own.

use super::{
    SnapshotError, Uploading, blocking,
    create::{READ, WHOLE, page_rows},
    file::{Header, Row, SnapshotReader, Summary, hex},
};
use crate::{
    Backend, BackendError,
    backend::{Mode, NewCollection, NewPoint, Ordering, Write, WriteOptions},
    limits,
};
use rose_forest_core::{
    Space,
    encode::{encode_into, encode_row},
};
use rose_forest_rules::code::decode_row;
use serde::Deserialize;
use std::{collections::HashMap, fs::File, io::BufReader, path::PathBuf};
use tokio::sync::mpsc;

/// Batches that are read ahead.
const AHEAD: usize = 1;
/// How often a write is tried that the backend has no room for.
const MAX_TRIES: usize = 600;
/// After how many rows the progress is told.
const TELL_EVERY: u64 = 10_000;

/// Whose points hold where the collection has points of the snapshot already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SnapshotPriority)]
pub enum Priority {
    /// Those of the snapshot, as those of Qdrant's `snapshot`.
    #[default]
    NoSync,
    /// Those of the snapshot.
    Snapshot,
    /// Those of the collection: only points that it does not have are written.
    Replica,
}

/// What to restore.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    /// The file that arrived for this alone, removed afterwards.
    pub(crate) upload: Option<Uploading>,
    /// The SHA-256 that the file must have, in hexadecimal.
    pub(crate) checksum: Option<String>,
    pub(crate) priority: Priority,
}

/// Restores a snapshot. See [`super::restore`].
pub(super) async fn restore<B: Backend>(
    backend: &B,
    collection: &str,
    source: Source,
) -> Result<(), SnapshotError> {
    let Source { path, upload, checksum, priority } = source;
    let checked = path.clone();
    let (header, summary) = blocking(move || check(&checked)).await?;
    same_checksum(checksum, summary)?;
    prepare(backend, collection, &header).await?;
    tracing::info!(collection, rows = summary.rows, "a snapshot is being restored");
    let (send, receive) = mpsc::channel(AHEAD);
    let limit = page_rows(header.schema.dimension());
    let space = Space::from(&header.schema);
    let read = blocking(move || read(&path, &header, &summary, limit, &send));
    let written = async move {
        // Dropped here, whatever happens: the reader then finds nobody to send to, and ends.
        let mut receive = receive;
        let (mut done, mut written) = (0, 0);
        while let Some(rows) = receive.recv().await {
            let before = done;
            done += rows.len() as u64;
            written += write(backend, collection, space, priority, rows).await?;
            if done / TELL_EVERY > before / TELL_EVERY {
                tracing::info!(collection, done, written, of = summary.rows, "a snapshot is being restored");
            }
        }
        Ok::<u64, SnapshotError>(written)
    };
    let (read, written) = tokio::join!(read, written);
    let written = written?;
    read?;
    drop(upload);
    tracing::info!(collection, rows = summary.rows, written, "a snapshot was restored");
    Ok(())
}

/// Reads the whole file once, so that nothing is written of one that is damaged, or has vectors that the collection cannot take.
fn check(path: &PathBuf) -> Result<(Header, Summary), SnapshotError> {
    let mut reader = open(path)?;
    let (space, mut code) = (Space::from(&reader.header().schema), Vec::new());
    while let Some(rows) = reader.next_rows()? {
        for row in rows {
            code.clear();
            encode_into(space, &row.vector, &mut code).map_err(BackendError::Vector)?;
        }
    }
    let header = reader.header().clone();
    reader.summary().map(|summary| (header, *summary)).ok_or(SnapshotError::Unfinished)
}

fn open(path: &PathBuf) -> Result<SnapshotReader<BufReader<File>>, SnapshotError> {
    let file = File::open(path).map_err(SnapshotError::io("open", path))?;
    Ok(SnapshotReader::new(BufReader::new(file))?)
}

fn same_checksum(expected: Option<String>, summary: Summary) -> Result<(), SnapshotError> {
    let received = hex(&summary.sha256);
    match expected {
        Some(expected) if !expected.eq_ignore_ascii_case(&received) => {
            Err(SnapshotError::Checksum { expected, received })
        }
        Some(_) | None => Ok(()),
    }
}

/// Makes the collection if it is not there, else looks whether the snapshot fits it; and makes the indexes of its fields.
async fn prepare<B: Backend>(backend: &B, collection: &str, header: &Header) -> Result<(), SnapshotError> {
    let schema = &header.schema;
    let (dimension, distance, encoding) = (schema.dimension(), schema.distance, schema.encoding);
    match backend.shape(collection).await {
        Ok(shape) => {
            let own = shape.schema;
            fits("dimension", own.dimension(), dimension)?;
            fits("distance", format!("{:?}", own.distance), format!("{distance:?}"))?;
            fits("encoding", format!("{:?}", own.encoding), format!("{encoding:?}"))?;
        }
        Err(BackendError::NoCollection { .. }) => {
            let vector_name = header.vector_name.clone();
            let new = NewCollection { dimension, distance, encoding, vector_name };
            backend.create(collection, new).await?;
        }
        Err(error) => return Err(error.into()),
    }
    for field in &header.fields {
        backend.index_field(collection, field.path.clone(), field.kind).await?;
    }
    Ok(())
}

fn fits<T: PartialEq + ToString>(what: &'static str, expected: T, received: T) -> Result<(), SnapshotError> {
    if expected == received {
        return Ok(());
    }
    let (expected, received) = (expected.to_string(), received.to_string());
    Err(SnapshotError::OtherCollection { what, expected, received })
}

/// Reads the file again, and sends its rows in batches.
fn read(
    path: &PathBuf,
    header: &Header,
    summary: &Summary,
    limit: usize,
    send: &mpsc::Sender<Vec<Row>>,
) -> Result<(), SnapshotError> {
    let mut reader = open(path)?;
    if reader.header() != header {
        return Err(SnapshotError::Replaced);
    }
    while let Some(mut rows) = reader.next_rows()? {
        while !rows.is_empty() {
            let rest = rows.split_off(limit.min(rows.len()));
            if send.blocking_send(std::mem::replace(&mut rows, rest)).is_err() {
                // Writing has failed, and says why.
                return Ok(());
            }
        }
    }
    if reader.summary() == Some(summary) { Ok(()) } else { Err(SnapshotError::Replaced) }
}

/// Writes those rows of a batch that are to be written. How many.
async fn write<B: Backend>(
    backend: &B,
    collection: &str,
    space: Space,
    priority: Priority,
    rows: Vec<Row>,
) -> Result<u64, SnapshotError> {
    let ids = rows.iter().map(|row| row.id.clone()).collect();
    let known = backend.get(collection, ids, WHOLE, READ).await?;
    let known: HashMap<_, _> = known.into_iter().map(|found| (found.id.clone(), found)).collect();
    let is_wanted = |row: &Row| match (known.get(&row.id), priority) {
        (None, _) => true,
        (Some(_), Priority::Replica) => false,
        (Some(known), Priority::NoSync | Priority::Snapshot) => {
            let is_same_vector =
                known.vector.as_ref().is_some_and(|known| is_same(space, &row.vector, known));
            // What is there already is not written: it would stay on the chain for ever.
            !(is_same_vector && known.payload.clone().unwrap_or_default() == row.payload)
        }
    };
    let wanted = rows.into_iter().filter(is_wanted);
    let points: Vec<_> =
        wanted.map(|row| NewPoint { id: row.id, vector: row.vector, payload: row.payload }).collect();
    let count = points.len() as u64;
    if points.is_empty() {
        return Ok(0);
    }
    let mode = if priority == Priority::Replica { Mode::InsertOnly } else { Mode::Upsert };
    let write = Write::Upsert { points, mode, only: None };
    let options = WriteOptions { wait: true, ordering: Ordering::Weak, timeout: limits::MAX_TIMEOUT };
    for _ in 1..MAX_TRIES {
        match backend.write(collection, write.clone(), options).await {
            Ok(_) => return Ok(count),
            Err(BackendError::Busy { retry_after }) => tokio::time::sleep(retry_after).await,
            Err(error) => return Err(error.into()),
        }
    }
    backend.write(collection, write, options).await?;
    Ok(count)
}

/// Whether a vector that is there is that of the snapshot, or what comes of it when it is stored.
fn is_same(space: Space, vector: &[f32], known: &[f32]) -> bool {
    if vector == known {
        return true;
    }
    let Ok(code) = encode_row(space, vector) else { return false };
    let mut stored = vec![0.0; vector.len()];
    decode_row(space.encoding, &code, &mut stored);
    stored == known
}

#[cfg(test)]
mod tests;
