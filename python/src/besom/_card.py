"""The small card that a notebook shows of a run or a sweep: HTML and SVG, light and dark, nothing from elsewhere."""

from __future__ import annotations

import html
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

_PERIOD_S = 1.0
"""A card is drawn anew at most this often."""
_MAX_KEPT = 400
_WIDTH, _HEIGHT, _EDGE = 180, 32, 2

_CARD = (
    "display:inline-block;min-width:16em;padding:.5em .8em;margin:.2em 0;border:1px solid rgba(128,128,128,.4);"
    "border-radius:6px;font:13px/1.5 system-ui,sans-serif;color:inherit;background:transparent"
)
_QUIET = "opacity:.65"
_COLORS = {"running": "#2f7fd3", "finished": "#2e9e55", "failed": "#d0453d", "crashed": "#d0453d"}
"""Each seen well on white and on black."""


def is_notebook() -> bool:
    """Whether this process is a Jupyter kernel, and not a fork of one."""
    ipython = sys.modules.get("IPython")
    if ipython is None or "ipykernel" not in sys.modules:
        return False
    return ipython.get_ipython() is not None


class Trace:
    """A metric's values, thinned out evenly as they become many."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self._stride = 1
        self._count = 0

    def add(self, value: Any) -> None:
        """Numbers that are not finite, and everything else, leave no trace."""
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
            return
        if self._count % self._stride == 0:
            self.values.append(float(value))
            if len(self.values) > _MAX_KEPT:
                del self.values[1::2]
                self._stride *= 2
        self._count += 1


class Track:
    """What a card says of the metrics of one run.

    Args:
        metric: Name and goal of what counts; the first number that is logged when None.
    """

    def __init__(self, metric: str | None = None, goal: str | None = None) -> None:
        self.metric = metric
        self._goal = goal
        self.trace = Trace()
        self.best: float | None = None

    def take(self, points: Iterable[tuple[int, float, Mapping[str, Any]]]) -> None:
        for _, _, values in points:
            if self.metric is None:
                numbers = (name for name, value in values.items() if type(value) in (int, float))
                self.metric = next(numbers, None)
            if self.metric is None or self.metric not in values:
                continue
            value = values[self.metric]
            self.trace.add(value)
            if type(value) in (int, float) and math.isfinite(value):
                self.best = better(self._goal, self.best, float(value))


def better(goal: str | None, a: float | None, b: float | None) -> float | None:
    """Of two values, as far as they are there; without a goal the later one, ``b``."""
    if a is None or b is None:
        return b if a is None else a
    if goal is None:
        return b
    return max(a, b) if goal == "maximize" else min(a, b)


def to_card(
    title: str,
    url: str,
    state: str,
    facts: Sequence[tuple[str, str]] = (),
    values: Sequence[float] = (),
    caption: str = "",
) -> str:
    """The HTML.

    Args:
        facts: Rows of a name and a text.
        values: Drawn as a line, with ``caption`` below.
    """
    name = html.escape(title)
    safe = url.startswith(("http://", "https://"))
    head = (
        f'<a href="{html.escape(url)}" target="_blank" rel="noopener" style="color:inherit">{name}</a>'
        if safe
        else name
    )
    color = _COLORS.get(state, "inherit")
    rows = "".join(
        f'<div><span style="{_QUIET}">{html.escape(label)}</span> {html.escape(text)}</div>' for label, text in facts
    )
    below = f'<div style="{_QUIET};font-size:11px">{html.escape(caption)}</div>' if caption and values else ""
    return (
        f'<div style="{_CARD}"><b>{head}</b> <span style="color:{color}">{html.escape(state)}</span>'
        f"{rows}{to_sparkline(values)}{below}</div>"
    )


def to_sparkline(values: Sequence[float]) -> str:
    """A line from left to right; nothing for fewer than two finite values."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < 2:
        return ""
    least, most = min(finite), max(finite)
    # Halved first: the difference of two large numbers may be none.
    span = most / 2 - least / 2 or 1.0
    across = (_WIDTH - 2 * _EDGE) / (len(finite) - 1)
    points = " ".join(
        f"{_EDGE + i * across:.1f},{_HEIGHT - _EDGE - (value / 2 - least / 2) / span * (_HEIGHT - 2 * _EDGE):.1f}"
        for i, value in enumerate(finite)
    )
    return (
        f'<svg role="img" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'style="display:block;margin-top:.2em"><polyline points="{points}" fill="none" '
        'stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"/></svg>'
    )


def to_short(value: float | None) -> str:
    """Six digits say enough."""
    return "none yet" if value is None else f"{value:.6g}"


class LiveCard:
    """Stands in the cell that made it, and is drawn anew when it is touched: at most once a second.

    Args:
        render: Gives the HTML; called in any thread.
    """

    def __init__(self, render: Callable[[], str]) -> None:
        from IPython.display import HTML, display  # type: ignore[import-not-found,unused-ignore]

        self._html = HTML
        self._render = render
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._drawn_at = time.monotonic()
        self._handle = display(HTML(render()), display_id=True)

    def touch(self, at_once: bool = False) -> None:
        """Something is new."""
        if self._handle is None or os.getpid() != self._pid:
            return
        with self._lock:
            now = time.monotonic()
            if not at_once and now - self._drawn_at < _PERIOD_S:
                return
            self._drawn_at = now
        try:
            self._handle.update(self._html(self._render()))
        except Exception:
            self._handle = None  # a kernel that is going away is no reason to stop a training


def open_card(render: Callable[[], str]) -> LiveCard | None:
    """None outside of notebooks."""
    if not is_notebook():
        return None
    try:
        return LiveCard(render)
    except Exception:
        return None
