"""Reads numbers out of plain lines by the sweep's ``log_pattern``."""

from __future__ import annotations

import math
import re
import sys
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

_FLAGS = re.compile(r"\(\?[a-zA-Z]*U")
_HEX = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_POSIX = re.compile(r"\[:(\^?)(\w+):\]")
_POSIX_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf|infinity)", re.ASCII | re.IGNORECASE)


class Pattern:
    """One expression with named groups; the group ``step`` is the step.

    Raises:
        ValueError: Python's expressions don't have it, or it could take for ever: a repetition within a repetition.
    """

    def __init__(self, source: str) -> None:
        text = to_python(source)
        try:
            # In RE2 only the digits, letters and blanks of ASCII are such.
            self._expression = re.compile(text, re.ASCII)
        except (re.error, OverflowError) as error:
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
            if length >= min(len(line), MAX_LENGTH):
                break
            if not is_fast:
                # What reaches to the cut may be half a number.
                found = None if found is not None and found.end() == length else found
                break
            length = min(length * 2, MAX_LENGTH)
        return {} if found is None else {name: text for name, text in found.groupdict().items() if text is not None}


def to_python(source: str) -> str:
    """What is written otherwise in RE2, as Python's expressions have it.

    Raises:
        ValueError: What they don't have.
    """
    if _FLAGS.search(source):
        raise ValueError("Python's expressions have no flag U")
    text, at = "", 0
    while at < len(source):
        piece, at = _take_class(source, at) if source[at] == "[" else _take_part(source, at)
        text += piece
    return text


def _take_part(source: str, at: int) -> tuple[str, int]:
    """What stands there outside of brackets, and where it ends."""
    if source[at] == "\\":
        return _take_escape(source, at)
    if source.startswith("(?<", at) and source[at + 3 : at + 4] not in ("=", "!"):
        return "(?P<", at + 3
    if source.startswith("{,", at):
        return r"\{,", at + 2  # no repetition there
    return source[at], at + 1


def _take_escape(source: str, at: int) -> tuple[str, int]:
    if source.startswith(r"\Q", at):
        end = source.find(r"\E", at)
        end = len(source) if end < 0 else end
        return re.escape(source[at + 2 : end]), end + 2
    found = _HEX.match(source, at)
    if found and int(found[1], 16) <= sys.maxunicode:
        return re.escape(chr(int(found[1], 16))), found.end()
    return (r"\Z" if source.startswith(r"\z", at) else source[at : at + 2]), at + 2


def _take_class(source: str, at: int) -> tuple[str, int]:
    text, at = "[", at + 1
    if source.startswith("^", at):
        text, at = "[^", at + 1
    first = at
    while at < len(source) and (source[at] != "]" or at == first):
        posix = _POSIX.match(source, at)
        if posix:
            if posix[1] or posix[2] not in _POSIX_CLASSES:
                raise ValueError(f"Python's expressions have no {posix[0]}")
            text, at = text + _POSIX_CLASSES[posix[2]], posix.end()
        elif source[at] == "\\":
            piece, at = _take_escape(source, at)
            text += piece
        else:
            # Python warns of what may mean something else one day.
            text, at = text + ("\\" if source[at] in "[&|~" else "") + source[at], at + 1
    return text + source[at : at + 1], at + 1


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
