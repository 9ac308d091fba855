"""Takes what one attempt logs and prints, and brings it to the server: in order, each piece once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import _operations as operations
from ._client import FOREVER, Client
from ._lane import Lane
from ._points import Batch, Columns, Point, split_batch
from .errors import BesomError

_FLUSH_POINTS = 1_000
"""Leaves at once, without waiting for the clock."""
_SEAL_POINTS = 20_000
_SEAL_CELLS = 100_000
_SEAL_BYTES = 1024 * 1024
"""Bounds of one batch: far below the 8 MiB that the server takes, since answers are awaited one by one."""
_OUTPUT_FLUSH_BYTES = 64 * 1024
_OUTPUT_SEAL_BYTES = 256 * 1024

OutputLine = Mapping[str, Any]
"""``stream`` (stdout or stderr), ``time`` (milliseconds since 1970) and ``text``, its line end included."""


class Delivery:
    """One attempt's metrics and output on their way.

    Args:
        on_command: What the server wants to become of the process: STOP, CANCEL or STALE.
        on_refused: Something ("metrics" or "output") was refused for good.
        give_up: Set it to end the retries; what isn't delivered by then is lost.
    """

    def __init__(
        self,
        client: Client,
        run_id: str,
        attempt: int,
        *,
        on_command: Callable[[str], None],
        on_refused: Callable[[str, BesomError], None],
        give_up: threading.Event,
    ) -> None:
        self._client = client
        self._run_id = run_id
        self._attempt = attempt
        self._on_command = on_command
        self._on_refused = on_refused
        self._give_up = give_up
        self._resumed: int | None = None
        self._columns = Columns()
        self._lines: list[OutputLine] = []
        self._line_bytes = 0
        self._metrics: Lane[Batch] = Lane(
            name="metrics",
            take=self._take_metrics,
            send=self._send_metrics,
            split=split_batch,
            on_refused=lambda error: on_refused("metrics", error),
            give_up=give_up,
        )
        self._output: Lane[list[OutputLine]] | None = None

    def resume(self, step: int) -> None:
        """The first batch says that this attempt went on from that step of the one before."""
        self._resumed = step

    def log(self, points: Iterable[Point]) -> None:
        """Takes points in order of step; waits only while more than a gigabyte waits for the server."""
        lane, columns = self._metrics, self._columns
        with lane.lock:
            for point in points:
                columns.add(point)
                if columns.points >= _SEAL_POINTS or columns.cells >= _SEAL_CELLS or columns.bytes >= _SEAL_BYTES:
                    lane.seal()
                    lane.wait_for_room()
            if columns.points >= _FLUSH_POINTS:
                lane.flush()
            else:
                lane.touch()

    def print(self, stream: str, text: str) -> None:
        """Takes one line of output, its line end included."""
        lane = self._output
        if lane is None:
            lane = self._output = Lane(
                name="output",
                take=self._take_output,
                send=self._send_output,
                split=_split_lines,
                on_refused=lambda error: self._on_refused("output", error),
                give_up=self._give_up,
            )
        with lane.lock:
            self._lines.append({"stream": stream, "time": int(time.time() * 1000), "text": text})
            self._line_bytes += len(text) + 48
            if self._line_bytes >= _OUTPUT_SEAL_BYTES:
                lane.seal()
                lane.wait_for_room()
            elif self._line_bytes >= _OUTPUT_FLUSH_BYTES:
                lane.flush()
            else:
                lane.touch()

    def drain(self, timeout: float | None = None) -> bool:
        """Whether everything is with the server, or was refused, within ``timeout`` seconds."""
        start = time.monotonic()
        if self._output is not None:
            # Both on their way at once.
            with self._output.lock:
                self._output.flush()
        done = self._metrics.drain(timeout)
        if self._output is None:
            return done
        left = None if timeout is None else max(0.0, timeout - (time.monotonic() - start))
        return self._output.drain(left) and done

    def close(self) -> None:
        """Ends the threads; drain first."""
        self._metrics.close()
        if self._output is not None:
            self._output.close()

    def _take_metrics(self) -> tuple[Batch, int] | None:
        size = self._columns.bytes
        batch = self._columns.take()
        return None if batch is None else (batch, size)

    def _send_metrics(self, columns: Batch, number: int) -> None:
        batch: dict[str, Any] = {"attempt": self._attempt, "batch": number, **columns._asdict()}
        if number == 1 and self._resumed is not None:
            batch["resumedFromStep"] = self._resumed
        payload = self._client.mutate(
            operations.LOG_METRICS,
            {"runId": self._run_id, "batch": batch},
            patience=FOREVER,
            give_up=self._give_up,
        )
        if payload.get("command"):
            self._on_command(payload["command"])

    def _take_output(self) -> tuple[list[OutputLine], int] | None:
        if not self._lines:
            return None
        taken = self._lines, self._line_bytes
        self._lines, self._line_bytes = [], 0
        return taken

    def _send_output(self, lines: list[OutputLine], number: int) -> None:
        self._client.mutate(
            operations.LOG_OUTPUT,
            {"runId": self._run_id, "attempt": self._attempt, "batch": number, "lines": lines},
            patience=FOREVER,
            give_up=self._give_up,
        )


def _split_lines(lines: list[OutputLine]) -> tuple[list[OutputLine], list[OutputLine]] | None:
    half = len(lines) >> 1
    return (lines[:half], lines[half:]) if half else None
