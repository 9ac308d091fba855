import { AppError } from "@/core/errors";
import { getArtifact } from "@/db/queries/artifacts";
import {
  commitArtifact as commit,
  createArtifact as create,
  createEntries,
  createManifest,
  deleteArtifact as remove,
  updateArtifact as update,
  useArtifact as use,
} from "@/engine/files/artifacts";
import { toAddress } from "@/engine/files/links";
import { fromGlobal, toGlobal } from "./artifact-ids";
import { Artifact, manifestOf, storagePathOf } from "./artifacts";
import type { GatewayContext } from "./context";
import { findRun, placeOf } from "./find-run";

interface Alias {
  readonly alias: string;
}

interface CreateArtifactInput {
  readonly entityName: string;
  readonly projectName: string;
  readonly runName?: string | null;
  readonly artifactTypeName: string;
  readonly artifactCollectionName?: string | null;
  readonly artifactCollectionNames?: readonly string[] | null;
  readonly digest: string;
  readonly digestAlgorithm?: string | null;
  readonly description?: string | null;
  readonly aliases?: readonly Alias[] | null;
  readonly metadata?: string | null;
  readonly historyStep?: number | string | null;
  readonly enableDigestDeduplication?: boolean | null;
  readonly distributedID?: string | null;
  readonly clientID?: string | null;
  readonly sequenceClientID?: string | null;
}

const MOST_FILES = 10_000;

/** @throws AppError NOT_FOUND, FORBIDDEN, BAD_INPUT */
export async function createArtifact({ input }: { input: CreateArtifactInput }, context: GatewayContext) {
  const { entityName, projectName, runName } = input;
  if (input.digestAlgorithm && input.digestAlgorithm !== "MANIFEST_MD5")
    throw new AppError("BAD_INPUT", `digests by ${input.digestAlgorithm} are not taken, MD5 is`);
  const run = runName
    ? await findRun(context, { entity: entityName, project: projectName, name: runName })
    : undefined;
  if (runName && run === undefined) throw new AppError("NOT_FOUND", `run ${runName} is unknown`);
  const projectId =
    run?.projectId ?? (await placeOf(context, { entity: entityName, project: projectName }))?.id;
  if (projectId === undefined)
    throw new AppError("NOT_FOUND", `project ${entityName}/${projectName} is unknown`);
  const step = input.historyStep == null ? null : Number(input.historyStep);
  const { artifactId } = await create(context, {
    ...{ projectId, runId: run?.runId ?? null, type: input.artifactTypeName, digest: input.digest },
    collection: input.artifactCollectionName ?? input.artifactCollectionNames?.[0] ?? "",
    ...{ clientId: input.clientID, sequenceClientId: input.sequenceClientID },
    ...{ description: input.description, metadata: input.metadata },
    aliases: (input.aliases ?? []).map(({ alias }) => alias).filter((alias) => alias !== "latest"),
    historyStep: Number.isSafeInteger(step) ? step : null,
    deduplicate: input.enableDigestDeduplication ?? false,
  });
  return { artifact: await show(context, artifactId) };
}

/** Whole manifests only: one that adds to another's is not needed where bytes are shared by digest. @throws AppError BAD_INPUT */
export async function createArtifactManifest(
  { input }: { input: { artifactID: string; name: string; type?: string | null } },
  context: GatewayContext,
) {
  if (input.type && input.type !== "FULL")
    throw new AppError(
      "BAD_INPUT",
      `manifests of type ${input.type} are not taken: log the artifact as a whole`,
    );
  const artifactId = fromGlobal("Artifact", input.artifactID);
  await createManifest(context, artifactId);
  return { artifactManifest: manifestOf(artifactId, input.name) };
}

export async function updateArtifactManifest(
  { input }: { input: { artifactManifestID: string } },
  context: GatewayContext,
) {
  const artifactId = fromGlobal("ArtifactManifest", input.artifactManifestID);
  await createManifest(context, artifactId);
  return { artifactManifest: manifestOf(artifactId, "wandb_manifest.json") };
}

interface FileSpec {
  readonly artifactID: string;
  readonly name: string;
  readonly md5: string;
}

