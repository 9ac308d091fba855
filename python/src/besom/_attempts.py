"""One attempt on this machine, from the claim to the server's word that it is over."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from . import _child, _session
from . import _operations as operations
from ._checkpoints import drop_if_empty, make_checkpoint_dir
from ._client import FOREVER, Client
from ._delivery import Delivery
from ._environment import to_child_env
from ._errands import Errands
from ._facts import Machine
from ._group import is_group_alive, kill_strays
from ._janitor import MARK, Janitor
from ._lines import Output
from ._points import Point
from ._relay import Relay
from ._run import RunFacts, to_detail, to_exit_code
from ._sinks import ServerSink
from ._system import Watch
from ._terminal import say, warn
from ._verdict import CAUSES, to_verdict
from .errors import BesomError, RunStopped

GRACE_S = 10.0
"""Between SIGTERM and SIGKILL a stopped training may save its work."""
_LINGER_S = 1.0
"""What a function's other processes get to end by themselves after it has."""
_DELIVERY_GRACE_S = 10.0
"""What the rest gets to be delivered when we leave."""

_MAX_SOCKET_PATH = 103

Function = Callable[[], Any]


class Desk(Protocol):
    """What is shared by all attempts of an agent, beside the client."""

    machine: Machine
    errands: Errands

    @property
    def agent_id(self) -> str:
        """The agent's number."""


class Attempt:
    """What all kinds share: being told to stop, and saying how it ended."""

    def __init__(self, client: Client, desk: Desk, facts: RunFacts, claim: dict[str, Any], function: Function) -> None:
        self.facts = facts
        self._client = client
        self._desk = desk
        self._claim = claim
        self._function = function
        self.params: dict[str, Any] = json.loads(claim["params"])
        self._cause: str | None = None
        self._give_up = threading.Event()
        self._is_over = False
        self._is_preempting = False
        self.on_points: Callable[[list[Point]], None] = lambda points: None
        """Called with what it logs, in the thread that delivers it."""
        self.exit_code = 0
        """Of the process, once it has ended; negative for the signal that ended it."""
        self._say: Callable[[str], None] = say
        self._warn: Callable[[str], None] = warn

    @property
    def ref(self) -> dict[str, Any]:
        """As a heartbeat names it."""
        return {"runId": self.facts.id, "attempt": self.facts.attempt}

    @property
    def started(self) -> dict[str, Any] | None:
        """The process that it became, once it has."""
        return None

    def run(self) -> str:
        """Calls the function with this run, and gives how it ended: finished, failed, killed, preempted or stale."""
        raise NotImplementedError

    def obey(self, command: str) -> None:
        """What the server wants, told by a heartbeat and by each batch of metrics until it is done."""
        cause = CAUSES.get(command)
        if cause is None or self._cause == cause or (self._is_over and cause != "stale"):
            return
        self._say(f"{self.facts.display_name}: {_session.COMMANDS[command]}")
        self.stop(cause)

    def stop(self, cause: str) -> None:
        """Ends it in peace. The first cause counts; a lost lease beats them all."""
        is_first = self._cause is None
        if is_first or cause == "stale":
            self._cause = cause
        if is_first:
            self._end()
            if cause == "leaving":
                self._give_up_soon()

    def kill(self) -> None:
        """Ends it at once."""
        self._cause = self._cause or "leaving"
        self._give_up_soon()

    def _end(self) -> None:
        raise NotImplementedError

    def _tell_start(
        self, pid: int, argv: Sequence[str], more: Callable[[], Mapping[str, Any]] = dict
    ) -> Callable[[], None]:
        """Tells what this became, and samples it until the returned function is called."""
        errands, started = self._desk.errands, self.started
        if started is not None:
            # A short run is over before the next heartbeat.
            beat = {"agentId": self._desk.agent_id, "attempts": [self.ref], "started": [started]}
            errands.run(lambda: self._beat(beat))
        errands.describe(self.ref, self._desk.machine, argv, more)
        return Watch(pid, os.getcwd(), lambda sample: errands.sample(self.ref, sample)).close

    def _beat(self, beat: Mapping[str, Any]) -> None:
        answer = self._client.mutate(operations.HEARTBEAT, beat, patience=2.0, give_up=self._give_up)
        for one in answer["commands"]:
            if one["runId"] == self.facts.id and one["attempt"] == self.facts.attempt:
                self.obey(one["command"])

    def _drop(self, checkpoints: Path | None) -> None:
        """Before the end is told: from then on, and once the lease is lost, the folder is the next attempt's."""
        if self._cause != "stale":
            drop_if_empty(checkpoints)

    def _give_up_soon(self) -> None:
        _after(_DELIVERY_GRACE_S, self._give_up.set)

    def _refused(self, what: str, error: BesomError) -> None:
        self._warn(f"{self.facts.display_name}: its {what} can't be delivered: {error}")

    def _report(self, exit_code: int, last_words: str | None) -> str:
        if self._cause == "stale":
            return "stale"
        verdict = to_verdict(exit_code, self._cause, last_words)
        outcome = self._finish(verdict)
        if "detail" in verdict and outcome == verdict["state"]:
            self._say(f"{self.facts.display_name}: {outcome}, {verdict['detail']}")
        return outcome

    def _finish(self, verdict: Mapping[str, Any]) -> str:
        """Tells the server how it ended, as often as needed."""
        mutation = f"finish {self.facts.id}/{self.facts.attempt}"
        try:
            payload = self._client.mutate(
                operations.FINISH_RUN,
                {**self.ref, **verdict, "clientMutationId": mutation},
                patience=FOREVER,
                give_up=self._give_up,
            )
        except BesomError as error:
            if error.code == "STALE_ATTEMPT":
                return "stale"
            self._warn(f"{self.facts.display_name}: its end can't be reported: {error}")
            return "undelivered"
        # Of a process that had said it may vanish, a failure is none.
        is_back = self._is_preempting and payload["state"] in ("pending", "preempted")
        return "preempted" if is_back else str(verdict["state"])


