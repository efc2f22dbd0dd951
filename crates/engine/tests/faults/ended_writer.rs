//! A writer that is ended at any moment: what was acknowledged comes to the chain.

use crate::child::{Random, Role, Running, at_work, rounds};
use rose_forest_api::{DeleteInput, InsertInput, PointId, WriteOutput};
use rose_forest_engine::metrics::CollectionMetrics;
use rose_forest_engine::writer::{Commit, Refusal, Work, Writer};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// After so many, what is left is committed without an end, and checked.
const CHECK_EVERY: u64 = 10;
/// Clients that write at the same time.
const CLIENTS: u64 = 3;
/// Ids from here on are written once.
const ONCE: u64 = 1_000;

/// A chain that is a file: a line for each row, synced before a commit is acknowledged.
pub struct FileChain(PathBuf);

impl FileChain {
    pub fn open(path: PathBuf) -> Self {
        // A line that was not written to its end was not acknowledged.
        let text = fs::read_to_string(&path).unwrap_or_default();
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let file = File::options().create(true).truncate(false).write(true).open(&path).unwrap();
        file.set_len(whole as u64).unwrap();
        Self(path)
    }
}

impl Commit for FileChain {
    async fn commit(&self, work: Work) -> Result<WriteOutput, Refusal> {
        let mut lines = String::new();
        match &work {
            Work::Insert { input, .. } => {
                for (id, payload) in input.ids.iter().zip(&input.payloads) {
                    lines += &format!("insert {} {}\n", number(id), payload.as_deref().unwrap());
                }
            }
            Work::Delete(input) => {
                for id in &input.ids {
                    lines += &format!("delete {} -\n", number(id));
                }
            }
        }
        let mut file = File::options().append(true).open(&self.0).unwrap();
        file.write_all(lines.as_bytes()).unwrap();
        file.sync_data().unwrap();
        Ok(WriteOutput { rows: work.ids().len() as u32, ..WriteOutput::default() })
    }
}

fn number(id: &PointId) -> u64 {
    if let PointId::Int(number) = id { *number } else { unreachable!() }
}

/// Rows of these ids, all with this version.
pub fn insert(ids: &[u64], version: u64) -> Work {
    let input = InsertInput {
        ids: ids.iter().copied().map(PointId::Int).collect(),
        vectors: ids.iter().flat_map(|id| (*id as f32).to_le_bytes()).collect(),
        payloads: vec![Some(version.to_string()); ids.len()],
    };
    Work::Insert { bulk: false, input }
}

pub fn start(folder: &Path) -> Writer {
    let chain = FileChain::open(folder.join("chain"));
    let tell = |sentence: String| panic!("nothing is to be told: {sentence}");
    Writer::start(&folder.join("log"), chain, tell, CollectionMetrics::default()).unwrap()
}

/// The child: clients that insert an id of their own again and again, together with ids that are written once, and now and
/// then delete their own; and note what was acknowledged.
pub fn write(folder: &Path, round: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        if round.is_multiple_of(4) {
            // Ended while the log is opened and what is in it committed, too.
            at_work();
        }
        let writer = Arc::new(start(folder));
        if !round.is_multiple_of(4) {
            at_work();
        }
        let acknowledged =
            File::options().create(true).append(true).open(folder.join("acknowledged")).unwrap();
        let acknowledged = Arc::new(acknowledged);
        let mut clients = tokio::task::JoinSet::new();
        for client in 0..CLIENTS {
            let (writer, acknowledged) = (writer.clone(), acknowledged.clone());
            clients.spawn(async move {
                // Versions and ids of a later round are greater.
                for version in round * 1_000_000 + 1.. {
                    let once = ONCE + version * CLIENTS + client;
                    writer.log(insert(&[client, once], version)).await.unwrap();
                    let line = format!("insert {client} {version}\ninsert {once} {version}\n");
                    (&*acknowledged).write_all(line.as_bytes()).unwrap();
                    if version % 3 == 0 {
                        let ids = vec![PointId::Int(client)];
                        let delete = Work::Delete(DeleteInput { ids, ignore_unknown: true });
                        writer.log(delete).await.unwrap();
                        let line = format!("delete {client} -\n");
                        (&*acknowledged).write_all(line.as_bytes()).unwrap();
                    }
                }
            });
        }
        clients.join_next().await.unwrap().unwrap();
    });
}

/// What lines say of each id: its newest version, and whether it was deleted after that.
type Newest = BTreeMap<u64, (u64, bool)>;

fn newest(path: &Path) -> Newest {
    let text = fs::read_to_string(path).unwrap_or_default();
    let mut newest = Newest::new();
    for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [what, id, version] = words[..] else { panic!("{line}") };
        let known = newest.entry(id.parse().unwrap()).or_default();
        *known = if what == "insert" { (version.parse().unwrap(), false) } else { (known.0, true) };
    }
    newest
}

/// What is committed without an end in between must hold what was acknowledged.
async fn check(folder: &Path) -> usize {
    let writer = start(folder);
    let logged = writer.status().logged_through;
    writer.wait_until_committed(logged).await.unwrap();
    assert_eq!(writer.status().waiting_writes, 0);
    writer.close().await;
    let (acknowledged, chain) = (newest(&folder.join("acknowledged")), newest(&folder.join("chain")));
    for (id, expected) in &acknowledged {
        let received = chain.get(id);
        assert!(
            received.is_some_and(|received| received >= expected),
            "{id}: acknowledged was {expected:?}, on the chain is {received:?}"
        );
    }
    acknowledged.len()
}

#[tokio::test]
async fn a_writer_that_is_ended_at_any_moment_loses_nothing_that_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(1);
    // How many ids had been acknowledged: where that is the same again and again, it was not ended while it worked.
    let counts = RefCell::new(BTreeSet::new());
    for round in rounds(|| counts.borrow().len() > 5) {
        let mut child = Running::start(Role::Write, folder.path(), round);
        child.wait_until_at_work();
        child.end_after(random.moment(round));
        if round % CHECK_EVERY == 0 {
            let count = check(folder.path()).await;
            counts.borrow_mut().insert(count);
        }
    }
    let counts = counts.into_inner();
    assert!(counts.len() > 5, "it was ended while it worked: {counts:?}");
}
