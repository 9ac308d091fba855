"""What a line of JSON on stdout logs (as agent/output/metric-line.ts has it)."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from .._values import to_wire, to_wire_key

_MAX_DEPTH = 8
"""A deeper object is kept as a value, not spelt out as dotted names."""
_MAX_STEP = 2**53 - 1
_BLANK = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
"""What JavaScript strips: among it the mark that programs of Windows put before their first line."""


class MetricLine(NamedTuple):
    """Values by name; without a step, _readings.py says which it belongs to."""

    step: int | None
    values: dict[str, Any]


def parse_metric_line(line: str) -> MetricLine | None:
    """Reads ``{"step": 3, "loss": 0.21}``.

    None for every line that is no metric: not one JSON object, without a single value, or with neither a step nor a
    number, as the lines of structured logs. Groups become dotted names: ``{"train": {"loss": 1}}`` logs ``train.loss``.
    """
    found = _parse(line)
    if found is None:
        return None
    step = to_step(found.get("step"))
    if step is None:
        step = to_step(found.get("_step"))
    values: dict[str, Any] = {}
    for key, value in found.items():
        if step is None or key not in ("step", "_step"):
            _collect(key, value, values, 1)
    if step is None and not any(_is_number(value) for value in values.values()):
        return None
    return MetricLine(step, values) if values else None


def parse_resumed_line(line: str) -> int | None:
    """The step from which the program says that it went on: ``{"resumed_from_step": 41}``, that and nothing else."""
    if "resumed_from_step" not in line:
        return None
    found = _parse(line)
    return to_step(found["resumed_from_step"]) if found is not None and list(found) == ["resumed_from_step"] else None


def _parse(line: str) -> dict[str, Any] | None:
    text = line.strip(_BLANK)
    if not (text.startswith("{") and text.endswith("}")):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _collect(key: str, value: Any, values: dict[str, Any], depth: int) -> None:
    # null would read as "not logged at this step" on the wire, which is what it means.
    if value is None or key == "":
        return
    if isinstance(value, dict) and depth < _MAX_DEPTH:
        for name, item in value.items():
            _collect(f"{key}.{name}", item, values, depth + 1)
    else:
        values[to_wire_key(key)] = value


def _is_number(value: Any) -> bool:
    return (isinstance(value, (int, float)) and not isinstance(value, bool)) or to_wire(value) in _NON_FINITE


_NON_FINITE = ("NaN", "Infinity", "-Infinity")


def to_step(value: Any) -> int | None:
    """A whole number from 0, also as text: some programs print every value as one."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 16:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= _MAX_STEP else None
