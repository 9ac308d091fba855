"""Where a run may keep what its next attempt goes on from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ._run import RunFacts


def make_checkpoint_dir(facts: RunFacts, env: Mapping[str, str], cwd: str) -> Path | None:
    """The same folder for each attempt of a run: ``$BESOM_CHECKPOINT_ROOT/<sweep>/<run's name>``.

    The root is ``.besom/checkpoints`` in ``cwd`` when nothing else is said. None where it can't be made.
    """
    root = Path(cwd, env.get("BESOM_CHECKPOINT_ROOT") or ".besom/checkpoints")
    folder = root / (facts.sweep_id or "runs") / facts.name
    for _ in range(5):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return folder
        except FileNotFoundError:
            continue  # another agent has just removed the sweep's folder
        except OSError:
            return None
    return None


def drop_if_empty(folder: Path | None) -> None:
    """A run that kept nothing leaves nothing."""
    if folder is None:
        return
    root = folder.parent.parent
    is_ours = (root.parent.name, root.name) == (".besom", "checkpoints")
    for path in (folder, folder.parent, *((root, root.parent) if is_ours else ())):
        try:
            os.rmdir(path)
        except OSError:
            return
