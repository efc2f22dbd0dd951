//! Giving memory back: slots that no row has are dropped, and the others take consecutive places in new arrays.
//!
//! The arrays of a graph only grow. Where many rows have left for good (for the lists on disk), [`Graph::repair`] frees their
//! slots for other rows, and this drops the slots that are free.

use super::{
    Graph, GraphError,
    rows::{Rows, State},
};

/// The slot of no row.
const NONE: u32 = u32::MAX;

impl Graph {
    /// How many slots wait for other rows: memory that [`Self::compact`] would give back.
    pub fn free_slots(&self) -> usize {
        self.rows.read().free.len()
    }

    /// Gives the memory of slots without a row back to the system, and says how many there were: call it after
    /// [`Self::repair`]. Searches go on meanwhile; inserts, removals, repairs and images wait.
    ///
    /// # Errors
    /// No memory: then nothing has changed. Cost: a copy of codes and links. Space: until it is done, the rows that stay
    /// are there twice.
    pub fn compact(&self) -> Result<usize, GraphError> {
        let _alone = self.repairing.lock();
        let _nobody_remembers_slots = self.shape.write();
        let (new, dropped) = {
            let rows = self.rows.read();
            if rows.free.is_empty() {
                return Ok(0);
            }
            (rows.without_free_slots()?, rows.free.len())
        };
        let old = std::mem::replace(&mut *self.rows.write(), new);
        // Stamps for slots that are no more; what is lent meanwhile is kept as it is.
        self.scratches.forget_idle();
        drop(old);
        self.changed();
        Ok(dropped)
    }
}

impl Rows {
    /// A copy without free slots.
    fn without_free_slots(&self) -> Result<Self, GraphError> {
        let mut new = self.empty_like();
        let mut places = vec![NONE; self.states.len()];
        for slot in (0..self.len()).filter(|slot| self.states[*slot as usize] != State::Free) {
            let place = new.len();
            places[slot as usize] = place;
            let (label, state) = (self.label(slot), self.states[slot as usize]);
            new.codes.grow(place as usize + 1)?;
            new.links.push(self.links.level(slot))?;
            new.codes.write(place, self.codes.row(slot));
            new.label_of.push(label);
            new.states.push(state);
            match state {
                State::Live => drop(new.labels.insert(label, place)),
                State::Dead => new.dead += 1,
                State::Free => {}
            }
        }
        let place_of = |slot: u32| places.get(slot as usize).copied().filter(|place| *place != NONE);
        let mut neighbours = Vec::new();
        for slot in 0..self.len() {
            let Some(place) = place_of(slot) else { continue };
            for level in 0..=self.links.level(slot) {
                neighbours.clear();
                neighbours.extend(self.links.neighbours(slot, level).filter_map(place_of));
                new.links.write(place, level, &neighbours);
            }
        }
        new.waiting.extend(self.waiting.iter().copied().filter_map(place_of));
        new.entry = self.entry.and_then(place_of);
        if new.entry.is_none() {
            new.choose_entry();
        }
        Ok(new)
    }
}
