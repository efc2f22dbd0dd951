//! Following what becomes of points.
//!
//! The store keeps the last events; whoever follows reads them page by page from where it was, at its own pace, and waits to be
//! woken when it has read them all. So nothing is kept in memory for anybody, however slow.

use super::{IndexError, LocalIndex};
use rose_forest_store::{Event, EventCursor};
use tokio::sync::watch;

/// A page of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangePage {
    /// The events, the oldest first.
    pub events: Vec<Event>,
    /// Where the next page begins.
    pub next: EventCursor,
    /// Whether events after the given cursor are no longer there. Then the page has none, and `next` is the newest: who reads the
    /// points after that and goes on from it misses nothing.
    pub lost: bool,
}

impl LocalIndex {
    /// The events after a cursor, at most so many; without a cursor none, and where those begin that are to come. An event is
    /// told when searches see what it says. Cost: linear in the answer; waits for nobody.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn changes(&self, since: Option<&EventCursor>, at_most: usize) -> Result<ChangePage, IndexError> {
        let sight = self.views.look(&self.store)?;
        let snapshot = &sight.moment.snapshot;
        let Some(since) = since else {
            return Ok(ChangePage { events: Vec::new(), next: snapshot.last_event()?, lost: false });
        };
        Ok(match snapshot.events_since(since, at_most)? {
            Some(events) => {
                let next = events.last().map_or(*since, |event| event.cursor);
                ChangePage { events, next, lost: false }
            }
            None => ChangePage { events: Vec::new(), next: snapshot.last_event()?, lost: true },
        })
    }

    /// Changes when there may be new events, and closes when the index goes. To miss nothing, mark it as seen before asking for
    /// [`Self::changes`], and wait only when there were none.
    pub fn watch_changes(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// Wakes those who follow.
    pub(super) fn tell_followers(&self) {
        self.news.send_modify(|told| *told = told.wrapping_add(1));
    }
}

#[cfg(test)]
mod tests {
    use crate::local::tests::{action, block, finds, open};
    use rose_forest_store::EventKind;

    #[test]
    fn changes_are_told_when_searches_see_them_and_who_waits_is_woken() {
        let dir = tempfile::tempdir().unwrap();
        let (index, _) = open(dir.path());
        index.take_in(&[block(1, 1, &[(1, Ok(10))])], true, None).unwrap();
        let begin = index.changes(None, 10).unwrap();
        assert!(begin.events.is_empty() && !begin.lost);
        let mut news = index.watch_changes();
        assert!(!news.has_changed().unwrap());

        // A search that is under way holds up what replaces rows; the followers see what it sees.
        let reader = index.reader().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| index.take_in(&[block(1, 2, &[(1, Ok(20)), (2, Ok(20))])], false, None).unwrap());
            while index.changes(Some(&begin.next), 10).unwrap().events.is_empty() {
                std::thread::yield_now();
            }
            assert!(finds(&index, 2, 20));
            drop(reader);
        });
        assert!(news.has_changed().unwrap());
        news.mark_unchanged();
        let page = index.changes(Some(&begin.next), 10).unwrap();
        assert_eq!((page.events.len(), page.events[0].rows, page.events[0].confirmed), (1, 2, false));
        assert_eq!(index.changes(Some(&page.next), 10).unwrap().events, []);

        index.withdraw(&action(2)).unwrap();
        assert!(news.has_changed().unwrap());
        let kinds: Vec<_> =
            index.changes(Some(&page.next), 10).unwrap().events.iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [EventKind::Delete, EventKind::Upsert]);
        // One at a time, they are the same.
        let first = index.changes(Some(&page.next), 1).unwrap();
        let second = index.changes(Some(&first.next), 1).unwrap();
        assert_eq!([first.events[0].kind, second.events[0].kind].to_vec(), kinds);
        drop(index);
        assert!(news.has_changed().is_err());
    }

    #[test]
    fn a_cursor_of_another_store_is_told_where_to_begin() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let ((here, _), (there, _)) = (open(here.path()), open(there.path()));
        for index in [&here, &there] {
            index.take_in(&[block(1, 1, &[(1, Ok(10))])], true, None).unwrap();
        }
        let of_another = there.changes(None, 10).unwrap().next;
        let page = here.changes(Some(&of_another), 10).unwrap();
        assert!(page.lost && page.events.is_empty());
        assert_eq!(page.next, here.changes(None, 10).unwrap().next);
    }
}
