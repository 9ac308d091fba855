"""Between the training thread and whatever takes its points."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from ._points import Point
from ._terminal import warn

_HIGH = 100_000
"""Points in memory (some 30 MB) above which ``put`` waits for the thread: memory stays bounded, nothing is lost."""
_CHUNK = 5_000
_PACE_S = 0.05
"""Between two rounds, so that the thread takes many points at once; waking it for each costs the caller 10 us."""


class Feeder:
    """A queue and a thread that hands what lies in it to ``write``, in order."""

    def __init__(self, write: Callable[[list[Point]], None]) -> None:
        self._write = write
        self.reset()

    def reset(self) -> None:
        """An empty queue and a thread yet to be started: the state of a new process."""
        self._queue: deque[Point] = deque()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._drained = threading.Event()
        self._asleep = False
        self._closing = False
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def put(self, point: Point) -> None:
        """Takes a point. Waits only when 100,000 are there already."""
        self._queue.append(point)
        if self._asleep:
            self._wake.set()
        elif self._thread is None:
            self._start()
        if len(self._queue) > _HIGH:
            self._wait_for_room()

    def flush(self, timeout: float | None = None) -> bool:
        """Whether everything put so far was handed over within ``timeout`` seconds."""
        thread = self._thread
        if thread is None or not thread.is_alive():
            return not self._queue
        self._drained.clear()
        self._hurry.set()
        self._wake.set()
        try:
            return self._drained.wait(timeout)
        finally:
            self._hurry.clear()

    def close(self, timeout: float | None = None) -> bool:
        """Flushes, and ends the thread."""
        done = self.flush(timeout)
        self._closing = True
        self._hurry.set()
        self._wake.set()
        if self._thread is not None and done:
            self._thread.join()
        return done

    def _start(self) -> None:
        with self._starting:
            if self._thread is not None:
                return
            thread = threading.Thread(target=self._run, name="besom-feeder", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                # Python 3.12 starts no threads any more while it ends: the last words are said by the caller.
                self._try_to_write([self._queue.popleft() for _ in range(len(self._queue))])
            else:
                self._thread = thread

    def _wait_for_room(self) -> None:
        self._hurry.set()
        while len(self._queue) > _HIGH // 2 and self._thread is not None and self._thread.is_alive():
            time.sleep(0.001)
        self._hurry.clear()

    def _try_to_write(self, chunk: list[Point]) -> None:
        """A mistake of ours, or of a value's own methods, must not stop the training that waits for this thread."""
        try:
            self._write(chunk)
        except Exception as error:
            warn(f"{len(chunk)} logged points are lost: {type(error).__name__}: {error}")

    def _run(self) -> None:
        queue = self._queue
        while True:
            if not queue:
                self._drained.set()
                if self._closing:
                    return
                self._asleep = True
                # What was put before it knew that this thread sleeps.
                if not queue:
                    self._wake.wait()
                self._asleep = False
                self._wake.clear()
            chunk: list[Point] = []
            while queue and len(chunk) < _CHUNK:
                chunk.append(queue.popleft())
            if chunk:
                self._try_to_write(chunk)
            if len(queue) < _CHUNK:
                self._hurry.wait(_PACE_S)
