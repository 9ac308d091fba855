"""Which server to ask, and as whom: the same rules as those of the command line (client/credentials.ts)."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .errors import BesomError

DEFAULT_URL = "http://localhost:3000"


@dataclass(frozen=True)
class Credentials:
    """A server's address and the key for it; ``origin`` says where the key came from."""

    url: str
    key: str | None
    origin: str


def find_credentials(env: Mapping[str, str] | None = None) -> Credentials:
    """``BESOM_URL`` and ``BESOM_API_KEY``; what is missing comes from what ``besom login`` keeps.

    That is the profile that ``BESOM_PROFILE`` names, else the one of that server, else the default one; else the file
    that a server on this machine writes for its own user.

    Raises:
        BesomError: BAD_USAGE when ``BESOM_PROFILE`` names no profile.
    """
    env = os.environ if env is None else env
    saved = read_saved(env)
    profiles = saved["profiles"]
    local = _read_json(local_path(env))
    if not _is_place(local):
        local = None
    chosen = None
    name = env.get("BESOM_PROFILE", "").strip()
    if name:
        chosen = profiles.get(name)
        if chosen is None:
            known = f"there are {', '.join(profiles)}" if profiles else "none was kept yet: run `besom login URL`"
            raise BesomError("BAD_USAGE", f"there is no profile {name!r}; {known} (in {saved_path(env)})")
    default = profiles.get(str(saved.get("default")))
    url = env.get("BESOM_URL", "").strip()
    if not url:
        place = chosen or default or local
        url = place["url"] if place else DEFAULT_URL
    same = [p for p in (chosen, default, *profiles.values()) if p and _normalize(p["url"]) == _normalize(url)]
    candidates = [
        (env.get("BESOM_API_KEY", "").strip(), "BESOM_API_KEY"),
        (same[0]["key"] if same else "", str(saved_path(env))),
        (local["key"] if local and _normalize(local["url"]) == _normalize(url) else "", str(local_path(env))),
    ]
    for key, origin in candidates:
        if key:
            return Credentials(url, key, origin)
    return Credentials(url, None, "nowhere")


def read_saved(env: Mapping[str, str]) -> dict[str, Any]:
    """What ``besom login`` keeps: ``profiles`` by name, and which is the ``default``."""
    saved = _read_json(saved_path(env)) or {}
    kept = saved.get("profiles")
    profiles = {name: p for name, p in (kept if isinstance(kept, dict) else {}).items() if _is_place(p)}
    return {"default": saved.get("default"), "profiles": profiles}


def save_credentials(saved: Mapping[str, Any], env: Mapping[str, str]) -> Path:
    """Keeps it, mode 600; gives where."""
    path = saved_path(env)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Written beside and moved, so that a reader never sees half a file and nobody else sees the key for a moment.
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(json.dumps(saved, indent=2) + "\n")
    os.replace(draft, path)
    return path


def name_profile(url: str, profiles: Mapping[str, Any]) -> str:
    """What the profile of a server is called when nobody gave it a name: the one that it has, else its host."""
    for name, profile in profiles.items():
        if _normalize(profile["url"]) == _normalize(url):
            return str(name)
    parts = urlsplit(_normalize(url))
    default_port = {"http": 80, "https": 443}.get(parts.scheme)
    host = parts.netloc if parts.port != default_port else parts.hostname or ""
    base = re.sub(r"^[^A-Za-z0-9]+", "", re.sub(r"[^A-Za-z0-9_.-]+", "-", host)) or "server"
    name, number = base, 1
    while name in profiles:
        number += 1
        name = f"{base}-{number}"
    return name


def saved_path(env: Mapping[str, str]) -> Path:
    """Where ``besom login`` keeps its profiles."""
    config = env.get("XDG_CONFIG_HOME", "")
    return (Path(config) if os.path.isabs(config) else _home() / ".config") / "besom" / "credentials.json"


def local_path(env: Mapping[str, str]) -> Path:
    """Where a server on this machine leaves the key of its own user."""
    return _data_dir(env) / "credentials.json"


def _data_dir(env: Mapping[str, str]) -> Path:
    """As core/data-dir.ts has it."""
    if env.get("BESOM_DATA_DIR"):
        return Path(os.path.abspath(env["BESOM_DATA_DIR"]))
    home = _home()
    if sys.platform == "win32":
        return Path(env.get("LOCALAPPDATA") or home / "AppData" / "Local") / "besom"
    if os.path.isabs(env.get("XDG_DATA_HOME", "")):
        return Path(env["XDG_DATA_HOME"]) / "besom"
    if os.getuid() == 0:
        return Path("/var/lib/besom")
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "besom"
    return home / ".local" / "share" / "besom"


def _home() -> Path:
    """A user that is a number without a name, in a container without HOME, has ``/``, as container runtimes have it."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")


def _read_json(path: Path) -> dict[str, Any] | None:
    """A missing, unreadable or broken file is no file: another source may answer."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _is_place(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("url"), str) and isinstance(value.get("key"), str)


def _normalize(url: str) -> str:
    """One server, one entry: http://localhost:3000/ and http://127.0.0.1:3000 are the same."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    host = parts.hostname or ""
    if host in ("127.0.0.1", "::1"):
        host = "localhost"
    if port is None:
        port = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/')}"
