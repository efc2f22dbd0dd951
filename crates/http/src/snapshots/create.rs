//! Making a snapshot: pages of a backend become the rows of a file.

use super::{
    Folder, SnapshotError, blocking,
    file::{Header, Row, SnapshotWriter},
    folder::Listed,
};
use crate::{
    Backend, BackendError,
    backend::{Consistency, Found, ReadOptions, Scroll, With},
    limits,
};
use std::{io::BufWriter, time::SystemTime};
use tokio::sync::mpsc;

/// Bytes of vectors that a page has, about.
const PAGE_BYTES: usize = 2 << 20;
/// Rows of a page: not so few that each page's beginning costs more than its rows, not so many that payloads fill memory.
const PAGE_ROWS: std::ops::RangeInclusive<usize> = 32..=512;
/// Pages that wait to be written.
const WAITING: usize = 2;
/// After how many rows the progress is told.
const TELL_EVERY: u64 = 100_000;

/// What is sent to the writer. Without an end, nothing is kept.
enum Send {
    Rows(Vec<Row>),
    End,
}

/// How to read the own node's view of a collection.
pub(super) const READ: ReadOptions =
    ReadOptions { consistency: Consistency::Own, timeout: limits::MAX_TIMEOUT };
/// Whole rows.
pub(super) const WHOLE: With = With { payload: true, vector: true };

/// Rows of a page of vectors of this dimension.
pub(super) fn page_rows(dimension: usize) -> usize {
    (PAGE_BYTES / (dimension * size_of::<f32>()).max(1)).clamp(*PAGE_ROWS.start(), *PAGE_ROWS.end())
}

/// Makes a snapshot. See [`super::create`].
pub(super) async fn create<B: Backend>(
    backend: &B,
    folder: Folder,
    collection: &str,
) -> Result<Listed, SnapshotError> {
    let state = backend.state(collection).await?;
    let network = backend.network_hash(collection).await?;
    let limit = page_rows(state.shape.schema.dimension());
    let fields = state.fields.into_iter().map(|(path, kind, _)| (path, kind));
    let header = Header::new(state.shape.schema, state.shape.vector_name, fields, network);
    tracing::info!(collection, points = state.points, "a snapshot is being made");
    let (send, receive) = mpsc::channel(WAITING);
    let name = collection.to_owned();
    let written = blocking(move || write(&folder, &name, &header, receive));
    let read = async move {
        // Dropped here, whatever happens: the writer then ends, and keeps nothing if no end was sent.
        let send = send;
        let (mut start, mut rows) = (None, 0);
        loop {
            let scroll = Scroll { filter: None, start, limit, with: WHOLE };
            let page = backend.scroll(collection, scroll, READ).await?;
            let before = rows;
            rows += page.points.len() as u64;
            if rows / TELL_EVERY > before / TELL_EVERY {
                tracing::info!(collection, rows, "a snapshot is being made");
            }
            let page_rows = page.points.into_iter().map(row).collect::<Result<_, _>>()?;
            // A writer that has failed takes no more; its error is the one to tell.
            if send.send(Send::Rows(page_rows)).await.is_err() {
                return Ok(());
            }
            start = page.next;
            if start.is_none() {
                let _ = send.send(Send::End).await;
                return Ok::<_, SnapshotError>(());
            }
        }
    };
    let (read, written) = tokio::join!(read, written);
    read?;
    let made = written?.ok_or(SnapshotError::Unfinished)?;
    tracing::info!(collection, name = made.name, bytes = made.bytes, "a snapshot was made");
    Ok(made)
}

fn row(found: Found) -> Result<Row, BackendError> {
    let Some(vector) = found.vector else { return Err(BackendError::VectorMissing { id: found.id }) };
    Ok(Row {
        id: found.id,
        vector,
        payload: found.payload.unwrap_or_default(),
        author: found.author,
        written_at_micros: found.written_at_micros,
    })
}

/// Writes what comes. Nothing, and no file, where no end comes.
fn write(
    folder: &Folder,
    collection: &str,
    header: &Header,
    mut receive: mpsc::Receiver<Send>,
) -> Result<Option<Listed>, SnapshotError> {
    let mut file = folder.temporary()?;
    let mut writer = SnapshotWriter::new(BufWriter::new(file.as_file_mut()), header)?;
    loop {
        match receive.blocking_recv() {
            None => return Ok(None),
            Some(Send::Rows(rows)) => rows.iter().try_for_each(|row| writer.row(row))?,
            Some(Send::End) => break,
        }
    }
    let (out, summary) = writer.finish()?;
    let flushed = out.into_inner().map_err(std::io::IntoInnerError::into_error);
    flushed.map_err(SnapshotError::io("write", folder.path()))?;
    folder.keep(file, collection, summary.sha256, SystemTime::now()).map(Some)
}
