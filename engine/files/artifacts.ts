import { AppError } from "@/core/errors";
import { isFileName } from "@/core/file-name";
import { isValueMap, parseJson, stringifyJson } from "@/core/value";
import {
  type ArtifactRow,
  deleteArtifacts,
  dropAliases,
  findSame,
  getArtifact,
  insertArtifact,
  insertEntries,
  insertUse,
  lockArtifact,
  markCommitted,
  setAliases,
  settleEntryFile,
  settleManifest,
  upsertCollection,
  wantFiles,
  writeArtifact,
} from "@/db/queries/artifacts";
import { inTransaction, retrying } from "@/db/transaction";
import type { Stored } from "@/store/store";
import { authorizeProject, authorizeRun } from "../authorize";
import { checkText, maybeText } from "../check";
import type { EngineContext } from "../context";
import { toStorable } from "../record-run";
import { openLinks } from "./links";
import { type FileContext, receiveBytes } from "./receive";

/** W&B's own limit is the same for names; a version may have 100,000 entries of some 200 bytes each. */
const MAX_NAME = 128;
const MAX_MANIFEST_BYTES = 128 * 2 ** 20;
const MAX_METADATA_BYTES = 16 * 2 ** 20;

/** May the caller write artifacts here? A run's own key may in its run's project. */
async function authorize(context: EngineContext, projectId: number): Promise<void> {
  const { access } = context;
  if (access.kind === "run" && access.projectId === projectId) return;
  await authorizeProject(context, projectId, "member");
}

export interface CreateArtifactInput {
  readonly projectId: number;
  readonly runId: number | null;
  readonly type: string;
  readonly collection: string;
  readonly digest: string;
  readonly clientId?: string | null | undefined;
  readonly sequenceClientId?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly metadata?: string | null | undefined;
  readonly aliases: readonly string[];
  readonly historyStep?: number | null | undefined;
  /** The same content as a version that is there is that version. */
  readonly deduplicate: boolean;
}

/**
 * A version begins: its manifest and its entries follow, then `commitArtifact`. Asked again by the same client it is the same one.
 * @throws AppError NOT_FOUND, FORBIDDEN, BAD_INPUT
 */
export async function createArtifact(
  context: EngineContext,
  input: CreateArtifactInput,
): Promise<{ artifactId: number }> {
  const { db } = context;
  await authorize(context, input.projectId);
  const [type, collection] = [
    checkText("type", input.type, MAX_NAME),
    checkText("name", input.collection, MAX_NAME),
  ];
  if (/[/:]/.test(collection))
    throw new AppError(
      "BAD_INPUT",
      `an artifact can't be called ${JSON.stringify(collection)}: "/" and ":" have a meaning`,
    );
  const digest = checkText("digest", input.digest, 200);
  const clientId = maybeText("clientID", input.clientId, 200);
  const aliases = checkAliases(input.aliases);
  const metadata = checkMetadata(input.metadata) ?? "{}";
  const artifactId = await inTransaction(db, async (tx) => {
    const found = await upsertCollection(tx, { projectId: input.projectId, name: collection, type });
    if (found.type !== type)
      throw new AppError(
        "BAD_INPUT",
        `${collection} is of type ${found.type}, not ${type}: an artifact of this project keeps its type`,
      );
    const same = await findSame(tx, {
      collectionId: found.id,
      digest,
      clientId,
      deduplicate: input.deduplicate,
    });
    if (same !== undefined) {
      if ((await lockArtifact(tx, same)) === "committed") await setAliases(tx, same, aliases);
      return same;
    }
    return insertArtifact(tx, {
      ...{ collectionId: found.id, runId: input.runId, clientId, digest, metadata },
      sequenceClientId: maybeText("sequenceClientID", input.sequenceClientId, 200),
      description: input.description ? checkText("description", input.description, 100_000) : null,
      wantedAliases: JSON.stringify(aliases),
      historyStep: input.historyStep ?? null,
    });
  });
  return { artifactId };
}

/** A token for the upload of its manifest. @throws AppError NOT_FOUND, FORBIDDEN */
export async function createManifest(context: EngineContext, artifactId: number): Promise<string> {
  await find(context, artifactId);
  return (await openLinks(context.db)).sign({ may: "put-manifest", artifactId });
}

