"""In which order rows are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def to_order(order: Any) -> list[Mapping[str, str]] | None:
    if order is None:
        return None
    keys = [order] if isinstance(order, (str, Mapping)) else list(order)
    return [to_order_key(key) for key in keys]


def to_order_key(key: str | Mapping[str, str]) -> Mapping[str, str]:
    if not isinstance(key, str):
        return key
    if key == "best":
        return {"field": "objective", "direction": "best"}
    return {"field": key.lstrip("+-"), "direction": "desc" if key.startswith("-") else "asc"}
