import { mimeTypeOf } from "@/core/file-name";
import {
  type ArtifactRow,
  type CollectionRow,
  countVersions,
  type EntryRow,
  findArtifact,
  findArtifactByClient,
  getArtifact,
  getCollection,
  listAliases,
  listArtifactsOfRun,
  listCollections,
  listEntries,
  listTypes,
  listUsers,
  listVersions,
} from "@/db/queries/artifacts";
import { openLinks, toAddress } from "@/engine/files/links";
import { fromGlobal, toGlobal } from "./artifact-ids";
import type { GatewayContext } from "./context";

export interface PageArgs {
  readonly first?: number | null;
  readonly after?: string | null;
}
type FilesArgs = PageArgs & { readonly names?: readonly string[] | null };

const PAGE = 50;
const MOST = 1_000;
const toLimit = (first: number | null | undefined, usual = PAGE) =>
  Math.min(Math.max(first ?? usual, 1), MOST);

function toConnection<T>(
  rows: readonly T[],
  limit: number,
  cursorOf: (row: T) => string,
  toNode: (row: T) => unknown,
) {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    edges: page.map((row) => ({ node: toNode(row), cursor: cursorOf(row) })),
    pageInfo: { endCursor: last === undefined ? null : cursorOf(last), hasNextPage: rows.length > limit },
    totalCount: page.length,
  };
}

/** One version (W71). */
export class Artifact {
  readonly __typename = "Artifact";
  readonly id: string;

  constructor(readonly row: ArtifactRow) {
    this.id = toGlobal("Artifact", row.id);
  }

  versionIndex = () => this.row.version;
  description = () => this.row.description;
  metadata = () => this.row.metadata;
  // It is kept until somebody deletes it.
  ttlDurationSeconds = () => -2;
  ttlIsInherited = () => false;
  tags = () => [];
  historyStep = () => this.row.historyStep;
  state = () => (this.row.state === "committed" ? "COMMITTED" : "PENDING");
  size = () => this.row.bytes;
  digest = () => this.row.digest;
  digestAlgorithm = () => "MANIFEST_MD5";
  commitHash = () => null;
  fileCount = () => this.row.entryCount;
  createdAt = () => this.row.createdAt;
  updatedAt = () => this.row.updatedAt;
  artifactType = () => typeOf(this.row.projectId, this.row.type, this.row.createdAt);
  artifactSequence = async (_args: unknown, context: GatewayContext) => {
    const row = await getCollection(context.db, context.access, { id: this.row.collectionId });
    return row && new Collection(row, this.row);
  };
  aliases = (_args: unknown, context: GatewayContext) =>
    this.row.aliases.map((alias) =>
      toAlias(this.row.collectionId, alias, () => this.artifactSequence({}, context)),
    );
  artifactMemberships = async (_args: unknown, context: GatewayContext) => {
    const collection = await this.artifactSequence({}, context);
    return { edges: collection ? [{ node: new Membership(collection, this) }] : [] };
  };
  createdBy = (_args: unknown, context: GatewayContext) =>
    this.row.runId === null ? null : context.runOf(this.row.runId);
  usedBy = async (_args: unknown, context: GatewayContext) => {
    const runs = await Promise.all(
      (await listUsers(context.db, this.row.id)).map((runId) => context.runOf(runId)),
    );
    const edges = runs.filter((node) => node !== null).map((node) => ({ node, cursor: "" }));
    return { edges, pageInfo: { endCursor: null, hasNextPage: false } };
  };
  currentManifest = () =>
    this.row.manifestPlace === null ? null : manifestOf(this.row.id, `${this.row.collection}-manifest.json`);

  files = async ({ names, first, after }: FilesArgs, context: GatewayContext) => {
    const limit = toLimit(first);
    const rows = await listEntries(context.db, {
      ...{
        artifactId: this.row.id,
        paths: names?.length ? names : undefined,
        after: after || undefined,
        limit: limit + 1,
      },
    });
    return {
      ...toConnection(
        rows,
        limit,
        ({ path }) => path,
        (row) => toFile(this.row, row),
      ),
      totalCount: this.row.entryCount,
    };
  };

  /** Where the bytes of these entries are, in their order: those that the version really has. */
  filesByManifestEntries = async (
    { entries }: { entries?: readonly { name?: string | null; digest: string }[] | null },
    context: GatewayContext,
  ) => {
    const asked = (entries ?? []).slice(0, 10_000);
    const digests = [...new Set(asked.map(({ digest }) => digest))];
    const found = await listEntries(context.db, { artifactId: this.row.id, digests, limit: 200_000 });
    const byDigest = new Map(found.map((row) => [row.digest, row]));
    return {
      edges: asked.flatMap(({ name, digest }) => {
        const row = byDigest.get(digest);
        return row ? [{ node: toFile(this.row, { ...row, path: name ?? row.path }), cursor: "" }] : [];
      }),
      pageInfo: { endCursor: null, hasNextPage: false },
    };
  };
}

