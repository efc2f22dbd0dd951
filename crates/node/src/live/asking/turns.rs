//! Many reads, few questions: reads that come while a peer is being asked share the next question.
//!
//! They cannot share the one that is under way: what was written and acknowledged after the peer answered that, and before they
//! came, they would miss.

use crate::live::Live;
use parking_lot::Mutex;
use rose_forest_api::AgentPubKey;
use std::collections::HashMap;
use std::sync::Arc as Shared;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

/// How long a peer has for its first answer: many times what a small one takes. For each that does not come, twice that,
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// up to this: time for the largest block on a slow line.
const LONGEST_WAIT: Duration = Duration::from_secs(32);
/// Until a peer is asked again that had what could not be taken in: meanwhile the DHT may deliver it.
const PAUSE: Duration = Duration::from_millis(500);

/// Whom this node is asking.
#[derive(Default)]
pub(super) struct Turns {
    /// Those who are being asked, each by one task.
    peers: Mutex<HashMap<AgentPubKey, Turn>>,
    tasks: Mutex<JoinSet<()>>,
}

/// A peer that is being asked.
struct Turn {
    /// How often it has been asked.
    begun: u64,
    /// Which of those times somebody waits for.
    wanted: u64,
    /// How long they wait at most.
    until: Instant,
    /// The last time that it was asked to the end.
    done: watch::Sender<u64>,
}

impl Turns {
    /// Ends all of them: whoever waits for one hears that it is not done.
    pub(super) async fn close(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock());
        tasks.shutdown().await;
        self.peers.lock().clear();
    }
}

impl Live {
    /// Asks peers for what this index lacks and takes it in, until so many have nothing more that it lacks, or until a time.
    /// Says how many those are. What they had when this was called, they have told.
    pub async fn ask_peers(
        self: &Shared<Self>,
        peers: Vec<AgentPubKey>,
        enough: usize,
        until: Instant,
    ) -> usize {
        let mut waiting = JoinSet::new();
        for peer in peers {
            let (mut done, wanted) = self.wait_for(peer, until);
            waiting.spawn(async move { done.wait_for(|done| *done >= wanted).await.is_ok() });
        }
        let mut answered = 0;
        while answered < enough {
            match timeout_at(until, waiting.join_next()).await {
                Ok(Some(done)) => answered += usize::from(done.unwrap_or_default()),
                Ok(None) | Err(_) => break,
            }
        }
        answered
    }

    /// Has a peer asked once more, and returns where it shows that this has been done, and as which time.
    fn wait_for(self: &Shared<Self>, peer: AgentPubKey, until: Instant) -> (watch::Receiver<u64>, u64) {
        let mut peers = self.asking.turns.peers.lock();
        if let Some(turn) = peers.get_mut(&peer) {
            turn.wanted = turn.begun + 1;
            turn.until = turn.until.max(until);
            return (turn.done.subscribe(), turn.wanted);
        }
        let (done, is_done) = watch::channel(0);
        peers.insert(peer.clone(), Turn { begun: 0, wanted: 1, until, done });
        let mut tasks = self.asking.turns.tasks.lock();
        // Those that have ended are forgotten.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(self.clone().keep_asking(peer));
        (is_done, 1)
    }

    /// Asks a peer for as long as somebody waits for it.
    async fn keep_asking(self: Shared<Self>, peer: AgentPubKey) {
        let mut wait = FIRST_WAIT;
        while let Some((time, until)) = self.next_time(&peer) {
            match timeout_at(until, self.reconcile_with(&peer, wait)).await {
                Ok(Ok(true)) => {
                    wait = FIRST_WAIT;
                    if let Some(turn) = self.asking.turns.peers.lock().get(&peer) {
                        turn.done.send_replace(time);
                    }
                }
                Ok(Ok(false)) => wait = (wait * 2).min(LONGEST_WAIT),
                Ok(Err(problem)) => {
                    tracing::debug!("{peer} was asked, and not all that it has is here: {problem:#}");
                    sleep_until(until.min(Instant::now() + PAUSE)).await;
                }
                Err(_) => {}
            }
        }
    }

    /// Which time it is that a peer is asked, and until when; nothing if nobody waits for it any more.
    fn next_time(&self, peer: &AgentPubKey) -> Option<(u64, Instant)> {
        let mut peers = self.asking.turns.peers.lock();
        let turn = peers.get_mut(peer)?;
        let is_done = *turn.done.borrow() >= turn.wanted;
        let is_over = turn.until <= Instant::now() || turn.done.receiver_count() == 0;
        if is_done || is_over || self.stopping.load(Ordering::Relaxed) || self.is_broken() {
            peers.remove(peer);
            return None;
        }
        turn.begun += 1;
        Some((turn.begun, turn.until))
    }
}
