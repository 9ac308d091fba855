"""What a run's processes and their machine do, read from /proc."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

_FIRST_S = 2.0
_YOUNG_PERIOD_S = 5.0
_OLD_PERIOD_S = 15.0
_YOUNG_S = 300.0
"""Every 5 s in a run's first five minutes, every 15 s after that."""
_MAX_DEPTH = 64


class _Process(NamedTuple):
    parent: int
    group: int
    ticks: int
    pages: int


class Watch:
    """Samples one run until it is closed; a thread of its own, 12 us for each process of the machine a sample.

    Args:
        pid: Its first process. All that descend from it belong to the run, and those of its process group where it
            leads one.
        on_sample: Takes ``timeMs`` and ``values``, in the watch's thread.
    """

    def __init__(self, pid: int, cwd: str, on_sample: Callable[[dict[str, Any]], None]) -> None:
        self._pid = pid
        self._cwd = cwd
        self._on_sample = on_sample
        self._over = threading.Event()
        self._start = self._last = time.monotonic()
        self._cpu = _read_cpu()
        self._before: dict[int, tuple[int, int, int]] = {}
        threading.Thread(target=self._run, name="besom-watch-system", daemon=True).start()

    def close(self) -> None:
        self._over.set()

    def _run(self) -> None:
        pause = _FIRST_S
        while not self._over.wait(pause):
            try:
                sample = self.look()
            except (OSError, ValueError, IndexError):
                sample = None  # a machine that does not tell is no reason to fail a run
            if sample:
                self._on_sample({"timeMs": int(time.time() * 1000), "values": sample})
            is_young = time.monotonic() - self._start < _YOUNG_S
            pause = _YOUNG_PERIOD_S if is_young else _OLD_PERIOD_S

    def look(self) -> dict[str, float]:
        """What was done since the last look."""
        now = time.monotonic()
        seconds = max(0.001, now - self._last)
        values = self._read_machine()
        if sys.platform == "linux":
            values.update(self._read_run(seconds))
        self._last = now
        return values

    def _read_machine(self) -> dict[str, float]:
        disk = shutil.disk_usage(self._cwd)
        values = {"disk.machine": round(100 * (1 - disk.free / max(1, disk.total)), 1)}
        before, self._cpu = self._cpu, _read_cpu()
        if self._cpu is not None and before is not None and self._cpu[0] > before[0]:
            idle = (self._cpu[1] - before[1]) / (self._cpu[0] - before[0])
            values["cpu.machine"] = round(100 * (1 - idle), 1)
        memory = _read_memory()
        if memory is not None:
            values["memory.machine"] = memory
        return values

    def _read_run(self, seconds: float) -> dict[str, float]:
        ticks = pages = read = written = 0
        seen: dict[int, tuple[int, int, int]] = {}
        for pid, one in _belonging(self._pid).items():
            last = self._before.get(pid, (0, 0, 0))
            disk = _read_disk(pid) or last[1:]
            ticks += max(0, one.ticks - last[0])
            read += max(0, disk[0] - last[1])
            written += max(0, disk[1] - last[2])
            pages += one.pages
            seen[pid] = (one.ticks, *disk)
        self._before = seen
        if not seen:
            return {}
        return {
            "cpu": round(100 * ticks / os.sysconf("SC_CLK_TCK") / seconds, 1),
            "memory": pages * os.sysconf("SC_PAGE_SIZE"),
            "disk.read": round(read / seconds),
            "disk.write": round(written / seconds),
        }


def _belonging(root: int) -> dict[int, _Process]:
    processes = {int(name): one for name in os.listdir("/proc") if name.isdigit() for one in _read_process(name)}
    leads = root in processes and processes[root].group == root

    def belongs(pid: int) -> bool:
        for _ in range(_MAX_DEPTH):
            one = processes.get(pid)
            if pid == root or (one is not None and leads and one.group == root):
                return True
            if one is None:
                return False
            pid = one.parent
        return False

    return {pid: one for pid, one in processes.items() if belongs(pid)}


def _read_process(name: str) -> list[_Process]:
    """``pid (name) state parent group ...``; the name may hold anything."""
    try:
        text = Path(f"/proc/{name}/stat").read_text("utf-8", "replace")
    except OSError:
        return []
    fields = text[text.rindex(")") + 2 :].split(" ")
    return [_Process(int(fields[1]), int(fields[2]), int(fields[11]) + int(fields[12]), int(fields[21]))]


def _read_disk(pid: int) -> tuple[int, int] | None:
    """Bytes read from and written to disks; None for what is gone, and for other users'."""
    try:
        lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    except OSError:
        return None
    found = dict(line.split(": ") for line in lines)
    return int(found["read_bytes"]), int(found["write_bytes"])


def _read_cpu() -> tuple[int, int] | None:
    """Ticks of all cores, and those that they were idle."""
    try:
        with open("/proc/stat") as file:
            ticks = [int(word) for word in file.readline().split()[1:9]]
    except (OSError, ValueError):
        return None
    return sum(ticks), ticks[3]


def _read_memory() -> float | None:
    """Percent of the machine's memory that the kernel would not give."""
    try:
        rows = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        total, available = (int(rows[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
    except (OSError, ValueError, KeyError):
        return None
    return round(100 * (1 - available / total), 1)
