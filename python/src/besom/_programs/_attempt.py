"""One attempt whose command is started on this machine."""

from __future__ import annotations

import difflib
import shlex
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._attempts import GRACE_S, Attempt
from .._checkpoints import make_checkpoint_dir
from .._client import Client
from .._delivery import Delivery
from .._desk import Desk
from .._environment import to_child_env
from .._errands import Warning
from .._janitor import MARK, Janitor
from .._lines import Output
from .._run import RunFacts
from .._verdict import to_verdict
from ..errors import BesomError
from ._command import Facts, expand
from ._intake import Intake
from ._ladder import ENDING
from ._pattern import Pattern
from ._process import Process
from ._progress import Progress, to_duration
from ._runtime import Runtimes

_DELIVERY_GRACE_S = 10.0


@dataclass(frozen=True)
class Context:
    """What all attempts of an agent share.

    Attributes:
        cwd: Where the agent runs: ``program`` is relative to it.
        on_command: Called with the command before it is started.
        is_ending: Whether this agent is on its way out.
        echo: Whether to show what the programs print.
    """

    client: Client
    desk: Desk
    sweep: Mapping[str, Any]
    command: Sequence[str] | None
    patterns: Sequence[Pattern]
    janitor: Janitor
    runtimes: Runtimes
    progress: Progress
    cwd: str
    env: Mapping[str, str]
    command_warnings: Sequence[Warning]
    on_command: Callable[[str], None]
    is_ending: Callable[[], bool]
    echo: bool = False
    grace: float = GRACE_S


class _Names(dict[str, str]):
    """For a command that others see, on the server or in a job's log: values of variables may be secrets."""

    def get(self, name: str, default: Any = None) -> Any:
        return f"${name}"


