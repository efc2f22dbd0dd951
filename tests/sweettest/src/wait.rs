//! Waiting for a condition.

use std::time::{Duration, Instant};

/// After how long a condition that did not come true fails the test: many times what it takes, because the machine
/// may be busy with something else.
pub const DEADLINE: Duration = Duration::from_secs(180);
/// How often a condition is looked at.
const INTERVAL: Duration = Duration::from_millis(25);

/// Looks again and again until there is something, and returns it.
///
/// # Panics
/// After [`DEADLINE`], with `what` was waited for.
pub async fn until<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = condition().await {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "waited {DEADLINE:?} in vain: {what}");
        tokio::time::sleep(INTERVAL).await;
    }
}
