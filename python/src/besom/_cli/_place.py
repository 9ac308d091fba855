"""How a sweep is named on the command line."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ..errors import BesomError

_ID = re.compile(r"[a-z0-9]{8}")


def split_path(text: str) -> tuple[str | None, str | None, str]:
    """Entity and project, as far as they are said, and the id.

    Of ``id``, ``project/id``, ``entity/project/id``, or the address of a page.

    Raises:
        BesomError: BAD_USAGE when it is none of these.
    """
    path = urlsplit(text).path.replace("/sweeps/", "/") if "://" in text else text
    parts = path.strip("/").split("/")
    if len(parts) <= 3 and all(parts) and _ID.fullmatch(parts[-1]):
        entity = parts[0] if len(parts) == 3 else None
        return entity, parts[-2] if len(parts) > 1 else None, parts[-1]
    raise BesomError(
        "BAD_USAGE",
        f'"{text}" is no sweep: expected its id (8 characters of a-z and 0-9) or entity/project/id, as `besom sweep` '
        "prints it",
    )


def is_sweep(text: str) -> bool:
    """Rather than a list of GPUs."""
    return not re.match("(GPU|MIG)-", text) and ("/" in text or _ID.fullmatch(text) is not None)


def to_sweep_id(text: str) -> str:
    """The id at the end of it."""
    return split_path(text)[2]


def check_place(asked: str, entity: str | None, project: str | None, found: tuple[str, str, str]) -> None:
    """A path (or flags beside the id) that names another project than the sweep's is a mistake worth a word.

    Raises:
        BesomError: NOT_FOUND.
    """
    of_path = (None, None) if "://" in asked else split_path(asked)[:2]
    entity, project = of_path[0] or entity, of_path[1] or project
    if entity not in (None, found[0]) or project not in (None, found[1]):
        raise BesomError(
            "NOT_FOUND",
            f"sweep {found[2]} is not in {entity or found[0]}/{project or found[1]}; it is {'/'.join(found)}",
        )