class ChildAttempt(Attempt):
    """In a process of its own."""

    def __init__(
        self,
        client: Client,
        desk: Desk,
        facts: RunFacts,
        claim: dict[str, Any],
        function: Function,
        starter: _child.Starter,
        janitor: Janitor,
    ) -> None:
        super().__init__(client, desk, facts, claim, function)
        self._starter = starter
        self._janitor = janitor
        self._child: _child.Child | None = None
        self.on_interrupt: Callable[[], None] = lambda: None
        """Called at each interrupt while it runs."""

    @property
    def started(self) -> dict[str, Any] | None:
        child = self._child
        if child is None:
            return None
        name = f"{getattr(self._function, '__module__', '?')}.{getattr(self._function, '__qualname__', '?')}()"
        return {**self.ref, "pid": child.pid, "command": [name], "slot": 0}

    def run(self) -> str:
        folder = _make_folder(self._janitor.folder)
        checkpoints = make_checkpoint_dir(self.facts, os.environ, os.getcwd())
        try:
            return self._run_in(folder, checkpoints)
        finally:
            child = self._child
            if child is not None and not self._is_over:
                # An interrupt outside of _wait: nobody would look after it any more.
                _child.kill_group(child.pid, signal.SIGKILL)
            self._give_up.set()
            shutil.rmtree(folder, ignore_errors=True)

    def kill(self) -> None:
        super().kill()
        if self._child is not None:
            _child.kill_group(self._child.pid, signal.SIGKILL)

    def _end(self) -> None:
        child = self._child
        if child is None:
            return
        _child.terminate(child.pid)
        _after(GRACE_S, lambda: self._kill_late(child))

    def _kill_late(self, child: _child.Child) -> None:
        if not self._is_over:
            _child.kill_group(child.pid, signal.SIGKILL)

    def _run_in(self, folder: Path, checkpoints: Path | None) -> str:
        env = to_child_env(
            os.environ,
            server=self._client.url,
            key=self._claim["apiKey"],
            facts=self.facts,
            params=self.params,
            text=self._claim["params"],
            folder=folder,
            report=f"unix:{folder / 'run.sock'}",
            checkpoints=checkpoints,
            more={MARK: self._janitor.mark},
        )
        delivery: Delivery | None = None

        def log(points: Any) -> None:
            assert delivery is not None
            delivery.log(points)
            self.on_points(points)

        def resume(step: int) -> None:
            assert delivery is not None
            delivery.resume(step)

        relay = Relay(str(folder / "run.sock"), log, lambda message: warn(message), self._note_preempting, resume)
        # Before any thread of this run is there: a forked process gets no lock that somebody holds.
        child = self._child = self._starter.start(env, folder)
        self._janitor.add(child.pid)
        delivery = Delivery(
            self._client,
            self.facts.id,
            self.facts.attempt,
            on_command=self.obey,
            on_refused=self._refused,
            give_up=self._give_up,
        )
        output = Output(delivery, child.stdout, child.stderr, on_cut=self._cut)
        relay.start()
        unwatch = self._tell_start(child.pid, [sys.executable, *sys.argv])
        if self._cause is not None:
            self._end()
        exit_code = self.exit_code = self._wait(child)
        self._is_over = True
        unwatch()
        relay.close()
        output.end()
        delivery.drain()
        self._drop(checkpoints)
        outcome = self._report(exit_code, output.last_words)
        self._give_up.set()
        delivery.close()
        # What it started in sessions of their own; this looks at every process, so the server is told before.
        run = {name: env[name] for name in ("BESOM_RUN_ID", "BESOM_ATTEMPT")}
        kill_strays({MARK: self._janitor.mark, **run})
        return outcome

    def _note_preempting(self) -> None:
        self._is_preempting = True

    def _cut(self, message: str) -> None:
        self._warn(f"{self.facts.display_name}: {message}")
        self._desk.errands.warn(self.ref, ("OUTPUT_CUT", message))

    def _wait(self, child: _child.Child) -> int:
        presses = 0
        while True:
            try:
                exit_code = child.wait(0.5)
                if exit_code is None:
                    continue
                until = time.monotonic() + _LINGER_S
                while is_group_alive(child.pid) and time.monotonic() < until:
                    time.sleep(0.02)
                _child.kill_group(child.pid, signal.SIGKILL)
                self._janitor.remove(child.pid)
                return exit_code
            except KeyboardInterrupt:
                presses += 1
                self._interrupted(presses)

    def _interrupted(self, presses: int) -> None:
        self.on_interrupt()
        if presses == 1:
            say("no new runs; the one under way may finish (interrupt again to stop it: it goes back to the queue)")
        elif presses == 2:
            say(f"stopping: SIGTERM now, SIGKILL in {GRACE_S:.0f} s; the run goes back to the queue")
            self.stop("leaving")
        else:
            self.kill()


