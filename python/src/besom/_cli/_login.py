"""``besom login``: signs in to a server, and keeps its address and a key on this machine (mode 600)."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import re
import socket
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from .._client import Client
from .._credentials import find_credentials, name_profile, read_saved, save_credentials
from .._transport import TIMEOUT_S, unreachable
from ..errors import BesomError

_KEY = re.compile(r"besom-[0-9A-Za-z]{43}")


def add_login(commands: Any) -> None:
    parser = commands.add_parser("login", help="sign in to a server", description=__doc__)
    parser.add_argument("url", nargs="?", help="the server's address")
    parser.add_argument(
        "-k", "--key", metavar="-", help="with - the key is read from standard input, or asked for without showing it"
    )
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    env = os.environ
    named = env.get("BESOM_PROFILE", "").strip() or None
    if named is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", named):
        raise BesomError(
            "BAD_USAGE",
            f'"{named}" is no profile\'s name: expected letters, digits, dot, hyphen and underscore, at most 64',
        )
    saved = read_saved(env)
    kept = saved["profiles"].get(named) if named else None
    rest = {name: value for name, value in env.items() if name != "BESOM_PROFILE"}
    url = given.url or (kept["url"] if kept else find_credentials(rest).url)
    key = _ask_browser(url) if given.key is None else _read_key(url, given.key)
    viewer = Client(url, key).ask("{ viewer { name } }", patience=3.0)["viewer"]
    if viewer is None:
        raise BesomError("UNAUTHENTICATED", f"the key is a run's own; `besom login {url}` makes one of yours")
    # Read again: minutes may have passed, and another login may have been kept meanwhile.
    now = read_saved(env)
    profile = named or name_profile(url, now["profiles"])
    now["profiles"][profile] = {"url": url, "key": key, "user": viewer["name"]}
    path = save_credentials({"default": profile, "profiles": now["profiles"]}, env)
    print(f"logged in to {url} as {viewer['name']}; the key is kept in {path} (profile {profile})", file=sys.stderr)
    return 0


def _read_key(url: str, source: str) -> str:
    if source != "-":
        raise BesomError(
            "BAD_USAGE",
            "a key on the command line can be read by everybody on this machine, in the list of processes: "
            "write --key - and paste it, or pipe it in",
        )
    asks = sys.stdin.isatty()
    key = (getpass.getpass(f"Key for {url} (not shown): ") if asks else sys.stdin.readline()).strip()
    if _KEY.fullmatch(key):
        return key
    raise BesomError(
        "BAD_USAGE",
        "that is no key: expected besom- and 43 letters and digits, as in credentials.json in the server's data "
        "folder, or as the page of API keys shows it",
    )


def _ask_browser(url: str) -> str:
    """Prints where to say yes, and waits (as RFC 8628 has it)."""
    device = _post(url, "login/device", {"label": _to_label()})
    page, code = str(device.get("url")), str(device.get("userCode"))
    # What the server says is printed here: it has to be a page's address and a code, and no more than that.
    is_page = urlsplit(page).scheme in ("http", "https") and page.isprintable() and " " not in page
    if not is_page or not re.fullmatch(r"[A-Z0-9-]{1,32}", code):
        raise _no_answer(url, 200)
    print(
        f"To let this terminal in, open\n  {page}\nand compare the code: {code}\n"
        "Waiting ... (Ctrl-C to give up; `besom login --key -` takes a key instead)",
        file=sys.stderr,
        flush=True,
    )
    ends = datetime.fromisoformat(str(device["expiresAt"]).replace("Z", "+00:00")).timestamp() + TIMEOUT_S
    while True:
        time.sleep(max(0.1, float(device["intervalMs"]) / 1000))
        try:
            answer = _post(url, "login/device/poll", {"deviceCode": device["deviceCode"]})
        except BesomError as error:
            # A server that is away for a moment is asked again: the code lives for minutes.
            if error.code not in ("SERVER_UNREACHABLE", "UNAVAILABLE", "RATE_LIMITED"):
                raise
            answer = {"status": "pending"}
        if answer["status"] == "approved":
            return str(answer["key"])
        if answer["status"] == "denied":
            raise BesomError("FORBIDDEN", "the sign-in was denied in the browser; nothing was kept")
        if answer["status"] == "expired" or time.time() > ends:
            raise BesomError("UNAUTHENTICATED", f"nobody approved the code {code} in time; run `besom login` again")


def _to_label() -> str:
    try:
        user = f"{getpass.getuser()}@"
    except (OSError, KeyError, ImportError):
        user = ""  # a container may run as a number without a name
    return f"{user}{socket.gethostname()}"[:100]


def _post(server: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    if urlsplit(server).scheme not in ("http", "https"):
        raise BesomError("BAD_USAGE", f"the server's address must look like http://host:3000, not {server!r}")
    request = urllib.request.Request(
        f"{server.rstrip('/')}/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Accept": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            status, text = response.status, response.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    except OSError as error:
        raise unreachable(server, str(getattr(error, "reason", error))) from error
    try:
        answer = json.loads(text)
    except ValueError:
        raise _no_answer(server, status) from None
    failure = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(failure, dict) and "code" in failure:
        raise BesomError(str(failure["code"]), str(failure.get("message", "")))
    if status != 200 or not isinstance(answer, dict):
        raise _no_answer(server, status)
    return answer


def _no_answer(server: str, status: int) -> BesomError:
    return BesomError(
        "SERVER_UNREACHABLE",
        f"the server at {server} answered {status} without an answer of Besom's: is this its address?",
    )
