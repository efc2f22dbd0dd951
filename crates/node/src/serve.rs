//! Serving: the node stays in its networks, answers on the control socket, and looks after its own rows.

use crate::collections::Collection;
use crate::node::Node;
use crate::requests::Warranted;
use crate::text::{harmless, short};
use anyhow::{Context, Result};
use holochain_types::prelude::Signal as ConductorSignal;
use rose_forest_api::*;
use rose_forest_engine::metrics::{IndexSizes, Peer};
use std::collections::HashMap;
use std::sync::Arc as Shared;
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};

/// How often own rows are looked after.
const ROUND: Duration = Duration::from_secs(5);
/// How often cells are: splitting and merging rewrites blocks, which stay on every peer for ever.
const UPKEEP_EVERY: Duration = Duration::from_secs(600);
/// What others may ask of this node.
const CAPABILITIES: [&str; 1] = ["search"];

/// What happens while a node serves.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A peer says that it wrote blocks.
    PeerWrote {
        /// The collection.
        collection: String,
        /// The peer.
        from: AgentPubKey,
        /// Live rows in them.
        rows: u64,
    },
    /// How much this node stores, or whom it sees, changed.
    Sight {
        /// The collection.
        collection: String,
        /// What it sees now.
        sight: crate::view::Sight,
    },
    /// Own rows were put into cells.
    Settled {
        /// The collection.
        collection: String,
        /// How many.
        rows: u32,
    },
    /// A peer broke a rule.
    Warrant {
        /// The collection.
        collection: String,
        /// Who, and which rule.
        warranted: Warranted,
    },
    /// Something did not work; it is tried again.
    Trouble {
        /// The collection.
        collection: String,
        /// What.
        problem: String,
    },
}

impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::PeerWrote { collection, from, rows } => {
                write!(f, "{collection}: {} wrote {rows} rows", short(&from.to_string()))
            }
            Self::Sight { collection, sight } => write!(
                f,
                "{collection}: stores {}, {} peers reachable, {} not",
                match sight.arc {
                    Arc::Full => "everything",
                    Arc::Empty => "what it had before, not compared with others yet",
                    Arc::Unknown => "an unknown share",
                },
                sight.reachable_peers,
                sight.unreachable_peers
            ),
            Self::Settled { collection, rows } => write!(f, "{collection}: {rows} own rows put into cells"),
            Self::Warrant { collection, warranted } => write!(
                f,
                "{collection}: {} broke a rule and is shut out: {}",
                short(&warranted.agent.to_string()),
                harmless(&warranted.reason)
            ),
            Self::Trouble { collection, problem } => write!(f, "{collection}: {}", harmless(problem)),
        }
    }
}

/// What was last known of a collection.
#[derive(Default)]
struct Last {
    sight: Option<crate::view::Sight>,
    warrants: Vec<Warranted>,
    upkeep: Option<Instant>,
    announced: Option<AnnounceInput>,
    trouble: Option<String>,
}

/// Looks after all collections for ever; `tell` hears of what happens.
pub async fn look_after(node: Shared<Node>, tell: impl Fn(Event) + Clone + Send + Sync + 'static) {
    let mut last: HashMap<DnaHash, Last> = HashMap::new();
    let mut listening: Vec<String> = Vec::new();
    loop {
        match node.collections().await {
            Ok(collections) => {
                for collection in collections.iter().filter(|collection| collection.enabled) {
                    if !listening.contains(&collection.app_id) {
                        listening.push(collection.app_id.clone());
                        tokio::spawn(listen(node.clone(), collection.clone(), tell.clone()));
                    }
                    go_live(&node, collection, &tell).await;
                    let last = last.entry(collection.dna_hash.clone()).or_default();
                    let trouble = round(&node, collection, last, &tell).await.err();
                    let trouble = trouble.map(|problem| format!("{problem:#}"));
                    // Once is enough until something else is wrong.
                    if trouble != last.trouble
                        && let Some(problem) = trouble.clone()
                    {
                        tell(Event::Trouble { collection: collection.schema.name.clone(), problem });
                    }
                    last.trouble = trouble;
                }
            }
            Err(problem) => tracing::warn!("cannot list the collections: {problem:#}"),
        }
        tokio::time::sleep(ROUND).await;
    }
}

