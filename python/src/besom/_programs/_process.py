"""A training process in a process group of its own, standard input empty."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO

from .._group import is_group_alive, kill_strays, signal_group
from .._janitor import MARK, Janitor
from ..errors import BesomError

_LINGER_S = 1.0
"""What the group's other processes get to end by themselves after the first one has."""
_LOOK_S = 0.05


class Process:
    """Starts at once.

    Args:
        argv: The program and its arguments; never a shell's line.
        grace: Seconds between SIGTERM and SIGKILL.

    Raises:
        BesomError: COMMAND_NOT_STARTED when the program can't be run here.
    """

    def __init__(
        self, argv: Sequence[str], *, cwd: str, env: Mapping[str, str], janitor: Janitor, grace: float
    ) -> None:
        self._env = env
        self._janitor = janitor
        self._grace = grace
        self._lock = threading.Lock()
        self._killer: threading.Timer | None = None
        if not argv or not argv[0]:
            raise BesomError("COMMAND_NOT_STARTED", "the sweep's command is empty: its first word must be a program")
        try:
            self._process = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise _not_started(error, argv[0], cwd) from error
        self.pid = self._process.pid
        try:
            janitor.add(self.pid)
        except OSError as error:
            self.kill()
            raise _not_started(error, argv[0], cwd) from error
        assert self._process.stdout is not None and self._process.stderr is not None
        self.stdout: IO[bytes] = self._process.stdout
        self.stderr: IO[bytes] = self._process.stderr

    def wait(self) -> int:
        """The exit code (negative for a signal), once the whole group is gone."""
        code = self._process.wait()
        until = time.monotonic() + _LINGER_S
        while is_group_alive(self.pid):
            if time.monotonic() > until:
                self.stop()
            time.sleep(_LOOK_S)
        with self._lock:
            if self._killer is not None:
                self._killer.cancel()
        marks = {name: self._env[name] for name in ("BESOM_RUN_ID", "BESOM_ATTEMPT") if name in self._env}
        kill_strays({MARK: self._janitor.mark, **marks})
        self._janitor.remove(self.pid)
        return code

    def stop(self) -> None:
        """SIGTERM to the group, SIGKILL after the grace. Repeated calls change nothing."""
        with self._lock:
            if self._killer is not None:
                return
            self._killer = threading.Timer(self._grace, self.kill)
            self._killer.daemon = True
            self._killer.start()
        signal_group(self.pid, signal.SIGTERM)
        # A process that is suspended takes SIGTERM only when it goes on.
        signal_group(self.pid, signal.SIGCONT)

    def send(self, number: int) -> None:
        """Any other signal, to the group."""
        signal_group(self.pid, number)

    def kill(self) -> None:
        """SIGKILL to the group at once."""
        signal_group(self.pid, signal.SIGKILL)


def _not_started(error: Exception, file: str, cwd: str) -> BesomError:
    if isinstance(error, FileNotFoundError):
        why = f'there is no program "{file}" (or the folder {cwd} is gone)'
    elif isinstance(error, PermissionError):
        why = f'"{file}" may not be run'
    else:
        why = str(error)
    return BesomError(
        "COMMAND_NOT_STARTED",
        f"the sweep's command can't be started on this machine: {why}; mend the `command` of the sweep file or "
        "install the program",
    )
