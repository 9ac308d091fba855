import type { Access } from "@/core/access";
import type { Database, Sql, Tx } from "../client";
import { visible } from "./visible";

/* Artifacts: versions of named collections, their manifests and entries (db/schema/file.ts). */

export interface CollectionRow {
  id: number;
  projectId: number;
  name: string;
  type: string;
  description: string | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface ArtifactRow {
  id: number;
  collectionId: number;
  projectId: number;
  entity: string;
  project: string;
  collection: string;
  type: string;
  runId: number | null;
  state: "pending" | "committed";
  version: number | null;
  digest: string;
  description: string | null;
  /** JSON text. */
  metadata: string;
  /** JSON text of a list. */
  wantedAliases: string;
  historyStep: number | null;
  manifestPlace: string | null;
  manifestBytes: number;
  bytes: number;
  entryCount: number;
  aliases: readonly string[];
  createdAt: Date;
  updatedAt: Date;
}

/** A run's own key sees the artifacts of its project: what it logs and uses lies there. */
const mayRead = (sql: Sql | Tx, access: Access) =>
  access.kind === "run" ? sql`c.project_id = ${access.projectId}` : visible(sql, access, sql`c.project_id`);

const collectionColumns = (sql: Sql | Tx) => sql`
  c.id, c.project_id as "projectId", c.name, c.type, c.description, c.created_at as "createdAt", c.updated_at as "updatedAt"`;

const artifactColumns = (sql: Sql | Tx) => sql`
  a.id, a.collection_id as "collectionId", c.project_id as "projectId", e.name as entity, p.name as project, c.name as collection, c.type,
  a.run_id as "runId", a.state, a.version, a.digest, a.description, a.metadata::text as metadata,
  a.wanted_aliases::text as "wantedAliases", a.history_step as "historyStep", a.manifest_place as "manifestPlace",
  a.manifest_bytes as "manifestBytes", a.bytes, a.entry_count as "entryCount",
  array(select s.alias from artifact_aliases s where s.artifact_id = a.id order by s.alias collate "C") as aliases,
  a.created_at as "createdAt", a.updated_at as "updatedAt"`;

const artifactTables = (sql: Sql | Tx) => sql`
  artifacts a join artifact_collections c on c.id = a.collection_id join projects p on p.id = c.project_id and p.deleted_at is null
  join entities e on e.id = p.entity_id`;

export async function getArtifact(
  { sql }: Database,
  access: Access,
  id: number,
): Promise<ArtifactRow | undefined> {
  const rows = await sql<ArtifactRow[]>`
    select ${artifactColumns(sql)} from ${artifactTables(sql)} where a.id = ${id} and ${mayRead(sql, access)}`;
  return rows[0];
}

/** By `v3`, or by an alias. */
export async function findArtifact(
  { sql }: Database,
  access: Access,
  { projectId, collection, alias }: { projectId: number; collection: string; alias: string },
): Promise<ArtifactRow | undefined> {
  const version = /^v(\d{1,9})$/.exec(alias)?.[1];
  const rows = await sql<ArtifactRow[]>`
    select ${artifactColumns(sql)} from ${artifactTables(sql)}
    where c.project_id = ${projectId} and c.name = ${collection} and a.state = 'committed' and ${mayRead(sql, access)}
      and ${
        version === undefined
          ? sql`a.id = (select s.artifact_id from artifact_aliases s where s.collection_id = c.id and s.alias = ${alias})`
          : sql`a.version = ${Number(version)}`
      }`;
  return rows[0];
}

/** The last one that a client named so, committed or not. */
export async function findArtifactByClient(
  { sql }: Database,
  access: Access,
  clientId: string,
): Promise<ArtifactRow | undefined> {
  const rows = await sql<ArtifactRow[]>`
    select ${artifactColumns(sql)} from ${artifactTables(sql)}
    where a.client_id = ${clientId} and ${mayRead(sql, access)} order by a.id desc limit 1`;
  return rows[0];
}

export interface ArtifactPage {
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Versions of a collection, the newest first. */
export async function listVersions(
  { sql }: Database,
  access: Access,
  { collectionId, before, limit }: ArtifactPage & { collectionId: number },
): Promise<ArtifactRow[]> {
  return sql<ArtifactRow[]>`
    select ${artifactColumns(sql)} from ${artifactTables(sql)}
    where a.collection_id = ${collectionId} and a.state = 'committed' and ${mayRead(sql, access)}
      ${before === undefined ? sql`` : sql`and a.version < ${before}`}
    order by a.version desc limit ${limit}`;
}

export async function countVersions({ sql }: Database, collectionId: number): Promise<number> {
  const rows = await sql<{ count: number }[]>`
    select count(*)::int as count from artifacts where collection_id = ${collectionId} and state = 'committed'`;
  return rows[0]?.count ?? 0;
}

/** What a run logged, or read. */
export async function listArtifactsOfRun(
  { sql }: Database,
  access: Access,
  { runId, used, after, limit }: { runId: number; used: boolean; after?: number | undefined; limit: number },
): Promise<ArtifactRow[]> {
  return sql<ArtifactRow[]>`
    select ${artifactColumns(sql)} from ${artifactTables(sql)}
    where a.state = 'committed' and ${mayRead(sql, access)} and a.id > ${after ?? 0}
      and ${used ? sql`a.id in (select u.artifact_id from artifact_uses u where u.run_id = ${runId})` : sql`a.run_id = ${runId}`}
    order by a.id limit ${limit}`;
}

export async function listUsers({ sql }: Database, artifactId: number): Promise<number[]> {
  const rows = await sql<{ runId: number }[]>`
    select run_id as "runId" from artifact_uses where artifact_id = ${artifactId} order by run_id limit 1000`;
  return rows.map(({ runId }) => runId);
}

export async function getCollection(
  { sql }: Database,
  access: Access,
  asked: { id: number } | { projectId: number; name: string; type?: string | undefined },
): Promise<CollectionRow | undefined> {
  const rows = await sql<CollectionRow[]>`
    select ${collectionColumns(sql)} from artifact_collections c
    where ${mayRead(sql, access)} and ${
      "id" in asked
        ? sql`c.id = ${asked.id}`
        : sql`c.project_id = ${asked.projectId} and c.name = ${asked.name} ${asked.type === undefined ? sql`` : sql`and c.type = ${asked.type}`}`
    }`;
  return rows[0];
}

export async function listCollections(
  { sql }: Database,
  access: Access,
  {
    projectId,
    type,
    after,
    limit,
  }: { projectId: number; type?: string | undefined; after?: string | undefined; limit: number },
): Promise<CollectionRow[]> {
  return sql<CollectionRow[]>`
    select ${collectionColumns(sql)} from artifact_collections c
    where c.project_id = ${projectId} and ${mayRead(sql, access)} ${type === undefined ? sql`` : sql`and c.type = ${type}`}
      ${after === undefined ? sql`` : sql`and c.name collate "C" > ${after}`}
    order by c.name collate "C" limit ${limit}`;
}

export async function listTypes(
  { sql }: Database,
  access: Access,
  projectId: number,
): Promise<{ name: string; createdAt: Date }[]> {
  return sql<{ name: string; createdAt: Date }[]>`
    select c.type as name, min(c.created_at) as "createdAt" from artifact_collections c
    where c.project_id = ${projectId} and ${mayRead(sql, access)} group by c.type order by c.type collate "C" limit 1000`;
}

export async function listAliases({ sql }: Database, collectionId: number): Promise<string[]> {
  const rows = await sql<{ alias: string }[]>`
    select alias from artifact_aliases where collection_id = ${collectionId} order by alias collate "C" limit 10000`;
  return rows.map(({ alias }) => alias);
}

export interface EntryRow {
  path: string;
  digest: string;
  bytes: number;
  fileId: number | null;
  ref: string | null;
}

export async function listEntries(
  { sql }: Database,
  {
    artifactId,
    paths,
    digests,
    after,
    limit,
  }: {
    artifactId: number;
    paths?: readonly string[] | undefined;
    digests?: readonly string[] | undefined;
    after?: string | undefined;
    limit: number;
  },
): Promise<EntryRow[]> {
  return sql<EntryRow[]>`
    select path, digest, bytes, file_id as "fileId", ref from artifact_entries
    where artifact_id = ${artifactId} ${paths ? sql`and path = any(${[...paths]}::text[])` : sql``}
      ${digests ? sql`and digest = any(${[...digests]}::text[])` : sql``}
      ${after === undefined ? sql`` : sql`and path collate "C" > ${after}`}
    order by path collate "C" limit ${limit}`;
}

/** For the bearer of a link. */
export async function readArtifactFile(
  sql: Sql | Tx,
  id: number,
): Promise<{ place: string; bytes: number; digest: string } | undefined> {
  const rows = await sql<{ place: string; bytes: number; digest: string }[]>`
    select f.place, f.bytes, f.digest from artifact_files f join projects p on p.id = f.project_id and p.deleted_at is null
    where f.id = ${id}`;
  return rows[0];
}

/** @returns the collection of that name, whatever its type is; locked */
export async function upsertCollection(
  tx: Tx,
  { projectId, name, type }: { projectId: number; name: string; type: string },
): Promise<{ id: number; type: string }> {
  const rows = await tx<{ id: number; type: string }[]>`
    insert into artifact_collections as c (project_id, name, type) values (${projectId}, ${name}, ${type})
    on conflict (project_id, name) do update set updated_at = clock_timestamp() returning c.id, c.type`;
  const row = rows[0];
  if (row === undefined) throw new Error("a collection was neither made nor found");
  return row;
}

/** A committed version of the same content, or what the same client began before. */
export async function findSame(
  tx: Tx,
  {
    collectionId,
    digest,
    clientId,
    deduplicate,
  }: { collectionId: number; digest: string; clientId: string | null; deduplicate: boolean },
): Promise<number | undefined> {
  const rows = await tx<{ id: number }[]>`
    select id from artifacts where collection_id = ${collectionId}
      and ((state = 'committed' and digest = ${digest} and ${deduplicate}) or client_id = ${clientId})
    order by id desc limit 1`;
  return rows[0]?.id;
}

export async function insertArtifact(
  tx: Tx,
  row: {
    collectionId: number;
    runId: number | null;
    clientId: string | null;
    sequenceClientId: string | null;
    digest: string;
    description: string | null;
    metadata: string;
    wantedAliases: string;
    historyStep: number | null;
  },
): Promise<number> {
  const rows = await tx<{ id: number }[]>`
    insert into artifacts (collection_id, run_id, client_id, sequence_client_id, digest, description, metadata, wanted_aliases, history_step)
    values (${row.collectionId}, ${row.runId}, ${row.clientId}, ${row.sequenceClientId}, ${row.digest}, ${row.description},
      ${row.metadata}::text::jsonb, ${row.wantedAliases}::text::jsonb, ${row.historyStep}) returning id`;
  return rows[0]?.id ?? 0;
}

/** The manifest's bytes have come; those of an earlier one are loose. @returns false once it is committed, or gone */
export async function settleManifest(
  tx: Tx,
  { artifactId, place, bytes, md5 }: { artifactId: number; place: string; bytes: number; md5: string },
): Promise<boolean> {
  const before = await tx<{ place: string | null }[]>`
    select manifest_place as place from artifacts where id = ${artifactId} and state = 'pending' for update`;
  if (before.length === 0) return false;
  await tx`
    insert into loose_bytes (place, due_at) select place, clock_timestamp()
    from (select ${before[0]?.place ?? null}::text as place) x where place is not null on conflict do nothing`;
  await tx`
    update artifacts set manifest_place = ${place}, manifest_bytes = ${bytes}, manifest_digest = ${md5}, updated_at = clock_timestamp()
    where id = ${artifactId}`;
  return true;
}

/** @returns false where the project has the same bytes already */
export async function settleEntryFile(
  tx: Tx,
  file: { artifactId: number; digest: string; place: string; bytes: number },
): Promise<boolean> {
  const rows = await tx`
    insert into artifact_files (project_id, digest, place, bytes)
    select c.project_id, ${file.digest}, ${file.place}, ${file.bytes}
    from artifacts a join artifact_collections c on c.id = a.collection_id join projects p on p.id = c.project_id and p.deleted_at is null
    where a.id = ${file.artifactId}
    on conflict (project_id, digest) do nothing returning 1`;
  return rows.length > 0;
}

/** Which of them the project has. They stay for a day, for the version that is to come. */
export async function wantFiles(
  sql: Sql | Tx,
  { projectId, digests }: { projectId: number; digests: readonly string[] },
): Promise<Set<string>> {
  const rows = await sql<{ digest: string }[]>`
    update artifact_files set wanted_at = case when wanted_at = 'infinity' then wanted_at else clock_timestamp() end
    where project_id = ${projectId} and digest = any(${[...digests]}::text[]) returning digest`;
  return new Set(rows.map(({ digest }) => digest));
}

/** @returns its state; undefined where it is gone */
export async function lockArtifact(tx: Tx, id: number): Promise<"pending" | "committed" | undefined> {
  const rows = await tx<
    { state: "pending" | "committed" }[]
  >`select state from artifacts where id = ${id} for update`;
  return rows[0]?.state;
}

/** @returns paths whose bytes are not here; with one of them nothing is written */
export async function insertEntries(
  tx: Tx,
  {
    artifactId,
    projectId,
    entries,
  }: {
    artifactId: number;
    projectId: number;
    entries: readonly { path: string; digest: string; bytes: number; ref: string | null }[];
  },
): Promise<string[]> {
  const wanted = entries.filter(({ ref }) => ref === null).map(({ digest }) => digest);
  const files = await tx<{ id: number; digest: string; bytes: number }[]>`
    update artifact_files set wanted_at = 'infinity' where project_id = ${projectId} and digest = any(${wanted}::text[])
    returning id, digest, bytes`;
  const known = new Map(files.map((file) => [file.digest, file]));
  const missing = entries.filter(({ ref, digest }) => ref === null && !known.has(digest));
  if (missing.length > 0) return missing.map(({ path }) => path);
  const sized = entries.map((entry) => ({
    ...entry,
    bytes: entry.ref === null ? (known.get(entry.digest)?.bytes ?? 0) : entry.bytes,
  }));
  await tx`
    insert into artifact_entries (artifact_id, path, digest, bytes, file_id, ref)
    select ${artifactId}, * from unnest(${sized.map((one) => one.path)}::text[], ${sized.map((one) => one.digest)}::text[],
      ${sized.map((one) => one.bytes)}::bigint[],
      ${sized.map((one) => (one.ref === null ? (known.get(one.digest)?.id ?? null) : null))}::bigint[], ${sized.map((one) => one.ref)}::text[])`;
  await tx`
    update artifacts a set (bytes, entry_count) = (select coalesce(sum(n.bytes), 0), count(*) from artifact_entries n where n.artifact_id = a.id)
    where id = ${artifactId}`;
  return [];
}

/** The next number of its collection. */
export async function markCommitted(tx: Tx, artifactId: number): Promise<void> {
  await tx`
    with c as (
      update artifact_collections c set versions = versions + 1, updated_at = clock_timestamp()
      from artifacts a where a.id = ${artifactId} and c.id = a.collection_id returning c.versions - 1 as version
    )
    update artifacts set state = 'committed', version = c.version, updated_at = clock_timestamp() from c where id = ${artifactId}`;
}

export async function setAliases(tx: Tx, artifactId: number, aliases: readonly string[]): Promise<void> {
  await tx`
    insert into artifact_aliases as s (collection_id, alias, artifact_id)
    select a.collection_id, x.alias, a.id from artifacts a, unnest(${[...new Set(aliases)]}::text[]) as x (alias) where a.id = ${artifactId}
    on conflict (collection_id, alias) do update set artifact_id = excluded.artifact_id`;
}

export async function dropAliases(
  tx: Tx,
  artifactId: number,
  aliases: readonly string[] | "all",
): Promise<void> {
  await tx`
    delete from artifact_aliases where artifact_id = ${artifactId} ${aliases === "all" ? tx`` : tx`and alias = any(${[...aliases]}::text[])`}`;
}

export async function writeArtifact(
  tx: Tx,
  artifactId: number,
  { description, metadata }: { description?: string | undefined; metadata?: string | undefined },
): Promise<void> {
  await tx`
    update artifacts set description = coalesce(${description ?? null}, description),
      metadata = coalesce(${metadata ?? null}::text::jsonb, metadata), updated_at = clock_timestamp()
    where id = ${artifactId}`;
}

export async function insertUse(
  tx: Tx,
  { artifactId, runId, usedAs }: { artifactId: number; runId: number; usedAs: string | null },
): Promise<void> {
  await tx`
    insert into artifact_uses (artifact_id, run_id, used_as) values (${artifactId}, ${runId}, ${usedAs}) on conflict do nothing`;
}

/** These versions go; bytes that no other version has are looked at a day later. */
export async function deleteArtifacts(tx: Tx, ids: readonly number[]): Promise<void> {
  const these = tx`any(${[...ids]}::bigint[])`;
  await tx`delete from artifact_uses where artifact_id = ${these}`;
  await tx`delete from artifact_aliases where artifact_id = ${these}`;
  await tx`
    with gone as (delete from artifact_entries where artifact_id = ${these} returning file_id)
    update artifact_files f set wanted_at = clock_timestamp() from gone where f.id = gone.file_id`;
  await tx`
    with gone as (delete from artifacts where id = ${these} returning manifest_place as place)
    insert into loose_bytes (place, due_at) select place, clock_timestamp() from gone where place is not null on conflict do nothing`;
}

/** Versions whose client never came back, for so long. @returns how many */
export async function deleteStalled(
  tx: Tx,
  { afterMs, limit }: { afterMs: number; limit: number },
): Promise<number> {
  const rows = await tx<{ id: number }[]>`
    select id from artifacts where state = 'pending' and updated_at < clock_timestamp() - ${afterMs}::float8 * interval '1 ms'
    order by updated_at limit ${limit} for update skip locked`;
  if (rows.length > 0)
    await deleteArtifacts(
      tx,
      rows.map(({ id }) => id),
    );
  return rows.length;
}

/** Bytes of no version, unwanted for so long, become loose. @returns how many were looked at */
export async function loosenUnwanted(
  tx: Tx,
  { afterMs, limit }: { afterMs: number; limit: number },
): Promise<number> {
  const rows = await tx<{ id: number }[]>`
    select id from artifact_files where wanted_at < clock_timestamp() - ${afterMs}::float8 * interval '1 ms'
    order by wanted_at limit ${limit} for update skip locked`;
  const ids = rows.map(({ id }) => id);
  await tx`
    update artifact_files f set wanted_at = 'infinity'
    where id = any(${ids}::bigint[]) and exists (select from artifact_entries n where n.file_id = f.id)`;
  await tx`
    with gone as (
      delete from artifact_files f where id = any(${ids}::bigint[]) and not exists (select from artifact_entries n where n.file_id = f.id)
      returning place
    )
    insert into loose_bytes (place, due_at) select place, clock_timestamp() from gone on conflict do nothing`;
  return ids.length;
}

/** All of a project that is purged; their bytes are loose. */
export async function deleteArtifactsOfProject(tx: Tx, projectId: number): Promise<void> {
  const these = tx`(select a.id from artifacts a join artifact_collections c on c.id = a.collection_id where c.project_id = ${projectId})`;
  await tx`delete from artifact_uses where artifact_id in ${these}`;
  await tx`delete from artifact_entries where artifact_id in ${these}`;
  await tx`delete from artifact_aliases where artifact_id in ${these}`;
  await tx`
    with gone as (delete from artifacts where id in ${these} returning manifest_place as place)
    insert into loose_bytes (place, due_at) select place, clock_timestamp() from gone where place is not null on conflict do nothing`;
  await tx`delete from artifact_collections where project_id = ${projectId}`;
  await tx`
    with gone as (delete from artifact_files where project_id = ${projectId} returning place)
    insert into loose_bytes (place, due_at) select place, clock_timestamp() from gone on conflict do nothing`;
}
