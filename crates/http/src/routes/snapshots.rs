//! Snapshots of collections.

use crate::{
    Backend, limits,
    openapi::{
        Accepted, Answer, CollectionName, Restoring, SnapshotName, Timeout, Wait,
        forms::{Bytes, SnapshotForm},
    },
    server::{ApiError, App, Body, Envelope, Path, json},
    snapshots::{
        self, Listed, Multipart, Priority, SnapshotError, Snapshots, Source, blocking, boundary, check_name,
        file::FileError, time_text,
    },
    types::{RecoverSnapshot, SnapshotDescription},
};
use axum::{
    body::{Body as RawBody, HttpBody},
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::Value;
use std::{pin::Pin, sync::Arc, time::Instant};
use tokio::{io::AsyncWriteExt, time::timeout};
use tokio_util::io::ReaderStream;

/// The field of an upload's form.
const FIELD: &str = "snapshot";
/// Bytes that are read from a file at once.
const CHUNK_BYTES: usize = 64 << 10;
/// Digits of a SHA-256.
const CHECKSUM_DIGITS: usize = 64;

impl From<Listed> for SnapshotDescription {
    fn from(listed: Listed) -> Self {
        let Listed { name, made, bytes, checksum } = listed;
        Self { name, creation_time: time_text(made), size: bytes, checksum }
    }
}

/// What stands behind the question mark.
#[derive(Debug, Default)]
struct Said {
    no_wait: bool,
    priority: Option<Priority>,
    checksum: Option<String>,
}

/// Reads it. None of the values has a character that would have to be escaped; other names are passed over.
fn said(query: Option<String>) -> Result<Said, ApiError> {
    let mut said = Said::default();
    for (name, value) in query.unwrap_or_default().split('&').filter_map(|part| part.split_once('=')) {
        let expected = match (name, value) {
            ("wait", "true") => continue,
            ("wait", "false") => {
                said.no_wait = true;
                continue;
            }
            ("wait", _) => "wait to be true or false",
            ("priority", _) => match Priority::deserialize(&Value::from(value)) {
                Ok(priority) => {
                    said.priority = Some(priority);
                    continue;
                }
                Err(_) => "priority to be no_sync, snapshot or replica",
            },
            ("checksum", _) => {
                said.checksum = Some(value.to_owned());
                continue;
            }
            _ => continue,
        };
        return Err(ApiError::Input(format!("expected {expected}, received {value:?}")));
    }
    said.checksum = checksum(said.checksum)?;
    Ok(said)
}

fn checksum(text: Option<String>) -> Result<Option<String>, SnapshotError> {
    match text {
        Some(text)
            if text.len() != CHECKSUM_DIGITS || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) =>
        {
            Err(SnapshotError::NoChecksum { received: text })
        }
        text => Ok(text),
    }
}

fn kept<B>(app: &App<B>) -> Result<&Snapshots, SnapshotError> {
    app.snapshots.as_ref().ok_or(SnapshotError::Disabled)
}

/// An answer, at the end or, where nobody waits, at once.
async fn answered<T: serde::Serialize + Send + 'static>(
    said: &Said,
    since: Instant,
    work: impl Future<Output = Result<T, SnapshotError>> + Send + 'static,
) -> Result<Response, ApiError> {
    if !said.no_wait {
        return Ok(Envelope::new(work.await?, since).into_response());
    }
    // What becomes of it is logged.
    tokio::spawn(work);
    let time = since.elapsed().as_secs_f64();
    Ok(json(StatusCode::ACCEPTED, &serde_json::json!({"result": null, "status": "accepted", "time": time})))
}

