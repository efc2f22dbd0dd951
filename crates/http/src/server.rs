//! The server: routes with their rights, limits and errors.

mod error;
mod extract;
mod keys;
mod options;

use crate::{Backend, limits, routes};
use axum::{Router, middleware};
use std::sync::Arc;
use tokio::{net::TcpListener, sync::Semaphore};

pub(crate) use error::{ApiError, Envelope, json};
pub(crate) use extract::{Body, Path};
pub use keys::Keys;
pub(crate) use keys::{may_read, may_write};
pub(crate) use options::{AnswerOptions, Reading, Writing};

/// How the API behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who may do what.
    pub keys: Keys,
    /// Bytes that a body may have. Default: [`limits::MAX_BODY_BYTES`].
    pub max_body_bytes: usize,
    /// Requests that are worked on at once. Default: [`limits::MAX_IN_FLIGHT`].
    pub max_in_flight: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            keys: Keys::default(),
            max_body_bytes: limits::MAX_BODY_BYTES,
            max_in_flight: limits::MAX_IN_FLIGHT,
        }
    }
}

/// What all requests share.
pub(crate) struct App<B> {
    pub(crate) backend: Arc<B>,
    pub(crate) config: Config,
    room: Semaphore,
}

/// The routes, over a backend.
pub fn router<B: Backend>(backend: Arc<B>, config: Config) -> Router {
    let room = Semaphore::new(config.max_in_flight);
    let app = Arc::new(App { backend, config, room });
    let open = routes::open();
    let reads = routes::reads().route_layer(middleware::from_fn_with_state(app.clone(), may_read));
    let writes = routes::writes().route_layer(middleware::from_fn_with_state(app.clone(), may_write));
    Router::new()
        .merge(reads)
        .merge(writes)
        .layer(middleware::from_fn_with_state(app.clone(), within_limits))
        .merge(open)
        .fallback(error::no_such_route)
        .method_not_allowed_fallback(error::no_such_method)
        .with_state(app)
}

/// Lets in as many requests as there is room for, and gives each a time.
async fn within_limits<B: Backend>(
    axum::extract::State(app): axum::extract::State<Arc<App<B>>>,
    request: axum::extract::Request,
    next: middleware::Next,
) -> Result<axum::response::Response, ApiError> {
    let Ok(_room) = app.room.try_acquire() else {
        return Err(ApiError::TooMany { max: app.config.max_in_flight });
    };
    let timeout = options::timeout(request.uri().query().unwrap_or_default())?;
    match tokio::time::timeout(timeout, next.run(request)).await {
        Ok(response) => Ok(response),
        Err(_) => Err(ApiError::Timeout { seconds: timeout.as_secs() }),
    }
}

/// Serves until `stop` is ready; then takes no more connections, and ends once those that are open have had their answers.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}
