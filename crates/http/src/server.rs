//! The server: routes with their rights, limits and errors.

mod access;
mod browsers;
mod error;
mod extract;
mod files;
mod keys;
mod metrics;
mod observe;
mod options;
mod public;
mod serving;
pub(crate) mod site;
mod tls;

use crate::{Backend, limits, routes, snapshots::Snapshots};
use axum::{Router, middleware};
use metrics::HttpMetrics;
use std::{path::PathBuf, sync::Arc, time::Duration, time::SystemTime};
use tokio::sync::Semaphore;

pub(crate) use access::Access;
pub(crate) use error::{ApiError, Envelope, json};
pub(crate) use extract::{Body, Path};
pub use files::SecretFileError;
pub use keys::Keys;
pub(crate) use keys::{may_read, may_write, read_key};
pub(crate) use observe::Peer;
pub(crate) use options::{AnswerOptions, Reading, Writing};
pub use public::{ExposedError, check_public};
pub use serving::{Serving, serve, serve_with};
pub use site::PageFile;
pub use tls::{Tls, TlsError};

/// How the API behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who may do what.
    pub keys: Keys,
    /// Bytes that a body may have. Default: [`limits::MAX_BODY_BYTES`].
    pub max_body_bytes: usize,
    /// Time for a body to arrive. Default: [`limits::MAX_BODY_TIME`].
    pub max_body_time: Duration,
    /// Requests that are worked on at once. Default: [`limits::MAX_IN_FLIGHT`].
    pub max_in_flight: usize,
    /// How long another one waits for room. Default: [`limits::MAX_WAIT`].
    pub max_wait: Duration,
    /// The folder for snapshots; without one there are none. Whoever reads it reads the collections. Default: none.
    pub snapshots: Option<PathBuf>,
    /// Bytes that an uploaded snapshot may have. Default: [`limits::MAX_SNAPSHOT_BYTES`].
    pub max_snapshot_bytes: u64,
    /// Clients that follow events at once. Default: [`limits::MAX_FOLLOWERS`].
    pub max_followers: usize,
    /// How often those hear that there is nothing new. Default: [`limits::KEEP_ALIVE`].
    pub keep_alive: Duration,
    /// The files of a web page, for `/ui/`. Default: none, and `/ui/` says so.
    pub page: &'static [PageFile],
}

impl Default for Config {
    fn default() -> Self {
        Self {
            keys: Keys::default(),
            max_body_bytes: limits::MAX_BODY_BYTES,
            max_body_time: limits::MAX_BODY_TIME,
            max_in_flight: limits::MAX_IN_FLIGHT,
            max_wait: limits::MAX_WAIT,
            snapshots: None,
            max_snapshot_bytes: limits::MAX_SNAPSHOT_BYTES,
            max_followers: limits::MAX_FOLLOWERS,
            keep_alive: limits::KEEP_ALIVE,
            page: &[],
        }
    }
}

/// What all requests share.
pub(crate) struct App<B> {
    pub(crate) backend: Arc<B>,
    pub(crate) config: Config,
    pub(crate) metrics: HttpMetrics,
    pub(crate) started: Started,
    pub(crate) snapshots: Option<Snapshots>,
    room: Semaphore,
    /// Room for those that follow events.
    pub(crate) followers: Arc<Semaphore>,
}

/// When the API began to answer, and what tells it from others.
pub(crate) struct Started {
    /// By chance: it says nothing of the node.
    pub(crate) id: String,
    pub(crate) at: SystemTime,
}

/// The routes, over a backend.
pub fn router<B: Backend>(backend: Arc<B>, config: Config) -> Router {
    let room = Semaphore::new(config.max_in_flight);
    let snapshots = config.snapshots.clone().map(|folder| Snapshots::new(folder, config.max_snapshot_bytes));
    let id = uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string();
    let started = Started { id, at: SystemTime::now() };
    let followers = Arc::new(Semaphore::new(config.max_followers));
    let app =
        Arc::new(App { backend, config, metrics: HttpMetrics::new(), started, snapshots, room, followers });
    let open = routes::open();
    let reads = routes::reads().route_layer(middleware::from_fn_with_state(app.clone(), may_read));
    let writes = routes::writes().route_layer(middleware::from_fn_with_state(app.clone(), may_write));
    let long = routes::long_writes().route_layer(middleware::from_fn_with_state(app.clone(), may_write));
    // Not within limits: whoever watches a node wants to see that it is too busy.
    let numbers = routes::numbers().route_layer(middleware::from_fn_with_state(app.clone(), may_read));
    Router::new()
        .merge(reads)
        .merge(writes)
        .layer(middleware::from_fn_with_state(app.clone(), within_limits))
        .merge(numbers)
        .merge(long)
        .merge(open)
        .layer(middleware::from_fn(observe::note_route))
        .fallback(error::no_such_route)
        .method_not_allowed_fallback(error::no_such_method)
        .layer(middleware::from_fn_with_state(app.clone(), browsers::no_strangers))
        .layer(middleware::from_fn_with_state(app.clone(), observe::observe))
        .with_state(app)
}

/// Lets in as many requests as there is room for, and gives each a time.
async fn within_limits<B: Backend>(
    axum::extract::State(app): axum::extract::State<Arc<App<B>>>,
    request: axum::extract::Request,
    next: middleware::Next,
) -> Result<axum::response::Response, ApiError> {
    let timeout = options::timeout(request.uri().query().unwrap_or_default())?;
    // Nothing of a request but its head has been read yet, so that many may wait.
    let Ok(Ok(_room)) = tokio::time::timeout(app.config.max_wait.min(timeout), app.room.acquire()).await
    else {
        return Err(ApiError::TooMany { max: app.config.max_in_flight });
    };
    match tokio::time::timeout(timeout, next.run(request)).await {
        Ok(response) => Ok(response),
        Err(_) => Err(ApiError::Timeout { seconds: timeout.as_secs() }),
    }
}
