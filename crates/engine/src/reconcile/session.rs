//! The asker's side: which question comes next, and what follows from an answer.

use super::{
    Answer, Differing, Digest, Known, MAX_ASKED_BLOCKS, MAX_AUTHORS, MAX_NAMES, Question, Summary, buckets,
    differ, is_within,
};
use crate::local::IndexError;
use rose_forest_api::{ActionHash, AgentPubKey, blocks_digest};
use std::collections::HashMap;

/// Why it is not known that an index has every block of another.
#[derive(Debug, thiserror::Error)]
pub enum Unreconciled {
    /// The index.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// An answer that is none to what was asked.
    #[error("expected {expected}, received {received}")]
    OtherAnswer {
        /// What was asked for.
        expected: &'static str,
        /// What came.
        received: &'static str,
    },
    /// A named block that did not come, or that could not be taken in.
    #[error("block {block} was named and could not be had or taken in")]
    Withheld {
        /// Its name.
        block: ActionHash,
    },
    /// Too many blocks whose hashes begin alike.
    #[error("more than {MAX_NAMES} blocks of {author} have hashes that begin alike")]
    Crowded {
        /// Who made them so.
        author: AgentPubKey,
    },
}

/// What was asked last.
#[derive(Debug)]
enum Asked {
    Nothing,
    Authors {
        after: Option<AgentPubKey>,
        through: Option<AgentPubKey>,
    },
    Buckets {
        buckets: u32,
    },
    /// And how many blocks were lacking.
    Blocks {
        lacking: usize,
    },
}

/// Whose blocks are compared in buckets.
#[derive(Debug)]
struct Open {
    author: AgentPubKey,
    /// How many the other has.
    count: u64,
    /// The bits of its buckets, and the first that has not been compared.
    at: Option<(u8, u32)>,
}

/// One index asking another. In turns: [`Session::next`] says what to ask; [`Session::hear`] takes the answer; whoever runs this
/// takes in the blocks that came with it and that the session [wants](Session::wants).
#[derive(Debug)]
pub struct Session {
    asked: Asked,
    /// Authors up to here have been compared.
    after: Option<AgentPubKey>,
    /// All have.
    is_through: bool,
    open: Vec<Open>,
    lacking: Vec<ActionHash>,
}

impl Default for Session {
    fn default() -> Self {
        Self { asked: Asked::Nothing, after: None, is_through: false, open: Vec::new(), lacking: Vec::new() }
    }
}

impl Session {
    /// Whether a block was named that was not known then.
    pub fn wants(&self, block: &ActionHash) -> bool {
        self.lacking.contains(block)
    }

    /// What to ask next. Nothing, once the index has all blocks that the other had when it answered. Cost: linear in the authors,
    /// or in the blocks of the author that it asks about.
    ///
    /// # Errors
    /// [`Unreconciled::Withheld`] if blocks were asked for by name and none of them has been taken in;
    /// [`Unreconciled::Index`].
    pub fn next(&mut self, known: &impl Known) -> Result<Option<Question>, Unreconciled> {
        let asked = std::mem::replace(&mut self.asked, Asked::Nothing);
        let mut lacking = Vec::with_capacity(self.lacking.len());
        for block in self.lacking.drain(..) {
            if !known.knows(&block)? {
                lacking.push(block);
            }
        }
        self.lacking = lacking;
        if let Some(first) = self.lacking.first() {
            let lacking = self.lacking.len();
            if matches!(asked, Asked::Blocks { lacking: before } if before <= lacking) {
                return Err(Unreconciled::Withheld { block: first.clone() });
            }
            self.asked = Asked::Blocks { lacking };
            let first = self.lacking.iter().take(MAX_ASKED_BLOCKS).cloned().collect();
            return Ok(Some(Question::Blocks(first)));
        }
        if let Some(open) = self.open.last_mut() {
            let blocks = known.newest(&open.author, usize::MAX)?;
            let (bits, first) =
                *open.at.get_or_insert_with(|| (buckets::bits_for(open.count.max(blocks.len() as u64)), 0));
            let cells = buckets::cells(&blocks, bits).split_off(first as usize);
            self.asked = Asked::Buckets { buckets: 1 << bits };
            return Ok(Some(Question::Buckets { author: open.author.clone(), bits, first, cells }));
        }
        if self.is_through {
            return Ok(None);
        }
        let after = self.after.clone();
        let mut summaries = known.authors()?;
        summaries.retain(|summary| is_within(&summary.author, after.as_ref(), None));
        let is_more = summaries.len() > MAX_AUTHORS;
        summaries.truncate(MAX_AUTHORS);
        let through = summaries.last().filter(|_| is_more).map(|last| last.author.clone());
        self.asked = Asked::Authors { after: after.clone(), through: through.clone() };
        Ok(Some(Question::Authors { after, through, known: summaries }))
    }