/** A token for each file whose bytes the project lacks, in their order. @throws AppError NOT_FOUND, FORBIDDEN, BAD_INPUT */
export async function createEntries(
  context: EngineContext,
  files: readonly { artifactId: number; digest: string }[],
): Promise<{ artifactId: number; digest: string; projectId: number; token: string | undefined }[]> {
  const { db } = context;
  const artifacts = new Map<number, ArtifactRow>();
  for (const { artifactId } of files)
    if (!artifacts.has(artifactId)) artifacts.set(artifactId, await find(context, artifactId));
  const links = await openLinks(db);
  const there = new Map<number, Set<string>>();
  for (const projectId of new Set([...artifacts.values()].map((one) => one.projectId))) {
    const digests = files
      .filter((file) => artifacts.get(file.artifactId)?.projectId === projectId)
      .map(({ digest }) => digest);
    there.set(projectId, await retrying(() => wantFiles(db.sql, { projectId, digests })));
  }
  return files.map(({ artifactId, digest }) => {
    const projectId = artifacts.get(artifactId)?.projectId ?? 0;
    if (!/^[A-Za-z0-9+/]{22}==$/.test(digest))
      throw new AppError(
        "BAD_INPUT",
        `md5 is ${JSON.stringify(digest).slice(0, 80)}, expected an MD5 in base64`,
      );
    const token = there.get(projectId)?.has(digest)
      ? undefined
      : links.sign({ may: "put-entry", artifactId, digest });
    return { artifactId, digest, projectId, token };
  });
}

/** @throws AppError NOT_FOUND once it is committed, INPUT_TOO_LARGE, BAD_INPUT, DISK_FULL, UNAVAILABLE */
export function receiveManifest(
  context: FileContext,
  { artifactId }: { artifactId: number },
  bytes: AsyncIterable<Uint8Array>,
  announced: { expectedBytes?: number | undefined },
): Promise<Stored> {
  return receiveBytes(context, bytes, { ...announced, maxBytes: MAX_MANIFEST_BYTES }, async (tx, stored) => {
    if (!(await settleManifest(tx, { artifactId, ...stored }))) throw unknown(artifactId);
    return true;
  });
}

/** Bytes of an entry: those that its digest promises. @throws AppError as `receiveManifest` does */
export function receiveEntry(
  context: FileContext,
  { artifactId, digest }: { artifactId: number; digest: string },
  bytes: AsyncIterable<Uint8Array>,
  announced: { expectedBytes?: number | undefined },
): Promise<Stored> {
  return receiveBytes(context, bytes, announced, (tx, stored) => {
    const came = Buffer.from(stored.md5, "hex").toString("base64");
    if (came !== digest)
      throw new AppError(
        "BAD_INPUT",
        `the bytes have the MD5 ${came}, announced was ${digest}: nothing was kept`,
      );
    return settleEntryFile(tx, { artifactId, digest, ...stored });
  });
}

/**
 * It gets its number and its names, when all that its manifest lists is here. Committed again it is what it is.
 * @throws AppError NOT_FOUND, FORBIDDEN, BAD_INPUT
 */
export async function commitArtifact(
  context: EngineContext & Pick<FileContext, "store">,
  artifactId: number,
): Promise<ArtifactRow> {
  const { db } = context;
  const artifact = await find(context, artifactId);
  if (artifact.state === "pending") {
    const entries = await readManifest(context, artifact);
    await inTransaction(db, async (tx) => {
      if ((await lockArtifact(tx, artifactId)) !== "pending") return;
      const missing = await insertEntries(tx, { artifactId, projectId: artifact.projectId, entries });
      if (missing.length > 0)
        throw new AppError(
          "BAD_INPUT",
          `${missing.length} entries of the manifest were not uploaded, ${missing[0]?.slice(0, 200)} among them`,
        );
      await markCommitted(tx, artifactId);
      await setAliases(tx, artifactId, ["latest", ...(JSON.parse(artifact.wantedAliases) as string[])]);
    });
  }
  return find(context, artifactId);
}

export interface ManifestEntry {
  readonly path: string;
  readonly digest: string;
  readonly bytes: number;
  readonly ref: string | null;
}

async function readManifest(
  { store }: Pick<FileContext, "store">,
  artifact: ArtifactRow,
): Promise<ManifestEntry[]> {
  const stream = artifact.manifestPlace === null ? undefined : await store.get(artifact.manifestPlace);
  if (stream === undefined)
    throw new AppError("BAD_INPUT", `the manifest of ${artifact.collection} has not been uploaded`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return toEntries(Buffer.concat(chunks).toString("utf8"));
}

/** What a manifest lists. Its paths become files of whoever downloads it, so they are checked as files of runs are. @throws AppError BAD_INPUT */
export function toEntries(text: string): ManifestEntry[] {
  const wrong = (why: string) => new AppError("BAD_INPUT", `the manifest is no manifest: ${why}`);
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    throw wrong("it is no JSON");
  }
  const contents = (manifest as { contents?: unknown } | null)?.contents;
  if (typeof contents !== "object" || contents === null || Array.isArray(contents))
    throw wrong("it has no contents");
  return Object.entries(
    contents as Record<string, { digest?: unknown; size?: unknown; ref?: unknown } | null>,
  ).map(([path, entry]) => {
    const { digest, size, ref } = entry ?? {};
    if (!isFileName(path)) throw wrong(`${JSON.stringify(path).slice(0, 200)} is no path`);
    if (typeof digest !== "string" || digest.length > 1_000) throw wrong(`${path} has no digest`);
    return {
      path,
      digest,
      bytes: typeof size === "number" && size >= 0 ? Math.floor(size) : 0,
      ref: typeof ref === "string" ? ref : null,
    };
  });
}

