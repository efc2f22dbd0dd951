//! What the chain does not take.

use super::*;

/// What keeps what it is told, and where.
fn listener() -> (Arc<Mutex<Vec<String>>>, impl Fn(String) + Send + Sync + 'static) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = {
        let told = told.clone();
        move |sentence| told.lock().unwrap().push(sentence)
    };
    (told, tell)
}

#[tokio::test(start_paused = true)]
async fn what_fails_for_no_fault_of_its_own_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain { failures: Arc::new(Mutex::new(3)), ..Chain::default() };
    let (told, tell) = listener();
    let writer = Writer::start(dir.path(), chain.clone(), tell, CollectionMetrics::default()).unwrap();
    commit(&writer, insert(&[1])).await.unwrap();
    assert_eq!(chain.ids(), [[1]]);
    let told = told.lock().unwrap();
    assert!(matches!(&told[..], [once] if once.contains("the database is busy")), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_the_chain_never_takes_is_given_up_when_others_go_through() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain::default();
    let (told, tell) = listener();
    let writer =
        Arc::new(Writer::start(dir.path(), chain.clone(), tell, CollectionMetrics::default()).unwrap());
    let poison = {
        let writer = writer.clone();
        tokio::spawn(async move { commit(&writer, insert(&[5, POISON])).await })
    };
    while writer.status().logged_through < 1 {
        tokio::task::yield_now().await;
    }
    // Those with an id in common stay behind it, and what is behind those, behind them.
    for work in [insert(&[5, 6]), delete(6), insert(&[7]), insert(&[8, 7]), delete(5), insert(&[9])] {
        writer.log(work).await.unwrap();
    }
    writer.wait_until_committed(7).await.unwrap();
    let Err(WriteError::GivenUp { aside, reason, .. }) = poison.await.unwrap() else { panic!() };
    assert!(reason.contains("head has moved"));
    let kept = Work::decode(std::fs::read(&aside).unwrap()).unwrap();
    assert_eq!(ids(&kept), [5, POISON]);
    let committed = chain.ids();
    let mut all = committed.concat();
    let order_of = |id: u64| -> Vec<usize> { (0..all.len()).filter(|at| all[*at] == id).collect() };
    assert!(order_of(5).len() == 2 && order_of(6).len() == 2 && !all.contains(&POISON), "{committed:?}");
    assert!(order_of(6)[0] > order_of(7)[0], "what may pass has passed: {committed:?}");
    all.sort_unstable();
    assert_eq!(all, [5, 5, 6, 6, 7, 7, 8, 9]);
    let status = writer.status();
    assert_eq!((status.waiting_writes, status.trouble, status.refused.len()), (0, None, 1));
    assert_eq!((status.refused[0].number, status.refused[0].aside.as_ref()), (1, Some(&aside)));
    assert!(told.lock().unwrap().iter().any(|sentence| sentence.contains("given up")));
    // And it is done with.
    writer.close().await;
    let chain = Chain::default();
    let writer = start(dir.path(), &chain);
    commit(&writer, insert(&[10])).await.unwrap();
    assert_eq!(chain.ids(), [[10]]);
}

#[tokio::test(start_paused = true)]
async fn as_long_as_the_chain_takes_nothing_nothing_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain { failures: Arc::new(Mutex::new(200)), ..Chain::default() };
    let writer = start(dir.path(), &chain);
    // The clock leaps while the log waits for the disk, and would use up all failures before all is logged.
    let closed = chain.gate.lock().await;
    for id in 1..=5 {
        writer.log(insert(&[id])).await.unwrap();
    }
    writer.log(delete(9)).await.unwrap();
    drop(closed);
    while *chain.failures.lock().unwrap() > 100 {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    let status = writer.status();
    assert!(status.trouble.as_ref().is_some_and(|reason| reason.contains("busy")), "{status:?}");
    writer.wait_until_committed(6).await.unwrap();
    // One may have passed others when the chain took writes again: they have no id in common.
    let mut all = chain.ids().concat();
    all.sort_unstable();
    assert_eq!(all, [1, 2, 3, 4, 5, 9], "each once");
    assert_eq!((writer.status().trouble, writer.status().refused.len()), (None, 0));
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_committing_costs_one_try() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain::default();
    let writer = start(dir.path(), &chain);
    commit(&writer, insert(&[PANIC])).await.unwrap();
    commit(&writer, insert(&[1])).await.unwrap();
    assert_eq!(chain.ids(), [[PANIC], [1]]);
}

