//! What is asked of a backend beyond Qdrant: who takes part, who wrote what, what is new, and what proves a point.

use super::{Found, With};
use rose_forest_api::{ActionHash, AgentPubKey, Arc, DnaHash, NodeInfo, PointId, Schema};
use rose_forest_engine::local::IndexReport;
use rose_forest_store::{EventCursor, EventKind, Filter};
use std::time::Duration;

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeState {
    /// The program and its version.
    pub software: String,
    /// Who writes for it; nobody before the first collection.
    pub agent: Option<AgentPubKey>,
    /// Its collections, by name; those that it has left and could enable again, too.
    pub collections: Vec<NodeCollection>,
}

/// A collection, as a node takes part in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeCollection {
    /// Its name, and what its vectors are like.
    pub schema: Schema,
    /// What this node's API calls its vector; empty for none.
    pub vector_name: String,
    /// The identity of its network, where it has one.
    pub hash: Option<DnaHash>,
    /// Who writes for this node.
    pub agent: AgentPubKey,
    /// Where its peers meet; nowhere if it lives on this node alone.
    pub meeting: Option<Meeting>,
    /// Whether the node takes part; false once it has left.
    pub takes_part: bool,
    /// Whether its index holds all that this node has received.
    pub is_caught_up: bool,
    /// How much of it this node stores.
    pub arc: Arc,
    /// Other nodes that are known and seem to be there.
    pub reachable_peers: u32,
    /// Other nodes that are known and did not answer.
    pub unreachable_peers: u32,
}

/// Where the peers of a collection meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// The address where they find each other.
    pub bootstrap: String,
    /// The address of what carries their first words.
    pub relay: String,
}

/// A collection that was joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Its name on this node.
    pub name: String,
    /// The identity of its network.
    pub hash: DnaHash,
    /// Whether this node took part in it already.
    pub was_here: bool,
}

/// Another node of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Who writes for it.
    pub agent: AgentPubKey,
    /// Whether it seems to be there: its address is known, and it has not failed to answer since.
    pub is_reachable: bool,
    /// What it said of itself last, if it ever did.
    pub announced: Option<NodeInfo>,
}

/// An author of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Its key.
    pub author: AgentPubKey,
    /// Its points that are there: all of them, also those that stand behind another author's of the same id.
    pub points: u64,
    /// The newest time of its rows, deletions included, among what the DHT has delivered, in microseconds since 1970. Nothing
    /// before the first.
    pub newest_write_micros: Option<i64>,
}

/// How far this node is with a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncState {
    /// Whether its index holds all that this node has received.
    pub is_caught_up: bool,
    /// How long the oldest block that this node has received waits for the index, where that is known; zero for none.
    pub lag: Option<Duration>,
    /// Where its rows lie, and what its index takes.
    pub index: IndexReport,
    /// Blocks of which their authors' signed word is all there is: the DHT has not delivered them yet.
    pub unconfirmed_blocks: u64,
    /// Writes that are logged and not on the chain yet.
    pub queue: QueueState,
    /// Actions on this node's own chain, where it has one.
    pub chain_length: Option<u64>,
    /// How much of the collection this node stores.
    pub arc: Arc,
}

/// Writes that wait for the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueState {
    /// How many.
    pub writes: u64,
    /// Their bytes in the log.
    pub bytes: u64,
    /// Why the chain takes nothing at present, if so. They wait.
    pub trouble: Option<String>,
}

/// A page of everybody's points to read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScrollAll {
    /// Whose; nobody in particular for everybody's.
    pub author: Option<AgentPubKey>,
    /// What points have to fulfil.
    pub filter: Option<Filter>,
    /// Where the page begins.
    pub start: AllStart,
    /// How many.
    pub limit: usize,
    /// What to bring of them.
    pub with: With,
}

/// Where a page of everybody's points begins. They are in the order of their ids, and those of one id in an order of this
/// node's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AllStart {
    /// At the first point.
    #[default]
    First,
    /// At this id.
    At(PointId),
    /// After this author's point of this id.
    After(PointId, AgentPubKey),
}

/// A page of everybody's points.
#[derive(Clone, Debug, PartialEq)]
pub struct ScrolledAll {
    /// Its points.
    pub points: Vec<Found>,
    /// The last one of the page, after which the next page begins; nothing where there is none.
    pub next: Option<(PointId, AgentPubKey)>,
}

