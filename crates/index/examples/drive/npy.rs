//! Matrices of half floats or floats in `.npy` files, mapped into memory: pages of a file count as no memory of the
//! index.

use crate::Result;
use memmap2::Mmap;
use rose_forest_core::Encoding;
use rose_forest_rules::code::decode_row;
use std::{fs::File, path::Path};

/// A matrix, one vector a row.
pub struct Matrix {
    map: Mmap,
    /// Where the numbers begin.
    start: usize,
    encoding: Encoding,
    rows: usize,
    columns: usize,
}

impl Matrix {
    /// Opens a file that `numpy.save` wrote: little-endian f16 or f32, rows one after the other.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display();
        let file = File::open(path).map_err(|error| format!("cannot open {name}: {error}"))?;
        // SAFETY: the harness writes these files once, before it starts this program, and replaces none in place.
        let map = unsafe { Mmap::map(&file)? };
        let header = npyz::NpyHeader::from_reader(&map[..])?;
        let encoding = match header.dtype().descr().as_str() {
            "'<f2'" => Encoding::F16,
            "'<f4'" => Encoding::F32,
            other => {
                return Err(format!("{name}: expected numbers of '<f2' or '<f4', received {other}").into());
            }
        };
        if header.order() != npyz::Order::C {
            return Err(format!("{name}: expected rows one after the other").into());
        }
        let &[rows, columns] = header.shape() else {
            return Err(format!("{name}: expected a matrix, received the shape {:?}", header.shape()).into());
        };
        let (rows, columns) = (usize::try_from(rows)?, usize::try_from(columns)?);
        let numbers = rows * columns * encoding.code_bytes(1);
        let start = map.len().checked_sub(numbers).ok_or_else(|| {
            format!("{name}: expected {numbers} bytes of numbers, received {} bytes in all", map.len())
        })?;
        Ok(Self { map, start, encoding, rows, columns })
    }

    /// Vectors.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Components of each.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Writes a row, below `rows`, into `out`, which has as many components.
    pub fn read(&self, row: usize, out: &mut [f32]) {
        let bytes = self.encoding.code_bytes(self.columns);
        let start = self.start + row * bytes;
        decode_row(self.encoding, &self.map[start..start + bytes], out);
    }

    /// A row of its own.
    pub fn row(&self, row: usize) -> Vec<f32> {
        let mut out = vec![0.0; self.columns];
        self.read(row, &mut out);
        out
    }
}
