"""First in, first out, with bounded memory."""

from __future__ import annotations

import pickle
import tempfile
from collections import deque
from typing import IO, Any, Generic, TypeVar

Item = TypeVar("Item")

MEMORY_BYTES = 2 * 1024 * 1024
_FULL_FILE_BYTES = 1024 * 1024 * 1024
_FULL_REST_BYTES = 32 * 1024 * 1024
"""A disk that refuses leaves memory; one that takes all must not be filled by one run either."""


class Spool(Generic[Item]):
    """What memory does not hold goes to a file without a name and comes back in order.

    For the time that a server is away; nothing here survives the process. Not safe for threads: its lane has a lock.
    """

    def __init__(self, memory_bytes: int = MEMORY_BYTES) -> None:
        self._memory_bytes = memory_bytes
        self._head: deque[tuple[Item, int]] = deque()
        self._head_bytes = 0
        self._lengths: deque[int] = deque()
        self._rest: deque[tuple[Item, int]] = deque()
        self._rest_bytes = 0
        self._file: IO[bytes] | None = None
        self._read_at = 0
        self._write_at = 0

    def __len__(self) -> int:
        return len(self._head) + len(self._lengths) + len(self._rest)

    @property
    def is_full(self) -> bool:
        """Whoever can wait with pushing more shall."""
        return self._rest_bytes >= _FULL_REST_BYTES or self._write_at - self._read_at >= _FULL_FILE_BYTES

    def push(self, item: Item, size: int) -> None:
        """Adds an item of about ``size`` bytes."""
        if not self._lengths and not self._rest and self._head_bytes + size <= self._memory_bytes:
            self._head.append((item, size))
            self._head_bytes += size
        elif self._rest or not self._write(item):
            self._rest.append((item, size))
            self._rest_bytes += size

    def shift(self) -> Item:
        """Takes the oldest item.

        Raises:
            IndexError: There is none.
            OSError: The file can't be read back; what it held is lost, and the rest comes next.
        """
        if self._head:
            item, size = self._head.popleft()
            self._head_bytes -= size
            return item
        if self._lengths:
            return self._read()
        item, size = self._rest.popleft()
        self._rest_bytes -= size
        return item

    def close(self) -> None:
        """Gives the file's place back."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def _write(self, item: Item) -> bool:
        """False when the disk refuses."""
        data = pickle.dumps(item, pickle.HIGHEST_PROTOCOL)
        try:
            if self._file is None:
                # Unbuffered: what a buffer could not write would come out later, at another place.
                self._file = tempfile.TemporaryFile(prefix="besom-", buffering=0)
            self._file.seek(self._write_at)
            done = 0
            while done < len(data):
                done += self._file.write(data[done:])
        except OSError:
            return False
        self._write_at += len(data)
        self._lengths.append(len(data))
        return True

    def _read(self) -> Item:
        assert self._file is not None
        length = self._lengths.popleft()
        try:
            self._file.seek(self._read_at)
            data = b""
            while len(data) < length:
                piece = self._file.read(length - len(data))
                if not piece:
                    raise OSError("the file was cut by another program")
                data += piece
        except OSError:
            self._empty()
            raise
        self._read_at += length
        if not self._lengths:
            self._empty()
        item: Any = pickle.loads(data)
        return item  # type: ignore[no-any-return]

    def _empty(self) -> None:
        self._lengths.clear()
        self._read_at = self._write_at = 0
        if self._file is not None:
            self._file.truncate(0)
