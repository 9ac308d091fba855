"""A run's parameters."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from ._terminal import warn


class Config(MutableMapping[str, Any]):
    """Parameters by attribute and by item: ``config.lr`` and ``config["lr"]`` are the same.

    Values that a sweep chose win over everything the program sets, and are locked: setting them warns and changes
    nothing. What was read is remembered, so that a swept parameter that nobody reads can be told.
    """

    __slots__ = ("_values", "_locked", "_read")

    def __init__(self, values: Mapping[str, Any] | None = None, locked: Mapping[str, Any] | None = None) -> None:
        set_slot = object.__setattr__
        set_slot(self, "_locked", dict(locked or {}))
        set_slot(self, "_values", {**dict(values or {}), **self._locked})
        set_slot(self, "_read", set())

    _values: dict[str, Any]
    _locked: dict[str, Any]
    _read: set[str]

    def __getitem__(self, name: str) -> Any:
        self._read.add(name)
        return self._values[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            known = ", ".join(self._values) or "none"
            raise AttributeError(f"the configuration has no parameter {name!r}; it has: {known}") from None

    def __setitem__(self, name: str, value: Any) -> None:
        if name in self._locked:
            if value != self._locked[name]:
                warn(f"parameter {name!r} was set by the sweep to {self._locked[name]!r} and stays so")
            return
        self._values[name] = value

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delitem__(self, name: str) -> None:
        if name in self._locked:
            warn(f"parameter {name!r} was set by the sweep and stays")
            return
        del self._values[name]

    def __iter__(self) -> Iterator[str]:
        self._read.update(self._values)
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __repr__(self) -> str:
        return f"Config({self._values!r})"

    def get(self, name: str, default: Any = None) -> Any:
        """The value, or ``default`` when there is none of that name."""
        return self[name] if name in self._values else default

    def update(self, values: Any = (), allow_val_change: bool = True, **more: Any) -> None:  # type: ignore[override]
        """Sets several: a mapping, an ``argparse.Namespace``, or keywords. Swept ones stay."""
        given = vars(values) if isinstance(values, Namespace) else dict(values)
        for name, value in {**given, **more}.items():
            self[name] = value

    def setdefaults(self, values: Mapping[str, Any]) -> None:
        """Sets those that have no value yet."""
        for name, value in values.items():
            if name not in self._values:
                self._values[name] = value

    def as_dict(self) -> dict[str, Any]:
        """A copy."""
        return dict(self)

    @property
    def swept(self) -> frozenset[str]:
        """Names that the sweep sets."""
        return frozenset(self._locked)

    @property
    def unread(self) -> frozenset[str]:
        """Swept names that the program has not read so far."""
        return frozenset(self._locked) - self._read
