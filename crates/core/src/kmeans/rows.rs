//! Rows to cluster, and centres: their components, and under cosine also integers, which they are compared by.
//!
//! Comparing is nearly all of the work. In wasm every operation on floats is followed by two that make its NaN the same
//! everywhere, so that floats take 3 to 4 times as long as integers; and eight 16-bit products are one instruction.

use crate::{ClusterError, Distance, Space, VectorError, distance::kernel};
use ndarray::{Array2, ArrayView2, Axis};

/// Rows in standard layout.
#[derive(Clone, Debug)]
pub struct Rows {
    distance: Distance,
    floats: Array2<f32>,
    /// Under cosine, the components of all rows as [`kernel::to_integers`] gives them.
    integers: Vec<i16>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Its components.
    pub floats: &'a [f32],
    integers: &'a [i16],
}

/// A row by itself.
#[derive(Clone, Debug)]
pub struct OneRow {
    floats: Vec<f32>,
    integers: Vec<i16>,
}

impl Rows {
    /// Takes finite rows; under cosine of unit length.
    pub fn new(distance: Distance, rows: Array2<f32>) -> Self {
        let floats = if rows.is_standard_layout() { rows } else { rows.as_standard_layout().into_owned() };
        let mut integers = Vec::new();
        if distance == Distance::Cosine {
            integers.reserve_exact(floats.len());
            kernel::to_integers(floats.as_slice().unwrap_or_default(), &mut integers);
        }
        Self { distance, floats, integers }
    }

    /// Checks rows, and under cosine gives them unit length.
    pub fn prepared(rows: Array2<f32>, distance: Distance) -> Result<Self, ClusterError> {
        if rows.nrows() == 0 {
            return Err(ClusterError::NoRows);
        }
        let space = Space { dimension: rows.ncols(), distance, encoding: crate::Encoding::F32 };
        let mut rows = if rows.is_standard_layout() { rows } else { rows.as_standard_layout().into_owned() };
        for (row, mut components) in rows.rows_mut().into_iter().enumerate() {
            // Rows in standard layout are slices.
            let components = components.as_slice_mut().unwrap_or_default();
            space.check(components).map_err(|source| ClusterError::Row { row, source })?;
            if distance == Distance::Cosine && !kernel::normalise(components) {
                return Err(ClusterError::Row { row, source: VectorError::ZeroVector });
            }
        }
        Ok(Self::new(distance, rows))
    }

    /// How they are compared.
    pub fn distance(&self) -> Distance {
        self.distance
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.floats.nrows()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Components of each.
    pub fn dimension(&self) -> usize {
        self.floats.ncols()
    }

    /// Their components, a row for each.
    pub fn floats(&self) -> ArrayView2<'_, f32> {
        self.floats.view()
    }

    /// The components themselves.
    pub fn into_floats(self) -> Array2<f32> {
        self.floats
    }

    /// One row; an empty one if there are not so many.
    pub fn row(&self, place: usize) -> Row<'_> {
        let range = place * self.dimension()..(place + 1) * self.dimension();
        let floats = self.floats.as_slice().unwrap_or_default();
        Row {
            floats: floats.get(range.clone()).unwrap_or_default(),
            integers: self.integers.get(range).unwrap_or_default(),
        }
    }

    /// All rows, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.len()).map(|place| self.row(place))
    }

    /// Copies of some rows.
    pub fn select(&self, places: &[usize]) -> Self {
        let integers = match self.distance {
            Distance::Cosine => places.iter().flat_map(|place| self.row(*place).integers).copied().collect(),
            Distance::Dot | Distance::Euclid | Distance::Manhattan => Vec::new(),
        };
        Self { distance: self.distance, floats: self.floats.select(Axis(0), places), integers }
    }

    /// Puts other components in the place of a row's.
    pub fn set(&mut self, place: usize, components: &[f32]) {
        if place >= self.len() || components.len() != self.dimension() {
            return;
        }
        let range = place * self.dimension()..(place + 1) * self.dimension();
        if let Some(row) = self.floats.as_slice_mut().and_then(|all| all.get_mut(range.clone())) {
            row.copy_from_slice(components);
        }
        if self.distance == Distance::Cosine {
            let mut integers = Vec::with_capacity(components.len());
            kernel::to_integers(components, &mut integers);
            if let Some(row) = self.integers.get_mut(range) {
                row.copy_from_slice(&integers);
            }
        }
    }
}

impl OneRow {
    /// Takes a vector; under cosine gives it unit length.
    pub fn new(distance: Distance, vector: &[f32]) -> Self {
        let (mut floats, mut integers) = (vector.to_vec(), Vec::new());
        if distance == Distance::Cosine {
            kernel::normalise(&mut floats);
            integers.reserve_exact(floats.len());
            kernel::to_integers(&floats, &mut integers);
        }
        Self { floats, integers }
    }

    /// The row.
    pub fn row(&self) -> Row<'_> {
        Row { floats: &self.floats, integers: &self.integers }
    }
}

impl Row<'_> {
    /// What clustering makes small: under cosine minus the inner product, from the integers; the squared Euclidean
    /// distance for dot and Euclid; the Manhattan distance.
    pub fn cost(self, distance: Distance, other: Self) -> f32 {
        match distance {
            Distance::Cosine => from_integers(kernel::dot_integers(self.integers, other.integers)),
            Distance::Dot | Distance::Euclid | Distance::Manhattan => {
                super::cost(distance, self.floats, other.floats)
            }
        }
    }

    /// The same for four others, which takes half the time of one by one.
    pub fn cost_four(self, distance: Distance, others: [Self; 4]) -> [f32; 4] {
        let floats = || others.map(|other| other.floats);
        match distance {
            Distance::Cosine => kernel::dot_integers_four(self.integers, others.map(|other| other.integers))
                .map(from_integers),
            Distance::Dot | Distance::Euclid => kernel::squared_euclid_four(self.floats, floats()),
            Distance::Manhattan => kernel::manhattan_four(self.floats, floats()),
        }
    }
}

/// Minus the inner product of vectors of unit length, from that of their integers.
fn from_integers(product: i32) -> f32 {
    -(product as f32 / (kernel::UNIT * kernel::UNIT))
}
