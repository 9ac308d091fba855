"""Reads sweeps and runs, and controls them."""

from __future__ import annotations

import html
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ._client import Client
from ._credentials import find_credentials
from .errors import BesomError

_PAGE = 200
_SAMPLES = 1500
"""What the server gives of a line at once."""

_SWEEP = "id name path url state stateReason method metric { name goal } size runCap"
_RUN = (
    "id name displayName url state stateReason stateDetail params objective objectiveStep exitCode attempt ordinal "
    "tags notes host createdAt startedAt finishedAt"
)
_SUMMARY = "summary { name count nonFinite first last lastOther min max mean }"

Filter = Mapping[str, Any]


class Api:
    """One server, asked with one key: those of the environment, or what is given.

    Args:
        url: Instead of ``BESOM_URL``.
        key: Instead of ``BESOM_API_KEY``.
    """

    def __init__(self, url: str | None = None, key: str | None = None) -> None:
        found = find_credentials()
        self._client = Client(url or found.url, key or found.key)

    def graphql(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The data of an operation; see docs/graphql.md.

        Raises:
            BesomError: Of the request, or of the payload of a mutation.
        """
        return self._client.ask_of_user(query, variables)

    def sweep(self, path: str) -> Sweep:
        """A sweep by its id or by ``entity/project/id``.

        Raises:
            BesomError: NOT_FOUND.
        """
        data = self.graphql(f"query ($id: ID!) {{ sweep(id: $id) {{ {_SWEEP} }} }}", {"id": path})
        return Sweep(self, _found(data["sweep"], f"sweep {path!r}"))

    def sweeps(self, project: str, *, filters: Filter | None = None, order: Any = None) -> list[Sweep]:
        """Of a project (``name`` or ``entity/name``), newest first.

        Args:
            filters: A SweepFilter, such as ``{"field": "state", "op": "eq", "value": "running"}``.
            order: A SweepOrder or several, or field names with ``-`` before them for descending.
        """
        entity, name = _split(project)
        rows = self._pages(
            f"""query ($entity: String, $name: String!, $first: Int!, $after: String, $filter: SweepFilter,
                $orderBy: [SweepOrder!]) {{
              project(entity: $entity, name: $name) {{
                rows: sweeps(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {{
                  nodes {{ {_SWEEP} }} pageInfo {{ hasNextPage endCursor }} }} }} }}""",
            {"entity": entity, "name": name, "filter": filters, "orderBy": _to_order(order)},
            "project",
            f"project {project!r}",
        )
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
              run(id: $id, entity: $entity, project: $project, name: $name) {{ {_RUN} }} }}""",
            where,
        )
        return Run(self, _found(data["run"], f"run {path!r}"))

    def runs(self, project: str, *, filters: Filter | None = None, order: Any = None) -> list[Run]:
        """Of a project (``name`` or ``entity/name``), of all sweeps and of none, newest first.

        Args:
            filters: A RunFilter: ``{"param": "lr", "op": "lt", "value": 0.1}``, ``{"metric": "loss", "stat": "min",
                "op": "le", "value": 0.2}``, ``{"field": "state", "op": "eq", "value": "finished"}``, combined by
                ``and``, ``or`` and ``not``; see docs/graphql.md.
            order: A RunOrder or several, or names of fields with ``-`` before them for descending: ``"-createdAt"``.
        """
        entity, name = _split(project)
        rows = self._pages(
            f"""query ($entity: String, $name: String!, $first: Int!, $after: String, $filter: RunFilter,
                $orderBy: [RunOrder!]) {{
              project(entity: $entity, name: $name) {{
                rows: runs(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {{
                  nodes {{ {_RUN} }} pageInfo {{ hasNextPage endCursor }} }} }} }}""",
            {"entity": entity, "name": name, "filter": filters, "orderBy": _to_order(order)},
            "project",
            f"project {project!r}",
        )
        return [Run(self, row) for row in rows]

    def _pages(self, query: str, variables: Mapping[str, Any], root: str, what: str) -> Iterator[dict[str, Any]]:
        """All rows of ``root.rows``, page by page."""
        after = None
        while True:
            data = self.graphql(query, {**variables, "first": _PAGE, "after": after})
            rows = _found(data[root], what)["rows"]
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


class Sweep:
    """A sweep as it was when it was read; ``refresh`` reads it again."""

    def __init__(self, api: Api, row: Mapping[str, Any]) -> None:
        self._api = api
        self._row = dict(row)

    @property
    def id(self) -> str:
        return str(self._row["id"])

    @property
    def name(self) -> str:
        return str(self._row["name"])

    @property
    def path(self) -> str:
        """``entity/project/id``."""
        return str(self._row["path"])

    @property
    def url(self) -> str:
        return str(self._row["url"])

    @property
    def state(self) -> str:
        """pending, running, paused, finished or canceled."""
        return str(self._row["state"])

    @property
    def state_reason(self) -> str | None:
        """Why it ended, as a word."""
        reason: str | None = self._row["stateReason"]
        return reason

    @property
    def method(self) -> str:
        return str(self._row["method"])

    @property
    def metric(self) -> dict[str, str] | None:
        """``name`` and ``goal`` of what it optimises."""
        metric: dict[str, str] | None = self._row["metric"]
        return metric

    @property
    def expected_run_count(self) -> int | None:
        """How many runs it will have at most; None without an end."""
        bounds = [int(bound) for bound in (self._row["size"], self._row["runCap"]) if bound is not None]
        return min(bounds, default=None)

    @property
    def config(self) -> dict[str, Any]:
        """What was understood of its file."""
        config: dict[str, Any] = self._read("config")["config"]
        return config

    @property
    def counts(self) -> dict[str, int]:
        """Its runs by state, now."""
        states = "total pending running finished failed crashed killed preempting preempted"
        counts: dict[str, int] = self._read(f"counts {{ {states} }}")["counts"]
        return counts

    def runs(self, *, filters: Filter | None = None, order: Any = None) -> list[Run]:
        """Its runs, oldest first; ``filters`` and ``order`` as of ``Api.runs``; ``order="best"`` works, too."""
        rows = self._api._pages(
            f"""query ($id: ID!, $first: Int!, $after: String, $filter: RunFilter, $orderBy: [RunOrder!]) {{
              sweep(id: $id) {{
                rows: runs(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {{
                  nodes {{ {_RUN} }} pageInfo {{ hasNextPage endCursor }} }} }} }}""",
            {"id": self.id, "filter": filters, "orderBy": _to_order(order)},
            "sweep",
            f"sweep {self.id!r}",
        )
        return [Run(self._api, row) for row in rows]

    def best_run(self) -> Run | None:
        """The one with the best value of the metric so far; None before there is any."""
        row = self._read(f"bestRun {{ {_RUN} }}")["bestRun"]
        return None if row is None else Run(self._api, row)

    def pause(self) -> Sweep:
        """Hands out no more runs for now."""
        return self._control("pauseSweep")

    def resume(self) -> Sweep:
        """Goes on after a pause, or after the end."""
        return self._control("resumeSweep")

    def stop(self) -> Sweep:
        """Hands out no more runs; those under way finish."""
        return self._control("stopSweep")

    def cancel(self) -> Sweep:
        """Ends it, and the runs under way."""
        return self._control("cancelSweep")

    def refresh(self) -> Sweep:
        """Reads it again."""
        self._row = self._read(_SWEEP)
        return self

    def _control(self, verb: str) -> Sweep:
        self._row.update(self._api._do(verb, f"sweep {{ {_SWEEP} }}", sweepId=self.id)["sweep"])
        return self

    def _read(self, fields: str) -> dict[str, Any]:
        data = self._api.graphql(f"query ($id: ID!) {{ sweep(id: $id) {{ {fields} }} }}", {"id": self.id})
        return _found(data["sweep"], f"sweep {self.id!r}")

    def __repr__(self) -> str:
        return f"<besom.Sweep {self.path} {self.state}>"

    def _repr_html_(self) -> str:
        """The card that a notebook shows."""
        counts = ", ".join(f"{number} {state}" for state, number in self.counts.items() if number)
        link = f'<a href="{html.escape(self.url)}" target="_blank">{html.escape(self.name)}</a>'
        return f"<p>Besom sweep {link}: {html.escape(self.state)}; runs: {counts or 'none'}</p>"


class Run:
    """A run as it was when it was read; ``refresh`` reads it again."""

    def __init__(self, api: Api, row: Mapping[str, Any]) -> None:
        self._api = api
        self._row = dict(row)

    @property
    def id(self) -> str:
        """Its number as text."""
        return str(self._row["id"])

    @property
    def name(self) -> str:
        """Unique in its project."""
        return str(self._row["name"])

    @property
    def display_name(self) -> str:
        return str(self._row["displayName"])

    @property
    def url(self) -> str:
        return str(self._row["url"])

    @property
    def state(self) -> str:
        """pending, running, finished, failed, crashed, killed, preempting or preempted."""
        return str(self._row["state"])

    @property
    def state_reason(self) -> str | None:
        """Why, as a word."""
        reason: str | None = self._row["stateReason"]
        return reason

    @property
    def state_detail(self) -> str | None:
        """Why, in a sentence."""
        detail: str | None = self._row["stateDetail"]
        return detail

    @property
    def config(self) -> dict[str, Any]:
        """Its parameters."""
        config: dict[str, Any] = json.loads(self._row["params"])
        return config

    @property
    def objective(self) -> float | None:
        """The best finite value of its sweep's metric so far."""
        objective: float | None = self._row["objective"]
        return objective

    @property
    def exit_code(self) -> int | None:
        code: int | None = self._row["exitCode"]
        return code

    @property
    def attempt(self) -> int:
        return int(self._row["attempt"])

    @property
    def tags(self) -> list[str]:
        return list(self._row["tags"])

    @property
    def notes(self) -> str | None:
        notes: str | None = self._row["notes"]
        return notes

    @property
    def created_at(self) -> str:
        """ISO 8601, as ``started_at`` and ``finished_at``."""
        return str(self._row["createdAt"])

    @property
    def started_at(self) -> str | None:
        at: str | None = self._row["startedAt"]
        return at

    @property
    def finished_at(self) -> str | None:
        at: str | None = self._row["finishedAt"]
        return at

    @property
    def summary(self) -> dict[str, Any]:
        """By metric its last value, now."""
        return {
            name: one["last"] if one["count"] or one["lastOther"] is None else json.loads(one["lastOther"])
            for name, one in self.summary_metrics.items()
        }

    @property
    def summary_metrics(self) -> dict[str, dict[str, Any]]:
        """By metric ``count``, ``nonFinite``, ``first``, ``last``, ``min``, ``max``, ``mean``, now."""
        return {one["name"]: one for one in self._read(_SUMMARY)["summary"]}

    def history(
        self,
        samples: int = 500,
        keys: Sequence[str] | None = None,
        x_axis: str = "_step",
        pandas: bool = True,
    ) -> Any:
        """What it logged, thinned out to about ``samples`` points a metric.

        Args:
            samples: At most 1500. A metric with more points is cut into so many buckets, whose last value stands.
            keys: Which metrics; all when absent.
            x_axis: Taken for W&B's sake: rows are by step.
            pandas: A ``DataFrame`` when pandas is there, else a list of dicts with ``_step`` first.
        """
        data = self._read(
            """history(keys: $keys, samples: $samples) { series { key points { steps times values }
              buckets { start last } } }""",
            "$keys: [String!], $samples: Int",
            {"keys": None if keys is None else list(keys), "samples": samples},
        )
        rows: dict[float, dict[str, Any]] = {}
        for one in data["history"]["series"]:
            points, buckets = one["points"], one["buckets"]
            if points is not None:
                for step, time_ms, value in zip(points["steps"], points["times"], points["values"]):
                    row = rows.setdefault(step, {"_step": step, "_timestamp": time_ms / 1000})
                    row[one["key"]] = _from_wire(value)
            else:
                for step, value in zip(buckets["start"], buckets["last"]):
                    rows.setdefault(step, {"_step": step})[one["key"]] = _from_wire(value)
        listed = [rows[step] for step in sorted(rows)]
        return _to_frame(listed) if pandas else listed

    def scan_history(
        self,
        keys: Sequence[str] | None = None,
        page_size: int = 1000,
        min_step: int | None = None,
        max_step: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Every point that it logged, a dict a step with ``_step`` and ``_timestamp`` (seconds), in order of step.

        Args:
            keys: Which metrics; all when absent. Rows without any of them are left out.
            page_size: Points of a line that are asked for at once, at most 1500.
            min_step, max_step: From this step on, and up to this one.
        """
        size = max(1, min(page_size, _SAMPLES))
        start = 0 if min_step is None else min_step
        bounds = self._bounds(keys)
        if bounds is None:
            return
        start, last = max(start, bounds[0]), bounds[1] if max_step is None else min(max_step, bounds[1])
        width = size
        while start <= last:
            end = min(start + width - 1, last)
            page = self._page(keys, start, end, size)
            if page is None:
                # Steps are whole numbers: `size` of them hold no more points than the server gives at once.
                width = size
                continue
            yield from page
            # Sparse steps: a page of few points lets the next one span more.
            width = min(width * 2, 1 << 40) if len(page) * 2 < size else width
            start = end + 1

    def output(self) -> Iterator[dict[str, Any]]:
        """What it printed, piece by piece: ``stream`` (stdout or stderr), ``time``, ``text``."""
        after = None
        while True:
            page = self._read(
                "output(first: 1000, after: $after) { nodes { stream time text } pageInfo { hasNextPage endCursor } }",
                "$after: String",
                {"after": after},
            )["output"]
            yield from page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    def stop(self) -> Run:
        """Asks it to end; its agent goes on with the next one."""
        self._api._do("stopRun", "runId", runId=self.id)
        return self.refresh()

    def delete(self) -> None:
        """Deletes it with all it logged."""
        self._api._do("deleteRun", "", runId=self.id)

    def refresh(self) -> Run:
        """Reads it again."""
        self._row = self._read(_RUN)
        return self

    def _bounds(self, keys: Sequence[str] | None) -> tuple[int, int] | None:
        """The first and the last step that were logged."""
        data = self._read(
            "history(keys: $keys, samples: 1) { series { points { steps } buckets { start width } } }",
            "$keys: [String!]",
            {"keys": None if keys is None else list(keys)},
        )
        lows, highs = [], []
        for one in data["history"]["series"]:
            if one["points"] is not None:
                lows += one["points"]["steps"][:1]
                highs += one["points"]["steps"][-1:]
            elif one["buckets"]["start"]:
                lows.append(one["buckets"]["start"][0])
                highs.append(one["buckets"]["start"][-1] + one["buckets"]["width"])
        return (int(min(lows)), int(max(highs))) if lows else None

    def _page(self, keys: Sequence[str] | None, start: int, end: int, size: int) -> list[dict[str, Any]] | None:
        """All rows of a range of steps; None when there are more than the server gives at once."""
        data = self._read(
            """history(keys: $keys, minStep: $start, maxStep: $end, samples: $size) {
              exact series { key points { steps times values } } }""",
            "$keys: [String!], $start: Float, $end: Float, $size: Int",
            {"keys": None if keys is None else list(keys), "start": start, "end": end, "size": size},
        )["history"]
        if not data["exact"]:
            return None
        rows: dict[int, dict[str, Any]] = {}
        for one in data["series"]:
            points = one["points"]
            for step, time_ms, value in zip(points["steps"], points["times"], points["values"]):
                row = rows.setdefault(step, {"_step": step, "_timestamp": time_ms / 1000})
                row[one["key"]] = _from_wire(value)
        return [rows[step] for step in sorted(rows)]

    def _read(self, fields: str, declared: str = "", variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        head = ", ".join(part for part in ("$id: ID!", declared) if part)
        data = self._api.graphql(
            f"query ({head}) {{ run(id: $id) {{ {fields} }} }}", {**(variables or {}), "id": self.id}
        )
        return _found(data["run"], f"run {self.id!r}")

    def __repr__(self) -> str:
        return f"<besom.Run {self.name} {self.state}>"


def _found(value: Any, what: str) -> dict[str, Any]:
    if value is None:
        raise BesomError("NOT_FOUND", f"{what} is unknown, or not yours to see")
    found: dict[str, Any] = value
    return found


def _split(project: str) -> tuple[str | None, str]:
    entity, _, name = project.rpartition("/")
    return entity or None, name


def _to_order(order: Any) -> list[Mapping[str, str]] | None:
    if order is None:
        return None
    keys = [order] if isinstance(order, (str, Mapping)) else list(order)
    return [_to_order_key(key) for key in keys]


def _to_order_key(key: str | Mapping[str, str]) -> Mapping[str, str]:
    if not isinstance(key, str):
        return key
    if key == "best":
        return {"field": "objective", "direction": "best"}
    return {"field": key.lstrip("+-"), "direction": "desc" if key.startswith("-") else "asc"}


_NON_FINITE: dict[str, float] = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def _from_wire(value: Any) -> Any:
    return _NON_FINITE.get(value, value) if isinstance(value, str) else value


def _to_frame(rows: list[dict[str, Any]]) -> Any:
    try:
        import pandas  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return rows
    return pandas.DataFrame(rows)
