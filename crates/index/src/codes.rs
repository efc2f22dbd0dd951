//! The codes of the rows that are in the graph: one after the other, in pieces of a fixed number of rows.
//!
//! Growing maps one more piece and moves nothing. Memory that no row uses yet is address space only. Pieces ask for
//! large pages: rows are read at random, and with pages of 4 kB looking up where a row lies costs as much as reading it.

mod memory;

pub(crate) use memory::{Bytes, Words};

use std::io;

/// A row starts at a multiple of this many bytes. Multiples of 64, whole lines, take 12 % more memory for 384 components of
/// sq8 and were no faster (median of a search: 140 microseconds against 136).
const ALIGNMENT: usize = 16;

/// Codes of rows 0, 1, 2 and so on.
#[derive(Debug)]
pub(crate) struct Codes {
    code_bytes: usize,
    /// From the start of a row to that of the next.
    stride_bytes: usize,
    /// Base-two logarithm of the number of rows of a piece.
    shift: u32,
    pieces: Vec<Bytes>,
    rows: usize,
}

impl Codes {
    /// Of rows of so many bytes, at least 1.
    pub(crate) fn new(code_bytes: usize) -> Self {
        let stride_bytes = code_bytes.max(1).next_multiple_of(ALIGNMENT);
        let shift = rows_shift(stride_bytes);
        Self { code_bytes, stride_bytes, shift, pieces: Vec::new(), rows: 0 }
    }

    /// Bytes of a row.
    pub(crate) fn code_bytes(&self) -> usize {
        self.code_bytes
    }

    /// Makes room for this many rows. New ones are zeros.
    pub(crate) fn grow(&mut self, rows: usize) -> io::Result<()> {
        while self.pieces.len() << self.shift < rows {
            let first = self.pieces.is_empty();
            self.pieces.push(Bytes::zeroed(self.stride_bytes << self.shift, first)?);
        }
        self.rows = self.rows.max(rows);
        Ok(())
    }

    /// The code of a row; nothing if there is no such row.
    #[inline(always)]
    pub(crate) fn row(&self, row: u32) -> &[u8] {
        let (piece, start) = self.place(row);
        let piece = self.pieces.get(piece).map_or(&[][..], |piece| piece);
        piece.get(start..start + self.code_bytes).unwrap_or_default()
    }

    /// Writes a row's code. One of another length, and a row that is not there, change nothing.
    pub(crate) fn write(&mut self, row: u32, code: &[u8]) {
        let (piece, start) = self.place(row);
        let bytes =
            self.pieces.get_mut(piece).and_then(|piece| piece.get_mut(start..start + self.code_bytes));
        if let Some(bytes) = bytes
            && bytes.len() == code.len()
        {
            bytes.copy_from_slice(code);
        }
    }

    #[inline(always)]
    fn place(&self, row: u32) -> (usize, usize) {
        let row = row as usize;
        (row >> self.shift, (row & ((1 << self.shift) - 1)) * self.stride_bytes)
    }

    /// Bytes of the rows that there are.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.rows * self.stride_bytes
    }
}

/// How many entries of so many bytes a piece holds: as many as fit into 64 MB, at least one, a power of two; as its
/// base-two logarithm.
pub(crate) fn rows_shift(entry_bytes: usize) -> u32 {
    const PIECE_BYTES: usize = 64 << 20;
    (PIECE_BYTES / entry_bytes.max(1)).max(1).ilog2()
}

#[cfg(test)]
mod tests;
