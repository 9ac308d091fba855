"""What a program logs, as values that don't change any more and that JSON and the database can hold."""

from __future__ import annotations

import datetime
import math
import numbers
import re
from collections.abc import Mapping
from typing import Any

PLAIN = frozenset({float, int, bool, str, type(None)})
"""Types whose values never change: they may wait in a queue as they are."""

_NAMES = frozenset({str})

MAX_KEY_LENGTH = 512
_MAX_GROUP_DEPTH = 8
"""A deeper object is kept as a value, not spelt out as dotted names (as agent/metric-line.ts has it)."""
_MAX_DEPTH = 100
_UNSAFE = re.compile("[\0\ud800-\udfff]")


def snapshot(data: Mapping[Any, Any]) -> dict[str, Any]:
    """A copy that later changes of ``data`` (a tensor that is trained on, a list that grows) don't reach.

    Groups become dotted names: ``{"train": {"loss": 1}}`` logs ``train.loss``.
    """
    if PLAIN.issuperset(map(type, data.values())) and _NAMES.issuperset(map(type, data)):
        return dict(data)
    flat: dict[str, Any] = {}
    for key, value in data.items():
        _collect(str(key), value, flat, 1)
    return flat


def _collect(key: str, value: Any, flat: dict[str, Any], depth: int) -> None:
    if isinstance(value, Mapping) and depth < _MAX_GROUP_DEPTH:
        for name, item in value.items():
            _collect(f"{key}.{name}", item, flat, depth + 1)
    else:
        flat[key] = to_plain(value)


def to_plain(value: Any, depth: int = 0) -> Any:
    """JSON's own types for everything: scalars of NumPy and PyTorch as numbers, arrays as lists, dates as text."""
    if type(value) in PLAIN:
        return value
    if depth >= _MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return {str(key): to_plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_plain(item, depth + 1) for item in value]
    if hasattr(value, "item") and _size(value) == 1:
        return to_plain(value.item(), depth + 1)
    if hasattr(value, "tolist"):
        return to_plain(value.tolist(), depth + 1)
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, numbers.Real) or hasattr(value, "__float__"):
        return float(value)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return str(value)


def _size(value: Any) -> int:
    """Of an array or tensor; a scalar has one element."""
    shape = getattr(value, "shape", ())
    return math.prod(shape) if isinstance(shape, tuple) else 1


def to_wire(value: Any) -> Any:
    """A plain value as it goes over the wire: non-finite numbers as strings, text that PostgreSQL can hold."""
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else _non_finite(value)
    if kind is int:
        # What JavaScript reads as a number; the float of a greater one is what it would make of it.
        return value if -(2**53) <= value <= 2**53 else to_wire(_to_float(value))
    if kind is str:
        return safe_text(value)
    if kind is list:
        return [to_wire(item) for item in value]
    if kind is dict:
        return {safe_text(key): to_wire(item) for key, item in value.items()}
    return value


def to_wire_key(key: str) -> str:
    """A metric's name; a longer one than the server takes is cut rather than lost with all of its batch."""
    return safe_text(key if len(key) <= MAX_KEY_LENGTH else f"{key[: MAX_KEY_LENGTH - 1]}…")


def safe_text(text: str) -> str:
    """No NUL, no half surrogate pairs."""
    return _UNSAFE.sub("\ufffd", text) if _UNSAFE.search(text) else text


def _non_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _to_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
