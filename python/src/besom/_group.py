"""Process groups: a child and all it started, as long as they don't leave; and those that did."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

_ROUNDS = 3
"""A process that forks while it is looked for may leave one more behind."""


def signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        pass  # gone already


def is_group_alive(group: int) -> bool:
    """Whether anything in the group still runs. A zombie, which stays where nobody reaps, does not."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return any(one == group and state not in "ZX" for one, state in _groups()) if sys.platform == "linux" else True


def kill_strays(marks: Mapping[str, str]) -> None:
    """Kills every process whose environment holds all of ``marks``: what a run started in a session of its own.

    Linux only. Some 50 us for each process of the machine.
    """
    if sys.platform != "linux":
        return
    texts = [f"\0{name}={value}\0".encode() for name, value in marks.items()]
    for _ in range(_ROUNDS):
        found = [pid for pid in _pids() if _has(pid, texts)]
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        if not found:
            return


def _pids() -> Iterator[int]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            yield int(name)


def _has(pid: int, texts: list[bytes]) -> bool:
    try:
        environment = b"\0" + Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False  # gone, or another user's
    return all(text in environment for text in texts)


def _groups() -> Iterator[tuple[int, str]]:
    """Of each process its group and its state. ``pid (name) state parent group``; the name may hold anything."""
    for pid in _pids():
        try:
            text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        except OSError:
            continue
        state, _, group = text[text.rindex(")") + 2 :].split(" ")[:3]
        yield int(group), state
