//! Qdrant's own clients against a node: `tests/qdrant/run.py` with a node of its own for the time it takes.

use crate::cargo::shown;
use crate::demo::program;
use crate::layout::Layout;
use crate::watch;
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// What runs here, and with which options: what ends within two minutes. On two cores with several builds beside them they took
/// 44, 6, 36 and 30 s. `docs/CLIENTS.md` has the others.
const SUITES: [&[&str]; 4] =
    [&["differential", "--seeds", "4", "--operations", "120"], &["js"], &["llamaindex"], &["standard"]];

/// What `run.py` ends with if the packages that a suite needs cannot be had, without a network for instance.
const CANNOT_RUN: i32 = 2;

/// Runs the suites. Without Python 3.11, which they are written in, it says so and leaves them out.
pub fn check(layout: &Layout) -> Result<()> {
    let Some(python) = python() else {
        println!(
            "left out: Qdrant's clients need Python 3.11 or later, and there is no `python3` of that version here"
        );
        return Ok(());
    };
    let dir = tempfile::tempdir().context("cannot make a data directory")?;
    let mut serve = program(layout, "rose-forest");
    serve.args(["serve", "--json", "--http", "127.0.0.1:0", "--data-dir"]).arg(dir.path());
    let node = Serving::start(serve.env("ROSE_FOREST_PASSPHRASE", "of a node for tests"))?;
    for suite in SUITES {
        let mut command = Command::new(python);
        command.current_dir(&layout.root).arg("tests/qdrant/run.py").args(suite).args(["--url", &node.url]);
        println!("$ {}", shown(&command));
        let (status, said) = watch::status(&mut command)?;
        match status.code() {
            Some(0) => {}
            Some(CANNOT_RUN) => println!("left out: what {} needs could not be installed", suite[0]),
            _ => bail!("{} ended with {status}{said}", shown(&command)),
        }
    }
    Ok(())
}

/// A Python that is new enough.
fn python() -> Option<&'static str> {
    const IS_NEW: &str = "import sys, venv; sys.exit(sys.version_info < (3, 11))";
    ["python3", "python3.11", "python3.12", "python3.13"].into_iter().find(|name| {
        let asked = Command::new(name).args(["-c", IS_NEW]).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    })
}

/// A node that serves, until it is dropped.
struct Serving {
    child: Child,
    url: String,
}

impl Serving {
    fn start(command: &mut Command) -> Result<Self> {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("cannot start a node")?;
        let lines = BufReader::new(child.stdout.take().context("the node has no output")?).lines();
        let mut node = Self { child, url: String::new() };
        let mut lines = lines.map_while(Result::ok);
        node.url = lines.find_map(|line| url(&line)).unwrap_or_default();
        ensure!(!node.url.is_empty(), "the node ended before it listened");
        // Whatever else it says is read, or it would wait for us.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(node)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a node says, as far as it matters here.
#[derive(Deserialize)]
struct Said {
    event: String,
    url: Option<String>,
}

/// The address in a line that says that the API listens.
fn url(line: &str) -> Option<String> {
    // A line is JSON, and so it is YAML.
    let said: Said = yaml_serde::from_str(line).ok()?;
    said.url.filter(|_| said.event == "listening")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_the_line_that_says_so() {
        let line = r#"{"event":"listening","url":"http://127.0.0.1:5"}"#;
        assert_eq!(url(line).as_deref(), Some("http://127.0.0.1:5"));
        for line in [
            r#"{"event":"serving","data_dir":"/x","collections":0}"#,
            r#"{"event":"sight","url":"x"}"#,
            "",
            "x",
        ] {
            assert_eq!(url(line), None, "{line}");
        }
    }
}
