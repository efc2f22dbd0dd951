//! A chain that does as it is told, and what must come of it.

mod closing;
mod limits;
mod trouble;

use super::*;
use rose_forest_api::{DeleteInput, InsertInput, PointId};
use std::sync::Mutex;

/// The id that is never taken, for no fault of the write.
const POISON: u64 = 666;
/// The id that makes committing panic, once.
const PANIC: u64 = 667;

/// Keeps what it is given; refuses ids from 1,000 on, and everything while it is told to.
#[derive(Clone, Default)]
struct Chain {
    committed: Arc<Mutex<Vec<Work>>>,
    gate: Arc<tokio::sync::Mutex<()>>,
    failures: Arc<Mutex<u32>>,
    panicked: Arc<Mutex<bool>>,
    tries: Arc<Mutex<u32>>,
}

impl Commit for Chain {
    async fn commit(&self, work: Work) -> Result<WriteOutput, Refusal> {
        *self.tries.lock().unwrap() += 1;
        let _open = self.gate.lock().await;
        {
            let mut failures = self.failures.lock().unwrap();
            if *failures > 0 {
                *failures -= 1;
                return Err(Refusal::Trouble(anyhow::anyhow!("the database is busy")));
            }
        }
        if ids(&work).iter().any(|id| *id >= 1_000) {
            return Err(Refusal::Content(anyhow::anyhow!("an id from 1,000 on")));
        }
        if ids(&work).contains(&POISON) {
            return Err(Refusal::Trouble(anyhow::anyhow!("the source chain head has moved")));
        }
        if ids(&work).contains(&PANIC) && !std::mem::replace(&mut self.panicked.lock().unwrap(), true) {
            panic!("as it is told");
        }
        let rows = ids(&work).len() as u32;
        self.committed.lock().unwrap().push(work);
        Ok(WriteOutput { rows, ..WriteOutput::default() })
    }
}

impl Chain {
    fn ids(&self) -> Vec<Vec<u64>> {
        self.committed.lock().unwrap().iter().map(ids).collect()
    }
}

fn ids(work: &Work) -> Vec<u64> {
    let ids = match work {
        Work::Insert { input, .. } => &input.ids,
        Work::Delete(input) => &input.ids,
    };
    ids.iter().map(|id| if let PointId::Int(id) = id { *id } else { unreachable!() }).collect()
}

fn insert(ids: &[u64]) -> Work {
    let vectors = ids.iter().flat_map(|id| (*id as f32).to_le_bytes()).collect();
    let input =
        InsertInput { ids: ids.iter().copied().map(PointId::Int).collect(), vectors, payloads: vec![] };
    Work::Insert { bulk: false, input }
}

fn delete(id: u64) -> Work {
    Work::Delete(DeleteInput { ids: vec![PointId::Int(id)], ignore_unknown: true })
}

fn start(dir: &Path, chain: &Chain) -> Writer {
    Writer::start(dir, chain.clone(), |_| {}, CollectionMetrics::default()).unwrap()
}

/// Writes, and waits until it is on the chain.
async fn commit(writer: &Writer, work: Work) -> Result<WriteOutput, WriteError> {
    writer.begin(work).await?.committed().await
}

#[tokio::test]
async fn what_waits_at_the_same_time_is_committed_together_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain::default();
    let writer = start(dir.path(), &chain);
    let closed = chain.gate.lock().await;
    // The first is on its way; the others wait behind it.
    for work in [insert(&[1]), insert(&[2, 3]), insert(&[4, 2]), delete(3), delete(4), insert(&[5])] {
        writer.log(work).await.unwrap();
        tokio::task::yield_now().await;
    }
    drop(closed);
    let last = commit(&writer, insert(&[6])).await.unwrap();
    assert_eq!(last.rows, 1);
    let committed = chain.ids();
    let order: Vec<u64> = committed.concat();
    assert_eq!(order, [1, 2, 3, 4, 3, 4, 5, 6], "two rows of one id that share a commit are one");
    assert!(committed.len() <= 6, "inserts that waited share a commit: {committed:?}");
    let inserts = chain.committed.lock().unwrap();
    let Some(Work::Insert { input, .. }) = inserts.iter().find(|work| ids(work).contains(&2)) else {
        panic!()
    };
    for (id, vector) in input.ids.iter().zip(input.vectors.as_chunks::<4>().0) {
        assert_eq!(PointId::Int(f32::from_le_bytes(*vector) as u64), *id, "each id has its own vector");
    }
}

#[tokio::test]
async fn one_bad_write_of_a_group_is_refused_alone() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain::default();
    let writer = Arc::new(start(dir.path(), &chain));
    let closed = chain.gate.lock().await;
    let mut waiting = tokio::task::JoinSet::new();
    for id in [1, 2, 1_000, 3] {
        let writer = writer.clone();
        waiting.spawn(async move { (id, commit(&writer, insert(&[id])).await) });
        tokio::task::yield_now().await;
    }
    drop(closed);
    while let Some(outcome) = waiting.join_next().await {
        let (id, outcome) = outcome.unwrap();
        match outcome {
            Ok(_) => assert!(id < 1_000),
            Err(problem) => {
                assert_eq!((id, problem.to_string().as_str()), (1_000, "an id from 1,000 on"));
            }
        }
    }
    let mut committed = chain.ids().concat();
    committed.sort_unstable();
    assert_eq!(committed, [1, 2, 3]);
}

