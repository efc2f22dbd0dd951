//! Answering what another index asks.

use super::{
    Answer, Differing, Known, MAX_AUTHORS, MAX_NAMES, Question, Summary, buckets, differ, is_within,
};
use crate::local::IndexError;
use rose_forest_api::{ActionHash, AgentPubKey, blocks_digest};
use std::collections::HashMap;

/// What there is to say to a question; nothing if it is none that an asker asks. Names nothing but what is known. Cost: linear
/// in the authors, or for buckets in the blocks of that author.
///
/// # Errors
/// If the index cannot be read.
pub fn answer(known: &impl Known, question: &Question) -> Result<Option<Answer>, IndexError> {
    match question {
        Question::Authors { known: asked, .. } if asked.len() > MAX_AUTHORS => Ok(None),
        Question::Authors { after, through, known: asked } => {
            of_authors(known, after.as_ref(), through.as_ref(), asked).map(Some)
        }
        Question::Buckets { bits, .. } if *bits > buckets::MAX_BITS => Ok(None),
        Question::Buckets { bits, first, cells, .. } if *first as usize + cells.len() != 1 << bits => {
            Ok(None)
        }
        Question::Buckets { author, bits, first, cells } => {
            of_buckets(&known.newest(author, usize::MAX)?, *bits, *first, cells).map(Some)
        }
        Question::Blocks(names) => Ok((names.len() <= super::MAX_ASKED_BLOCKS).then_some(Answer::Blocks)),
    }
}

fn of_authors(
    known: &impl Known,
    after: Option<&AgentPubKey>,
    through: Option<&AgentPubKey>,
    asked: &[Summary],
) -> Result<Answer, IndexError> {
    let asked: HashMap<_, _> = asked.iter().map(|summary| (&summary.author, summary)).collect();
    let mut room = MAX_NAMES;
    let mut differing = Vec::new();
    for own in known.authors()? {
        if !is_within(&own.author, after, through) {
            continue;
        }
        let theirs = asked.get(&own.author).copied();
        if theirs.is_some_and(|theirs| *theirs == own) {
            continue;
        }
        if differing.len() == MAX_AUTHORS {
            let through = differing.last().map(|last: &Differing| last.summary.author.clone());
            return Ok(Answer::Authors { differing, through });
        }
        let newest = more_than(known, &own, theirs, room)?;
        room -= newest.len();
        differing.push(Differing { summary: own, newest });
    }
    Ok(Answer::Authors { differing, through: None })
}

/// This side's newest blocks of an author, if they alone are what the other lacks and there is room for them.
fn more_than(
    known: &impl Known,
    own: &Summary,
    theirs: Option<&Summary>,
    room: usize,
) -> Result<Vec<ActionHash>, IndexError> {
    let (count, digest) = theirs.map(|theirs| (theirs.count, theirs.digest)).unwrap_or_default();
    let more = own.count.checked_sub(count).and_then(|more| usize::try_from(more).ok());
    let Some(more) = more.filter(|more| (1..=room).contains(more)) else { return Ok(Vec::new()) };
    let newest = known.newest(&own.author, more)?;
    let explains = newest.len() == more && blocks_digest(&newest) == differ(&digest, &own.digest);
    Ok(if explains { newest } else { Vec::new() })
}

fn of_buckets(
    blocks: &[ActionHash],
    bits: u8,
    first: u32,
    theirs: &[buckets::Cell],
) -> Result<Answer, IndexError> {
    let own = buckets::cells(blocks, bits);
    let mut in_order: Vec<_> = blocks.iter().map(|block| (buckets::place(block, bits), block)).collect();
    in_order.sort_by_key(|(place, _)| *place);
    let mut names: Vec<ActionHash> = Vec::new();
    let mut end = first;
    for (place, theirs) in (first..).zip(theirs) {
        if own.get(place as usize) != Some(theirs) {
            let from = in_order.partition_point(|(at, _)| *at < place);
            let to = in_order.partition_point(|(at, _)| *at <= place);
            let there = in_order.get(from..to).unwrap_or_default();
            if names.len() + there.len() > MAX_NAMES {
                break;
            }
            names.extend(there.iter().map(|(_, block)| (*block).clone()));
        }
        end = place + 1;
    }
    Ok(Answer::Buckets { names, end })
}
