import { AppError } from "@/core/errors";
import { countRunFiles, listRunFiles, type RunFileRow } from "@/db/queries/files";
import { authorizeRun } from "@/engine/authorize";
import { openLinks, toAddress } from "@/engine/files/links";
import { createRunFiles as createFiles, deleteRunFiles } from "@/engine/files/run-files";
import type { GatewayContext } from "./context";
import { findRun } from "./find-run";
import type { FileArgs } from "./run-reads";

export interface RunFilesInput {
  readonly entityName: string;
  readonly projectName: string;
  readonly runName: string;
  readonly files: readonly string[];
}

const MOST_NAMES = 10_000;
const PAGE = 50;
const MOST_FILES = 1_000;

/** As many entries as names, in their order (W60). A file without an address is skipped by the client, quietly: what can't be a name has none. */
export async function createRunFiles({ input }: { input: RunFilesInput }, context: GatewayContext) {
  const runId = await runOf(context, input);
  const tokens = await createFiles(context, { runId, names: input.files });
  for (const [index, name] of input.files.entries())
    if (tokens[index] === undefined)
      context.log.warn({ runId, name: name.slice(0, 200) }, "a file with such a name is not taken");
  return {
    runID: String(runId),
    uploadHeaders: [],
    files: input.files.map((name, index) => {
      const token = tokens[index];
      return { id: name, name, uploadUrl: token === undefined ? null : toAddress(context.publicUrl, token) };
    }),
  };
}

/** A file is listed when its bytes are all there: that its client says so as well changes nothing (W63). */
export async function markRunFilesUploaded({ input }: { input: RunFilesInput }, context: GatewayContext) {
  await runOf(context, input);
  return { success: true };
}

async function runOf(
  context: GatewayContext,
  { entityName, projectName, runName, files }: RunFilesInput,
): Promise<number> {
  if (files.length > MOST_NAMES)
    throw new AppError("BAD_INPUT", `${files.length} files at once, at most ${MOST_NAMES} are taken`);
  const run = await findRun(context, { entity: entityName, project: projectName, name: runName });
  if (run === undefined) throw new AppError("NOT_FOUND", `run ${runName} is unknown`);
  await authorizeRun(context, run, "member");
  return run.runId;
}

/** @throws AppError NOT_FOUND, FORBIDDEN */
export async function deleteFiles(
  { input }: { input: { files: readonly string[] } },
  context: GatewayContext,
) {
  const ids = input.files.map(Number);
  for (const [index, id] of ids.entries())
    if (!Number.isSafeInteger(id)) throw new AppError("NOT_FOUND", `file ${input.files[index]} is unknown`);
  await deleteRunFiles(context, ids);
  return { success: true };
}

export const fileCount = (context: GatewayContext, runId: number): Promise<number> =>
  countRunFiles(context.db, context.access, runId);

/** A page, in the order of names (W67). */
export async function files(
  context: GatewayContext,
  path: { runId: number; entity: string; project: string; run: string },
  { names, first, after, pattern }: FileArgs,
) {
  const limit = Math.min(Math.max(first ?? PAGE, 0), MOST_FILES);
  // `./log.txt` is how somebody calls what he saved by that path.
  const asked = names?.flatMap((name) => (name === null ? [] : [name.replace(/^(\.\/+)+/, "")]));
  const rows = await listRunFiles(context.db, context.access, {
    ...{ runId: path.runId, names: asked?.length ? asked : undefined, pattern: pattern || undefined },
    ...{ after: after || undefined, limit: limit + 1 },
  });
  const page = rows.slice(0, limit);
  return {
    edges: page.map((row) => ({ node: new RunFile(row, path), cursor: row.name })),
    pageInfo: { endCursor: page.at(-1)?.name ?? null, hasNextPage: rows.length > limit },
    uploadHeaders: [],
  };
}

class RunFile {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly sizeBytes: number;
  readonly mimetype: string | null;
  readonly updatedAt: Date;
  /** In base64, as W&B's digests are. */
  readonly md5: string | null;
  readonly digest: string | null;

  constructor(
    private readonly row: RunFileRow,
    private readonly path: { entity: string; project: string; run: string },
  ) {
    this.id = String(row.id);
    this.name = row.name;
    this.displayName = row.name;
    this.sizeBytes = row.bytes;
    this.mimetype = row.mimeType;
    this.updatedAt = row.updatedAt;
    this.md5 = row.md5 === null ? null : Buffer.from(row.md5, "hex").toString("base64");
    this.digest = this.md5;
  }

  url = ({ upload }: { upload?: boolean | null }, context: GatewayContext) => {
    if (upload) return uploadAddress(context, this.row.runId, this.name);
    const { entity, project, run } = this.path;
    const segments = [entity, project, run, ...this.name.split("/")].map(encodeURIComponent);
    return `${context.publicUrl}/wandb/files/${segments.join("/")}`;
  };
  directUrl = async (_args: unknown, context: GatewayContext) =>
    toAddress(
      context.publicUrl,
      (await openLinks(context.db)).sign({ may: "get-run-file", runId: this.row.runId, name: this.name }),
    );
  uploadUrl = (_args: unknown, context: GatewayContext) => uploadAddress(context, this.row.runId, this.name);
}

/** Null for who may only look. */
async function uploadAddress(context: GatewayContext, runId: number, name: string): Promise<string | null> {
  const [token] = await createFiles(context, { runId, names: [name] }).catch(() => []);
  return token === undefined ? null : toAddress(context.publicUrl, token);
}
