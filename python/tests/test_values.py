from __future__ import annotations

import datetime
import json
import math
import unittest
from decimal import Decimal
from fractions import Fraction
from typing import Any

from besom._points import Columns, split_batch
from besom._values import MAX_KEY_LENGTH, snapshot, to_wire, to_wire_key


class Scalar:
    """As NumPy and PyTorch have them."""

    def __init__(self, value: Any, shape: tuple[int, ...] = ()) -> None:
        self.value, self.shape = value, shape

    def item(self) -> Any:
        return self.value

    def tolist(self) -> Any:
        return self.value


class SnapshotTest(unittest.TestCase):
    def test_plain_values_are_copied_as_they_are(self) -> None:
        data = {"a": 1, "b": 0.5, "c": "x", "d": None, "e": True}
        taken = snapshot(data)
        data["a"] = 2
        self.assertEqual(taken, {"a": 1, "b": 0.5, "c": "x", "d": None, "e": True})

    def test_groups_become_dotted_names_eight_deep(self) -> None:
        self.assertEqual(snapshot({"train": {"loss": 1, "acc": {"top1": 2}}}), {"train.loss": 1, "train.acc.top1": 2})
        deep: Any = 1
        for _ in range(12):
            deep = {"g": deep}
        (key,) = snapshot(deep)
        self.assertEqual(key.count("."), 7)

    def test_arrays_and_scalars_of_others_become_numbers_and_lists(self) -> None:
        data = {"s": Scalar(0.5), "one": Scalar(3, (1, 1)), "many": Scalar([1, 2], (2,)), "d": Decimal("1.5")}
        self.assertEqual(snapshot(data), {"s": 0.5, "one": 3, "many": [1, 2], "d": 1.5})
        self.assertEqual(snapshot({"f": Fraction(1, 4)}), {"f": 0.25})
        self.assertEqual(snapshot({"t": datetime.date(2026, 1, 2)}), {"t": "2026-01-02"})
        self.assertEqual(snapshot({"o": ValueError("x")}), {"o": "x"})

    def test_a_list_that_grows_later_is_not_seen_growing(self) -> None:
        values = [1]
        taken = snapshot({"values": values})
        values.append(2)
        self.assertEqual(taken, {"values": [1]})

    def test_names_that_are_no_texts_become_some(self) -> None:
        self.assertEqual(snapshot({1: 2}), {"1": 2})


class WireTest(unittest.TestCase):
    def test_what_json_and_the_database_lack_goes_as_text(self) -> None:
        self.assertEqual([to_wire(v) for v in (math.nan, math.inf, -math.inf)], ["NaN", "Infinity", "-Infinity"])
        self.assertEqual(to_wire([math.nan, {"a": math.inf}]), ["NaN", {"a": "Infinity"}])
        self.assertEqual(to_wire("a\0b\ud800"), "a\ufffdb\ufffd")
        self.assertEqual(to_wire(10**400), "Infinity")
        self.assertEqual(to_wire(2**60), float(2**60))

    def test_long_names_are_cut(self) -> None:
        self.assertEqual(len(to_wire_key("k" * 600)), MAX_KEY_LENGTH)


class ColumnsTest(unittest.TestCase):
    def test_what_a_step_lacks_is_none_and_the_same_step_merges(self) -> None:
        columns = Columns()
        columns.add((0, 1.0, {"a": 1, "b": 2}))
        columns.add((0, 1.0, {"a": 3, "c": "x"}))
        columns.add((2, 2.5, {"a": 4, "b": None}))
        columns.add((3, 3.0, {"b": math.nan, "": 1}))
        batch = columns.take()
        assert batch is not None
        self.assertEqual((batch.steps, batch.times), ([0, 2, 3], [1000, 2500, 3000]))
        self.assertEqual(
            {one["key"]: one["values"] for one in batch.series},
            {"a": [3, 4, None], "b": [2, None, "NaN"], "c": ["x", None, None]},
        )
        self.assertIsNone(columns.take())

    def test_points_of_equal_and_of_changing_names_arrive_where_they_belong(self) -> None:
        columns, expected = Columns(), {}
        for step in range(200):
            values = {name: step * 10 + i for i, name in enumerate("abcd") if (step >> i) % 3}
            expected[step] = values
            columns.add((step, 0.0, values))
        batch = columns.take()
        assert batch is not None
        got: dict[int, dict[str, Any]] = {step: {} for step in batch.steps}
        for one in batch.series:
            for step, value in zip(batch.steps, one["values"]):
                if value is not None:
                    got[step][one["key"]] = value
        self.assertEqual(got, expected)

    def test_bytes_are_about_those_of_the_json(self) -> None:
        columns = Columns()
        for step in range(1000):
            columns.add((step, 1e9, {"loss": 1 / (step + 1), "note": "x" * 100} if step % 2 else {"acc": step}))
        counted, batch = columns.bytes, columns.take()
        assert batch is not None
        self.assertLess(abs(counted - len(json.dumps(batch))) / counted, 0.5)

    def test_halves_say_the_same(self) -> None:
        columns = Columns()
        for step in range(5):
            columns.add((step, 0.0, {"a": step} if step < 2 else {"b": step}))
        batch = columns.take()
        assert batch is not None
        halves = split_batch(batch)
        assert halves is not None
        left, right = halves
        self.assertEqual((left.steps, right.steps), ([0, 1], [2, 3, 4]))
        self.assertEqual([one["key"] for one in left.series], ["a"])
        self.assertEqual(right.series, [{"key": "b", "values": [2, 3, 4]}])
        self.assertIsNone(split_batch(left._replace(steps=[0], times=[0], series=[{"key": "a", "values": [0]}])))
