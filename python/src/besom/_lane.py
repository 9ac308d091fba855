"""Delivers one stream of an attempt in order, each batch once, through outages."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from ._client import TRANSIENT
from ._spool import MEMORY_BYTES, Spool
from .errors import BesomError

Item = TypeVar("Item")

FLUSH_S = 0.25


class Lane(Generic[Item]):
    """Numbered batches, one under way at a time, sent by a thread of its own.

    The number goes up when the server took (or had already taken) the batch, so a repeated try can neither double nor
    skip anything. It stays when the server refused one. When it is not known whether a batch that was given up arrived,
    it goes up too, since the server would take another batch under a number that it has for a repetition; if it has
    not, it says which it expects.

    Args:
        take: What was collected since the last batch with its size in bytes; None when there is nothing.
        send: Delivers one batch under its number; raises when the server refused it or the lane is being given up.
        split: Two halves of a batch that is too large for the server; None when it can't be divided.
        on_refused: A batch that no repetition will get through.
        give_up: When set, what isn't delivered is lost.
    """

    def __init__(
        self,
        *,
        name: str,
        take: Callable[[], tuple[Item, int] | None],
        send: Callable[[Item, int], None],
        split: Callable[[Item], tuple[Item, Item] | None],
        on_refused: Callable[[BesomError], None],
        give_up: threading.Event,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._take = take
        self._send = send
        self._split = split
        self._on_refused = on_refused
        self._give_up = give_up
        self._spool: Spool[Item] = Spool(memory_bytes)
        self._batch = 1
        self._due_at: float | None = None
        self._busy = False
        self._closed = False
        self.lock = threading.Condition()
        """Held by whoever collects; ``touch``, ``flush`` and ``seal`` want it."""
        self._thread = threading.Thread(target=self._run, name=f"besom-{name}", daemon=True)
        self._thread.start()

    def touch(self) -> None:
        """Something was collected: it leaves within a quarter of a second."""
        if self._due_at is None:
            self._due_at = time.monotonic() + FLUSH_S
            self.lock.notify_all()

    def flush(self) -> None:
        """Enough for a batch was collected: it leaves now, or as soon as the one under way is answered."""
        self._due_at = 0.0
        self.lock.notify_all()

    def seal(self) -> None:
        """Closes the batch being collected, so that memory stays bounded while an answer is awaited."""
        taken = self._take()
        if taken is not None:
            self._spool.push(*taken)
            self.lock.notify_all()

    def wait_for_room(self) -> None:
        """Returns when what waits for the server is bounded again. Wants the lock."""
        self.lock.wait_for(lambda: not self._spool.is_full or self._give_up.is_set())

    def drain(self, timeout: float | None = None) -> bool:
        """Whether everything collected so far is with the server (or was refused) within ``timeout`` seconds."""
        with self.lock:
            self.flush()
            return self.lock.wait_for(lambda: not self._busy and not self._spool and self._due_at is None, timeout)

    def close(self) -> None:
        """Ends the thread. What is left is lost: drain first."""
        with self.lock:
            self._closed = True
            self.lock.notify_all()
        self._thread.join()
        self._spool.close()

    def _run(self) -> None:
        while True:
            try:
                with self.lock:
                    item = self._next()
                    if item is None:
                        return
                    self._busy = True
                    self.lock.notify_all()
                self._deliver(item)
            except BesomError as error:
                self._on_refused(error)
            except OSError as error:
                self._on_refused(BesomError("INTERNAL", f"what waited on disk can't be read back: {error}"))
            finally:
                with self.lock:
                    self._busy = False
                    self.lock.notify_all()

    def _next(self) -> Item | None:
        """Waits for the next batch; None when the lane is closed."""
        while not self._closed:
            if self._spool:
                return self._spool.shift()
            if self._due_at is None:
                self.lock.wait()
                continue
            left = self._due_at - time.monotonic()
            if left > 0:
                self.lock.wait(left)
                continue
            self._due_at = None
            taken = self._take()
            if taken is not None:
                return taken[0]
            self.lock.notify_all()
        return None

    def _deliver(self, item: Item) -> None:
        """Raises when a part of the item, or all of it, is given up; the others are with the server."""
        if self._give_up.is_set():
            raise BesomError("SERVER_UNREACHABLE", "given up, since the server was away for too long")
        try:
            self._send(item, self._batch)
            self._batch += 1
        except BesomError as error:
            expected = error.details.get("expected") if error.code == "BATCH_OUT_OF_ORDER" else None
            if isinstance(expected, int) and expected < self._batch:
                self._batch = expected
                self._deliver(item)
                return
            halves = self._split(item) if error.code == "INPUT_TOO_LARGE" else None
            if halves is not None:
                self._deliver_each(halves)
                return
            if error.code in TRANSIENT:
                self._batch += 1
            raise

    def _deliver_each(self, items: Sequence[Item]) -> None:
        troubles = []
        for item in items:
            try:
                self._deliver(item)
            except BesomError as error:
                troubles.append(error)
        if troubles:
            raise troubles[0]
