//! Reads that ask peers first: what these have and this node lacks is taken in, and then this node answers from its index. So every
//! kind of read, with every filter, sees what the others had, and an answer is of one moment.

use super::acknowledged::others_of_majority;
use super::{of_node, patience};
use crate::collections::Collection;
use crate::live::Live;
use crate::node::Node;
use rose_forest_http::backend::{BackendError, Consistency, ReadOptions};
use std::sync::Arc;
use tokio::time::Instant;

/// Whether a read asks other nodes at all.
pub(super) fn asks_others(options: ReadOptions) -> bool {
    !matches!(options.consistency, Consistency::Own | Consistency::Nodes(..=1))
}

/// Waits until enough nodes have nothing that this index lacks.
///
/// # Errors
/// [`BackendError::NotAnswered`] if they have not told so in time, [`BackendError::NotReady`] if this index has not caught up by
/// then with what this node itself knows.
pub(super) async fn wait(
    node: &Node,
    collection: &Collection,
    live: &Arc<Live>,
    options: ReadOptions,
) -> Result<(), BackendError> {
    let until = Instant::now() + patience(options.timeout);
    let peers = node.peers(collection).await.map_err(of_node)?;
    let expected = expected(options.consistency, peers.len());
    if expected == 0 {
        return Ok(());
    }
    if !live.caught_up_within(until.saturating_duration_since(Instant::now())).await {
        return Err(BackendError::NotReady);
    }
    let peers = peers.into_iter().map(|(peer, _)| peer).collect();
    let received = live.ask_peers(peers, expected, until).await;
    if received < expected { Err(BackendError::NotAnswered { expected, received }) } else { Ok(()) }
}

/// How many of the other nodes have to answer.
fn expected(consistency: Consistency, peers: usize) -> usize {
    match consistency {
        Consistency::Own => 0,
        Consistency::Nodes(nodes) => nodes.saturating_sub(1).min(peers),
        Consistency::Majority | Consistency::Quorum => others_of_majority(peers),
        Consistency::All => peers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_node_is_one_of_those_that_a_read_asks_for() {
        let of = |consistency| [0, 1, 2, 3, 4].map(|peers| expected(consistency, peers));
        assert_eq!(of(Consistency::Own), [0; 5]);
        assert_eq!(of(Consistency::All), [0, 1, 2, 3, 4]);
        for majority in [Consistency::Majority, Consistency::Quorum] {
            assert_eq!(of(majority), [0, 1, 1, 2, 2]);
        }
        assert_eq!(of(Consistency::Nodes(0)), [0; 5]);
        assert_eq!(of(Consistency::Nodes(1)), [0; 5]);
        assert_eq!(of(Consistency::Nodes(3)), [0, 1, 2, 2, 2]);
        assert_eq!(of(Consistency::Nodes(usize::MAX)), [0, 1, 2, 3, 4]);
    }
}
