//! Qdrant's HTTP API, so that programs written for Qdrant work unchanged against a peer-to-peer collection.
//!
//! - [`Backend`] is what answers: a node, or the [`memory`] backend without any network.
//! - [`server`] is the API: routes, keys, limits, and the translation to a backend's terms.
//! - [`client`] asks such a server.
//! - [`local`] answers a backend's questions from a `LocalIndex`, and plans writes.
//! - [`snapshots`] are files of collections, portable between nodes.
//! - [`types`] are the JSON of requests and answers, in one place.
//!
//! Nothing here knows Holochain. What differs from Qdrant is in `docs/qdrant-differences.md`.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![forbid(unsafe_code)]

pub mod backend;
pub mod client;
pub mod limits;
pub mod local;
pub mod memory;
mod openapi;
mod query;
mod routes;
pub mod server;
pub mod snapshots;
pub mod types;

pub use backend::{Backend, BackendError};
pub use client::{Client, ClientError};
pub use server::{Config, Keys, PageFile, Serving, Tls, check_public, router, serve, serve_with};
