//! Answering peers: what a question may cost this node is limited.

use super::Message;
use crate::live::{Live, blocking};
use anyhow::Result;
use parking_lot::Mutex;
use rose_forest_api::{AgentPubKey, MAX_INLINE_BLOCK_BYTES};
use rose_forest_engine::reconcile::{self, Answer, Question};
use serde_bytes::ByteBuf;
use std::collections::HashSet;
use std::sync::Arc as Shared;

/// Questions that are answered at once, one of each peer. An answer reads a few kilobytes from the index where little differs, and
/// a megabyte of blocks at most, or one block; who is turned away asks again.
const AT_ONCE: usize = 4;
/// Bytes of small blocks that go with their names, so that the usual difference, the last seconds' blocks, takes one question.
const BYTES_BESIDE_NAMES: usize = 256 << 10;
/// Bytes of blocks that are asked for by name, unless one alone has more.
const BYTES_OF_BLOCKS: usize = 1 << 20;

/// Who is being answered.
#[derive(Debug, Default)]
pub(super) struct Answering(Shared<Mutex<HashSet<AgentPubKey>>>);

/// Somebody's turn to be answered.
struct Turn {
    all: Shared<Mutex<HashSet<AgentPubKey>>>,
    peer: AgentPubKey,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.all.lock().remove(&self.peer);
    }
}

impl Answering {
    /// A turn for a peer, if it has none and there is one left.
    fn turn(&self, peer: &AgentPubKey) -> Option<Turn> {
        let mut all = self.0.lock();
        if all.len() >= AT_ONCE || !all.insert(peer.clone()) {
            return None;
        }
        Some(Turn { all: self.0.clone(), peer: peer.clone() })
    }
}

impl Live {
    /// Answers a question, if there is a turn left, and if this index has all that this node knows of: whoever hears an answer
    /// takes it for all that was acknowledged here.
    pub(super) fn answer(self: &Shared<Self>, to: AgentPubKey, number: u64, question: Question) {
        if !self.is_current() {
            tracing::debug!("{to} asks, and this index has not caught up");
            return;
        }
        let Some(turn) = self.asking.answering.turn(&to) else {
            tracing::debug!("{to} asks, and too many are being answered");
            return;
        };
        let live = self.clone();
        tokio::spawn(async move {
            if let Err(problem) = live.give_answer(&turn.peer, number, question).await {
                tracing::debug!("{} gets no answer: {problem:#}", turn.peer);
            }
        });
    }

    async fn give_answer(
        self: &Shared<Self>,
        to: &AgentPubKey,
        number: u64,
        question: Question,
    ) -> Result<()> {
        match self.answer_of(question).await? {
            Some((answer, records)) => {
                self.asking.send(to.clone(), &Message::Answers { number, answer, records }).await
            }
            None => {
                tracing::debug!("{to} asks what no asker asks");
                Ok(())
            }
        }
    }

    /// What there is to say to a question, and the blocks that go with it; nothing if it is none that an asker asks.
    pub(super) async fn answer_of(
        self: &Shared<Self>,
        question: Question,
    ) -> Result<Option<(Answer, Vec<ByteBuf>)>> {
        let live = self.clone();
        let said = blocking(move || {
            let answer = reconcile::answer(&live.index.delivered_blocks(), &question)?;
            anyhow::Ok((question, answer))
        });
        let (question, Some(answer)) = said.await? else { return Ok(None) };
        let (names, is_asked_for): (Vec<_>, bool) = match (question, &answer) {
            (Question::Blocks(names), _) => (names, true),
            (_, Answer::Authors { differing, .. }) => {
                (differing.iter().flat_map(|differing| &differing.newest).cloned().collect(), false)
            }
            // Most of what a bucket has the asker has, too.
            (_, Answer::Buckets { .. } | Answer::Blocks) => (Vec::new(), false),
        };
        // What does not fit ends it, so that little more is read than goes out.
        let (mut records, mut bytes) = (Vec::new(), 0);
        for name in names {
            let Some(record) = self.by_action.signed_record(&name).await? else { continue };
            bytes += record.len();
            let fits = if is_asked_for {
                bytes <= BYTES_OF_BLOCKS || records.is_empty()
            } else {
                record.len() <= MAX_INLINE_BLOCK_BYTES && bytes <= BYTES_BESIDE_NAMES
            };
            if !fits {
                break;
            }
            records.push(ByteBuf::from(record));
        }
        Ok(Some((answer, records)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_one_turn_and_all_together_a_few() {
        let answering = Answering::default();
        let peer = |number| AgentPubKey::from_raw_32(vec![number; 32]);
        let turn = answering.turn(&peer(1)).unwrap();
        assert!(answering.turn(&peer(1)).is_none());
        let others: Vec<_> =
            (2..=AT_ONCE as u8).map(|number| answering.turn(&peer(number)).unwrap()).collect();
        assert!(answering.turn(&peer(100)).is_none());
        drop(turn);
        assert!(answering.turn(&peer(100)).is_some());
        drop(others);
        assert!(answering.0.lock().is_empty());
    }
}
