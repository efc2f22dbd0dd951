//! What is true before the lies begin, of the liar and of the judge; and what a lie is.

use holochain::prelude::{ActionHash, AgentPubKey, ChainOpType, Timestamp};
use rose_forest_rules::{
    anchor::Anchor,
    block::BlockView,
    centroid::{CELL_LEVEL, Cells, REGION_LEVEL, Share, Shares},
    metadata::{Holds, NodeMetadata, NodeStatus},
    reference::CellId,
    schema::Schema,
    tag::{CellTag, FreshTag, epoch_tag, region_tag},
};
use rose_forest_sweettest::{
    Act, CentroidEntry, EntryKind, LinkKind, Network, Node, RawBlock, VectorEntry, anchor, entry_bytes,
    epoch, hash_ref, schema, topic,
};

/// Components of a vector.
pub const D: usize = 8;
/// Ids from here on stand in blocks that break a rule.
pub const LIES_FROM: u64 = 1_000;
/// The liar's epoch.
pub const EPOCH: u32 = 1;

/// One invalid action.
pub struct Lie {
    /// What is wrong with it.
    pub name: &'static str,
    /// The action.
    pub act: Act,
    /// Whether one has to look up what a link refers to in order to see it. That is done on the link op alone, and
    /// whoever holds just the record accepts it.
    pub needs_look_up: bool,
}

impl Lie {
    /// A lie that shows in the action and its entry.
    pub fn new(name: &'static str, act: Act) -> Lie {
        Lie { name, act, needs_look_up: false }
    }

    /// The same, of a link that has the right form and refers to something that it must not.
    pub fn seen_by_look_up(self) -> Lie {
        Lie { needs_look_up: true, ..self }
    }

    /// The ops that peers have to refuse. What an agent's activity says of the action is not among them: it does
    /// not carry the content.
    pub fn ops(&self) -> Vec<ChainOpType> {
        match &self.act {
            Act::Link { .. } if self.needs_look_up => vec![ChainOpType::CreateLink],
            Act::Entry { private: true, .. } => vec![ChainOpType::CreateRecord],
            Act::Entry { .. } => vec![ChainOpType::CreateRecord, ChainOpType::CreateEntry],
            Act::Update { .. } => vec![
                ChainOpType::CreateRecord,
                ChainOpType::CreateEntry,
                ChainOpType::UpdateRecord,
                ChainOpType::UpdateEntry,
            ],
            Act::Delete { .. } => {
                vec![ChainOpType::CreateRecord, ChainOpType::DeleteRecord, ChainOpType::DeleteEntry]
            }
            Act::Link { .. } => vec![ChainOpType::CreateRecord, ChainOpType::CreateLink],
            Act::DeleteLink { .. } => vec![ChainOpType::CreateRecord, ChainOpType::DeleteLink],
        }
    }

    /// Whether the conductor itself stops it, before our rules are asked: an entry that is private and of a type that
    /// is not. It never integrates such an op, and never says that it rejects it.
    pub fn is_held_back(&self) -> bool {
        matches!(self.act, Act::Entry { private: true, .. })
    }

    /// Whether it is a `Vector` entry.
    pub fn is_block(&self) -> bool {
        matches!(self.act, Act::Entry { entry_type, .. } if entry_type == EntryKind::Vector as u8)
    }
}

