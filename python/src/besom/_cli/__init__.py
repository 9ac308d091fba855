"""The command ``besom`` of this package: sweeps and agents for machines without Node."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .._version import VERSION
from ..errors import BesomError
from ._agent import add_agent
from ._login import add_login
from ._sweep import add_sweep

DONE, FAILED, USAGE, NOT_ALLOWED, UNREACHABLE = range(5)
"""Exit codes; scripts rely on them."""

_CODES = {
    "BAD_USAGE": USAGE,
    "UNAUTHENTICATED": NOT_ALLOWED,
    "FORBIDDEN": NOT_ALLOWED,
    "SERVER_UNREACHABLE": UNREACHABLE,
    "UNAVAILABLE": UNREACHABLE,
    "DISK_FULL": UNREACHABLE,
    "DATABASE_UNREACHABLE": UNREACHABLE,
}

_EPILOG = """
A sweep is named by its id or by entity/project/id. The server is found by BESOM_URL and BESOM_API_KEY, by what
`besom login` keeps, or because it runs on this machine. The server's own command line can do more.
Exit codes: 0 done, 1 failed, 2 usage, 3 not allowed, 4 server out of reach.
"""


def main(words: Sequence[str] | None = None) -> int:
    """What was typed, in; the exit code, out."""
    parser = to_parser()
    given = parser.parse_args(words)
    if given.profile is not None:
        os.environ["BESOM_PROFILE"] = given.profile
    if not hasattr(given, "run"):
        parser.print_help()
        return USAGE
    try:
        code: int = given.run(given)
        return code
    except BesomError as error:
        print(f"besom: {error.message}", file=sys.stderr)
        return _CODES.get(error.code, FAILED)
    except OSError as error:
        # A disk that is full or may not be written to, a folder that is gone.
        print(f"besom: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return 130


def to_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="besom",
        description="Hyperparameter sweeps on your own machines.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-V", "--version", action="version", version=VERSION)
    parser.add_argument(
        "--profile", metavar="NAME", help="of those that besom login keeps; else BESOM_PROFILE, else the default one"
    )
    commands = parser.add_subparsers(title="commands", metavar="")
    add_login(commands)
    add_sweep(commands)
    add_agent(commands)
    return parser


def run() -> None:
    """The entry; only here the process exits."""
    code = main()
    # Threads that wait for the server must not keep a command that is done.
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass
    os._exit(code)
