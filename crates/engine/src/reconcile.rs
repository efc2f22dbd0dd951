//! What one index lacks of another, found out by a few small messages.
//!
//! An index is a set of blocks, each of one author and known by the hash of its action. Whoever asks ([`Session`]) wants to have
//! every block that the other has; what it has itself and the other has not is not told to it. The questions, each answered
//! from what is asked and what is there alone ([`answer`]), so that the one who answers keeps nothing between them:
//!
//! 1. [`Question::Authors`]: for each author how many blocks, and the XOR of their hashes. Where nothing differs, that is all.
//!    Where the other has `n` more, and its newest `n` are what the two digests differ by, it names those: what differs is
//!    nearly always what was written last. And if it has fewer, the asker looks the same way at its own newest.
//! 2. [`Question::Buckets`], for an author of whom that does not explain the difference: blocks parted by the first bits of their
//!    hashes, for each part how many and a digest. The other names what it has in parts that differ.
//! 3. [`Question::Blocks`]: named blocks that did not come with the names.
//!
//! Digests are an author's alone: of hashes that one may choose among, some have any XOR one likes, so an author can hide its own
//! blocks from this, and nobody else's. Two sets of equally many blocks that nobody chose look alike by a chance of one in 2^64.
//!
//! # Sizes
//!
//! A question about authors has some 80 bytes for each; one about buckets at most 60 kB, for one author with any number of
//! blocks; an answer has at most 80 kB of authors and 41 kB of names. See the constants. What is too much for one answer is asked
//! for again, from where the other stopped, when what was named has been taken in: so an asker never has more than an answer's
//! names to remember.

mod answer;
mod buckets;
mod session;

use crate::local::IndexError;
use rose_forest_api::{ActionHash, AgentPubKey};
use serde::{Deserialize, Serialize};

pub use answer::answer;
pub use buckets::Cell;
pub use session::{Session, Unreconciled};

/// Authors in a question, and in an answer: 80 kB. Further ones are asked about by further questions.
pub const MAX_AUTHORS: usize = 1_000;
/// Names of blocks in an answer: 41 kB.
pub const MAX_NAMES: usize = 1_000;
/// Blocks that are asked for by name at once. What an answer brings of them is limited by bytes.
pub const MAX_ASKED_BLOCKS: usize = 64;
/// The XOR of hashes of actions: see [`rose_forest_api::blocks_digest`].
pub type Digest = [u8; 32];

/// What there is of an author, in a few bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Its key.
    pub author: AgentPubKey,
    /// How many blocks.
    pub count: u64,
    /// The XOR of the hashes of their actions.
    #[serde(with = "serde_bytes")]
    pub digest: Digest,
}

/// What the asker has, and wants to know of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// All authors in a range of keys: those of whom the asker has blocks, by key, each once. The other has none of those that
    /// are not named.
    Authors {
        /// The range begins behind this key; nothing for the first there is.
        after: Option<AgentPubKey>,
        /// Its last key; nothing for the last there is.
        through: Option<AgentPubKey>,
        /// What the asker has of them.
        known: Vec<Summary>,
    },
    /// One author's blocks, parted into 2^`bits` buckets, from one of them on.
    Buckets {
        /// The author.
        author: AgentPubKey,
        /// How many bits of a hash tell its bucket.
        bits: u8,
        /// The first bucket that is asked about.
        first: u32,
        /// What the asker has in that and all behind it.
        cells: Vec<Cell>,
    },
    /// Blocks, by name.
    Blocks(Vec<ActionHash>),
}

/// What the other has that the asker may lack, by name. The blocks themselves go beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// To [`Question::Authors`].
    Authors {
        /// The authors of whom it has something else, by key.
        differing: Vec<Differing>,
        /// Up to which key it compared; nothing if to the end of the range.
        through: Option<AgentPubKey>,
    },
    /// To [`Question::Buckets`].
    Buckets {
        /// All that it has in the buckets that differ.
        names: Vec<ActionHash>,
        /// The first bucket that it did not compare.
        end: u32,
    },
    /// To [`Question::Blocks`]: they come beside it, as many as fit, in the order in which they were asked for.
    Blocks,
}

/// An author of whom the other has something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differing {
    /// What it has.
    pub summary: Summary,
    /// The newest that it has, newest first, if they alone are what the asker lacks.
    pub newest: Vec<ActionHash>,
}

/// The blocks that an index has.
pub trait Known {
    /// All authors of whom there are any, by key.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn authors(&self) -> Result<Vec<Summary>, IndexError>;

    /// An author's newest blocks, newest first.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn newest(&self, author: &AgentPubKey, at_most: usize) -> Result<Vec<ActionHash>, IndexError>;

    /// Whether there is this block.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn knows(&self, block: &ActionHash) -> Result<bool, IndexError>;
}

/// What two digests differ by; of sets without a block in common, the digest of both.
pub(crate) fn differ(a: &Digest, b: &Digest) -> Digest {
    let mut both = *a;
    both.iter_mut().zip(b).for_each(|(to, from)| *to ^= from);
    both
}

/// Whether an author is in a range of [`Question::Authors`].
fn is_within(author: &AgentPubKey, after: Option<&AgentPubKey>, through: Option<&AgentPubKey>) -> bool {
    after.is_none_or(|after| author > after) && through.is_none_or(|through| author <= through)
}

#[cfg(test)]
mod tests;
