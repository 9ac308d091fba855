"""What rows of the server have in common: they are read by their id, and again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from ..errors import BesomError

if TYPE_CHECKING:
    from . import Api

Filter = Mapping[str, Any]
Self = TypeVar("Self", bound="Record")


class Record:
    """A row as it was when it was read; ``refresh`` reads it again."""

    kind: ClassVar[str]
    """The field of the API that has it by its id."""
    fields: ClassVar[str]
    """What is read of it."""

    def __init__(self, api: Api, row: Mapping[str, Any]) -> None:
        self._api = api
        self._row = dict(row)

    @property
    def id(self) -> str:
        """As text, also where it is a number."""
        return str(self._row["id"])

    @property
    def name(self) -> str:
        """A run's is unique in its project."""
        return str(self._row["name"])

    @property
    def url(self) -> str:
        """Its page."""
        return str(self._row["url"])

    @property
    def state(self) -> str:
        """Where it stands: of a sweep pending, running, paused, finished or canceled.

        Of a run pending, running, finished, failed, crashed, killed, preempting or preempted.
        """
        return str(self._row["state"])

    @property
    def state_reason(self) -> str | None:
        """Why, as a word."""
        reason: str | None = self._row["stateReason"]
        return reason

    def refresh(self: Self) -> Self:
        """Reads it again."""
        self._row = self._read(self.fields)
        return self

    def _read(self, fields: str, declared: str = "", variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        head = ", ".join(part for part in ("$id: ID!", declared) if part)
        data = self._api.graphql(
            f"query ({head}) {{ {self.kind}(id: $id) {{ {fields} }} }}", {**(variables or {}), "id": self.id}
        )
        return found(data[self.kind], f"{self.kind} {self.id!r}")


def found(value: Any, what: str) -> dict[str, Any]:
    """The row.

    Raises:
        BesomError: NOT_FOUND where there is none.
    """
    if value is None:
        raise BesomError("NOT_FOUND", f"{what} is unknown, or not yours to see")
    row: dict[str, Any] = value
    return row
