"""Works on a sweep by starting its command, several at a time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import _operations as operations
from .._client import Client
from .._desk import Desk
from .._failures import Failures
from .._heart import Heart
from .._janitor import Janitor
from ..errors import BesomError
from ._attempt import Context, ProgramAttempt
from ._command import to_local, unknown_macros
from ._ladder import ENDING, TERMINATING, Ladder
from ._pattern import Pattern
from ._progress import Progress
from ._runtime import Runtimes

_MAX_CLAIM = 100
"""At once; the next claim follows without a pause, and other agents get their share."""
_LAST_CLAIM_S = 2.0
"""What a claim that is being asked for when we leave gets to be answered, so that its runs can be handed back."""


@dataclass(frozen=True)
class Options:
    """How an agent shall work.

    Attributes:
        devices: By slot what CUDA_VISIBLE_DEVICES says; None leaves the environment's.
        count: Runs to start before leaving; as many as there are when None.
        grace: Seconds between SIGTERM and SIGKILL.
        term_timeout: Seconds that runs get after the first signal that ends this agent; as long as they take when None.
    """

    cwd: str
    env: Mapping[str, str]
    slots: int = 1
    devices: Sequence[str] | None = None
    count: int | None = None
    echo: bool = False
    grace: float = 10.0
    term_timeout: float | None = None
    failures: Failures = field(default_factory=lambda: Failures({}))


class Worker:
    """One agent. ``work`` is called once, by the thread that made it."""

    def __init__(self, client: Client, desk: Desk, options: Options, ladder: Ladder, progress: Progress) -> None:
        self._client = client
        self._desk = desk
        self._options = options
        self._ladder = ladder
        self._progress = progress
        self._wake = threading.Condition()
        self._live: dict[tuple[str, int], ProgramAttempt] = {}
        self._told: set[tuple[str, int]] = set()
        self._free = list(range(options.slots))
        self._started = 0
        self._outcomes: Counter[str] = Counter()
        self._trouble: BesomError | None = None
        self._no_more_claims = threading.Event()
        self._term_timer: threading.Timer | None = None
        self._shown = False
        self._waiting_for: str | None = None

    def work(self) -> dict[str, int]:
        """Until the sweep is done, the count is reached, or the ladder says to leave; gives how many ended how.

        Raises:
            BesomError: What ended it early.
        """
        desk, progress, options = self._desk, self._progress, self._options
        sweep = desk.sweep
        progress.say(f"agent {desk.agent_id} works on {desk.path} ({sweep['name']})  {sweep['url']}")
        local = to_local(sweep["command"], options.env.get("PATH", ""))
        doubts = [
            ("UNKNOWN_MACRO", f"the command's {macro} is no macro and {effect}")
            for macro, effect in unknown_macros(sweep["command"] or [])
        ]
        for _, message in doubts:
            progress.warn(message)
        if local is not None:
            progress.say("there is no python on the PATH; ${interpreter} is python3")
        progress.say(f"{'1 slot' if options.slots == 1 else f'{options.slots} slots'}, in {options.cwd}")
        janitor = Janitor()
        self._context = Context(
            client=self._client,
            desk=desk,
            sweep=sweep,
            command=local or sweep["command"],
            patterns=self._to_patterns(sweep.get("logPattern") or []),
            janitor=janitor,
            runtimes=Runtimes(options.cwd, options.env),
            command_warnings=doubts,
            progress=progress,
            cwd=options.cwd,
            env=options.env,
            on_command=self._show_command,
            is_ending=lambda: self._is_ending,
            echo=options.echo,
            grace=options.grace,
        )
        heart = Heart(
            self._client,
            desk.heartbeat_s,
            beat=self._to_beat,
            on_answer=lambda beat: self._told.update((one["runId"], one["attempt"]) for one in beat.get("started", ())),
            on_command=self._obey,
            on_directive=self._follow,
            on_refused=self._refused,
            on_lost=progress.warn,
            on_found=progress.say,
        )
        self._ladder.on_climb(self._climb)
        self._ladder.on_signal = self._hear
        if self._is_ending:
            self._climb(self._ladder.stage)
        try:
            self._claim_all()
            with self._wake:
                self._wake.wait_for(lambda: not self._live)
        finally:
            heart.stop()
            desk.leave()
            janitor.close()
        progress.say(f"done: {progress.counts()}")
        if self._trouble is not None:
            raise self._trouble
        return dict(self._outcomes)

    @property
    def _is_ending(self) -> bool:
        return self._ladder.is_at_least("finishing")

    def _claim_all(self) -> None:
        options = self._options
        while not self._is_ending:
            left = _MAX_CLAIM if options.count is None else options.count - self._started
            if left <= 0:
                return
            with self._wake:
                self._wake.wait_for(lambda: self._free or self._is_ending)
                count = min(len(self._free), left, _MAX_CLAIM)
            if self._is_ending:
                return
            try:
                answer = self._desk.claim(count, self._no_more_claims)
            except BesomError as error:
                self._fail(error)
                return
            for claim in answer.claims:
                self._start(claim)
            if answer.is_quarantined:
                self._fail(_to_quarantine(answer.reason))
                return
            if answer.is_over:
                if answer.reason:
                    self._progress.say(answer.reason)
                return
            if answer.wait:
                if answer.reason and answer.reason != self._waiting_for:
                    self._progress.say(answer.reason)
                self._waiting_for = answer.reason
                with self._wake:
                    # A run that ends frees a slot, which is no reason to ask earlier.
                    self._wake.wait_for(lambda: self._is_ending, answer.wait)

    def _start(self, claim: dict[str, Any]) -> None:
        devices = self._options.devices
        with self._wake:
            slot = self._free.pop(0)
            device = None if devices is None else devices[slot]
            attempt = ProgramAttempt(self._desk.to_facts(claim), claim, self._context, slot, device)
            self._live[attempt.facts.id, attempt.facts.attempt] = attempt
            self._started += 1
        # A claim that was answered when we were already leaving.
        if self._is_ending:
            attempt.stop("leaving")
        threading.Thread(target=self._run, args=(attempt,), name=f"besom-run-{attempt.facts.name}", daemon=True).start()

    def _run(self, attempt: ProgramAttempt) -> None:
        try:
            outcome = attempt.run()
            self._outcomes[outcome] += 1
            verdict = self._options.failures.add(outcome, attempt.exit_code)
            if verdict is not None:
                self._fail(verdict)
        except BesomError as error:
            self._outcomes["preempted"] += 1
            self._fail(error)
        except Exception as error:
            self._fail(BesomError("INTERNAL", f"{type(error).__name__}: {error}"))
        finally:
            with self._wake:
                del self._live[attempt.facts.id, attempt.facts.attempt]
                self._free = sorted([*self._free, attempt.slot])
                self._wake.notify_all()

    def _fail(self, error: BesomError) -> None:
        """No more runs; those under way may end. The first trouble is what the agent ends with."""
        if self._trouble is None:
            self._trouble = error
            self._progress.warn(f"{error.message}; no new runs are started")
        self._ladder.climb_to("finishing")

    def _climb(self, stage: str) -> None:
        grace, live = self._options.grace, list(self._live.values())
        if stage == "finishing" and live:
            self._progress.say(
                f"no new runs; {len(live)} under way may finish "
                "(Ctrl-C again stops them, and they go back to the queue)"
            )
        if stage == "stopping":
            if live:
                self._progress.say(
                    f"stopping {len(live)} under way: SIGTERM now, SIGKILL in {grace:g} s; they go back to the queue"
                )
            for attempt in live:
                attempt.stop("leaving")
        if stage == "killing":
            for attempt in live:
                attempt.kill()
        timer = threading.Timer(_LAST_CLAIM_S, self._no_more_claims.set)
        timer.daemon = True
        timer.start()
        with self._wake:
            self._wake.notify_all()

    def _hear(self, number: int) -> None:
        """A signal that this agent got."""
        live = list(self._live.values())
        if number in TERMINATING and live:
            # Somebody wants the agent gone: its machine may be next.
            refs = [attempt.ref for attempt in live]
            self._desk.errands.run(
                lambda: self._client.mutate(operations.MARK_PREEMPTING, {"attempts": refs}, patience=_LAST_CLAIM_S)
            )
        if self._ladder.forwards:
            for attempt in live:
                attempt.forward(number)
        if self._options.term_timeout is not None and self._term_timer is None and number in ENDING:
            self._term_timer = threading.Timer(self._options.term_timeout, self._time_out)
            self._term_timer.daemon = True
            self._term_timer.start()

    def _time_out(self) -> None:
        if self._live:
            self._progress.say(
                f"{len(self._live)} under way did not end within {self._options.term_timeout:g} s: SIGKILL"
            )
        self._ladder.climb_to("killing")

    def _follow(self, directive: str) -> None:
        """What the server wants of this agent."""
        stage = "stopping" if directive == "STOP" else "finishing"
        if self._ladder.is_at_least(stage):
            return
        if directive != "EXIT":
            wish = "stop" if directive == "STOP" else "take no more runs"
            self._progress.say(f"somebody asked this agent to {wish}")
        self._ladder.climb_to(stage)

    def _obey(self, run_id: str, attempt: int, command: str) -> None:
        live = self._live.get((run_id, attempt))
        if live is not None:
            live.obey(command)

    def _to_beat(self) -> dict[str, Any]:
        live = list(self._live.values())
        started = [one.started for one in live if one.started is not None]
        fresh = [one for one in started if (one["runId"], one["attempt"]) not in self._told]
        beat: dict[str, Any] = {"agentId": self._desk.agent_id, "attempts": [one.ref for one in live]}
        return {**beat, "started": fresh} if fresh else beat

    def _refused(self, error: BesomError) -> None:
        if error.code != "AGENT_UNKNOWN":
            self._fail(error)
            return
        try:
            # The server gave this agent up (it was away for long): a new number, the same runs.
            self._desk.register()
            self._progress.say(f"registered again, as agent {self._desk.agent_id}")
        except BesomError as again:
            self._fail(again)

    def _show_command(self, text: str) -> None:
        if not self._shown:
            self._shown = True
            self._progress.say(f"first command: {text}")

    def _to_patterns(self, sources: Sequence[str]) -> list[Pattern]:
        patterns = []
        for source in sources:
            try:
                patterns.append(Pattern(source))
            except ValueError as error:
                self._progress.warn(
                    f"log_pattern {source!r} is left out here, since {error}; the agent on Node takes it"
                )
        return patterns


def _to_quarantine(reason: str | None) -> BesomError:
    return BesomError("FAILING_AT_ONCE", reason or "this machine is in quarantine for this sweep")