/// Makes a snapshot of a collection.
///
/// For keys that may do everything.
#[utoipa::path(
    post, path = "/collections/{name}/snapshots", tag = "Snapshots", operation_id = "create_snapshot",
    params(CollectionName, Wait),
    responses(
        (status = 200, description = "It is made.", body = Answer<SnapshotDescription>),
        (status = 202, description = "It is begun, where `wait` is false.", body = Accepted),
    )
)]
pub(crate) async fn create<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let since = Instant::now();
    let said = said(query)?;
    let snapshots = kept(&app)?.clone();
    let name = snapshots::meant(app.backend.as_ref(), &name).await?;
    // Whether it is there is told also to whoever does not wait.
    app.backend.shape(&name).await?;
    let (job, backend) = (snapshots.job()?, app.backend.clone());
    let work =
        async move { snapshots::create(backend, &snapshots, job, name).await.map(SnapshotDescription::from) };
    answered(&said, since, work).await
}

/// Snapshots of a collection.
///
/// Those of a collection that was left stay, and are listed.
#[utoipa::path(
    get, path = "/collections/{name}/snapshots", tag = "Snapshots", operation_id = "list_snapshots",
    params(CollectionName, Timeout),
    responses((status = 200, description = "The snapshots.", body = Answer<Vec<SnapshotDescription>>))
)]
pub(crate) async fn list<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
) -> Result<Envelope<Vec<SnapshotDescription>>, ApiError> {
    let since = Instant::now();
    let folder = kept(&app)?.folder().clone();
    let name = snapshots::meant(app.backend.as_ref(), &name).await?;
    let collection = name.clone();
    let listed = blocking(move || folder.list(&collection)).await?;
    if listed.is_empty() {
        app.backend.shape(&name).await?;
    }
    Ok(Envelope::new(listed.into_iter().map(SnapshotDescription::from).collect(), since))
}

/// Deletes a snapshot.
#[utoipa::path(
    delete, path = "/collections/{name}/snapshots/{snapshot}", tag = "Snapshots", operation_id = "delete_snapshot",
    params(CollectionName, SnapshotName, Timeout),
    responses((status = 200, description = "It is deleted.", body = Answer<bool>))
)]
pub(crate) async fn remove<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path((name, snapshot)): Path<(String, String)>,
) -> Result<Envelope<bool>, ApiError> {
    let since = Instant::now();
    let folder = kept(&app)?.folder().clone();
    check_name(&snapshot)?;
    let name = snapshots::meant(app.backend.as_ref(), &name).await?;
    blocking(move || folder.remove(&name, &snapshot)).await?;
    Ok(Envelope::new(true, since))
}

/// The file of a snapshot.
#[utoipa::path(
    get, path = "/collections/{name}/snapshots/{snapshot}", tag = "Snapshots", operation_id = "get_snapshot",
    params(CollectionName, SnapshotName, Timeout),
    responses((
        status = 200, description = "The file.", content_type = "application/octet-stream",
        body = Bytes,
        headers(("content-disposition" = String, description = "The name for the file."))
    ))
)]
pub(crate) async fn download<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path((name, snapshot)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let folder = kept(&app)?.folder().clone();
    // Nothing but plain characters comes into a header.
    let disposition = format!("attachment; filename=\"{}\"", check_name(&snapshot)?);
    let name = snapshots::meant(app.backend.as_ref(), &name).await?;
    let (file, bytes) = blocking(move || folder.open(&name, &snapshot)).await?;
    let stream = ReaderStream::with_capacity(tokio::fs::File::from_std(file), CHUNK_BYTES);
    let mut response = Response::new(RawBody::from_stream(stream));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    if let Ok(disposition) = HeaderValue::try_from(disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// Restores a collection from a snapshot in this node's folder.
///
/// Its points become this node's own. A collection that is not there is made. For keys that may do everything.
#[utoipa::path(
    put, path = "/collections/{name}/snapshots/recover", tag = "Snapshots", operation_id = "recover_from_snapshot",
    params(CollectionName, Wait),
    request_body = RecoverSnapshot,
    responses(
        (status = 200, description = "It is restored.", body = Answer<bool>),
        (status = 202, description = "It is begun, where `wait` is false.", body = Accepted),
    )
)]
pub(crate) async fn recover<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    Body(request): Body<RecoverSnapshot>,
) -> Result<Response, ApiError> {
    let since = Instant::now();
    let said = said(query)?;
    let snapshots = kept(&app)?;
    let checksum = checksum(request.checksum)?;
    let folder = snapshots.folder().clone();
    let path = blocking(move || folder.located(&request.location)).await?;
    let name = snapshots::meant(app.backend.as_ref(), &name).await?;
    let source = Source { path, upload: None, checksum, priority: request.priority.unwrap_or_default() };
    let (job, backend) = (snapshots.job()?, app.backend.clone());
    let work = async move { snapshots::restore(backend, job, name, source).await.map(|()| true) };
    answered(&said, since, work).await
}

