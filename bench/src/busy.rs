//! Counting what the conductor says of a busy database.
//!
//! When a workflow of the conductor meets a database that is locked, it logs the error, sleeps a second and runs
//! again: nothing is lost but the second. The log is the only place where that shows.

use anyhow::Result;
use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use tracing::{Event, Level, Metadata, Subscriber, field::Field, field::Visit};
use tracing_subscriber::{
    layer::{Context, Layer, SubscriberExt},
    registry,
};

static LOCKED: AtomicUsize = AtomicUsize::new(0);

/// Starts counting.
///
/// # Errors
/// When something else already listens to the log.
pub fn watch() -> Result<()> {
    tracing::subscriber::set_global_default(registry().with(Counter))?;
    Ok(())
}

/// How often a workflow met a locked database so far.
pub fn count() -> usize {
    LOCKED.load(Ordering::Relaxed)
}

struct Counter;

impl<S: Subscriber> Layer<S> for Counter {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.is_event() && *metadata.level() <= Level::WARN
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        if text.0.contains("locked") || text.0.contains("busy") {
            LOCKED.fetch_add(1, Ordering::Relaxed);
        }
        if std::env::var_os("ROSE_FOREST_BENCH_LOG").is_some() {
            eprintln!("    {} {}", event.metadata().target(), text.0);
        }
    }
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }
}
