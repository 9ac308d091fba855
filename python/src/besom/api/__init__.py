"""Reads sweeps and runs, and controls them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from .._client import Client
from .._credentials import find_credentials
from .._transport import TIMEOUT_S
from ._order import to_order
from ._record import Filter, found
from ._run import Run
from ._sweep import Sweep

__all__ = ["Api", "Filter", "Run", "Sweep"]

_PAGE = 200


class Api:
    """One server, asked with one key: those of the environment, or what is given.

    Args:
        url: Instead of ``BESOM_URL``.
        key: Instead of ``BESOM_API_KEY``.
    """

    def __init__(self, url: str | None = None, key: str | None = None) -> None:
        found = find_credentials()
        self._client = Client(url or found.url, key or found.key)

    def graphql(
        self, query: str, variables: Mapping[str, Any] | None = None, *, timeout: float = TIMEOUT_S
    ) -> dict[str, Any]:
        """The data of an operation; see docs/graphql.md.

        Args:
            timeout: Seconds that a query may take.

        Raises:
            BesomError: Of the request, or of the payload of a mutation.
        """
        return self._client.ask_of_user(query, variables, timeout)

    def sweep(self, path: str) -> Sweep:
        """A sweep by its id or by ``entity/project/id``.

        Raises:
            BesomError: NOT_FOUND.
        """
        data = self.graphql(f"query ($id: ID!) {{ sweep(id: $id) {{ {Sweep.fields} }} }}", {"id": path})
        return Sweep(self, found(data["sweep"], f"sweep {path!r}"))

    def importance(self, path: str, metric: str | None = None, **asked: Any) -> dict[str, Any]:
        """Which parameters of a sweep matter: ``Sweep.importance`` of the sweep by its id or ``entity/project/id``."""
        return self.sweep(path).importance(metric, **asked)

    def sweeps(self, project: str, *, filters: Filter | None = None, order: Any = None) -> list[Sweep]:
        """Of a project (``name`` or ``entity/name``), newest first.

        Args:
            filters: A SweepFilter, such as ``{"field": "state", "op": "eq", "value": "running"}``.
            order: A SweepOrder or several, or field names with ``-`` before them for descending.
        """
        rows = self._of_project("sweep", Sweep.fields, project, filters, order)
        return [Sweep(self, row) for row in rows]

    def run(self, path: str) -> Run:
        """A run by its number, or by ``project/name`` or ``entity/project/name``.

        Raises:
            BesomError: NOT_FOUND.
        """
        parts = path.split("/", 2)
        if len(parts) == 1:
            where: dict[str, Any] = {"id": path}
        else:
            entity = parts[0] if len(parts) == 3 else None
            where = {"entity": entity, "project": parts[-2], "name": parts[-1]}
        data = self.graphql(
            f"""query ($id: ID, $entity: String, $project: String, $name: String) {{
              run(id: $id, entity: $entity, project: $project, name: $name) {{ {Run.fields} }} }}""",
            where,
        )
        return Run(self, found(data["run"], f"run {path!r}"))

    def runs(self, project: str, *, filters: Filter | None = None, order: Any = None) -> list[Run]:
        """Of a project (``name`` or ``entity/name``), of all sweeps and of none, newest first.

        Args:
            filters: A RunFilter: ``{"param": "lr", "op": "lt", "value": 0.1}``, ``{"metric": "loss", "stat": "min",
                "op": "le", "value": 0.2}``, ``{"field": "state", "op": "eq", "value": "finished"}``, combined by
                ``and``, ``or`` and ``not``; see docs/graphql.md.
            order: A RunOrder or several, or names of fields with ``-`` before them for descending: ``"-createdAt"``.
        """
        rows = self._of_project("run", Run.fields, project, filters, order)
        return [Run(self, row) for row in rows]

    def _of_project(
        self, kind: str, fields: str, project: str, filters: Filter | None, order: Any
    ) -> Iterator[dict[str, Any]]:
        entity, _, name = project.rpartition("/")
        types = f"$filter: {kind.title()}Filter, $orderBy: [{kind.title()}Order!]"
        return self._pages(
            f"""query ($entity: String, $name: String!, $first: Int!, $after: String, {types}) {{
              project(entity: $entity, name: $name) {{
                rows: {kind}s(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {{
                  nodes {{ {fields} }} pageInfo {{ hasNextPage endCursor }} }} }} }}""",
            {"entity": entity or None, "name": name, "filter": filters, "orderBy": to_order(order)},
            "project",
            f"project {project!r}",
        )

    def _pages(self, query: str, variables: Mapping[str, Any], root: str, what: str) -> Iterator[dict[str, Any]]:
        """All rows of ``root.rows``, page by page."""
        after = None
        while True:
            data = self.graphql(query, {**variables, "first": _PAGE, "after": after})
            rows = found(data[root], what)["rows"]
            yield from rows["nodes"]
            if not rows["pageInfo"]["hasNextPage"]:
                return
            after = rows["pageInfo"]["endCursor"]

    def _do(self, verb: str, fields: str, **given: Any) -> dict[str, Any]:
        """A mutation that may be repeated."""
        name = verb[0].upper() + verb[1:]
        return self._client.mutate(
            f"""mutation ($input: {name}Input!) {{
              {verb}(input: $input) {{ {fields} error {{ code message details }} }} }}""",
            {**given, "clientMutationId": str(uuid.uuid4())},
        )