/// Restores a collection from a snapshot that is uploaded.
///
/// Its points become this node's own. A collection that is not there is made. For keys that may do everything.
#[utoipa::path(
    post, path = "/collections/{name}/snapshots/upload", tag = "Snapshots", operation_id = "recover_from_uploaded_snapshot",
    params(CollectionName, Wait, Restoring),
    request_body(content = SnapshotForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "It is restored.", body = Answer<bool>),
        (status = 202, description = "It is begun, where `wait` is false.", body = Accepted),
    )
)]
pub(crate) async fn upload<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: RawBody,
) -> Result<Response, ApiError> {
    let since = Instant::now();
    let said = said(query)?;
    let snapshots = kept(&app)?;
    let job = snapshots.job()?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let form =
        Multipart::new(boundary(content_type.unwrap_or_default()).map_err(SnapshotError::from)?, FIELD);
    let folder = snapshots.folder().clone();
    let upload = blocking(move || folder.upload()).await?;
    let file = upload.file.try_clone().map_err(FileError::Io).map_err(SnapshotError::from)?;
    let arrived = arrive(body, form, file, snapshots.max_bytes);
    match timeout(limits::MAX_UPLOAD_TIME, arrived).await {
        Ok(arrived) => arrived?,
        Err(_) => return Err(slow(limits::MAX_UPLOAD_TIME).into()),
    }
    let name = snapshots::meant(app.backend.as_ref(), &name).await?;
    let source = Source {
        path: upload.path.to_path_buf(),
        upload: Some(upload),
        checksum: said.checksum.clone(),
        priority: said.priority.unwrap_or_default(),
    };
    let backend = app.backend.clone();
    let work = async move { snapshots::restore(backend, job, name, source).await.map(|()| true) };
    answered(&said, since, work).await
}

fn slow(time: std::time::Duration) -> SnapshotError {
    SnapshotError::Interrupted { reason: format!("not within {} s", time.as_secs()) }
}

/// Writes the field of a form to a file as it comes.
async fn arrive(
    mut body: RawBody,
    mut form: Multipart,
    file: std::fs::File,
    max: u64,
) -> Result<(), SnapshotError> {
    let failed = |source| SnapshotError::File(FileError::Io(source));
    let mut file = tokio::fs::File::from_std(file);
    let (mut content, mut bytes) = (Vec::new(), 0);
    loop {
        let next = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        let frame = match timeout(limits::MAX_BODY_TIME, next).await {
            Ok(None) => break,
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(error))) => return Err(SnapshotError::Interrupted { reason: error.to_string() }),
            Err(_) => return Err(slow(limits::MAX_BODY_TIME)),
        };
        // What is no data is trailers, which mean nothing here.
        let Ok(data) = frame.into_data() else { continue };
        form.push(&data, &mut content)?;
        bytes += content.len() as u64;
        if bytes > max {
            return Err(SnapshotError::TooLong { max });
        }
        file.write_all(&content).await.map_err(failed)?;
        content.clear();
    }
    file.flush().await.map_err(failed)?;
    Ok(form.finish()?)
}
