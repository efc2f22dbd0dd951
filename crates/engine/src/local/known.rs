//! Which blocks an index has, as [`crate::reconcile`] asks.

use super::{IndexError, LocalIndex};
use crate::reconcile::{Known, Summary, differ};
use rose_forest_api::{ActionHash, AgentPubKey, blocks_digest};
use std::collections::{BTreeMap, HashMap};

/// The blocks of an index. What it says of one moment and the next may differ: whoever compares finds out, and asks again.
pub struct KnownBlocks<'i> {
    index: &'i LocalIndex,
    /// Those that count as known though the DHT has not delivered them, the newest first.
    unconfirmed: HashMap<AgentPubKey, Vec<ActionHash>>,
}

impl LocalIndex {
    /// The blocks that the DHT has delivered: what a node can tell others that it has.
    pub fn delivered_blocks(&self) -> KnownBlocks<'_> {
        KnownBlocks { index: self, unconfirmed: HashMap::new() }
    }

    /// All blocks, also those of which an author's signed word is all there is: what a node need not be told of. Cost: linear
    /// in the unconfirmed ones.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn known_blocks(&self) -> Result<KnownBlocks<'_>, IndexError> {
        let mut all = self.unconfirmed_blocks()?;
        all.sort_unstable_by(|a, b| (b.timestamp_micros, &b.action).cmp(&(a.timestamp_micros, &a.action)));
        let mut unconfirmed = HashMap::<_, Vec<_>>::new();
        for block in all {
            unconfirmed.entry(block.author).or_default().push(block.action);
        }
        Ok(KnownBlocks { index: self, unconfirmed })
    }
}

impl Known for KnownBlocks<'_> {
    fn authors(&self) -> Result<Vec<Summary>, IndexError> {
        let delivered = self.index.author_blocks()?.into_iter().filter(|of| of.count > 0);
        let mut all: BTreeMap<_, _> = delivered.map(|of| (of.author, (of.count, of.digest))).collect();
        for (author, blocks) in &self.unconfirmed {
            let (count, digest) = all.entry(author.clone()).or_default();
            *count += blocks.len() as u64;
            *digest = differ(digest, &blocks_digest(blocks));
        }
        Ok(all.into_iter().map(|(author, (count, digest))| Summary { author, count, digest }).collect())
    }

    fn newest(&self, author: &AgentPubKey, at_most: usize) -> Result<Vec<ActionHash>, IndexError> {
        let mut newest = self.unconfirmed.get(author).cloned().unwrap_or_default();
        newest.truncate(at_most);
        newest.extend(self.index.blocks_of(author, at_most - newest.len())?);
        Ok(newest)
    }

    fn knows(&self, block: &ActionHash) -> Result<bool, IndexError> {
        self.index.knows(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::tests::{action, author, block, open};
    use crate::reconcile::{Question, Session, answer};

    #[test]
    fn an_asker_counts_what_is_unconfirmed_and_tells_others_only_what_was_delivered() {
        let dir = tempfile::tempdir().unwrap();
        let (index, _) = open(dir.path());
        index.take_in(&[block(1, 3, &[(3, Ok(1))]), block(2, 4, &[(4, Ok(1))])], true, None).unwrap();
        index.take_in(&[block(1, 9, &[(9, Ok(1))]), block(5, 6, &[(6, Ok(1))])], false, None).unwrap();
        let summary = |number, count, digest| Summary { author: author(number), count, digest: [digest; 32] };
        let (known, delivered) = (index.known_blocks().unwrap(), index.delivered_blocks());
        assert_eq!(known.authors().unwrap(), [summary(1, 2, 3 ^ 9), summary(2, 1, 4), summary(5, 1, 6)]);
        assert_eq!(delivered.authors().unwrap(), [summary(1, 1, 3), summary(2, 1, 4)]);
        assert_eq!(known.newest(&author(1), 5).unwrap(), [action(9), action(3)]);
        assert_eq!(known.newest(&author(1), 1).unwrap(), [action(9)]);
        assert_eq!(delivered.newest(&author(1), 5).unwrap(), [action(3)]);
        assert!(known.knows(&action(9)).unwrap() && !known.knows(&action(8)).unwrap());
    }

    #[test]
    fn what_was_taken_in_unconfirmed_is_not_asked_for_again() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let ((asker, _), (other, _)) = (open(here.path()), open(there.path()));
        let new = block(1, 5, &[(2, Ok(1))]);
        let both = block(1, 3, &[(1, Ok(1))]);
        asker.take_in(std::slice::from_ref(&both), true, None).unwrap();
        other.take_in(&[both, new.clone()], true, None).unwrap();
        for questions in [1, 1] {
            let (mut session, mut asked) = (Session::default(), 0);
            while let Some(question) = session.next(&asker.known_blocks().unwrap()).unwrap() {
                assert!(!matches!(question, Question::Blocks(_)));
                asked += 1;
                let said = answer(&other.delivered_blocks(), &question).unwrap().unwrap();
                session.hear(&asker.known_blocks().unwrap(), said).unwrap();
                if session.wants(&new.action) {
                    asker.take_in(std::slice::from_ref(&new), false, None).unwrap();
                }
            }
            assert_eq!(asked, questions);
            assert!(asker.knows(&new.action).unwrap());
        }
    }
}
