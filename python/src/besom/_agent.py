"""Works on a sweep by calling a training function."""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from ._attempts import Attempt, ChildAttempt, LocalAttempt
from ._child import METHODS, Starter
from ._client import Client
from ._desk import Desk
from ._facts import is_diff_wanted
from ._failures import Failures
from ._follower import Follower
from ._heart import Heart
from ._janitor import Janitor
from ._sinks import is_socket_possible
from ._terminal import say
from .errors import BesomError, RunStopped


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
        start_method: ``"forkserver"``, ``"spawn"`` or ``"fork"``. When absent, functions of modules are called in a
            child of a process that has imported the module, those of the main program and of notebooks in a fork.

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
            f"besom.agent needs the function to call; to run the sweep's `program`: besom agent {sweep_id}",
        )
    if start_method is not None and start_method not in METHODS:
        raise BesomError("BAD_USAGE", f"start_method {start_method!r} is none: expected one of {', '.join(METHODS)}")
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
        self._function = function
        self._live: Attempt | None = None
        self._told: set[tuple[str, int]] = set()
        self._leaving = threading.Event()
        self._trouble: BesomError | None = None
        self._outcomes: Counter[str] = Counter()
        self._failures = Failures(os.environ)
        self._interrupted = False
        self._terminated = False
        self._desk = Desk(client, sweep_id, with_diff=is_diff_wanted())
        self._follower = Follower(self._desk)
        self._janitor: Janitor | None = None
        self._end_listening: Callable[[], None] = lambda: None

    def work(self, count: int | None, in_process: bool, method: str | None) -> dict[str, int]:
        desk = self._desk
        say(f"agent {desk.agent_id} works on {desk.path} ({desk.sweep['name']})  {desk.sweep['url']}")
        heart = Heart(
            self._client,
            desk.heartbeat_s,
            beat=self._to_beat,
            on_answer=self._told_of,
            on_command=self._obey,
            on_directive=self._follow,
            on_refused=self._refused,
        )
        self._follower.show()
        started = 0
        starter = Starter(self._function, method)
        self._janitor = None if in_process else Janitor()
        previous = self._listen()
        try:
            while not self._leaving.is_set() and (count is None or started < count):
                answer = desk.claim(1, self._leaving)
                for claim in answer.claims:
                    started += 1
                    self._run(self._to_attempt(claim, None if in_process else starter))
                if answer.is_quarantined:
                    raise BesomError("FAILING_AT_ONCE", answer.reason or "this machine is in quarantine for the sweep")
                if answer.is_over:
                    if answer.reason:
                        say(answer.reason)
                    break
                if answer.wait:
                    self._leaving.wait(answer.wait)
        except KeyboardInterrupt:
            self._interrupted = True
        finally:
            heart.stop()
            self._follower.end()
            desk.leave()
            starter.close()
            if self._janitor is not None:
                self._janitor.close()
            if previous is not None:
                signal.signal(signal.SIGTERM, previous)
                self._end_listening()
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
        # A handler runs in the midst of what the main thread does, with the locks it holds: another thread hands back.
        heard: queue.SimpleQueue[bool] = queue.SimpleQueue()

        def terminate(number: int, frame: Any) -> None:
            self._terminated = True
            heard.put(True)

        def wait() -> None:
            while heard.get():
                self._hand_back()

        threading.Thread(target=wait, name="besom-signals", daemon=True).start()
        signal.signal(signal.SIGTERM, terminate)
        self._end_listening = lambda: heard.put(False)
        return previous

    def _hand_back(self) -> None:
        """What runs here ends in peace and goes to another agent at once."""
        self._leaving.set()
        live = self._live
        if live is not None:
            say(f"told to leave: {live.facts.display_name} ends and goes back to the queue")
            live.stop("leaving")

    def _follow(self, directive: str) -> None:
        """What the server wants of this agent."""
        if directive == "STOP" and not self._leaving.is_set():
            self._hand_back()
        elif not self._leaving.is_set():
            if directive == "DRAIN":
                say("somebody asked this agent to take no more runs")
            self._leaving.set()

    def _to_attempt(self, claim: dict[str, Any], starter: Starter | None) -> Attempt:
        facts = self._desk.to_facts(claim)
        if starter is None or self._janitor is None:
            return LocalAttempt(self._client, self._desk, facts, claim, self._function)
        attempt = ChildAttempt(self._client, self._desk, facts, claim, self._function, starter, self._janitor)
        attempt.on_interrupt = self._interrupt
        return attempt

    def _run(self, attempt: Attempt) -> None:
        self._live = attempt
        again = f" (attempt {attempt.facts.attempt})" if attempt.facts.attempt > 1 else ""
        say(f"{attempt.facts.display_name}: {attempt.params}{again}")
        attempt.on_points = self._follower.start(attempt.facts.display_name)
        try:
            outcome = attempt.run()
        except KeyboardInterrupt:
            self._outcomes["preempted"] += 1
            raise
        finally:
            self._live = None
        self._outcomes[outcome] += 1
        self._follower.ended(outcome)
        trouble = self._failures.add(outcome, attempt.exit_code)
        if trouble is not None:
            self._trouble = trouble
            self._leaving.set()

    def _interrupt(self) -> None:
        self._interrupted = True
        self._leaving.set()

    def _to_beat(self) -> dict[str, Any]:
        live = self._live
        beat: dict[str, Any] = {"agentId": self._desk.agent_id, "attempts": [live.ref] if live else []}
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
                self._desk.register(10.0)
                say(f"registered again, as agent {self._desk.agent_id}")
                return
            except BesomError as again:
                error = again
        self._trouble = self._trouble or error
        self._leaving.set()
