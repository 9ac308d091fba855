"""What a training process prints, line by line."""

from __future__ import annotations

import codecs
import sys
import threading
from typing import IO

from ._delivery import Delivery
from ._values import safe_text

_MAX_OUTPUT = 64 * 1024 * 1024
"""Characters of one attempt's output that are stored; beyond it the run goes on, its printing is only shown."""
_MAX_LINE = 1024 * 1024


class Output:
    """Reads both streams of one process, shows them here, and delivers them.

    Attributes:
        last_words: The last line on stderr: nearly always the reason of a failure.
    """

    def __init__(self, delivery: Delivery, stdout: IO[bytes], stderr: IO[bytes]) -> None:
        self._delivery = delivery
        self._stored = 0
        self._lock = threading.Lock()
        self.last_words: str | None = None
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
                if len(rest) > _MAX_LINE or not data:
                    if rest:
                        self._take(name, rest)
                    rest = ""
                if not data:
                    return

    def _take(self, name: str, line: str) -> None:
        # What a terminal would show of a line in which a progress bar redrew itself.
        text = safe_text(line.rstrip("\r").rpartition("\r")[2])
        try:
            print(text, file=sys.stdout if name == "stdout" else sys.stderr, flush=True)
        except (OSError, ValueError):
            pass  # a terminal that was closed must not end a training
        with self._lock:
            if name == "stderr" and text.strip():
                self.last_words = text.strip()
            if self._stored > _MAX_OUTPUT:
                return
            self._stored += len(text) + 1
            if self._stored > _MAX_OUTPUT:
                text = f"besom: output beyond {_MAX_OUTPUT} characters is not stored"
            self._delivery.print(name, f"{text}\n")
