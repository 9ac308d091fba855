"""Bounds what is kept of one attempt's output."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

_HEAD_BYTES = 32 * 1024 * 1024
"""Half of what the server keeps of an attempt (64 MiB), so that the end has room in any case."""
_TAIL_LENGTH = 1024 * 1024


class Ends:
    """The beginning goes on as it comes; of the rest the end is kept, and passed on when the program is over.

    Args:
        put: Takes a line of a stream, its line end included.
        on_cut: Said once, when output begins to be left out.
        head_bytes: Of the beginning that are kept.
        tail_length: Characters of the end; in memory until then.
    """

    def __init__(
        self,
        put: Callable[[str, str], None],
        on_cut: Callable[[str], None],
        *,
        head_bytes: int = _HEAD_BYTES,
        tail_length: int = _TAIL_LENGTH,
    ) -> None:
        self._put = put
        self._on_cut = on_cut
        self._head_bytes = head_bytes
        self._left = head_bytes
        self._most = tail_length
        self._tail: deque[tuple[str, str]] = deque()
        self._length = 0
        self._cut_lines = 0
        self._cut_bytes = 0

    def push(self, stream: str, text: str) -> None:
        if self._left > 0:
            self._left -= len(text.encode())
            self._put(stream, text)
            if self._left <= 0:
                self._on_cut(
                    f"printed more than {_to_size(self._head_bytes)}: from here on only the end of its output is kept, "
                    "and shown when it is over"
                )
            return
        self._tail.append((stream, text))
        self._length += len(text)
        while self._length > self._most and len(self._tail) > 1:
            _, dropped = self._tail.popleft()
            self._length -= len(dropped)
            self._cut_lines += 1
            self._cut_bytes += len(dropped.encode())

    def end(self) -> None:
        """Nothing more is coming."""
        if self._tail and self._cut_lines:
            left_out = f"[besom: {self._cut_lines} lines ({_to_size(self._cut_bytes)}) are left out here]\n"
            self._put(self._tail[0][0], left_out)
        while self._tail:
            self._put(*self._tail.popleft())


def _to_size(count: int) -> str:
    return f"{count / 1024 / 1024:.1f} MiB" if count >= 1024 * 1024 else f"{count} bytes"
