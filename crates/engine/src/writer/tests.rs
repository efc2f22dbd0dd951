use super::*;
use rose_forest_api::PointId;
use std::sync::Mutex;

/// Keeps what it is given; refuses ids from 1,000 on, and everything while it is told to.
#[derive(Clone, Default)]
struct Chain {
    committed: Arc<Mutex<Vec<Work>>>,
    gate: Arc<tokio::sync::Mutex<()>>,
    failures: Arc<Mutex<u32>>,
}

impl Commit for Chain {
    async fn commit(&self, work: Work) -> Result<WriteOutput, Refusal> {
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
    Writer::start(dir, chain.clone(), |_| {}).unwrap()
}

#[tokio::test]
async fn what_waits_at_the_same_time_is_committed_together_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain::default();
    let writer = start(dir.path(), &chain);
    let closed = chain.gate.lock().await;
    // The first is on its way; the others wait behind it.
    for work in [insert(&[1]), insert(&[2, 3]), insert(&[4, 2]), delete(3), delete(4), insert(&[5])] {
        writer.write(work, Wait::Logged).await.unwrap();
        tokio::task::yield_now().await;
    }
    drop(closed);
    let last = writer.write(insert(&[6]), Wait::Committed).await.unwrap();
    assert!(matches!(last, Written::Committed(output) if output.rows == 1));
    let committed = chain.ids();
    assert_eq!(
        committed.iter().flatten().filter(|id| **id == 2).count(),
        1,
        "the later row of one id is kept"
    );
    let order: Vec<u64> = committed.concat();
    assert_eq!(order, [1, 3, 4, 2, 3, 4, 5, 6]);
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
async fn what_was_logged_is_committed_after_the_process_ended() {
    let dir = tempfile::tempdir().unwrap();
    let stuck = Chain::default();
    let closed = stuck.gate.clone().lock_owned().await;
    let writer = start(dir.path(), &stuck);
    for id in 1..=20 {
        assert_eq!(writer.write(insert(&[id]), Wait::Logged).await.unwrap(), Written::Logged(id));
    }
    drop(writer);
    assert_eq!(stuck.ids(), Vec::<Vec<u64>>::new());
    let chain = Chain::default();
    let writer = start(dir.path(), &chain);
    writer.write(insert(&[21]), Wait::Committed).await.unwrap();
    let mut all = chain.ids().concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all, (1..=21).collect::<Vec<_>>());
    drop(closed);
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
        waiting.spawn(async move { (id, writer.write(insert(&[id]), Wait::Committed).await) });
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
        writer.write(work, Wait::Logged).await.unwrap();
    }
    drop(closed);
    writer.write(insert(&[5]), Wait::Committed).await.unwrap();
    assert!(chain.ids().contains(&vec![3, 3]), "it goes to the zome as it is: {:?}", chain.ids());
}

#[tokio::test]
async fn a_full_queue_refuses_and_keeps_nothing_of_what_it_refused() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain::default();
    let closed = chain.gate.clone().lock_owned().await;
    let writer = Writer::start_with(dir.path(), chain.clone(), |_| {}, 4 * PERMIT_BYTES).unwrap();
    for id in 1..=4 {
        writer.write(insert(&[id]), Wait::Logged).await.unwrap();
    }
    let refused = writer.write(insert(&[5]), Wait::Logged).await.unwrap_err();
    assert!(refused.is::<QueueFull>(), "{refused:#}");
    let large: Vec<u64> = (10..1_000).collect();
    assert!(writer.write(insert(&large), Wait::Committed).await.unwrap_err().is::<QueueFull>());
    drop(closed);
    // There is room again once what waited is committed.
    while writer.waiting_bytes() > 0 {
        tokio::task::yield_now().await;
    }
    writer.write(insert(&[6]), Wait::Committed).await.unwrap();
    assert_eq!(chain.ids().concat(), [1, 2, 3, 4, 6]);
}

#[tokio::test(start_paused = true)]
async fn what_fails_for_no_fault_of_its_own_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain { failures: Arc::new(Mutex::new(3)), ..Chain::default() };
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = {
        let told = told.clone();
        move |sentence| told.lock().unwrap().push(sentence)
    };
    let writer = Writer::start(dir.path(), chain.clone(), tell).unwrap();
    writer.write(insert(&[1]), Wait::Committed).await.unwrap();
    assert_eq!(chain.ids(), [[1]]);
    let told = told.lock().unwrap();
    assert!(matches!(&told[..], [once] if once.contains("the database is busy")), "{told:?}");
}
