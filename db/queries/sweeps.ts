import type { Fragment } from "postgres";
import type { Access } from "@/core/access";
import type { SortKey } from "@/core/filter/order";
import type { Filter } from "@/core/filter/tree";
import type { Goal, SweepState } from "@/core/sweep";
import type { SweepField } from "@/core/sweep-filter";
import type { Database, Sql, Tx } from "../client";
import { type Source, toCondition } from "./filter-sql";
import { toKeyset } from "./keyset";
import { type ListPage, readListPages, type Slice } from "./list-page";
import { readTogether } from "./read-together";
import { visible } from "./visible";

export interface SweepRow {
  id: string;
  projectId: number;
  entity: string;
  project: string;
  name: string;
  state: SweepState;
  stateReason: string | null;
  generation: number;
  method: string;
  metricName: string | null;
  metricGoal: Goal;
  metricTarget: number | null;
  /** All metrics where there are several; null for one or none. */
  metrics: { name: string; goal: Goal }[] | null;
  /** Of several metrics, by their place among them; the value as text. Null where `metricTarget` is all. */
  targets: { place: number; value: string }[] | null;
  /** Has constraints on metrics: see `runs.feasible`. */
  constrained: boolean;
  runCap: number | null;
  seed: string;
  /** Decimal; null without an end. */
  size: string | null;
  /** Index of the next point, decimal. */
  cursor: string;
  exhausted: boolean;
  runCount: number;
  /** Runs of before that it was told of. */
  priors: number;
  /** These two are null when too many rows have too long ones: see `readTogether`. */
  source: string | null;
  /** JSON text of the typed sweep: `deserializeConfig`. */
  config: string | null;
  createdBy: number | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

const filesSize = (sql: Sql | Tx) => sql`octet_length(g.source) + octet_length(g.config::text)`;

const columns = (sql: Sql | Tx) => sql`
  s.id, s.project_id as "projectId", e.name as entity, p.name as project, s.name, s.state,
  s.state_reason as "stateReason", s.generation, s.method, s.metric_name as "metricName",
  s.metric_goal as "metricGoal", s.metric_target as "metricTarget", s.metrics, s.targets, s.constrained, s.run_cap as "runCap", s.seed, s.size, s.cursor,
  s.exhausted, s.run_count as "runCount", s.priors, ${readTogether(sql, sql`g.source`, filesSize(sql))} as source,
  ${readTogether(sql, sql`g.config::text`, filesSize(sql))} as config, s.created_by as "createdBy",
  s.created_at as "createdAt", s.started_at as "startedAt", s.finished_at as "finishedAt"`;

const tables = (sql: Sql | Tx) => sql`
  sweeps s join projects p on p.id = s.project_id join entities e on e.id = p.entity_id
  join sweep_generations g on g.sweep_id = s.id and g.generation = s.generation`;

export async function getSweep(db: Database, access: Access, id: string): Promise<SweepRow | undefined> {
  return (await getSweeps(db, access, [id]))[0];
}

/** In any order; unknown and invisible ones are absent. */
export async function getSweeps(db: Database, access: Access, ids: readonly string[]): Promise<SweepRow[]> {
  const { sql } = db;
  return sql<SweepRow[]>`
    select ${columns(sql)} from ${tables(sql)}
    where s.id = any(${[...ids]}::text[]) and ${visible(sql, access, sql`s.project_id`)}`;
}

export interface SweepsQuery extends Slice {
  readonly filter?: Filter | undefined;
  readonly order?: readonly SortKey[] | undefined;
}

/** A page of the sweeps of each project. */
export async function listSweeps(
  db: Database,
  access: Access,
  projectIds: readonly number[],
  { filter, order = [], ...slice }: SweepsQuery,
): Promise<Map<number, ListPage<SweepRow>>> {
  const { sql } = db;
  const source: Source = { value: ({ name }) => sql`${FIELDS(sql)[name as SweepField]}` };
  return readListPages<SweepRow, number>(
    sql,
    {
      asked: sql`(select p.id as scope from projects p
        where p.id = any(${[...projectIds]}::int[]) and ${visible(sql, access, sql`p.id`)}) asked`,
      found: sql`from sweeps s
        where s.project_id = asked.scope and ${filter ? toCondition(sql, filter, source) : sql`true`}`,
      filtered: filter !== undefined,
      keyset: toKeyset(sql, order, source, { value: sql`s.id`, type: "text" }),
      columns: columns(sql),
      tables: sql`left join (${tables(sql)}) on s.id = f.id`,
    },
    slice,
  );
}

const FIELDS = (sql: Sql): Record<SweepField, Fragment> => ({
  id: sql`s.id`,
  name: sql`s.name`,
  state: sql`s.state`,
  stateReason: sql`s.state_reason`,
  method: sql`s.method`,
  metric: sql`s.metric_name`,
  createdAt: sql`s.created_at`,
  startedAt: sql`s.started_at`,
  finishedAt: sql`s.finished_at`,
  runCount: sql`s.run_count`,
});

/** The file that a sweep's configuration was read from. */
export async function readSource(
  tx: Tx,
  { sweepId, generation }: { sweepId: string; generation: number },
): Promise<string | undefined> {
  const rows = await tx<{ source: string }[]>`
    select source from sweep_generations where sweep_id = ${sweepId} and generation = ${generation}`;
  return rows[0]?.source;
}
