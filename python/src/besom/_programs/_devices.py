"""Which GPUs of this machine the slots of an agent get (as agent/machine/gpus.ts and agent/slots.ts have it)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .._facts import list_gpus
from ..errors import BesomError

_DEVICE = re.compile(r"\d{1,4}|(?:GPU|MIG)-[\w/.-]+")
_RANGE = re.compile(r"(\d+)-(\d+)")
_MAX_DEVICES = 1_024


class Device(NamedTuple):
    """``id`` as CUDA_VISIBLE_DEVICES names it; ``label`` for people."""

    id: str
    label: str


def find_devices(asked: str | bool, env: Mapping[str, str]) -> list[Device]:
    """The devices that ``--gpus`` means: those of a list, or all that nvidia-smi knows.

    Where the agent itself was given some (CUDA_VISIBLE_DEVICES of a batch system), those are all there are.

    Raises:
        BesomError: BAD_USAGE when there is none, or the list is no list.
    """
    known = {str(gpu["index"]): gpu for gpu in list_gpus()}
    ids = to_ids(asked) if isinstance(asked, str) else _own_ids(env, list(known))
    if not ids:
        raise BesomError(
            "BAD_USAGE",
            "--gpus found no GPU here: nvidia-smi is not there, or names none; name them (--gpus 0,1), or leave --gpus "
            "out",
        )
    return [Device(name, _to_label(name, known.get(name))) for name in ids]


def to_ids(text: str) -> list[str]:
    """``0,1``, ``0-3``, ``GPU-5ab...``.

    Raises:
        BesomError: BAD_USAGE.
    """
    ids: list[str] = []
    for part in text.split(","):
        word = part.strip()
        found = _RANGE.fullmatch(word)
        if found:
            first, last = int(found[1]), int(found[2])
            if last < first or last - first >= _MAX_DEVICES:
                raise BesomError(
                    "BAD_USAGE", f"--gpus {word} is no range: expected a first number and a larger last one"
                )
            ids += map(str, range(first, last + 1))
        elif _DEVICE.fullmatch(word):
            ids.append(word)
        else:
            raise BesomError(
                "BAD_USAGE",
                f'--gpus "{text}" names no GPUs: expected numbers such as 0,1 or 0-3 (or UUIDs, GPU-...), not "{word}"',
            )
    if len(set(ids)) < len(ids):
        raise BesomError("BAD_USAGE", f'--gpus "{text}" names a GPU twice')
    return ids


def share_devices(devices: Sequence[str], slots: int) -> list[str]:
    """By slot what CUDA_VISIBLE_DEVICES says: an equal share each, or one that several slots share."""
    if slots >= len(devices):
        return [devices[slot % len(devices)] for slot in range(slots)]
    ends = [slot * len(devices) // slots for slot in range(slots + 1)]
    return [",".join(devices[start:end]) for start, end in zip(ends, ends[1:])]


def _own_ids(env: Mapping[str, str], known: list[str]) -> list[str]:
    if "CUDA_VISIBLE_DEVICES" not in env:
        return known
    ids: list[str] = []
    for part in env["CUDA_VISIBLE_DEVICES"].split(","):
        # As the driver reads it: the list ends at the first that is none.
        if not _DEVICE.fullmatch(part.strip()):
            break
        ids.append(part.strip())
    return ids


def _to_label(name: str, gpu: Mapping[str, object] | None) -> str:
    if gpu is None:
        return name
    memory = gpu.get("memoryBytes")
    size = f" {round(memory / 1024**3)} GiB" if isinstance(memory, int) else ""
    return f"{name}: {gpu['name']}" + ("" if re.search(r"\d+ ?GB", str(gpu["name"])) else size)
