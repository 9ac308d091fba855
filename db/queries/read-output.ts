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
  after?: OutputPosition | undefined;
  before?: OutputPosition | undefined;
}

/** Text of one page. Above a piece's 64 KiB, so that every page gets further. */
export const MAX_PAGE_BYTES = 1024 * 1024;

/**
 * A page of what a run printed, empty when the run is unknown to `access`. It ends at MAX_PAGE_BYTES even when more
 * pieces were asked for. Sums are made from the lengths that stand in the rows: of text beyond the page, one piece
 * at the most is read.
 */
export async function readOutput(
  { sql }: Database,
  access: Access,
  { runId, attempt, first, last, after, before }: OutputQuery,
): Promise<OutputPage> {
  const backwards = first === undefined && last !== undefined;
  const limit = (backwards ? last : first) ?? 100;
  const order = backwards ? sql`o.batch desc, o.piece desc` : sql`o.batch, o.piece`;
  const rows = await sql<(OutputPage["pieces"][number] & { upTo: number })[]>`
    select attempt, batch, piece, stream, extract(epoch from at)::float8 * 1000 as time, text, "upTo"::float8
    from (
      select o.*, octet_length(o.text) as bytes,
        sum(octet_length(o.text)) over (order by ${order} rows unbounded preceding) as "upTo"
      from runs r join output_chunks o on o.run_id = r.id and o.attempt = ${attempt === undefined ? sql`r.attempt` : sql`${attempt}::int`}
      where r.id = ${runId} and r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
        and ${after ? sql`(o.batch, o.piece) > (${after.batch}::int, ${after.piece}::int)` : sql`true`}
        and ${before ? sql`(o.batch, o.piece) < (${before.batch}::int, ${before.piece}::int)` : sql`true`}
      order by ${order} limit ${limit + 1}) o
    where "upTo" - bytes <= ${MAX_PAGE_BYTES}::int
    order by ${order}`;
  const pieces = rows
    .filter(({ upTo }, i) => i < limit && upTo <= MAX_PAGE_BYTES)
    .map(({ upTo: _, ...row }) => ({ ...row, time: Math.round(row.time) }));
  return { pieces: backwards ? pieces.reverse() : pieces, more: rows.length > pieces.length };
}
