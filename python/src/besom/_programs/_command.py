"""What a sweep's ``command`` becomes: W&B's macros, word by word (as core/command.ts has it)."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

DEFAULT_COMMAND = ("${env}", "${interpreter}", "${program}", "${args}")

_ENVIRONMENT = re.compile(r"\$\{envvar:([A-Z0-9_]*)\}")
"""Works inside a word too. An unset variable leaves its bare name, as in W&B."""
_MACRO = re.compile(r"\$\{[^{}]*\}")


class Facts(NamedTuple):
    """What macros stand for. ``file`` is where the parameters lie as JSON; ``env`` is looked into for variables."""

    program: str | None
    params: Mapping[str, Any]
    file: str
    env: Mapping[str, str]


def expand(command: Sequence[str] | None, facts: Facts) -> list[str]:
    """The argument list to start; never a shell's line.

    Each word is one argument, blanks and all; a word that is a macro as a whole becomes its list of arguments, and
    nothing when the macro is unknown. Parameters are sorted by name, since a database does not keep the order of keys.
    """
    argv: list[str] = []
    for given in command or DEFAULT_COMMAND:
        word = _ENVIRONMENT.sub(lambda found: facts.env.get(found[1], found[1]), given)
        if not _is_macro(word):
            argv.append(word)
        elif word[2:-1] in _MACROS:
            argv += _MACROS[word[2:-1]](facts)
    return argv


def to_local(command: Sequence[str] | None, path: str) -> list[str] | None:
    """The command for this machine: ``${interpreter}`` means python, which many systems call python3 only.

    None when the command is right as it is.
    """
    words = list(command or DEFAULT_COMMAND)
    if "${interpreter}" not in words or os.name == "nt":
        return None
    if shutil.which("python", path=path) or not shutil.which("python3", path=path):
        return None
    return ["python3" if word == "${interpreter}" else word for word in words]


def unknown_macros(command: Sequence[str]) -> list[tuple[str, str]]:
    """Macros that are not expanded, each with what happens to it: a whole word is left out, a part of one stays."""
    found: list[tuple[str, str]] = []
    for given in command:
        text = _ENVIRONMENT.sub("", given)
        if _is_macro(text):
            if text[2:-1] not in _MACROS:
                found.append((text, "is left out"))
        else:
            found += [(macro, "is passed on as it stands") for macro in _MACRO.findall(text)]
    return found


def _is_macro(word: str) -> bool:
    return word.startswith("${") and word.endswith("}")


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _each(write: Callable[[str, Any], list[str]]) -> Callable[[Facts], list[str]]:
    def expand_each(facts: Facts) -> list[str]:
        return [word for name, value in _sorted(dict(facts.params)).items() for word in write(name, value)]

    return expand_each


def _flag(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [f"--{name}"] if value else []
    return [f"--{name}={value}"]


_MACROS: dict[str, Callable[[Facts], list[str]]] = {
    "env": lambda facts: [] if sys.platform == "win32" else ["/usr/bin/env"],
    "interpreter": lambda facts: ["python"],
    "program": lambda facts: [facts.program] if facts.program else [],
    "args": _each(lambda name, value: [f"--{name}={value}"]),
    "args_no_equals": _each(lambda name, value: [f"--{name}", str(value)]),
    "args_no_hyphens": _each(lambda name, value: [f"{name}={value}"]),
    "args_no_boolean_flags": _each(_flag),
    "args_json": lambda facts: [json.dumps(_sorted(dict(facts.params)))],
    "args_json_file": lambda facts: [facts.file],
    "args_append_hydra": _each(lambda name, value: [f"+{name}={value}"]),
    "args_override_hydra": _each(lambda name, value: [f"++{name}={value}"]),
}
