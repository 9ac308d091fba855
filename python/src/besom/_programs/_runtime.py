"""What a program runs in, as far as its command tells: the interpreter's version and packages."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from .._facts import keep_packages

_PYTHON = re.compile(r"(?:python|pypy)(?:\d+(?:\.\d+)*)?(?:\.exe)?")
_NODE = re.compile(r"node(?:js)?(?:\.exe)?")
_MAX_WORDS = 8
"""``env``, ``nohup nice -n 10 uv run python``: nobody puts more before it."""
_TIMEOUT_S = 15.0

_ASK = """
import json, platform
from importlib import metadata
found = {one.metadata["Name"]: one.version for one in metadata.distributions() if one.metadata["Name"]}
print(json.dumps({"python": platform.python_version(), "packages": found}))
"""


class Runtimes:
    """Asks the interpreters of commands, each once."""

    def __init__(self, cwd: str, env: Mapping[str, str]) -> None:
        self._cwd = cwd
        self._env = env
        self._known: dict[str, dict[str, Any]] = {}

    def of(self, argv: Sequence[str]) -> dict[str, Any]:
        """``python`` with ``packages``, or ``node``; nothing when no word is such an interpreter."""
        for word in argv[:_MAX_WORDS]:
            name = os.path.basename(word)
            is_python = _PYTHON.fullmatch(name)
            if is_python or _NODE.fullmatch(name):
                path = shutil.which(os.path.join(self._cwd, word) if "/" in word else word, path=self._env.get("PATH"))
                if path is not None:
                    if path not in self._known:
                        self._known[path] = self._ask_python(path) if is_python else self._ask_node(path)
                    return self._known[path]
        return {}

    def _ask_python(self, path: str) -> dict[str, Any]:
        try:
            found = json.loads(self._run(path, "-c", _ASK))
            return {"python": found["python"], "packages": keep_packages(found["packages"])}
        except (ValueError, KeyError):
            return {}

    def _ask_node(self, path: str) -> dict[str, Any]:
        version = self._run(path, "--version").strip()
        return {"node": version} if version else {}

    def _run(self, *words: str) -> str:
        try:
            done = subprocess.run(
                words,
                cwd=self._cwd,
                env=dict(self._env),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIMEOUT_S,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
