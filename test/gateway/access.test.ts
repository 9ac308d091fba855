import { expect, test } from "vitest";
import { inspectFolder } from "../support/access-inspection";

/**
 * As in graphql/: whatever gateway/ calls of db/queries/ takes the caller's access, but for what is listed here with the check that
 * comes before it. It hands the database's client on, and speaks no SQL itself.
 */
const ALLOWED: Readonly<Record<string, string>> = {
  "gateway/wandb/agent.ts countAttemptsOfAgent": "of an agent in a project that the caller may write to",
  "gateway/wandb/agent.ts findWireRun": "in that same project",
  "gateway/wandb/agent.ts readHeldWireAttempts": "of that same agent",
  "gateway/wandb/agent.ts settleAgentKind": "of that same agent",
  "gateway/wandb/artifacts.ts countVersions": "of a collection that was found by access",
  "gateway/wandb/artifacts.ts listAliases": "of an artifact that was found by access",
  "gateway/wandb/artifacts.ts listEntries": "of an artifact that was found by access",
  "gateway/wandb/artifacts.ts listUsers": "numbers of runs, each of which is then read by access",
  "gateway/wandb/bytes.ts readArtifactFile": "the address is signed for this file",
  "gateway/wandb/change-run.ts readWireRun": "of a run that was found for the caller",
  "gateway/wandb/filestream.ts readRunRecords": "of a run that was found for the caller",
  "gateway/wandb/filestream.ts readWireRun": "of a run that was found for the caller",
  "gateway/wandb/find-run.ts findWireRun": "in a place that the caller may know of",
  "gateway/wandb/run-filter.ts toSortKeys": "makes words of a statement, and reads nothing",
  "gateway/wandb/run.ts readContinuedAttempt": "of a run that was read by access a line before",
  "gateway/wandb/sweep.ts findFreeName": "asks whether a name is free",
  "gateway/wandb/sweep.ts readControl": "of a sweep that was read by access",
  "gateway/wandb/upsert-run.ts readWireRun": "of a run that was read by access, or made here",
  "gateway/wandb/viewer.ts readRunEntity": "of the run that the caller's own key is for",
};

test("every query of the gateway gets the caller's access, or says what was checked before it", () => {
  const bare = inspectFolder("gateway")
    .filter(({ what }) => what === "query")
    .map(({ file, name }) => `${file} ${name}`);
  expect([...new Set(bare)].sort()).toEqual(Object.keys(ALLOWED).sort());
});