#[tokio::test]
async fn a_refused_write_that_was_acknowledged_is_kept_in_a_file_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let aside = |number: u64| dir.path().join(format!("{number:020}.given-up"));
    let chain = Chain::default();
    let (told, tell) = listener();
    let writer = Writer::start(dir.path(), chain.clone(), tell, CollectionMetrics::default()).unwrap();
    let closed = chain.gate.lock().await;
    for work in [insert(&[1]), insert(&[2, 1_000]), insert(&[3]), delete(1_001)] {
        writer.log(work).await.unwrap();
    }
    drop(closed);
    // Whoever waits is told, and has it.
    let refused = commit(&writer, insert(&[1_002])).await.unwrap_err();
    assert!(matches!(refused, WriteError::Refused { .. }), "{refused:#}");
    writer.wait_until_committed(5).await.unwrap();
    assert_eq!(chain.ids().concat(), [1, 3]);
    for (number, expected) in [(2, vec![2, 1_000]), (4, vec![1_001])] {
        let kept = Work::decode(std::fs::read(aside(number)).unwrap()).unwrap();
        assert_eq!(ids(&kept), expected);
    }
    assert!(!aside(5).exists());
    let listed: Vec<_> =
        writer.status().refused.into_iter().map(|refused| (refused.number, refused.aside)).collect();
    assert_eq!(listed, [(2, Some(aside(2))), (4, Some(aside(4))), (5, None)]);
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 2, "{told:?}");
    for (sentence, number) in told.iter().zip([2, 4]) {
        assert!(sentence.contains("an id from 1,000 on"), "{sentence}");
        assert!(sentence.contains(aside(number).to_str().unwrap()), "{sentence}");
    }
}

#[tokio::test]
async fn a_write_that_is_refused_after_a_restart_is_kept_although_somebody_waited_before() {
    let dir = tempfile::tempdir().unwrap();
    let stuck = Chain::default();
    let closed = stuck.gate.clone().lock_owned().await;
    let writer = Arc::new(start(dir.path(), &stuck));
    let waits = {
        let writer = writer.clone();
        tokio::spawn(async move { commit(&writer, insert(&[1_000])).await })
    };
    while writer.status().logged_through < 1 {
        tokio::task::yield_now().await;
    }
    stuck.end(&writer, closed).await;
    assert!(matches!(waits.await.unwrap(), Err(WriteError::Stopped { number: 1 })));
    let writer = start(dir.path(), &Chain::default());
    writer.wait_until_committed(1).await.unwrap();
    let aside = writer.status().refused[0].aside.clone().unwrap();
    assert_eq!(ids(&Work::decode(std::fs::read(aside).unwrap()).unwrap()), [1_000]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_that_cannot_be_kept_is_not_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let in_the_way = dir.path().join(format!("{:020}.given-up", 1));
    std::fs::create_dir(&in_the_way).unwrap();
    let chain = Chain::default();
    let (told, tell) = listener();
    let writer = Writer::start(dir.path(), chain.clone(), tell, CollectionMetrics::default()).unwrap();
    writer.log(insert(&[1_000])).await.unwrap();
    while *chain.tries.lock().unwrap() < 3 {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    let status = writer.status();
    assert!(status.trouble.as_ref().is_some_and(|reason| reason.contains("cannot be kept")), "{status:?}");
    assert_eq!((status.waiting_writes, status.refused.len()), (1, 0));
    std::fs::remove_dir(&in_the_way).unwrap();
    writer.wait_until_committed(1).await.unwrap();
    assert_eq!(ids(&Work::decode(std::fs::read(&in_the_way).unwrap()).unwrap()), [1_000]);
    let status = writer.status();
    assert_eq!((status.refused[0].aside.as_ref(), status.trouble), (Some(&in_the_way), None));
    assert_eq!(told.lock().unwrap().len(), 2);
}