#[tokio::test]
async fn a_write_that_names_an_id_twice_is_not_carried_through_by_its_neighbours() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain::default();
    let writer = start(dir.path(), &chain);
    let closed = chain.gate.lock().await;
    for work in [insert(&[1]), insert(&[2]), insert(&[3, 3]), insert(&[4])] {
        writer.log(work).await.unwrap();
    }
    drop(closed);
    commit(&writer, insert(&[5])).await.unwrap();
    assert!(chain.ids().contains(&vec![3, 3]), "it goes to the zome as it is: {:?}", chain.ids());
}

#[tokio::test]
async fn the_last_row_of_an_id_is_the_one_that_a_shared_commit_keeps() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain::default();
    let writer = start(dir.path(), &chain);
    let closed = chain.gate.lock().await;
    writer.log(insert(&[1])).await.unwrap();
    for (value, payload) in [(10.0f32, Some("{\"n\":1}")), (20.0, None), (30.0, Some("{\"n\":3}"))] {
        let input = InsertInput {
            ids: vec![PointId::Int(7), PointId::Int(value as u64)],
            vectors: [value, value + 0.5].iter().flat_map(|x| x.to_le_bytes()).collect(),
            payloads: payload.map(|text| vec![Some(text.to_owned()), None]).unwrap_or_default(),
        };
        writer.log(Work::Insert { bulk: false, input }).await.unwrap();
    }
    drop(closed);
    commit(&writer, delete(1)).await.unwrap();
    let committed = chain.committed.lock().unwrap();
    let (mut last, mut commits) = (None, 0);
    for work in committed.iter() {
        let Work::Insert { input, .. } = work else { continue };
        if let Some(row) = input.ids.iter().position(|id| *id == PointId::Int(7)) {
            last = Some((input.vectors[4 * row..][..4].to_vec(), input.payloads[row].clone()));
            commits += 1;
        }
        assert_eq!(input.vectors.len(), input.ids.len() * 4);
    }
    assert_eq!(last, Some((30.0f32.to_le_bytes().to_vec(), Some("{\"n\":3}".to_owned()))));
    assert!(commits < 3, "some of them shared a commit");
}

#[tokio::test]
async fn an_insert_a_delete_and_an_insert_of_one_id_keep_their_order() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain::default();
    let writer = start(dir.path(), &chain);
    let closed = chain.gate.lock().await;
    for work in [insert(&[1]), insert(&[2]), delete(2), insert(&[2]), delete(1), insert(&[1])] {
        writer.log(work).await.unwrap();
    }
    drop(closed);
    writer.wait_until_committed(6).await.unwrap();
    let committed = chain.committed.lock().unwrap();
    let of = |id: u64| -> String {
        let of_id = committed.iter().filter(|work| ids(work).contains(&id));
        of_id.map(|work| if matches!(work, Work::Delete(_)) { 'd' } else { 'i' }).collect()
    };
    assert_eq!((of(1).as_str(), of(2).as_str()), ("idi", "idi"));
}

#[tokio::test]
async fn whoever_asks_hears_what_waits_and_up_to_where_all_is_committed() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain::default();
    let metrics = crate::metrics::Metrics::new("test");
    let notes = metrics.collection("notes");
    let writer = Writer::start(dir.path(), chain.clone(), |_| {}, notes).unwrap();
    assert_eq!(writer.status(), Status { max_bytes: MAX_QUEUE_BYTES, ..Status::default() });
    let closed = chain.gate.lock().await;
    for id in 1..=5 {
        writer.log(insert(&[id, id + 100])).await.unwrap();
    }
    let status = writer.status();
    assert_eq!((status.waiting_writes, status.logged_through, status.committed_through), (5, 5, 0));
    assert!(
        status.waiting_bytes > 5 * 8 && metrics.encode().contains("queue_writes{collection=\"notes\"} 5")
    );
    drop(closed);
    writer.wait_until_committed(5).await.unwrap();
    commit(&writer, insert(&[1_000])).await.unwrap_err();
    commit(&writer, delete(1)).await.unwrap();
    let status = writer.status();
    assert_eq!((status.waiting_writes, status.waiting_bytes, status.committed_through), (0, 0, 7));
    assert_eq!((status.refused.len(), status.refused[0].number), (1, 6));
    let text = metrics.encode();
    for line in [
        "inserts_total{collection=\"notes\"} 10",
        "deletes_total{collection=\"notes\"} 1",
        "refused_writes_total{collection=\"notes\",reason=\"chain\"} 1",
        "insert_seconds_count{collection=\"notes\",until=\"log\"} 6",
        "insert_seconds_count{collection=\"notes\",until=\"chain\"} 5",
        "queue_bytes{collection=\"notes\"} 0",
    ] {
        assert!(text.contains(&format!("rose_forest_{line}\n")), "{line} in {text}");
    }
    assert!(!text.contains("wal_sync_seconds_count{collection=\"notes\"} 0"));
    writer.close().await;
    // Numbers go on, and so does what is committed.
    let writer = start(dir.path(), &chain);
    assert_eq!((writer.status().logged_through, writer.committed_through()), (7, 7));
    assert_eq!(writer.log(insert(&[9])).await.unwrap(), 8);
}
