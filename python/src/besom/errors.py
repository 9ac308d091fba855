"""What can go wrong, and how a run is told to stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class BesomError(Exception):
    """A refusal or a trouble, with a stable code and a sentence that ends in the way out.

    Attributes:
        code: One of the list in docs/api.md, such as ``NOT_FOUND`` or ``SERVER_UNREACHABLE``.
        details: Facts behind the message; often empty.
    """

    def __init__(self, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.details: dict[str, Any] = dict(details or {})

    def __str__(self) -> str:
        return f"{self.args[0]} [{self.code}]"

    @property
    def message(self) -> str:
        """The sentence without its code."""
        return str(self.args[0])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.args[0], self.details)


class RunStopped(SystemExit):
    """Raised inside a training function when its run shall end: stopped by somebody, early, or canceled.

    It is no ``Exception``, so that a broad ``except Exception`` does not swallow it; catch it (or use ``finally``)
    to save what is worth saving, within 10 seconds. A program that lets it pass ends quietly.

    Attributes:
        reason: What the run was told, a sentence.
    """

    EXIT_CODE = 143
    """What a shell reports of a process that SIGTERM ended."""

    def __init__(self, reason: str = "stopped on request") -> None:
        super().__init__(self.EXIT_CODE)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason
