"""One POST and its answer, over connections that are kept open."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ._version import VERSION
from .errors import BesomError

TIMEOUT_S = 10.0
"""For each try. The server answers in milliseconds; whoever is silent for longer is gone or frozen."""


@dataclass(frozen=True)
class Answer:
    """What came back; ``retry_after`` is what a Retry-After header asks for, in seconds."""

    status: int
    body: bytes
    retry_after: float | None = None


class Transport:
    """Asks one server with one key. Every thread has a connection of its own, and so has every forked process."""

    def __init__(self, url: str, key: str | None) -> None:
        parts = urlsplit(url)
        try:
            port, is_valid = parts.port, parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            port, is_valid = None, False
        if not is_valid:
            raise BesomError(
                "BAD_USAGE", f"the server's address must look like http://host:3000, not {url!r}; see BESOM_URL"
            )
        self.url = url
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = port
        self._path = f"{parts.path.rstrip('/')}/graphql"
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": f"besom-python/{VERSION}",
        }
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._local = threading.local()

    def post(self, body: bytes, timeout: float = TIMEOUT_S) -> Answer:
        """Sends one request.

        Raises:
            BesomError: SERVER_UNREACHABLE when no answer came: refused, reset, or later than ``timeout`` seconds.
        """
        connection, is_fresh = self._connection(timeout)
        try:
            return self._exchange(connection, body)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            # The server closes an idle connection after some seconds: one that was open before says nothing.
            if is_fresh or isinstance(error, TimeoutError):
                raise self._unreachable(error, timeout) from error
        connection, _ = self._connection(timeout)
        try:
            return self._exchange(connection, body)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise self._unreachable(error, timeout) from error

    def close(self) -> None:
        """Closes this thread's connection; the next request opens another one."""
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            connection.close()

    def _connection(self, timeout: float) -> tuple[http.client.HTTPConnection, bool]:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is not None and self._local.pid == os.getpid() and connection.sock is not None:
            connection.sock.settimeout(timeout)
            return connection, False
        if self._secure:
            connection = http.client.HTTPSConnection(
                self._host, self._port, timeout=timeout, context=ssl.create_default_context()
            )
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        self._local.connection = connection
        self._local.pid = os.getpid()
        return connection, True

    def _exchange(self, connection: http.client.HTTPConnection, body: bytes) -> Answer:
        if connection.sock is None:
            connection.connect()
            # Head and body are two writes; without this the second waits for the first's acknowledgement (40 ms).
            opened: Any = connection.sock
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.request("POST", self._path, body, self._headers)
        response = connection.getresponse()
        content = response.read()
        wait = response.getheader("Retry-After", "")
        return Answer(response.status, content, min(float(wait), 60.0) if wait.isdigit() else None)

    def _unreachable(self, error: BaseException, timeout: float) -> BesomError:
        return unreachable(self.url, _to_reason(error, timeout))


def unreachable(url: str, reason: str) -> BesomError:
    """The error for a server that doesn't answer."""
    return BesomError(
        "SERVER_UNREACHABLE",
        f"can't reach the Besom server at {url} ({reason}); start one (`npm start` in a clone of Besom), "
        "or set BESOM_URL to the address of yours",
        {"url": url},
    )


def _to_reason(error: BaseException, timeout: float) -> str:
    if isinstance(error, (TimeoutError, socket.timeout)):
        return f"no answer within {timeout:.0f} s"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, socket.gaierror):
        return "no such host"
    if isinstance(error, (ConnectionError, http.client.RemoteDisconnected)):
        return "connection closed"
    return str(error) or type(error).__name__
