//! What each author says it has in each cell: read, merged, and said.
//!
//! Shares steer splits and merges. They never move a centre, so a forged count misleads nobody's search.

use crate::look::{Links, Look};
use hdk::prelude::*;
use rose_forest_core::shares::{Share, ShareView, Statement};
use rose_forest_integrity::{Centroid, EntryTypes, LinkTypes, anchor_hash};
use rose_forest_rules::{anchor::Anchor, centroid, reference::CellId};
use std::collections::BTreeMap;

/// A share of a cell is said again when its rows have changed by more than one in so many.
const CHANGE: u32 = 10;

/// All shares that are known, and the links to this agent's.
pub struct Known {
    /// Each author's newest statement.
    pub view: ShareView<AgentPubKey, CellId>,
    own_links: Vec<ActionHash>,
}

/// Reads everybody's shares.
pub fn read(agent: &AgentPubKey) -> ExternResult<Known> {
    let mut look = Look::local();
    let of = [Links::new(anchor_hash(Anchor::Shares), LinkTypes::SharesToCentroid)];
    let links: Vec<_> = look.links(&of)?.into_iter().flatten().collect();
    let own_links = links.iter().filter(|l| l.author == *agent).map(|l| l.create_link_hash.clone()).collect();
    let (authors, actions): (Vec<_>, Vec<_>) =
        links.into_iter().filter_map(|link| Some((link.author, link.target.into_action_hash()?))).unzip();
    let mut view = ShareView::new();
    for (author, record) in authors.into_iter().zip(look.records(&actions)?) {
        let centroid: Option<Centroid> = record.and_then(|r| r.entry().to_app_option().ok().flatten());
        if let Some(Centroid::Shares(shares)) = centroid {
            view.insert(author, statement(&shares));
        }
    }
    Ok(Known { view, own_links })
}

fn statement(shares: &centroid::Shares) -> Statement<CellId> {
    let share = |share: &centroid::Share| {
        let mean = share.mean.as_chunks().0.iter().map(|b| half::f16::from_le_bytes(*b).to_f32()).collect();
        (share.cell, Share { rows: share.rows, mean })
    };
    Statement { seq: shares.seq, shares: shares.shares.iter().map(share).collect() }
}

/// Says what this agent has now, if that differs enough from what it said before, and takes it into the view.
pub fn say(agent: &AgentPubKey, known: &mut Known, own: BTreeMap<CellId, Share>) -> ExternResult<()> {
    let said = known.view.statement(agent);
    let seq = said.map_or(1, |statement| statement.seq + 1);
    let nothing = BTreeMap::new();
    let before = said.map_or(&nothing, |statement| &statement.shares);
    if !differs(before, &own) {
        return Ok(());
    }
    let bytes = |x: &f32| half::f16::from_f32(x.clamp(-65504.0, 65504.0)).to_le_bytes();
    let shares = own
        .iter()
        .map(|(cell, share)| centroid::Share {
            cell: *cell,
            rows: share.rows,
            mean: share.mean.iter().flat_map(bytes).collect(),
        })
        .collect();
    let action = create_entry(EntryTypes::Centroid(Centroid::Shares(centroid::Shares { seq, shares })))?;
    create_link(anchor_hash(Anchor::Shares), action, LinkTypes::SharesToCentroid, ())?;
    for link in known.own_links.drain(..) {
        delete_link(link, GetOptions::local())?;
    }
    known.view.insert(agent.clone(), Statement { seq, shares: own });
    Ok(())
}

fn differs(before: &BTreeMap<CellId, Share>, now: &BTreeMap<CellId, Share>) -> bool {
    let rows = |of: &BTreeMap<CellId, Share>, cell| of.get(cell).map_or(0, |share| share.rows);
    before.keys().chain(now.keys()).any(|cell| {
        let (before, now) = (rows(before, cell), rows(now, cell));
        before.abs_diff(now) > before / CHANGE
    })
}
