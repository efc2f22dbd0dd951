//! Where the conductor works: on threads that give way to the others of this process.
//!
//! A search from memory takes a millisecond; a zome call takes fifty and more, and checking and passing on what was written goes on
//! long after it was acknowledged. Where both want the same processors, whoever waits for an answer comes first. What
//! the conductor does is not kept from being done: it has a tenth of the time of another thread where none is idle.

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

/// Lowers the priority of this thread and of those that it will start. Elsewhere than on Linux it would be that of the process.
fn give_way() {
    #[cfg(target_os = "linux")]
    // SAFETY: it takes a number and changes no memory. Where it fails, nothing gives way.
    unsafe {
        libc::nice(NICE);
    }
}
