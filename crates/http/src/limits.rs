//! Limits of requests, each with its reason.

use std::time::Duration;

/// Bytes of a request's body: Qdrant's own default, so that clients that split their uploads for Qdrant fit.
pub const MAX_BODY_BYTES: usize = 32 << 20;
/// Time for a body to arrive. Who sends slower than this would send the largest body at a megabyte a second.
pub const MAX_BODY_TIME: Duration = Duration::from_secs(30);
/// Requests that are worked on at once; one more waits for a while, and is then told to come again. Each may hold a body and an
/// answer.
pub const MAX_IN_FLIGHT: usize = 256;
/// How long a request waits for room: as long as Qdrant's Python client waits for an answer unless told otherwise.
pub const MAX_WAIT: Duration = Duration::from_secs(5);
/// Time for a request when it names none; Qdrant's.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// The most time that a request may ask for.
pub const MAX_TIMEOUT: Duration = Duration::from_secs(600);
/// Snapshots that are made or restored at once: each reads or writes a whole collection.
pub const MAX_SNAPSHOT_JOBS: usize = 2;
/// Bytes of a snapshot that is uploaded, when nothing else is configured: ten million rows of 384 components.
pub const MAX_SNAPSHOT_BYTES: u64 = 16 << 30;
/// Time for a snapshot to arrive: the largest at five megabytes a second. Each of its pieces has [`MAX_BODY_TIME`].
pub const MAX_UPLOAD_TIME: Duration = Duration::from_secs(3_600);
/// When to come again where too much is under way.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Connections that are open at once; further ones wait in the system's queue. Each may take a hundred kilobytes, and a file
/// of the process.
pub const MAX_CONNECTIONS: usize = 4_096;
/// Requests that one HTTP/2 connection may have under way: what the protocol recommends at least.
pub const MAX_STREAMS: u32 = 100;
/// Bytes of a request's head, and of what is read ahead of a connection.
pub const MAX_HEAD_BYTES: u32 = 64 << 10;
/// Time for a TLS handshake, and for the head of a connection's first request: one that is typed by hand does not fit.
pub const MAX_HEADER_TIME: Duration = Duration::from_secs(10);
/// Time from an answer to the whole head of the next request on the same connection: longer than the pools of common clients
/// keep connections, so that it is they who end them.
pub const MAX_IDLE_TIME: Duration = Duration::from_secs(90);
/// Time for a client to take some of what is sent to it, and to answer a ping of HTTP/2.
pub const MAX_WRITE_TIME: Duration = Duration::from_secs(30);
/// Time for requests that are being answered when the server stops; systemd kills after 90 s.
pub const MAX_STOP_TIME: Duration = Duration::from_secs(30);
/// Time for a backend to say whether it is ready.
pub const MAX_READY_TIME: Duration = Duration::from_secs(5);

/// Points of one answer, those that `offset` passes over included: what one search keeps in sight.
pub const MAX_LIMIT: usize = 10_000;
/// Candidates that a search keeps in sight, whatever `hnsw_ef` asks for: as many as for [`MAX_LIMIT`] points when nothing is said.
/// From a twentieth of a graph's rows on, candidates cost as much as looking at every row, which `exact` may ask for anyway.
pub const MAX_HNSW_EF: usize = 2 * MAX_LIMIT;
/// Ids of one request: as many as one look-up of the zome takes.
pub const MAX_IDS: usize = rose_forest_api::MAX_IDS;
/// Points of one upsert: as many as one call of the zome takes.
pub const MAX_POINTS: usize = rose_forest_api::MAX_INSERT_ROWS;
/// Searches of one batch, and operations of one batch of writes: they run one after the other within one timeout.
pub const MAX_BATCH: usize = 256;
/// Prefetches of one query, all levels together: each is a search.
pub const MAX_PREFETCHES: usize = 64;
/// Levels of prefetches.
pub const MAX_PREFETCH_DEPTH: usize = 8;
/// Conditions of one filter, all levels together: each may be looked at for each row.
pub const MAX_CONDITIONS: usize = 1_024;
/// Examples of a recommendation: each row is scored against each.
pub const MAX_EXAMPLES: usize = 64;
/// Points of an answer when nothing is said.
pub const DEFAULT_LIMIT: usize = 10;
/// Points of a group when nothing is said.
pub const DEFAULT_GROUP_SIZE: usize = 3;
/// Values of a facet when nothing is said.
pub const DEFAULT_FACETS: usize = 10;

/// Clients that follow events at once, all collections together: each keeps a connection, and each change is read once for each.
pub const MAX_FOLLOWERS: usize = 64;
/// When to come again where too many follow.
pub const RETRY_FOLLOW_AFTER: Duration = Duration::from_secs(10);
/// Changes that are read at once for one that follows: with ids of the largest allowed size half a megabyte, usually a few kB.
pub const FOLLOW_PAGE: usize = 64;
/// Time after which one that follows hears that there is nothing new, and for a websocket to answer that.
pub const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Time for a websocket to take a message. Who takes longer is cut off, and goes on from its cursor when it comes back.
pub const MAX_SEND_TIME: Duration = Duration::from_secs(30);
/// Time for a websocket to answer that it is closed.
pub const MAX_CLOSE_TIME: Duration = Duration::from_secs(5);
/// Bytes of an answer that a client takes: many times a page of an export, and little enough for any machine's memory.
pub const MAX_ANSWER_BYTES: usize = 128 << 20;
/// Time for a client to connect.
pub const MAX_CONNECT_TIME: Duration = Duration::from_secs(10);
/// Time for a client without anything new of an answer that has begun.
pub const MAX_QUIET_TIME: Duration = Duration::from_secs(30);

/// Bytes of an invite: several times what the longest name and addresses need.
pub const MAX_INVITE_BYTES: usize = 8 * 1024;
