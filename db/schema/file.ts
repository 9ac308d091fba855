import { sql } from "drizzle-orm";
import { bigint, index, integer, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { at, bytea, createdAt, jsonText } from "./columns";
import { projects } from "./project";
import { runs } from "./run";

/*
 * Files of runs, and artifacts: names, sizes and digests. Their bytes lie in the server's store (store/) under a `place` that the server
 * draws, each written once. A place that no row refers to stands in `loose_bytes`, from before its first byte comes until its last is gone.
 */

/** Random bytes that all servers of this database share; never in an archive. */
export const serverSecrets = pgTable("server_secrets", {
  name: text("name").primaryKey(),
  secret: bytea("secret").notNull(),
  createdAt: createdAt(),
});

/** Bytes that nothing refers to: yet, or any more. */
export const looseBytes = pgTable(
  "loose_bytes",
  {
    place: text("place").primaryKey(),
    /** From then on they may be removed. */
    dueAt: at("due_at").notNull(),
  },
  (table) => [index("loose_bytes_due_idx").on(table.dueAt)],
);

/** A file of a run. */
export const runFiles = pgTable(
  "run_files",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    runId: bigint("run_id", { mode: "number" })
      .notNull()
      .references(() => runs.id),
    /** With slashes. */
    name: text("name").notNull(),
    place: text("place").notNull(),
    bytes: bigint("bytes", { mode: "number" }).notNull().default(0),
    /** In hexadecimal digits. */
    md5: text("md5"),
    mimeType: text("mime_type"),
    createdAt: createdAt(),
    updatedAt: at("updated_at").notNull().defaultNow(),
    /** Its run is deleted, and can't be restored after that. */
    leavesAt: at("leaves_at"),
  },
  (table) => [
    unique("run_files_run_name_key").on(table.runId, table.name),
    index("run_files_leaves_idx").on(table.leavesAt).where(sql`leaves_at is not null`),
  ],
);

/** What versions of one thing are called. Its name is the project's. */
export const artifactCollections = pgTable(
  "artifact_collections",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    projectId: integer("project_id")
      .notNull()
      .references(() => projects.id),
    name: text("name").notNull(),
    /** Such as model or dataset. */
    type: text("type").notNull(),
    description: text("description"),
    /** Versions that were given numbers; a number is never given again. */
    versions: integer("versions").notNull().default(0),
    createdAt: createdAt(),
    updatedAt: at("updated_at").notNull().defaultNow(),
  },
  (table) => [unique("artifact_collections_name_key").on(table.projectId, table.name)],
);

/** One version. */
export const artifacts = pgTable(
  "artifacts",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    collectionId: bigint("collection_id", { mode: "number" })
      .notNull()
      .references(() => artifactCollections.id),
    /** Which run logged it. */
    runId: bigint("run_id", { mode: "number" }).references(() => runs.id),
    /** What its client calls it before it knows our number. */
    clientId: text("client_id"),
    sequenceClientId: text("sequence_client_id"),
    state: text("state", { enum: ["pending", "committed"] })
      .notNull()
      .default("pending"),
    /** 0 for v0; null until it is committed. */
    version: integer("version"),
    digest: text("digest").notNull(),
    description: text("description"),
    metadata: jsonText("metadata").notNull().default("{}"),
    /** Names it gets when it is committed. */
    wantedAliases: jsonText("wanted_aliases").notNull().default("[]"),
    historyStep: bigint("history_step", { mode: "number" }),
    /** Where its manifest lies: a JSON text of its entries, kept as its client wrote it. */
    manifestPlace: text("manifest_place"),
    manifestDigest: text("manifest_digest"),
    manifestBytes: bigint("manifest_bytes", { mode: "number" }).notNull().default(0),
    /** Of all its entries. */
    bytes: bigint("bytes", { mode: "number" }).notNull().default(0),
    entryCount: integer("entry_count").notNull().default(0),
    createdAt: createdAt(),
    updatedAt: at("updated_at").notNull().defaultNow(),
  },
  (table) => [
    unique("artifacts_version_key").on(table.collectionId, table.version),
    index("artifacts_digest_idx").on(table.collectionId, table.digest),
    index("artifacts_client_idx").on(table.clientId).where(sql`client_id is not null`),
    index("artifacts_run_idx").on(table.runId),
    index("artifacts_pending_idx").on(table.updatedAt).where(sql`state = 'pending'`),
  ],
);

/** Names of versions: `latest`, `best`. Each means one version of its collection. */
export const artifactAliases = pgTable(
  "artifact_aliases",
  {
    collectionId: bigint("collection_id", { mode: "number" })
      .notNull()
      .references(() => artifactCollections.id),
    alias: text("alias").notNull(),
    artifactId: bigint("artifact_id", { mode: "number" })
      .notNull()
      .references(() => artifacts.id),
  },
  (table) => [
    primaryKey({ columns: [table.collectionId, table.alias] }),
    index("artifact_aliases_artifact_idx").on(table.artifactId),
  ],
);

/** Bytes of entries: a project keeps what has one digest once, whatever it is called and in how many versions. */
export const artifactFiles = pgTable(
  "artifact_files",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    projectId: integer("project_id")
      .notNull()
      .references(() => projects.id),
    /** Their MD5 in base64, as manifests have it. */
    digest: text("digest").notNull(),
    place: text("place").notNull(),
    bytes: bigint("bytes", { mode: "number" }).notNull(),
    /** When a client was last told that they are here; until a day after that they stay without a version that has them. */
    wantedAt: at("wanted_at").notNull().defaultNow(),
  },
  (table) => [
    unique("artifact_files_digest_key").on(table.projectId, table.digest),
    index("artifact_files_wanted_idx").on(table.wantedAt),
  ],
);

/** A file of a version, or a reference to something elsewhere. */
export const artifactEntries = pgTable(
  "artifact_entries",
  {
    artifactId: bigint("artifact_id", { mode: "number" })
      .notNull()
      .references(() => artifacts.id),
    path: text("path").notNull(),
    digest: text("digest").notNull(),
    bytes: bigint("bytes", { mode: "number" }).notNull().default(0),
    /** Null for a reference. */
    fileId: bigint("file_id", { mode: "number" }).references(() => artifactFiles.id),
    ref: text("ref"),
  },
  (table) => [
    primaryKey({ columns: [table.artifactId, table.path] }),
    index("artifact_entries_file_idx").on(table.fileId),
  ],
);

/** Which runs read a version. */
export const artifactUses = pgTable(
  "artifact_uses",
  {
    artifactId: bigint("artifact_id", { mode: "number" })
      .notNull()
      .references(() => artifacts.id),
    runId: bigint("run_id", { mode: "number" })
      .notNull()
      .references(() => runs.id),
    usedAs: text("used_as"),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.artifactId, table.runId] }),
    index("artifact_uses_run_idx").on(table.runId),
  ],
);
