//! Vectors that are made up, for benches: seeded, clustered, on the unit sphere, the same on every platform.
//!
//! Each is a mixture of topics within themes: latent numbers drawn around a topic's centre, spread over all
//! components by a random matrix, with a little noise of its own. Topics overlap, so that a vector's neighbours
//! come from several, and the spread falls from one latent number to the next, as in embeddings of text.

use crate::{distance::kernel, random::Random};
use ndarray::Array2;

/// Latent numbers behind a vector. This and the spreads below were chosen so that searching is as hard as on
/// the WordNet senses. For 20,000 rows in 113 cells (k-means, four passes over all rows), the share of rows to read:
///
/// | | recall@10 of 0.90 | of 0.96 | cosine of the tenth neighbour |
/// |---|---|---|---|
/// | WordNet | 15.4 % | 28.4 % | 0.40 |
/// | these | 11.8 % | 24.0 % | 0.50 |
/// | a spread of rows of 0.9, topics 0.8, 64 numbers | 3.2 % | 4.2 % | 0.71 |
const LATENTS: usize = 96;
/// Themes, and topics within a theme.
const THEMES: usize = 24;
/// Topics within a theme.
const TOPICS: usize = 40;
/// How far topics lie from their theme, themes being 1 apart.
const TOPIC_SPREAD: f32 = 1.5;
/// How far rows lie from their topic.
const ROW_SPREAD: f32 = 2.0;
/// Noise of each component, of a vector whose latent part has length 1 or so.
const NOISE: f32 = 0.04;

/// A distribution to draw vectors from.
#[derive(Clone, Debug)]
pub struct Synthetic {
    seed: u64,
    dimension: usize,
    /// `LATENTS` rows of `dimension`.
    spread: Vec<f32>,
    /// `THEMES * TOPICS` centres of `LATENTS`.
    topics: Vec<f32>,
}

impl Synthetic {
    /// The distribution that follows from a seed.
    pub fn new(seed: u64, dimension: usize) -> Self {
        let mut random = Random::new(seed, 0);
        let scale = 1.0 / (dimension.max(1) as f32).sqrt();
        let spread = (0..LATENTS * dimension).map(|_| random.normal() * scale).collect();
        let mut topics = Vec::with_capacity(THEMES * TOPICS * LATENTS);
        for _ in 0..THEMES {
            let theme: Vec<f32> = (0..LATENTS).map(|latent| random.normal() * deviation(latent)).collect();
            for _ in 0..TOPICS {
                topics.extend(
                    theme
                        .iter()
                        .enumerate()
                        .map(|(latent, theme)| theme + random.normal() * deviation(latent) * TOPIC_SPREAD),
                );
            }
        }
        Self { seed, dimension, spread, topics }
    }

    /// The first `n` rows of this seed, one a row, of unit length.
    pub fn rows(&self, n: usize) -> Array2<f32> {
        self.draw(n, 1)
    }

    /// `n` queries: from the same distribution, and none of the rows.
    pub fn queries(&self, n: usize) -> Array2<f32> {
        self.draw(n, 2)
    }

    fn draw(&self, n: usize, stream: u64) -> Array2<f32> {
        let mut random = Random::new(self.seed, stream);
        let mut out = Vec::with_capacity(n * self.dimension);
        for _ in 0..n {
            out.append(&mut self.vector(&mut random));
        }
        Array2::from_shape_vec((n, self.dimension), out).unwrap_or_default()
    }

    fn vector(&self, random: &mut Random) -> Vec<f32> {
        // The square makes some topics larger than others.
        let topic = (random.unit().powi(2) * (THEMES * TOPICS) as f64) as usize;
        let centre = self.topics.chunks_exact(LATENTS).nth(topic).unwrap_or_default();
        let mut vector: Vec<f32> = (0..self.dimension).map(|_| random.normal() * NOISE).collect();
        for ((latent, centre), spread) in
            centre.iter().enumerate().zip(self.spread.chunks_exact(self.dimension.max(1)))
        {
            let value = centre + random.normal() * deviation(latent) * ROW_SPREAD;
            for (x, s) in vector.iter_mut().zip(spread) {
                *x += value * s;
            }
        }
        kernel::normalise(&mut vector);
        vector
    }
}

/// How much a latent number varies: the first most. The power is -3/8, by roots alone, which are the same
/// everywhere.
fn deviation(latent: usize) -> f32 {
    let fourth_root = ((latent + 4) as f32 / 4.0).sqrt().sqrt();
    1.0 / (fourth_root * fourth_root.sqrt())
}

#[cfg(test)]
mod tests {
    //! Drawn alike everywhere, of unit length, and never a query among the rows.

    use super::*;

    #[test]
    fn rows_follow_from_the_seed_and_more_rows_begin_with_fewer() {
        let few = Synthetic::new(1, 24).rows(5);
        let many = Synthetic::new(1, 24).rows(9);
        assert!(few.iter().eq(many.iter().take(5 * 24)));
        assert!(few != Synthetic::new(2, 24).rows(5));
        assert!(few != Synthetic::new(1, 24).queries(5));
    }

    #[test]
    fn rows_have_unit_length() {
        for row in Synthetic::new(1, 33).rows(50).rows() {
            assert!((kernel::squared_length(&row.to_vec()) - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn rows_are_the_same_on_every_platform() {
        let row: Vec<u32> = Synthetic::new(7, 5).rows(1).iter().map(|x| x.to_bits()).collect();
        assert_eq!(row, [3_208_663_007, 1_008_213_016, 3_206_466_933, 3_180_334_939, 1_046_166_392]);
    }
}
