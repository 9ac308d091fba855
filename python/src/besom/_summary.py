"""A run's metrics in short: the last value of each, or what define_metric asks for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from .errors import BesomError

KINDS = ("min", "max", "mean", "last", "first", "best", "none", "copy")
_HIDDEN = ("none",)


@dataclass(frozen=True)
class Definition:
    """What ``define_metric`` said about the metrics of one name (or glob)."""

    name: str
    step_metric: str | None = None
    kinds: tuple[str, ...] = ()
    goal: str | None = None
    step_sync: bool = True

    def matches(self, name: str) -> bool:
        """Whether it is about the metric of that name."""
        return name == self.name or ("*" in self.name and fnmatchcase(name, self.name))


def to_kinds(summary: str | None) -> tuple[str, ...]:
    """``"min,max"`` as a tuple.

    Raises:
        BesomError: BAD_INPUT for a word that is none of ``KINDS``.
    """
    kinds = tuple(kind.strip() for kind in summary.split(",")) if summary else ()
    for kind in kinds:
        if kind not in KINDS:
            raise BesomError("BAD_INPUT", f"summary {kind!r} is none: expected one of {', '.join(KINDS)}")
    return kinds


class _Tally:
    """One metric whose summary was defined; numbers that are not finite only count as first and last."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self._values_seen = 0
        self._first: Any = None
        self._last: Any = None
        self._count = 0
        self._total = 0.0
        self._least = math.inf
        self._most = -math.inf

    def add(self, value: Any) -> None:
        if self._values_seen == 0:
            self._first = value
        self._values_seen += 1
        self._last = value
        if isinstance(value, (int, float)) and math.isfinite(value):
            self._count += 1
            self._total += value
            self._least = min(self._least, value)
            self._most = max(self._most, value)

    def pick(self, kind: str) -> Any:
        """The value of one kind; None where there is no finite number."""
        if kind in ("last", "copy"):
            return self._last
        if kind == "first":
            return self._first
        if self._count == 0:
            return None
        if kind == "mean":
            return self._total / self._count
        if kind == "best":
            kind = "max" if self.definition.goal == "maximize" else "min"
        return self._least if kind == "min" else self._most


class Summary(MutableMapping[str, Any]):
    """By metric: its last value; with ``define_metric(summary="min,max")`` a dict of those kinds, from then on.

    A value that is set by hand wins over what was logged, and is logged as the metric's last one when the run ends.
    """

    def __init__(self, before_read: Callable[[], object] = lambda: None) -> None:
        self._before_read = before_read
        self._last: dict[str, Any] = {}
        self._set: dict[str, Any] = {}
        self._definitions: list[Definition] = []
        self._tallies: dict[str, _Tally | None] = {}
        """Of metrics that were looked up among the definitions; None for one without."""

    def observe(self, values: Mapping[str, Any]) -> None:
        """Takes what one call logged."""
        self._last.update(values)
        if self._definitions:
            for name, value in values.items():
                tally = self._tally(name)
                if tally is not None:
                    tally.add(value)

    def define(self, definition: Definition) -> None:
        """From now on, what is shown of the metrics of that name."""
        self._before_read()
        self._definitions.append(definition)
        self._tallies.clear()

    def _tally(self, name: str) -> _Tally | None:
        """The last definition that says something about a metric's summary counts."""
        if name not in self._tallies:
            matching = [one for one in self._definitions if one.kinds and one.matches(name)]
            self._tallies[name] = _Tally(matching[-1]) if matching else None
        return self._tallies[name]

    @property
    def set_by_hand(self) -> dict[str, Any]:
        """What the program set itself."""
        return dict(self._set)

    @property
    def logged(self) -> list[str]:
        """Names of metrics that were logged."""
        self._before_read()
        return sorted(self._last)

    def __getitem__(self, name: str) -> Any:
        if name in self._set:
            return self._set[name]
        self._before_read()
        last = self._last[name]
        tally = self._tally(name)
        if tally is None:
            return last
        kinds = tally.definition.kinds
        if kinds == _HIDDEN:
            raise KeyError(name)
        return {kind: tally.pick(kind) for kind in kinds if kind != "none"}

    def __setitem__(self, name: str, value: Any) -> None:
        self._set[name] = value

    def __delitem__(self, name: str) -> None:
        del self._set[name]

    def __iter__(self) -> Iterator[str]:
        self._before_read()
        shown = [name for name in list(self._last) if not self._is_hidden(name)]
        return iter(dict.fromkeys([*shown, *self._set]))

    def _is_hidden(self, name: str) -> bool:
        tally = self._tally(name)
        return tally is not None and tally.definition.kinds == _HIDDEN

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Summary({dict(self)!r})"
