import type { Access } from "@/core/access";
import type { Database } from "../client";
import type { OutputPiece } from "./append-output";
import { visible } from "./visible";

/** Where a piece stands in its attempt. */
export interface OutputPosition {
  batch: number;
  piece: number;
}

export interface OutputPage {
  /** In the order of writing. */
  pieces: (OutputPiece & OutputPosition & { attempt: number })[];
  /** There is more beyond the last piece (for `last`: before the first one). */
  more: boolean;
}

export interface OutputQuery {
  runId: number;
  /** The current attempt unless it is named. */
  attempt?: number;
  /** Pieces wanted: from the front (after `after`) or from the end (before `before`). */
  first?: number;
  last?: number;
  after?: OutputPosition;
  before?: OutputPosition;
}

/** A page of what a run printed; a piece has at most 64 KiB. Undefined when the run is unknown to `access`. */
export async function readOutput(
  { sql }: Database,
  access: Access,
  { runId, attempt, first, last, after, before }: OutputQuery,
): Promise<OutputPage> {
  const backwards = first === undefined && last !== undefined;
  const limit = (backwards ? last : first) ?? 100;
  const order = backwards ? sql`o.batch desc, o.piece desc` : sql`o.batch, o.piece`;
  const rows = await sql<OutputPage["pieces"]>`
    select o.attempt, o.batch, o.piece, o.stream, extract(epoch from o.at)::float8 * 1000 as time, o.text
    from runs r join output_chunks o on o.run_id = r.id and o.attempt = ${attempt === undefined ? sql`r.attempt` : sql`${attempt}::int`}
    where r.id = ${runId} and r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
      and ${after ? sql`(o.batch, o.piece) > (${after.batch}::int, ${after.piece}::int)` : sql`true`}
      and ${before ? sql`(o.batch, o.piece) < (${before.batch}::int, ${before.piece}::int)` : sql`true`}
    order by ${order} limit ${limit + 1}`;
  const pieces = rows.slice(0, limit).map((row) => ({ ...row, time: Math.round(row.time) }));
  return { pieces: backwards ? pieces.reverse() : pieces, more: rows.length > limit };
}
