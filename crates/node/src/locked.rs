//! Changes of the conductor's state, tried again where its database is locked.
//!
//! Holochain 0.7.1 reads its state and writes it again in one transaction, which begins as a reader's. SQLite waits for no lock
//! where a reader becomes a writer, since two that did would wait for each other: if anybody else is writing at that moment, it
//! says `database is locked` at once. And every zome call writes there, the number that keeps it from being played again. So
//! taking part in a collection and leaving one could fail by chance beside other work. Nothing has been changed then.

use std::fmt::Debug;
use std::time::Duration;

/// Pauses before each further attempt: the first is longer than most writes, and all together are as long as SQLite waits for
/// other locks of the conductor's.
const PAUSES: [Duration; 10] = {
    let mut pauses = [Duration::from_millis(15); 10];
    let mut at = 1;
    while at < pauses.len() {
        pauses[at] = Duration::from_millis(15 << at);
        at += 1;
    }
    pauses
};

/// The attempts at one change.
#[derive(Default)]
pub(crate) struct Attempts(usize);

impl Attempts {
    /// How long to wait before the next attempt, if this one found the database locked and was not the last.
    pub fn pause_after<T, E: Debug>(&mut self, attempt: &Result<T, E>) -> Option<Duration> {
        let locked = attempt.as_ref().is_err_and(is_locked);
        let pause = PAUSES.get(self.0).copied().filter(|_| locked);
        self.0 += 1;
        pause
    }
}

/// Evaluates to the result of a future that changes the conductor's state. Where that finds its database locked, the expression
/// makes another. (A function that takes a closure makes futures that the compiler does not know to be `Send`.)
macro_rules! again_if_locked {
    ($change:expr) => {{
        let mut attempts = $crate::locked::Attempts::default();
        loop {
            let attempt = $change.await;
            match attempts.pause_after(&attempt) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => break attempt,
            }
        }
    }};
}
pub(crate) use again_if_locked;

/// The conductor gives some errors as text alone. Only those of its state are meant: what else is locked is locked half-way.
fn is_locked<E: Debug>(error: &E) -> bool {
    let text = format!("{error:?}");
    text.contains("StateMutationError") && text.contains("database is locked")
}

#[cfg(test)]
mod tests {
    use crate::live::tests::{create, node};
    use crate::op_index::{FOLDER, KEY};
    use holochain_state::data::{Conductor, DbKey, HolochainDataConfig, open_db};
    use std::time::Duration;
    use tokio::task::JoinHandle;

    /// Somebody else's write, which takes its time.
    fn end_later(writes: sqlx::Transaction<'static, sqlx::Sqlite>) -> JoinHandle<()> {
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            writes.rollback().await.unwrap();
        })
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_collection_is_left_and_joined_while_somebody_writes_in_the_conductors_database() {
        let folder = tempfile::tempdir().unwrap();
        let node = node(folder.path()).await;
        let collection = create(&node).await;
        let conductor = node.dir.conductor();
        let locked = std::fs::read_to_string(conductor.join(FOLDER).join(KEY)).unwrap();
        let key = DbKey::load(locked, crate::live::tests::passphrase()).await.unwrap();
        let config = HolochainDataConfig::new().with_key(key);
        let database = open_db(conductor.join(FOLDER), Conductor, config).await.unwrap();

        let begin = || database.pool().begin_with("BEGIN IMMEDIATE");
        let other = end_later(begin().await.unwrap());
        node.leave("notes").await.unwrap();
        other.await.unwrap();

        let other = end_later(begin().await.unwrap());
        let joined = node.join(&collection.invite()).await.unwrap();
        assert!(joined.was_here);
        other.await.unwrap();
        database.pool().close().await;
        node.stop().await.unwrap();
    }
}
