import type { Method } from "@/core/sweep-config";
import type { Sql, Tx } from "../client";

/* Which points a sweep has handed out, for a replay. */

export interface HandOut {
  method: Method;
  generation: number;
  /** Where the next claim goes on. */
  cursor: string;
}

export async function readHandOut(sql: Sql | Tx, sweepId: string): Promise<HandOut | undefined> {
  const rows = await sql<HandOut[]>`select method, generation, cursor from sweeps where id = ${sweepId}`;
  return rows[0];
}

export interface HandedOutRow {
  id: number;
  run: string;
  generation: number | null;
  /** Null for a run that somebody asked for. */
  index: string | null;
  /** Hex; null for parameters outside of the sweep's space. */
  hash: string | null;
  repeat: number;
  params: string;
}

/** The runs with ids above `after`, deleted ones included, in the order of their ids. */
export async function readHandedOut(
  sql: Sql | Tx,
  { sweepId, after, limit }: { sweepId: string; after: number; limit: number },
): Promise<HandedOutRow[]> {
  return sql<HandedOutRow[]>`
    select id, name as run, generation, point_index as index, encode(point_hash, 'hex') as hash, repeat,
      params::text as params
    from runs where sweep_id = ${sweepId} and id > ${after} order by id limit ${limit}`;
}

/** Points of runs of before, which no run of the sweep gets. */
export async function readPriorPoints(
  sql: Sql | Tx,
  sweepId: string,
): Promise<{ hash: string; repeat: number }[]> {
  return sql<{ hash: string; repeat: number }[]>`
    select encode(point_hash, 'hex') as hash, repeat from prior_runs where sweep_id = ${sweepId}`;
}
