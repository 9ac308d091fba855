"""``besom sweep``: creates a sweep from a file, or controls one by its id."""

from __future__ import annotations

import argparse
import json
import os
import sys
import uuid
from pathlib import Path
from typing import Any

from .. import _operations as operations
from .._client import Client
from ..errors import BesomError
from ._place import to_sweep_id

_PATIENCE_S = 3.0
"""A person waits in front of it."""


def add_sweep(commands: Any) -> None:
    parser = commands.add_parser(
        "sweep", help="create a sweep from its file, or control a sweep by its id", description=__doc__
    )
    parser.add_argument("target", metavar="file-or-id", help="a sweep file (- for standard input), or a sweep's id")
    parser.add_argument("-p", "--project", metavar="NAME", help="where; else BESOM_PROJECT, else what the file says")
    parser.add_argument("-e", "--entity", metavar="NAME", help="the project's entity; else BESOM_ENTITY, else the file")
    parser.add_argument("--name", help="beats the file's name")
    parser.add_argument(
        "-R",
        "--prior-run",
        "--prior_run",
        dest="prior_runs",
        action="append",
        metavar="RUN",
        help="begin with the result of this run (its name or id; repeatable)",
    )
    actions = parser.add_mutually_exclusive_group()
    for action, meaning in (
        ("pause", "hand out no more runs for now"),
        ("resume", "go on after a pause, or after the end"),
        ("stop", "hand out no more runs; those under way finish"),
        ("cancel", "end it, and the runs under way"),
    ):
        actions.add_argument(f"--{action}", dest="action", action="store_const", const=action, help=meaning)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    return _create(given) if given.action is None else _control(given)


def _control(given: argparse.Namespace) -> int:
    sweep_id = to_sweep_id(given.target)
    verb = f"{given.action}Sweep"
    name = verb[0].upper() + verb[1:]
    client = Client.from_environment()
    payload = client.mutate(
        f"mutation ($input: {name}Input!) {{ {verb}(input: $input) {{ sweep {{ id state }} "
        "error { code message details } } }",
        {"sweepId": sweep_id, "clientMutationId": str(uuid.uuid4())},
        patience=_PATIENCE_S,
    )
    sweep = payload["sweep"]
    print(json.dumps(sweep) if given.json else f"sweep {sweep_id} is now {sweep['state']}")
    return 0


def _create(given: argparse.Namespace) -> int:
    env = os.environ
    wanted = {
        "name": given.name,
        "project": given.project or env.get("BESOM_PROJECT"),
        "entity": given.entity or env.get("BESOM_ENTITY"),
        "priorRuns": given.prior_runs,
    }
    client = Client.from_environment()
    try:
        payload = client.mutate(
            operations.CREATE_SWEEP,
            {
                # The server reads YAML; Python's own library has no reader of it.
                "source": _read(given.target),
                "clientMutationId": str(uuid.uuid4()),
                **{key: value for key, value in wanted.items() if value},
            },
            patience=_PATIENCE_S,
        )
    except BesomError as error:
        found = error.details.get("diagnostics")
        if error.code != "CONFIG_INVALID" or not isinstance(found, list):
            raise
        for one in found:
            print(_to_line(given.target, "error", one), file=sys.stderr)
        count = "an error" if len(found) == 1 else f"{len(found)} errors"
        raise BesomError("CONFIG_INVALID", f"{given.target} has {count}; nothing was created") from None
    for warning in payload["warnings"]:
        print(_to_line(given.target, "warning", warning), file=sys.stderr)
    sweep = payload["sweep"]
    if given.json:
        print(json.dumps({**sweep, "warnings": payload["warnings"]}))
        return 0
    named = "" if sweep["name"] == sweep["id"] else f" ({sweep['name']})"
    print(f"Created sweep {sweep['id']}{named}: {_to_size(sweep)}")
    print(f"  page   {sweep['url']}\n  agent  besom agent {sweep['path']}")
    return 0


def _to_size(sweep: dict[str, Any]) -> str:
    size, cap = sweep["size"], sweep["runCap"]

    def count(runs: Any) -> str:
        return "1 run" if str(runs) == "1" else f"{runs} runs"

    if size is None:
        return "runs without end" if cap is None else count(cap)
    return count(size) if cap is None or int(size) <= int(cap) else f"{count(cap)} of {size} points"


def _to_line(file: str, kind: str, one: dict[str, Any]) -> str:
    """As compilers print it, so that editors and people find the place."""
    line, column = one.get("line"), one.get("column")
    at = (f":{line}" + (f":{column}" if column else "")) if line else ""
    where = "standard input" if file == "-" else file
    return f"{where}{at}: {kind}: {one['message']} [{one['code']}]"


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except OSError as error:
        why = {FileNotFoundError: "there is no such file", IsADirectoryError: "it is a folder"}.get(type(error), error)
        raise BesomError("BAD_USAGE", f"can't read the sweep file {file}: {why}") from error
    except UnicodeDecodeError as error:
        raise BesomError("BAD_USAGE", f"can't read the sweep file {file}: it is no UTF-8 text ({error})") from error