/// What a client needs to check a point by itself. `docs/PROOFS.md` has the steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The point's id.
    pub id: PointId,
    /// Who wrote it: the public key that the signature is by.
    pub author: AgentPubKey,
    /// The hash of the action.
    pub action: ActionHash,
    /// The action, as it was hashed and signed: MessagePack, as Holochain serializes an `Action`.
    pub signed_action: Vec<u8>,
    /// The author's Ed25519 signature of those bytes: 64 bytes.
    pub signature: Vec<u8>,
    /// The block, whose layout is in `crates/rules/src/block.rs`: what the `Vector` entry has under `block`.
    pub block: Vec<u8>,
    /// Which of the block's rows the point is, from 0 on; live rows come first.
    pub row: u32,
    /// Whether the DHT has delivered the action. Otherwise nobody has checked yet that it stands on its author's chain.
    pub confirmed: bool,
}

impl Proof {
    /// The bytes of the entry whose hash the action names, made from the block: MessagePack, as Holochain serializes an
    /// `Entry`. Cost: two copies of the block.
    pub fn entry_bytes(&self) -> Vec<u8> {
        let mut vector = b"\x81\xa5block".to_vec();
        push_bytes(&mut vector, &self.block);
        let mut entry = b"\x82\xaaentry_type\xa3App\xa5entry".to_vec();
        push_bytes(&mut entry, &vector);
        entry
    }
}

/// Appends bytes as MessagePack has them, in the shortest form.
fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = bytes.len();
    if let Ok(length) = u8::try_from(length) {
        out.extend([0xc4, length]);
    } else if let Ok(length) = u16::try_from(length) {
        out.push(0xc5);
        out.extend(length.to_be_bytes());
    } else {
        out.push(0xc6);
        // A block has at most 4 MiB.
        out.extend((length as u32).to_be_bytes());
    }
    out.extend_from_slice(bytes);
}

/// What became of points of one author. To apply one twice is to apply it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it stands: who keeps it can go on from here.
    pub cursor: EventCursor,
    /// What became of them.
    pub kind: EventKind,
    /// Whose points they are.
    pub author: AgentPubKey,
    /// The action that carries what counts of them now: their rows, or the tombstones. Where an unconfirmed block was taken back
    /// and nothing is left, the action of that block.
    pub action: ActionHash,
    /// Whether the DHT has delivered that action. When it does later on, the change is told again.
    pub confirmed: bool,
    /// How many points.
    pub rows: u64,
    /// Which: the first of them, at most [`rose_forest_store::MAX_EVENT_IDS`] and fewer where ids are long.
    pub ids: Vec<PointId>,
}

/// A page of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The changes, the oldest first.
    pub changes: Vec<Change>,
    /// Where the next page begins.
    pub next: EventCursor,
    /// Whether changes after the given cursor are no longer there. Then the page has none, and `next` is the newest: who reads
    /// all points after that and goes on from it misses nothing.
    pub lost: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(length: usize) -> Vec<u8> {
        let proof = Proof {
            id: PointId::Int(1),
            author: AgentPubKey::from_raw_32(vec![1; 32]),
            action: ActionHash::from_raw_32(vec![2; 32]),
            signed_action: Vec::new(),
            signature: Vec::new(),
            block: vec![b'x'; length],
            row: 0,
            confirmed: true,
        };
        proof.entry_bytes()
    }

    #[test]
    fn an_entry_is_made_from_its_block_as_message_pack_has_it() {
        assert_eq!(entry(2), b"\x82\xaaentry_type\xa3App\xa5entry\xc4\x0b\x81\xa5block\xc4\x02xx");
        // Lengths of the inner and of the outer bytes, around those at which their headers grow.
        let headers: [(usize, &[u8], &[u8]); 8] = [
            (246, b"\xc4\xff", b"\xc4\xf6"),
            (247, b"\xc5\x01\x00", b"\xc4\xf7"),
            (255, b"\xc5\x01\x08", b"\xc4\xff"),
            (256, b"\xc5\x01\x0a", b"\xc5\x01\x00"),
            (65_525, b"\xc5\xff\xff", b"\xc5\xff\xf5"),
            (65_526, b"\xc6\x00\x01\x00\x00", b"\xc5\xff\xf6"),
            (65_535, b"\xc6\x00\x01\x00\x09", b"\xc5\xff\xff"),
            (65_536, b"\xc6\x00\x01\x00\x0c", b"\xc6\x00\x01\x00\x00"),
        ];
        for (length, outer, inner) in headers {
            let expected = [b"\x82\xaaentry_type\xa3App\xa5entry", outer, b"\x81\xa5block", inner].concat();
            let entry = entry(length);
            assert!(entry.starts_with(&expected), "{length}: {:02x?}", &entry[..40]);
            assert_eq!(entry.len(), expected.len() + length);
        }
    }
}
