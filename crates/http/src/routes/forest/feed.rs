//! Following a collection: its changes from a cursor on, for as long as the client stays.
//!
//! The next page of changes is read when the client has taken the one before, so a slow client holds one page in memory and no
//! more; what it has not read stays in the store's log, until that is too long for it and the client is told that it lost some.

use crate::{
    Backend, BackendError, limits,
    server::{ApiError, App},
    types::EventJson,
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use rose_forest_store::EventCursor;
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, watch};

/// Whether the server is to end, for answers that would never end by themselves. An extension of every request.
#[derive(Clone)]
pub(crate) struct Stopping(pub watch::Receiver<bool>);

/// Where to begin, and when to end.
pub(crate) struct Following {
    since: Option<EventCursor>,
    stopping: Option<Stopping>,
}

impl<S: Send + Sync> FromRequestParts<S> for Following {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let since = since(&parts.headers, parts.uri.query().unwrap_or_default())?;
        Ok(Self { since, stopping: parts.extensions.get().cloned() })
    }
}

/// The cursor of a request. What a browser sends that comes back goes before what its address says.
fn since(headers: &HeaderMap, query: &str) -> Result<Option<EventCursor>, ApiError> {
    let wrong = |why: &dyn std::fmt::Display| ApiError::Input(why.to_string());
    let last = match headers.get("last-event-id") {
        Some(value) => Some(value.to_str().map_err(|_| wrong(&"expected a cursor as Last-Event-ID"))?),
        None => None,
    };
    let mut asked = query.split('&').filter_map(|part| part.strip_prefix("since="));
    let said = asked.next();
    if asked.next().is_some() {
        return Err(wrong(&"expected since once, received it twice"));
    }
    match last.filter(|last| !last.is_empty()).or(said) {
        None | Some("" | "0") => Ok(None),
        Some(cursor) => cursor.parse().map(Some).map_err(|why| wrong(&why)),
    }
}

/// One client that follows a collection.
pub(crate) struct Feed<B> {
    app: Arc<App<B>>,
    name: String,
    cursor: EventCursor,
    news: watch::Receiver<u64>,
    stopping: Option<Stopping>,
    /// What was read and not told yet.
    ready: VecDeque<EventJson>,
    has_ended: bool,
    _room: OwnedSemaphorePermit,
}

impl<B: Backend> Feed<B> {
    /// Begins to follow.
    pub(crate) async fn open(app: Arc<App<B>>, name: String, following: Following) -> Result<Self, ApiError> {
        let max = app.config.max_followers;
        let room = app.followers.clone().try_acquire_owned();
        let room = room.map_err(|_| ApiError::TooManyFollow { max })?;
        let news = app.backend.watch_changes(&name).await?;
        let Following { since, stopping } = following;
        let mut feed = Self {
            cursor: since.unwrap_or_default(),
            news,
            stopping,
            ready: VecDeque::new(),
            has_ended: false,
            _room: room,
            app,
            name,
        };
        match since {
            Some(since) => {
                feed.read(Some(since)).await?;
                // A page that says that some were lost says where it goes on, too.
                if !matches!(feed.ready.front(), Some(EventJson::Lost { .. })) {
                    feed.ready.push_front(EventJson::begin(since));
                }
            }
            None => {
                feed.read(None).await?;
                feed.ready.push_front(EventJson::begin(feed.cursor));
            }
        }
        Ok(feed)
    }

    /// The next event; nothing after the last. It may be dropped at any await point, and is then asked again.
    pub(crate) async fn next(&mut self) -> Option<EventJson> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.has_ended {
                return None;
            }
            match self.wait().await {
                Ok(()) => {}
                Err(reason) => {
                    self.has_ended = true;
                    return Some(EventJson::End { reason });
                }
            }
        }
    }

    /// Waits until something is ready, or says why nothing will be.
    async fn wait(&mut self) -> Result<(), String> {
        if self.stopping.as_ref().is_some_and(|stopping| *stopping.0.borrow()) {
            return Err(SERVER_ENDS.to_owned());
        }
        // What comes from here on wakes it again.
        self.news.mark_unchanged();
        self.read(Some(self.cursor)).await.map_err(|error| error.to_string())?;
        if !self.ready.is_empty() {
            return Ok(());
        }
        let is_open = tokio::select! {
            changed = self.news.changed() => changed.is_ok(),
            () = stopped(self.stopping.as_mut()) => return Err(SERVER_ENDS.to_owned()),
        };
        if !is_open {
            // The index was closed: the collection was left, or its index is opened anew.
            self.news =
                self.app.backend.watch_changes(&self.name).await.map_err(|error| error.to_string())?;
            if self.news.has_changed().is_err() {
                return Err(BackendError::NoCollection { name: self.name.clone() }.to_string());
            }
        }
        Ok(())
    }

    /// Reads a page.
    async fn read(&mut self, since: Option<EventCursor>) -> Result<(), BackendError> {
        let page = self.app.backend.changes(&self.name, since, limits::FOLLOW_PAGE).await?;
        self.cursor = page.next;
        let lost = page.lost.then(|| EventJson::lost(page.next));
        self.ready.extend(lost.into_iter().chain(page.changes.into_iter().map(EventJson::from)));
        Ok(())
    }
}

const SERVER_ENDS: &str = "the server is ending";

/// Ready when the server is to end.
async fn stopped(stopping: Option<&mut Stopping>) {
    match stopping {
        // Who closed it is gone: so is the server.
        Some(stopping) => drop(stopping.0.wait_for(|stopping| *stopping).await),
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn asked(last: Option<&'static str>, query: &str) -> Result<Option<EventCursor>, String> {
        let mut headers = HeaderMap::new();
        if let Some(last) = last {
            headers.insert("last-event-id", HeaderValue::from_static(last));
        }
        since(&headers, query).map_err(|error| error.to_string())
    }

    #[test]
    fn it_begins_where_the_client_was_else_where_its_address_says_else_now() {
        let cursor = |number| Some(EventCursor { number, opening: 10 });
        for now in ["", "since=", "since=0", "timeout=3", "provenance=true&since=0"] {
            assert_eq!(asked(None, now), Ok(None), "{now}");
        }
        assert_eq!(asked(None, "timeout=3&since=7-000000000000000a"), Ok(cursor(7)));
        assert_eq!(asked(Some("8-000000000000000a"), "since=7-000000000000000a"), Ok(cursor(8)));
        assert_eq!(asked(Some(""), "since=7-000000000000000a"), Ok(cursor(7)));
        for (last, query) in [(None, "since=7"), (Some("x"), "since=0"), (Some("7-000000000000000g"), "")] {
            assert!(asked(last, query).unwrap_err().contains("cursor"), "{last:?} {query}");
        }
        assert!(asked(None, "since=0&since=0").unwrap_err().contains("once"));
    }
}
