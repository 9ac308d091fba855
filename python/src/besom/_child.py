"""One call of a training function in a process of its own: memory and GPU come back when it ends."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import wait
from pathlib import Path
from typing import IO, Any, Protocol

from . import _session
from ._run import to_exit_code

Function = Callable[[], Any]


class Child(Protocol):
    """A process that leads a group of its own."""

    pid: int
    stdout: IO[bytes]
    stderr: IO[bytes]

    def wait(self, timeout: float) -> int | None:
        """Its exit code (negative for a signal) when it ends within ``timeout`` seconds."""


def start(function: Function, env: Mapping[str, str], folder: Path, method: str | None = None) -> Child:
    """Starts the function.

    A function of a module is called in a fresh interpreter (``spawn``), which is safe with CUDA and threads. One of
    the main program or of a notebook exists nowhere else: the process is forked where the system can fork.

    Args:
        env: All of the child's environment.
        folder: Where the function's name may be left for the child.
        method: ``"spawn"`` or ``"fork"`` instead of what fits.
    """
    if (method or choose_method(function)) == "fork":
        return _Forked(function, env)
    return _Spawned(function, env, folder)


def choose_method(function: Function) -> str:
    """``spawn`` when another interpreter can find the function by its name, else ``fork``."""
    return "spawn" if _is_importable(function) or not hasattr(os, "fork") else "fork"


def kill_group(pid: int, number: int) -> None:
    """To the process and all it started, as far as they have stayed in its group."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        pass  # gone already


def terminate(pid: int) -> None:
    """Asks the process alone: its workers end with it, and it can still use them to save what it has."""
    try:
        os.kill(pid, signal.SIGTERM)
        # A process that is suspended takes SIGTERM only when it goes on.
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        pass


def _is_importable(function: Function) -> bool:
    module = getattr(function, "__module__", None)
    if module in (None, "__main__", "__mp_main__"):
        return False
    try:
        return bool(pickle.loads(pickle.dumps(function)) is function or not hasattr(function, "__qualname__"))
    except Exception:
        return False


class _Forked:
    def __init__(self, function: Function, env: Mapping[str, str]) -> None:
        out, err = os.pipe(), os.pipe()
        context = multiprocessing.get_context("fork")
        self._process = context.Process(
            target=_run_forked, args=(function, dict(env), out, err, os.getpid()), name="besom-run"
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid
        for _, write_end in (out, err):
            os.close(write_end)
        self.stdout: IO[bytes] = os.fdopen(out[0], "rb", buffering=0)
        self.stderr: IO[bytes] = os.fdopen(err[0], "rb", buffering=0)

    def wait(self, timeout: float) -> int | None:
        # The sentinel closes when the process is about to go; a process of its own making may hold it open for longer.
        wait([self._process.sentinel], timeout)
        return self._process.exitcode


class _Spawned:
    def __init__(self, function: Function, env: Mapping[str, str], folder: Path) -> None:
        file = folder / "function.pickle"
        file.write_bytes(pickle.dumps(function))
        paths = json.dumps([path or os.getcwd() for path in sys.path])
        code = f"import sys; sys.path[:] = {paths}; from besom._child import main; main({str(file)!r}, {os.getpid()})"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self.pid = self._process.pid
        assert self._process.stdout is not None and self._process.stderr is not None
        self.stdout: IO[bytes] = self._process.stdout
        self.stderr: IO[bytes] = self._process.stderr

    def wait(self, timeout: float) -> int | None:
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None


def main(file: str, parent: int) -> None:
    """The whole life of a spawned child."""
    _begin(parent)
    function = pickle.loads(Path(file).read_bytes())
    sys.exit(_call(function))


def _run_forked(
    function: Function, env: dict[str, str], out: tuple[int, int], err: tuple[int, int], parent: int
) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    for number, (read_end, write_end) in ((1, out), (2, err)):
        os.close(read_end)
        os.dup2(write_end, number)
        os.close(write_end)
    # A notebook's own streams would write into the parent's cell, past the agent.
    sys.stdout = sys.__stdout__ = _open_stream(1)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _open_stream(2)  # type: ignore[misc]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _begin(parent)
    sys.exit(_call(function))


def _open_stream(number: int) -> io.TextIOWrapper:
    # The number stays open when the object goes: others may hold the stream that stood here before.
    raw = io.FileIO(number, "w", closefd=False)
    return io.TextIOWrapper(raw, "utf-8", "backslashreplace", write_through=True)


def _begin(parent: int) -> None:
    _session.start_child()
    threading.Thread(target=_die_with, args=(parent,), name="besom-watch", daemon=True).start()


def _call(function: Function) -> int:
    """The exit code of the process."""
    error: BaseException | None = None
    try:
        function()
    except SystemExit as end:
        error = end
    except BaseException as caught:
        error = caught
        print_error(caught)
    _session.end_with(error)
    return to_exit_code(error)


def print_error(error: BaseException) -> None:
    """As Python prints what ends a program, beginning with the training function."""
    trace = error.__traceback__
    traceback.print_exception(type(error), error, trace.tb_next if trace is not None else None)


def _die_with(parent: int) -> None:
    """Nobody takes what this process trains once the agent is gone: it ends with all it started."""
    while os.getppid() == parent:
        time.sleep(0.5)
    kill_group(os.getpgrp(), signal.SIGKILL)
