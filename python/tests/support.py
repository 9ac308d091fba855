"""What the tests share: a server that answers what a test says, and programs as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

Reply = Callable[[dict[str, Any]], tuple[int, Any]]
"""From a request's body to a status and a body (text as it stands, everything else as JSON)."""


@contextmanager
def serving(reply: Reply) -> Iterator[str]:
    """A server on a free port; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = reply(body)
            data = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *words: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def run_program(code: str, params: dict[str, Any] | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs a program as ``besom agent`` would: it reports on stdout."""
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(
            [sys.executable, "-c", code],
            env=to_env(folder, params, **env),
            capture_output=True,
            text=True,
            timeout=60,
        )


def to_env(folder: str, params: dict[str, Any] | None = None, **env: str) -> dict[str, str]:
    """What the agent gives a child."""
    file = Path(folder) / "params.json"
    file.write_text(json.dumps(params or {}))
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "src"),
        "PYTHONUNBUFFERED": "1",
        "HOME": folder,
        # Of os.fork in a process with threads, since Python 3.12: that it goes well is what is tested.
        "PYTHONWARNINGS": "ignore::DeprecationWarning",
        "BESOM_URL": "http://127.0.0.1:9",
        "BESOM_RUN_ID": "7",
        "BESOM_RUN_NAME": "abcd1234",
        "BESOM_SWEEP_ID": "efgh5678",
        "BESOM_PROJECT": "p",
        "BESOM_ENTITY": "e",
        "BESOM_ATTEMPT": "1",
        "BESOM_PARAMS_FILE": str(file),
        "BESOM_REPORT": "stdout",
        **env,
    }


def nothing() -> None: ...


@contextmanager
def importing(folder: Path) -> Iterator[None]:
    """Modules of that folder can be imported."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def is_alive(pid: int) -> bool:
    """A zombie is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def words_of(child: Any) -> list[str]:
    """What a child of the agent's printed, once it has ended well."""
    with child.stdout, child.stderr:
        text, trouble = child.stdout.read(), child.stderr.read()
    code = None
    while code is None:
        code = child.wait(10)
    assert code == 0, trouble.decode()
    return str(text.decode()).split()


def metrics_of(stdout: str) -> list[dict[str, Any]]:
    """Lines that are JSON objects, as the agent reads them."""
    return [json.loads(line) for line in stdout.splitlines() if line.startswith("{")]
