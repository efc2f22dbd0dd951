"""Made-up vectors that are as hard to search as real ones: seeded, in clusters of many sizes, of unit length.

A row is drawn in four steps.

1. A topic is picked. There are `THEMES * TOPICS` of them, grouped in themes, and their sizes follow a power law: the
   largest holds a few rows in a hundred, most hold a few in ten thousand.
2. `LATENTS` numbers are drawn around the topic's own: the low intrinsic dimension. Their spread falls from one number
   to the next by a power law, as the spectrum of embeddings of text does, so that about forty of them matter. Rows
   spread more widely than topics, so topics overlap, and the neighbours of a row come from several.
3. One matrix, the same for all rows, spreads those numbers over all components.
4. Every component gets a little noise of its own, so that no row lies on the low-dimensional surface, and the row is
   scaled to unit length.

Without step 2's overlap a graph walks straight to the cluster and is done: recall is 1 at the lowest effort. Without
the latent numbers (plain Gaussian rows) all neighbours are about equally far and nothing but a full scan finds them.
The constants were chosen so that a graph needs about the effort that it needs on the WordNet senses; README.md has the
table. Queries come from the same distribution and are none of the rows.

The distribution follows from the seed and the dimension alone, and rows are drawn in blocks with a seed each: the
first 100,000 of a million rows are the 100,000 rows of the smaller set.
"""

from collections.abc import Iterator

import numpy as np

LATENTS = 96
THEMES = 24
TOPICS = 40
TOPIC_SPREAD = 1.5
ROW_SPREAD = 2.0
SPECTRUM = -0.375
SIZES = -0.8
NOISE = 3.0
BLOCK_ROWS = 20_000


class Clustered:
    """A distribution to draw rows and queries from."""

    def __init__(self, seed: int, dimension: int):
        self.seed, self.dimension = seed, dimension
        random = self._random(0, 0)
        self.deviation = (1 + np.arange(LATENTS) / 4) ** SPECTRUM
        themes = random.standard_normal((THEMES, 1, LATENTS)) * self.deviation
        topics = themes + random.standard_normal((THEMES, TOPICS, LATENTS)) * self.deviation * TOPIC_SPREAD
        self.topics = topics.reshape(-1, LATENTS).astype(np.float32)
        sizes = random.permutation((1.0 + np.arange(len(self.topics))) ** SIZES)
        self.shares = sizes / sizes.sum()
        self.spread = (random.standard_normal((LATENTS, dimension)) / np.sqrt(dimension)).astype(np.float32)

    def rows(self, count: int) -> Iterator[np.ndarray]:
        """The first rows, f32, in blocks."""
        return self._draw(1, count)

    def queries(self, count: int) -> np.ndarray:
        """As many queries, f32."""
        return np.concatenate(list(self._draw(2, count)))

    def _draw(self, stream: int, count: int) -> Iterator[np.ndarray]:
        for start in range(0, count, BLOCK_ROWS):
            random = self._random(stream, start // BLOCK_ROWS)
            # Always a whole block, so that a smaller set begins as a larger one does.
            topic = random.choice(len(self.topics), BLOCK_ROWS, p=self.shares)
            latents = random.standard_normal((BLOCK_ROWS, LATENTS), dtype=np.float32)
            latents *= (self.deviation * ROW_SPREAD).astype(np.float32)
            rows = (latents + self.topics[topic]) @ self.spread
            noise = random.standard_normal((BLOCK_ROWS, self.dimension), dtype=np.float32)
            rows += noise * np.float32(NOISE / np.sqrt(self.dimension))
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            yield rows[: count - start]

    def _random(self, stream: int, block: int) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64([self.seed, self.dimension, stream, block]))