class ProgramAttempt(Attempt):
    """``run`` is called in a thread of its own; everything else from any."""

    def __init__(self, facts: RunFacts, claim: dict[str, Any], context: Context, slot: int, device: str | None) -> None:
        super().__init__(context.client, context.desk, facts, claim, lambda: None)
        self._context = context
        self._slot = slot
        self._device = device
        self._process: Process | None = None
        self._is_forwarded = False
        self._started: dict[str, Any] | None = None
        self._start = time.monotonic()
        self._warned: set[str] = set()
        self._start_lock = threading.Lock()
        self._say = context.progress.say
        self._warn = context.progress.warn

    @property
    def slot(self) -> int:
        return self._slot

    @property
    def started(self) -> dict[str, Any] | None:
        return self._started

    def run(self) -> str:
        """As ``Attempt.run``.

        Raises:
            BesomError: COMMAND_NOT_STARTED when this machine can't run the command; the run is handed back before.
        """
        context = self._context
        try:
            folder = Path(tempfile.mkdtemp(prefix="run-", dir=context.janitor.folder))
        except OSError as error:
            raise _no_room(context.janitor.folder, error) from error
        checkpoints = make_checkpoint_dir(self.facts, context.env, context.cwd)
        delivery = Delivery(
            context.client,
            self.facts.id,
            self.facts.attempt,
            on_command=self.obey,
            on_refused=self._refuse,
            give_up=self._give_up,
        )
        metric = context.sweep["metric"]
        known = (metric["name"], metric["goal"]) if metric else None
        intake = Intake(delivery, known, context.patterns, self._warn_of)
        try:
            exit_code, output = self._supervise(folder, checkpoints, delivery, intake)
            delivery.drain()
            self._drop(checkpoints)
            return self._end_with(exit_code, output, intake)
        except BesomError as error:
            if error.code != "COMMAND_NOT_STARTED":
                raise
            self._drop(checkpoints)
            outcome = self._finish({"state": "preempted", "reason": "agent_gone", "detail": error.message})
            context.progress.finished(self.facts.display_name, outcome, "handed back")
            raise
        finally:
            self._abandon()
            self._is_over = True
            self._give_up.set()
            delivery.close()
            shutil.rmtree(folder, ignore_errors=True)

    def _abandon(self) -> None:
        """After something that should not happen (no more threads, no memory): nobody would look after the process."""
        if self._process is not None and not self._is_over:
            self._process.kill()
            self._process.wait()

    def stop(self, cause: str) -> None:
        # What has ended by itself is not undone by us while its data is on the way.
        if not self._is_over or cause == "stale":
            super().stop(cause)

    def forward(self, number: int) -> None:
        """A signal that the agent got, to the process."""
        process = self._process
        if process is not None and not self._is_over:
            self._is_forwarded = self._is_forwarded or number in ENDING
            process.send(number)

    def kill(self) -> None:
        if not self._is_over:
            super().kill()
        with self._start_lock:
            if self._process is not None:
                self._process.kill()

    def _end(self) -> None:
        with self._start_lock:
            if self._process is not None:
                self._process.stop()

    def _give_up_soon(self) -> None:
        timer = threading.Timer(self._context.grace + _DELIVERY_GRACE_S, self._give_up.set)
        timer.daemon = True
        timer.start()

    def _supervise(
        self, folder: Path, checkpoints: Path | None, delivery: Delivery, intake: Intake
    ) -> tuple[int, Output]:
        context, claim, name = self._context, self._claim, self.facts.display_name
        device: dict[str, str] = {}
        if self._device is not None:
            # The numbers are nvidia-smi's, which counts by the bus; CUDA by itself would count by speed.
            order = context.env.get("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
            device = {"CUDA_VISIBLE_DEVICES": self._device, "CUDA_DEVICE_ORDER": order}
        try:
            env = to_child_env(
                context.env,
                server=context.client.url,
                key=claim["apiKey"],
                facts=self.facts,
                params=self.params,
                text=claim["params"],
                folder=folder,
                report="stdout",
                slot=self._slot,
                checkpoints=checkpoints,
                more={**device, MARK: context.janitor.mark},
            )
        except OSError as error:
            raise _no_room(folder, error) from error
        facts = Facts(context.sweep["program"], self.params, env["BESOM_PARAMS_FILE"], env)
        argv = expand(context.command, facts)
        shown = expand(context.command, facts._replace(env=_Names()))
        context.on_command(shlex.join(shown))
        again = f"  (attempt {self.facts.attempt})" if self.facts.attempt > 1 else ""
        context.progress.started(name, claim["params"] + again)
        with self._start_lock:
            process = Process(argv, cwd=context.cwd, env=env, janitor=context.janitor, grace=context.grace)
            self._process = process
        on_device = {} if self._device is None else {"device": self._device}
        self._started = {**self.ref, "pid": process.pid, "command": shown, "slot": self._slot, **on_device}
        output = Output(
            delivery,
            process.stdout,
            process.stderr,
            echo=self._echo,
            on_stdout=intake.read,
            on_cut=lambda message: self._warn_of("OUTPUT_CUT", message),
        )
        unwatch = self._tell_start(process.pid, shown, lambda: context.runtimes.of(argv))
        if context.command_warnings:
            context.desk.errands.warn(self.ref, *context.command_warnings)
        # Told to stop while it was being started.
        if self._cause is not None:
            process.stop()
        exit_code = self.exit_code = process.wait()
        self._is_over = True
        unwatch()
        output.end()
        intake.end()
        return exit_code, output

    def _end_with(self, exit_code: int, output: Output, intake: Intake) -> str:
        """Tells the server how it ended, and the terminal what became of it."""
        context = self._context
        # Ctrl-C in the very moment of a start reaches the child too: it is in our process group until it has its own.
        interrupted = exit_code == -signal.SIGINT and context.is_ending()
        if interrupted or (self._is_forwarded and exit_code != 0):
            self._cause = self._cause or "leaving"
        verdict = to_verdict(exit_code, self._cause, output.last_words)
        metric, best = context.sweep["metric"], intake.readings.best
        if verdict["state"] == "finished" and metric and metric["name"] not in intake.readings.names:
            names = sorted(intake.readings.names)
            logged = f"it logged {', '.join(names[:5])}" if names else "it logged no metric at all"
            close = difflib.get_close_matches(metric["name"], names, n=1)
            hint = f'; did you mean "{close[0]}"?' if close else ""
            self._warn_of(
                "METRIC_NEVER_LOGGED", f'the sweep\'s metric "{metric["name"]}" was never logged: {logged}{hint}'
            )
        outcome = "stale" if self._cause == "stale" else self._finish(verdict)
        facts = [
            f"{metric['name']} {best}" if metric and best is not None else None,
            to_duration(time.monotonic() - self._start),
            "another attempt has taken its place" if outcome == "stale" else verdict.get("detail"),
        ]
        context.progress.finished(self.facts.display_name, outcome, ", ".join(filter(None, facts)))
        if outcome == "failed" and not context.echo:
            for line in output.last_lines:
                context.progress.write(f"    {line}")
        return outcome

    def _echo(self, stream: str, line: str) -> None:
        if self._context.echo:
            self._context.progress.write(f"{self.facts.display_name} | {line}")

    def _refuse(self, what: str, error: BesomError) -> None:
        self._warn_of(
            "METRICS_REFUSED" if what == "metrics" else "OUTPUT_CUT", f"its {what} can't be delivered: {error}"
        )

    def _warn_of(self, code: str, message: str) -> None:
        """To the terminal and the run's page, each once."""
        if message in self._warned:
            return
        self._warned.add(message)
        self._warn(f"{self.facts.display_name}: {message}")
        self._context.desk.errands.warn(self.ref, (code, message))


def _no_room(folder: Path, error: OSError) -> BesomError:
    return BesomError(
        "COMMAND_NOT_STARTED",
        f"the run's files can't be written in {folder} ({error.strerror}): make room, or set TMPDIR to another one",
    )
