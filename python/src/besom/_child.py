"""One call of a training function in a process of its own: memory and GPU come back when it ends."""

from __future__ import annotations

import atexit
import io
import json
import multiprocessing
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import wait
from pathlib import Path
from typing import IO, Any, Protocol

from . import _forkserver, _session
from ._janitor import MARK
from ._run import to_exit_code
from ._terminal import say
from .errors import BesomError

Function = Callable[[], Any]


class Child(Protocol):
    """A process that leads a group of its own."""

    pid: int
    stdout: IO[bytes]
    stderr: IO[bytes]

    def wait(self, timeout: float) -> int | None:
        """Its exit code (negative for a signal) when it ends within ``timeout`` seconds."""


class Starter:
    """Starts the function again and again.

    A function of a module is called in a child of a process that has imported that module (``forkserver``; elsewhere
    than on Linux in a fresh interpreter each time, ``spawn``), which is safe with CUDA and threads. One of the main
    program or of a notebook exists nowhere else: this process is forked (``fork``) where the system can fork.

    Args:
        method: One of ``METHODS`` instead of what fits.
    """

    def __init__(self, function: Function, method: str | None = None) -> None:
        self._function = function
        self._method = method or choose_method(function)
        self._is_asked_for = method is not None
        self._server: _Server | None = None

    def start(self, env: Mapping[str, str], folder: Path) -> Child:
        """Starts it once.

        Args:
            env: All of the child's environment.
            folder: For files that the child reads.
        """
        for _ in range(_TRIES if self._method == "forkserver" else 0):
            server = self._find_server(env)
            if server is None:
                break
            try:
                return _Served(server, env, folder)
            except (OSError, BesomError):
                server.close()  # it was killed in this very moment
        if self._method == "fork":
            return _Forked(self._function, env)
        return _Spawned(self._function, env, folder)

    def close(self) -> None:
        """Ends the process that forks, if there is one."""
        if self._server is not None:
            self._server.close()

    def _find_server(self, env: Mapping[str, str]) -> _Server | None:
        """A living one, started anew when somebody killed it; None where a fork would do harm."""
        if self._server is None or not self._server.is_alive:
            server = _Server(self._function, env)
            if server.obstacle is not None:
                server.close()
                self._method = "spawn"
                if self._is_asked_for:
                    say(f"{server.obstacle}: each run gets a fresh interpreter instead of a fork")
                return None
            self._server = server
        return self._server


METHODS = ("forkserver", "spawn", "fork")
_TRIES = 2


def choose_method(function: Function) -> str:
    """As ``Starter`` says."""
    if not hasattr(os, "fork"):
        return "spawn"
    if not _is_importable(function):
        return "fork"
    return "forkserver" if _forkserver.is_possible() else "spawn"


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
        code = f"{_to_prelude()} from besom._child import main; main({str(file)!r}, {os.getpid()})"
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
        self._end = _to_end(self.pid)

    def wait(self, timeout: float) -> int | None:
        if self._end is not None:
            # Popen.wait looks at the clock with up to 50 ms between two looks.
            if not wait([self._end], timeout):
                return None
            os.close(self._end)
            self._end = None
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None


_OF_RUN = re.compile(f"(?!{MARK})(?:BESOM_|WANDB_)")


