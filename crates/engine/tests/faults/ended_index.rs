//! An index that is ended at any moment: whoever goes on from its note has every row, and none twice.

use crate::child::{ENDS, Random, Role, Running, at_work, rounds};
use crate::model::{check, move_settled, next, open, open_without_memory, restore, take_in};
use rose_forest_engine::local::Opening;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// Where the index is in a folder, and where children note that they have done something.
const INDEX: &str = "index";
const WORKED: &str = "worked";
/// After so many, what is left is checked; otherwise the next child goes on from it.
const CHECK_EVERY: u64 = 5;

/// The child: saves after every block.
pub fn save(folder: &Path, round: u64) {
    let (index, opening) = open(&folder.join(INDEX));
    assert_eq!(opening, Opening::default(), "a save that was cut off leaves the file as it was");
    restore(&index);
    at_work();
    loop {
        take_in(&index, 1);
        note(folder, round);
        index.save().unwrap();
    }
}

/// The child: takes in some blocks at a time, and saves now and then, without which nothing would be durable so soon.
pub fn catch_up(folder: &Path, round: u64) {
    let (index, opening) = open(&folder.join(INDEX));
    assert_eq!(opening, Opening::default());
    restore(&index);
    at_work();
    for batch in 1u64.. {
        take_in(&index, 1 + batch % 4);
        note(folder, round);
        if batch.is_multiple_of(3) {
            index.save().unwrap();
        }
    }
}

/// The child: moves settled rows to disk after every block.
pub fn settle(folder: &Path, round: u64) {
    let (index, opening) = open_without_memory(&folder.join(INDEX), [1; 32]);
    assert_eq!(opening, Opening::default(), "a move that was cut off leaves every file whole");
    restore(&index);
    at_work();
    loop {
        take_in(&index, 1);
        if move_settled(&index) > 0 {
            note(folder, round);
        }
    }
}

/// Notes that this round has done something.
fn note(folder: &Path, round: u64) {
    let mut file = File::options().create(true).append(true).open(folder.join(WORKED)).unwrap();
    file.write_all(format!("{round}\n").as_bytes()).unwrap();
}

/// Ends an index again and again in a role, and checks what is left. A role that does more at a time is given more time.
fn end_again_and_again(role: Role, seed: u64, times: u32) {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(seed);
    // Rounds that had done something when they were ended.
    let worked = || {
        let lines = fs::read_to_string(folder.path().join(WORKED)).unwrap_or_default();
        lines.lines().collect::<BTreeSet<_>>().len() as u64
    };
    for round in rounds(|| worked() > ENDS / 20) {
        let mut child = Running::start(role, folder.path(), round);
        child.wait_until_at_work();
        child.end_after(random.moment(round) * times);
        if round.is_multiple_of(CHECK_EVERY) {
            let (index, opening) = open(&folder.path().join(INDEX));
            assert_eq!(opening, Opening::default(), "round {round}");
            // What was not made durable is read again, as the node does from its note.
            restore(&index);
            check(&index);
            take_in(&index, 3);
            check(&index);
        }
    }
    assert!(worked() > ENDS / 20, "only {} of them had begun to work when they were ended", worked());
    let (index, _) = open(&folder.path().join(INDEX));
    assert!(next(&index) > 0, "something was kept");
}

#[test]
fn an_index_that_is_ended_while_it_saves_opens_with_every_row_once() {
    end_again_and_again(Role::Save, 2, 1);
}

#[test]
fn an_index_that_is_ended_while_it_catches_up_goes_on_from_its_note() {
    end_again_and_again(Role::CatchUp, 3, 1);
}

#[test]
fn an_index_that_is_ended_while_rows_move_to_disk_has_every_row_once() {
    end_again_and_again(Role::Settle, 4, 5);
}
