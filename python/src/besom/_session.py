"""The run of this process: how it begins, and how it ends whatever happens."""

from __future__ import annotations

import atexit
import json
import os
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import _operations as operations
from ._card import is_notebook
from ._client import Client
from ._config import Config
from ._errands import Errands
from ._facts import Machine, is_diff_wanted
from ._run import LAST_WORDS_S, Run, RunFacts, is_argument, to_detail, to_exit_code
from ._sinks import ServerSink, Sink, to_sink
from ._system import Watch
from ._terminal import say, warn
from ._values import to_plain
from .errors import BesomError, RunStopped

BEAT_S = 30.0
"""Well within the 5 minutes of silence after which a run without an agent counts as crashed."""

_ERRANDS_S = 3.0
"""What the facts about a short run get to arrive."""

COMMANDS = {
    "STOP": "stopped on request",
    "CANCEL": "its sweep was canceled",
    "STALE": "another attempt has taken its place",
}

_IGNORED = {
    "allow_val_change",
    "anonymous",
    "config_exclude_keys",
    "config_include_keys",
    "dir",
    "force",
    "fork_from",
    "group",
    "id",
    "job_type",
    "monitor_gym",
    "resume",
    "resume_from",
    "save_code",
    "settings",
    "sync_tensorboard",
    "tensorboard",
}


@dataclass
class Assignment:
    """A run that an agent in this process has given to the function it calls."""

    facts: RunFacts
    params: Mapping[str, Any]
    make_sink: Callable[[], Sink]
    checkpoint_dir: str | None = None


class _State:
    """What there is once in a process."""

    run: Run | None = None
    assignment: Assignment | None = None
    steps: dict[str, int] = {}
    """By run: where a second ``init`` goes on."""
    error: BaseException | None = None
    """What ends the program, if anything does."""
    hooked = False


_state = _State()


def init(
    *,
    config: Mapping[str, Any] | Any = None,
    project: str | None = None,
    entity: str | None = None,
    name: str | None = None,
    notes: str | None = None,
    tags: Any = None,
    mode: str | None = None,
    reinit: Any = None,
    **ignored: Any,
) -> Run:
    """The run that this process is.

    Started by an agent (``besom agent`` or ``besom.agent``), it reports through that agent; started by hand, a run
    of its own is made on the server. A second call while a run is under way gives the same run, in a notebook it
    finishes the one before.

    Args:
        config: Parameters that the program uses when no sweep sets them: a mapping or an ``argparse.Namespace``.
        project: For a run outside a sweep; made when it is not there.
        entity: The project's; the key's own user when absent.
        name: For people.
        notes: For people.
        tags: Words to find the run by.
        mode: ``"disabled"``: nothing is sent anywhere.

    Raises:
        BesomError: SERVER_UNREACHABLE, UNAUTHENTICATED and the like for a run by hand.
    """
    for key in sorted(ignored):
        if key not in _IGNORED:
            raise TypeError(f"init() got an unexpected keyword argument {key!r}")
    if ignored:
        warn(f"besom.init takes {', '.join(sorted(ignored))} for compatibility only: without effect")
    defaults = _to_defaults(config)
    running = _state.run
    if running is not None and not running.is_ended:
        if not (is_notebook() and _assigned() is None) and reinit not in (True, "finish_previous", "create_new"):
            running.config.setdefaults(defaults)
            return running
        running.finish()
    run = _begin(defaults, project=project, entity=entity, name=name, mode=mode)
    _state.run = run
    if is_notebook() and _assigned() is None and mode != "disabled":
        run.show()
    _hook()
    if mode != "disabled":
        _describe(run, notes, tags)
    return run


def current() -> Run:
    """The run under way.

    Raises:
        BesomError: ILLEGAL_MOVE when there is none.
    """
    run = _state.run
    if run is None:
        raise BesomError("ILLEGAL_MOVE", "there is no run yet: call besom.init() first")
    return run


def current_or_none() -> Run | None:
    """The run under way; None before ``init`` and after ``finish``."""
    run = _state.run
    return None if run is None or run.is_ended else run


