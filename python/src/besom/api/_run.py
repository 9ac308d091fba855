"""Runs of the server: what they are, and all that they logged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._card import to_card, to_short
from ._record import Record

_SAMPLES = 1500
"""What the server gives of a line at once."""

_SUMMARY = "summary { name count nonFinite first last lastOther min max mean }"


class Run(Record):
    """A run as it was when it was read; ``refresh`` reads it again."""

    kind = "run"
    fields = (
        "id name displayName url state stateReason stateDetail params objective objectiveStep exitCode attempt ordinal "
        "tags notes host createdAt startedAt finishedAt"
    )

    @property
    def display_name(self) -> str:
        return str(self._row["displayName"])

    @property
    def state_detail(self) -> str | None:
        """Why, in a sentence."""
        detail: str | None = self._row["stateDetail"]
        return detail

    @property
    def config(self) -> dict[str, Any]:
        """Its parameters."""
        config: dict[str, Any] = json.loads(self._row["params"])
        return config

    @property
    def objective(self) -> float | None:
        """The best finite value of its sweep's metric so far."""
        objective: float | None = self._row["objective"]
        return objective

    @property
    def exit_code(self) -> int | None:
        code: int | None = self._row["exitCode"]
        return code

    @property
    def attempt(self) -> int:
        return int(self._row["attempt"])

    @property
    def tags(self) -> list[str]:
        return list(self._row["tags"])

    @property
    def notes(self) -> str | None:
        notes: str | None = self._row["notes"]
        return notes

    @property
    def created_at(self) -> str:
        """ISO 8601, as ``started_at`` and ``finished_at``."""
        return str(self._row["createdAt"])

    @property
    def started_at(self) -> str | None:
        at: str | None = self._row["startedAt"]
        return at

    @property
    def finished_at(self) -> str | None:
        at: str | None = self._row["finishedAt"]
        return at

    @property
    def summary(self) -> dict[str, Any]:
        """By metric its last value, now."""
        return {
            name: one["last"] if one["count"] or one["lastOther"] is None else json.loads(one["lastOther"])
            for name, one in self.summary_metrics.items()
        }

    @property
    def summary_metrics(self) -> dict[str, dict[str, Any]]:
        """By metric ``count``, ``nonFinite``, ``first``, ``last``, ``min``, ``max``, ``mean``, now."""
        return {one["name"]: one for one in self._read(_SUMMARY)["summary"]}

    def history(
        self,
        samples: int = 500,
        keys: Sequence[str] | None = None,
        x_axis: str = "_step",
        pandas: bool = True,
    ) -> Any:
        """What it logged, thinned out to about ``samples`` points a metric.

        Args:
            samples: At most 1500. A metric with more points is cut into so many buckets, whose last value stands.
            keys: Which metrics; all when absent.
            x_axis: Taken for W&B's sake: rows are by step.
            pandas: A ``DataFrame`` when pandas is there, else a list of dicts with ``_step`` first.
        """
        data = self._read(
            """history(keys: $keys, samples: $samples) { series { key points { steps times values }
              buckets { start last } } }""",
            "$keys: [String!], $samples: Int",
            {"keys": None if keys is None else list(keys), "samples": samples},
        )
        rows: dict[float, dict[str, Any]] = {}
        for one in data["history"]["series"]:
            points, buckets = one["points"], one["buckets"]
            if points is not None:
                _add_points(rows, one["key"], points)
            else:
                for step, value in zip(buckets["start"], buckets["last"]):
                    rows.setdefault(step, {"_step": step})[one["key"]] = _from_wire(value)
        listed = [rows[step] for step in sorted(rows)]
        return _to_frame(listed) if pandas else listed

    def scan_history(
        self,
        keys: Sequence[str] | None = None,
        page_size: int = 1000,
        min_step: int | None = None,
        max_step: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Every point that it logged, a dict a step with ``_step`` and ``_timestamp`` (seconds), in order of step.

        Args:
            keys: Which metrics; all when absent. Rows without any of them are left out.
            page_size: Points of a line that are asked for at once, at most 1500.
            min_step, max_step: From this step on, and up to this one.
        """
        size = max(1, min(page_size, _SAMPLES))
        start = 0 if min_step is None else min_step
        bounds = self._bounds(keys)
        if bounds is None:
            return
        start, last = max(start, bounds[0]), bounds[1] if max_step is None else min(max_step, bounds[1])
        width = size
        while start <= last:
            end = min(start + width - 1, last)
            page = self._page(keys, start, end, size)
            if page is None:
                # Steps are whole numbers: `size` of them hold no more points than the server gives at once.
                width = size
                continue
            yield from page
            # Sparse steps: a page of few points lets the next one span more.
            width = min(width * 2, 1 << 40) if len(page) * 2 < size else width
            start = end + 1

    def output(self) -> Iterator[dict[str, Any]]:
        """What it printed, piece by piece: ``stream`` (stdout or stderr), ``time``, ``text``."""
        after = None
        while True:
            page = self._read(
                "output(first: 1000, after: $after) { nodes { stream time text } pageInfo { hasNextPage endCursor } }",
                "$after: String",
                {"after": after},
            )["output"]
            yield from page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    def stop(self) -> Run:
        """Asks it to end; its agent goes on with the next one."""
        self._api._do("stopRun", "runId", runId=self.id)
        return self.refresh()

    def delete(self) -> None:
        """Deletes it with all it logged."""
        self._api._do("deleteRun", "", runId=self.id)

    def _bounds(self, keys: Sequence[str] | None) -> tuple[int, int] | None:
        """The first and the last step that were logged."""
        data = self._read(
            "history(keys: $keys, samples: 1) { series { points { steps } buckets { start width } } }",
            "$keys: [String!]",
            {"keys": None if keys is None else list(keys)},
        )
        lows, highs = [], []
        for one in data["history"]["series"]:
            if one["points"] is not None:
                lows += one["points"]["steps"][:1]
                highs += one["points"]["steps"][-1:]
            elif one["buckets"]["start"]:
                lows.append(one["buckets"]["start"][0])
                highs.append(one["buckets"]["start"][-1] + one["buckets"]["width"])
        return (int(min(lows)), int(max(highs))) if lows else None

    def _page(self, keys: Sequence[str] | None, start: int, end: int, size: int) -> list[dict[str, Any]] | None:
        """All rows of a range of steps; None when there are more than the server gives at once."""
        data = self._read(
            """history(keys: $keys, minStep: $start, maxStep: $end, samples: $size) {
              exact series { key points { steps times values } } }""",
            "$keys: [String!], $start: Float, $end: Float, $size: Int",
            {"keys": None if keys is None else list(keys), "start": start, "end": end, "size": size},
        )["history"]
        if not data["exact"]:
            return None
        rows: dict[float, dict[str, Any]] = {}
        for one in data["series"]:
            _add_points(rows, one["key"], one["points"])
        return [rows[step] for step in sorted(rows)]

    def __repr__(self) -> str:
        return f"<besom.Run {self.name} {self.state}>"

    def _repr_html_(self) -> str:
        """The card that a notebook shows."""
        facts = [("parameters", ", ".join(f"{name}={value}" for name, value in list(self.config.items())[:6]))]
        if self.objective is not None:
            facts.append(("objective", to_short(self.objective)))
        return to_card(self.display_name, self.url, self.state, facts)


_NON_FINITE: dict[str, float] = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def _from_wire(value: Any) -> Any:
    return _NON_FINITE.get(value, value) if isinstance(value, str) else value


def _add_points(rows: dict[float, dict[str, Any]], key: str, points: Mapping[str, Any]) -> None:
    """Into the rows of their steps, which are made where they are missing."""
    for step, time_ms, value in zip(points["steps"], points["times"], points["values"]):
        rows.setdefault(step, {"_step": step, "_timestamp": time_ms / 1000})[key] = _from_wire(value)


def _to_frame(rows: list[dict[str, Any]]) -> Any:
    try:
        import pandas  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return rows
    return pandas.DataFrame(rows)
