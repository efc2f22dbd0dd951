//! Disks that are full: files that may not grow, by the system's limit for a process.

use crate::child::{Role, Running, at_work};
use crate::ended_writer::insert;
use crate::model::{check, next, open, restore, take_in, try_to_take_in};
use rose_forest_api::WriteOutput;
use rose_forest_engine::local::Opening;
use rose_forest_engine::metrics::CollectionMetrics;
use rose_forest_engine::writer::{Commit, Refusal, Work, WriteError, Writer};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// From now on files of this process may have so many bytes; as many as they like if nothing is said.
fn limit_files(bytes: Option<u64>) {
    let Rlimit { maximum, .. } = getrlimit(Resource::Fsize);
    setrlimit(Resource::Fsize, Rlimit { current: bytes.or(maximum), maximum }).unwrap();
}

/// A chain that takes nothing, or everything.
#[derive(Clone)]
struct Chain(Option<Arc<Mutex<BTreeSet<u64>>>>);

impl Commit for Chain {
    async fn commit(&self, work: Work) -> Result<WriteOutput, Refusal> {
        let Some(taken) = &self.0 else { return Err(Refusal::Trouble(anyhow::anyhow!("not now"))) };
        let number = |id: &rose_forest_api::PointId| {
            if let rose_forest_api::PointId::Int(number) = id { *number } else { unreachable!() }
        };
        taken.lock().unwrap().extend(work.ids().iter().map(number));
        Ok(WriteOutput { rows: work.ids().len() as u32, ..WriteOutput::default() })
    }
}

fn start(folder: &Path, chain: Chain) -> Writer {
    Writer::start(&folder.join("log"), chain, |_| {}, CollectionMetrics::default()).unwrap()
}

/// The child: writes until nothing more can be written, some times in vain, and on when there is room.
pub fn fill_log(folder: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let writer = start(folder, Chain(None));
        at_work();
        limit_files(Some(20_000));
        let mut acknowledged = Vec::new();
        let mut refused = Vec::new();
        for id in 0..2_000 {
            match writer.log(insert(&[id], 1)).await {
                Ok(_) => acknowledged.push(id),
                Err(WriteError::Log { reason }) => {
                    assert!(reason.contains("cannot append"), "{reason}");
                    refused.push(id);
                }
                Err(other) => panic!("{other}"),
            }
            if refused.len() == 20 {
                // There is room again.
                limit_files(None);
            }
        }
        assert!(
            acknowledged.len() > 1_900 && refused.len() == 20,
            "{} {}",
            acknowledged.len(),
            refused.len()
        );
        assert!(acknowledged.first() < refused.first() && acknowledged.last() > refused.last());
        limit_files(None);
        let list = |ids: &[u64]| ids.iter().map(|id| format!("{id}\n")).collect::<String>();
        fs::write(folder.join("acknowledged"), list(&acknowledged)).unwrap();
        // Ended, not closed.
        std::process::exit(0);
    });
}

#[tokio::test]
async fn a_log_on_a_full_disk_refuses_what_it_does_not_keep_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Running::start(Role::FillLog, folder.path(), 0);
    child.wait_until_at_work();
    assert!(child.finish().success());
    let acknowledged = fs::read_to_string(folder.path().join("acknowledged")).unwrap();
    let acknowledged: BTreeSet<u64> = acknowledged.lines().map(|line| line.parse().unwrap()).collect();
    let chain = Chain(Some(Arc::default()));
    let writer = start(folder.path(), chain.clone());
    writer.wait_until_committed(writer.status().logged_through).await.unwrap();
    assert_eq!(*chain.0.unwrap().lock().unwrap(), acknowledged);
}

/// The child: saves, and takes in, while files may not grow.
pub fn fill_save(folder: &Path) {
    let (index, _) = open(folder);
    take_in(&index, 40);
    index.save().unwrap();
    at_work();
    let size = |name: &str| fs::metadata(folder.join(name)).unwrap().len();
    let before = names(folder);
    take_in(&index, 40);
    // No file can be written any more.
    for limit in [0, 100, 5_000, size("graph.index") - 1] {
        limit_files(Some(limit));
        let failed = index.save();
        limit_files(None);
        assert!(failed.is_err(), "with {limit} bytes");
        assert_eq!(names(folder), before, "nothing is left of it");
        check(&index);
    }
    drop(index);
    // What was saved before opens as it was, and what came after it is read again.
    let (index, opening) = open(folder);
    assert_eq!(opening, Opening::default());
    restore(&index);
    check(&index);
    // The store is full: it says so, and is as it was when there is room.
    limit_files(Some(0));
    let reached = next(&index);
    let mut failed = false;
    for _ in 0..2_000 {
        failed |= try_to_take_in(&index, 10).is_err();
        if failed {
            break;
        }
    }
    assert!(failed, "the store took in more than there was room for");
    drop(index);
    limit_files(None);
    let (index, opening) = open(folder);
    assert_eq!(opening, Opening::default());
    restore(&index);
    check(&index);
    assert!(next(&index) >= reached);
    take_in(&index, 5);
    index.save().unwrap();
    check(&index);
}

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn an_index_on_a_full_disk_keeps_what_it_saved_and_saves_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Running::start(Role::FillSave, folder.path(), 0);
    child.wait_until_at_work();
    assert!(child.finish().success());
    let (index, opening) = open(folder.path());
    assert_eq!((opening, index.missing_rows()), (Opening::default(), 0));
    check(&index);
}
