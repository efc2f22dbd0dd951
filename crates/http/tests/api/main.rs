//! The API over a real socket: a server with collections in memory, and a client of a few lines.
#![allow(clippy::unwrap_used)]

mod aliases;
mod authors;
mod bounds;
mod client;
mod collections;
mod events;
mod forest;
mod jwt;
mod keys;
mod openapi;
mod operations;
mod payloads;
mod points;
mod queries;
mod server;
mod site;
mod slow;
mod snapshots;
mod tls;
