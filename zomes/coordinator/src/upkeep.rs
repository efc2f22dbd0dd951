//! Upkeep: keeping cells in shape, within a budget, because what is rewritten stays on every peer for ever.
//!
//! An author moves only its own rows. Which cells split and which give way follows from everybody's shares and is
//! decided alike by all who see the same. The blocks that a call writes name those that they replace; `settle`
//! links the new ones and, once that is known to others, takes the old ones out.

use crate::{
    blocks::{self, Block},
    cells::{self, Map},
    chain::Chain,
    collection::schema,
    fail::OrFail,
    look::Look,
    own::{self, Row},
    routes, shares,
    versions::{Newest, Opened},
};
use hdk::prelude::*;
use ndarray::ArrayView2;
use rose_forest_api::*;
use rose_forest_core::{
    routing::{CellState, Router, Upkeep, plan_cells, split_cell, upkeep_plan},
    shares::Share,
};
use rose_forest_integrity::hash_ref;
use rose_forest_rules::{code::decode_row, limits::MAX_REPLACES, reference::CellId};
use std::collections::{BTreeMap, BTreeSet};

/// Own blocks in one cell from which they are gathered into one.
const MAX_BLOCKS_PER_CELL: usize = 4;
/// Blocks are written anew when one row in so many no longer holds.
const DEAD_SHARE: usize = 4;
/// A crowded cell is split only if its rows stay in it: if one in so many has a nearer cell, they move instead.
const MOVES_SHARE: usize = 4;
/// What the random choices in a split follow from.
const SPLIT_SEED: u64 = 0x5370_6c69;

/// What this agent has in one cell.
#[derive(Default)]
struct Holding {
    blocks: Vec<ActionHash>,
    links: Vec<ActionHash>,
    live: usize,
    dead: usize,
    sum: Vec<f64>,
}

/// See [`crate::upkeep`].
pub fn upkeep(input: &UpkeepInput) -> ExternResult<UpkeepOutput> {
    let schema = schema()?;
    let agent = agent_info()?.agent_initial_pubkey;
    let chain = Chain::read()?;
    let mut out = UpkeepOutput::default();
    if !chain.unlinked.is_empty() || !chain.replaced().is_empty() {
        // What an earlier call wrote has to be linked, and what it replaced taken out, by `settle` first.
        out.more = true;
        return Ok(out);
    }
    let mut work = Work {
        budget: input.budget_bytes.unwrap_or(DEFAULT_UPKEEP_BYTES),
        map: Map::whole(&mut Look::local(), schema.dimension())?,
        holdings: holdings(&schema, &agent, &chain)?,
        schema,
        agent,
        out,
    };
    let plan = work.plan()?;
    let retiring: BTreeSet<CellId> = plan
        .iter()
        .filter_map(|upkeep| match upkeep {
            Upkeep::Retire { cell, .. } => Some(*cell),
            Upkeep::Split(_) => None,
        })
        .collect();
    work.out.cells_retiring = retiring.len() as u32;
    let mut router = work.map.without(&retiring).router(work.schema.distance)?;
    for upkeep in plan {
        match upkeep {
            Upkeep::Retire { cell, .. } => work.rewrite(cell, Some(&router))?,
            Upkeep::Split(cell) => {
                work.split(cell, &mut router)?;
                work.rewrite(cell, Some(&router))?;
            }
        }
    }
    for cell in work.scattered() {
        work.rewrite(cell, None)?;
    }
    let empty_ms = i64::from(input.empty_ms.unwrap_or(DEFAULT_EMPTY_MS));
    work.drop_empty(empty_ms)?;
    Ok(work.out)
}