def log(data: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None:
    """Logs metrics of the run under way: see ``Run.log``."""
    run = _state.run
    if run is None:
        run = current()
    run.log(data, step, commit)


def define_metric(name: str, **options: Any) -> None:
    """Says how a metric is meant: see ``Run.define_metric``."""
    current().define_metric(name, **options)


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """Ends the run under way, if there is one: see ``Run.finish``."""
    run = _state.run
    if run is not None:
        run.finish(exit_code)
        _state.run = None


def assign(assignment: Assignment | None) -> None:
    """From now on, ``init`` gives this run; None ends that, so that nothing of a sweep is left behind."""
    _state.assignment = assignment
    _state.run = None


def start_child() -> None:
    """The state of a process that begins its life now, though it was forked from one that has lived."""
    _state.run = None
    _state.assignment = None
    _state.steps = {}
    _state.error = None
    signal.signal(signal.SIGTERM, _on_sigterm)


def end_with(error: BaseException | None) -> None:
    """Ends the run under way, if there is one, as the program's end with this exception would."""
    run = _state.run
    if run is not None and not run.is_ended:
        run.end(to_exit_code(error), to_detail(error))


def _begin(
    defaults: dict[str, Any], *, project: str | None, entity: str | None, name: str | None, mode: str | None
) -> Run:
    if mode == "disabled":
        return Run(RunFacts("0", "disabled", name or "disabled", 1, "", "", ""), Config(defaults), _Nowhere())
    assignment = _assigned()
    if assignment is not None:
        facts = assignment.facts
        if project is not None and (project, entity or facts.entity) != (facts.project, facts.entity):
            say(f"this run belongs to {facts.entity}/{facts.project}, where its sweep lies")
        first = _state.steps.get(facts.id, 0)
        is_arg = is_argument if os.environ.get("BESOM_REPORT") == "stdout" else lambda _: False
        run: Run
        run = Run(
            facts,
            Config(defaults, locked=assignment.params),
            assignment.make_sink(),
            first_step=first,
            client=Client.from_environment(),
            checkpoint_dir=assignment.checkpoint_dir,
            on_end=lambda exit_code, detail: _state.steps.update({facts.id: run.step}),
            is_arg=is_arg,
        )
        return run
    return _begin_loose(defaults, project, entity, name)


def _assigned() -> Assignment | None:
    """What an agent in this process, or the one that started it, has assigned."""
    if _state.assignment is not None:
        return _state.assignment
    env = os.environ
    run_id = env.get("BESOM_RUN_ID")
    if not run_id:
        return None
    name, entity, project = env.get("BESOM_RUN_NAME", run_id), env.get("BESOM_ENTITY", ""), env.get("BESOM_PROJECT", "")
    file = env.get("BESOM_PARAMS_FILE")
    params = json.loads(Path(file).read_text("utf-8")) if file else {}
    attempt = int(env.get("BESOM_ATTEMPT", "1"))
    report = env.get("BESOM_REPORT", "")
    facts = RunFacts(
        id=run_id,
        name=name,
        display_name=env.get("WANDB_NAME") or name,
        attempt=attempt,
        url=f"{env.get('BESOM_URL', '').rstrip('/')}/{entity}/{project}/runs/{name}",
        project=project,
        entity=entity,
        sweep_id=env.get("BESOM_SWEEP_ID"),
        metric=env.get("BESOM_METRIC"),
    )
    kept_in = env.get("BESOM_CHECKPOINT_DIR")
    if report:
        return Assignment(facts, params, lambda: to_sink(report), kept_in)
    # An agent of somebody else's making, that reads nothing: what is logged goes to the server from here.
    client = Client.from_environment()
    return Assignment(facts, params, lambda: ServerSink(client, run_id, attempt, _obey), kept_in)


def _begin_loose(defaults: dict[str, Any], project: str | None, entity: str | None, name: str | None) -> Run:
    owner = Client.from_environment()
    env = os.environ
    given = {
        "project": project or env.get("BESOM_PROJECT"),
        "entity": entity or env.get("BESOM_ENTITY"),
        "displayName": name,
    }
    payload = owner.mutate(
        operations.CREATE_RUN,
        {
            "params": json.dumps(to_plain(defaults)),
            "clientMutationId": str(uuid.uuid4()),
            **{key: value for key, value in given.items() if value},
        },
    )
    made, attempt = payload["run"], payload["attempt"]
    facts = RunFacts(
        id=made["id"],
        name=made["name"],
        display_name=made["displayName"],
        attempt=attempt,
        url=made["url"],
        project=made["project"]["name"],
        entity=made["project"]["entity"]["name"],
    )
    client = Client(owner.url, payload["apiKey"])
    say(f"this run is {facts.url}")
    beats = _Beats(client, facts)
    sink = ServerSink(client, facts.id, attempt, _obey)
    run = Run(facts, Config(defaults), sink, client=client, on_end=beats.end)
    beats.start()
    return run


class _Beats:
    """Keeps a run that no agent holds from counting as crashed, and reports its end."""

    def __init__(self, client: Client, facts: RunFacts) -> None:
        self._client = client
        self._ref = {"runId": facts.id, "attempt": facts.attempt}
        self._over = threading.Event()
        self._errands = Errands(client)

    def start(self) -> None:
        self._errands.describe(self._ref, Machine(os.getcwd(), with_diff=is_diff_wanted()), [sys.executable, *sys.argv])
        self._watch = Watch(os.getpid(), os.getcwd(), lambda sample: self._errands.sample(self._ref, sample))
        threading.Thread(target=self._beat, name="besom-beats", daemon=True).start()

    def _beat(self) -> None:
        while not self._over.wait(BEAT_S):
            try:
                answer = self._client.mutate(operations.HEARTBEAT, {"attempts": [self._ref]}, give_up=self._over)
            except BesomError:
                continue
            for command in answer["commands"]:
                _obey(command["command"])

    def end(self, exit_code: int, detail: str | None) -> None:
        self._over.set()
        self._watch.close()
        self._errands.settle(_ERRANDS_S)
        run = _state.run
        stopped = run is not None and run.stop_reason is not None
        state: dict[str, Any] = {"state": "finished" if exit_code == 0 else "failed", "exitCode": exit_code}
        if exit_code != 0:
            state["reason"] = "exit_code"
            state["detail"] = f"exit code {exit_code}" + (f": {detail}" if detail else "")
        if stopped or exit_code == RunStopped.EXIT_CODE:
            state = {"state": "killed", "reason": "stopped_by_user", "detail": "stopped on request"}
        try:
            self._client.mutate(
                operations.FINISH_RUN,
                {**self._ref, **state, "clientMutationId": f"finish {self._ref['runId']}"},
                patience=LAST_WORDS_S,
            )
        except BesomError as error:
            warn(f"the end of this run can't be reported: {error}")


class _Nowhere:
    """Of a run that is disabled."""

    tells: frozenset[str] = frozenset()

    def write(self, points: Any) -> None: ...

    def note(self, message: str) -> None: ...

    def finish(self, timeout: float) -> bool:
        return True

    def after_fork(self) -> None: ...

    def mark_preempting(self) -> None: ...

    def resume(self, step: int) -> None: ...


def _obey(command: str) -> None:
    """The server wants the run of this process to end."""
    run = _state.run
    if run is not None and run.stop_reason is None:
        run.stop(COMMANDS.get(command, command))


def _to_defaults(config: Any) -> dict[str, Any]:
    if config is None:
        return {}
    if isinstance(config, Mapping):
        return {str(key): value for key, value in config.items()}
    if hasattr(config, "__dict__"):
        return dict(vars(config))
    raise TypeError(f"config must be a mapping or a namespace, not {type(config).__name__}")


def _describe(run: Run, notes: str | None, tags: Any) -> None:
    """Tags and notes, by the run's own key or the user's. What goes wrong here is no reason not to train."""
    if not notes and not tags:
        return
    words = [tags] if isinstance(tags, str) else list(tags or ())
    try:
        client = Client.from_environment()
        if words:
            client.mutate(operations.TAG_RUN, {"runIds": [run.id], "add": words})
        if notes:
            client.mutate(operations.NOTE_RUN, {"runId": run.id, "text": notes})
    except BesomError as error:
        warn(f"notes and tags were not taken: {error}")


def _hook() -> None:
    """Sees to it that a run ends with its process, and learns how."""
    if not _state.hooked:
        _state.hooked = True
        atexit.register(_end_at_exit)
        previous_hook, previous_exit = sys.excepthook, sys.exit

        def hook(kind: Any, error: BaseException, trace: Any) -> None:
            _state.error = error
            previous_hook(kind, error, trace)

        def leave(status: Any = None) -> Any:
            _state.error = SystemExit(status)
            previous_exit(status)

        sys.excepthook = hook
        sys.exit = leave
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_after_fork)
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _on_sigterm)


def _on_sigterm(number: int, frame: Any) -> None:
    """Ends the program as an exception does: what it logged is delivered, what it holds is given back."""
    run = _state.run
    error = RunStopped(run.stop_reason if run is not None and run.stop_reason else "stopped by SIGTERM")
    if run is not None:
        run.stop(str(error), is_told=True)
    _state.error = error
    raise error


def _end_at_exit() -> None:
    end_with(_state.error)


def _after_fork() -> None:
    """A forked process: its run is its parent's, and SIGTERM ends it as it ends others."""
    if _state.run is not None:
        _state.run.after_fork()
    if signal.getsignal(signal.SIGTERM) is _on_sigterm:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
