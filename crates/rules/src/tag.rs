//! What links say in their tags.
//!
//! A tag that routes by something is checked against what it speaks of; a tag that only counts fresh rows
//! claims nothing that a search relies on, and is checked for its form alone.

use crate::{Violation, block::BlockView, code, limits, read::Reader, reference::HashRef};

/// The version in front of every tag.
const TAG_VERSION: u8 = 1;

/// The tag from a cell to a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellTag {
    /// Which centre of the Centroid entry.
    pub index: u16,
    /// Live rows in the block.
    pub rows: u32,
    /// How far the farthest row is from the founding centre: see [`radius_bits`].
    pub radius_bits: u32,
    /// The author's blocks that this one replaces, as in its header.
    pub replaces: Vec<HashRef>,
}

impl CellTag {
    /// The true tag of a block in its cell. `centre` has as many components as the block's rows.
    pub fn of(block: &BlockView<'_>, index: u16, centre: &[f32]) -> Self {
        Self {
            index,
            // A block has at most 16,384 rows.
            rows: block.live_rows() as u32,
            radius_bits: radius_bits(block, centre),
            replaces: block.replaces().collect(),
        }
    }

    /// The farthest row's distance from the centre.
    pub fn radius(&self) -> f32 {
        f32::from_bits(self.radius_bits)
    }

    /// The bytes of the tag: 12, and 39 for each replaced block.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![TAG_VERSION];
        out.extend_from_slice(&self.index.to_le_bytes());
        out.extend_from_slice(&self.rows.to_le_bytes());
        out.extend_from_slice(&self.radius_bits.to_le_bytes());
        out.push(self.replaces.len() as u8);
        for block in &self.replaces {
            out.extend_from_slice(&block.0);
        }
        out
    }

    /// Reads a tag and checks its form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Violation> {
        let mut reader = Reader::new(bytes);
        check_version(&mut reader)?;
        let index = reader.u16("index of the cell")?;
        let rows = reader.u32("rows")?;
        let radius_bits = reader.u32("radius")?;
        let count = usize::from(reader.u8("number of replaced blocks")?);
        if count > limits::MAX_REPLACES {
            return Err(Violation::TooManyReplaced { max: limits::MAX_REPLACES, received: count });
        }
        let replaces = (0..count).map(|_| reader.hash("replaced block")).collect::<Result<_, _>>()?;
        reader.end()?;
        Ok(Self { index, rows, radius_bits, replaces })
    }

    /// Whether the tag is true of this block and this centre.
    pub fn check(&self, block: &BlockView<'_>, centre: &[f32]) -> Result<(), Violation> {
        if block.dimension() != centre.len() {
            return Err(Violation::WrongDimension { expected: centre.len(), received: block.dimension() });
        }
        let truth = Self::of(block, self.index, centre);
        if self.rows != truth.rows {
            return Err(Violation::TagRows { expected: truth.rows, received: self.rows });
        }
        if self.radius_bits != truth.radius_bits {
            return Err(Violation::TagRadius { expected: truth.radius(), received: self.radius() });
        }
        if self.replaces != truth.replaces {
            return Err(Violation::TagReplaces {
                expected: truth.replaces.len(),
                received: self.replaces.len(),
            });
        }
        Ok(())
    }
}

/// How far the farthest row of a block is from a centre, as the bits of the smallest f32 that is not below it.
/// For numbers that are not negative, those bits are an integer that grows with the number.
///
/// Euclidean distance between the decoded row and the centre, summed in f64 in four interleaved sums, whatever
/// the collection's own distance is: all peers do the same operations in the same order. Cost: one pass.
pub fn radius_bits(block: &BlockView<'_>, centre: &[f32]) -> u32 {
    let mut row = vec![0.0f32; block.dimension()];
    let mut farthest = 0.0f64;
    let size = block.encoding().code_bytes(block.dimension());
    if size > 0 {
        for code in block.codes().chunks_exact(size) {
            code::decode_row(block.encoding(), code, &mut row);
            farthest = farthest.max(squared_distance(&row, centre));
        }
    }
    round_up(farthest.sqrt()).to_bits()
}

fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [0.0f64; 4];
    let (a_chunks, a_rest) = a.as_chunks::<4>();
    let (b_chunks, b_rest) = b.as_chunks::<4>();
    for (x, y) in a_chunks.iter().zip(b_chunks) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            let difference = f64::from(*x) - f64::from(*y);
            *sum += difference * difference;
        }
    }
    for ((sum, x), y) in sums.iter_mut().zip(a_rest).zip(b_rest) {
        let difference = f64::from(*x) - f64::from(*y);
        *sum += difference * difference;
    }
    let [s0, s1, s2, s3] = sums;
    (s0 + s1) + (s2 + s3)
}

fn round_up(x: f64) -> f32 {
    let nearest = x as f32;
    if f64::from(nearest) < x { nearest.next_up() } else { nearest }
}

/// The tag from an epoch to a fresh block. It counts; searches do not rely on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreshTag {
    /// The author's epoch, which with the author's key gives the base.
    pub epoch: u32,
    /// Live rows in the block.
    pub rows: u32,
    /// Tombstones in the block.
    pub tombstones: u32,
}

impl FreshTag {
    /// The 13 bytes of the tag.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut out = vec![TAG_VERSION];
        for n in [self.epoch, self.rows, self.tombstones] {
            out.extend_from_slice(&n.to_le_bytes());
        }
        out
    }

    /// Reads a tag and checks its form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Violation> {
        let mut reader = Reader::new(bytes);
        check_version(&mut reader)?;
        let tag = Self {
            epoch: reader.u32("epoch")?,
            rows: reader.u32("rows")?,
            tombstones: reader.u32("tombstones")?,
        };
        reader.end()?;
        Ok(tag)
    }
}

/// The tag of a link that only says which epoch it opens.
pub fn epoch_tag(epoch: u32) -> Vec<u8> {
    let mut out = vec![TAG_VERSION];
    out.extend_from_slice(&epoch.to_le_bytes());
    out
}

/// Reads the tag of a link that opens an epoch.
pub fn read_epoch_tag(bytes: &[u8]) -> Result<u32, Violation> {
    let mut reader = Reader::new(bytes);
    check_version(&mut reader)?;
    let epoch = reader.u32("epoch")?;
    reader.end()?;
    Ok(epoch)
}

/// The tag from an entry of regions to the cells of one region.
pub fn region_tag(index: u16) -> Vec<u8> {
    let mut out = vec![TAG_VERSION];
    out.extend_from_slice(&index.to_le_bytes());
    out
}

/// Reads the tag from an entry of regions to the cells of one region.
pub fn read_region_tag(bytes: &[u8]) -> Result<u16, Violation> {
    let mut reader = Reader::new(bytes);
    check_version(&mut reader)?;
    let index = reader.u16("index of the region")?;
    reader.end()?;
    Ok(index)
}

fn check_version(reader: &mut Reader<'_>) -> Result<(), Violation> {
    match reader.u8("version of a tag")? {
        TAG_VERSION => Ok(()),
        received => Err(Violation::TagVersion { expected: TAG_VERSION, received }),
    }
}
