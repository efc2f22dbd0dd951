//! What a search sees while rows come and go.
//!
//! A search sees the store as it was at one moment, and graph and lists have every row of that moment for as long as the
//! search lasts. While blocks change the store, graph and lists are behind it: searches that begin then see the store as it was
//! before. When graph and lists have what is new, searches that begin see that; what was replaced leaves graph and lists
//! only when the last search that may look for it has ended. So searches wait for nobody, and a writer waits for the searches
//! that are under way. The idea is that of read-copy-update (McKenney and Slingwine 1998).
//!
//! Graph and lists may have rows that a search does not see, newer or older ones. It has to leave them out.

use parking_lot::{Mutex, RwLock};
use rose_forest_store::{RoaringBitmap, Snapshot, Store, StoreError};
use std::{
    convert::Infallible,
    sync::{
        Arc, OnceLock,
        mpsc::{Receiver, Sender, TryRecvError, channel},
    },
};

/// The store at one moment.
pub(super) struct Moment {
    pub(super) snapshot: Snapshot,
    rows: OnceLock<RoaringBitmap>,
}

impl Moment {
    fn now(store: &Store) -> Result<Self, StoreError> {
        Ok(Self { snapshot: store.snapshot()?, rows: OnceLock::new() })
    }

    /// The rows that count. Cost: once a copy of a bit for each label there ever was.
    pub(super) fn rows(&self) -> Result<&RoaringBitmap, StoreError> {
        if let Some(rows) = self.rows.get() {
            return Ok(rows);
        }
        let rows = self.snapshot.live()?;
        Ok(self.rows.get_or_init(|| rows))
    }
}

/// What searches see that begin now.
struct View {
    /// The store before what is being changed. Nothing while there is no such change: then it is the newest.
    before: Option<Arc<Moment>>,
    /// Carries nothing: it closes when the last search with this view has ended.
    _open: Sender<Infallible>,
}

/// What one search sees. It is to be kept until the search ends.
pub(super) struct Sight {
    pub(super) moment: Arc<Moment>,
    _view: Arc<View>,
}

/// What searches see.
pub(super) struct Views {
    current: RwLock<Arc<View>>,
    /// Of the views that may still be in use, the current one last.
    open: Mutex<Vec<Receiver<Infallible>>>,
}

impl Views {
    pub(super) fn new() -> Self {
        let (open, is_open) = channel();
        let view = View { before: None, _open: open };
        Self { current: RwLock::new(Arc::new(view)), open: Mutex::new(vec![is_open]) }
    }

    /// What a search sees that begins now. Cost: that of a snapshot.
    pub(super) fn look(&self, store: &Store) -> Result<Sight, StoreError> {
        // Both under the lock: or else a change could begin and be committed in between.
        let view = self.current.read();
        let moment = match &view.before {
            Some(before) => before.clone(),
            None => Arc::new(Moment::now(store)?),
        };
        Ok(Sight { moment, _view: view.clone() })
    }

    /// To be called before the store is changed, by whoever holds the lock of the writers: searches go on to see it as it is
    /// now until [`Change::end`].
    pub(super) fn change(&self, store: &Store) -> Result<Change<'_>, StoreError> {
        self.set(Some(Arc::new(Moment::now(store)?)));
        Ok(Change { views: self })
    }

    fn set(&self, before: Option<Arc<Moment>>) {
        let (open, is_open) = channel();
        let view = Arc::new(View { before, _open: open });
        let mut all = self.open.lock();
        let old = std::mem::replace(&mut *self.current.write(), view);
        drop(old);
        all.retain(|is_open| is_open.try_recv() == Err(TryRecvError::Empty));
        all.push(is_open);
    }

    /// Waits until no search sees an older view than the current one.
    fn wait_for_older(&self) {
        let mut all = self.open.lock();
        let current = all.pop();
        for is_open in all.drain(..) {
            // Nothing ever comes: this is the end.
            let _ended = is_open.recv();
        }
        all.extend(current);
    }
}

/// A change of the store under way.
pub(super) struct Change<'a> {
    views: &'a Views,
}

impl Change<'_> {
    /// To be called when graph and lists have all that is new: searches that begin from now on see it. When this returns, no
    /// search is under way that saw the store before. Cost: the wait for the searches that are under way.
    pub(super) fn end(self) {
        let views = self.views;
        drop(self);
        views.wait_for_older();
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        self.views.set(None);
    }
}

#[cfg(test)]
mod tests;
