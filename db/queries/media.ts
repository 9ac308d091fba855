import type { Access } from "@/core/access";
import { AppError } from "@/core/errors";
import { type MediaKind, mediaKindOfJson } from "@/core/media";
import type { Database } from "../client";
import { scanRows } from "./read-rows";
import { readTogether } from "./read-together";
import { visible } from "./visible";

/* Pictures, tables and the like lie in the history as values that are no numbers (core/media.ts), so they are read from its blocks. */

export interface MediaKeyRow {
  runId: number;
  /** As it was logged. */
  key: string;
  kind: MediaKind;
}

/** A run has some hundred; each row brings its last value along. */
const MAX_KEYS = 100_000;

/**
 * What the runs' current attempts logged last under each name, where that is a picture or the like; by run and name.
 * @throws AppError QUERY_TOO_LARGE
 */
export async function listMediaKeys(
  { sql }: Database,
  access: Access,
  runIds: readonly number[],
): Promise<MediaKeyRow[]> {
  const rows = await sql<{ runId: number; key: string; last: string | null }[]>`
    select s.run_id as "runId", s.name as key,
      ${readTogether(sql, sql`s.last_other`, sql`octet_length(s.last_other)`)} as last
    from (
      select s.run_id, m.name, s.last_other
      from runs r join metric_summaries s on s.run_id = r.id and s.attempt = r.attempt join metrics m on m.id = s.metric_id
      where r.id = any(${[...runIds]}::bigint[]) and r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
        and s.last_other like '%"_type"%'
      order by s.run_id, m.name collate "C" limit ${MAX_KEYS + 1}
    ) s`;
  if (rows.length > MAX_KEYS || rows.some(({ last }) => last === null))
    throw new AppError(
      "QUERY_TOO_LARGE",
      `these runs logged more than ${MAX_KEYS} names of pictures and the like, or too long values: ask for a shorter page`,
      { details: { max: MAX_KEYS } },
    );
  return rows.flatMap(({ runId, key, last }) => {
    const kind = mediaKindOfJson(last);
    return kind === undefined ? [] : [{ runId, key, kind }];
  });
}

export interface MediaQuery {
  readonly runId: number;
  readonly key: string;
  /** Both ends included. */
  readonly minStep?: number | undefined;
  readonly maxStep?: number | undefined;
  /** Which of those in the range: the first or the last ones, or so many evenly spread over them, the last one among them. */
  readonly pick: "first" | "last" | "spread";
  readonly count: number;
}

export interface MediaRow {
  step: number;
  /** Milliseconds since 1970. */
  time: number;
  /** As it was logged. */
  json: string;
}

export interface MediaRows {
  rows: MediaRow[];
  /** How many there are in the range. */
  total: number;
}

/** What was logged under one name, in the order of steps. Numbers that were logged under it too are left out. */
export async function readMediaRows(db: Database, access: Access, query: MediaQuery): Promise<MediaRows> {
  const { runId, key, minStep, maxStep, pick, count } = query;
  const picked = new Picked<MediaRow>(pick, count);
  const range = { ...(minStep !== undefined && { minStep }), ...(maxStep !== undefined && { maxStep }) };
  await scanRows(db, access, { runId, names: [key], ...range }, ({ step, time, cells }) => {
    const cell = cells().get(key);
    if (typeof cell === "object") picked.offer({ step, time, json: cell.json });
  });
  return { rows: picked.rows(), total: picked.total };
}

/** The steps alone: what was logged at 10,000 of them may be long. */
export async function readMediaSteps(
  db: Database,
  access: Access,
  { runId, key, count }: Pick<MediaQuery, "runId" | "key" | "count">,
): Promise<{ steps: number[]; total: number }> {
  const picked = new Picked<number>("spread", count);
  await scanRows(db, access, { runId, names: [key] }, ({ step, cells }) => {
    if (typeof cells().get(key) === "object") picked.offer(step);
  });
  return { steps: picked.rows(), total: picked.total };
}

export interface SourceKey {
  readonly runId: number;
  readonly clientId: string;
  readonly entry: string;
}

export interface SourceRow extends SourceKey {
  fileId: number;
  place: string;
  bytes: number;
  digest: string;
}

/** Entries of versions that lie in the runs' own projects, by run, version and path; those of other projects are absent, whoever asks. */
export async function findSources(
  { sql }: Database,
  access: Access,
  asked: readonly SourceKey[],
): Promise<SourceRow[]> {
  return sql<SourceRow[]>`
    select distinct on (q.run_id, q.client_id, q.entry) q.run_id as "runId", q.client_id as "clientId", q.entry,
      f.id as "fileId", f.place, f.bytes, f.digest
    from unnest(${asked.map(({ runId }) => runId)}::bigint[], ${asked.map(({ clientId }) => clientId)}::text[],
      ${asked.map(({ entry }) => entry)}::text[]) as q (run_id, client_id, entry)
    join runs r on r.id = q.run_id join artifacts a on a.client_id = q.client_id
    join artifact_collections c on c.id = a.collection_id and c.project_id = r.project_id
    join artifact_entries e on e.artifact_id = a.id and e.path = q.entry join artifact_files f on f.id = e.file_id
    where r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
    order by q.run_id, q.client_id, q.entry, a.id desc`;
}

/** More of them are kept meanwhile, so that those that are picked lie even to a sixteenth of their distance. */
const SPARE = 8;

/** So many of what comes by once, whose number nobody knows before. */
class Picked<T> {
  total = 0;
  private kept: T[] = [];
  private last: T | undefined;
  /** Of a spread: each so manieth is kept. */
  private stride = 1;

  constructor(
    private readonly pick: MediaQuery["pick"],
    private readonly count: number,
  ) {}

  offer(one: T): void {
    const { pick, count, kept } = this;
    const number = this.total++;
    if (pick === "first") {
      if (kept.length < count) kept.push(one);
      return;
    }
    if (pick === "last") {
      kept.push(one);
      if (kept.length > 2 * count) this.kept = kept.slice(-count);
      return;
    }
    this.last = one;
    if (number % this.stride !== 0) return;
    kept.push(one);
    if (kept.length <= SPARE * count) return;
    this.kept = kept.filter((_, i) => i % 2 === 0);
    this.stride *= 2;
  }

  rows(): T[] {
    const { pick, count, kept, last } = this;
    if (pick === "first") return kept;
    if (count === 0) return [];
    if (pick === "last") return kept.slice(-count);
    if (last === undefined) return [];
    const all = kept.at(-1) === last ? kept : [...kept, last];
    if (all.length <= count) return all;
    if (count === 1) return [last];
    return Array.from(
      { length: count },
      (_, i) => all[Math.round((i * (all.length - 1)) / (count - 1))] as T,
    );
  }
}
