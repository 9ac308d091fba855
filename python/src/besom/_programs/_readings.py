"""What one run's lines add up to: the step that each belongs to, and the best value of the sweep's metric."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

from .._points import Point
from ._metric_line import MetricLine

_HOLD_S = 30.0
MAX_HELD = 32
"""What a program gets to print its first step, in time and in lines (of at most a megabyte each)."""

_MAX_NAMES = 1_000
"""Names that are remembered; whoever makes them up as it goes must not fill memory."""


class Readings:
    """A line without a step belongs to the last step that was printed.

    As long as none was, such lines are counted from 0; but they may be a structured log before the training starts,
    and must not take the place of its first steps. So the first is passed on at once, as step 0, and the ones after it
    wait for a step to show up: none of them then comes to lie above that step. When none shows up in time, the program
    is one that has no steps.

    Args:
        metric: Name and goal of what the sweep optimises.
        on_point: Each point, in order of step.
    """

    def __init__(
        self, metric: tuple[str, str] | None, on_point: Callable[[Point], None], hold: float = _HOLD_S
    ) -> None:
        self.best: float | None = None
        self.names: set[str] = set()
        self._metric = metric
        self._on_point = on_point
        self._hold = hold
        self._lock = threading.RLock()
        self._last: int | None = None
        self._is_explicit = False
        self._held: list[tuple[float, dict[str, Any]]] | None = []
        self._timer: threading.Timer | None = None

    def read(self, line: MetricLine, time_s: float) -> bool:
        """False when the line goes back to an earlier step: within an attempt, steps only go forward."""
        with self._lock:
            step, values = line
            if step is None:
                self._place(time_s, values)
                return True
            self._release(step)
            self._is_explicit = True
            if self._last is not None and step < self._last:
                return False
            self._pass(step, time_s, values)
            return True

    def resume(self, step: int) -> bool:
        """The program goes on behind this step. False when something was logged already."""
        with self._lock:
            if self._last is not None:
                return False
            self._last = step
            self._held = None
            return True

    def end(self) -> None:
        """Nothing more is coming."""
        with self._lock:
            self._release()

    def _place(self, time_s: float, values: dict[str, Any]) -> None:
        if self._last is None:
            self._pass(0, time_s, values)
        elif self._is_explicit:
            self._pass(self._last, time_s, values)
        elif self._held is None:
            self._pass(self._last + 1, time_s, values)
        else:
            self._held.append((time_s, values))
            if len(self._held) >= MAX_HELD:
                self._release()
            elif self._timer is None:
                self._timer = threading.Timer(self._hold, self.end)
                self._timer.daemon = True
                self._timer.start()

    def _release(self, most: float = math.inf) -> None:
        """Passes on what waited, counted, none of it above ``most``."""
        if self._timer is not None:
            self._timer.cancel()
        held, self._held = self._held or [], None
        for time_s, values in held:
            after = 0 if self._last is None else self._last + 1
            self._pass(int(min(after, most)), time_s, values)

    def _pass(self, step: int, time_s: float, values: dict[str, Any]) -> None:
        self._last = step
        if len(self.names) < _MAX_NAMES:
            self.names.update(values)
        if self._metric is not None:
            name, goal = self._metric
            value = values.get(name)
            if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
                is_better = self.best is None or (value > self.best if goal == "maximize" else value < self.best)
                self.best = value if is_better else self.best
        self._on_point((step, time_s, values))
