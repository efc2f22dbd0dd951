"""The exact neighbours, by comparing everything with everything, and recall against them."""

from collections.abc import Iterator

import numpy as np

NEIGHBOURS = 100
#: A row whose score is so near to that of the last exact neighbour counts as found: near ties are many.
TIE = 1e-4
#: The same without near ties: two ways of summing f32 differ by this.
ROUNDING = 2e-6


def exact(queries: np.ndarray, blocks: Iterator[np.ndarray], depth: int) -> tuple[np.ndarray, np.ndarray]:
    """For each query the rows with the highest inner product, best first, and those products.

    `queries` is f32 of unit length, `blocks` are all rows in order, f32 of unit length. One matrix product a block:
    2 * queries * rows * dimension operations, and memory for queries * rows of a block.
    """
    best_rows = np.empty((len(queries), 0), np.int32)
    best_scores = np.empty((len(queries), 0), np.float32)
    start = 0
    for block in blocks:
        scores = queries @ block.T
        keep = min(depth, len(block))
        part = np.argpartition(-scores, keep - 1, axis=1)[:, :keep]
        best_rows = np.concatenate([best_rows, (part + start).astype(np.int32)], axis=1)
        best_scores = np.concatenate([best_scores, np.take_along_axis(scores, part, axis=1)], axis=1)
        # Ties go to the lower row.
        order = np.lexsort((best_rows, -best_scores), axis=1)[:, :depth]
        best_rows = np.take_along_axis(best_rows, order, axis=1)
        best_scores = np.take_along_axis(best_scores, order, axis=1)
        start += len(block)
    return best_rows, best_scores


def recall(scores: np.ndarray, reach: np.ndarray, k: int, tie: float = TIE) -> float:
    """The share of the `k` hits of each query that are among its exact neighbours.

    `scores` are the exact scores of the rows that were returned (one row a query, -inf for a hit that is missing or
    twice there), `reach` the exact score of each query's k-th neighbour.
    """
    return float((scores[:, :k] >= (reach - tie)[:, None]).sum() / (len(scores) * k))