    /// Takes an answer to the question that [`Session::next`] gave last. Blocks that come with it are to be taken in afterwards.
    /// Cost: a look-up for each name, and for an author of whom this index has `n` blocks more than the other, reading those.
    ///
    /// # Errors
    /// What is no answer to it: then the session has come to its end.
    pub fn hear(&mut self, known: &impl Known, answer: Answer) -> Result<(), Unreconciled> {
        match (&self.asked, answer) {
            (Asked::Authors { after, through }, Answer::Authors { differing, through: compared }) => {
                let (after, through) = (after.clone(), through.clone());
                check_authors(&differing, after.as_ref(), through.as_ref(), compared.as_ref())?;
                self.compare(known, differing)?;
                self.is_through = compared.is_none() && through.is_none();
                self.after = compared.or(through);
            }
            (Asked::Buckets { buckets }, Answer::Buckets { names, end }) => {
                let Some(open) = self.open.last_mut() else { return Ok(()) };
                let (bits, first) = open.at.unwrap_or_default();
                if names.len() > MAX_NAMES || end < first || end > *buckets {
                    return Err(other("buckets of those that were asked about", "others"));
                }
                if end == first {
                    return Err(Unreconciled::Crowded { author: open.author.clone() });
                }
                open.at = Some((bits, end));
                if end == *buckets {
                    self.open.pop();
                }
                self.lack(known, names)?;
            }
            (Asked::Blocks { .. }, Answer::Blocks) => {}
            (asked, answer) => return Err(other(named(asked), name_of(&answer))),
        }
        Ok(())
    }

    fn compare(&mut self, known: &impl Known, differing: Vec<Differing>) -> Result<(), Unreconciled> {
        if differing.is_empty() {
            return Ok(());
        }
        let own: HashMap<_, _> =
            known.authors()?.into_iter().map(|summary| (summary.author.clone(), summary)).collect();
        for Differing { summary, newest } in differing {
            let new = self.lack(known, newest)?;
            if !is_explained(known, own.get(&summary.author), &summary, &new)? {
                let Summary { author, count, .. } = summary;
                self.open.push(Open { author, count, at: None });
            }
        }
        Ok(())
    }

    /// Notes those of these names that are not known, and returns them.
    fn lack(&mut self, known: &impl Known, names: Vec<ActionHash>) -> Result<Vec<ActionHash>, IndexError> {
        let mut new = Vec::new();
        for name in names {
            if !known.knows(&name)? && !self.lacking.contains(&name) {
                self.lacking.push(name.clone());
                new.push(name);
            }
        }
        Ok(new)
    }
}

/// Whether what this index has of an author, and the new blocks that were named, are all that the other has, and beside them at
/// most some newest ones of this index.
fn is_explained(
    known: &impl Known,
    own: Option<&Summary>,
    theirs: &Summary,
    new: &[ActionHash],
) -> Result<bool, IndexError> {
    let (count, digest) = own.map_or((0, Digest::default()), |own| (own.count, own.digest));
    let both = count + new.len() as u64;
    let Some(beside) = both.checked_sub(theirs.count).and_then(|beside| usize::try_from(beside).ok()) else {
        return Ok(false);
    };
    let differs = differ(&differ(&digest, &blocks_digest(new)), &theirs.digest);
    if beside == 0 {
        return Ok(differs == Digest::default());
    }
    let newest = known.newest(&theirs.author, beside)?;
    Ok(newest.len() == beside && blocks_digest(&newest) == differs)
}

/// Whether these are authors of the range, each once and by key, and no more than an answer may have.
fn check_authors(
    differing: &[Differing],
    after: Option<&AgentPubKey>,
    through: Option<&AgentPubKey>,
    compared: Option<&AgentPubKey>,
) -> Result<(), Unreconciled> {
    let names: usize = differing.iter().map(|differing| differing.newest.len()).sum();
    let end = compared.or(through);
    let authors = differing.iter().map(|differing| &differing.summary.author);
    let are_within = authors.clone().all(|author| is_within(author, after, end))
        && compared.is_none_or(|compared| is_within(compared, after, through))
        && authors.is_sorted_by(|a, b| a < b);
    if differing.len() > MAX_AUTHORS || names > MAX_NAMES || !are_within {
        return Err(other("authors of those that were asked about", "others"));
    }
    Ok(())
}

fn other(expected: &'static str, received: &'static str) -> Unreconciled {
    Unreconciled::OtherAnswer { expected, received }
}

fn named(asked: &Asked) -> &'static str {
    match asked {
        Asked::Nothing => "no answer",
        Asked::Authors { .. } => "authors",
        Asked::Buckets { .. } => "buckets",
        Asked::Blocks { .. } => "blocks",
    }
}

fn name_of(answer: &Answer) -> &'static str {
    match answer {
        Answer::Authors { .. } => "authors",
        Answer::Buckets { .. } => "buckets",
        Answer::Blocks => "blocks",
    }
}
