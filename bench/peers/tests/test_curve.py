"""Interpolating, the frontier, and which efforts are timed."""

import unittest

from peers.curve import AtRecall, Point, at_recall, frontier, spread, worth_timing


class Curve(unittest.TestCase):
    def test_a_recall_that_was_measured_gives_the_speed_that_was_measured(self):
        points = [Point(1, 0.90, (400.0,)), Point(2, 0.95, (200.0,)), Point(3, 0.99, (100.0,))]
        self.assertAlmostEqual(at_recall(points, 0.95).speed, 200.0)

    def test_between_two_points_the_speed_is_between_theirs(self):
        points = [Point(1, 0.90, (400.0,)), Point(2, 0.99, (100.0,))]
        # What is missing falls from 0.1 to 0.01: at its middle, in logarithms, is the middle of the speeds.
        self.assertAlmostEqual(at_recall(points, 1 - 0.1**1.5).speed, 200.0)

    def test_a_recall_of_one_can_be_interpolated_towards(self):
        points = [Point(1, 0.98, (400.0,)), Point(2, 1.0, (100.0,))]
        self.assertTrue(100 < at_recall(points, 0.99).speed < 400)

    def test_a_recall_that_no_effort_reaches_has_no_speed(self):
        self.assertIsNone(at_recall([Point(1, 0.94, (1.0,))], 0.95))

    def test_a_recall_below_the_lowest_effort_is_a_lower_bound(self):
        points = [Point(1, 0.97, (300.0,)), Point(2, 0.99, (100.0,))]
        self.assertEqual(at_recall(points, 0.95), AtRecall(300.0, at_least=True))

    def test_a_point_that_is_slower_and_worse_is_not_on_the_frontier(self):
        good, worse = Point(2, 0.95, (200.0,)), Point(1, 0.94, (150.0,))
        self.assertEqual(frontier([worse, good]), [good])

    def test_the_spread_is_that_of_the_widest_point(self):
        points = [Point(1, 0.9, (90.0, 100.0, 120.0)), Point(2, 0.95, (50.0, 50.0, 49.0))]
        self.assertAlmostEqual(spread(points), 0.2)

    def test_one_round_has_no_spread(self):
        self.assertIsNone(spread([Point(1, 0.9, (90.0,))]))

    def test_efforts_around_the_recalls_of_interest_are_timed(self):
        recalls = {1: 0.5, 2: 0.8, 4: 0.92, 8: 0.97, 16: 0.995, 32: 0.999}
        self.assertEqual(worth_timing(recalls, 0.9, 0.9925), [2, 4, 8, 16])

    def test_a_library_that_never_gets_there_is_timed_to_the_end(self):
        self.assertEqual(worth_timing({1: 0.5, 2: 0.6, 4: 0.7}, 0.9, 0.99), [4])
        self.assertEqual(worth_timing({1: 0.5, 2: 0.91, 4: 0.92}, 0.9, 0.99), [1, 2, 4])


if __name__ == "__main__":
    unittest.main()
