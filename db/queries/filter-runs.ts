import type { Fragment } from "postgres";
import type { Access } from "@/core/access";
import { AppError } from "@/core/errors";
import type { Operand } from "@/core/filter/operand";
import type { SortKey } from "@/core/filter/order";
import type { Filter } from "@/core/filter/tree";
import type { Database, Sql } from "../client";
import { type Source, toCondition } from "./filter-sql";
import { toKeyset } from "./keyset";
import { type ListPage, readListPages, type Slice } from "./list-page";
import { metricStat } from "./metric-stat";
import { type RunRow, runColumns } from "./runs";
import { visible } from "./visible";

export interface RunsQuery extends Slice {
  readonly filter?: Filter | undefined;
  readonly order?: readonly SortKey[] | undefined;
  /** The moment, in ms, until which the duration of what still runs is measured. */
  readonly asOf: number;
}

/** A page of the runs of each sweep, or of each project. What may not be seen is absent. */
export async function listRuns<Scope extends string | number>(
  db: Database,
  access: Access,
  of: Scopes,
  { filter, order = [], asOf, ...slice }: RunsQuery,
): Promise<Map<Scope, ListPage<RunRow>>> {
  const { sql } = db;
  const used = [...(filter ? operandsOf(filter) : []), ...order.map((key) => key.operand)];
  const needsGoal = order.some(({ direction }) => direction === "best");
  const { asked, found, source, scope } = findRuns(sql, access, of, {
    ...{ filter, used, asOf },
    more: needsGoal ? sql`left join sweeps gs on gs.id = r.sweep_id` : sql``,
  });
  const keyset = toKeyset(sql, order, orderSource(source, sql, order), { value: sql`r.id`, type: "integer" });
  return readListPages<RunRow, Scope>(
    sql,
    {
      ...{ asked, found, scope, keyset },
      filtered: filter !== undefined,
      columns: runColumns(sql),
      tables: sql`left join runs r on r.id = f.id`,
    },
    slice,
  );
}

type Scopes = { readonly sweepIds: readonly string[] } | { readonly projectIds: readonly number[] };

/** The runs of some scopes that a filter leaves, in the pieces of a statement: `from ${asked} cross join lateral (select ... ${found})`. */
export function findRuns(
  sql: Sql,
  access: Access,
  of: Scopes,
  {
    filter,
    used,
    asOf,
    more,
  }: { filter?: Filter | undefined; used: readonly Operand[]; asOf: number; more: Fragment },
): { asked: Fragment; found: Fragment; source: Source; scope: Fragment } {
  const metrics = [...new Set(used.flatMap((one) => (one.of === "metric" ? one.name : [])))];
  refuseTooMany(metrics);
  const fields = new Set(used.flatMap((one) => (one.of === "field" ? one.name : [])));
  const inSweeps = "sweepIds" in of;
  const source = toSource(sql, { metrics, asOf });
  const scope = inSweeps ? sql`r.sweep_id` : sql`r.project_id`;
  const pieces = [
    ...metrics.map((_, i) => summaries(sql, i)),
    ...(fields.has("ordinal") ? [ordinals(sql, inSweeps)] : []),
    ...(fields.has("host") ? [HOSTS(sql)] : []),
    more,
  ];
  return {
    ...{ source, scope },
    asked: toAsked(sql, access, of, metrics),
    found: sql`from runs r ${pieces.reduce((all, one) => sql`${all} ${one}`, sql``)}
      where ${scope} between asked.scope and asked.scope and r.deleted_at is null
        and ${access.kind === "run" ? sql`r.id = ${access.runId}` : sql`true`}
        and ${filter ? toCondition(sql, filter, source) : sql`true`}`,
  };
}

/** Each is a join, and the time to plan a statement grows faster than their number. */
const MAX_METRICS = 16;

function refuseTooMany({ length }: readonly string[]): void {
  if (length <= MAX_METRICS) return;
  throw new AppError(
    "BAD_INPUT",
    `filter and orderBy ask about ${length} different metrics, expected at most ${MAX_METRICS}`,
    { details: { found: length, max: MAX_METRICS } },
  );
}

/** The scopes that may be seen (a run's key sees the run, whatever list it stands in), each with its project's numbers of the metrics that are asked about. */
function toAsked(sql: Sql, access: Access, of: Scopes, metrics: readonly string[]): Fragment {
  const scopes =
    "sweepIds" in of
      ? sql`(select s.id as scope, s.project_id from sweeps s where s.id = any(${[...of.sweepIds]}::text[])) s`
      : sql`(select p.id as scope, p.id as project_id from projects p where p.id = any(${[...of.projectIds]}::int[])) s`;
  const columns = metrics.map((_, i) => sql`, ${sql(`q${i}`)}.id as ${sql(`q${i}`)}`);
  const joins = metrics.map((name, i) => {
    const q = sql(`q${i}`);
    return sql`left join metrics ${q} on ${q}.project_id = s.project_id and ${q}.name = ${name}`;
  });
  const all = (parts: Fragment[]) => parts.reduce((before, one) => sql`${before} ${one}`, sql``);
  return sql`(select s.* ${all(columns)} from ${scopes} ${all(joins)}
    where ${access.kind === "run" ? sql`true` : visible(sql, access, sql`s.project_id`)}) asked`;
}

