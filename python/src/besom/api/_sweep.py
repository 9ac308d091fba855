"""Sweeps of the server."""

from __future__ import annotations

from typing import Any

from .._card import to_card, to_short
from ._order import to_order
from ._record import Filter, Record, found
from ._run import Run

_ASKED = {
    "metric": "String",
    "stat": "MetricStat",
    "method": "ImportanceMethod",
    "quantile": "Float",
    "unfinished": "UnfinishedRuns",
    "filter": "RunFilter",
    "scope": "ImportanceScope",
}
_ANSWER_S = 35.0
"""A little longer than the server keeps an answer open; what is computed goes on after it, for whoever asks again."""
_IMPORTANCE = """
  method runs: runsUsed good: runsGood imputed: runsImputed needed: runsNeeded left_out: runsLeftOut constant
  trust: outOfBagR2 warnings
  parameters {
    name importance low high total total_low: totalLow total_high: totalHigh impurity permutation
    correlation correlation_of: correlationOf rank_correlation: rankCorrelation direction active
    marginal { value mean low high }
  }
  pairs: interactions { a b importance }"""


class Sweep(Record):
    """A sweep as it was when it was read; ``refresh`` reads it again."""

    kind = "sweep"
    fields = "id name path url state stateReason method metric { name goal } size runCap"

    @property
    def path(self) -> str:
        """``entity/project/id``."""
        return str(self._row["path"])

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
                  nodes {{ {Run.fields} }} pageInfo {{ hasNextPage endCursor }} }} }} }}""",
            {"id": self.id, "filter": filters, "orderBy": to_order(order)},
            "sweep",
            f"sweep {self.id!r}",
        )
        return [Run(self._api, row) for row in rows]

    def best_run(self) -> Run | None:
        """The one with the best value of the metric so far; None before there is any."""
        row = self._read(f"bestRun {{ {Run.fields} }}")["bestRun"]
        return None if row is None else Run(self._api, row)

    def importance(
        self,
        metric: str | None = None,
        *,
        stat: str | None = None,
        method: str | None = None,
        quantile: float | None = None,
        unfinished: str | None = None,
        filters: Filter | None = None,
        scope: str | None = None,
    ) -> dict[str, Any]:
        """How much each of its parameters matters to a metric, from the runs that have ended; see docs/importance.md.

        Args:
            metric: The sweep's own when absent.
            stat: Beside ``metric``: last (when absent), min, max, mean, first or count.
            method: forest (when absent), good or gp.
            quantile: With ``good``: the share of the runs that are the best ones.
            unfinished: What stands for runs that did not end well: leave_out (when absent), last or worst.
            filters: Only these runs, as of ``Api.runs``.
            scope: ``project``: all runs of the project whose values lie in the sweep's space.

        Returns:
            ``parameters``, the most important one first, each with its ``name``, ``importance``, ``low`` and ``high``;
            ``pairs``, ``runs``, ``left_out``, ``warnings`` and more. ``pandas.DataFrame(answer["parameters"])`` is a table.

        Raises:
            BesomError: BAD_INPUT with the argument's name, QUERY_TOO_LARGE, UNAVAILABLE.
        """
        given = {
            "metric": metric,
            "stat": stat,
            "method": method,
            "quantile": quantile,
            "unfinished": unfinished,
            "filter": filters,
            "scope": scope,
        }
        declared = ", ".join(f"${name}: {kind}" for name, kind in _ASKED.items())
        passed = ", ".join(f"{name}: ${name}" for name in _ASKED)
        query = f"query ($id: ID!, {declared}) {{ sweep(id: $id) {{ importance({passed}) {{ {_IMPORTANCE} }} }} }}"
        data = self._api.graphql(query, {**given, "id": self.id}, timeout=_ANSWER_S)
        answer: dict[str, Any] = found(data["sweep"], f"sweep {self.id!r}")["importance"]
        return answer

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

    def _control(self, verb: str) -> Sweep:
        self._row.update(self._api._do(verb, f"sweep {{ {self.fields} }}", sweepId=self.id)["sweep"])
        return self

    def __repr__(self) -> str:
        return f"<besom.Sweep {self.path} {self.state}>"

    def _repr_html_(self) -> str:
        """The card that a notebook shows."""
        counts = ", ".join(f"{number} {state}" for state, number in self.counts.items() if number and state != "total")
        row = self._read("bestRun { displayName objective } runs(first: 200) { nodes { objective } }")
        best, metric = row["bestRun"], (self.metric or {}).get("name", "")
        facts = [("runs", counts or "none")]
        if best is not None:
            facts.append((f"best {metric}", f"{to_short(best['objective'])} ({best['displayName']})"))
        values = [one["objective"] for one in row["runs"]["nodes"] if one["objective"] is not None]
        return to_card(self.name, self.url, self.state, facts, values, f"{metric} by run")