/// Begins to answer a collection from memory, or goes on. If that fails, the zome goes on to answer.
async fn go_live(
    node: &Node,
    collection: &Collection,
    tell: &(impl Fn(Event) + Clone + Send + Sync + 'static),
) {
    let collection_name = collection.schema.name.clone();
    let name = collection_name.clone();
    let say = tell.clone();
    let told = move |problem| say(Event::Trouble { collection: name.clone(), problem });
    if let Err(problem) = node.go_live(collection, told).await {
        tell(Event::Trouble { collection: collection_name, problem: format!("{problem:#}") });
    }
}

async fn round(node: &Node, collection: &Collection, last: &mut Last, tell: &impl Fn(Event)) -> Result<()> {
    let name = || collection.schema.name.clone();
    // What was acknowledged before the last stop is committed from now on.
    node.queue(collection).await?;
    let sight = node.sight(collection).await?;
    measure(node, collection, sight).await?;
    if last.sight != Some(sight) {
        last.sight = Some(sight);
        tell(Event::Sight { collection: name(), sight });
    }
    for warranted in node.warrants(collection).await? {
        if !last.warrants.contains(&warranted) {
            last.warrants.push(warranted.clone());
            tell(Event::Warrant { collection: name(), warranted });
        }
    }
    // One step a round: between two steps peers get to know the first.
    let step = node.settle(collection, SettleInput::default()).await?;
    if step.rows_settled > 0 {
        tell(Event::Settled { collection: name(), rows: step.rows_settled });
    }
    if step.done && last.upkeep.is_none_or(|at| at.elapsed() > UPKEEP_EVERY) {
        // Not in the first round: a node that has just started has other things to do.
        if last.upkeep.is_some() {
            let _: UpkeepOutput = node.write(&collection.cell(), "upkeep", UpkeepInput::default()).await?;
        }
        last.upkeep = Some(Instant::now());
    }
    announce(node, collection, sight, last).await
}

/// Sets what is measured now and then.
async fn measure(node: &Node, collection: &Collection, sight: crate::view::Sight) -> Result<()> {
    let metrics = node.metrics.collection(&collection.label());
    metrics.set_peers(sight.reachable_peers.into(), Peer::Reachable);
    metrics.set_peers(sight.unreachable_peers.into(), Peer::Unreachable);
    if let Some(live) = node.lives.get(&collection.dna_hash) {
        let index = live.report()?;
        metrics.set_index(&IndexSizes {
            memory_rows: index.in_graph,
            disk_rows: index.in_lists,
            missing_rows: index.missing,
            memory_bytes: index.graph_bytes + index.lists_bytes,
            disk_bytes: index.lists_disk_bytes,
        });
        metrics.set_chain_actions(live.chain_length(&collection.agent).await?);
    }
    Ok(())
}

/// Says what this node holds when that changes by more than a little: every word stays on the chain for ever.
async fn announce(
    node: &Node,
    collection: &Collection,
    sight: crate::view::Sight,
    last: &mut Last,
) -> Result<()> {
    if collection.network.is_none() {
        return Ok(());
    }
    let (holds, status) = match sight.arc {
        Arc::Full => (Holds::Everything, NodeStatus::Ready),
        Arc::Empty | Arc::Unknown => (Holds::Own, NodeStatus::Starting),
    };
    // What it holds will change within seconds.
    if holds == Holds::Own && last.announced.is_none() {
        return Ok(());
    }
    let info: CollectionInfo = node.read(&collection.cell(), "collection_info", ()).await?;
    let rows = info.settled_rows + info.fresh_rows;
    let same_size = |before: u64| rows.abs_diff(before) * 4 <= before;
    if let Some(before) = &last.announced
        && before.holds == holds
        && before.status == status
        && same_size(before.rows)
    {
        return Ok(());
    }
    let input = AnnounceInput {
        name: String::new(),
        software: crate::SOFTWARE.to_owned(),
        capabilities: CAPABILITIES.map(str::to_owned).to_vec(),
        holds,
        rows,
        status,
    };
    let _: ActionHash = node.write(&collection.cell(), "announce", input.clone()).await?;
    last.announced = Some(input);
    Ok(())
}

/// Passes on what peers say, until the node stops.
async fn listen(node: Shared<Node>, collection: Collection, tell: impl Fn(Event)) {
    let mut signals = match node.conductor.get_signal_tx(&collection.cell()).await {
        Ok(sender) => sender.subscribe(),
        Err(problem) => {
            tracing::warn!("no word of peers' writes will be shown: {problem}");
            return;
        }
    };
    // The conductor must not be kept alive by one who only listens.
    let node = {
        let weak = Shared::downgrade(&node);
        drop(node);
        weak
    };
    loop {
        match signals.recv().await {
            Ok(ConductorSignal::App { cell_id, signal, .. }) => {
                let live = node.upgrade().and_then(|node| node.lives.get(cell_id.dna_hash()));
                let (from, blocks) = match signal.into_inner().decode::<Signal>() {
                    Ok(Signal::PeerWrote { from, blocks }) => (from, blocks),
                    Ok(Signal::PeerSaid { from, message }) => {
                        if let Some(live) = live {
                            live.heard(from, &message);
                        }
                        continue;
                    }
                    Ok(Signal::Written { .. }) | Err(_) => continue,
                };
                let rows = blocks.iter().map(|block| u64::from(block.rows)).sum();
                let name = if cell_id == collection.cell() {
                    collection.schema.name.clone()
                } else {
                    short(&cell_id.dna_hash().to_string())
                };
                if let Some(live) = live
                    && let Err(problem) = live.announced(&from, blocks).await
                {
                    tracing::warn!("what a peer announced is not in the index: {problem:#}");
                }
                tell(Event::PeerWrote { collection: name, from, rows });
            }
            Ok(_) => {}
            // Some were lost; what they spoke of is found by its links all the same.
            Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
            Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
        }
    }
}

/// The signals that ask a program to stop. From the moment this exists they no longer end it by themselves.
pub struct Stop {
    interrupt: Signals,
    terminate: Signals,
}

impl Stop {
    /// Begins to listen for an interrupt and for SIGTERM.
    pub fn listen() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context("cannot wait for an interrupt")?,
            terminate: signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?,
        })
    }

    /// Resolves when the program is asked to stop.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
