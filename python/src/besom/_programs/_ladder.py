"""How far an agent is on its way out."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

STAGES = ("working", "finishing", "stopping", "killing")

_SAME_PRESS_S = 0.4
"""One press of Ctrl-C can arrive twice, by the terminal and by a launcher. Two that count are further apart."""


def _of(*names: str) -> frozenset[int]:
    """Not every system has all of them."""
    return frozenset(int(getattr(signal, name)) for name in names if hasattr(signal, name))


_OWN = _of("SIGINT", "SIGTERM", "SIGHUP")
_HANGUP = _of("SIGHUP")
TERMINATING = _of("SIGTERM", "SIGHUP", "SIGQUIT")
ENDING = TERMINATING | _of("SIGINT")
_PASSED = ENDING | _of("SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGCONT", "SIGWINCH", "SIGPWR", "SIGIO")
"""What can be caught and means something to a program; those of the terminal's job control stay the agent's own."""


class Ladder:
    """The way out, upwards only.

    finishing: no new runs, those under way may end. stopping: they get SIGTERM, and SIGKILL after the grace.
    killing: SIGKILL now. Ctrl-C climbs one stage a press; SIGTERM and a closed terminal stop at once, unless the runs'
    programs get each signal too: then they decide, and SIGTERM climbs as Ctrl-C does.
    """

    def __init__(self, forwards: bool = False) -> None:
        self.stage = STAGES[0]
        self.forwards = forwards
        self._lock = threading.RLock()
        self._listeners: list[Callable[[str], None]] = []
        self._heard_at = {"pressed": float("-inf"), "terminating": float("-inf")}
        self.on_signal: Callable[[int], None] = lambda number: None
        """Called with each signal that counts, before the ladder is climbed."""

    def is_at_least(self, stage: str) -> bool:
        return STAGES.index(self.stage) >= STAGES.index(stage)

    def climb_to(self, stage: str) -> None:
        """Goes up to ``stage``; does nothing from there or above."""
        with self._lock:
            if self.is_at_least(stage):
                return
            self.stage = stage
            listeners = list(self._listeners)
        for listener in listeners:
            listener(stage)

    def on_climb(self, listener: Callable[[str], None]) -> None:
        self._listeners.append(listener)

    def hear(self, number: int, now: float | None = None) -> None:
        """One signal, or the same press again."""
        now = time.monotonic() if now is None else now
        if number in ENDING:
            # Ctrl-C is one press, SIGTERM and SIGHUP of one end another: neither swallows the other.
            kind = "terminating" if number in TERMINATING else "pressed"
            if now - self._heard_at[kind] < _SAME_PRESS_S:
                return
            self._heard_at[kind] = now
        self.on_signal(number)
        if number in ENDING:
            following = STAGES[min(STAGES.index(self.stage) + 1, 3)]
            at_once = number in TERMINATING and not self.forwards and following == "finishing"
            self.climb_to("stopping" if at_once else following)

    def listen(self) -> None:
        """Takes this process's signals, for good. Main thread only.

        A thread of its own climbs: a handler runs in the midst of what the main thread does, with the locks it holds.
        """
        read_end, write_end = os.pipe()
        os.set_blocking(write_end, False)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)

        def ignore(number: int, frame: Any) -> None: ...

        for number in _PASSED if self.forwards else _OWN:
            # Under nohup a closed terminal is nothing to us, and stays so.
            if number not in _HANGUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, ignore)
        threading.Thread(target=self._read, args=(read_end,), name="besom-signals", daemon=True).start()

    def _read(self, read_end: int) -> None:
        while True:
            for number in os.read(read_end, 64):
                self.hear(number)
