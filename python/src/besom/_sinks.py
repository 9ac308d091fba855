"""Where a run's points go: to the server, to the agent above on stdout, or to the Python agent above by a socket."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ._client import Client
from ._delivery import Delivery
from ._points import Point
from ._terminal import warn
from ._values import to_wire, to_wire_key
from .errors import BesomError


class Sink(Protocol):
    """Takes points in order of step, in one thread at a time.

    Attributes:
        tells: Codes of warnings that whoever takes the points gives himself.
    """

    tells: frozenset[str]

    def write(self, points: list[Point]) -> None:
        """Takes points; never raises."""

    def note(self, message: str) -> None:
        """Takes a sentence for the people who watch."""

    def finish(self, timeout: float) -> bool:
        """Whether everything has arrived within ``timeout`` seconds; nothing may be written afterwards."""

    def after_fork(self) -> None:
        """Called in a forked process: what is open here belongs to the parent."""

    def mark_preempting(self) -> None:
        """This process may vanish: a failure is none then."""

    def resume(self, step: int) -> None:
        """Before anything is written: what comes lies behind that step of an earlier attempt."""


class ServerSink:
    """Delivers from this process. For a run that no agent holds, and for agents in the same process."""

    tells: frozenset[str] = frozenset()

    def __init__(
        self,
        client: Client,
        run_id: str,
        attempt: int,
        on_command: Callable[[str], None],
        on_points: Callable[[list[Point]], None] = lambda points: None,
    ) -> None:
        self._on_points = on_points
        self._give_up = threading.Event()
        self._is_ours = True
        self.delivery = Delivery(
            client,
            run_id,
            attempt,
            on_command=on_command,
            on_refused=lambda what, error: warn(f"{what} of this run were not taken: {error}"),
            give_up=self._give_up,
        )

    def write(self, points: list[Point]) -> None:
        if self._is_ours:
            self.delivery.log(points)
            self._on_points(points)
        else:
            warn(
                "a forked process logs to a run that its parent reports; this is not kept: "
                "log in the process that called besom.init()"
            )

    def note(self, message: str) -> None:
        warn(message)

    def finish(self, timeout: float) -> bool:
        if not self._is_ours:
            return True
        done = self.delivery.drain(timeout)
        self._give_up.set()
        self.delivery.close()
        return done

    def after_fork(self) -> None:
        self._is_ours = False

    def mark_preempting(self) -> None: ...

    def resume(self, step: int) -> None:
        self.delivery.resume(step)


class StdoutSink:
    """Lines of JSON on stdout, which the agent that started this process reads: one writer, one order."""

    tells: frozenset[str] = frozenset({"METRIC_NEVER_LOGGED"})
    _PATIENCE_S = 1.0
    """What a half-printed line gets to be finished, before a line end is put behind it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._follow_stdout()

    def _follow_stdout(self) -> None:
        """Notes whether the last thing that was printed ended its line: a metric behind a progress bar is none."""
        self._at_line_start = True
        stream: Any = sys.stdout
        original = stream.write

        def write(text: str) -> Any:
            with self._lock:
                count = original(text)
                if text:
                    self._at_line_start = text[-1] == "\n"
                return count

        self._stream = stream
        self._print = original
        try:
            stream.write = write
        except AttributeError:
            pass  # a stream of somebody else's making that can't be followed

    def write(self, points: list[Point]) -> None:
        lines = [_to_line(point) for point in points]
        text = "".join(line for line in lines if line)
        until = time.monotonic() + self._PATIENCE_S
        try:
            while not self._print_lines(text, time.monotonic() >= until):
                time.sleep(0.005)
        except (OSError, ValueError) as error:
            warn(f"metrics can't be handed to the agent: {error}")

    def _print_lines(self, text: str, at_any_cost: bool) -> bool:
        """False when half a line stands before it, unless it has to be."""
        with self._lock:
            if not self._at_line_start and not at_any_cost:
                return False
            self._print(text if self._at_line_start else f"\n{text}")
            self._stream.flush()
            self._at_line_start = True
            return True

    def note(self, message: str) -> None:
        warn(message)

    def finish(self, timeout: float) -> bool:
        return True

    def after_fork(self) -> None:
        self._lock = threading.Lock()

    def mark_preempting(self) -> None: ...

    def resume(self, step: int) -> None:
        self._print_lines(json.dumps({"resumed_from_step": step}) + "\n", True)


class SocketSink:
    """Lines of JSON to the Python agent that holds the run; its child and all descendants may speak."""

    tells: frozenset[str] = frozenset()

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._connect()

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(self._path)
        except OSError as error:
            raise BesomError(
                "UNAVAILABLE",
                f"the agent that started this run is gone ({error}): its runs end with it and go to another agent",
            ) from error
        self._socket = connection
        return connection

    def write(self, points: list[Point]) -> None:
        rows = [[step, time_s, _to_values(values)] for step, time_s, values in points]
        self._send({"points": rows})

    def note(self, message: str) -> None:
        self._send({"note": message})

    def mark_preempting(self) -> None:
        self._send({"preempting": True})

    def resume(self, step: int) -> None:
        self._send({"resumed": step})

    def finish(self, timeout: float) -> bool:
        """The agent says when it has everything: a process that ends may close its socket too early otherwise."""
        connection, self._socket = self._socket, None
        if connection is None:
            return True
        try:
            connection.settimeout(timeout)
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(1) == b"."
        except OSError:
            return False
        finally:
            connection.close()

    def after_fork(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _send(self, message: dict[str, Any]) -> None:
        try:
            connection = self._socket or self._connect()
            connection.sendall(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        except (OSError, BesomError) as error:
            warn(f"metrics can't be handed to the agent: {error}")


def to_sink(report: str) -> Sink:
    """What ``BESOM_REPORT`` asks for.

    Raises:
        BesomError: BAD_USAGE when it is none that this version knows.
    """
    if report == "stdout":
        return StdoutSink()
    if report.startswith("unix:"):
        return SocketSink(report[len("unix:") :])
    raise BesomError(
        "BAD_USAGE", f"BESOM_REPORT={report!r} is none that this version of besom knows: use the agent's own version"
    )


def is_socket_possible() -> bool:
    """Whether this machine has what a Python agent and its child talk by."""
    return hasattr(socket, "AF_UNIX") and os.name == "posix"


def _to_values(values: Mapping[str, Any]) -> dict[str, Any]:
    return {to_wire_key(key): to_wire(value) for key, value in values.items() if value is not None and key != ""}


def _to_line(point: Point) -> str:
    step, _, values = point
    wire = _to_values(values)
    return json.dumps({**wire, "step": step}) + "\n" if wire else ""
