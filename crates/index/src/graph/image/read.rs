//! Reading an image that may be damaged.

use super::MAGIC;
use crate::graph::{
    Graph, GraphError, GraphParams, ImageError,
    links::{Lists, MAX_LEVEL},
    rows::{MAX_ROWS, Rows, State},
};
use rose_forest_core::Space;
use std::sync::atomic::Ordering;

impl Graph {
    /// A graph of this space from what [`Graph::write_to`] wrote: the whole of `bytes`.
    ///
    /// # Errors
    /// Bytes that are no such graph: another version, another space, too short or too long, a neighbour that does not exist or
    /// is not in that layer, a label twice. Codes are not checked: whatever they are, they score something.
    /// Cost: a pass over the bytes, and their copy.
    pub fn read_from(space: Space, bytes: &[u8]) -> Result<Self, ImageError> {
        let mut parts = Parts(bytes);
        let header = Header::read(space, &mut parts)?;
        let slots = header.slots;
        let mut rows = Rows::new(space.code_bytes(), header.params.m);
        let labels = parts.take("labels", slots.saturating_mul(4))?;
        let states = parts.take("states", slots)?;
        let levels = parts.take("layers", slots)?;
        // Lengths are known before anything is allocated for them.
        let upper: usize = levels.iter().map(|level| usize::from(*level)).sum();
        let m = header.params.m;
        let base_lists = parts.take("lists of the lowest layer", slots.saturating_mul(8 * m))?;
        let upper_lists = parts.take("lists of upper layers", upper.saturating_mul(4 * m))?;
        let codes = parts.take("codes", slots.saturating_mul(space.code_bytes()))?;
        parts.end()?;

        read_rows(&mut rows, labels, states, levels)?;
        rows.entry = header.entry;
        if rows.entry.is_none() && rows.states.iter().any(|state| *state != State::Free) {
            // Searches would find none of them.
            return Err(ImageError::OutOfRange {
                what: "where searches begin",
                row: 0,
                received: 0,
                limit: 0,
            });
        }
        let [base, above] = rows.links.arrays();
        read_lists(base, base_lists, slots, |_, _| true)?;
        let owners = owners(levels);
        read_lists(above, upper_lists, slots, |list, neighbour| {
            let level = owners.get(list).copied().unwrap_or(u8::MAX);
            levels.get(neighbour as usize).is_some_and(|top| *top >= level)
        })?;
        rows.codes.grow(slots).map_err(GraphError::Memory)?;
        for (slot, code) in codes.chunks_exact(space.code_bytes()).enumerate() {
            rows.codes.write(slot as u32, code);
        }
        rows.waiting = rows.unreached();
        Ok(Self::of_rows(space, header.params, rows))
    }
}

/// What is before the arrays.
struct Header {
    params: GraphParams,
    slots: usize,
    entry: Option<u32>,
}

impl Header {
    fn read(space: Space, parts: &mut Parts<'_>) -> Result<Self, ImageError> {
        // Refuses a reserved encoding.
        Graph::new(space, GraphParams::default())?;
        let received = parts.array("header")?;
        if received != MAGIC {
            return Err(ImageError::Magic { expected: MAGIC, received });
        }
        let dimension = parts.number("header")?;
        let [distance, encoding, ..] = parts.array::<4>("header")?;
        let same = dimension as usize == space.dimension
            && distance == space.distance as u8
            && encoding == space.encoding as u8;
        if !same {
            return Err(ImageError::OtherSpace { expected: space, dimension, distance, encoding });
        }
        let m = parts.number("header")? as usize;
        let ef_construction = parts.number("header")? as usize;
        let seed = u64::from_le_bytes(parts.array("header")?);
        let params = GraphParams { m, ef_construction, seed };
        params.check()?;
        let slots = parts.number("header")? as usize;
        let entry = parts.number("header")?;
        if slots > MAX_ROWS {
            return Err(GraphError::Full { max: MAX_ROWS }.into());
        }
        check("where searches begin", 0, entry.into(), slots as u64 + 1)?;
        Ok(Self { params, slots, entry: entry.checked_sub(1) })
    }
}

/// Slots with their labels, states and layers.
fn read_rows(rows: &mut Rows, labels: &[u8], states: &[u8], levels: &[u8]) -> Result<(), ImageError> {
    let numbers = labels.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
    for (slot, ((label, state), level)) in numbers.zip(states).zip(levels).enumerate() {
        check("highest layer", slot, u64::from(*level), u64::from(MAX_LEVEL) + 1)?;
        rows.links.push(*level).map_err(GraphError::Memory)?;
        rows.label_of.push(label);
        let slot = slot as u32;
        rows.states.push(match state {
            0 => {
                rows.free.push(slot);
                State::Free
            }
            1 if rows.labels.insert(label, slot) => State::Live,
            1 => return Err(ImageError::LabelTwice { label }),
            2 => {
                rows.dead += 1;
                State::Dead
            }
            _ => {
                let received = u64::from(*state);
                return Err(ImageError::OutOfRange { what: "state", row: slot as usize, received, limit: 3 });
            }
        });
    }
    Ok(())
}

/// The layer of each list of the upper layers.
fn owners(levels: &[u8]) -> Vec<u8> {
    levels.iter().flat_map(|level| 1..=*level).collect()
}

/// Copies lists of slots + 1 that `may` have them.
fn read_lists(
    lists: &Lists,
    bytes: &[u8],
    slots: usize,
    may: impl Fn(usize, u32) -> bool,
) -> Result<(), ImageError> {
    let width = bytes.len() / lists.len().max(1);
    if width == 0 {
        return Ok(());
    }
    for (index, bytes) in bytes.chunks_exact(width).enumerate() {
        for (word, bytes) in lists.list(index).iter().zip(bytes.as_chunks::<4>().0) {
            let entry = u32::from_le_bytes(*bytes);
            let Some(neighbour) = entry.checked_sub(1) else { break };
            if neighbour as usize >= slots || !may(index, neighbour) {
                return Err(ImageError::OutOfRange {
                    what: "a neighbour",
                    row: index,
                    received: u64::from(neighbour),
                    limit: slots as u64,
                });
            }
            word.store(entry, Ordering::Relaxed);
        }
    }
    Ok(())
}

fn check(what: &'static str, row: usize, received: u64, limit: u64) -> Result<(), ImageError> {
    if received < limit { Ok(()) } else { Err(ImageError::OutOfRange { what, row, received, limit }) }
}

/// What is left to read.
struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    fn take(&mut self, what: &'static str, bytes: usize) -> Result<&'a [u8], ImageError> {
        let (part, rest) = self.0.split_at_checked(bytes).ok_or(ImageError::Length {
            what,
            expected: bytes,
            received: self.0.len(),
        })?;
        self.0 = rest;
        Ok(part)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], ImageError> {
        let received = self.0.len();
        let (part, rest) =
            self.0.split_first_chunk::<N>().ok_or(ImageError::Length { what, expected: N, received })?;
        self.0 = rest;
        Ok(*part)
    }

    fn number(&mut self, what: &'static str) -> Result<u32, ImageError> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }

    fn end(&self) -> Result<(), ImageError> {
        match self.0.len() {
            0 => Ok(()),
            received => Err(ImageError::Length { what: "the end", expected: 0, received }),
        }
    }
}
