import type { Fragment } from "postgres";
import type { Access } from "@/core/access";
import { AppError } from "@/core/errors";
import type { SortKey } from "@/core/filter/order";
import type { Position } from "@/core/filter/position";
import { type MongoFilter, type MongoOperand, mongoOperands } from "@/core/mongo-filter";
import type { Database, Sql } from "../client";
import { unprepared } from "../unprepared";
import { toKeyset } from "./keyset";
import { type Listed, readListPages } from "./list-page";
import { metricStat } from "./metric-stat";
import { toMongoCondition } from "./mongo-sql";
import { visible } from "./visible";
import { readWireRuns, type WireRunRow } from "./wire-runs";

/** Runs of one project, of one of its sweeps, or those that one agent was given. */
export interface WireScope {
  readonly projectId: number;
  readonly sweepId?: string;
  readonly agentId?: number;
}

/** Ids are given in the order of creation, and have an index: created_at is an order by id. */
export interface WireOrder {
  readonly operand: MongoOperand | "created";
  readonly descending: boolean;
}

export interface WireRunsQuery {
  readonly filter?: MongoFilter | undefined;
  readonly order: WireOrder;
  readonly first: number;
  readonly after?: Position | undefined;
  /** What clients say of their runs, which may be megabytes each, is wanted too. */
  readonly records: boolean;
}

export type ListedWireRun = Listed<WireRunRow>;

/** Records of one page, as they lie in the database (compressed); a page ends there, with one run at the least. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;

/**
 * A page of runs, in two steps: which ones, by their keys alone; then what is shown of them. By creation it is read from an index, and
 * ends with the page. In another order, or behind a filter, every
 * run of the scope is looked at.
 * @throws AppError BAD_INPUT, QUERY_TOO_LARGE
 */