/// True entries and links.
pub struct World {
    /// The collection's schema.
    pub schema: Schema,
    /// Microseconds since 1970.
    pub now: i64,
    /// The liar.
    pub liar: AgentPubKey,
    /// The judge.
    pub judge: AgentPubKey,
    /// The entry of two regions.
    pub regions: ActionHash,
    /// The two cells of the first region.
    pub cells: ActionHash,
    /// The centre of the first cell.
    pub centre: Vec<f32>,
    /// The bytes of the liar's block in the first cell.
    pub block_bytes: Vec<u8>,
    /// The liar's own.
    pub own: Belongings,
    /// The liar's fresh block.
    pub fresh: ActionHash,
    /// The judge's.
    pub theirs: Belongings,
    /// A link of the judge's from a cell to its block.
    pub their_link: ActionHash,
    /// All that was signed so far: what it is, and an op that has to be valid.
    pub truths: Vec<(&'static str, ActionHash, ChainOpType)>,
}

/// What an agent has of each kind.
pub struct Belongings {
    /// A block in the first cell.
    pub block: ActionHash,
    /// Its shares.
    pub shares: ActionHash,
    /// What it says of its node.
    pub metadata: ActionHash,
}

impl World {
    /// Has the liar and the judge sign what is true.
    pub async fn build(network: &Network, liar: &Node, judge: &Node) -> Self {
        let schema = schema(D);
        let now = Timestamp::now().as_micros();
        let centre = topic(D, 0, 0);
        let founding = |cells: Cells| Act::entry(EntryKind::Centroid, &CentroidEntry::Cells(cells));
        let [regions] = one(liar.act(vec![founding(regions_entry())]).await);
        let parent = CellId { founding: hash_ref(&regions), index: 0 };
        let [cells] = one(liar.act(vec![founding(cells_entry(parent))]).await);
        let cell = CellId { founding: hash_ref(&cells), index: 0 };

        let block = |id| RawBlock::of(&schema, Some(cell), now, &[(id, topic(D, 0, id))]).bytes();
        let (block_bytes, their_bytes) = (block(1), block(3));
        let fresh_block = RawBlock::of(&schema, None, now, &[(2, topic(D, 1, 2))]).bytes();
        let things = |bytes: &Vec<u8>, node: &Node| {
            vec![
                Act::block(bytes.clone()),
                Act::entry(EntryKind::Centroid, &CentroidEntry::Shares(shares_entry(cell))),
                Act::entry(EntryKind::NodeMetadata, &metadata_entry(&node.agent())),
            ]
        };
        let [block, shares, metadata] = one(liar.act(things(&block_bytes, liar)).await);
        let own = Belongings { block, shares, metadata };
        let [fresh] = one(liar.act(vec![Act::block(fresh_block)]).await);
        let me = liar.agent();
        let tag = |bytes: &[u8]| CellTag::of(&BlockView::parse(bytes).unwrap(), 0, &centre).to_bytes();
        let fresh_tag = FreshTag { epoch: EPOCH, rows: 1, tombstones: 0 }.to_bytes();
        let links = vec![
            Act::link(LinkKind::RoutingToRegions, anchor(Anchor::Routing), regions.clone(), vec![]),
            Act::link(LinkKind::RegionToCells, regions.clone(), cells.clone(), region_tag(0)),
            Act::link(LinkKind::CellToBlock, cells.clone(), own.block.clone(), tag(&block_bytes)),
            Act::link(LinkKind::FreshToEpoch, anchor(Anchor::Fresh), epoch(&me, EPOCH), epoch_tag(EPOCH)),
            Act::link(LinkKind::EpochToBlock, epoch(&me, EPOCH), fresh.clone(), fresh_tag),
            Act::link(LinkKind::SharesToCentroid, anchor(Anchor::Shares), own.shares.clone(), vec![]),
            Act::link(LinkKind::NodesToMetadata, anchor(Anchor::Nodes), own.metadata.clone(), vec![]),
        ];
        let links = liar.act(links).await;
        network.settled_down().await;

        let [block, shares, metadata] = one(judge.act(things(&their_bytes, judge)).await);
        let theirs = Belongings { block, shares, metadata };
        let their_link =
            Act::link(LinkKind::CellToBlock, cells.clone(), theirs.block.clone(), tag(&their_bytes));
        let [their_link] = one(judge.act(vec![their_link]).await);
        network.settled_down().await;

        let entries = [
            ("regions", &regions),
            ("cells", &cells),
            ("a block in a cell", &own.block),
            ("a fresh block", &fresh),
            ("shares", &own.shares),
            ("metadata", &own.metadata),
        ];
        let entries = entries.map(|(name, action)| (name, action.clone(), ChainOpType::CreateEntry));
        let links = links.into_iter().map(|action| ("a link", action, ChainOpType::CreateLink));
        let truths = entries.into_iter().chain(links).collect();
        Self {
            schema,
            now,
            liar: me,
            judge: judge.agent(),
            regions,
            cells,
            centre,
            block_bytes,
            own,
            fresh,
            theirs,
            their_link,
            truths,
        }
    }

    /// The first cell.
    pub fn cell(&self) -> CellId {
        CellId { founding: hash_ref(&self.cells), index: 0 }
    }

    /// The first region.
    pub fn region(&self) -> CellId {
        CellId { founding: hash_ref(&self.regions), index: 0 }
    }

    /// The true tag of the liar's block in the first cell.
    pub fn tag(&self) -> CellTag {
        CellTag::of(&BlockView::parse(&self.block_bytes).unwrap(), 0, &self.centre)
    }

    /// A link from the liar's epoch to a block of one row.
    pub fn fresh_link(&self, block: &ActionHash) -> Act {
        let tag = FreshTag { epoch: EPOCH, rows: 1, tombstones: 0 };
        Act::link(LinkKind::EpochToBlock, epoch(&self.liar, EPOCH), block.clone(), tag.to_bytes())
    }
}

/// Two regions.
pub fn regions_entry() -> Cells {
    Cells { level: REGION_LEVEL, parent: None, centres: centres(&[0, 4]) }
}

/// Two cells in a region, the first of them at axis 0.
pub fn cells_entry(parent: CellId) -> Cells {
    Cells { level: CELL_LEVEL, parent: Some(parent), centres: centres(&[0, 2]) }
}

/// Centres on these axes, little-endian f32.
pub fn centres(axes: &[usize]) -> Vec<u8> {
    axes.iter().flat_map(|axis| topic(D, *axis, 0)).flat_map(f32::to_le_bytes).collect()
}

/// One row in one cell.
pub fn shares_entry(cell: CellId) -> Shares {
    Shares { seq: 1, shares: vec![Share { cell, rows: 1, mean: vec![0; D * 2] }] }
}

/// What a node says of itself.
pub fn metadata_entry(agent: &AgentPubKey) -> NodeMetadata {
    NodeMetadata {
        agent: hash_ref(agent),
        name: "a node".to_owned(),
        software: "test 1".to_owned(),
        capabilities: vec![],
        holds: Holds::Everything,
        rows: 1,
        status: NodeStatus::Ready,
    }
}

/// A block whose scale is twice what it has to be.
pub fn one_forged_block(id: u64) -> Act {
    let now = Timestamp::now().as_micros();
    let block = RawBlock::of(&schema(D), None, now, &[(id, topic(D, 0, id))]).but(|block| {
        let code = &mut block.codes[0];
        let scale = f32::from_le_bytes(code[D..].try_into().unwrap()) * 2.0;
        code[D..].copy_from_slice(&scale.to_le_bytes());
    });
    Act::raw_entry(EntryKind::Vector, entry_bytes(&VectorEntry { block: block.into() }))
}

fn one<const N: usize>(actions: Vec<ActionHash>) -> [ActionHash; N] {
    actions.try_into().unwrap()
}
