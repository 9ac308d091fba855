"""A process that has imported the training function's module, and forks a fresh child for each run.

A fresh interpreter for each run costs its start and all imports each time: 0.2 s for this package alone, seconds with
PyTorch. Nothing of the user's is ever called in this process, so a child begins as a fresh interpreter would after its
imports, at the price of a fork.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pickle
import random
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_MAX_MESSAGE = 65_536

Run = Callable[[], int]
"""The whole life of a child; gives its exit code."""


def is_possible() -> bool:
    """Whether this system can: other Unix systems fork too, but not safely once their frameworks are loaded."""
    return sys.platform == "linux" and hasattr(socket, "send_fds")


def serve(number: int, file: str) -> None:
    """The whole life of the server: forks on demand until the socket of that number ends.

    Args:
        file: The pickled function.
    """
    control = socket.socket(fileno=number)
    random_state = _RandomState()
    try:
        function = pickle.loads(Path(file).read_bytes())
        obstacle = _find_obstacle()
    except BaseException:
        obstacle = traceback.format_exc(limit=-1).strip().splitlines()[-1][:1_000]
    control.send(json.dumps({"ready": obstacle is None, "why": obstacle}).encode())
    if obstacle is not None:
        return
    random_state.note()
    # What is there now is not looked at again by the children's collector: its pages stay shared.
    gc.freeze()
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    live: set[int] = set()
    own = os.getpid()
    try:
        while True:
            ready = select.select([control.fileno(), wake], [], [])[0]
            if wake in ready:
                os.read(wake, 4096)
                _report(control, live)
            if control.fileno() in ready:
                message, descriptors, _, _ = socket.recv_fds(control, _MAX_MESSAGE, 2)
                if not message:
                    return
                pid = os.fork()
                if pid == 0:
                    _be_child(json.loads(message)["folder"], descriptors, function, random_state, control, own)
                live.add(pid)
                for descriptor in descriptors:
                    os.close(descriptor)
                control.send(json.dumps({"pid": pid}).encode())
    except OSError:
        pass  # the agent died in the middle of a word
    finally:
        for pid in live:
            _kill(pid)


def _report(control: socket.socket, live: set[int]) -> None:
    while live:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        live.discard(pid)
        control.send(json.dumps({"pid": pid, "code": os.waitstatus_to_exitcode(status)}).encode())


def _be_child(
    folder: str,
    descriptors: list[int],
    function: Callable[[], Any],
    random_state: _RandomState,
    control: socket.socket,
    parent: int,
) -> None:
    """Never returns."""
    from . import _child

    code = 1
    try:
        os.close(signal.set_wakeup_fd(-1))
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        random_state.renew()
        file = Path(folder, "env.json")
        env = json.loads(file.read_text("utf-8"))
        file.unlink()  # it may hold keys
        code = _child.run_forked(function, env, descriptors[0], descriptors[1], parent)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        _child.leave(code)


def _find_obstacle() -> str | None:
    """What was imported and does not survive a fork."""
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    if cuda is not None and cuda.is_initialized():
        return "its module uses CUDA while it is imported"
    others = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if others:
        return f"its module starts threads while it is imported ({', '.join(others)})"
    return None


class _RandomState:
    """Each run draws its own random numbers, unless the module chose a seed while it was imported."""

    def __init__(self) -> None:
        self._is_seeded = False
        self._state: Any = None
        self._original = random.seed

        def seed(*given: Any, **named: Any) -> None:
            self._is_seeded = bool(given or named)
            self._original(*given, **named)

        random.seed = seed

    def note(self) -> None:
        random.seed = self._original
        self._state = random.getstate()

    def renew(self) -> None:
        """In a child. Python has seeded its own generator anew there; NumPy's is a copy of the parent's."""
        if self._is_seeded:
            random.setstate(self._state)
        module = sys.modules.get("numpy.random")
        if module is not None:
            generator = getattr(importlib.import_module("numpy.random.mtrand"), "_rand", None)
            # NumPy forgets where its first seed came from when somebody seeds it.
            if getattr(getattr(generator, "_bit_generator", None), "_seed_seq", None) is not None:
                module.seed()


def _kill(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def write_env(folder: Path, env: Mapping[str, str]) -> None:
    """Where a child finds its environment: too long for a message, and not for others' eyes."""
    file = folder / "env.json"
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump(dict(env), out)
