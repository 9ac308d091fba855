"""What a training process prints, line by line."""

from __future__ import annotations

import codecs
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import IO

from ._delivery import Delivery
from ._ends import Ends
from ._values import safe_text

_MAX_LINE = 1024 * 1024
_KEPT_LINES = 20


def show(stream: str, line: str) -> None:
    """Prints a line as the process did."""
    try:
        print(line, file=sys.stdout if stream == "stdout" else sys.stderr, flush=True)
    except (OSError, ValueError):
        pass  # a terminal that was closed must not end a training


class Output:
    """Reads both streams of one process, and delivers them.

    Args:
        echo: Called with each line as it is kept.
        on_stdout: Called with each line of stdout before it is kept.
        on_cut: Called once when output begins to be left out.

    Attributes:
        last_words: The last line on stderr: nearly always the reason of a failure.
        last_lines: The last lines of both streams, for the terminal when the run fails.
    """

    def __init__(
        self,
        delivery: Delivery,
        stdout: IO[bytes],
        stderr: IO[bytes],
        *,
        echo: Callable[[str, str], None] = show,
        on_stdout: Callable[[str], None] | None = None,
        on_cut: Callable[[str], None] = lambda message: None,
    ) -> None:
        self._echo = echo
        self._on_stdout = on_stdout
        self._ends = Ends(delivery.print, on_cut)
        self._lock = threading.Lock()
        self.last_words: str | None = None
        self.last_lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._threads = [
            threading.Thread(target=self._read, args=("stdout", stdout), name="besom-stdout", daemon=True),
            threading.Thread(target=self._read, args=("stderr", stderr), name="besom-stderr", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def end(self, timeout: float = 1.0) -> None:
        """Reads what is left. A daemon that left the group may hold the streams open: it is not waited for."""
        for thread in self._threads:
            thread.join(timeout)
        with self._lock:
            self._ends.end()

    def _read(self, name: str, stream: IO[bytes]) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        rest = ""
        with stream:
            while True:
                data = stream.read(65_536)
                rest += decoder.decode(data or b"", final=not data)
                *lines, rest = rest.split("\n")
                for line in lines:
                    self._take(name, line)
                rest = _fold_earlier(rest)
                if len(rest) > _MAX_LINE or not data:
                    if rest:
                        self._take(name, rest)
                    rest = ""
                if not data:
                    return

    def _take(self, name: str, raw: str) -> None:
        line = fold_returns(raw)
        if name == "stdout" and self._on_stdout is not None:
            self._on_stdout(line)
        text = safe_text(line)
        self._echo(name, text)
        with self._lock:
            self.last_lines.append(text)
            if name == "stderr" and text.strip():
                self.last_words = text.strip()
            self._ends.push(name, f"{text}\n")


def fold_returns(line: str) -> str:
    """What a terminal would show of a line in which a progress bar redrew itself: the last text that is not nothing."""
    return line.rstrip("\r").rpartition("\r")[2] if "\r" in line else line


def _fold_earlier(rest: str) -> str:
    """A return at the end stays: what comes next may be a line end, or begin the line anew."""
    if "\r" not in rest:
        return rest
    return fold_returns(rest) + ("\r" if rest.endswith("\r") else "")
