//! What the chain does not take.

use super::*;

#[tokio::test(start_paused = true)]
async fn what_fails_for_no_fault_of_its_own_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain { failures: Arc::new(Mutex::new(3)), ..Chain::default() };
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = {
        let told = told.clone();
        move |sentence| told.lock().unwrap().push(sentence)
    };
    let writer = Writer::start(dir.path(), chain.clone(), tell, CollectionMetrics::default()).unwrap();
    writer.write(insert(&[1]), Wait::Committed).await.unwrap();
    assert_eq!(chain.ids(), [[1]]);
    let told = told.lock().unwrap();
    assert!(matches!(&told[..], [once] if once.contains("the database is busy")), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_the_chain_never_takes_is_given_up_when_others_go_through() {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain::default();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = {
        let told = told.clone();
        move |sentence| told.lock().unwrap().push(sentence)
    };
    let writer =
        Arc::new(Writer::start(dir.path(), chain.clone(), tell, CollectionMetrics::default()).unwrap());
    let poison = {
        let writer = writer.clone();
        tokio::spawn(async move { writer.write(insert(&[5, POISON]), Wait::Committed).await })
    };
    while writer.status().logged_through < 1 {
        tokio::task::yield_now().await;
    }
    // Those with an id in common stay behind it, and what is behind those, behind them.
    for work in [insert(&[5, 6]), delete(6), insert(&[7]), insert(&[8, 7]), delete(5), insert(&[9])] {
        writer.write(work, Wait::Logged).await.unwrap();
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
    writer.write(insert(&[10]), Wait::Committed).await.unwrap();
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
        writer.write(insert(&[id]), Wait::Logged).await.unwrap();
    }
    writer.write(delete(9), Wait::Logged).await.unwrap();
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
    writer.write(insert(&[PANIC]), Wait::Committed).await.unwrap();
    writer.write(insert(&[1]), Wait::Committed).await.unwrap();
    assert_eq!(chain.ids(), [[PANIC], [1]]);
}
