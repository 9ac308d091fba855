import { AppError } from "@/core/errors";
import type { GatewayContext } from "./context";
import { findRun } from "./run";

export interface CreateRunFilesInput {
  readonly entityName: string;
  readonly projectName: string;
  readonly runName: string;
  readonly files: readonly string[];
}

/** As many entries as names, in their order (W60). A file without an address is skipped by the client, quietly. */
export async function createRunFiles({ input }: { input: CreateRunFilesInput }, context: GatewayContext) {
  const { entityName, projectName, runName, files } = input;
  const run = await findRun(context, { entity: entityName, project: projectName, name: runName });
  if (run === undefined) throw new AppError("NOT_FOUND", `run ${runName} is unknown`);
  return {
    runID: String(run.runId),
    uploadHeaders: [],
    files: files.map((name) => ({ id: name, name, uploadUrl: null })),
  };
}
