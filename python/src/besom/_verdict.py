"""What the server is told about the end of a run (as agent/verdict.ts has it)."""

from __future__ import annotations

import signal
from typing import Any

CAUSES = {"STOP": "stopped", "CANCEL": "canceled", "STALE": "stale"}


def to_verdict(exit_code: int, cause: str | None, last_words: str | None) -> dict[str, Any]:
    """State, reason, exit code and a sentence for people.

    Args:
        exit_code: Of the process; negative for the signal that ended it.
        cause: Why we ended it ourselves: stopped, canceled, stale, or leaving (this agent goes).
        last_words: The last thing it wrote to stderr, or its exception.
    """
    code = {"exitCode": exit_code} if exit_code >= 0 else {}
    if cause == "stopped":
        return {"state": "killed", "reason": "stopped_by_user", "detail": "stopped on request", **code}
    if cause == "canceled":
        return {"state": "killed", "reason": "sweep_canceled", "detail": "the sweep was canceled", **code}
    if cause is not None:
        return {"state": "preempted", "reason": "agent_gone", "detail": "its agent was told to leave", **code}
    if exit_code < 0:
        return {"state": "failed", "reason": "signal", "detail": _of_signal(-exit_code)}
    if exit_code == 0:
        return {"state": "finished", "exitCode": 0}
    words = f": {last_words[:300]}" if last_words else ""
    return {"state": "failed", "reason": "exit_code", "detail": f"exit code {exit_code}{words}", **code}


def _of_signal(number: int) -> str:
    if number == signal.SIGKILL:
        return "killed by SIGKILL, which nobody here sent: often the kernel, out of memory"
    try:
        return f"ended by {signal.Signals(number).name}"
    except ValueError:
        return f"ended by signal {number}"