export function operandsOf(filter: Filter): Operand[] {
  if (filter.kind === "test") return [filter.operand];
  return filter.kind === "not" ? operandsOf(filter.filter) : filter.filters.flatMap(operandsOf);
}

function toSource(sql: Sql, { metrics, asOf }: { metrics: readonly string[]; asOf: number }): Source {
  return {
    value(operand) {
      if (operand.of === "metric")
        return metricStat(sql, sql`${sql(`m${metrics.indexOf(operand.name)}`)}`, operand.stat);
      if (operand.of === "field") return ofField(sql, operand.name, asOf);
      const places = operand.paths.map((path) =>
        path.reduce<Fragment>((x, name) => sql`${x} -> ${name}::text`, sql`r.params`),
      );
      return sql`coalesce(${places.reduce((all, one) => sql`${all}, ${one}`)})`;
    },
    hasAny: (_, tags) => sql`exists (select from run_tags t where t.run_id = r.id
      ${tags === undefined ? sql`` : sql`and t.tag = any(${[...tags]}::text[])`})`,
  };
}

/** `best` sorts by the goal of each run's own sweep. */
function orderSource(source: Source, sql: Sql, order: readonly SortKey[]): Source {
  const best = new Set(order.flatMap(({ direction, operand }) => (direction === "best" ? operand : [])));
  return {
    value: (operand) =>
      best.has(operand)
        ? sql`case when gs.metric_goal = 'maximize' then -r.objective else r.objective end`
        : source.value(operand),
  };
}

function ofField(sql: Sql, name: string, asOf: number): Fragment {
  switch (name) {
    case "id":
      return sql`r.id`;
    case "state":
      return sql`r.state`;
    case "stateReason":
      return sql`r.state_reason`;
    case "name":
      return sql`r.name`;
    case "displayName":
      return sql`r.display_name`;
    case "notes":
      return sql`(select n.text from run_notes n where n.run_id = r.id)`;
    case "host":
      return sql`h.host`;
    case "sweep":
      return sql`r.sweep_id`;
    case "createdAt":
      return sql`r.created_at`;
    case "startedAt":
      return sql`r.started_at`;
    case "finishedAt":
      return sql`r.finished_at`;
    case "duration": {
      const now = sql`${new Date(asOf).toISOString()}::text::timestamptz`;
      return sql`case when r.started_at is not null then extract(epoch from
        greatest(least(coalesce(r.finished_at, ${now}), ${now}) - r.started_at, interval '0'))::float8 end`;
    }
    case "ordinal":
      return sql`o.ordinal`;
    case "attempt":
      return sql`r.attempt`;
    case "crashes":
      return sql`r.crashes`;
    case "preemptions":
      return sql`r.preemptions`;
    case "generation":
      return sql`r.generation`;
    case "exitCode":
      return sql`r.exit_code`;
    case "objective":
      return sql`r.objective`;
    default:
      throw new RangeError(`runs have no field ${name} in SQL`);
  }
}

/** Which run of its sweep each one is, deleted ones counted too, as `runOrdinals` has it. */
const ordinals = (sql: Sql, inSweeps: boolean): Fragment => sql`
  left join (
    select x.id, row_number() over (partition by x.sweep_id order by x.id) as ordinal from runs x
    where ${inSweeps ? sql`x.sweep_id = asked.scope` : sql`x.project_id = asked.scope and x.sweep_id is not null`}
  ) o on o.id = r.id`;

/*
 * `offset 0` keeps these two joins what they are, a look-up by key for each run of the scope. The planner prices a look-up as
 * if it came from a spinning disk, and would rather read a metric's summaries of all sweeps: 330 ms instead of 25 for a
 * sweep of 10,000 runs beside 300,000 others.
 */
const summaries = (sql: Sql, i: number): Fragment => sql`
  left join lateral (
    select x.* from metric_summaries x
    where x.run_id = r.id and x.attempt = r.attempt and x.metric_id = asked.${sql(`q${i}`)} offset 0
  ) ${sql(`m${i}`)} on true`;

const HOSTS = (sql: Sql): Fragment => sql`
  left join lateral (
    select coalesce(h.host, g.host) as host from attempts h left join agents g on g.id = h.agent_id
    where h.run_id = r.id and h.number = r.attempt offset 0
  ) h on true`;