class LocalAttempt(Attempt):
    """In the thread that called ``besom.agent``: what the function prints is not kept, and memory stays."""

    def __init__(self, client: Client, desk: Desk, facts: RunFacts, claim: dict[str, Any], function: Function) -> None:
        super().__init__(client, desk, facts, claim, function)
        self._thread = threading.get_ident()
        self._is_called = False
        self._call_lock = threading.RLock()

    def run(self) -> str:
        sinks: list[ServerSink] = []

        def make_sink() -> ServerSink:
            sinks.append(ServerSink(self._client, self.facts.id, self.facts.attempt, self.obey, self.on_points))
            return sinks[-1]

        checkpoints = make_checkpoint_dir(self.facts, os.environ, os.getcwd())
        kept_in = None if checkpoints is None else str(checkpoints)
        _session.assign(_session.Assignment(self.facts, self.params, make_sink, kept_in))
        unwatch = self._tell_start(os.getpid(), [sys.executable, *sys.argv])
        error: BaseException | None = None
        try:
            self._is_called = True
            self._function()
        except (RunStopped, SystemExit) as end:
            error = end
        except KeyboardInterrupt as pressed:
            error = pressed
            self._cause = self._cause or "leaving"
        except Exception as failure:
            error = failure
            _child.print_error(failure)
        self._end_call()
        self._is_over = True
        unwatch()
        self._drop(checkpoints)
        _session.end_with(error)
        _session.assign(None)
        outcome = self._report(to_exit_code(error), to_detail(error))
        if isinstance(error, KeyboardInterrupt):
            raise error
        return outcome

    def _end(self) -> None:
        """By an exception in the thread that trains, as soon as it executes Python again."""
        run = _session.current_or_none()
        if run is not None:
            run.stop(f"the run was {self._cause}", is_told=True)
        with self._call_lock:
            if self._is_called:
                thread, error = ctypes.c_ulong(self._thread), ctypes.py_object(RunStopped)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, error)

    def _end_call(self) -> None:
        """From here on no stop is raised in this thread; one that was on its way when the function ended is dropped."""
        while True:
            try:
                with self._call_lock:
                    self._is_called = False
                return
            except RunStopped:
                continue


def _make_folder(parent: Path) -> Path:
    """For a run's files, mode 700. A socket's path has at most 103 bytes, which the folders of batch systems exceed."""
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
    if len(os.fsencode(folder / "run.sock")) <= _MAX_SOCKET_PATH:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="besom-", dir="/tmp"))


def _after(seconds: float, call: Callable[[], None]) -> None:
    """Later, unless the program ends before."""
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
