//! The changes of a collection as server-sent events, and over a websocket. Both tell the same, in the same words.
//!
//! The first event is `begin`, or `lost` where changes after the client's cursor are no longer there; then come `upsert` and
//! `delete`; the last, where there is one, is `end` with its reason. Every other one has a cursor to come back with.

use super::feed::{Feed, Following};
use crate::{
    Backend, limits,
    openapi::{CollectionName, Since},
    server::{ApiError, App, Path},
    types::EventJson,
};
use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket, rejection::WebSocketUpgradeRejection},
    },
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::time::{interval_at, timeout};

/// No time at all would be no interval.
const SHORTEST_KEEP_ALIVE: Duration = Duration::from_millis(1);

/// The changes of a collection, as server-sent events.
///
/// The `data` of each is an `Event` as JSON, its `id` the cursor to come back with. It does not end by itself.
#[utoipa::path(
    get, path = "/rose-forest/collections/{name}/events", tag = "Forest", operation_id = "events",
    params(CollectionName, Since),
    responses((status = 200, description = "The events.", body = String, content_type = "text/event-stream"))
)]
pub(crate) async fn server_sent<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    following: Following,
) -> Result<Response, ApiError> {
    let keep_alive = KeepAlive::new().interval(app.config.keep_alive.max(SHORTEST_KEEP_ALIVE));
    let feed = Feed::open(app, name, following).await?;
    let events = futures::stream::unfold(feed, |mut feed| async move {
        let event = feed.next().await?;
        Some((Ok::<_, Infallible>(server_sent_event(&event)), feed))
    });
    Ok(Sse::new(events).keep_alive(keep_alive).into_response())
}

fn server_sent_event(event: &EventJson) -> Event {
    let said = Event::default().data(text(event));
    match event.cursor() {
        Some(cursor) => said.id(cursor),
        None => said,
    }
}

/// An event as JSON, on one line.
fn text(event: &EventJson) -> String {
    // Strings and numbers under fixed names: that cannot fail.
    serde_json::to_string(event).unwrap_or_default()
}

/// The changes of a collection, over a websocket.
///
/// Each message is an `Event` as JSON. It does not end by itself.
#[utoipa::path(
    get, path = "/rose-forest/collections/{name}/events/ws", tag = "Forest", operation_id = "events_websocket",
    params(CollectionName, Since),
    responses((status = 101, description = "The events follow."))
)]
pub(crate) async fn websocket<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(name): Path<String>,
    following: Following,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = upgrade.map_err(|refused| ApiError::Input(format!("expected a websocket: {refused}")))?;
    let keep_alive = app.config.keep_alive.max(SHORTEST_KEEP_ALIVE);
    let feed = Feed::open(app, name, following).await?;
    // Clients have nothing to say.
    let upgrade = upgrade.max_message_size(MAX_SAID_BYTES).max_frame_size(MAX_SAID_BYTES);
    Ok(upgrade.on_upgrade(move |socket| tell(socket, feed, keep_alive)))
}

/// Bytes of what a client may say: more than a ping has.
const MAX_SAID_BYTES: usize = 1_024;

/// Tells one client until it goes, does not answer, or the feed ends.
async fn tell<B: Backend>(mut socket: WebSocket, mut feed: Feed<B>, keep_alive: Duration) {
    let mut pings = interval_at(tokio::time::Instant::now() + keep_alive, keep_alive);
    let mut has_answered = true;
    loop {
        let message = tokio::select! {
            event = feed.next() => match event {
                Some(event) => Message::Text(text(&event).into()),
                None => break,
            },
            said = socket.recv() => match said {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                    has_answered = true;
                    continue;
                }
                Some(Ok(Message::Text(_) | Message::Binary(_))) => break,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            _ = pings.tick() => {
                if !has_answered {
                    return;
                }
                has_answered = false;
                Message::Ping(Vec::new().into())
            }
        };
        if !send(&mut socket, message).await {
            return;
        }
    }
    drop(feed);
    if send(&mut socket, Message::Close(None)).await {
        // A connection that is closed while there is something to read loses what was sent last.
        let heard_all = async { while let Some(Ok(_)) = socket.recv().await {} };
        let _answered = timeout(limits::MAX_CLOSE_TIME, heard_all).await;
    }
}

/// Whether a client took a message in time.
async fn send(socket: &mut WebSocket, message: Message) -> bool {
    matches!(timeout(limits::MAX_SEND_TIME, socket.send(message)).await, Ok(Ok(())))
}
