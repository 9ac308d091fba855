"""Lines that a person follows in the terminal: one a happening, the time first; nothing is redrawn."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter

from .._terminal import plain


class Progress:
    """Says what happens; safe to call from any thread."""

    def __init__(self, color: bool = False) -> None:
        self._color = color
        self._lock = threading.Lock()
        self._running = 0
        self._ended: Counter[str] = Counter()

    def write(self, line: str) -> None:
        """A line as it stands."""
        try:
            with self._lock:
                print(line, file=sys.stderr, flush=True)
        except (OSError, ValueError):
            pass  # a terminal that was closed must not end runs under way

    def say(self, message: str) -> None:
        self._say(plain(message))

    def warn(self, message: str) -> None:
        self._say(self._paint(plain(message), 33))

    def _say(self, text: str) -> None:
        self.write(f"{self._paint(time.strftime('%H:%M:%S'), 90)}  {text}")

    def started(self, name: str, params: str) -> None:
        with self._lock:
            self._running += 1
        self._say(f"{self._paint(plain(name), 1)} started  {plain(params)}")

    def finished(self, name: str, state: str, facts: str) -> None:
        with self._lock:
            self._running -= 1
            self._ended[state] += 1
        shade = 32 if state == "finished" else 31 if state in ("failed", "crashed") else 33
        self._say(f"{self._paint(plain(name), 1)} {self._paint(state, shade)}  {plain(facts)}  ({self.counts()})")

    def counts(self) -> str:
        parts = [f"{count} {state}" for state, count in self._ended.items()]
        return ", ".join([*parts, f"{self._running} running"])

    def _paint(self, text: str, code: int) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._color else text


def to_duration(seconds: float) -> str:
    """4.1 s, 3 min 05 s, 2 h 10 min."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
