"""Creates sweeps."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import _operations as operations
from ._client import Client
from ._terminal import say, warn
from ._values import to_plain
from .errors import BesomError

_OF_PROGRAMS = "PROGRAM_MISSING"
"""A warning that says nothing to whoever calls a function."""

Config = Mapping[str, Any]


def sweep(
    sweep: Config | Callable[[], Config] | str | Path,
    entity: str | None = None,
    project: str | None = None,
    prior_runs: Sequence[str] | None = None,
    *,
    name: str | None = None,
) -> str:
    """Creates a sweep, and prints where its page is.

    Args:
        sweep: What a sweep file says, as a dict; a function that returns one; or the path of a sweep file.
        entity: Whose it shall be; the key's own user when neither this nor the configuration says.
        project: Where it shall lie; made when it is not there.
        prior_runs: Names or ids of runs of the same project whose results the sweep begins with.
        name: For people; beats the configuration.

    Returns:
        Its id, 8 characters.

    Raises:
        BesomError: CONFIG_INVALID with every error of the configuration in its message, SERVER_UNREACHABLE.
    """
    env = os.environ
    given = {
        "entity": entity or env.get("BESOM_ENTITY"),
        "project": project or env.get("BESOM_PROJECT"),
        "name": name,
        "priorRuns": list(prior_runs) if prior_runs else None,
    }
    client = Client.from_environment()
    try:
        payload = client.mutate(
            operations.CREATE_SWEEP,
            {
                "source": _to_source(sweep),
                "clientMutationId": str(uuid.uuid4()),
                **{key: value for key, value in given.items() if value},
            },
        )
    except BesomError as error:
        raise _explain(error) from None
    for warning in payload["warnings"]:
        if warning["code"] != _OF_PROGRAMS:
            warn(warning["message"])
    made = payload["sweep"]
    say(f"sweep {made['path']}  {made['url']}")
    return str(made["id"])


def _to_source(config: Any) -> str:
    """JSON text, which tells 1.0 from 1, or the file's own text."""
    if isinstance(config, (str, os.PathLike)):
        return Path(config).read_text("utf-8")
    if callable(config):
        config = config()
    if not isinstance(config, Mapping):
        raise BesomError(
            "BAD_USAGE",
            f"a sweep is a dict, a function that returns one, or the path of a sweep file; not {type(config).__name__}",
        )
    return json.dumps(to_plain(config))


def _explain(error: BesomError) -> BesomError:
    """All that is wrong with a configuration, a line each."""
    found = error.details.get("diagnostics")
    if error.code != "CONFIG_INVALID" or not isinstance(found, list) or len(found) < 2:
        return error
    lines = [str(one.get("message", one)) if isinstance(one, dict) else str(one) for one in found]
    return BesomError(error.code, "\n".join([f"{len(lines)} errors in the sweep:", *lines]), error.details)
