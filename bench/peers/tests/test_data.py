"""Exact neighbours, recall, and the made-up rows."""

import unittest

import numpy as np

from peers import data
from peers.clustered import BLOCK_ROWS, Clustered
from peers.exact import exact, recall
from peers.places import REPOSITORY

WORDNET = REPOSITORY / "data" / "wordnet-5000"


class Exact(unittest.TestCase):
    def test_blocks_give_what_sorting_everything_gives(self):
        random = np.random.default_rng(3)
        rows = data.unit(random.standard_normal((1037, 17)))
        queries = data.unit(random.standard_normal((9, 17)))
        found, scores = exact(queries, (rows[i : i + 100] for i in range(0, 1037, 100)), 20)
        expected = np.argsort(-(queries @ rows.T), axis=1)[:, :20]
        np.testing.assert_array_equal(found, expected)
        self.assertTrue((np.diff(scores, axis=1) <= 0).all())

    def test_fewer_rows_than_neighbours(self):
        rows = data.unit(np.eye(3, dtype=np.float32))
        found, _ = exact(rows[:1], iter([rows]), 100)
        self.assertEqual(found.tolist(), [[0, 1, 2]])

    def test_the_neighbours_that_ship_with_wordnet_are_found(self):
        rows = np.load(WORDNET / "docs.f16.npy", mmap_mode="r")
        queries = data.unit(np.load(WORDNET / "queries.f16.npy"))
        _, scores = exact(queries, data.blocks(rows), 100)
        theirs = np.load(WORDNET / "neighbours.npy")[:, :10]
        reached = np.einsum("qd,qkd->qk", queries, data.unit(rows[:][theirs]))
        self.assertEqual(recall(reached, scores[:, 9], 10), 1.0)


class Recall(unittest.TestCase):
    def setUp(self):
        rows = np.eye(4, dtype=np.float16)
        queries = data.unit(np.array([[4, 3, 2, 1]], np.float32))
        _, scores = exact(queries, data.blocks(rows), 4)
        self.data = data.Data("test", "test", REPOSITORY, rows, queries, scores)

    def test_all_found_in_any_order_is_one(self):
        self.assertEqual(self.data.recall([[1, 0]], 2), 1.0)

    def test_a_row_that_is_no_neighbour_does_not_count(self):
        self.assertEqual(self.data.recall([[0, 2]], 2), 0.5)

    def test_a_row_that_is_returned_twice_counts_once(self):
        self.assertEqual(self.data.recall([[0, 0]], 2), 0.5)

    def test_missing_hits_and_numbers_of_no_row_do_not_count(self):
        self.assertEqual(self.data.recall([[0]], 2), 0.5)
        self.assertEqual(self.data.recall([[0, -1]], 2), 0.5)
        self.assertEqual(self.data.recall([[0, 18446744073709551615]], 2), 0.5)

    def test_more_hits_than_were_asked_for_do_not_help(self):
        self.assertEqual(self.data.recall([[0, 2, 1]], 2), 0.5)


class MadeUp(unittest.TestCase):
    def test_rows_have_unit_length_and_follow_from_the_seed(self):
        first, again = (next(Clustered(7, 24).rows(50)) for _ in range(2))
        np.testing.assert_array_equal(first, again)
        np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, atol=1e-5)
        self.assertFalse(np.array_equal(first, next(Clustered(8, 24).rows(50))))

    def test_a_smaller_set_is_the_beginning_of_a_larger_one(self):
        source = Clustered(7, 8)
        large = np.concatenate(list(source.rows(BLOCK_ROWS + 10)))
        self.assertEqual(len(large), BLOCK_ROWS + 10)
        np.testing.assert_array_equal(next(source.rows(100)), large[:100])

    def test_queries_are_none_of_the_rows(self):
        source = Clustered(7, 24)
        self.assertLess((source.queries(50) @ next(source.rows(50)).T).max(), 0.999)


if __name__ == "__main__":
    unittest.main()
