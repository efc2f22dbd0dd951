//! The processes of the demo: started from this very program, and stopped by their own ids.

use super::{Meeting, Peer};
use crate::data_dir::DataDir;
use crate::passphrase::PASSPHRASE_VARIABLE;
use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{ChildStdout, Command};

/// How long a process may take to start: opening the keystore alone takes seconds on a slow machine.
const STARTED_WITHIN: Duration = Duration::from_secs(120);
/// How long a process may take to stop before it is killed.
const STOPPED_WITHIN: Duration = Duration::from_secs(20);
/// Between two looks at something that is awaited.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Starts processes.
pub(super) struct Launcher {
    program: PathBuf,
    root: PathBuf,
    passphrase: String,
}

/// A process, killed when dropped.
pub(super) struct Child {
    name: String,
    process: tokio::process::Child,
    id: u32,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Launcher {
    pub fn new(root: &Path) -> Result<Self> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let passphrase = uuid::Uuid::from_bytes(rand::random()).to_string();
        // So that data that was kept can be opened.
        std::fs::write(root.join("passphrase"), &passphrase).context("cannot write the passphrase")?;
        Ok(Self { program, root: root.to_owned(), passphrase })
    }

    pub async fn bootstrap(&self) -> Result<Meeting> {
        let mut child = self.start("bootstrap", &["bootstrap", "--listen", "127.0.0.1:0"])?;
        let url = child.said("url").await?;
        Ok(Meeting { child, url })
    }

    pub async fn peer(&self, name: &str) -> Result<Peer> {
        let dir = DataDir::open(&self.root.join(name))?;
        let mut child = self.start(name, &["serve", "--data-dir", &dir.root().display().to_string()])?;
        child.said("event").await?;
        Ok(Peer { child, dir })
    }

    pub async fn liar(&self, invite: &str) -> Result<Child> {
        let dir = self.root.join("liar").display().to_string();
        self.start("liar", &["lie", invite, "--data-dir", &dir])
    }

    fn start(&self, name: &str, args: &[&str]) -> Result<Child> {
        let mut process = Command::new(&self.program)
            .args(args)
            .args(["--json", "--gossip-ms", "1000"])
            .env(PASSPHRASE_VARIABLE, &self.passphrase)
            // What the honest peers log of a forged block is told in the demo's own words.
            .env("ROSE_FOREST_LOG", std::env::var_os("ROSE_FOREST_LOG").unwrap_or_else(|| "off".into()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let id = process.id().with_context(|| format!("{name} ended at once"))?;
        let stdout = process.stdout.take().with_context(|| format!("{name} has no output"))?;
        Ok(Child { name: name.to_owned(), process, id, lines: BufReader::new(stdout).lines() })
    }
}

impl Child {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The text of a field in the next object with it that the process prints.
    pub async fn said(&mut self, field: &str) -> Result<String> {
        let waiting = async {
            while let Some(line) = self.lines.next_line().await.context("cannot read what it says")? {
                let value: Value = serde_json::from_str(&line).unwrap_or_default();
                if let Some(text) = value.get(field).and_then(Value::as_str) {
                    return Ok(text.to_owned());
                }
            }
            bail!("it ended")
        };
        let said = tokio::time::timeout(STARTED_WITHIN, waiting).await;
        let said =
            said.unwrap_or_else(|_| Err(anyhow!("it said nothing for {} s", STARTED_WITHIN.as_secs())));
        said.with_context(|| format!("{}: waiting for its {field}", self.name))
    }

    /// Asks it to stop, and waits for it.
    pub async fn stop(mut self) -> Result<()> {
        let asked = Command::new("kill").args(["-TERM", &self.id.to_string()]).status().await;
        if !asked.is_ok_and(|status| status.success()) {
            self.process.start_kill().with_context(|| format!("cannot stop {}", self.name))?;
        }
        // It may have more to say than the pipe holds.
        let reading = async { while let Ok(Some(_)) = self.lines.next_line().await {} };
        let ended = async {
            reading.await;
            self.process.wait().await
        };
        match tokio::time::timeout(STOPPED_WITHIN, ended).await {
            Ok(ended) => ended.map(|_| ()).with_context(|| format!("cannot wait for {}", self.name)),
            Err(_) => self.process.kill().await.with_context(|| format!("cannot kill {}", self.name)),
        }
    }
}

/// Looks until there is something.
pub(super) async fn until<T>(
    what: &str,
    within: Duration,
    mut look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        anyhow::ensure!(begun.elapsed() < within, "gave up after {} s: {what}", within.as_secs());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