/** A file of a version; a reference's address is where it refers to. */
function toFile(artifact: ArtifactRow, row: EntryRow) {
  const address = async (_args: unknown, context: GatewayContext) =>
    row.fileId === null
      ? row.ref
      : toAddress(
          context.publicUrl,
          (await openLinks(context.db)).sign({ may: "get-entry", fileId: row.fileId, name: row.path }),
        );
  return {
    id: toGlobal("ArtifactFile", `${artifact.id}`) + row.path,
    ...{ name: row.path, displayName: row.path, url: address, directUrl: address },
    ...{ sizeBytes: row.bytes, mimetype: mimeTypeOf(row.path), updatedAt: artifact.updatedAt },
    ...{ digest: row.digest, md5: row.digest, storagePath: storagePathOf(artifact.projectId, row.digest) },
  };
}

export const storagePathOf = (projectId: number, digest: string): string =>
  `wandb_artifacts/${projectId}/${Buffer.from(digest, "base64").toString("hex")}`;

export function manifestOf(artifactId: number, name: string) {
  const token = async (context: GatewayContext, may: "get-manifest" | "put-manifest") =>
    toAddress(context.publicUrl, (await openLinks(context.db)).sign({ may, artifactId }));
  return {
    id: toGlobal("ArtifactManifest", artifactId),
    file: {
      ...{ id: toGlobal("ManifestFile", artifactId), name, displayName: name },
      directUrl: (_args: unknown, context: GatewayContext) => token(context, "get-manifest"),
      url: (_args: unknown, context: GatewayContext) => token(context, "get-manifest"),
      uploadUrl: (_args: unknown, context: GatewayContext) => token(context, "put-manifest"),
      uploadHeaders: [],
    },
  };
}

const toAlias = (collectionId: number, alias: string, artifactCollection: () => unknown) => ({
  ...{
    __typename: "ArtifactAlias",
    id: toGlobal("Alias", `${collectionId}/${alias}`),
    alias,
    artifactCollection,
  },
});

const typeOf = (projectId: number, name: string, createdAt: Date) => new Type(projectId, name, createdAt);

/** The versions of one name (W72). */
export class Collection {
  readonly __typename = "ArtifactSequence";
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly state = "READY";
  readonly digestAlgorithm = "MANIFEST_MD5";
  readonly tags = { edges: [] };

  constructor(
    readonly row: CollectionRow,
    private readonly place: { entity: string; project: string },
  ) {
    this.id = toGlobal("ArtifactSequence", row.id);
    this.name = row.name;
    this.description = row.description;
    this.createdAt = row.createdAt;
    this.updatedAt = row.updatedAt;
  }

  project = (_args: unknown, context: GatewayContext) =>
    context.projectOf({ entity: this.place.entity, name: this.place.project });
  defaultArtifactType = () => typeOf(this.row.projectId, this.row.type, this.row.createdAt);
  latestArtifact = (_args: unknown, context: GatewayContext) => this.version("latest", context);
  aliases = async (_args: unknown, context: GatewayContext) => ({
    edges: (await listAliases(context.db, this.row.id)).map((alias) => ({
      node: toAlias(this.row.id, alias, () => this),
    })),
    pageInfo: { endCursor: null, hasNextPage: false },
  });
  artifacts = async ({ first, after }: PageArgs, context: GatewayContext) => {
    const limit = toLimit(first);
    const before = after ? Number(after) : undefined;
    const rows = await listVersions(context.db, context.access, {
      ...{
        collectionId: this.row.id,
        limit: limit + 1,
        before: Number.isSafeInteger(before) ? before : undefined,
      },
    });
    const { edges, pageInfo } = toConnection(
      rows,
      limit,
      (row) => String(row.version),
      (row) => row,
    );
    return {
      edges: edges.map(({ node, cursor }) => ({
        node: new Artifact(node as ArtifactRow),
        version: `v${cursor}`,
        cursor,
      })),
      pageInfo,
      totalCount: await countVersions(context.db, this.row.id),
    };
  };
  artifactMembership = async ({ aliasName }: { aliasName: string }, context: GatewayContext) => {
    const artifact = await this.version(aliasName, context);
    return artifact && new Membership(this, artifact);
  };

  async version(alias: string, context: GatewayContext): Promise<Artifact | null> {
    const { projectId, name: collection } = this.row;
    const row = await findArtifact(context.db, context.access, {
      projectId,
      collection,
      alias: alias || "latest",
    });
    return row === undefined ? null : new Artifact(row);
  }
}

