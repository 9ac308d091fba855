"""Asks the server, and keeps asking while it is away: every document of ours may be sent twice without harm."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ._backoff import to_delay
from ._credentials import find_credentials
from ._transport import TIMEOUT_S, Answer, Transport, unreachable
from .errors import BesomError

TRANSIENT = frozenset(
    {"SERVER_UNREACHABLE", "UNAVAILABLE", "DISK_FULL", "DATABASE_UNREACHABLE", "RATE_LIMITED", "TIMED_OUT", "INTERNAL"}
)
"""What may be over when it is tried again. The server may have done what was asked all the same."""

PATIENCE_S = 10.0
FOREVER = float("inf")
_SURPRISE_PATIENCE_S = 300.0
"""A surprise inside the server may be its database restarting, or a bug that no repetition heals."""
_MUTATION = re.compile(r"\bmutation\b")
"""A word of its own: importance has a field ``permutation``."""

_GRAPHQL_CODES = {"INTERNAL_SERVER_ERROR": "INTERNAL"}


class Client:
    """GraphQL with one server and one key; any number of threads may ask at once."""

    def __init__(self, url: str, key: str | None) -> None:
        self.url = url.rstrip("/")
        self._transport = Transport(url, key)

    @classmethod
    def from_environment(cls) -> Client:
        """As the environment and what ``besom login`` keeps say."""
        found = find_credentials()
        return cls(found.url, found.key)

    def ask(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        patience: float = PATIENCE_S,
        timeout: float = TIMEOUT_S,
        give_up: threading.Event | None = None,
        on_trouble: Callable[[BesomError], None] | None = None,
    ) -> dict[str, Any]:
        """The data of one operation.

        Args:
            patience: Seconds that a server which is away is asked again; ``FOREVER`` for work that must arrive.
            timeout: Seconds that one try waits for its answer.
            give_up: Ends the retries (not the request under way) with the last trouble.
            on_trouble: Called after each try that failed and will be repeated.

        Raises:
            BesomError: The first error of the answer, or the ``error`` of a mutation's payload.
        """
        body = _encode({"query": query, "variables": variables or {}})
        start = time.monotonic()
        attempt = 0
        while True:
            attempt += 1
            left = patience - (time.monotonic() - start)
            try:
                outcome = _read_answer(self.url, self._transport.post(body, min(timeout, max(1.0, left))))
                if isinstance(outcome, dict):
                    return outcome
                trouble, wait = outcome
            except BesomError as error:
                if error.code != "SERVER_UNREACHABLE":
                    raise
                trouble, wait = error, None
            limit = min(patience, _SURPRISE_PATIENCE_S) if trouble.code == "INTERNAL" else patience
            delay = to_delay(attempt) if wait is None else wait
            if (give_up is not None and give_up.is_set()) or time.monotonic() - start + delay > limit:
                raise trouble
            if on_trouble is not None:
                on_trouble(trouble)
            if give_up is not None:
                give_up.wait(delay)
            else:
                time.sleep(delay)

    def ask_of_user(
        self, query: str, variables: Mapping[str, Any] | None = None, timeout: float = TIMEOUT_S
    ) -> dict[str, Any]:
        """As ``ask``, but a mutation that doesn't say how to recognise its repetition is sent once, come what may."""
        if not _MUTATION.search(query) or "clientMutationId" in f"{query}{variables}":
            # What took longer than the server waits may go on there, and is asked for once more.
            return self.ask(query, variables, patience=PATIENCE_S if timeout <= TIMEOUT_S else 2 * timeout, timeout=timeout)
        # A connection that the server has just closed would raise the question whether it arrived.
        self.close()
        return self.ask(query, variables, patience=0)

    def mutate(self, query: str, input: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        """The payload of a mutation of one field whose one variable is ``$input``."""
        data = self.ask(query, {"input": input}, **options)
        payload = next(iter(data.values()), None)
        if not isinstance(payload, dict):
            raise BesomError("INTERNAL", f"the server at {self.url} sent an empty answer")
        return payload

    def close(self) -> None:
        """Closes this thread's connection."""
        self._transport.close()


def _encode(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def _read_answer(url: str, answer: Answer) -> dict[str, Any] | tuple[BesomError, float | None]:
    """Data, or a trouble worth another try with the wait that was asked for; a refusal is raised."""
    parsed = _parse(answer.body)
    if parsed is None:
        if answer.status >= 500:
            return unreachable(url, f"it answered {answer.status}"), answer.retry_after
        # A proxy's bound, which may be below the server's.
        if answer.status == 413:
            raise BesomError("INPUT_TOO_LARGE", f"something before the server at {url} takes no request so long")
        raise BesomError(
            "FORBIDDEN" if answer.status in (401, 403) else "BAD_USAGE",
            f"what answers at {url} is not a Besom server (HTTP {answer.status}); "
            "set BESOM_URL to the server's address",
        )
    failure = _find_failure(parsed)
    if failure is None:
        data = parsed.get("data")
        if isinstance(data, dict):
            return data
        return unreachable(url, f"it answered {answer.status} without data"), answer.retry_after
    if failure.code in TRANSIENT or (answer.status >= 500 and failure.code != "UNAUTHENTICATED"):
        return failure, answer.retry_after
    if failure.code == "UNAUTHENTICATED":
        raise BesomError(
            failure.code,
            f"{failure.message}; set BESOM_API_KEY, or run `besom login {url}` on this machine",
            failure.details,
        )
    raise failure


def _parse(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) and ("data" in answer or "errors" in answer) else None


def _find_failure(answer: Mapping[str, Any]) -> BesomError | None:
    """The first error of the request, else the ``error`` of a payload."""
    errors = answer.get("errors")
    if isinstance(errors, list) and errors:
        extensions = errors[0].get("extensions") or {}
        return _to_error(extensions.get("code", "INTERNAL"), errors[0].get("message", ""), extensions.get("details"))
    for payload in (answer.get("data") or {}).values():
        error = payload.get("error") if isinstance(payload, dict) else None
        if isinstance(error, dict) and "code" in error:
            return _to_error(error["code"], error.get("message", ""), error.get("details"))
    return None


def _to_error(code: Any, message: Any, details: Any) -> BesomError:
    known = _GRAPHQL_CODES.get(str(code), str(code))
    return BesomError(known, str(message), details if isinstance(details, dict) else None)
