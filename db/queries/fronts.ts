import type { Access } from "@/core/access";
import type { Goal } from "@/core/sweep";
import type { Database, Tx } from "../client";
import { visible } from "./visible";

/* The fronts of sweeps with several metrics: what is kept of them, and the finished runs that they grow by. */

export interface StoredMember {
  id: number;
  objectives: readonly number[];
  ordinal: number;
}

export interface StoredFront {
  /** Finished runs (allowed ones, under constraints on metrics) that it is made of, and the sum of their ids, decimal. */
  runs: number;
  idSum: string;
  lastAt: Date | null;
  lastId: number | null;
  barren: number;
  members: readonly StoredMember[];
  reference: readonly number[] | null;
  hypervolume: number | null;
}

export interface LockedFront extends StoredFront {
  metrics: { name: string; goal: Goal }[];
  /** Only runs that are `feasible` come into it. */
  constrained: boolean;
  projectId: number;
}

/**
 * Locks it, empty at first; nothing when the sweep has fewer than two metrics. The sweep is locked before it, as a purge does,
 * so that neither waits for the other in turn, and a front of a sweep that is being purged is not made any more.
 */
export async function lockFront(tx: Tx, sweepId: string): Promise<LockedFront | undefined> {
  await tx`
    insert into fronts (sweep_id) select id from sweeps where id = ${sweepId} and metrics is not null for key share
    on conflict do nothing`;
  const rows = await tx<LockedFront[]>`
    select f.runs, f.id_sum::text as "idSum", f.last_at as "lastAt", f.last_id as "lastId", f.barren, f.members,
      f.reference, f.hypervolume, s.metrics, s.constrained, s.project_id as "projectId"
    from fronts f join sweeps s on s.id = f.sweep_id and s.metrics is not null
    where f.sweep_id = ${sweepId} for update of f`;
  return rows[0];
}

export interface FinishedRow {
  id: number;
  finishedAt: Date;
  objectives: (number | null)[];
}

/**
 * Finished runs, under constraints on metrics those that are allowed, in the order of their ends, behind `after` or all, each
 * with the best value of each metric by its goal; and in the same snapshot how many there are in all, with the sum of their ids.
 */
export async function readFinished(
  tx: Tx,
  {
    sweepId,
    projectId,
    metrics,
    constrained,
    after,
  }: {
    sweepId: string;
    projectId: number;
    metrics: readonly { name: string; goal: Goal }[];
    constrained: boolean;
    after: { at: Date; id: number } | null;
  },
): Promise<{ runs: number; idSum: string; finished: FinishedRow[] }> {
  const mine = tx`r.sweep_id = ${sweepId} and r.state = 'finished' and r.deleted_at is null
    ${constrained ? tx`and r.feasible` : tx``}`;
  const rows = await tx<({ runs: number; idSum: string } & (FinishedRow | { id: null }))[]>`
    with asked as materialized (
      select t.place, t.goal, m.id from unnest(${metrics.map(({ name }) => name)}::text[],
        ${metrics.map(({ goal }) => goal)}::text[]) with ordinality as t (name, goal, place)
      left join metrics m on m.project_id = ${projectId} and m.name = t.name
    ), new as (
      select r.id, r.finished_at, (
        select json_agg(case a.goal when 'maximize' then u.max else u.min end order by a.place)
        from asked a left join metric_summaries u on u.run_id = r.id and u.attempt = r.attempt and u.metric_id = a.id
      ) as objectives
      from runs r
      where ${mine} and ${after === null ? tx`true` : tx`(r.finished_at, r.id) > (${after.at}::timestamptz, ${after.id}::bigint)`}
    )
    select total.runs, total.id_sum as "idSum", new.id, new.finished_at as "finishedAt", new.objectives
    from (select count(*)::int as runs, coalesce(sum(r.id), 0)::text as id_sum from runs r where ${mine}) total
    left join new on true order by new.finished_at, new.id`;
  const { runs = 0, idSum = "0" } = rows[0] ?? {};
  return { runs, idSum, finished: rows.filter((row) => row.id !== null) };
}

export async function storeFront(tx: Tx, sweepId: string, front: StoredFront): Promise<void> {
  await tx`
    update fronts set runs = ${front.runs}, id_sum = ${front.idSum}::numeric, last_at = ${front.lastAt},
      last_id = ${front.lastId}, barren = ${front.barren}, members = ${JSON.stringify(front.members)}::text::jsonb,
      reference = ${front.reference && JSON.stringify(front.reference)}::text::jsonb, hypervolume = ${front.hypervolume}
    where sweep_id = ${sweepId}`;
}

export interface FrontRow {
  sweepId: string;
  /** Finished runs that it was made of, and how many of them came after the last that came into it. */
  runs: number;
  barren: number;
  /** Members in all; the best ones in the first metric, at most MOST_MEMBERS. */
  size: number;
  members: StoredMember[];
  reference: number[];
  hypervolume: number | null;
}

export const MOST_MEMBERS = 1_000;

/** Sweeps with one metric, or without a finished run that has all of them, are absent. */
export async function frontsOfSweeps(
  { sql }: Database,
  access: Access,
  sweepIds: readonly string[],
): Promise<FrontRow[]> {
  return sql<FrontRow[]>`
    select f.sweep_id as "sweepId", f.runs, f.barren, jsonb_array_length(f.members) as size, (
        select jsonb_agg(best.m) from (
          select m from jsonb_array_elements(f.members) as m
          order by case s.metric_goal when 'maximize' then -1 else 1 end * (m->'objectives'->>0)::float8
          limit ${MOST_MEMBERS}) best
      ) as members, f.reference, f.hypervolume
    from fronts f join sweeps s on s.id = f.sweep_id
    where f.sweep_id = any(${[...sweepIds]}::text[]) and f.reference is not null
      and ${visible(sql, access, sql`s.project_id`)}`;
}