export async function listWireRuns(
  db: Database,
  access: Access,
  scope: WireScope,
  { filter, order, first, after, records }: WireRunsQuery,
): Promise<{ runs: readonly ListedWireRun[]; more: boolean }> {
  const { sql } = db;
  const keys = toSortKeys(order);
  const used = [
    ...(filter ? mongoOperands(filter) : []),
    ...(order.operand === "created" ? [] : [order.operand]),
  ];
  const { asked, found, source, column } = findWireRuns(sql, access, scope, { filter, used });
  const keyset = toKeyset(
    sql,
    keys,
    { value: () => (order.operand === "created" ? sql`r.id` : source(order.operand)) },
    { value: sql`r.id`, type: "integer" },
  );
  const pages = await guarded(() =>
    readListPages<{ id: number; bytes: number }, number | string>(
      sql,
      {
        ...{ asked, found, scope: column, keyset, filtered: filter !== undefined },
        columns: sql`f.id, ${records ? sql`(select pg_column_size(k.config) + pg_column_size(k.summary) from run_records k where k.run_id = f.id)` : sql`0`} as bytes`,
        tables: sql``,
      },
      { length: first, after },
    ),
  );
  const [page] = [...pages.values()];
  if (page === undefined) return { runs: [], more: false };
  let bytes = 0;
  const kept = page.rows.filter((row, i) => {
    bytes += row.bytes ?? 0;
    return i === 0 || bytes <= MAX_PAGE_BYTES;
  });
  const rows = await readWireRuns(
    db,
    access,
    kept.map(({ id }) => id),
    { records },
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return {
    // One that was deleted between the two steps is absent.
    runs: kept.flatMap(({ id, position }) => {
      const row = byId.get(id);
      return row ? [{ ...row, position }] : [];
    }),
    more: page.more || kept.length < page.rows.length,
  };
}

/** @throws AppError BAD_INPUT, QUERY_TOO_LARGE */
export async function countWireRuns(
  { sql }: Database,
  access: Access,
  scope: WireScope,
  filter?: MongoFilter,
): Promise<number> {
  const used = filter ? mongoOperands(filter) : [];
  const { asked, found } = findWireRuns(sql, access, scope, { filter, used });
  const rows = await guarded(() =>
    unprepared(sql<{ count: number }[]>`
      select count(*)::int as count from ${asked} cross join lateral (select r.id ${found}) f`),
  );
  return rows[0]?.count ?? 0;
}

/** The statement's time is up: by what was asked for, not by an error of the server's. */
async function guarded<T>(query: () => Promise<T>): Promise<T> {
  try {
    return await query();
  } catch (error) {
    if ((error as { code?: string }).code !== CANCELED) throw error;
    throw new AppError(
      "QUERY_TOO_LARGE",
      "these filters or this order take too long over so many runs: narrow them",
      {
        cause: error,
      },
    );
  }
}
const CANCELED = "57014";

export function toSortKeys({ operand, descending }: WireOrder): SortKey[] {
  const direction = descending ? "desc" : "asc";
  if (operand === "created")
    return [{ operand: { of: "field", name: "id", field: { kind: "integer" } }, direction }];
  const { kind } = operand;
  return [
    {
      operand: { of: "field", name: operand.name, field: { kind: kind === "set" ? "text" : kind } },
      direction,
    },
  ];
}

/** Each is a join or a look into JSON of every run. */
const MAX_NAMES = 32;

function findWireRuns(
  sql: Sql,
  access: Access,
  { projectId, sweepId, agentId }: WireScope,
  { filter, used }: { filter: MongoFilter | undefined; used: readonly MongoOperand[] },
): { asked: Fragment; found: Fragment; source: (operand: MongoOperand) => Fragment; column: Fragment } {
  const inJson = distinct(used.filter(({ of }) => of !== "field"));
  if (inJson.length > MAX_NAMES)
    throw new AppError(
      "BAD_INPUT",
      `filters and order ask about ${inJson.length} names, at most ${MAX_NAMES} are answered`,
    );
  const fields = new Set(used.flatMap(({ of, name }) => (of === "field" ? name : [])));
  const metrics = [...new Set(inJson.flatMap(({ of, name }) => (of === "summary" ? metricsOf(name) : [])))];
  const needsRecord =
    inJson.length > 0 || ["group", "jobType", "program", "host", "commit"].some((f) => fields.has(f));
  const needsAttempt = fields.has("heartbeatAt") || fields.has("host");
  const column = sweepId === undefined ? sql`r.project_id` : sql`r.sweep_id`;
  const joined = all(sql, [
    ...(needsRecord ? [sql`left join run_records k on k.run_id = r.id`] : []),
    // `offset 0` keeps look-ups what they are: see filter-runs.ts.
    ...(needsAttempt
      ? [
          sql`left join lateral (select x.last_contact_at, coalesce(x.host, g.host) as host
            from attempts x left join agents g on g.id = x.agent_id
            where x.run_id = r.id and x.number = r.attempt offset 0) a on true`,
        ]
      : []),
    ...metrics.map(
      (_, i) => sql`left join lateral (select x.* from metric_summaries x
        where x.run_id = r.id and x.attempt = r.attempt and x.metric_id = asked.${sql(`q${i}`)} offset 0
      ) ${sql(`m${i}`)} on true`,
    ),
    ...(inJson.length > 0
      ? [
          sql`cross join lateral (select ${list(
            sql,
            inJson.map((one, i) => sql`${jsonOf(sql, one, metrics)} as ${sql(`j${i}`)}`),
          )} offset 0) j`,
        ]
      : []),
  ]);
  const source = (operand: MongoOperand): Fragment => {
    if (operand.of === "field") return fieldOf(sql, operand.name);
    const i = inJson.findIndex(({ of, name }) => of === operand.of && name === operand.name);
    return sql`j.${sql(`j${i}`)}`;
  };
  const mine =
    agentId === undefined
      ? sql`true`
      : sql`exists (select from attempts x where x.run_id = r.id and x.agent_id = ${agentId}::int)`;
  return {
    source,
    column,
    asked: toAsked(sql, access, { projectId, ...(sweepId !== undefined && { sweepId }) }, metrics),
    found: sql`from runs r ${joined}
      where ${column} between asked.scope and asked.scope and r.deleted_at is null and ${mine}
        and ${access.kind === "run" ? sql`r.id = ${access.runId}` : sql`true`}
        and ${filter ? toMongoCondition(sql, filter, { value: source }) : sql`true`}`,
  };
}

/** The scope, if it may be seen (a run's key sees its run in whatever list it stands), with the project's numbers of the metrics. */
function toAsked(
  sql: Sql,
  access: Access,
  { projectId, sweepId }: WireScope,
  metrics: readonly string[],
): Fragment {
  const scopes =
    sweepId === undefined
      ? sql`(select p.id as scope, p.id as project_id from projects p where p.id = ${projectId}::int) s`
      : sql`(select s.id as scope, s.project_id from sweeps s where s.id = ${sweepId}::text and s.project_id = ${projectId}::int) s`;
  const joins = metrics.map((name, i) => {
    const q = sql(`q${i}`);
    return sql`left join metrics ${q} on ${q}.project_id = s.project_id and ${q}.name = ${name}::text`;
  });
  return sql`(select s.* ${all(
    sql,
    metrics.map((_, i) => sql`, ${sql(`q${i}`)}.id as ${sql(`q${i}`)}`),
  )} from ${scopes} ${all(sql, joins)}
    where ${access.kind === "run" ? sql`true` : visible(sql, access, sql`s.project_id`)}) asked`;
}

function fieldOf(sql: Sql, name: string): Fragment {
  switch (name) {
    case "name":
      return sql`r.name`;
    case "state":
      return sql`r.state`;
    case "displayName":
      return sql`r.display_name`;
    case "sweep":
      return sql`r.sweep_id`;
    case "group":
      return sql`k.group_name`;
    case "jobType":
      return sql`k.job_type`;
    case "program":
      return sql`k.program`;
    case "commit":
      return sql`k.commit`;
    case "host":
      return sql`coalesce(k.host, a.host)`;
    case "notes":
      return sql`(select n.text from run_notes n where n.run_id = r.id)`;
    case "username":
      return sql`(select ue.name from users u join entities ue on ue.id = u.entity_id
        where u.id = coalesce(r.created_by, (select s.created_by from sweeps s where s.id = r.sweep_id)))`;
    case "tags":
      return sql`array(select t.tag from run_tags t where t.run_id = r.id order by t.tag collate "C")`;
    case "createdAt":
      return sql`r.created_at`;
    case "heartbeatAt":
      return sql`coalesce(a.last_contact_at, r.created_at)`;
    case "duration":
      return sql`extract(epoch from coalesce(r.finished_at, now()) - r.started_at)::float8`;
    case "exitcode":
      return sql`r.exit_code::float8`;
    default:
      throw new RangeError(`runs have no field ${name} in SQL`);
  }
}

function jsonOf(sql: Sql, { of, name }: MongoOperand, metrics: readonly string[]): Fragment {
  return of === "config" ? configOf(sql, name) : summaryOf(sql, name, metrics);
}

/**
 * `{name: {value}}` as its client says it, or the parameters of a run of whose configuration none has spoken. `opt.lr` is first a name,
 * then lr within opt; `value`, which W&B's clients write behind a name or not, is no part of it.
 */
function configOf(sql: Sql, name: string): Fragment {
  const whole = name.endsWith(".value") ? name.slice(0, -".value".length) : name;
  const [first = "", ...rest] = name.split(".");
  const inside = rest[0] === "value" ? rest.slice(1) : rest;
  const shorter = inside.at(-1) === "value" ? [inside.slice(0, -1)] : [];
  const within = (x: Fragment, path: readonly string[]) => sql`${x} #> ${[...path]}::text[]`;
  const places = (x: (name: string) => Fragment) =>
    list(sql, [x(whole), ...[inside, ...shorter].map((path) => within(sql`(${x(first)})`, path))]);
  return sql`case when coalesce(k.config, '{}') <> '{}'
    then coalesce(${places((one) => sql`k.config -> ${one}::text -> 'value'`)})
    else coalesce(${places((one) => sql`r.params -> ${one}::text`)}) end`;
}

/** Words of `define_metric(summary=...)`, in the order in which one of them stands for the metric. */
const STATS = ["best", "min", "max", "last", "mean", "first"] as const;

/** The metric that the name means, and the one whose minimum or the like it may be. */
function metricsOf(name: string): string[] {
  const stat = statOf(name);
  return stat === undefined ? [name] : [name, stat.metric];
}

function statOf(name: string) {
  const dot = name.lastIndexOf(".");
  const word = STATS.find((one) => one === name.slice(dot + 1));
  return dot > 0 && word !== undefined && word !== "best"
    ? { metric: name.slice(0, dot), stat: word }
    : undefined;
}

/** What the client said last, else what was logged. An object of minima and the like stands for one of its numbers. */
function summaryOf(sql: Sql, name: string, metrics: readonly string[]): Fragment {
  const m = sql`${sql(`m${metrics.indexOf(name)}`)}`;
  const stat = statOf(name);
  const summarized =
    stat === undefined
      ? sql`null::jsonb`
      : sql`to_jsonb(${metricStat(sql, sql`${sql(`m${metrics.indexOf(stat.metric)}`)}`, stat.stat)})`;
  const said = sql`coalesce(k.summary -> ${name}::text, k.summary #> ${name.split(".")}::text[])`;
  const plain = list(
    sql,
    STATS.map((one) => sql`s.x -> ${one}::text`),
  );
  return sql`coalesce((select case when jsonb_typeof(s.x) = 'object' then coalesce(${plain}, s.x) else s.x end from (select ${said} as x) s),
    to_jsonb(${m}.last), ${otherOf(sql, m)}, ${summarized})`;
}

/** jsonb holds neither NUL nor halves of surrogate pairs: a value with one is not compared. */
const otherOf = (sql: Sql, m: Fragment): Fragment =>
  sql`case when ${m}.last_other !~ '\\\\u(0000|[dD][89a-fA-F])' then ${m}.last_other::jsonb end`;

const distinct = (operands: readonly MongoOperand[]): MongoOperand[] => [
  ...new Map(operands.map((one) => [`${one.of}/${one.name}`, one])).values(),
];

const all = (sql: Sql, parts: readonly Fragment[]): Fragment =>
  parts.reduce((before, one) => sql`${before} ${one}`, sql``);

const list = (sql: Sql, parts: readonly Fragment[]): Fragment => {
  const [first = sql``, ...rest] = parts;
  return rest.reduce((before, one) => sql`${before}, ${one}`, first);
};
