import type { Path } from "@/core/filter/operand";
import { findValue, type MatchedRun } from "@/core/run-match";
import { parseJson, type Value } from "@/core/value";
import { toMetricKey } from "@/ui/charts/prepare/dimension";
import type { FlatParams } from "@/ui/charts/prepare/rows";
import type { Row } from "./sweep-store";

/** A row of the page as filters see a run: what one types here finds the runs that the API would find. */
export function toMatched(row: Row, sweepId: string): MatchedRun {
  return {
    tags: row.tags,
    field: (name) => toField(row, name, sweepId),
    param: (paths) => findParam(row, paths),
    metric: (name, stat) => row.metrics.get(toMetricKey(stat, name)),
  };
}

function toField(row: Row, name: string, sweepId: string): string | number | null | undefined {
  switch (name) {
    case "id":
      return Number(row.id);
    case "sweep":
      return sweepId;
    case "host":
      return row.agent?.host;
    case "createdAt":
    case "startedAt":
    case "finishedAt":
      return row[name] === null ? null : Date.parse(row[name]);
    case "state":
    case "stateReason":
    case "name":
    case "displayName":
    case "notes":
    case "ordinal":
    case "objective":
      return row[name];
    default:
      return undefined;
  }
}

/** A name without dots is found as it stands; groups, and what may be inside one, need the parameters as they are nested. */
function findParam(row: Row, paths: readonly Path[]): Value | undefined {
  const [name, ...deeper] = paths[0] ?? [];
  if (paths.length === 1 && deeper.length === 0 && name !== undefined && !name.includes(".")) {
    const plain = row.flat.get(name);
    if (plain !== undefined) return plain;
    if (!hasGroup(row.flat, `${name}.`)) return undefined;
  }
  return findValue(nestedOf(row), paths);
}

function hasGroup(flat: FlatParams, prefix: string): boolean {
  for (const name of flat.keys()) if (name.startsWith(prefix)) return true;
  return false;
}

/** By the parameters, which live on when another value of the run changes. */
const nested = new WeakMap<FlatParams, Value>();

function nestedOf({ flat, params }: Row): Value {
  let value = nested.get(flat);
  if (value === undefined) {
    value = parseJson(params);
    nested.set(flat, value);
  }
  return value;
}
