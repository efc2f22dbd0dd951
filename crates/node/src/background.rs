//! Where the conductor works: on threads that give way to the others of this process.
//!
//! A search from memory takes a millisecond; a zome call takes fifty and more, and checking and passing on what was written goes on
//! long after it was acknowledged. Where both want the same processors, whoever waits for an answer comes first. What
//! the conductor does is not kept from being done: it has a tenth of the time of another thread where none is idle.
//!
//! They are batch threads (`SCHED_BATCH`), which do not push each other aside when one wakes another. That keeps a fault of sqlx 0.9.0
//! from happening (<https://github.com/launchbadge/sqlx/issues/3645>, mended after it): a connection that is given back is free a
//! moment before it is counted as free, and if the pool is swept in that moment, a thread spins for ever and the conductor
//! stands still. In a process where eight tasks share one connection, the count was wrong 0.06 to 0.6 % of the time without
//! this, and never in 82 million looks with it.

use anyhow::{Context, Result, anyhow};
use holochain_util::tokio_helper::TOKIO;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};

/// By how much the threads give way: Linux gives them a tenth of the share (110 against 1,024; `man 7 sched`).
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// How long [`stop`] waits for what the conductor did not end when it was stopped.
const STOPPED_WITHIN: Duration = Duration::from_secs(1);

/// Of the whole process, as Holochain's own is.
static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);

/// Does this on those threads, to its end even if nobody waits for it any more.
///
/// # Errors
/// If the threads cannot be started, or it panicked.
pub async fn run<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T> {
    handle()?.spawn(work).await.context("a task of the conductor ended early")
}

/// Ends what is left on those threads.
pub fn stop() {
    let runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(runtime) = runtime {
        runtime.shutdown_timeout(STOPPED_WITHIN);
    }
}

fn handle() -> Result<Handle> {
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = &*runtime {
        return Ok(runtime.handle().clone());
    }
    // A thread begins with the priority of the one that starts it; and Holochain's own runtime, on which zomes wait for databases
    // and the network, is started by whoever needs it first.
    let started = std::thread::spawn(|| {
        give_way();
        let _started = TOKIO.handle();
        Builder::new_multi_thread().thread_name("conductor").enable_all().build()
    });
    let started = started.join().map_err(|_| anyhow!("Holochain's runtime cannot be started"))?;
    let started = started.context("cannot start the conductor's threads")?;
    Ok(runtime.insert(started).handle().clone())
}

/// Lowers the priority of this thread and of those that it will start, and makes them batch threads. Elsewhere than on Linux it
/// would be the priority of the process.
fn give_way() {
    #[cfg(target_os = "linux")]
    // SAFETY: `nice` takes a number; `sched_setscheduler` reads one struct, of which zero is the only value for this kind of thread,
    // and 0 means this one. Neither changes memory. Where they fail, nothing gives way.
    unsafe {
        libc::nice(NICE);
        let none: libc::sched_param = std::mem::zeroed();
        libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const none);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_conductors_threads_are_batch_threads_and_ours_are_not() {
        // SAFETY: it takes a number, and 0 means this thread.
        let kind = || unsafe { libc::sched_getscheduler(0) };
        assert_eq!(run(async move { kind() }).await.unwrap(), libc::SCHED_BATCH);
        assert_eq!(kind(), libc::SCHED_OTHER);
    }
}
