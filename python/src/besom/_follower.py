"""What a notebook shows of the sweep that its agent works on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from ._card import LiveCard, Track, better, open_card, to_card, to_short
from ._desk import Desk
from ._points import Point


class Follower:
    """One card for all runs of an agent; without a notebook it costs nothing."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._card: LiveCard | None = None
        self._state = "running"
        self._counts: Counter[str] = Counter()
        self._name: str | None = None
        self._track = Track()
        self._best: float | None = None
        self._best_name = ""
        self._bests: list[float] = []

    def show(self) -> None:
        """Where there is a notebook."""
        self._card = open_card(self.render)

    def start(self, name: str) -> Callable[[list[Point]], None]:
        """A run begins; gives what takes its points."""
        if self._card is None:
            return lambda points: None
        metric = self._desk.sweep["metric"] or {}
        track = self._track = Track(metric.get("name"), metric.get("goal"))
        self._name = name
        self._card.touch()

        def take(points: list[Point]) -> None:
            track.take(points)
            if self._card is not None:
                self._card.touch()

        return take

    def ended(self, outcome: str) -> None:
        """The run under way is over."""
        self._counts[outcome] += 1
        best = self._track.best
        if self._card is None or self._name is None:
            return
        if best is not None:
            self._bests.append(best)
            goal = (self._desk.sweep["metric"] or {}).get("goal")
            if better(goal, self._best, best) != self._best:
                self._best, self._best_name = best, self._name
        self._name = None
        self._card.touch()

    def end(self) -> None:
        """The agent leaves."""
        self._state = "left"
        if self._card is not None:
            self._card.touch(at_once=True)

    def render(self) -> str:
        sweep = self._desk.sweep
        metric = (sweep["metric"] or {}).get("name", "")
        counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(self._counts.items()))
        facts = [("runs here", counts or "none yet")]
        if self._name is not None:
            facts.append(("now", self._name))
        if self._best is not None:
            facts.append((f"best {metric} here", f"{to_short(self._best)} ({self._best_name})"))
        values, caption = (self._bests, f"best {metric} by run")
        if self._name is not None and len(self._track.trace.values) > 1:
            values, caption = (self._track.trace.values, f"{metric} of {self._name}")
        return to_card(sweep["name"], sweep["url"], self._state, facts, values, caption)
