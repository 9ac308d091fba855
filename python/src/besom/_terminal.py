"""What this package says to people: lines on stderr, each warning once."""

from __future__ import annotations

import os
import re
import sys

_said: set[str] = set()
_OBEYED = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """Names and parameters are other people's: what a terminal would obey is shown as a picture of it."""

    def show(found: re.Match[str]) -> str:
        code = ord(found[0])
        return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else "\ufffd"

    return _OBEYED.sub(show, text)


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
        print(f"besom: {plain(message)}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass  # a terminal that was closed must not end a training
