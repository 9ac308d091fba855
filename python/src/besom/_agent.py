"""Works on a sweep by calling a training function."""

from __future__ import annotations

import os
import random
import signal
import socket
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

from . import _operations as operations
from ._attempts import Attempt, ChildAttempt, LocalAttempt
from ._client import FOREVER, Client
from ._heart import Heart
from ._run import RunFacts
from ._sinks import is_socket_possible
from ._terminal import say
from ._version import VERSION
from .errors import BesomError, RunStopped

_DEFAULT_WAIT_S = 2.0
_MIN_WAIT_S = 0.05
"""Even where the server says "soon": an empty answer must not become a flood of questions."""
_LAST_WORDS_S = 2.0
_FLAPPING = 3
_FLAPPING_S = 60.0


def agent(
    sweep_id: str,
    function: Callable[[], Any] | None = None,
    entity: str | None = None,
    project: str | None = None,
    count: int | None = None,
    *,
    in_process: bool = False,
    start_method: str | None = None,
) -> dict[str, int]:
    """Takes runs of a sweep and calls ``function`` for each, until there are no more.

    The function takes no arguments, calls ``besom.init()`` and reads ``besom.config``. It runs in a child process, so
    that memory and GPU come back after each run, a crash harms nobody else, and a stopped run ends in time
    (``RunStopped`` is raised in it; 10 seconds later it is killed).

    Args:
        sweep_id: The id, or its path ``entity/project/id``.
        entity, project: Where the sweep lies; taken for W&B's sake, the id is enough.
        count: At most so many runs; as many as there are when absent.
        in_process: Call the function in this thread instead: for debuggers, and where processes cost too much.
        start_method: ``"spawn"`` or ``"fork"``. When absent, functions of modules are called in a fresh interpreter,
            those of the main program and of notebooks in a fork.

    Returns:
        How many runs ended how, as ``{"finished": 8, "failed": 1}``.

    Raises:
        BesomError: FAILING_AT_ONCE when the first three runs all fail within a minute; NOT_FOUND and the like.
        RunStopped: After SIGTERM, which hands the run under way back to the queue.
        KeyboardInterrupt: After an interrupt: the first one lets the run under way finish, the second stops it.
    """
    if function is None:
        raise BesomError(
            "BAD_USAGE",
            f"besom.agent needs the function to call; to run the sweep's `program`: npx besom agent {sweep_id}",
        )
    if start_method not in (None, "spawn", "fork"):
        raise BesomError("BAD_USAGE", f'start_method {start_method!r} is none: expected "spawn" or "fork"')
    if not in_process and not is_socket_possible():
        say("this system has no local sockets: runs are called in this process")
        in_process = True
    worker = _Worker(Client.from_environment(), _to_id(sweep_id), function)
    return worker.work(count, in_process, start_method)


def _to_id(sweep_id: str) -> str:
    """A full path stays one; ``project/id`` is W&B's short form, and the id alone is unique."""
    parts = sweep_id.split("/")
    return sweep_id if len(parts) == 3 else parts[-1]


