from __future__ import annotations

import unittest
import xml.etree.ElementTree as ElementTree

from besom._card import Trace, Track, is_notebook, to_card, to_sparkline


class CardTest(unittest.TestCase):
    def test_what_others_named_is_escaped_and_nothing_comes_from_elsewhere(self) -> None:
        evil = "<script>alert(1)</script>\"'&"
        card = to_card(evil, f"http://h/{evil}", evil, [(evil, evil)], [1.0, 2.0], evil)
        self.assertNotIn("<script", card)
        tags = {element.tag for element in ElementTree.fromstring(card).iter()}
        self.assertEqual(tags, {"div", "b", "a", "span", "svg", "polyline"})
        self.assertNotIn("src=", card)
        self.assertNotIn("<a ", to_card("x", "javascript:alert(1)", "running"))

    def test_colours_are_those_of_the_page(self) -> None:
        card = to_card("x", "http://h", "running", values=[1, 2])
        self.assertIn("color:inherit;background:transparent", card)
        self.assertIn('stroke="currentColor"', card)

    def test_lines_stay_within_their_box(self) -> None:
        for values in ([1e308, -1e308, 0.0], [5.0, 5.0], [float("nan"), 1.0, float("inf"), 2.0]):
            line = ElementTree.fromstring(to_sparkline(values))[0].attrib["points"]
            for point in line.split():
                x, y = map(float, point.split(","))
                self.assertTrue(0 <= x <= 180 and 0 <= y <= 32, point)
        self.assertEqual(to_sparkline([1.0]), "")

    def test_a_long_metric_is_thinned_out(self) -> None:
        trace = Trace()
        for i in range(100_000):
            trace.add(float(i))
        trace.add("text")
        self.assertLessEqual(len(trace.values), 400)
        self.assertGreater(len(trace.values), 150)
        self.assertEqual(trace.values, sorted(trace.values))
        self.assertGreater(trace.values[-1], 99_000)

    def test_the_best_is_by_the_goal_and_without_one_the_first_number_is_followed(self) -> None:
        track = Track("loss", "minimize")
        track.take([(0, 0.0, {"loss": 2.0}), (1, 0.0, {"loss": 1.0, "other": 0}), (2, 0.0, {"loss": float("nan")})])
        self.assertEqual((track.best, track.trace.values), (1.0, [2.0, 1.0]))
        track = Track()
        track.take([(0, 0.0, {"note": "x", "acc": 0.5}), (1, 0.0, {"acc": 0.25})])
        self.assertEqual((track.metric, track.best), ("acc", 0.25))

    def test_a_terminal_is_no_notebook(self) -> None:
        self.assertFalse(is_notebook())
