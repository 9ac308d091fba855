"""Sees to it that no training process outlives the agent, not even one that is killed with SIGKILL."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

MARK = "BESOM_AGENT_MARK"

_SCRIPT = """
trap '' INT TERM HUP QUIT
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) groups="${groups%% $group *} ${groups#* $group }" ;;
    .) exit 0 ;;
  esac
done
for group in $groups; do kill -KILL -- "-$group" 2>/dev/null; done
for round in 1 2 3; do
  [ -d /proc/self ] || break
  for file in $(grep -lF -- "$1" /proc/[0-9]*/environ 2>/dev/null); do
    pid=${file#/proc/}
    pid=${pid%/environ}
    [ "$pid" = "$$" ] || kill -KILL "$pid" 2>/dev/null
  done
  sleep 0.1 2>/dev/null || sleep 1
done
rm -rf -- "$2"
"""
"""The same as agent/run/janitor.ts has. Numbers and the folder reach the shell as data, never as code."""


class Janitor:
    """A tiny shell that reads from a pipe which process groups live, and kills those left when the pipe ends.

    On Linux it then also kills every process that carries the agent's mark in its environment. A death signal
    (PR_SET_PDEATHSIG) would reach the child alone, and needs code between fork and exec, which threads make unsafe.

    Attributes:
        mark: What a child's environment must carry, under the name ``MARK``.
        folder: For the files of runs, mode 700; goes with the agent, however that ends.
    """

    def __init__(self) -> None:
        self.mark = secrets.token_hex(12)
        self.folder = Path(tempfile.mkdtemp(prefix="besom-agent-"))
        self._lock = threading.Lock()
        self._groups: set[int] = set()
        self._start()

    def add(self, group: int) -> None:
        with self._lock:
            self._groups.add(group)
            self._tell(f"+ {group}")

    def remove(self, group: int) -> None:
        """Only when nothing of the group lives: its number may be given to strangers from then on."""
        with self._lock:
            self._groups.discard(group)
            self._tell(f"- {group}")

    def close(self) -> None:
        """In good order: every run has ended, and what it left was killed."""
        with self._lock:
            self._tell(".")
            assert self._shell.stdin is not None
            self._shell.stdin.close()
        self._shell.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> None:
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "besom-janitor", f"{MARK}={self.mark}", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin")},
            # A session of its own: Ctrl-C in the terminal, and a kill of the agent's group, must not reach it.
            start_new_session=True,
            bufsize=0,
        )

    def _tell(self, line: str) -> None:
        assert self._shell.stdin is not None
        try:
            self._shell.stdin.write(f"{line}\n".encode())
        except OSError:
            # Somebody killed it: the next one learns what lives.
            self._start()
            for group in self._groups:
                assert self._shell.stdin is not None
                self._shell.stdin.write(f"+ {group}\n".encode())