/** A run reads it. @throws AppError NOT_FOUND, FORBIDDEN */
export async function useArtifact(
  context: EngineContext,
  {
    artifactId,
    runId,
    projectId,
    usedAs,
  }: { artifactId: number; runId: number; projectId: number; usedAs: string | null },
): Promise<ArtifactRow> {
  await authorizeRun(context, { runId, projectId }, "member");
  const artifact = await see(context, artifactId);
  await inTransaction(context.db, (tx) =>
    insertUse(tx, { artifactId, runId, usedAs: usedAs?.slice(0, 200) ?? null }),
  );
  return artifact;
}

export interface UpdateArtifactInput {
  readonly artifactId: number;
  readonly description?: string | null | undefined;
  readonly metadata?: string | null | undefined;
  /** All that it shall have. */
  readonly aliases?: readonly string[] | null | undefined;
  readonly addAliases?: readonly string[];
  readonly removeAliases?: readonly string[];
}

/** What is absent stays. @throws AppError NOT_FOUND, FORBIDDEN, BAD_INPUT */
export async function updateArtifact(
  context: EngineContext,
  input: UpdateArtifactInput,
): Promise<ArtifactRow> {
  const { artifactId, aliases, addAliases = [], removeAliases = [] } = input;
  await find(context, artifactId);
  const metadata = checkMetadata(input.metadata);
  const description = input.description == null ? undefined : input.description.slice(0, 100_000);
  const add = checkAliases([...(aliases ?? []), ...addAliases]);
  await inTransaction(context.db, async (tx) => {
    if ((await lockArtifact(tx, artifactId)) === undefined) throw unknown(artifactId);
    await writeArtifact(tx, artifactId, { description, metadata });
    if (aliases) await dropAliases(tx, artifactId, "all");
    else await dropAliases(tx, artifactId, removeAliases);
    await setAliases(tx, artifactId, add);
  });
  return find(context, artifactId);
}

/** @throws AppError NOT_FOUND, FORBIDDEN, ILLEGAL_MOVE while it has names */
export async function deleteArtifact(
  context: EngineContext,
  { artifactId, withAliases }: { artifactId: number; withAliases: boolean },
): Promise<ArtifactRow> {
  const artifact = await find(context, artifactId);
  const [alias] = artifact.aliases;
  if (alias !== undefined && !withAliases)
    throw new AppError(
      "ILLEGAL_MOVE",
      `${artifact.collection}:v${artifact.version} is called ${alias}: delete it with its aliases`,
    );
  await inTransaction(context.db, (tx) => deleteArtifacts(tx, [artifactId]), { makesRoom: true });
  return artifact;
}

/** One that the caller may write. */
async function find(context: EngineContext, artifactId: number): Promise<ArtifactRow> {
  const artifact = await see(context, artifactId);
  await authorize(context, artifact.projectId);
  return artifact;
}

async function see({ db, access }: EngineContext, artifactId: number): Promise<ArtifactRow> {
  const artifact = await retrying(() => getArtifact(db, access, artifactId));
  if (artifact === undefined) throw unknown(artifactId);
  return artifact;
}

const unknown = (artifactId: number) =>
  new AppError("NOT_FOUND", `artifact ${artifactId} is unknown`, { details: { artifactId } });

/** A version's number is its own, and no name. @throws AppError BAD_INPUT */
function checkAliases(aliases: readonly string[]): string[] {
  return aliases.map((alias) => {
    checkText("alias", alias, MAX_NAME);
    if (/^v\d+$|[/:]/.test(alias))
      throw new AppError("BAD_INPUT", `a version can't be called ${JSON.stringify(alias)}`);
    return alias;
  });
}

/** Text of a JSON object as the client writes it. @throws AppError BAD_INPUT, INPUT_TOO_LARGE */
function checkMetadata(text: string | null | undefined): string | undefined {
  if (text == null || text === "") return undefined;
  if (Buffer.byteLength(text) > MAX_METADATA_BYTES)
    throw new AppError("INPUT_TOO_LARGE", `metadata has more than ${MAX_METADATA_BYTES} bytes`);
  const value = parseJson(text);
  // The client has null for none.
  if (value === null) return undefined;
  if (!isValueMap(value)) throw new AppError("BAD_INPUT", "metadata is no JSON object");
  return toStorable(stringifyJson(value));
}
