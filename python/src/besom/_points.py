"""Points, and the columns in which they travel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from ._values import to_wire, to_wire_key

Point = tuple[int, float, Mapping[str, Any]]
"""What one call logged: a step, seconds since 1970, and names with plain values. A bare tuple: made a million times."""

_NUMBERS = frozenset({float, int, bool})


class Batch(NamedTuple):
    """The wire's shape without its number: ``series[i].values[j]`` belongs to ``steps[j]``; None is "not logged"."""

    steps: list[int]
    times: list[int]
    series: list[dict[str, Any]]


class Columns:
    """Collects points, in order of step, into columns. The same step merges.

    Attributes:
        points: Values held.
    """

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self.points = 0
        self._bytes = 0
        self._steps: list[int] = []
        self._times: list[int] = []
        self._series: dict[str, list[Any]] = {}
        self._names: list[str] = []
        self._columns: list[list[Any]] = []
        """Of the point before: most points have the same names, and need no look-up."""

    @property
    def cells(self) -> int:
        """Places in the batch, those of metrics not logged at a step included: they travel as null."""
        return len(self._steps) * len(self._series)

    @property
    def bytes(self) -> int:
        """About how long the batch is as JSON."""
        return self._bytes + max(0, self.cells - self.points) * 5

    def add(self, point: Point) -> None:
        """Steps must not go backwards."""
        step, time_s, values = point
        steps = self._steps
        if not steps or steps[-1] != step:
            steps.append(step)
            self._times.append(int(time_s * 1000))
            self._bytes += 24
            if self._names == list(values) and _NUMBERS.issuperset(map(type, values.values())):
                for column, value in zip(self._columns, values.values()):
                    column.append(value)
                self.points += len(values)
                self._bytes += 20 * len(values)
                return
        self._merge(values)

    def _merge(self, values: Mapping[str, Any]) -> None:
        """Into the last row, whatever is there already."""
        row = len(self._steps) - 1
        names, columns = [], []
        for name, value in values.items():
            if value is None or name == "":
                continue
            column = self._column(to_wire_key(name))
            if len(column) <= row:
                column.extend([None] * (row + 1 - len(column)))
            column[row] = value
            self.points += 1
            self._bytes += 20 if type(value) in _NUMBERS else _length(value)
            names.append(name)
            columns.append(column)
        self._names, self._columns = names, columns

    def _column(self, key: str) -> list[Any]:
        column = self._series.get(key)
        if column is None:
            column = self._series[key] = []
            self._bytes += len(key) + 24
        return column

    def take(self) -> Batch | None:
        """Everything so far, padded with None; None when there is nothing."""
        if not self._steps:
            return None
        length = len(self._steps)
        series = []
        for key, values in self._series.items():
            values.extend([None] * (length - len(values)))
            # A finite number less itself is zero; everything else is looked at.
            wire = [v if type(v) is float and v - v == 0.0 else to_wire(v) for v in values]
            series.append({"key": key, "values": wire})
        batch = Batch(self._steps, self._times, series)
        self._clear()
        return batch


def split_batch(batch: Batch) -> tuple[Batch, Batch] | None:
    """Two batches that say the same as one: by its steps, else (a single step) by its metrics."""
    steps, times, series = batch
    half = len(steps) >> 1
    if half:
        return _part(batch, 0, half), _part(batch, half, len(steps))
    half = len(series) >> 1
    if half:
        return Batch(steps, times, series[:half]), Batch(steps, times, series[half:])
    return None


def _part(batch: Batch, start: int, end: int) -> Batch:
    series = [{"key": one["key"], "values": one["values"][start:end]} for one in batch.series]
    kept = [one for one in series if any(value is not None for value in one["values"])]
    return Batch(batch.steps[start:end], batch.times[start:end], kept)


def _length(value: Any) -> int:
    return len(value) + 3 if type(value) is str else len(json.dumps(value))
