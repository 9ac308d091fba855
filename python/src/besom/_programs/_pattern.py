"""Reads numbers out of plain lines by the sweep's ``log_pattern``."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Sequence
from typing import Any

from .._values import to_wire_key
from ._metric_line import MetricLine, to_step

MAX_LENGTH = 4_096
"""Characters of a line that are looked at."""
_FIRST_LENGTH = 256
_FIRST_WAYS = 1e7
"""Ways to divide a piece among the repetitions, at most, when it is tried first: some 0.3 s if all of them fail."""
_FAST_S = 0.005
"""Python's expressions go back, and may take a power of the length: more is tried when less was quick."""

_NAMED = re.compile(r"\(\?<(?![=!])")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf|infinity)", re.ASCII | re.IGNORECASE)


class Pattern:
    """One expression with named groups; the group ``step`` is the step.

    Raises:
        ValueError: Python's expressions don't have it, or it could take for ever: a repetition within a repetition.
    """

    def __init__(self, source: str) -> None:
        text = _NAMED.sub("(?P<", source).replace(r"\z", r"\Z")
        try:
            self._expression = re.compile(text)
        except re.error as error:
            raise ValueError(f"Python can't read it ({error})") from error
        repeats, nests = _count_repeats(text)
        if nests:
            raise ValueError("it repeats what repeats, which can take Python for ever")
        self._first_length = min(_FIRST_LENGTH, int((_FIRST_WAYS * math.factorial(repeats + 1)) ** (1 / (repeats + 1))))

    def read(self, line: str) -> dict[str, str]:
        """What the groups of its first match hold; empty without a match."""
        length, found = self._first_length, None
        while True:
            start = time.perf_counter()
            found = self._expression.search(line[:length])
            is_fast = time.perf_counter() - start < _FAST_S
            if length >= min(len(line), MAX_LENGTH) or not is_fast:
                break
            length = min(length * 2, MAX_LENGTH)
        return {} if found is None else {name: text for name, text in found.groupdict().items() if text is not None}


def read_line(patterns: Sequence[Pattern], line: str) -> MetricLine | None:
    """What the patterns find in a line; None when that is nothing."""
    step: int | None = None
    values: dict[str, Any] = {}
    for pattern in patterns:
        for name, text in pattern.read(line).items():
            if text == "":
                continue
            if name == "step":
                step = to_step(text) if step is None else step
            else:
                values[to_wire_key(name)] = float(text) if _NUMBER.fullmatch(text) else text
    return MetricLine(step, values) if values else None


def _count_repeats(text: str) -> tuple[int, bool]:
    """How many parts may repeat, and whether one of them stands within another."""
    try:
        from re import _parser as parser  # type: ignore[attr-defined,unused-ignore]
    except ImportError:
        import sre_parse as parser  # Python 3.10 and older

    count, nests = 0, False

    def walk(part: Any, inside: bool) -> None:
        nonlocal count, nests
        if hasattr(part, "data"):
            part = list(part)
        if not isinstance(part, (list, tuple)):
            return
        if len(part) == 2 and str(part[0]) in ("MAX_REPEAT", "MIN_REPEAT"):
            _, most, body = part[1]
            repeats = int(most) > 1
            count += repeats
            nests = nests or (inside and repeats)
            walk(body, inside or repeats)
            return
        for one in part:
            walk(one, inside)

    walk(parser.parse(text), False)
    return count, nests
