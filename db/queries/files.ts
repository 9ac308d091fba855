import type { Access } from "@/core/access";
import type { Database, Sql, Tx } from "../client";
import { visible } from "./visible";

/* Files of runs, and places of the store that nothing refers to (db/schema/file.ts). */

export interface RunFileRow {
  id: number;
  runId: number;
  name: string;
  place: string;
  bytes: number;
  md5: string | null;
  mimeType: string | null;
  updatedAt: Date;
}

const columns = (sql: Sql | Tx) => sql`
  f.id, f.run_id as "runId", f.name, f.place, f.bytes, f.md5, f.mime_type as "mimeType", f.updated_at as "updatedAt"`;

/** A page of a run's files by name; `pattern` is LIKE's. */
export async function listRunFiles(
  { sql }: Database,
  access: Access,
  {
    runId,
    names,
    pattern,
    after,
    limit,
  }: {
    runId: number;
    names?: readonly string[] | undefined;
    pattern?: string | undefined;
    after?: string | undefined;
    limit: number;
  },
): Promise<RunFileRow[]> {
  return sql<RunFileRow[]>`
    select ${columns(sql)} from run_files f join runs r on r.id = f.run_id
    where f.run_id = ${runId} and r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
      ${names ? sql`and f.name = any(${[...names]}::text[])` : sql``} ${pattern ? sql`and f.name like ${pattern}` : sql``}
      ${after === undefined ? sql`` : sql`and f.name collate "C" > ${after}`}
    order by f.name collate "C" limit ${limit}`;
}

export interface FilesQuery {
  /** Only names that begin so. */
  readonly prefix: string;
  /** Only those right there: no further slash behind the prefix. */
  readonly shallow: boolean;
  readonly after: string | undefined;
  readonly limit: number;
}

/** A page of each run's files by name, and how many there are in all pages. Runs without one are absent. */
export async function listFilesOfRuns(
  { sql }: Database,
  access: Access,
  runIds: readonly number[],
  { prefix, shallow, after, limit }: FilesQuery,
): Promise<Map<number, { rows: RunFileRow[]; total: number }>> {
  const there = sql`f.run_id = r.id and starts_with(f.name, ${prefix}) ${
    shallow ? sql`and strpos(substr(f.name, length(${prefix}::text) + 1), '/') = 0` : sql``
  }`;
  const rows = await sql<(RunFileRow & { total: number })[]>`
    select f.*, t.total from runs r
    cross join lateral (select count(*)::int as total from run_files f where ${there}) t
    cross join lateral (
      select ${columns(sql)} from run_files f
      where ${there} ${after === undefined ? sql`` : sql`and f.name collate "C" > ${after}`}
      order by f.name collate "C" limit ${limit}) f
    where r.id = any(${[...runIds]}::bigint[]) and r.deleted_at is null
      and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}`;
  const found = new Map<number, { rows: RunFileRow[]; total: number }>();
  for (const { total, ...row } of rows) {
    const page = found.get(row.runId);
    if (page) page.rows.push(row);
    else found.set(row.runId, { rows: [row], total });
  }
  return found;
}

export interface RunFolderRow {
  runId: number;
  /** Its last part, without a slash. */
  name: string;
  /** Files in it and in all folders below. */
  files: number;
  bytes: number;
}

/** A run has some; one that names its files by time may have any number. */
const MAX_FOLDERS = 1_000;

/** The folders right below a prefix, which ends with a slash or is empty; by run and name. */
export async function foldersOfRuns(
  { sql }: Database,
  access: Access,
  runIds: readonly number[],
  prefix: string,
): Promise<RunFolderRow[]> {
  return sql<RunFolderRow[]>`
    select g.* from runs r cross join lateral (
      select r.id as "runId", b.name, count(*)::int as files, sum(b.bytes)::float8 as bytes
      from (
        select substr(f.name, length(${prefix}::text) + 1) as rest, f.bytes from run_files f
        where f.run_id = r.id and starts_with(f.name, ${prefix})
      ) f cross join lateral (select split_part(f.rest, '/', 1) collate "C" as name, f.bytes) b
      where strpos(f.rest, '/') > 0 group by b.name order by b.name limit ${MAX_FOLDERS}) g
    where r.id = any(${[...runIds]}::bigint[]) and r.deleted_at is null
      and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}`;
}

/** By run and name; what is not there (yet) is absent. */
export async function getRunFiles(
  { sql }: Database,
  access: Access,
  asked: readonly { runId: number; name: string }[],
): Promise<RunFileRow[]> {
  return sql<RunFileRow[]>`
    select ${columns(sql)}
    from unnest(${asked.map(({ runId }) => runId)}::bigint[], ${asked.map(({ name }) => name)}::text[]) as a (run_id, name)
    join run_files f on f.run_id = a.run_id and f.name = a.name join runs r on r.id = f.run_id
    where r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}`;
}

export async function countRunFiles({ sql }: Database, access: Access, runId: number): Promise<number> {
  const rows = await sql<{ count: number }[]>`
    select count(*)::int as count from run_files f join runs r on r.id = f.run_id
    where f.run_id = ${runId} and r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}`;
  return rows[0]?.count ?? 0;
}

