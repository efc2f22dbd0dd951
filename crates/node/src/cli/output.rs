//! What is printed: sentences for people, or JSON lines.

use crate::requests::CollectionView;
use anyhow::{Context, Result};
use rose_forest_api::{Arc, Gap};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::OnceLock;

/// What was stdout when the program began.
static OUT: OnceLock<File> = OnceLock::new();

/// Where answers go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// Whether they are JSON.
    pub json: bool,
}

impl Output {
    /// Prints an answer: as JSON, or as text, which is made only if it is needed.
    pub fn say(self, value: &Value, text: impl FnOnce() -> String) {
        let line = if self.json { value.to_string() } else { text() };
        print(&line);
    }

    /// Prints what went wrong to stderr.
    pub fn problem(self, problem: &anyhow::Error) {
        if self.json {
            eprintln!("{}", json!({ "error": format!("{problem:#}") }));
        } else {
            eprintln!("error: {problem:#}");
        }
    }
}

/// Keeps stdout for answers: the keystore prints its address there, which is nobody's business and no JSON.
pub(crate) fn keep_stdout() -> Result<()> {
    let stdout = std::io::stdout();
    let kept = stdout.as_fd().try_clone_to_owned().context("cannot keep stdout")?;
    if OUT.set(File::from(kept)).is_ok() {
        let nowhere = File::options().write(true).open("/dev/null").context("cannot open /dev/null")?;
        // SAFETY: both descriptors are open: `nowhere` is owned here, and stdout was just duplicated.
        let done = unsafe { libc::dup2(nowhere.as_raw_fd(), stdout.as_raw_fd()) };
        anyhow::ensure!(done >= 0, "cannot keep stdout: {}", std::io::Error::last_os_error());
    }
    Ok(())
}

/// What was stdout when the program began, to be drawn on.
pub(crate) fn out() -> Result<File> {
    match OUT.get() {
        Some(out) => out.try_clone().context("cannot use stdout"),
        None => Ok(File::from(std::io::stdout().as_fd().try_clone_to_owned().context("cannot use stdout")?)),
    }
}

/// Prints a line. Whoever reads may have gone, as in `export | head`: then so do we.
pub(crate) fn print(line: &str) {
    let text = format!("{line}\n");
    let done = match OUT.get() {
        Some(mut out) => out.write_all(text.as_bytes()),
        None => std::io::stdout().write_all(text.as_bytes()),
    };
    if done.is_err() {
        std::process::exit(0);
    }
}

/// A collection as JSON.
pub(crate) fn collection(collection: &CollectionView) -> Value {
    json!({
        "name": collection.schema.name,
        "dimension": collection.schema.dimension,
        "distance": collection.schema.distance,
        "encoding": collection.schema.encoding,
        "dna_hash": collection.dna_hash.as_ref().map(ToString::to_string),
        "agent": collection.agent.to_string(),
        "enabled": collection.enabled,
        "bootstrap": collection.network.as_ref().map(|network| &network.bootstrap),
        "relay": collection.network.as_ref().map(|network| &network.relay),
    })
}

/// A gap in words.
pub(crate) fn gap(gap: &Gap) -> String {
    match gap {
        Gap::ArcNotFull => {
            "this node has not compared what it has with its peers yet (--network asks them)".to_owned()
        }
        Gap::ArcUnknown => "it is not known how much this node has".to_owned(),
        Gap::NobodyToAsk => "this node does not have everything, and there is no peer to ask".to_owned(),
        Gap::PeersUnknown => "it is not known whether there is a peer to ask".to_owned(),
        Gap::PeersUnreachable(n) => format!("{n} peers cannot be reached"),
        Gap::NetworkFailed(n) => format!("{n} look-ups over the network failed"),
        Gap::BlocksMissing(n) => format!("{n} blocks are known and not here yet"),
        Gap::CellsMissing(n) => format!("{n} cells are known and not here yet"),
    }
}

/// How much a node stores, in words.
pub(crate) fn arc(arc: Arc) -> &'static str {
    match arc {
        Arc::Full => "everything",
        Arc::Empty => "not known to be everything yet",
        Arc::Unknown => "unknown",
    }
}

/// Stored JSON text as JSON; what cannot be read is given as text.
pub(crate) fn payload(text: Option<&String>) -> Value {
    text.map_or(Value::Null, |text| {
        serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
    })
}