/** As many as were asked for, in their order; what the project has already has no address, and is not sent again (W74). */
export async function createArtifactFiles(
  { input }: { input: { artifactFiles: readonly FileSpec[] } },
  context: GatewayContext,
) {
  const { artifactFiles } = input;
  if (artifactFiles.length > MOST_FILES)
    throw new AppError("BAD_INPUT", `${artifactFiles.length} files at once, at most ${MOST_FILES} are taken`);
  const entries = await createEntries(
    context,
    artifactFiles.map(({ artifactID, md5 }) => ({
      artifactId: fromGlobal("Artifact", artifactID),
      digest: md5,
    })),
  );
  return {
    files: {
      edges: entries.map(({ artifactId, projectId, digest, token }, index) => ({
        node: {
          ...{
            id: toGlobal("Entry", index),
            name: artifactFiles[index]?.name ?? "",
            displayName: artifactFiles[index]?.name ?? "",
          },
          storagePath: storagePathOf(projectId, digest),
          uploadUrl: token === undefined ? null : toAddress(context.publicUrl, token),
          ...{ uploadHeaders: [], uploadMultipartUrls: null, artifact: () => show(context, artifactId) },
        },
      })),
      pageInfo: { endCursor: null, hasNextPage: false },
    },
  };
}

export async function commitArtifact({ input }: { input: { artifactID: string } }, context: GatewayContext) {
  const row = await commit(
    { ...context, store: context.files.store },
    fromGlobal("Artifact", input.artifactID),
  );
  return { artifact: new Artifact(row) };
}

interface UpdateInput {
  readonly artifactID: string;
  readonly description?: string | null;
  readonly metadata?: string | null;
  readonly aliases?: readonly Alias[] | null;
}

export async function updateArtifact({ input }: { input: UpdateInput }, context: GatewayContext) {
  const row = await update(context, {
    artifactId: fromGlobal("Artifact", input.artifactID),
    ...{
      description: input.description,
      metadata: input.metadata,
      aliases: input.aliases?.map(({ alias }) => alias),
    },
  });
  return { artifact: new Artifact(row) };
}

interface AliasesInput {
  readonly artifactID: string;
  readonly aliases: readonly Alias[];
}

export async function addAliases({ input }: { input: AliasesInput }, context: GatewayContext) {
  const addAliases = input.aliases.map(({ alias }) => alias);
  await update(context, { artifactId: fromGlobal("Artifact", input.artifactID), addAliases });
  return { success: true };
}

export async function deleteAliases({ input }: { input: AliasesInput }, context: GatewayContext) {
  const removeAliases = input.aliases.map(({ alias }) => alias);
  await update(context, { artifactId: fromGlobal("Artifact", input.artifactID), removeAliases });
  return { success: true };
}

export async function deleteArtifact(
  { input }: { input: { artifactID: string; deleteAliases?: boolean | null } },
  context: GatewayContext,
) {
  const artifactId = fromGlobal("Artifact", input.artifactID);
  return {
    artifact: new Artifact(await remove(context, { artifactId, withAliases: input.deleteAliases ?? false })),
  };
}

interface UseInput {
  readonly entityName: string;
  readonly projectName: string;
  readonly runName: string;
  readonly artifactID: string;
  readonly usedAs?: string | null;
}

export async function useArtifact({ input }: { input: UseInput }, context: GatewayContext) {
  const { entityName, projectName, runName, usedAs } = input;
  const run = await findRun(context, { entity: entityName, project: projectName, name: runName });
  if (run === undefined) throw new AppError("NOT_FOUND", `run ${runName} is unknown`);
  const artifactId = fromGlobal("Artifact", input.artifactID);
  return {
    artifact: new Artifact(
      await use(context, { artifactId, runId: run.runId, projectId: run.projectId, usedAs: usedAs ?? null }),
    ),
  };
}

async function show(context: GatewayContext, artifactId: number): Promise<Artifact> {
  const row = await getArtifact(context.db, context.access, artifactId);
  if (row === undefined) throw new AppError("NOT_FOUND", `artifact ${artifactId} is unknown`);
  return new Artifact(row);
}