/// What this agent has in each cell, by its chain. Cost: reads all its blocks, a cell at a time.
fn holdings(schema: &Schema, agent: &AgentPubKey, chain: &Chain) -> ExternResult<BTreeMap<CellId, Holding>> {
    let mut holdings = BTreeMap::<CellId, Holding>::new();
    for link in &chain.links {
        let holding = holdings.entry(link.cell).or_default();
        holding.blocks.push(link.block.clone());
        holding.links.push(link.link.clone());
    }
    let mut floats = vec![0.0; schema.dimension()];
    for holding in holdings.values_mut() {
        holding.sum = vec![0.0; schema.dimension()];
        let blocks = load(schema, agent, &holding.blocks)?;
        let opened = Opened::all(&blocks)?;
        let newest = Newest::new(&opened);
        for block in &opened {
            for row in 0..block.view.live_rows() {
                if !newest.holds(block, row) {
                    holding.dead += 1;
                    continue;
                }
                holding.live += 1;
                decode_row(schema.encoding, block.view.code(row).unwrap_or_default(), &mut floats);
                holding.sum.iter_mut().zip(&floats).for_each(|(sum, x)| *sum += f64::from(*x));
            }
        }
    }
    Ok(holdings)
}

fn load(schema: &Schema, agent: &AgentPubKey, actions: &[ActionHash]) -> ExternResult<Vec<Block>> {
    let wanted: Vec<_> = actions.iter().map(|action| (agent.clone(), action.clone())).collect();
    blocks::load(&mut Look::local(), schema, &wanted)
}

struct Work {
    schema: Schema,
    agent: AgentPubKey,
    map: Map,
    holdings: BTreeMap<CellId, Holding>,
    budget: u64,
    out: UpkeepOutput,
}

impl Work {
    /// Says what this agent has, and decides by what everybody has.
    fn plan(&self) -> ExternResult<Vec<Upkeep<CellId>>> {
        let mut known = shares::read(&self.agent)?;
        let own = self.holdings.iter().filter(|(_, holding)| holding.live > 0).map(|(cell, holding)| {
            let mean = holding.sum.iter().map(|sum| (sum / holding.live as f64) as f32).collect();
            (*cell, Share { rows: holding.live as u32, mean })
        });
        shares::say(&self.agent, &mut known, own.collect())?;
        let totals = known.view.totals();
        let states: Vec<_> = self
            .map
            .cells
            .iter()
            .map(|cell| CellState {
                key: cell.centre.id,
                rows: totals.get(&cell.centre.id).map_or(0, |total| total.rows),
                centre: &cell.centre.components,
            })
            .collect();
        Ok(upkeep_plan(self.schema.distance, &states))
    }

    /// Founds cells beside a crowded one, from this agent's rows in it, unless enough of those have a nearer cell
    /// already, or this agent has too few to speak for the cell.
    fn split(&mut self, cell: CellId, router: &mut Router<CellId>) -> ExternResult<()> {
        let Some(holding) = self.holdings.get(&cell) else { return Ok(()) };
        let total: usize = self.holdings.values().map(|holding| holding.live).sum();
        let planned = total / plan_cells(total).max(1);
        if holding.live < planned.max(2) {
            return Ok(());
        }
        let blocks = load(&self.schema, &self.agent, &holding.blocks)?;
        let opened = Opened::all(&blocks)?;
        let newest = Newest::new(&opened);
        let dimension = self.schema.dimension();
        let mut floats = Vec::with_capacity(holding.live * dimension);
        for block in &opened {
            for row in (0..block.view.live_rows()).filter(|row| newest.holds(block, *row)) {
                let start = floats.len();
                floats.resize(start + dimension, 0.0);
                let code = block.view.code(row).unwrap_or_default();
                decode_row(self.schema.encoding, code, floats.get_mut(start..).unwrap_or_default());
            }
        }
        let rows = ArrayView2::from_shape((floats.len() / dimension, dimension), &floats).or_fail()?;
        let moves = router.assign_rows(rows).iter().filter(|to| **to != Some(cell)).count();
        if moves * MOVES_SHARE >= holding.live {
            return Ok(());
        }
        let Some(region) = self.map.cells.iter().find(|c| c.centre.id == cell).map(|c| c.region) else {
            return Ok(());
        };
        let centres = split_cell(rows, self.schema.distance, SPLIT_SEED).or_fail()?;
        let founding = hash_ref(&cells::found_cells(region, centres.iter())?);
        let founded =
            (0u16..).zip(centres.rows()).map(|(index, row)| (CellId { founding, index }, row.to_vec()));
        router.add_cells(region, founded).or_fail()?;
        self.out.cells_founded += centres.nrows() as u32;
        Ok(())
    }

