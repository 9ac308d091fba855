"""Keeps a broken machine (a missing package, a wrong folder) from burning a grid in a minute."""

from __future__ import annotations

import time
from collections.abc import Mapping

from .errors import BesomError

_FLAPPING = 3
_WINDOW_S = 60.0
"""As W&B's agent: this many failures within this time of the start, and it gives up."""
_INITIAL = 5
"""And this many at any time, when they are at least as many as the runs that finished."""


class Failures:
    """W&B's rules and its variables for them, with one difference: here flapping means that none of the first finished.

    As there, an exit code counts as a failure and a signal does not, but for failures in a row.

    Args:
        in_a_row: So many, one after another; any number when None.

    Raises:
        BesomError: BAD_USAGE for a variable that is no number.
    """

    def __init__(self, env: Mapping[str, str], *, in_a_row: int | None = None, now: float | None = None) -> None:
        self._is_off = env.get("WANDB_AGENT_DISABLE_FLAPPING") == "true"
        self._initial = _to_limit(env.get("WANDB_AGENT_MAX_INITIAL_FAILURES"))
        self._most_in_a_row = in_a_row
        self._start = time.monotonic() if now is None else now
        self._failed = self._finished = self._in_a_row = 0

    def add(self, outcome: str, exit_code: int = 1, now: float | None = None) -> BesomError | None:
        """The reason to stop, once there is one.

        Args:
            exit_code: Of the process; negative for the signal that ended it.
        """
        if outcome == "finished":
            self._finished += 1
            self._in_a_row = 0
        if outcome != "failed":
            return None
        self._in_a_row += 1
        if self._most_in_a_row is not None and self._in_a_row >= self._most_in_a_row:
            return _to_reason(
                f"{self._in_a_row} runs failed one after another (--max-consecutive-failures {self._most_in_a_row})"
            )
        if exit_code < 0:
            return None
        self._failed += 1
        is_early = (time.monotonic() if now is None else now) - self._start <= _WINDOW_S
        if not self._is_off and not self._finished and self._failed >= _FLAPPING and is_early:
            return _to_reason(
                f"the first {self._failed} runs all failed within a minute, so this machine is not set up for them "
                "(see their output above); WANDB_AGENT_DISABLE_FLAPPING=true turns this check off"
            )
        if self._failed >= self._initial and self._failed >= self._finished:
            return _to_reason(
                f"{self._failed} runs failed and {self._finished} finished; "
                f"WANDB_AGENT_MAX_INITIAL_FAILURES={self._failed * 10} lets more of them fail"
            )
        return None


def _to_reason(message: str) -> BesomError:
    return BesomError("FAILING_AT_ONCE", message)


def _to_limit(text: str | None) -> int:
    if not text:
        return _INITIAL
    if text.isascii() and text.isdigit() and int(text) >= 1:
        return int(text)
    raise BesomError("BAD_USAGE", f'WANDB_AGENT_MAX_INITIAL_FAILURES is "{text}": expected a whole number from 1')
