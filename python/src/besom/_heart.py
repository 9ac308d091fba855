"""Keeps the lease of what an agent holds, and brings the server's wishes about it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from . import _operations as operations
from ._client import Client
from ._terminal import say
from .errors import BesomError

_FINAL = frozenset({"UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "AGENT_UNKNOWN", "BAD_INPUT"})
"""Answers that no repetition changes."""


class Heart:
    """A thread that beats every ``interval`` seconds; while the server is away it tries on and on.

    Args:
        beat: What is held: ``agentId``, ``attempts``, ``started``.
        on_answer: Called with each beat that was answered.
        on_command: For an attempt: its run, its number, and STOP, CANCEL or STALE.
        on_exit: The server has no more work for this agent.
        on_refused: It answered that it won't have us.
    """

    def __init__(
        self,
        client: Client,
        interval: float,
        *,
        beat: Callable[[], dict[str, Any]],
        on_answer: Callable[[dict[str, Any]], None],
        on_command: Callable[[str, int, str], None],
        on_exit: Callable[[], None],
        on_refused: Callable[[BesomError], None],
    ) -> None:
        self._client = client
        self._interval = interval
        self._to_beat = beat
        self._on_answer = on_answer
        self._on_command = on_command
        self._on_exit = on_exit
        self._on_refused = on_refused
        self._over = threading.Event()
        self._is_lost = False
        self._thread = threading.Thread(target=self._run, name="besom-heart", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; a beat under way may still arrive."""
        self._over.set()

    def _run(self) -> None:
        while not self._over.wait(0.5 if self._is_lost else self._interval):
            beat = self._to_beat()
            try:
                # The list of attempts goes stale meanwhile: better a new beat than an old one repeated for long.
                answer = self._client.mutate(
                    operations.HEARTBEAT,
                    beat,
                    patience=self._interval,
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
                continue
            if self._is_lost:
                say("the server answers again")
            self._is_lost = False
            self._on_answer(beat)
            for one in answer["commands"]:
                self._on_command(one["runId"], one["attempt"], one["command"])
            if answer["directive"] == "EXIT":
                self._on_exit()

    def _lose(self, error: BesomError) -> None:
        if not self._is_lost:
            say(f"{error.message}; runs go on, trying again until it answers")
        self._is_lost = True
