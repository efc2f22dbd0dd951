//! Processes that are started to be ended.

use crate::{disk_full, ended_index, ended_writer};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

const ROLE: &str = "ROSE_FOREST_FAULTS_ROLE";
const FOLDER: &str = "ROSE_FOREST_FAULTS_FOLDER";
const ROUND: &str = "ROSE_FOREST_FAULTS_ROUND";
/// Times that a child is ended in each role, at least.
pub const ENDS: u64 = 100;
/// What a child says when it is at work, on a line of its own.
const AT_WORK: &str = "at work";

/// What a child does, until it is ended or for as long as it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Inserts and deletes through a writer.
    Write,
    /// Takes in a block, and saves; again and again.
    Save,
    /// Takes in blocks one after the other.
    CatchUp,
    /// Takes in a block, and moves what is settled to disk; again and again.
    Settle,
    /// Writes until the disk is full, and on when it is not.
    FillLog,
    /// Saves on a full disk, and on one that is not.
    FillSave,
}

const ROLES: [Role; 6] =
    [Role::Write, Role::Save, Role::CatchUp, Role::Settle, Role::FillLog, Role::FillSave];

/// Plays the role that the environment says. Not a test by itself.
#[test]
#[ignore = "started by the other tests, as a process of its own"]
fn child() {
    let Ok(name) = std::env::var(ROLE) else { return };
    let role = ROLES.into_iter().find(|role| format!("{role:?}") == name).unwrap();
    let folder = std::env::var(FOLDER).unwrap();
    let (folder, round) = (Path::new(&folder), std::env::var(ROUND).unwrap().parse().unwrap());
    match role {
        Role::Write => ended_writer::write(folder, round),
        Role::Save => ended_index::save(folder, round),
        Role::CatchUp => ended_index::catch_up(folder, round),
        Role::Settle => ended_index::settle(folder, round),
        Role::FillLog => disk_full::fill_log(folder),
        Role::FillSave => disk_full::fill_save(folder),
    }
}

/// Called by a child that is at work from now on.
pub fn at_work() {
    println!("\n{AT_WORK}");
    std::io::stdout().flush().unwrap();
}

/// A child, ended at the latest when this is dropped.
pub struct Running(Child);

impl Running {
    /// Starts a child. The limit of the size of files does not end it, but makes writing fail.
    pub fn start(role: Role, folder: &Path, round: u64) -> Self {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "child::child", "--nocapture", "--test-threads=1"]);
        command.env(ROLE, format!("{role:?}")).env(FOLDER, folder).env(ROUND, round.to_string());
        Self(command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap())
    }

    /// Waits until the child says that it is at work.
    pub fn wait_until_at_work(&mut self) {
        let lines = BufReader::new(self.0.stdout.as_mut().unwrap()).lines();
        let said = lines.map_while(Result::ok).any(|line| line == AT_WORK);
        assert!(said, "the child ended before it was at work");
    }

    /// Ends it as `kill -9` does, after so long.
    pub fn end_after(mut self, time: Duration) {
        std::thread::sleep(time);
        self.0.kill().unwrap();
        let status = self.0.wait().unwrap();
        assert!(status.code().is_none(), "the child ended by itself: {status}");
    }

    /// Waits for its end.
    pub fn finish(mut self) -> ExitStatus {
        // Whoever cannot say what it has to say does not end well.
        std::io::copy(self.0.stdout.as_mut().unwrap(), &mut std::io::sink()).unwrap();
        self.0.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both do nothing to a child that has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Random numbers that are the same each time. (SplitMix64: Steele, Lea and Flood 2014.)
pub struct Random(pub u64);

impl Random {
    /// A number below another.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % end
    }

    /// From some microseconds to 131 milliseconds, of every order equally often; longer after every [`ENDS`] rounds.
    pub fn moment(&mut self, round: u64) -> Duration {
        let most = 1 << (5 + self.below(13));
        Duration::from_micros(self.below(most) * round.div_ceil(ENDS))
    }
}

/// Rounds in which a child is ended: [`ENDS`], and as many again, with longer moments, until `enough` of them had begun to work
/// when they were ended, ten times at most. How many do depends on the machine.
pub fn rounds(enough: impl Fn() -> bool) -> impl Iterator<Item = u64> {
    let times = (0..10).take_while(move |times| *times == 0 || !enough());
    times.flat_map(|times| times * ENDS + 1..=(times + 1) * ENDS)
}
