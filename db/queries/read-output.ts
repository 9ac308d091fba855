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
  runIds: readonly number[];
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
 * A page of what each run printed; runs that are unknown to `access`, or printed nothing there, are absent. It ends at
 * MAX_PAGE_BYTES even when more pieces were asked for. Sums are made from the lengths that stand in the rows: of text
 * beyond the page, one piece at the most is read.
 */
export async function readOutput(
  { sql }: Database,
  access: Access,
  { runIds, attempt, first, last, after, before }: OutputQuery,
): Promise<Map<number, OutputPage>> {
  const backwards = first === undefined && last !== undefined;
  const limit = (backwards ? last : first) ?? 100;
  const order = backwards ? sql`o.batch desc, o.piece desc` : sql`o.batch, o.piece`;
  const rows = await sql<(OutputPage["pieces"][number] & { runId: number; upTo: number })[]>`
    select r.id as "runId", o.attempt, o.batch, o.piece, o.stream, extract(epoch from o.at)::float8 * 1000 as time,
      o.text, o."upTo"::float8
    from runs r cross join lateral (
      select o.*, octet_length(o.text) as bytes,
        sum(octet_length(o.text)) over (order by ${order} rows unbounded preceding) as "upTo"
      from output_chunks o
      where o.run_id = r.id and o.attempt = ${attempt === undefined ? sql`r.attempt` : sql`${attempt}::int`}
        and ${after ? sql`(o.batch, o.piece) > (${after.batch}::int, ${after.piece}::int)` : sql`true`}
        and ${before ? sql`(o.batch, o.piece) < (${before.batch}::int, ${before.piece}::int)` : sql`true`}
      order by ${order} limit ${limit + 1}) o
    where r.id = any(${[...runIds]}::bigint[]) and r.deleted_at is null
      and ${visible(sql, access, sql`r.project_id`, sql`r.id`)} and o."upTo" - o.bytes <= ${MAX_PAGE_BYTES}::int
    order by r.id, ${order}`;
  const found = new Map<number, (typeof rows)[number][]>();
  for (const row of rows) {
    const same = found.get(row.runId);
    if (same) same.push(row);
    else found.set(row.runId, [row]);
  }
  return new Map(
    Array.from(found, ([runId, read]) => {
      const pieces = read
        .filter(({ upTo }, i) => i < limit && upTo <= MAX_PAGE_BYTES)
        .map(({ upTo: _, runId: __, ...row }) => ({ ...row, time: Math.round(row.time) }));
      return [runId, { pieces: backwards ? pieces.reverse() : pieces, more: read.length > pieces.length }];
    }),
  );
}
