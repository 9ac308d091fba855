import { AppError } from "@/core/errors";
import { isFileName, mimeTypeOf } from "@/core/file-name";
import { deleteRunFiles as deleteRows, readRunsOfFiles, settleRunFile } from "@/db/queries/files";
import { inTransaction, retrying } from "@/db/transaction";
import type { Stored } from "@/store/store";
import { authorizeRun } from "../authorize";
import type { EngineContext } from "../context";
import { emitChange } from "../events";
import { runFacts, unknownRun } from "../facts";
import { openLinks } from "./links";
import { type FileContext, receiveBytes } from "./receive";

/**
 * A token for one upload of each file, in their order; undefined for what can't be a file's name.
 * @throws AppError NOT_FOUND, FORBIDDEN
 */
export async function createRunFiles(
  context: EngineContext,
  { runId, names }: { runId: number; names: readonly string[] },
): Promise<(string | undefined)[]> {
  const { db } = context;
  const run = await runFacts(db, runId);
  await authorizeRun(context, run, "member");
  const links = await openLinks(db);
  return names.map((name) =>
    isFileName(name) ? links.sign({ may: "put-run-file", runId, name }) : undefined,
  );
}

/**
 * Bytes by such a token. Sent again they replace those that were there; until all have come, those stay.
 * @throws AppError NOT_FOUND for a run that is deleted, INPUT_TOO_LARGE, BAD_INPUT, DISK_FULL, UNAVAILABLE
 */
export async function receiveRunFile(
  context: FileContext,
  { runId, name }: { runId: number; name: string },
  bytes: AsyncIterable<Uint8Array>,
  announced: { expectedBytes?: number | undefined },
): Promise<Stored> {
  const { db } = context;
  const run = await runFacts(db, runId);
  const stored = await receiveBytes(context, bytes, announced, async (tx, { place, ...stored }) => {
    if (!(await settleRunFile(tx, { runId, name, place, ...stored, mimeType: mimeTypeOf(name) })))
      throw unknownRun(runId);
    return true;
  });
  emitChange(run.projectId, run.sweepId, runId, "run");
  return stored;
}

/** All or none. @throws AppError NOT_FOUND, FORBIDDEN */
export async function deleteRunFiles(context: EngineContext, fileIds: readonly number[]): Promise<void> {
  const { db } = context;
  const files = await retrying(() => readRunsOfFiles(db.sql, fileIds));
  for (const id of fileIds) {
    const file = files.find((one) => one.id === id);
    if (file === undefined)
      throw new AppError("NOT_FOUND", `file ${id} is unknown`, { details: { fileId: id } });
    await authorizeRun(context, file, "member");
  }
  await inTransaction(db, (tx) => deleteRows(tx, fileIds), { makesRoom: true });
  for (const { projectId, runId } of files) emitChange(projectId, null, runId, "run");
}
