//! Reading the DHT, in batches, and noting what could not be seen.

use hdk::prelude::*;
use rose_forest_api::{Arc, Gap, Scope, View};
use rose_forest_integrity::LinkTypes;

/// One read: how far it looks, and what it missed so far.
pub struct Look {
    scope: Scope,
    view: View,
    network_failed: u32,
    /// Blocks that are linked and could not be had.
    pub blocks_missing: u32,
    /// Entries of cells that are linked and could not be had.
    pub cells_missing: u32,
}

/// The links to read from one base.
pub struct Links {
    base: AnyLinkableHash,
    types: LinkTypes,
    author: Option<AgentPubKey>,
}

impl Links {
    /// All links of a type.
    pub fn new(base: impl Into<AnyLinkableHash>, types: LinkTypes) -> Self {
        Self { base: base.into(), types, author: None }
    }

    /// Only those of one author, or of all.
    pub fn by(mut self, author: Option<&AgentPubKey>) -> Self {
        self.author = author.cloned();
        self
    }

    fn input(&self, strategy: GetStrategy) -> ExternResult<GetLinksInput> {
        let mut query = LinkQuery::try_new(self.base.clone(), self.types)?;
        query.author.clone_from(&self.author);
        Ok(GetLinksInput::from_query(query, GetOptions::from(strategy)))
    }
}

impl Look {
    /// A read as a caller asked for it.
    pub fn new(scope: Scope, view: View) -> Self {
        Self { scope, view, network_failed: 0, blocks_missing: 0, cells_missing: 0 }
    }

    /// A read of what this node holds, which is all that its own author needs.
    pub fn local() -> Self {
        Self::new(Scope::Local, View::FULL)
    }

    /// The links of several bases, in their order; ten bases at a time.
    pub fn links(&mut self, of: &[Links]) -> ExternResult<Vec<Vec<Link>>> {
        if of.is_empty() {
            return Ok(Vec::new());
        }
        let inputs =
            |strategy| of.iter().map(|links| links.input(strategy)).collect::<ExternResult<Vec<_>>>();
        if self.scope == Scope::Network {
            match HDK.with(|h| h.borrow().get_links(inputs(GetStrategy::Network)?)) {
                Ok(links) => return Ok(links),
                // A known peer could not be asked: what this node holds is the nearest to an answer.
                Err(_) => self.network_failed += 1,
            }
        }
        HDK.with(|h| h.borrow().get_links(inputs(GetStrategy::Local)?))
    }

    /// Records by their actions, in their order; ten at a time.
    pub fn records(&mut self, of: &[ActionHash]) -> ExternResult<Vec<Option<Record>>> {
        if of.is_empty() {
            return Ok(Vec::new());
        }
        let inputs = |options: GetOptions| -> Vec<_> {
            of.iter().map(|hash| GetInput::new(hash.clone().into(), options.clone())).collect()
        };
        if self.scope == Scope::Network {
            match HDK.with(|h| h.borrow().get(inputs(GetOptions::network()))) {
                Ok(records) => return Ok(records),
                Err(_) => self.network_failed += 1,
            }
        }
        HDK.with(|h| h.borrow().get(inputs(GetOptions::local())))
    }

    /// What was missed. Nothing means that the answer is complete as far as this node can know.
    pub fn gaps(&self) -> Vec<Gap> {
        let arc = match (self.view.arc, self.scope, self.view.reachable_peers) {
            (Arc::Full, ..) | (_, Scope::Network, Some(1..)) => None,
            (_, Scope::Network, Some(0)) => Some(Gap::NobodyToAsk),
            (_, Scope::Network, None) => Some(Gap::PeersUnknown),
            (Arc::Empty, Scope::Local, _) => Some(Gap::ArcNotFull),
            (Arc::Unknown, Scope::Local, _) => Some(Gap::ArcUnknown),
        };
        let counted = [
            (self.view.unreachable_peers, Gap::PeersUnreachable(self.view.unreachable_peers)),
            (self.network_failed, Gap::NetworkFailed(self.network_failed)),
            (self.blocks_missing, Gap::BlocksMissing(self.blocks_missing)),
            (self.cells_missing, Gap::CellsMissing(self.cells_missing)),
        ];
        let counted = counted.into_iter().filter(|(count, _)| *count > 0).map(|(_, gap)| gap);
        arc.into_iter().chain(counted).collect()
    }
}
