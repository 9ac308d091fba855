"""``besom agent``: runs a sweep's training program here, until there is no more to do."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Mapping
from typing import Any

from .. import _operations as operations
from .._attempts import GRACE_S
from .._client import Client
from .._credentials import find_credentials
from .._desk import Desk
from .._facts import is_diff_wanted
from .._failures import Failures
from .._programs._devices import find_devices, share_devices
from .._programs._ladder import Ladder
from .._programs._progress import Progress
from .._programs._worker import Options, Worker
from ..errors import BesomError
from ._place import check_place, is_sweep, to_sweep_id


def add_agent(commands: Any) -> None:
    parser = commands.add_parser(
        "agent", help="run a sweep's training program here, until there is no more to do", description=__doc__
    )
    parser.add_argument("sweep", nargs="?", help="its id, or entity/project/id")
    add = parser.add_argument
    add("-n", "--count", type=_to_count, metavar="N", help="leave after this many runs")
    add("-s", "--slots", type=_to_count, metavar="N", help="runs at the same time (default: 1, or one for each GPU)")
    add(
        "-g",
        "--gpus",
        nargs="?",
        const=True,
        metavar="LIST",
        help="give each slot its own GPU: 0,1 or 0-3; without a list, all there are",
    )
    add("-p", "--project", metavar="NAME", help="the sweep's project, when the id alone is given")
    add("-e", "--entity", metavar="NAME", help="the project's entity")
    add("-o", "--show-output", action="store_true", help="show here what the training programs print")
    add("-f", "--forward-signals", action="store_true", help="pass every signal on to the training programs")
    add(
        "-t",
        "--term-timeout",
        type=_to_seconds,
        metavar="SECONDS",
        help="after Ctrl-C or SIGTERM, kill runs that take longer",
    )
    add(
        "--max-consecutive-failures",
        "--max-consecutive-failed-runs",
        dest="max_failures",
        type=_to_count,
        metavar="N",
        help="leave when so many runs failed in a row",
    )
    add("--reset", action="store_true", help="lift the quarantine of this machine in the sweep first")
    add(
        "--no-git-diff",
        action="store_true",
        help="don't write down what the working tree has beside its commit",
    )
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    """The first Ctrl-C lets runs finish, the second stops them, the third kills them; SIGTERM hands them back."""
    if os.name != "posix":
        raise BesomError("BAD_USAGE", "this agent needs process groups, which this system has not: run the one on Node")
    if given.sweep is None and isinstance(given.gpus, str) and is_sweep(given.gpus):
        # An option whose list may be left out takes the word behind it.
        given.sweep, given.gpus = given.gpus, True
    if given.sweep is None:
        raise BesomError("BAD_USAGE", "which sweep? name it by its id or by entity/project/id: besom agent ID")
    sweep_id = to_sweep_id(given.sweep)
    found = find_credentials()
    if found.key is None:
        raise BesomError(
            "UNAUTHENTICATED",
            f"there is no key for the server at {found.url}; run `besom login {found.url}`, or set BESOM_API_KEY",
        )
    env = dict(os.environ)
    failures = Failures(env, in_a_row=given.max_failures)
    grace = _to_grace(env)
    devices = find_devices(given.gpus, env) if given.gpus is not None else None
    slots = given.slots or (len(devices) if devices else 1)
    ladder = Ladder(given.forward_signals)
    ladder.listen()
    progress = Progress(color=sys.stderr.isatty() and not env.get("NO_COLOR"))
    client = Client(found.url, found.key)
    if given.reset:
        host = socket.gethostname()
        lifted = client.mutate(operations.RESET_MACHINE, {"sweepId": sweep_id, "host": host})["lifted"]
        progress.say(
            f"the quarantine of {host} in sweep {sweep_id} is lifted" if lifted else f"{host} was in no quarantine"
        )
    desk = Desk(
        client,
        sweep_id,
        slots=slots,
        gpus=[device.label for device in devices or []],
        with_packages=False,
        with_diff=not given.no_git_diff and is_diff_wanted(),
    )
    check_place(given.sweep, given.entity, given.project, (desk.entity, desk.project, desk.sweep["id"]))
    options = Options(
        cwd=os.getcwd(),
        env=env,
        slots=slots,
        devices=share_devices([device.id for device in devices], slots) if devices else None,
        count=given.count,
        echo=given.show_output,
        term_timeout=given.term_timeout,
        failures=failures,
        grace=grace,
    )
    outcomes = Worker(client, desk, options, ladder, progress).work()
    lost = outcomes.get("undelivered", 0)
    if lost:
        raise BesomError("SERVER_UNREACHABLE", f"the end of {lost} runs could not be reported")
    return 0 if is_well_done(outcomes) else 1


def is_well_done(outcomes: dict[str, int]) -> bool:
    """Whether what was handed out was worked through: a failed run among others is part of that.

    It has not been when every run failed, or when work under way went back to the queue.
    """
    total = sum(outcomes.values())
    return not outcomes.get("preempted") and (total == 0 or outcomes.get("failed", 0) < total)


def _to_grace(env: Mapping[str, str]) -> float:
    """Seconds between SIGTERM and SIGKILL.

    Raises:
        BesomError: BAD_USAGE.
    """
    delay = env.get("WANDB_AGENT_KILL_DELAY")
    try:
        return _to_seconds(delay) if delay else GRACE_S
    except argparse.ArgumentTypeError as error:
        raise BesomError("BAD_USAGE", f"WANDB_AGENT_KILL_DELAY: {error}") from None


def _to_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if 0 < seconds < 1e9:
        return seconds
    raise argparse.ArgumentTypeError(f'"{text}" is no time: expected seconds, such as 90')


def _to_count(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) >= 1:
        return int(text)
    raise argparse.ArgumentTypeError(f'"{text}" is no count: expected a whole number from 1')