    /// Cells in which this agent's rows lie in many blocks, or often no longer hold.
    fn scattered(&self) -> Vec<CellId> {
        let scattered = self.holdings.iter().filter(|(_, holding)| {
            holding.blocks.len() > MAX_BLOCKS_PER_CELL
                || holding.dead * DEAD_SHARE > holding.live + holding.dead
                || holding.live == 0
        });
        scattered.map(|(cell, _)| *cell).collect()
    }

    /// Writes this agent's rows of a cell anew: where `router` says, or back into the cell. Rows that no longer
    /// hold are left out; tombstones stay for them, until the blocks that they stood in are out of everybody's
    /// sight and the cell is written again.
    fn rewrite(&mut self, cell: CellId, router: Option<&Router<CellId>>) -> ExternResult<()> {
        let Some(holding) = self.holdings.remove(&cell) else { return Ok(()) };
        if holding.live + holding.dead == 0 {
            for link in holding.links {
                delete_link(link, GetOptions::local())?;
                self.out.blocks_replaced += 1;
            }
            return Ok(());
        }
        if self.out.bytes_written >= self.budget {
            self.out.more = true;
            return Ok(());
        }
        // Which rows hold, all blocks of the cell say: what one hides must not come to life in another cell.
        let blocks = load(&self.schema, &self.agent, &holding.blocks)?;
        let opened = Opened::all(&blocks)?;
        let newest = Newest::new(&opened);
        // With more blocks than one can replace, the oldest are gathered now and the others next time.
        let gathered = opened.get(..MAX_REPLACES).unwrap_or(&opened);
        let mut floats = vec![0.0; self.schema.dimension()];
        let mut by_cell = BTreeMap::<CellId, Vec<Row<'_>>>::new();
        let mut dead = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for block in gathered {
            for row in 0..block.view.live_rows() {
                let (Some(meta), Some(code)) = (block.row(row), block.view.code(row)) else { continue };
                let written_at_micros = meta.written_at_micros;
                if !newest.holds(block, row) {
                    let last = dead.entry(&meta.id).or_insert(written_at_micros);
                    *last = written_at_micros.max(*last);
                    continue;
                }
                if !seen.insert(&meta.id) {
                    continue;
                }
                decode_row(self.schema.encoding, code, &mut floats);
                let to = router.and_then(|router| router.assign(&floats)).unwrap_or(cell);
                let payload = block.meta().and_then(|meta| meta.payload(row)).unwrap_or_default();
                let row = Row { id: &meta.id, written_at_micros, live: Some((code, payload)) };
                by_cell.entry(to).or_default().push(row);
                self.out.rows_rewritten += 1;
            }
        }
        let stays: BTreeSet<_> = by_cell.get(&cell).into_iter().flatten().map(|row| row.id).collect();
        let tombstones: Vec<_> = dead
            .into_iter()
            .filter(|(id, _)| !stays.contains(id))
            .map(|(id, written_at_micros)| Row { id, written_at_micros, live: None })
            .collect();
        if !tombstones.is_empty() {
            by_cell.entry(cell).or_default().extend(tombstones);
        }
        let replaces: Vec<_> = gathered.iter().map(|block| hash_ref(&block.block.action)).collect();
        self.out.blocks_replaced += replaces.len() as u32;
        for (to, rows) in by_cell {
            for block in own::write_cell(&self.schema, to, &replaces, rows)? {
                self.out.bytes_written += block.bytes;
            }
        }
        Ok(())
    }

    /// Deletes this agent's links to cells that have been empty for long: all cells of an entry must be.
    fn drop_empty(&mut self, empty_ms: i64) -> ExternResult<()> {
        let mut look = Look::local();
        let used: BTreeSet<_> = routes::blocks_of_all(&mut look, &self.map)?
            .into_iter()
            .map(|block| block.cell.founding)
            .collect();
        let oldest = sys_time()?.as_micros().saturating_sub(empty_ms.saturating_mul(1_000));
        for (founding, group) in &self.map.groups {
            if used.contains(&hash_ref(founding)) {
                continue;
            }
            for link in group.links.iter().filter(|link| link.author == self.agent) {
                if link.created.as_micros() <= oldest {
                    delete_link(link.action.clone(), GetOptions::local())?;
                    self.out.cells_dropped += 1;
                }
            }
        }
        Ok(())
    }
}
