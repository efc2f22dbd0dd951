//! Rows come back as they were written.

use super::*;
use std::sync::atomic::Ordering;

#[test]
fn rows_of_any_length_come_back_across_pieces() {
    for code_bytes in [1, 15, 16, 388, 16_384] {
        let mut codes = Codes::new(code_bytes);
        let per_piece = 1u32 << codes.shift;
        let rows = [0, 1, per_piece - 1, per_piece, 2 * per_piece + 5];
        codes.grow(rows[4] as usize + 1).unwrap();
        for row in rows {
            codes.write(row, &vec![(row % 251) as u8 + 1; code_bytes]);
        }
        for row in rows {
            assert_eq!(
                codes.row(row),
                vec![(row % 251) as u8 + 1; code_bytes],
                "row {row} of {code_bytes} bytes"
            );
        }
        assert!(codes.row(2).iter().all(|b| *b == 0));
    }
}

#[test]
fn a_row_that_is_not_there_is_empty_and_a_code_of_another_length_changes_nothing() {
    let mut codes = Codes::new(4);
    assert!(codes.row(0).is_empty());
    codes.write(0, &[1; 4]);
    codes.grow(1).unwrap();
    codes.write(0, &[1; 3]);
    assert_eq!(codes.row(0), [0; 4]);
}

#[test]
fn words_are_zeros_that_threads_share() {
    let words = Words::zeroed(1_000_000, true).unwrap();
    assert_eq!(words.len(), 1_000_000);
    assert!(words.iter().all(|word| word.load(Ordering::Relaxed) == 0));
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let words = &words;
            scope.spawn(move || {
                words.iter().skip(thread).step_by(2).for_each(|word| word.store(7, Ordering::Relaxed));
            });
        }
    });
    assert!(words.iter().all(|word| word.load(Ordering::Relaxed) == 7));
}
