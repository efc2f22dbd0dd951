//! The API over a real socket: a server with collections in memory, and a client of a few lines.
#![allow(clippy::unwrap_used)]

mod authors;
mod bounds;
mod collections;
mod keys;
mod openapi;
mod payloads;
mod points;
mod queries;
mod server;
