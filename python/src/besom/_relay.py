"""Takes what a run's processes log, on a socket in a folder that only this user may enter."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from typing import Any

from ._points import Point


class Relay:
    """The agent's end of ``SocketSink``. Any number of processes may speak; steps go forward over all of them."""

    def __init__(
        self,
        path: str,
        on_points: Callable[[list[Point]], None],
        on_note: Callable[[str], None],
        on_preempting: Callable[[], None],
        on_resumed: Callable[[int], None],
    ) -> None:
        self._on_points = on_points
        self._on_note = on_note
        self._on_preempting = on_preempting
        self._on_resumed = on_resumed
        self._lock = threading.Lock()
        self._last_step = 0
        self._is_closing = False
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(path)
        self._listener.listen(64)
        self._readers: list[tuple[threading.Thread, socket.socket]] = []
        self._acceptor: threading.Thread | None = None

    def start(self) -> None:
        """Begins to listen to what has been said; apart from the making, so that no thread runs during a fork."""
        self._acceptor = threading.Thread(target=self._accept, name="besom-relay", daemon=True)
        self._acceptor.start()

    def close(self) -> None:
        """Hears out who speaks, for a second, and closes."""
        self._is_closing = True
        if self._acceptor is not None:
            try:
                # Wakes the acceptor: closing alone does not on every system.
                with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as last:
                    last.connect(self._listener.getsockname())
            except OSError:
                pass
            self._acceptor.join(1.0)
        self._listener.close()
        for thread, connection in self._readers:
            thread.join(1.0)
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._is_closing:
                connection.close()
                return
            thread = threading.Thread(target=self._read, args=(connection,), name="besom-reader", daemon=True)
            self._readers = [one for one in self._readers if one[0].is_alive()]
            self._readers.append((thread, connection))
            thread.start()

    def _read(self, connection: socket.socket) -> None:
        try:
            with connection.makefile("rb") as lines:
                for line in lines:
                    self._take(json.loads(line))
            connection.sendall(b".")
        except (OSError, ValueError):
            pass  # it died in the middle of a line; what came before is kept
        finally:
            connection.close()

    def _take(self, message: dict[str, Any]) -> None:
        if "note" in message:
            self._on_note(message["note"])
        if "preempting" in message:
            self._on_preempting()
        if "resumed" in message:
            self._on_resumed(message["resumed"])
        points: list[Point] = [(step, time_s, values) for step, time_s, values in message.get("points", ())]
        if not points:
            return
        with self._lock:
            kept = [point for point in points if point[0] >= self._last_step]
            if len(kept) < len(points):
                self._on_note("several processes of a run log different steps: those that go backwards are not kept")
            if kept:
                self._last_step = kept[-1][0]
                self._on_points(kept)
