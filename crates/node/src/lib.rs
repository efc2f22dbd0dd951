//! The program `rose-forest`: a node with an embedded conductor, and its command line.
//!
//! [`node::Node`] is a running conductor; [`requests::Request`] is all that can be asked of it, in this process or
//! through the control socket of the one that serves, or over HTTP ([`control::Door`]). The command line reads files and prints
//! answers; it knows no Holochain.

mod background;
pub mod bootstrap;
mod calls;
pub mod cli;
pub mod collections;
mod conductor;
pub mod control;
pub mod data_dir;
pub mod demo;
mod dht;
pub mod dnas;
mod failure;
pub mod http;
pub mod invite;
pub mod journal;
mod keystore;
pub mod live;
pub mod load;
mod locked;
pub mod network;
pub mod node;
mod notes;
mod op_databases;
mod page;
pub mod page_cache;
pub mod passphrase;
pub mod readers;
pub mod remote;
pub mod requests;
pub mod saved;
pub mod serve;
pub mod text;
pub mod view;
mod warrants;
mod writes;

/// The program and its version, as other nodes see it.
pub const SOFTWARE: &str = concat!("rose-forest ", env!("CARGO_PKG_VERSION"));
