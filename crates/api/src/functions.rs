//! The functions of the coordinator zome.

/// Those that a client may call, by their names, in the order of the zome's source. `cargo verify` compares them with it. The
/// conductor's own callbacks are not among them.
pub const FUNCTIONS: [&str; 14] = [
    "send_to_nodes",
    "insert",
    "bulk_insert",
    "delete",
    "get",
    "scroll",
    "count",
    "search",
    "settle",
    "upkeep",
    "announce",
    "list_nodes",
    "collection_info",
    "cells",
];