class _Server:
    """The agent's end of _forkserver.py."""

    _PATIENCE_S = 300.0
    """What a module gets to be imported."""

    def __init__(self, function: Function, env: Mapping[str, str]) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._codes: dict[int, int] = {}
        with tempfile.TemporaryDirectory(prefix="besom-") as folder:
            file = Path(folder, "function.pickle")
            file.write_bytes(pickle.dumps(function))
            code = f"{_to_prelude()} from besom._forkserver import serve; serve({theirs.fileno()}, {str(file)!r})"
            self._process = subprocess.Popen(
                [sys.executable, "-c", code],
                # Nothing of the first run: what is imported is there for all of them.
                env={name: value for name, value in env.items() if not _OF_RUN.match(name)},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
            theirs.close()
            self._control.settimeout(self._PATIENCE_S)
            try:
                answer = self._read()
            except (OSError, BesomError) as error:
                answer = {"ready": False, "why": f"the process that imports it gave no answer ({error})"}
        self.obstacle: str | None = None if answer["ready"] else str(answer["why"])

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def fork(self, folder: Path, descriptors: list[int]) -> int:
        """The process's number."""
        socket.send_fds(self._control, [json.dumps({"folder": str(folder)}).encode()], descriptors)
        while True:
            message = self._read()
            if "code" not in message:
                return int(message["pid"])

    def wait(self, pid: int, timeout: float) -> int | None:
        """Its exit code when it ends in time. When the server is gone, its children are killed."""
        if pid not in self._codes and wait([self._control], timeout):
            try:
                self._read()
            except (OSError, BesomError):
                self._codes.setdefault(pid, -signal.SIGKILL)
        return self._codes.get(pid)

    def close(self) -> None:
        self._control.close()
        self._process.kill()
        self._process.wait()

    def _read(self) -> dict[str, Any]:
        data = self._control.recv(65_536)
        if not data:
            raise BesomError("UNAVAILABLE", "it ended")
        message: dict[str, Any] = json.loads(data)
        if "code" in message:
            self._codes[message["pid"]] = message["code"]
        return message


class _Served:
    def __init__(self, server: _Server, env: Mapping[str, str], folder: Path) -> None:
        _forkserver.write_env(folder, env)
        out, err = os.pipe(), os.pipe()
        self._server = server
        try:
            self.pid = server.fork(folder, [out[1], err[1]])
        finally:
            os.close(out[1])
            os.close(err[1])
        self.stdout: IO[bytes] = os.fdopen(out[0], "rb", buffering=0)
        self.stderr: IO[bytes] = os.fdopen(err[0], "rb", buffering=0)

    def wait(self, timeout: float) -> int | None:
        return self._server.wait(self.pid, timeout)


def _to_prelude() -> str:
    """What lets another interpreter import what this one can."""
    paths = json.dumps([path or os.getcwd() for path in sys.path])
    return f"import sys; sys.path[:] = {paths};"


def _to_end(pid: int) -> int | None:
    """A file that can be read once the process has ended, where the system has such."""
    try:
        return os.pidfd_open(pid) if sys.platform == "linux" else None
    except (OSError, AttributeError):
        return None


def main(file: str, parent: int) -> None:
    """The whole life of a spawned child."""
    _begin(parent)
    function = pickle.loads(Path(file).read_bytes())
    sys.exit(_call(function))


def _run_forked(
    function: Function, env: dict[str, str], out: tuple[int, int], err: tuple[int, int], parent: int
) -> None:
    os.close(out[0])
    os.close(err[0])
    sys.exit(run_forked(function, env, out[1], err[1], parent))


def run_forked(function: Function, env: Mapping[str, str], out: int, err: int, parent: int) -> int:
    """The whole life of a forked child; gives its exit code.

    Args:
        out, err: Take the place of stdout and stderr.
        parent: The process that it must not outlive; asked for after the fork, it may be gone already.
    """
    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    for number, write_end in ((1, out), (2, err)):
        os.dup2(write_end, number)
        os.close(write_end)
    # A notebook's own streams would write into the parent's cell, past the agent.
    sys.stdout = sys.__stdout__ = _open_stream(1)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _open_stream(2)  # type: ignore[misc]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _begin(parent)
    return _call(function)


def leave(code: int) -> None:
    """Ends a child of the fork server as an interpreter ends, but for the taking apart of all its modules."""
    try:
        getattr(threading, "_shutdown", lambda: None)()
        getattr(atexit, "_run_exitfuncs", lambda: None)()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


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
