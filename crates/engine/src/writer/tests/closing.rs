//! The end of a writer, in order and otherwise.

use super::*;

impl Chain {
    /// Closes a writer whose commits wait for the gate: those that are under way fail, and nothing is committed.
    pub(super) async fn end(&self, writer: &Writer, closed: tokio::sync::OwnedMutexGuard<()>) {
        *self.failures.lock().unwrap() = u32::MAX;
        drop(closed);
        writer.close().await;
        assert_eq!(self.ids(), Vec::<Vec<u64>>::new());
    }
}

#[tokio::test]
async fn what_was_logged_is_committed_after_the_process_ended() {
    let dir = tempfile::tempdir().unwrap();
    let stuck = Chain::default();
    let closed = stuck.gate.clone().lock_owned().await;
    let writer = start(dir.path(), &stuck);
    for id in 1..=20 {
        assert_eq!(writer.log(insert(&[id])).await.unwrap(), id);
    }
    // A write that is being tried again when the writer is closed is not done.
    stuck.end(&writer, closed).await;
    let chain = Chain::default();
    let writer = start(dir.path(), &chain);
    commit(&writer, insert(&[21])).await.unwrap();
    let mut all = chain.ids().concat();
    all.sort_unstable();
    assert_eq!(all, (1..=21).collect::<Vec<_>>());
    assert_eq!(chain.ids().concat().len(), 21, "each once");
}

#[tokio::test]
async fn closing_finishes_what_is_being_committed_and_keeps_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain::default();
    let closed = chain.gate.clone().lock_owned().await;
    let writer = Arc::new(start(dir.path(), &chain));
    let waits_for = |id: u64| {
        let writer = writer.clone();
        tokio::spawn(async move { commit(&writer, insert(&[id])).await })
    };
    let first = waits_for(1);
    // The chain has it in hand: what comes now is another group.
    while *chain.tries.lock().unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    let second = waits_for(2);
    while writer.status().logged_through < 2 {
        tokio::task::yield_now().await;
    }
    let closing = {
        let writer = writer.clone();
        tokio::spawn(async move { writer.close().await })
    };
    while !matches!(writer.log(insert(&[3])).await, Err(WriteError::Closed)) {
        tokio::task::yield_now().await;
    }
    assert!(!closing.is_finished(), "it waits for the chain");
    assert!(matches!(Wal::open(dir.path()), Err(rose_forest_store::wal::WalError::InUse { .. })));
    drop(closed);
    closing.await.unwrap();
    first.await.unwrap().unwrap();
    assert!(matches!(second.await.unwrap(), Err(WriteError::Stopped { number: 2 })));
    assert!(matches!(writer.wait_until_committed(2).await, Err(WriteError::Stopped { number: 2 })));
    writer.close().await;
    assert_eq!(chain.ids(), [[1]]);
    let next = Chain::default();
    let writer = start(dir.path(), &next);
    writer.wait_until_committed(2).await.unwrap();
    assert!(next.ids().concat().starts_with(&[2]) && !next.ids().concat().contains(&1));
}

#[tokio::test]
async fn what_is_committed_is_noted_although_nothing_more_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain::default();
    let writer = start(dir.path(), &chain);
    commit(&writer, insert(&[1])).await.unwrap();
    // What a process that is started now would see, if this one were killed.
    loop {
        let copy = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(dir.path()).unwrap().map(Result::unwrap) {
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        let opened = Wal::open(copy.path()).unwrap();
        if opened.pending.is_empty() {
            assert_eq!(opened.wal.done(), 1);
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_cannot_be_read_from_the_log_is_kept_aside_and_the_rest_is_committed() {
    let dir = tempfile::tempdir().unwrap();
    let mut wal = Wal::open(dir.path()).unwrap().wal;
    let good = insert(&[2]).encode().unwrap();
    wal.append(&[b"of another version", &good.parts().concat()]).unwrap();
    drop(wal);
    let chain = Chain::default();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = {
        let told = told.clone();
        move |sentence: String| told.lock().unwrap().push(sentence)
    };
    let writer = Writer::start(dir.path(), chain.clone(), tell, CollectionMetrics::default()).unwrap();
    writer.wait_until_committed(2).await.unwrap();
    assert_eq!(chain.ids(), [[2]]);
    let aside = dir.path().join("00000000000000000001.given-up");
    assert_eq!(std::fs::read(aside).unwrap(), b"of another version");
    assert!(told.lock().unwrap()[0].contains("write 1 of the log"));
}
