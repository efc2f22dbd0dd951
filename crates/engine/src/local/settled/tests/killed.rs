//! A process that is killed at any moment of taking in, moving and saving.

use super::*;
use rose_forest_api::{ActionHash, PointId};
use std::{
    env,
    process::{Command, Stdio},
};

const FOLDER: &str = "ROSE_FOREST_TEST_KILLED";
const ROUNDS: u32 = 24;
/// Rows of a block.
const ROWS: u64 = 8;
/// Points that they are versions of.
const POINTS: u64 = 100;

fn name(number: u32) -> ActionHash {
    ActionHash::from_raw_32(number.to_le_bytes().repeat(8))
}

/// The same blocks in every process: versions of a hundred points, over and over.
fn numbered(number: u32) -> SignedBlock {
    let version = u64::from(number) + 1;
    let rows: Vec<_> = ids(number).map(|id| (id, Ok(version))).collect();
    SignedBlock { action: name(number), ..block_in(Some((number % 4) as u16), 1, 1, &rows) }
}

fn ids(number: u32) -> impl Iterator<Item = u64> {
    (0..ROWS).map(move |n| (u64::from(number) * (ROWS - 1) + n) % POINTS)
}

/// How many of the blocks an index knows: they come one after the other.
fn known(index: &LocalIndex) -> u32 {
    (0..).find(|number| !index.knows(&name(*number)).unwrap()).unwrap()
}

/// What the process does that is killed. Only run by the other test.
#[test]
#[ignore = "run by another test, in a process of its own"]
fn takes_in_moves_and_saves_until_it_is_killed() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let (index, _) = open_with(folder.as_ref(), ALL_TO_DISK);
    index.add_cells(cells(0..4)).unwrap();
    for number in known(&index).. {
        index.take_in(&[numbered(number)], true, None).unwrap();
        if number % 5 == 4 {
            go(&index);
        }
        if number % 7 == 6 {
            index.save().unwrap();
        }
    }
}

#[test]
fn whenever_it_is_killed_every_row_is_in_one_place_or_missing() {
    let dir = tempfile::tempdir().unwrap();
    // A store that is killed while it is made is begun anew: that is another matter.
    drop(open_with(dir.path(), ALL_TO_DISK));
    let (mut before, mut in_both) = (0, 0);
    for round in 0..ROUNDS {
        let mut child = Command::new(env::current_exe().unwrap())
            .args([
                "--ignored",
                "--exact",
                "local::settled::tests::killed::takes_in_moves_and_saves_until_it_is_killed",
            ])
            .env(FOLDER, dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(u64::from(30 + round * 7_919 % 170)));
        assert_eq!(child.try_wait().unwrap(), None, "it goes on until it is killed");
        child.kill().unwrap();
        child.wait().unwrap();
        let (index, opening) = open_with(dir.path(), ALL_TO_DISK);
        assert_eq!(opening, Opening::default(), "round {round}");
        let [graph, lists, missing] = places(&index);
        let report = index.report().unwrap();
        assert_eq!(graph + lists + missing, report.points, "round {round}: {report:?}");
        in_both += u64::from(graph > 0 && lists > 0);
        while let Some((action, _)) = index.missing_blocks(1).unwrap().first() {
            let number = (0..known(&index)).find(|number| name(*number) == *action).unwrap();
            assert!(index.restore(&numbered(number)).unwrap() > 0);
        }
        // What counts, of the blocks that it knows.
        let all = known(&index);
        assert!(all >= before, "round {round}: it knew {before} blocks, and now {all}");
        before = all;
        let mut newest = std::collections::BTreeMap::new();
        for number in 0..all {
            newest.extend(ids(number).map(|id| (id, i64::from(number) + 1)));
        }
        let hits = search(&index, &vector(3, 3), 100).hits;
        let mut found: Vec<_> = hits.into_iter().map(|hit| (hit.id, hit.written_at_micros)).collect();
        found.sort();
        let expected: Vec<_> = newest.into_iter().map(|(id, time)| (PointId::Int(id), time)).collect();
        assert_eq!(found, expected, "round {round}");
    }
    assert!(in_both > 0 && before > 50, "{in_both} times rows were here and there, of {before} blocks");
}