class Membership {
  readonly __typename = "ArtifactCollectionMembership";
  readonly id: string;

  constructor(
    readonly artifactCollection: Collection,
    readonly artifact: Artifact,
  ) {
    this.id = toGlobal("Membership", artifact.row.id);
  }

  versionIndex = () => this.artifact.row.version;
  createdAt = () => this.artifact.row.createdAt;
  aliases = (_args: unknown, context: GatewayContext) => this.artifact.aliases({}, context);
  files = (args: FilesArgs, context: GatewayContext) => this.artifact.files(args, context);
}

class Type {
  readonly __typename = "ArtifactType";
  readonly id: string;
  readonly description = null;

  constructor(
    private readonly projectId: number,
    readonly name: string,
    readonly createdAt: Date,
    private readonly place = { entity: "", project: "" },
  ) {
    this.id = toGlobal("ArtifactType", `${projectId}/${name}`);
  }

  artifact = ({ name }: { name: string }, context: GatewayContext) =>
    this.inProject().artifact(context, name);
  artifactCollection = async ({ name }: { name: string }, context: GatewayContext) => {
    const row = await getCollection(context.db, context.access, {
      projectId: this.projectId,
      name,
      type: this.name,
    });
    return row ? new Collection(row, this.place) : null;
  };
  artifactCollections = (args: PageArgs, context: GatewayContext) =>
    this.inProject().collections(context, args, this.name);

  private inProject = () =>
    artifactsOf({ id: this.projectId, entity: this.place.entity, name: this.place.project });
}

/** What a project is asked of its artifacts. */
export function artifactsOf(project: { id: number; entity: string; name: string }) {
  const place = { entity: project.entity, project: project.name };
  const collection = async (context: GatewayContext, name: string) => {
    const row = await getCollection(context.db, context.access, { projectId: project.id, name });
    return row ? new Collection(row, place) : null;
  };
  /** `name:alias`; the latest where there is none. */
  const membership = async (context: GatewayContext, name: string) => {
    const [word = "", alias = "latest"] = name.split(":");
    return (await collection(context, word))?.artifactMembership({ aliasName: alias }, context) ?? null;
  };
  const types = (context: GatewayContext) => listTypes(context.db, context.access, project.id);
  return {
    collection,
    membership,
    artifact: async (context: GatewayContext, name: string) =>
      (await membership(context, name))?.artifact ?? null,
    async type(context: GatewayContext, name: string) {
      const found = (await types(context)).find((one) => one.name === name);
      return found ? new Type(project.id, name, found.createdAt, place) : null;
    },
    async types(context: GatewayContext) {
      const rows = await types(context);
      return toConnection(
        rows,
        MOST,
        ({ name }) => name,
        ({ name, createdAt }) => new Type(project.id, name, createdAt, place),
      );
    },
    async collections(context: GatewayContext, { first, after }: PageArgs, type?: string) {
      const limit = toLimit(first);
      const rows = await listCollections(context.db, context.access, {
        ...{ projectId: project.id, type, after: after || undefined, limit: limit + 1 },
      });
      return toConnection(
        rows,
        limit,
        ({ name }) => name,
        (row) => new Collection(row, place),
      );
    },
  };
}

/** What a run logged, or read. */
export async function artifactsOfRun(
  context: GatewayContext,
  runId: number,
  used: boolean,
  { first, after }: PageArgs,
) {
  const limit = toLimit(first);
  const from = Number(after ?? 0);
  const rows = await listArtifactsOfRun(context.db, context.access, {
    ...{ runId, used, after: Number.isSafeInteger(from) ? from : 0, limit: limit + 1 },
  });
  return toConnection(
    rows,
    limit,
    ({ id }) => String(id),
    (row) => new Artifact(row),
  );
}

export async function artifactById({ id }: { id: string }, context: GatewayContext) {
  const row = await getArtifact(context.db, context.access, fromGlobal("Artifact", id));
  return row === undefined ? null : new Artifact(row);
}

export async function collectionById({ id }: { id: string }, context: GatewayContext) {
  const row = await getCollection(context.db, context.access, { id: fromGlobal("ArtifactSequence", id) });
  return row === undefined ? null : new Collection(row, { entity: "", project: "" });
}

/** A client that logged an artifact and uses it before it knows our number asks with its own (W76). */
export async function clientIdMapping({ clientID }: { clientID: string }, context: GatewayContext) {
  const row = await findArtifactByClient(context.db, context.access, clientID);
  return row === undefined ? null : { serverID: toGlobal("Artifact", row.id) };
}
