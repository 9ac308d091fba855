"""Who one is at the server."""

from __future__ import annotations

from typing import Any

from ._client import Client
from ._terminal import say


def login(**ignored: Any) -> bool:
    """Checks the key of the environment, or of what ``besom login`` keeps, and says whose it is.

    Arguments are taken for W&B's sake, without effect: a key in a notebook is seen by whoever sees the notebook.

    Raises:
        BesomError: UNAUTHENTICATED with the way out when the server doesn't know the key, SERVER_UNREACHABLE.
    """
    client = Client.from_environment()
    try:
        viewer = client.ask("{ viewer { name } }")["viewer"]
    finally:
        client.close()
    say(f"signed in to {client.url} as {viewer['name'] if viewer else 'the key of a run'}")
    return True
