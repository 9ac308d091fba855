"""What is good to know but must hold nobody up: what a run was, what its machine did, warnings."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import _operations as operations
from ._client import Client
from ._facts import Machine
from .errors import BesomError

_PATIENCE_S = 30.0
_MAX_OPEN = 200
MAX_WARNING = 500

Warning = tuple[str, str]
"""A code and a sentence."""


class Errands:
    """Sends in a thread of its own, beside the work; what can't be sent is forgotten."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._queue: queue.Queue[Callable[[], Any]] = queue.Queue(_MAX_OPEN)
        self._give_up = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def describe(
        self,
        ref: Mapping[str, Any],
        machine: Machine,
        argv: Sequence[str],
        more: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        """What an attempt is; ``more`` is asked for in the errands' thread."""

        def send() -> None:
            facts, diff = machine.describe(argv)
            with_diff = {"diff": diff} if diff else {}
            self._send(operations.DESCRIBE_ATTEMPT, {**ref, "facts": {**facts, **more()}, **with_diff})

        self.run(send)

    def sample(self, ref: Mapping[str, Any], sample: Mapping[str, Any]) -> None:
        """What its machine did."""
        self.run(lambda: self._send(operations.LOG_SYSTEM, {**ref, "samples": [sample]}))

    def warn(self, ref: Mapping[str, Any], *warnings: Warning) -> None:
        """What shall stand on its page."""
        if warnings:
            told = [{"code": code, "message": message[:MAX_WARNING]} for code, message in warnings]
            self.run(lambda: self._send(operations.WARN_RUN, {**ref, "warnings": told}))

    def run(self, task: Callable[[], Any]) -> None:
        """Anything else."""
        try:
            self._queue.put_nowait(task)
        except queue.Full:
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="besom-errands", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:
                    self._thread = None  # Python 3.12 starts no threads any more while it ends

    def settle(self, seconds: float) -> None:
        """At the end: what is under way gets this long."""
        until = time.monotonic() + seconds
        while self._thread is not None and self._queue.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.005)
        self._give_up.set()

    def _work(self) -> None:
        while not self._give_up.is_set():
            task = self._queue.get()
            try:
                task()
            except Exception:
                pass
            finally:
                self._queue.task_done()

    def _send(self, query: str, given: Mapping[str, Any]) -> None:
        try:
            self._client.mutate(query, given, patience=_PATIENCE_S, give_up=self._give_up)
        except BesomError:
            pass
