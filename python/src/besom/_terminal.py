"""What this package says to people: lines on stderr, each warning once."""

from __future__ import annotations

import os
import sys

_said: set[str] = set()


def say(message: str) -> None:
    """One line, unless ``BESOM_SILENT`` is true."""
    if os.environ.get("BESOM_SILENT", "").lower() not in ("1", "true"):
        _print(message)


def warn(message: str) -> None:
    """One line, once in this process; also when silent."""
    if message not in _said:
        _said.add(message)
        _print(f"warning: {message}")


def _print(message: str) -> None:
    try:
        print(f"besom: {message}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass  # a terminal that was closed must not end a training
