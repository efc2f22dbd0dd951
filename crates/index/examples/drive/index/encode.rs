//! Rows to codes, by several threads.

use crate::{Result, npy::Matrix};
use rose_forest_core::{Space, encode::encode_into};
use std::{ops::Range, thread};

/// The codes of these rows, one after the other.
pub fn codes(space: Space, rows: &Matrix, wanted: Range<usize>, threads: usize) -> Result<Vec<u8>> {
    let mut codes = vec![0; wanted.len() * space.code_bytes()];
    let share = wanted.len().div_ceil(threads.max(1)).max(1);
    let parts = codes.chunks_mut(share * space.code_bytes()).zip(wanted.step_by(share));
    thread::scope(|scope| {
        let running: Vec<_> =
            parts.map(|(part, first)| scope.spawn(move || encode_part(space, rows, first, part))).collect();
        running
            .into_iter()
            .try_for_each(|part| part.join().unwrap_or_else(|_| Err("a thread panicked".into())))
    })?;
    Ok(codes)
}

fn encode_part(space: Space, rows: &Matrix, first: usize, part: &mut [u8]) -> Result<()> {
    let mut row = vec![0.0; space.dimension];
    let mut code = Vec::with_capacity(space.code_bytes());
    for (place, number) in part.chunks_exact_mut(space.code_bytes()).zip(first..) {
        rows.read(number, &mut row);
        code.clear();
        encode_into(space, &row, &mut code)?;
        place.copy_from_slice(&code);
    }
    Ok(())
}
