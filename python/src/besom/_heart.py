"""Keeps the lease of what an agent holds, and brings the server's wishes about it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from . import _operations as operations
from ._client import Client
from ._terminal import say
from .errors import BesomError

_FINAL = frozenset({"UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "AGENT_UNKNOWN", "BAD_INPUT"})
"""Answers that no repetition changes."""
_PACE_S = 1.0
"""Between two beats that were answered at once: a wish is told again until it is fulfilled."""
_LOST_PACE_S = 0.5
_ANSWER_S = 5.0
"""What an answer may take beyond the wait that was asked for."""


class Heart:
    """A thread that beats; while the server is away it tries on and on.

    A beat is answered when somebody wishes something of this agent or of a run it holds, else after ``interval``
    seconds, so a wish arrives within moments and an agent at rest costs a question each ``interval``.

    Args:
        beat: What is held: ``agentId``, ``attempts``, ``started``.
        on_answer: Called with each beat that was answered.
        on_command: For an attempt: its run, its number, and STOP, CANCEL or STALE.
        on_directive: What the server wants of the agent: EXIT, DRAIN or STOP.
        on_refused: It answered that it won't have us.
        on_lost, on_found: The server is away, and back.
    """

    def __init__(
        self,
        client: Client,
        interval: float,
        *,
        beat: Callable[[], dict[str, Any]],
        on_answer: Callable[[dict[str, Any]], None],
        on_command: Callable[[str, int, str], None],
        on_directive: Callable[[str], None],
        on_refused: Callable[[BesomError], None],
        on_lost: Callable[[str], None] = say,
        on_found: Callable[[str], None] = say,
    ) -> None:
        self._client = client
        self._interval = interval
        self._to_beat = beat
        self._on_answer = on_answer
        self._on_command = on_command
        self._on_directive = on_directive
        self._on_refused = on_refused
        self._on_lost = on_lost
        self._on_found = on_found
        self._over = threading.Event()
        self._is_lost = False
        self._thread = threading.Thread(target=self._run, name="besom-heart", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; a beat under way may still arrive."""
        self._over.set()

    def _run(self) -> None:
        pause = min(_PACE_S, self._interval)
        while not self._over.wait(pause):
            start = time.monotonic()
            self._beat()
            pause = _LOST_PACE_S if self._is_lost else max(0.0, _PACE_S - (time.monotonic() - start))

    def _beat(self) -> None:
        beat = self._to_beat()
        try:
            # The list of attempts goes stale meanwhile: better a new beat than an old one repeated for long.
            answer = self._client.mutate(
                operations.HEARTBEAT,
                {**beat, "waitMs": int(self._interval * 1000)},
                patience=self._interval + _ANSWER_S,
                give_up=self._over,
                on_trouble=self._lose,
            )
        except BesomError as error:
            if self._over.is_set():
                return
            if error.code in _FINAL:
                self._on_refused(error)
            else:
                self._lose(error)
            return
        if self._is_lost:
            self._on_found("the server answers again")
        self._is_lost = False
        self._on_answer(beat)
        for one in answer["commands"]:
            self._on_command(one["runId"], one["attempt"], one["command"])
        if answer["directive"] not in (None, "CONTINUE"):
            self._on_directive(answer["directive"])

    def _lose(self, error: BesomError) -> None:
        if not self._is_lost:
            self._on_lost(f"{error.message}; runs go on, trying again until it answers")
        self._is_lost = True