/** By name, for whoever may see the run; a link's bearer asks as the system. */
export async function getRunFile(
  { sql }: Database,
  access: Access,
  { runId, name }: { runId: number; name: string },
): Promise<RunFileRow | undefined> {
  const rows = await sql<RunFileRow[]>`
    select ${columns(sql)} from run_files f join runs r on r.id = f.run_id
    where f.run_id = ${runId} and f.name = ${name} and r.deleted_at is null
      and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}`;
  return rows[0];
}

/** Whose runs these files are of; unknown ones are absent. */
export async function readRunsOfFiles(
  sql: Sql | Tx,
  ids: readonly number[],
): Promise<{ id: number; runId: number; projectId: number }[]> {
  return sql<{ id: number; runId: number; projectId: number }[]>`
    select f.id, f.run_id as "runId", r.project_id as "projectId" from run_files f join runs r on r.id = f.run_id
    where f.id = any(${[...ids]}::bigint[]) and r.deleted_at is null`;
}

/**
 * The bytes that came are the file's from now on; those it had before are loose. Of two that come at once the second finds the first: no row
 * is there to be locked when the name is new, so the name itself is. @returns false where its run is gone
 */
export async function settleRunFile(
  tx: Tx,
  file: { runId: number; name: string; place: string; bytes: number; md5: string; mimeType: string },
): Promise<boolean> {
  await tx`select pg_advisory_xact_lock(hashtextextended(${file.name}, ${file.runId}::bigint))`;
  await tx`
    insert into loose_bytes (place, due_at)
    select place, clock_timestamp() from run_files where run_id = ${file.runId} and name = ${file.name} on conflict do nothing`;
  const rows = await tx`
    insert into run_files (run_id, name, place, bytes, md5, mime_type)
    select id, ${file.name}, ${file.place}, ${file.bytes}, ${file.md5}, ${file.mimeType}
    from runs where id = ${file.runId} and deleted_at is null
    on conflict (run_id, name) do update set place = excluded.place, bytes = excluded.bytes, md5 = excluded.md5,
      mime_type = excluded.mime_type, updated_at = clock_timestamp()
    returning 1`;
  return rows.length > 0;
}

/** Their rows go, their bytes are loose. @returns how many there were */
export async function deleteRunFiles(tx: Tx, ids: readonly number[]): Promise<number> {
  const rows = await tx`
    with gone as (delete from run_files where id = any(${[...ids]}::bigint[]) returning place),
    loosened as (insert into loose_bytes (place, due_at) select place, clock_timestamp() from gone on conflict do nothing)
    select 1 from gone`;
  return rows.length;
}

/** All of runs that are purged. */
export const deleteFilesOfRuns = (tx: Tx, runIds: readonly number[]) => tx`
  with gone as (delete from run_files where run_id = any(${[...runIds]}::bigint[]) returning place)
  insert into loose_bytes (place, due_at) select place, clock_timestamp() from gone on conflict do nothing`;

/** Bytes are on their way to this place. Should nobody keep them, they are removed. */
export async function announceBytes(tx: Tx, place: string, { forMs }: { forMs: number }): Promise<void> {
  await tx`
    insert into loose_bytes (place, due_at) values (${place}, clock_timestamp() + ${forMs}::float8 * interval '1 ms')`;
}

/** Something refers to them, or they are gone. @returns how many were loose */
export async function settleBytes(sql: Sql | Tx, places: readonly string[]): Promise<number> {
  const rows = await sql`delete from loose_bytes where place = any(${[...places]}::text[]) returning 1`;
  return rows.length;
}

export async function loosenBytes(sql: Sql | Tx, place: string): Promise<void> {
  await sql`insert into loose_bytes as l (place, due_at) values (${place}, clock_timestamp())
    on conflict (place) do update set due_at = clock_timestamp()`;
}

/** Files of runs that can't be restored any more become loose. @returns how many */
export async function loosenDeletedRuns(tx: Tx, limit: number): Promise<number> {
  const rows = await tx`
    with these as (
      select f.id from run_files f join runs r on r.id = f.run_id
      where f.leaves_at < clock_timestamp() and r.deleted_at is not null limit ${limit} for update of f skip locked
    ), gone as (delete from run_files f using these t where f.id = t.id returning f.place),
    loosened as (insert into loose_bytes (place, due_at) select place, clock_timestamp() from gone on conflict do nothing)
    select 1 from gone`;
  return rows.length;
}

/** The oldest that are due, for the caller alone; should it die, they are due again after a while. */
export async function claimLooseBytes(
  sql: Sql | Tx,
  { limit, forMs }: { limit: number; forMs: number },
): Promise<string[]> {
  const rows = await sql<{ place: string }[]>`
    update loose_bytes set due_at = clock_timestamp() + ${forMs}::float8 * interval '1 ms'
    where place in (
      select place from loose_bytes where due_at < clock_timestamp() order by due_at limit ${limit} for update skip locked)
    returning place`;
  return rows.map(({ place }) => place);
}

/** A secret of this database's servers: whoever asks first makes it. */
export async function readSecret(sql: Sql | Tx, name: string, fresh: Uint8Array): Promise<Uint8Array> {
  await sql`insert into server_secrets (name, secret) values (${name}, ${fresh}) on conflict do nothing`;
  const rows = await sql<{ secret: Uint8Array }[]>`select secret from server_secrets where name = ${name}`;
  const secret = rows[0]?.secret;
  if (secret === undefined) throw new Error(`the secret ${name} is gone`);
  return secret;
}
