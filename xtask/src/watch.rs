//! Running a program with its output shown, and keeping what it says of failures: they are told again where everything ends,
//! for whoever sees only the end.

use crate::cargo::shown;
use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// Lines that are kept: the first failures tell most.
const MOST: usize = 30;

/// Lines kept after one that tells of a failure: the message of a panic comes after its place.
const AFTER: usize = 2;

/// What is left in the pipes is there at once, unless a program that was left behind holds them open.
const REST: Duration = Duration::from_secs(2);

/// Runs a command and fails if it does, with what it said of failures.
pub fn run(command: &mut Command) -> Result<()> {
    let (status, said) = status(command)?;
    ensure!(status.success(), "{} ended with {status}{said}", shown(command));
    Ok(())
}

/// Runs a command, and returns what it said of failures, each line after a line break. At a terminal, where progress is drawn and
/// one can scroll, that is nothing.
pub fn status(command: &mut Command) -> Result<(ExitStatus, String)> {
    if std::io::stdout().is_terminal() {
        let status = command.status().with_context(|| format!("cannot run {}", shown(command)))?;
        return Ok((status, String::new()));
    }
    passing_on(command, std::io::stdout(), std::io::stderr())
}

/// Runs a command, passes on what it prints, and returns what it said of failures.
fn passing_on(
    command: &mut Command,
    out: impl Write + Send + 'static,
    err: impl Write + Send + 'static,
) -> Result<(ExitStatus, String)> {
    let cannot_run = format!("cannot run {}", shown(command));
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context(cannot_run.clone())?;
    let (sender, kept) = channel();
    if let Some(output) = child.stdout.take() {
        pass_on(output, out, sender.clone());
    }
    if let Some(output) = child.stderr.take() {
        pass_on(output, err, sender);
    }
    let status = child.wait().context(cannot_run)?;
    let mut said = Vec::new();
    while let Ok(line) = kept.recv_timeout(REST) {
        said.push(line);
    }
    said.truncate(MOST);
    Ok((status, said.iter().map(|line| format!("\n    {line}")).collect()))
}

/// Copies lines from a program to ours, on a thread of its own, and sends those that tell of failures.
fn pass_on(from: impl Read + Send + 'static, mut to: impl Write + Send + 'static, kept: Sender<String>) {
    std::thread::spawn(move || {
        let mut lines = BufReader::new(from);
        let (mut line, mut after) = (Vec::new(), 0);
        while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            // Nobody may be listening any more; the program is read to its end all the same.
            let _ = to.write_all(&line).and_then(|()| to.flush());
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            if tells(text) {
                after = AFTER + 1;
            }
            if after > 0 && !text.is_empty() {
                after -= 1;
                let _ = kept.send(text.to_owned());
            }
            line.clear();
        }
    });
}

/// Whether a line tells of a failure, as the compiler, test harnesses and interpreters do.
fn tells(line: &str) -> bool {
    let begins = ["error", "Error", "FAIL", "AssertionError", "Traceback"];
    let line = line.trim_start();
    begins.iter().any(|begin| line.starts_with(begin))
        || line.contains(" panicked at ")
        || line.ends_with("... FAILED")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_is_said_of_failures_is_told_again() {
        let script = "echo fine; echo 'FAIL: a sample'; echo why >&2; \
            echo \"a sample panicked at src/a.rs:1:2:\"; echo 'assertion failed: b'; echo; exit 3";
        // Nothing of it is shown: whoever looks for failures in what the tests print would find these.
        let (status, said) = passing_on(&mut shell(script), std::io::sink(), std::io::sink()).unwrap();
        assert_eq!(status.code(), Some(3));
        let expected =
            "\n    FAIL: a sample\n    a sample panicked at src/a.rs:1:2:\n    assertion failed: b";
        assert_eq!(said, expected);
    }

    #[test]
    fn a_program_left_behind_does_not_hold_us_up() {
        let begun = std::time::Instant::now();
        assert!(run(&mut shell("sleep 20 & exit 0")).is_ok());
        assert!(begun.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn failures_are_told_from_the_rest() {
        for line in
            ["error: test failed, to rerun pass", " FAIL  src/a.test.ts > b", "AssertionError: 1 != 2"]
        {
            assert!(tells(line), "{line}");
        }
        for line in ["test a ... ok", "0 errors", "   Compiling error-chain v1", "passed"] {
            assert!(!tells(line), "{line}");
        }
    }
}
