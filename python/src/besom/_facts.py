"""What an attempt is, for whoever wants to do it again: program, machine, packages, repository."""

from __future__ import annotations

import getpass
import os
import platform
import re
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import IO, Any

MAX_DIFF_BYTES = 256 * 1024
_MAX_PACKAGES = 40_000
"""Of JSON; all facts about an attempt may have 64 KiB."""
_MAX_ARGV = 8_000
_GIT_TIMEOUT_S = 10.0


def is_diff_wanted() -> bool:
    """Unless ``BESOM_NO_GIT_DIFF`` is 1."""
    return os.environ.get("BESOM_NO_GIT_DIFF") != "1"


class Machine:
    """Finds everything out once, when the first run asks; git is asked again only when HEAD has moved."""

    def __init__(self, cwd: str, *, with_packages: bool = True, with_diff: bool = True) -> None:
        self._cwd = cwd
        self._with_packages = with_packages
        self._with_diff = with_diff
        self._lock = threading.Lock()
        self._found: dict[str, Any] | None = None
        self._places: tuple[str, str] | None = None
        """The repository and git's own folder; empty where there is none."""
        self._head: str | None = None
        self._git: tuple[dict[str, Any] | None, str] = (None, "")

    def describe(self, argv: Sequence[str]) -> tuple[dict[str, Any], str | None]:
        """Facts and the diff of the working tree; takes a second at first.

        Args:
            argv: As it may be shown: without the values of environment variables.
        """
        with self._lock:
            if self._found is None:
                self._found = _find_machine(self._with_packages)
            git, diff = self._read_git()
        facts = {"argv": _cut(argv), "cwd": self._cwd, **self._found}
        return ({**facts, "git": git} if git else facts), diff or None

    def _read_git(self) -> tuple[dict[str, Any] | None, str]:
        if self._places is None:
            root, _, git_dir = _git(self._cwd, "rev-parse", "--show-toplevel", "--absolute-git-dir").partition("\n")
            self._places = (root, git_dir)
        root, git_dir = self._places
        if not root:
            return None, ""
        head = _read_head(git_dir)
        if self._head != head:
            self._head, self._git = head, _ask_git(root, self._with_diff)
        return self._git


def _find_machine(with_packages: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "host": socket.gethostname(),
        "os": f"{platform.system()} {platform.release()}",
        "cpu": {"count": os.cpu_count() or 1, **_read_model()},
    }
    try:
        found["user"] = getpass.getuser()
    except (OSError, KeyError, ImportError):
        pass  # a container may run as a number without a name
    try:
        found["memoryBytes"] = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError, AttributeError):
        pass
    gpus = list_gpus()
    if gpus:
        found["gpus"] = gpus
    if with_packages:
        found["python"] = platform.python_version()
        found["packages"] = _list_packages()
    return found


def _list_packages() -> dict[str, str]:
    found = metadata.distributions()
    return keep_packages({str(one.metadata["Name"]): str(one.version) for one in found if one.metadata["Name"]})


def keep_packages(versions: Mapping[str, str]) -> dict[str, str]:
    """By name, as many as there is room for."""
    kept, room = {}, _MAX_PACKAGES
    for name in sorted(versions, key=str.lower):
        room -= len(name) + len(versions[name]) + 6
        if room >= 0:
            kept[name] = versions[name]
    return kept


def list_gpus() -> list[dict[str, Any]]:
    """What nvidia-smi knows; nothing where it is not there."""
    try:
        done = subprocess.run(
            ["nvidia-smi", "--query-gpu=index,name,memory.total", "--format=csv,noheader,nounits"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=5,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return []
    gpus = []
    for line in done.stdout.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) == 3 and cells[0].isdigit():
            memory = {"memoryBytes": int(cells[2]) * 1024 * 1024} if cells[2].isdigit() else {}
            gpus.append({"index": int(cells[0]), "name": cells[1], **memory})
    return gpus


def _read_model() -> dict[str, str]:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return {}
    found = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    return {"model": found[1].strip()} if found else {}


def _cut(argv: Sequence[str]) -> list[str]:
    """Parameters may have a megabyte, and stand in the run."""
    room, kept = _MAX_ARGV, []
    for word in argv:
        if room <= 0:
            break
        kept.append(word if len(word) <= room else f"{word[:room]}…")
        room -= len(word) + 4
    return kept


def _read_head(git_dir: str) -> str:
    """What HEAD says, and the commit of the branch that it names."""
    head = _read(Path(git_dir, "HEAD"))
    ref = head[5:].strip() if head.startswith("ref: ") else ""
    common = _read(Path(git_dir, "commondir")).strip()
    return head + (_read(Path(git_dir, common, ref)) if ref else "")


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _ask_git(root: str, with_diff: bool) -> tuple[dict[str, Any], str]:
    diff = ""
    if with_diff:
        diff, size, is_cut = _read_diff(root)
        facts: dict[str, Any] = {"root": root, "dirty": size > 0, "diffBytes": size, "diffCut": is_cut}
    else:
        facts = {"root": root, "dirty": _git(root, "status", "--porcelain", "--untracked-files=no") != ""}
    branch = _git(root, "rev-parse", "--abbrev-ref", "HEAD")
    remote = _git(root, "remote", "get-url", "origin")
    found = {
        "commit": _git(root, "rev-parse", "HEAD"),
        "branch": branch if branch != "HEAD" else "",
        # A token in the address of a remote is nobody's business.
        "remote": re.sub(r"^([\w+.-]+://)[^/]*@", r"\1", remote),
    }
    return {**facts, **{name: value for name, value in found.items() if value}}, diff


def _git(cwd: str, *words: str) -> str:
    """What git says; nothing when it says no."""
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=cwd,
            env=_git_env(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""


def _git_env() -> Mapping[str, str]:
    """Reading must not take the lock that the user's own git waits for."""
    return {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


def _read_diff(root: str) -> tuple[str, int, bool]:
    """Tracked files against HEAD: the beginning up to a line's end, how many bytes there are, whether it is cut."""
    try:
        process = subprocess.Popen(
            ["git", "diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv"],
            cwd=root,
            env=_git_env(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return "", 0, False
    assert process.stdout is not None
    timer = threading.Timer(_GIT_TIMEOUT_S, process.kill)
    timer.daemon = True
    timer.start()
    try:
        kept, size = _read_start(process.stdout)
        whole = process.wait() == 0
    finally:
        timer.cancel()
    is_cut = size > MAX_DIFF_BYTES or (not whole and size > 0)
    if is_cut:
        kept = kept[: kept.rfind(b"\n") + 1]
    text = kept.decode("utf-8", "replace").replace("\0", "\ufffd")
    # Bytes that are no UTF-8 become three each.
    while len(text.encode()) > MAX_DIFF_BYTES:
        text = text[: len(text) * 9 // 10]
    return text, size, is_cut


def _read_start(stream: IO[bytes]) -> tuple[bytes, int]:
    kept, size = bytearray(), 0
    with stream:
        while True:
            piece = stream.read(65_536)
            if not piece:
                return bytes(kept), size
            kept += piece[: MAX_DIFF_BYTES - len(kept)]
            size += len(piece)
