//! Valid things to begin from: a collection, agents, entries, and one link of each type.

use crate::{dht::Dht, ops::Link};
use hdi::prelude::*;
use rose_forest_integrity::{
    Centroid, EntryTypes, LinkTypes, NodeMetadata, Vector, anchor_hash, epoch_hash, hash_ref,
};
use rose_forest_rules::{
    anchor::Anchor as Base,
    block::{BlockBuilder, BlockView},
    centroid::{CELL_LEVEL, Cells, REGION_LEVEL, Share, Shares},
    id::PointId,
    metadata::{self, Holds, NodeStatus},
    reference::{CellId, HashRef},
    schema::{Distance, Encoding, Schema},
    tag::{CellTag, FreshTag, epoch_tag, region_tag},
};

/// The time of the actions, in microseconds.
pub const NOW: i64 = 1_800_000_000_000_000;
/// The epoch of the fresh block.
pub const EPOCH: u32 = 5;

pub fn schema() -> Schema {
    Schema::new("forest", 2, Distance::Euclid, Encoding::F32).unwrap()
}

pub fn rose() -> AgentPubKey {
    AgentPubKey::from_raw_32(vec![11; 32])
}

pub fn thorn() -> AgentPubKey {
    AgentPubKey::from_raw_32(vec![12; 32])
}

pub fn floats(components: &[f32]) -> Vec<u8> {
    components.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// A block with the rows (3, 4) and (0, 1); what that is in another collection than ours does not matter.
pub fn block_of(schema: &Schema, cell: Option<CellId>, replaces: &[HashRef], written_at: i64) -> Vector {
    let (three, four) = (PointId::from(3), PointId::from(4));
    let code = |x: f32, y: f32| {
        let mut code = floats(&[x, y]);
        code.resize(schema.code_bytes(), 0);
        code
    };
    let (far, near) = (code(3.0, 4.0), code(0.0, 1.0));
    let mut block = BlockBuilder::new(schema, cell);
    for hash in replaces {
        block.replace(*hash).unwrap();
    }
    block.push(&three, written_at, &far, b"{\"colour\":\"red\"}").unwrap();
    block.push(&four, written_at, &near, b"").unwrap();
    Vector { block: block.finish().unwrap() }
}

pub fn block(cell: Option<CellId>) -> EntryTypes {
    EntryTypes::Vector(block_of(&schema(), cell, &[], NOW))
}

/// Two regions, around (0, 0) and (10, 10).
pub fn regions() -> Cells {
    Cells { level: REGION_LEVEL, parent: None, centres: floats(&[0.0, 0.0, 10.0, 10.0]) }
}

/// Three cells inside the region `index` of an entry of regions.
pub fn cells(founding: &ActionHash, index: u16) -> Cells {
    Cells {
        level: CELL_LEVEL,
        parent: Some(cell(founding, index)),
        centres: floats(&[9.0, 9.0, 11.0, 11.0, 0.0, 0.0]),
    }
}

pub fn cell(founding: &ActionHash, index: u16) -> CellId {
    CellId { founding: hash_ref(founding), index }
}

pub fn founded(cells: Cells) -> EntryTypes {
    EntryTypes::Centroid(Centroid::Cells(cells))
}

pub fn shares(founding: &ActionHash) -> EntryTypes {
    let share = Share { cell: cell(founding, 0), rows: 2, mean: vec![0; 4] };
    EntryTypes::Centroid(Centroid::Shares(Shares { seq: 1, shares: vec![share] }))
}

pub fn metadata(agent: &AgentPubKey) -> EntryTypes {
    EntryTypes::NodeMetadata(NodeMetadata(metadata::NodeMetadata {
        agent: hash_ref(agent),
        name: "a node".into(),
        software: "rose-forest 0.1.0".into(),
        capabilities: vec!["search".into()],
        holds: Holds::Everything,
        rows: 2,
        status: NodeStatus::Ready,
    }))
}

/// A DHT with one of everything. Thorn founded the regions and cells, Rose wrote the rest.
pub struct Forest {
    pub dht: Dht,
    pub regions: ActionHash,
    pub cells: ActionHash,
    pub fresh_block: ActionHash,
    /// In the third of the cells, whose centre is (0, 0); so the radius is 5.
    pub block: ActionHash,
    pub shares: ActionHash,
    pub metadata: ActionHash,
}

/// What the settled block replaces.
pub fn replaced() -> HashRef {
    hash_ref(&ActionHash::from_raw_32(vec![77; 32]))
}

pub fn forest() -> Forest {
    let mut dht = Dht::new(&schema());
    let regions = dht.create(&thorn(), founded(regions()));
    let cells = dht.create(&thorn(), founded(cells(&regions, 1)));
    let fresh_block = dht.create(&rose(), block(None));
    let settled = block_of(&schema(), Some(cell(&cells, 2)), &[replaced()], NOW);
    let block = dht.create(&rose(), EntryTypes::Vector(settled));
    let shares = dht.create(&rose(), shares(&cells));
    let metadata = dht.create(&rose(), metadata(&rose()));
    Forest { dht, regions, cells, fresh_block, block, shares, metadata }
}

impl Forest {
    /// A valid link of this type, by Rose.
    pub fn link(&self, link_type: LinkTypes) -> Link {
        let anchor = |base| AnyLinkableHash::from(anchor_hash(base));
        let epoch = AnyLinkableHash::from(epoch_hash(&rose(), EPOCH));
        let to = |hash: &ActionHash| AnyLinkableHash::from(hash.clone());
        let (base, target, tag) = match link_type {
            LinkTypes::FreshToEpoch => (anchor(Base::Fresh), epoch, epoch_tag(EPOCH)),
            LinkTypes::EpochToBlock => {
                let tag = FreshTag { epoch: EPOCH, rows: 2, tombstones: 0 };
                (epoch, to(&self.fresh_block), tag.to_bytes())
            }
            LinkTypes::RoutingToRegions => (anchor(Base::Routing), to(&self.regions), Vec::new()),
            LinkTypes::RegionToCells => (to(&self.regions), to(&self.cells), region_tag(1)),
            LinkTypes::CellToBlock => (to(&self.cells), to(&self.block), self.true_tag().to_bytes()),
            LinkTypes::SharesToCentroid => (anchor(Base::Shares), to(&self.shares), Vec::new()),
            LinkTypes::NodesToMetadata => (anchor(Base::Nodes), to(&self.metadata), Vec::new()),
        };
        Link { author: rose(), link_type, base, target, tag }
    }

    /// What is true of the settled block in its cell.
    pub fn true_tag(&self) -> CellTag {
        let settled = block_of(&schema(), Some(cell(&self.cells, 2)), &[replaced()], NOW);
        let tag = CellTag::of(&BlockView::parse(&settled.block).unwrap(), 2, &[0.0, 0.0]);
        assert_eq!((tag.rows, tag.radius(), tag.replaces.as_slice()), (2, 5.0, [replaced()].as_slice()));
        tag
    }
}
