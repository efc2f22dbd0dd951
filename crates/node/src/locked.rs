//! Changes of the conductor's state, tried again where its database is locked.
//!
//! Holochain 0.7.1 reads its state and writes it again in one transaction, which begins as a reader's. SQLite waits for no lock
//! where a reader becomes a writer, since two that did would wait for each other: if anybody else is writing at that moment, it
//! says `database is locked` at once. And every zome call writes there, the number that keeps it from being played again. So
//! taking part in a collection and leaving one could fail by chance beside other work. Nothing has been changed then.

use std::fmt::Debug;
use std::time::Duration;

/// Pauses before each further attempt: the first is longer than most writes, and all together (15 s) are as long as SQLite waits
/// for other locks of the conductor's.
pub(crate) fn pauses() -> impl Iterator<Item = Duration> {
    (0..10).map(|doubled| Duration::from_millis(15 << doubled))
}

/// Evaluates to the result of a future that changes the conductor's state, on the conductor's threads. Where that finds its database
/// locked, the expression makes another. (A function that takes a closure makes futures that the compiler does not know to
/// be `Send`.) What is wrong with the threads is returned from the function around it.
macro_rules! again_if_locked {
    ($change:expr) => {{
        let mut pauses = $crate::locked::pauses();
        loop {
            let attempt = $crate::background::run($change).await?;
            match pauses.next() {
                Some(pause) if $crate::locked::is_locked(&attempt) => tokio::time::sleep(pause).await,
                _ => break attempt,
            }
        }
    }};
}
pub(crate) use again_if_locked;

/// Whether a change came to nothing because the database was locked. The conductor gives some errors as text alone. Only those of its
/// state are meant: what else is locked is locked half-way.
pub(crate) fn is_locked<T, E: Debug>(attempt: &Result<T, E>) -> bool {
    attempt.as_ref().is_err_and(|error| {
        let text = format!("{error:?}");
        text.contains("StateMutationError") && text.contains("database is locked")
    })
}

#[cfg(test)]
mod tests {
    use crate::live::tests::{create, node};
    use holochain_state::data::Conductor;
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
        let database = node.op_databases.open(Conductor).await.unwrap();

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
