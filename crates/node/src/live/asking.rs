//! Asking peers which blocks this node lacks, and answering them.
//!
//! What is said is [`rose_forest_engine::reconcile`]'s; it travels as remote signals between the programs, past the zomes, which
//! pass it on unread. Signals can be lost, so a question that stays without an answer is asked again. A question carries a
//! random number and its answer repeats it; what answers nobody's question is dropped.
//!
//! A peer that is asked is not trusted: what it gives is checked as announced blocks are and shows as unconfirmed until the DHT
//! delivers it. It can hide what it has, which it can by silence, too. Blocks that are only named are asked for from the peer that
//! named them: it has them for sure, while the network's own look-up asks nobody where a node stores everything, and else those
//! who store what is near the hash, who may not have them yet.

mod answering;
mod turns;

use super::announced::{self, Waiting};
use super::{Live, blocking};
use crate::calls::Calls;
use answering::Answering;
use anyhow::{Result, ensure};
use holochain_types::prelude::CellId;
use parking_lot::Mutex;
use rose_forest_api::{AgentPubKey, SendInput};
use rose_forest_engine::metrics::PeerBlock;
use rose_forest_engine::reconcile::{Answer, Question, Session};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::collections::HashMap;
use std::sync::Arc as Shared;
use std::time::Duration;
use tokio::sync::oneshot;
use turns::Turns;

/// Bytes of a message. The largest is an answer that brings one block of the largest, which is 4 MB, and names.
const MAX_MESSAGE_BYTES: usize = 5 << 20;

/// What programs say to each other.
#[derive(Debug, Serialize, Deserialize)]
enum Message {
    /// A question.
    Asks {
        /// What its answer repeats.
        number: u64,
        question: Question,
    },
    /// The answer to one.
    Answers {
        number: u64,
        answer: Answer,
        /// Signed records of blocks, as the conductor serializes them.
        records: Vec<ByteBuf>,
    },
}

/// An answer, and the blocks that came with it.
type Answered = (Answer, Vec<ByteBuf>);

/// A question that waits for its answer.
#[derive(Debug)]
struct Pending {
    peer: AgentPubKey,
    tell: oneshot::Sender<Answered>,
}

/// What a collection asks its peers and they ask it.
pub(super) struct Asking {
    calls: Calls,
    cell: CellId,
    /// By number: one for each peer that is being asked.
    pending: Mutex<HashMap<u64, Pending>>,
    turns: Turns,
    answering: Answering,
}

/// Forgets a question when nobody waits for its answer any more.
struct Forget<'a>(&'a Asking, u64);

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.0.pending.lock().remove(&self.1);
    }
}

impl Asking {
    /// Of the node's agent in a collection.
    pub(super) fn new(calls: Calls, cell: CellId) -> Self {
        Self {
            calls,
            cell,
            pending: Mutex::default(),
            turns: Turns::default(),
            answering: Answering::default(),
        }
    }

    /// Ends what is being asked.
    pub(super) async fn close(&self) {
        self.turns.close().await;
    }

    async fn send(&self, to: AgentPubKey, message: &Message) -> Result<()> {
        let message = rmp_serde::to_vec(message)?;
        ensure!(
            message.len() <= MAX_MESSAGE_BYTES,
            "expected a message of at most {MAX_MESSAGE_BYTES} bytes, received {}",
            message.len()
        );
        self.calls.read(&self.cell, "send_to_nodes", SendInput { to: vec![to], message }).await
    }

    /// Asks a peer. Nothing if it does not answer in time.
    async fn ask(
        &self,
        peer: &AgentPubKey,
        question: Question,
        within: Duration,
    ) -> Result<Option<Answered>> {
        let number = rand::random();
        let (tell, told) = oneshot::channel();
        self.pending.lock().insert(number, Pending { peer: peer.clone(), tell });
        let _forget = Forget(self, number);
        self.send(peer.clone(), &Message::Asks { number, question }).await?;
        Ok(tokio::time::timeout(within, told).await.ok().and_then(Result::ok))
    }

    /// Whether somebody waits for this answer, and has it now.
    fn answered(&self, from: &AgentPubKey, number: u64, answered: Answered) -> bool {
        let mut pending = self.pending.lock();
        if pending.get(&number).is_none_or(|pending| pending.peer != *from) {
            return false;
        }
        pending.remove(&number).is_some_and(|pending| pending.tell.send(answered).is_ok())
    }
}

impl Live {
    /// Hears what a peer's program says: waits for nothing. What cannot be read, and what nobody asked, is dropped.
    pub fn heard(self: &Shared<Self>, from: AgentPubKey, message: &[u8]) {
        if message.len() > MAX_MESSAGE_BYTES {
            tracing::debug!("{from} sends {} bytes, expected at most {MAX_MESSAGE_BYTES}", message.len());
            return;
        }
        match rmp_serde::from_slice(message) {
            Ok(Message::Asks { number, question }) => self.answer(from, number, question),
            Ok(Message::Answers { number, answer, records }) => {
                if !self.asking.answered(&from, number, (answer, records)) {
                    tracing::debug!("{from} answers what nobody asks it (any more)");
                }
            }
            Err(problem) => tracing::debug!("{from} says what cannot be read: {problem}"),
        }
    }

    /// Takes in all that a peer has and this index lacks; whether it answered.
    ///
    /// # Errors
    /// If what it named could not be had or taken in, or something cannot be read or written.
    async fn reconcile_with(self: &Shared<Self>, peer: &AgentPubKey, within: Duration) -> Result<bool> {
        let mut session = Session::default();
        loop {
            let live = self.clone();
            let next = blocking(move || {
                let question = session.next(&live.index.known_blocks()?)?;
                anyhow::Ok((session, question))
            });
            let question;
            (session, question) = next.await?;
            let Some(question) = question else { return Ok(true) };
            let Some((answer, records)) = self.asking.ask(peer, question, within).await? else {
                return Ok(false);
            };
            let live = self.clone();
            let heard = blocking(move || {
                session.hear(&live.index.known_blocks()?, answer)?;
                anyhow::Ok(session)
            });
            session = heard.await?;
            for record in records {
                self.given(peer, &session, record.into_vec()).await?;
            }
        }
    }

    /// Takes in a block that a peer was asked for, if it is one.
    async fn given(
        self: &Shared<Self>,
        from: &AgentPubKey,
        session: &Session,
        record: Vec<u8>,
    ) -> Result<()> {
        let Some(checked) = announced::checked_record(record, self.index.schema()).await else {
            tracing::debug!("{from} gives a block that does not hold");
            self.metrics.peer_blocks(1, PeerBlock::Refused);
            return Ok(());
        };
        // It may have come otherwise meanwhile.
        if !session.wants(&checked.block.action) || self.index.knows(&checked.block.action)? {
            return Ok(());
        }
        let author = checked.block.author.clone();
        let waiting = Waiting { author, from: from.clone(), bytes: checked.bytes };
        self.take_in_unconfirmed(checked.block, waiting).await?;
        // The DHT may deliver it at any moment.
        self.news.notify_one();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