class _Worker:
    def __init__(self, client: Client, sweep_id: str, function: Callable[[], Any]) -> None:
        self._client = client
        self._sweep_id = sweep_id
        self._function = function
        self._live: Attempt | None = None
        self._told: set[tuple[str, int]] = set()
        self._leaving = threading.Event()
        self._trouble: BesomError | None = None
        self._outcomes: Counter[str] = Counter()
        self._start_s = time.monotonic()
        self._interrupted = False
        self._terminated = False

    def work(self, count: int | None, in_process: bool, method: str | None) -> dict[str, int]:
        registered = self._register(10.0)
        sweep = registered["sweep"]
        path = f"{sweep['project']['entity']['name']}/{sweep['project']['name']}/{sweep['id']}"
        say(f"agent {self._agent_id} works on {path} ({sweep['name']})  {sweep['url']}")
        heart = Heart(
            self._client,
            (registered["heartbeatMs"] or 5000) / 1000,
            beat=self._to_beat,
            on_answer=self._told_of,
            on_command=self._obey,
            on_exit=self._leaving.set,
            on_refused=self._refused,
        )
        started = 0
        previous = self._listen()
        try:
            while not self._leaving.is_set() and (count is None or started < count):
                claim = self._claim()
                if claim is None:
                    continue
                started += 1
                self._run(self._to_attempt(claim, sweep, in_process, method))
        except KeyboardInterrupt:
            self._interrupted = True
        finally:
            heart.stop()
            self._leave()
            if previous is not None:
                signal.signal(signal.SIGTERM, previous)
        counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(self._outcomes.items()))
        say(f"done: {counts or 'no runs'}")
        if self._trouble is not None:
            raise self._trouble
        if self._terminated:
            raise RunStopped("the agent was told to leave")
        if self._interrupted:
            raise KeyboardInterrupt
        return dict(self._outcomes)

    def _listen(self) -> Any:
        """Takes SIGTERM where nobody else does; gives what to put back."""
        if threading.current_thread() is not threading.main_thread():
            return None
        previous = signal.getsignal(signal.SIGTERM)
        if previous is not signal.SIG_DFL:
            return None
        signal.signal(signal.SIGTERM, self._terminate)
        return previous

    def _terminate(self, number: int, frame: Any) -> None:
        """The machine is being taken away: what runs here ends in peace and goes to another agent at once."""
        self._terminated = True
        self._leaving.set()
        live = self._live
        if live is not None:
            say(f"told to leave: {live.facts.display_name} ends and goes back to the queue")
            live.stop("leaving")

    def _register(self, patience: float) -> dict[str, Any]:
        """Makes this process known to the server as an agent of the sweep."""
        registered = self._client.mutate(
            operations.REGISTER_AGENT,
            {
                "sweepId": self._sweep_id,
                "host": socket.gethostname(),
                "pid": os.getpid(),
                "slots": 1,
                "version": f"python-{VERSION}",
                "clientMutationId": str(uuid.uuid4()),
            },
            patience=patience,
        )
        self._agent_id: str = registered["agent"]["id"]
        return registered

    def _claim(self) -> dict[str, Any] | None:
        """A run to work on; None, after a wait, when there is none now."""
        try:
            answer = self._client.mutate(
                operations.CLAIM_RUN,
                # The same number until it is answered: an answer that got lost is given again, not a second run.
                {
                    "sweepId": self._sweep_id,
                    "agentId": self._agent_id,
                    "count": 1,
                    "clientMutationId": str(uuid.uuid4()),
                },
                patience=FOREVER,
                give_up=self._leaving,
            )
        except BesomError as error:
            if self._leaving.is_set():
                return None
            if error.code != "AGENT_UNKNOWN":
                raise
            # The server gave this agent up, since it was away for long.
            self._register(FOREVER)
            return None
        for claim in answer["claims"]:
            return dict(claim)
        if answer["directive"] == "EXIT":
            say(answer["reason"] or "the sweep has no more runs")
            self._leaving.set()
            return None
        wait = max(_MIN_WAIT_S, (answer["retryAfterMs"] or _DEFAULT_WAIT_S * 1000) / 1000)
        self._leaving.wait(wait * (0.75 + random.random() / 2))
        return None

    def _to_attempt(
        self, claim: dict[str, Any], sweep: dict[str, Any], in_process: bool, method: str | None
    ) -> Attempt:
        entity, project = sweep["project"]["entity"]["name"], sweep["project"]["name"]
        facts = RunFacts(
            id=claim["runId"],
            name=claim["name"],
            display_name=claim["displayName"],
            attempt=claim["attempt"],
            url=f"{self._client.url}/{entity}/{project}/runs/{claim['name']}",
            project=project,
            entity=entity,
            sweep_id=sweep["id"],
            metric=(sweep["metric"] or {}).get("name"),
        )
        if in_process:
            return LocalAttempt(self._client, facts, claim, self._function)
        attempt = ChildAttempt(self._client, facts, claim, self._function, method)
        attempt.on_interrupt = self._interrupt
        return attempt

    def _run(self, attempt: Attempt) -> None:
        self._live = attempt
        again = f" (attempt {attempt.facts.attempt})" if attempt.facts.attempt > 1 else ""
        say(f"{attempt.facts.display_name}: {attempt.params}{again}")
        try:
            outcome = attempt.run()
        except KeyboardInterrupt:
            self._outcomes["preempted"] += 1
            raise
        finally:
            self._live = None
        self._outcomes[outcome] += 1
        self._check_machine()

    def _check_machine(self) -> None:
        """Keeps a broken machine from burning a grid in a minute: as W&B, but one finished run shows it is sound."""
        failed = self._outcomes["failed"]
        off = os.environ.get("WANDB_AGENT_DISABLE_FLAPPING") == "true"
        if off or self._outcomes["finished"] or failed < _FLAPPING or time.monotonic() - self._start_s > _FLAPPING_S:
            return
        self._trouble = BesomError(
            "FAILING_AT_ONCE",
            f"the first {failed} runs all failed within a minute, so this machine is not set up for them (see their "
            "output above); WANDB_AGENT_DISABLE_FLAPPING=true turns this check off",
        )
        self._leaving.set()

    def _interrupt(self) -> None:
        self._interrupted = True
        self._leaving.set()

    def _to_beat(self) -> dict[str, Any]:
        live = self._live
        beat: dict[str, Any] = {"agentId": self._agent_id, "attempts": [live.ref] if live else []}
        process = live.started if live else None
        if process is not None and (process["runId"], process["attempt"]) not in self._told:
            beat["started"] = [process]
        return beat

    def _told_of(self, beat: dict[str, Any]) -> None:
        """Which process a run became is told once."""
        self._told.update((one["runId"], one["attempt"]) for one in beat.get("started", ()))

    def _obey(self, run_id: str, attempt: int, command: str) -> None:
        live = self._live
        if live is not None and live.ref == {"runId": run_id, "attempt": attempt}:
            live.obey(command)

    def _refused(self, error: BesomError) -> None:
        if error.code == "AGENT_UNKNOWN":
            try:
                self._register(10.0)
                say(f"registered again, as agent {self._agent_id}")
                return
            except BesomError as again:
                error = again
        self._trouble = self._trouble or error
        self._leaving.set()

    def _leave(self) -> None:
        """What this agent still holds goes back to the queue."""
        try:
            self._client.mutate(operations.LEAVE_AGENT, {"agentId": self._agent_id}, patience=_LAST_WORDS_S)
        except BesomError:
            pass  # the lease tells the server in time
