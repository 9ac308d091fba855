"""What a training process finds in its environment: the same as agent/environment.ts gives it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._run import RunFacts

_WITHHELD = {
    "DATABASE_URL",
    "DATABASE_DIRECT_URL",
    "WANDB_API_KEY",
    "WANDB_IDENTITY_TOKEN_FILE",
    "WANDB_SERVICE",
    "WANDB_APP_URL",
}
_WITHHELD_KINDS = re.compile("BESOM_|PG[A-Z]")
"""The user's own keys and the way into a database: none of it reaches a training process."""
_KEPT = {"BESOM_SILENT"}
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


def to_child_env(
    own: Mapping[str, str],
    *,
    server: str,
    key: str,
    facts: RunFacts,
    params: Mapping[str, Any],
    text: str,
    folder: Path,
    report: str,
    slot: int = 0,
    checkpoints: Path | None = None,
    more: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Writes the files of parameters into ``folder``, and gives the whole environment.

    Args:
        text: The parameters as the server sent them, so that 1.0 stays 1.0.
        report: How a client in the process shall hand over what is logged: ``stdout`` or ``unix:PATH``.
        checkpoints: The run's folder, where there is one.
        more: What beats everything else.
    """
    file, wandb_file = folder / "params.json", folder / "wandb-params.yaml"
    file.write_text(f"{text}\n", "utf-8")
    wandb_file.write_text(_to_wandb_yaml(params), "utf-8")
    kept = {
        name: value
        for name, value in own.items()
        if name in _KEPT or (name not in _WITHHELD and not _WITHHELD_KINDS.match(name))
    }
    metric = {} if facts.metric is None else {"BESOM_METRIC": facts.metric}
    kept_in = {} if checkpoints is None else {"BESOM_CHECKPOINT_DIR": str(checkpoints)}
    return {
        "PYTHONUNBUFFERED": "1",
        **kept,
        "BESOM_URL": server,
        "BESOM_API_KEY": key,
        "BESOM_RUN_ID": facts.id,
        "BESOM_RUN_NAME": facts.name,
        "BESOM_SWEEP_ID": facts.sweep_id or "",
        "BESOM_PROJECT": facts.project,
        "BESOM_ENTITY": facts.entity,
        "BESOM_ATTEMPT": str(facts.attempt),
        "BESOM_PARAMS_FILE": str(file),
        "BESOM_REPORT": report,
        "BESOM_SLOT": str(slot),
        **metric,
        **kept_in,
        "WANDB_RUN_ID": facts.name,
        "WANDB_NAME": facts.display_name,
        "WANDB_SWEEP_ID": facts.sweep_id or "",
        "WANDB_SWEEP_PARAM_PATH": str(wandb_file),
        "WANDB_PROJECT": facts.project,
        "WANDB_ENTITY": facts.entity,
        "WANDB_BASE_URL": f"{server}/wandb",
        "WANDB_API_KEY": key,
        **(more or {}),
    }


def _to_wandb_yaml(params: Mapping[str, Any]) -> str:
    """``{wandb_version: 1, name: {value: v}}``, what WANDB_SWEEP_PARAM_PATH points to."""
    lines = [f"{_quote(name)}:\n  value: {_to_yaml(value)}\n" for name, value in params.items()]
    return "wandb_version: 1\n\n" + "".join(lines)


def _to_yaml(value: Any) -> str:
    """JSON is YAML but for the numbers: PyYAML (YAML 1.1) takes 1e-07 for a string, 1.0e-07 for a number."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
        mantissa, mark, exponent = repr(value).partition("e")
        return (mantissa if "." in mantissa else f"{mantissa}.0") + mark + exponent
    if isinstance(value, list):
        return f"[{', '.join(map(_to_yaml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quote(key)}: {_to_yaml(item)}" for key, item in value.items()) + "}"
    return _quote(value) if isinstance(value, str) else json.dumps(value)


def _quote(text: str) -> str:
    """All but ASCII escaped, as YAML has it: two escapes of half a character, as in JSON, stay two halves there."""

    def escape(found: re.Match[str]) -> str:
        code = ord(found[0])
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

    return _UNPRINTABLE.sub(escape, json.dumps(text, ensure_ascii=False))
