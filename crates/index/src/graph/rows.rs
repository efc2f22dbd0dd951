//! All arrays of a graph, and what changes them under the lock for writing.

use super::{
    GraphError,
    labels::Labels,
    links::{Links, draw_level},
};
use crate::{Label, codes::Codes};

/// The most rows of one graph: searches keep two bits beside a slot in 32.
pub(super) const MAX_ROWS: usize = 1 << 30;

/// What is in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum State {
    /// Nothing: the next row may have it.
    Free = 0,
    /// A row that searches return.
    Live = 1,
    /// A row that was removed and still routes.
    Dead = 2,
}

/// The arrays.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) codes: Codes,
    pub(super) links: Links,
    pub(super) labels: Labels,
    /// Of each slot: the label of its row.
    pub(super) label_of: Vec<Label>,
    pub(super) states: Vec<State>,
    /// Slots without a row.
    pub(super) free: Vec<u32>,
    pub(super) dead: usize,
    /// Slots of rows that are not linked yet, in the order in which they came; all of them are live.
    pub(super) waiting: Vec<u32>,
    /// Where searches begin: a slot of the highest layer that has any.
    pub(super) entry: Option<u32>,
    /// Images being written: until they are, slots keep their rows.
    pub(super) images: usize,
    m: usize,
}

impl Rows {
    pub(super) fn new(code_bytes: usize, m: usize) -> Self {
        Self {
            codes: Codes::new(code_bytes),
            links: Links::new(m),
            labels: Labels::default(),
            label_of: Vec::new(),
            states: Vec::new(),
            free: Vec::new(),
            dead: 0,
            waiting: Vec::new(),
            entry: None,
            images: 0,
            m,
        }
    }

    /// No rows, of the same length and with as many links.
    pub(super) fn empty_like(&self) -> Self {
        Self { images: self.images, ..Self::new(self.codes.code_bytes(), self.m) }
    }

    /// How many slots there are.
    pub(super) fn len(&self) -> u32 {
        self.states.len() as u32
    }

    /// How many rows searches return.
    pub(super) fn live(&self) -> usize {
        self.labels.len()
    }

    /// Whether searches may return the row of a slot.
    #[inline(always)]
    pub(super) fn is_live(&self, slot: u32) -> bool {
        self.states.get(slot as usize) == Some(&State::Live)
    }

    /// The label of a slot's row.
    #[inline(always)]
    pub(super) fn label(&self, slot: u32) -> Label {
        self.label_of.get(slot as usize).copied().unwrap_or(0)
    }

    /// Puts a row down, without links. Its slot. The first of all rows is where searches begin.
    pub(super) fn put(&mut self, seed: u64, label: Label, code: &[u8]) -> Result<u32, GraphError> {
        if self.labels.slot(label).is_some() {
            return Err(GraphError::LabelTaken { label });
        }
        let reused = if self.images == 0 { self.free.pop() } else { None };
        let slot = match reused {
            Some(slot) => slot,
            None => self.push(seed)?,
        };
        self.codes.write(slot, code);
        self.labels.insert(label, slot);
        self.label_of[slot as usize] = label;
        self.states[slot as usize] = State::Live;
        self.entry.get_or_insert(slot);
        Ok(slot)
    }

    /// Puts many rows down, one after the other until one cannot be, and adds their slots to `slots`.
    pub(super) fn put_all(
        &mut self,
        seed: u64,
        labels: &[Label],
        codes: &[u8],
        slots: &mut Vec<u32>,
    ) -> Result<(), GraphError> {
        for (label, code) in labels.iter().zip(codes.chunks_exact(self.codes.code_bytes())) {
            slots.push(self.put(seed, *label, code)?);
        }
        Ok(())
    }

    /// One more slot. Its layer is drawn now and stays, whatever rows it holds: rows are in no order, so that this is as
    /// good as drawing one for each row.
    fn push(&mut self, seed: u64) -> Result<u32, GraphError> {
        let slot = self.len();
        if slot as usize >= MAX_ROWS {
            return Err(GraphError::Full { max: MAX_ROWS });
        }
        self.codes.grow(slot as usize + 1)?;
        self.links.push(draw_level(seed, slot, self.m))?;
        self.label_of.push(0);
        self.states.push(State::Free);
        Ok(slot)
    }

    /// Removes a row; it goes on to route.
    fn remove(&mut self, label: Label) -> bool {
        let Some(slot) = self.labels.remove(label) else { return false };
        self.states[slot as usize] = State::Dead;
        self.dead += 1;
        true
    }

    /// Removes many rows, as [`Self::remove`], of those that wait too. How many were here.
    pub(super) fn remove_all(&mut self, labels: &[Label]) -> usize {
        let removed = labels.iter().filter(|label| self.remove(**label)).count();
        if removed > 0 {
            let Self { waiting, states, .. } = self;
            waiting.retain(|slot| states[*slot as usize] == State::Live);
        }
        removed
    }

    /// Frees the slot of a removed row that nothing links to any more.
    pub(super) fn free(&mut self, slot: u32) {
        if self.states.get(slot as usize) == Some(&State::Dead) {
            self.states[slot as usize] = State::Free;
            self.dead -= 1;
            self.links.clear(slot);
            self.free.push(slot);
        }
    }

    /// Begins searches at a live row of the highest layer that has one; at one that others can be come to from, if any can.
    pub(super) fn choose_entry(&mut self) {
        let live = (0..self.len()).filter(|slot| self.is_live(*slot));
        self.entry = live
            .max_by_key(|slot| (self.is_linked(*slot), self.links.level(*slot), std::cmp::Reverse(*slot)));
    }

    /// Bytes in use.
    pub(super) fn memory_bytes(&self) -> usize {
        self.codes.memory_bytes()
            + self.links.memory_bytes()
            + self.labels.memory_bytes()
            + self.label_of.capacity() * size_of::<Label>()
            + self.states.capacity()
            + (self.free.capacity() + self.waiting.capacity()) * size_of::<u32>()
    }
}
