"""One run, as the training program holds it."""

from __future__ import annotations

import difflib
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from . import _operations as operations
from ._card import LiveCard, Track, open_card, to_card, to_short
from ._client import Client
from ._config import Config
from ._errands import Errands, Warning
from ._feeder import Feeder
from ._points import Point
from ._sinks import Sink
from ._summary import Definition, Summary, to_kinds
from ._terminal import warn
from ._values import snapshot
from .errors import BesomError, RunStopped

LAST_WORDS_S = 300.0
"""What an absent server gets at the end to take the rest."""

_MAX_STEP = 2**53 - 1
_WARNING_S = 2.0
"""What warnings get to arrive before the run's end is told."""


@dataclass(frozen=True)
class RunFacts:
    """Which run this is. ``metric`` is the one that its sweep optimises, where it is known."""

    id: str
    name: str
    display_name: str
    attempt: int
    url: str
    project: str
    entity: str
    sweep_id: str | None = None
    metric: str | None = None

    @property
    def ref(self) -> dict[str, Any]:
        """As the server names an attempt."""
        return {"runId": self.id, "attempt": self.attempt}


class Run:
    """What ``besom.init()`` gives. Its methods may be called from any thread; as a context manager it finishes itself.

    Attributes:
        config: The parameters; those of the sweep win over the defaults given to ``init`` and are locked.
        summary: By metric its last value, or what ``define_metric`` asks for.
        id: The run's number as text.
        name: Its name in paths, unique in its project.
        attempt: Which try it is, from 1.
        url: Its page.
    """

    def __init__(
        self,
        facts: RunFacts,
        config: Config,
        sink: Sink,
        *,
        first_step: int = 0,
        client: Client | None = None,
        checkpoint_dir: str | None = None,
        on_end: Callable[[int, str | None], None] = lambda exit_code, detail: None,
        is_arg: Callable[[str], bool] = lambda name: False,
    ) -> None:
        self.facts = facts
        self.config = config
        self._sink = sink
        self._client = client
        self._checkpoint_dir = checkpoint_dir
        self._on_end = on_end
        self._is_arg = is_arg
        self._feeder = Feeder(self._hand_over)
        self._put = self._feeder.put
        self.summary = Summary(before_read=self._feeder.flush)
        self._lock = threading.Lock()
        self._step = first_step
        self._has_logged = first_step > 0
        self._step_metrics: list[Definition] = []
        self._last_of_step_metric: dict[str, Any] = {}
        self._stop_reason: str | None = None
        self._stop_pending = False
        self._ended = False
        self._outcome: str | None = None
        self._is_owner = True
        self._track: Track | None = None
        self._card: LiveCard | None = None

    @property
    def id(self) -> str:
        return self.facts.id

    @property
    def name(self) -> str:
        return self.facts.name

    @property
    def display_name(self) -> str:
        """For people."""
        return self.facts.display_name

    @property
    def attempt(self) -> int:
        return self.facts.attempt

    @property
    def url(self) -> str:
        return self.facts.url

    @property
    def project(self) -> str:
        return self.facts.project

    @property
    def entity(self) -> str:
        return self.facts.entity

    @property
    def sweep_id(self) -> str | None:
        """The sweep that it belongs to; None outside one."""
        return self.facts.sweep_id

    @property
    def checkpoint_dir(self) -> str | None:
        """A folder that each attempt of this run finds again, given by its agent; None where there is none."""
        return self._checkpoint_dir

    @property
    def step(self) -> int:
        """The step that the next ``log`` without one belongs to."""
        return self._step

    def log(self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None:
        """Logs metrics. Costs microseconds: a thread of its own delivers them, through outages.

        Args:
            data: Names with numbers; texts, lists and other values are kept for tables. Groups become dotted names.
            step: A whole number from 0 that does not go backwards; what has the same step merges. Without it, it is
                the current step. A whole number under the name ``step`` in ``data`` is taken for it, too.
            commit: Whether the next call without a step belongs to the step after this one. True when absent, but
                False with ``step``.

        Raises:
            RunStopped: The run was told to stop, and nobody else has told the program yet.
            BesomError: BAD_INPUT when the step is none, ILLEGAL_MOVE after ``finish``.
        """
        if self._stop_pending:
            self._stop_pending = False
            raise RunStopped(self._stop_reason or "stopped on request")
        if self._ended:
            raise BesomError("ILLEGAL_MOVE", f"run {self.name} has ended: call besom.init() for another one")
        values = snapshot(data)
        now = time.time()
        if step is None and "step" in values:
            step = self._take_step(values)
        with self._lock:
            self._has_logged = True
            if step is None:
                at = self._step
                if commit is not False:
                    self._step = at + 1
            else:
                at = self._to_step(step)
                if at < self._step:
                    warn(f"metrics of step {at} came after step {self._step} and are not kept: steps must go forward")
                    return
                self._step = at + 1 if commit else at
            if self._step_metrics:
                self._add_step_metrics(values)
            self._put((at, now, values))

    def define_metric(
        self,
        name: str,
        step_metric: str | None = None,
        step_sync: bool | None = None,
        summary: str | None = None,
        goal: str | None = None,
        hidden: bool | None = None,
        overwrite: bool | None = None,
    ) -> None:
        """Says how a metric (or all that match a glob such as ``val/*``) is meant.

        Args:
            step_metric: Another metric that lies along its x axis. Its last value is logged beside this one, so that
                both have a value at the same step.
            step_sync: False leaves that to the program.
            summary: What ``run.summary`` shows of it: ``min``, ``max``, ``mean``, ``last``, ``first``, ``best`` (by
                ``goal``), ``none``, or several with commas. The server keeps all of them in any case.
            goal: minimize or maximize; for ``best``.
            hidden, overwrite: Taken for W&B's sake, without effect.
        """
        definition = Definition(name, step_metric, to_kinds(summary), goal, step_sync is not False)
        self.summary.define(definition)
        if definition.step_metric is not None and definition.step_sync:
            with self._lock:
                self._step_metrics.append(definition)

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """Returns when everything is with the server, or with the agent above; then says how the run ended.

        Under an agent the exit code of the process decides, and this only delivers. A second call does nothing.

        Args:
            exit_code: 0 (finished) when absent; anything else is a failure.
        """
        self.end(exit_code or 0)

    def end(self, exit_code: int, detail: str | None = None) -> None:
        """As ``finish``, with a sentence on why it failed."""
        with self._lock:
            if self._ended:
                return
            self._log_summary()
            self._ended = True
        self._feeder.close(LAST_WORDS_S)
        if self._is_owner and exit_code == 0 and self._stop_reason is None:
            self._tell(self._doubts())
        if not self._sink.finish(LAST_WORDS_S):
            warn(f"the last metrics of run {self.name} could not be delivered: {self.facts.url} lacks them")
        if self._is_owner:
            self._on_end(exit_code, detail)
        self._outcome = "killed" if self._stop_reason else "finished" if exit_code == 0 else "failed"
        if self._card is not None:
            self._card.touch(at_once=True)

    def resumed_from(self, step: int) -> None:
        """Says that this attempt goes on behind a step of an earlier one, whose history up to there is then this run's.

        Raises:
            BesomError: ILLEGAL_MOVE when something was logged already, BAD_INPUT when the step is none.
        """
        at = self._to_step(step)
        with self._lock:
            if self._has_logged:
                raise BesomError("ILLEGAL_MOVE", f"metrics were logged already: resumed_from({at}) must come first")
            self._step = at + 1
            self._sink.resume(at)

    def mark_preempting(self) -> None:
        """Says that this process may vanish, as when a cloud machine was given notice.

        When it then ends otherwise than well, or goes silent, the run goes back to the queue without using up a retry.

        Raises:
            BesomError: ILLEGAL_MOVE after the end, SERVER_UNREACHABLE.
        """
        self._sink.mark_preempting()
        if self._client is not None:
            self._client.mutate(operations.MARK_PREEMPTING, {"attempts": [self.facts.ref]})

    def stop(self, reason: str, *, is_told: bool = False) -> None:
        """The next ``log`` raises RunStopped, once; not when the program ``is_told`` in another way."""
        self._stop_reason = reason
        self._stop_pending = not is_told

    @property
    def stop_reason(self) -> str | None:
        """Why it was told to stop; None unless it was."""
        return self._stop_reason

    @property
    def is_ended(self) -> bool:
        """Whether ``finish`` was called."""
        return self._ended

    def flush(self, timeout: float | None = None) -> bool:
        """Whether what was logged has left this program's memory for its delivery within ``timeout`` seconds."""
        return self._feeder.flush(timeout)

    def after_fork(self) -> None:
        """In a forked process: nothing that the parent is about to deliver is delivered twice."""
        self._lock = threading.Lock()
        self._feeder.reset()
        self._sink.after_fork()
        self._is_owner = False

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(to_exit_code(error), to_detail(error))

    def __repr__(self) -> str:
        return f"<besom.Run {self.name} {self.url}>"

    def _repr_html_(self) -> str:
        """The card that a notebook shows."""
        state = self._outcome or ("ended" if self._ended else "stopping" if self._stop_reason else "running")
        track = self._track
        facts = [("project", f"{self.entity}/{self.project}".strip("/"))] if self.project else []
        if track is not None and track.metric is not None:
            facts.append((f"{track.metric}", to_short(track.best)))
        values = track.trace.values if track is not None else []
        return to_card(self.display_name, self.url, state, facts, values, track.metric or "" if track else "")

    def show(self) -> None:
        """Lets the notebook's cell follow this run."""
        self._track = Track()
        self._card = open_card(self._repr_html_)

    def _hand_over(self, points: list[Point]) -> None:
        """In the feeder's thread."""
        for _, _, values in points:
            self.summary.observe(values)
        self._sink.write(points)
        if self._track is not None:
            self._track.take(points)
            if self._card is not None:
                self._card.touch()

    def _take_step(self, values: dict[str, Any]) -> int | None:
        """What stands under the name ``step``, as lines of JSON have it."""
        step = values["step"]
        if type(step) is not int or step < 0:
            return None
        del values["step"]
        if step >= self._step:
            return step
        warn(f'"step" went back from {self._step} to {step}: steps must go forward, so Besom counts on by itself')
        return None

    def _to_step(self, step: Any) -> int:
        if hasattr(step, "__index__"):
            step = step.__index__()
        elif isinstance(step, float) and step.is_integer():
            step = int(step)
        if not isinstance(step, int) or not 0 <= step <= _MAX_STEP:
            raise BesomError("BAD_INPUT", f"step {step!r} is none: expected a whole number from 0")
        return step

    def _add_step_metrics(self, values: dict[str, Any]) -> None:
        for definition in self._step_metrics:
            name = definition.step_metric
            assert name is not None
            if name in values:
                self._last_of_step_metric[name] = values[name]
            elif name in self._last_of_step_metric and any(definition.matches(key) for key in values):
                values[name] = self._last_of_step_metric[name]

    def _log_summary(self) -> None:
        """What was set by hand, as the last thing that is logged."""
        values = snapshot(self.summary.set_by_hand)
        if values:
            self._put((self._step, time.time(), values))

    def _tell(self, warnings: list[Warning]) -> None:
        """In the terminal, and on the run's page."""
        for _, message in warnings:
            self._sink.note(message)
        told = [one for one in warnings if one[0] not in self._sink.tells]
        if told and self._client is not None:
            errands = Errands(self._client)
            errands.warn(self.facts.ref, *told)
            errands.settle(_WARNING_S)

    def _doubts(self) -> list[Warning]:
        """What a person would want to know about a run that ended well."""
        unread = [name for name in sorted(self.config.unread) if not self._is_arg(name)]
        doubts = [("PARAMETER_NEVER_READ", self._of_unread(name)) for name in unread]
        metric, logged = self.facts.metric, self.summary.logged
        if metric is not None and metric not in logged:
            shown = ", ".join(logged[:10]) or "nothing"
            message = (
                f"the sweep optimises {metric!r}, but this run never logged it (it logged {shown}): "
                "the search learns nothing from it"
            )
            doubts.append(("METRIC_NEVER_LOGGED", message))
        return doubts

    def _of_unread(self, name: str) -> str:
        own = [key for key in self.config if key not in self.config.swept]
        close = difflib.get_close_matches(name, own, n=1)
        hint = (
            f"; it has a parameter {close[0]!r} of its own, which the sweep does not set: is that the same?"
            if close
            else ""
        )
        return f"the sweep sets {name!r}, but the training program never read it{hint}"


def to_exit_code(error: BaseException | None) -> int:
    """What a process that ends with this exception exits with."""
    if error is None:
        return 0
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    return 1


def to_detail(error: BaseException | None) -> str | None:
    """The exception as one line; None for none and for an exit."""
    if error is None or isinstance(error, SystemExit):
        return None
    text = f"{type(error).__name__}: {error}".strip()
    return text.splitlines()[0][:300] if text else type(error).__name__


def is_argument(name: str) -> bool:
    """Whether the program was started with a parameter of that name: it has read it then, in its own way."""
    return any(name in word for word in sys.argv[1:])
