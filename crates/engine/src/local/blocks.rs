//! Which blocks of whom this index has: to compare with what others have.

use super::{IndexError, LocalIndex, reference};
use crate::block::{action, agent};
use rose_forest_api::{ActionHash, AgentPubKey};

/// Which blocks the DHT has ever delivered of an author, in a few bytes; see [`rose_forest_store::AuthorBlocks`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorBlocks {
    /// Whose.
    pub author: AgentPubKey,
    /// How many.
    pub count: u64,
    /// The exclusive or of the 32 bytes of the hashes of the actions that carry them. Zero bytes for no blocks.
    pub digest: [u8; 32],
}

impl LocalIndex {
    /// Which blocks the DHT has ever delivered of everybody who has written, by author. Cost: linear in the authors; waits
    /// for nobody.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn author_blocks(&self) -> Result<Vec<AuthorBlocks>, IndexError> {
        let all = self.store.snapshot()?.author_blocks()?;
        let named = all.into_iter().map(|of| AuthorBlocks {
            author: agent(of.author),
            count: of.count,
            digest: of.digest,
        });
        Ok(named.collect())
    }

    /// The blocks that the DHT has ever delivered of an author, at most so many: the newest first by the time of the action,
    /// of one time in the order of their hashes. Cost: linear in the answer; waits for nobody.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn blocks_of(&self, author: &AgentPubKey, at_most: usize) -> Result<Vec<ActionHash>, IndexError> {
        let blocks = self.store.snapshot()?.blocks_of(&reference(author.get_raw_39())?, at_most)?;
        Ok(blocks.into_iter().map(action).collect())
    }
}

#[cfg(test)]
mod tests {
    use crate::local::tests::{action, author, block, open};

    #[test]
    fn blocks_are_counted_and_listed_once_the_dht_has_delivered_them() {
        let dir = tempfile::tempdir().unwrap();
        let (index, _) = open(dir.path());
        let blocks = [3, 5, 9].map(|number| block(1, number, &[(u64::from(number), Ok(1))]));
        index.take_in(&blocks[..2], true, None).unwrap();
        index.take_in(&blocks[2..], false, None).unwrap();
        index.take_in(&[block(2, 4, &[(1, Ok(1))])], true, None).unwrap();
        let said = || {
            let all = index.author_blocks().unwrap();
            all.into_iter().map(|of| (of.author, of.count, of.digest)).collect::<Vec<_>>()
        };
        assert_eq!(said(), [(author(1), 2, [3 ^ 5; 32]), (author(2), 1, [4; 32])]);
        assert_eq!(index.blocks_of(&author(1), 9).unwrap(), [action(5), action(3)]);
        index.take_in(&blocks, true, None).unwrap();
        assert_eq!(said(), [(author(1), 3, [3 ^ 5 ^ 9; 32]), (author(2), 1, [4; 32])]);
        assert_eq!(index.blocks_of(&author(1), 2).unwrap(), [action(9), action(5)]);
        assert_eq!(index.blocks_of(&author(7), 9).unwrap(), []);
    }
}
