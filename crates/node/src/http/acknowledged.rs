//! Waiting until peers say that they hold a write: their validation receipts.

use super::{of_node, patience};
use crate::collections::Collection;
use crate::live::Live;
use crate::node::Node;
use rose_forest_api::{ActionHash, AgentPubKey, WriteOutput};
use rose_forest_http::backend::{BackendError, Ordering};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// Between two looks. Receipts come by the network, a second after the write at the earliest.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Waits until enough peers have acknowledged every block of some writes.
///
/// # Errors
/// [`BackendError::NotAcknowledged`] if they have not in time.
pub(super) async fn wait(
    node: &Node,
    collection: &Collection,
    live: &Arc<Live>,
    outputs: &[WriteOutput],
    ordering: Ordering,
    within: Duration,
) -> Result<(), BackendError> {
    let until = Instant::now() + patience(within);
    let peers = node.peers(collection).await.map_err(of_node)?.len();
    let expected = expected(ordering, peers);
    let mut waiting: BTreeSet<&ActionHash> = outputs.iter().flat_map(|output| &output.blocks).collect();
    let mut received = 0;
    while let Ok(fewest) = timeout_at(until, look(collection, live, expected, &mut waiting)).await {
        received = fewest?;
        if waiting.is_empty() {
            return Ok(());
        }
        if timeout_at(until, sleep(LOOK_EVERY)).await.is_err() {
            break;
        }
    }
    Err(BackendError::NotAcknowledged { expected, received })
}

/// Leaves the blocks that fewer peers than expected have acknowledged, and returns how many that are for the block with the
/// fewest.
async fn look(
    collection: &Collection,
    live: &Live,
    expected: usize,
    waiting: &mut BTreeSet<&ActionHash>,
) -> Result<usize, BackendError> {
    let mut fewest = expected;
    for action in waiting.clone() {
        let said = live.acknowledged(action).await.map_err(of_node)?;
        let said = said.iter().filter(|peer: &&AgentPubKey| **peer != collection.agent).count();
        if said >= expected {
            waiting.remove(action);
        }
        fewest = fewest.min(said);
    }
    Ok(fewest)
}

/// How many of the other nodes have to acknowledge. This node counts in the majority.
fn expected(ordering: Ordering, peers: usize) -> usize {
    match ordering {
        Ordering::Weak => 0,
        Ordering::Medium => others_of_majority(peers),
        Ordering::Strong => peers,
    }
}

/// How many of so many other nodes make, with this one, more than half of all.
pub(super) fn others_of_majority(peers: usize) -> usize {
    peers.div_ceil(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_majority_is_more_than_half_of_all_nodes_this_one_included() {
        for peers in 0..20 {
            let medium = expected(Ordering::Medium, peers);
            assert!(2 * (medium + 1) > peers + 1, "{medium} of {peers}");
            assert!(medium == 0 || 2 * medium <= peers + 1, "{medium} of {peers} is more than needed");
            assert_eq!(expected(Ordering::Strong, peers), peers);
            assert_eq!(expected(Ordering::Weak, peers), 0);
        }
    }
}
