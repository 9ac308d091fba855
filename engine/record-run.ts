import { AppError } from "@/core/errors";
import { stringifyJson, toValueMap, type ValueMap } from "@/core/value";
import { lockRuns } from "@/db/queries/many-runs";
import {
  type RunRecordChange,
  writeDisplayName,
  writeLooseParams,
  writeRunRecord,
} from "@/db/queries/run-records";
import { inTransaction } from "@/db/transaction";
import { authorizeRun } from "./authorize";
import { checkId, checkInteger, MAX_PARAMS_BYTES, maybeText } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { runFacts, unknownRun } from "./facts";

export interface RecordRunInput {
  readonly runId: number;
  /** `{name: {value}}`: all of it. A run that no sweep made has these values as its parameters. */
  readonly config?: ValueMap | undefined;
  /** All of it. */
  readonly summary?: ValueMap | undefined;
  readonly displayName?: string | undefined;
  readonly group?: string | undefined;
  readonly jobType?: string | undefined;
  readonly program?: string | undefined;
  readonly host?: string | undefined;
  readonly commit?: string | undefined;
  readonly repo?: string | undefined;
  readonly eventLines?: number | undefined;
}

const MAX_WORD = 1_000;
/** What a client of another protocol keeps for itself, telemetry above all, is no parameter. */
const OWN_NAME = "_wandb";
const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/**
 * What a run's client says of it, as it says it. The last word wins, so that it may be said again; what is absent stays.
 * @throws AppError BAD_INPUT, INPUT_TOO_LARGE, NOT_FOUND, FORBIDDEN, UNAVAILABLE
 */
export async function recordRun(context: EngineContext, input: RecordRunInput): Promise<{ runId: number }> {
  const { db } = context;
  const run = await runFacts(db, checkId("runId", input.runId));
  await authorizeRun(context, run, "member");
  const displayName = maybeText("displayName", input.displayName, 500);
  const change: RunRecordChange = {
    config: toText("config", input.config),
    summary: toText("summary", input.summary),
    group: maybeText("group", input.group, MAX_WORD) ?? undefined,
    jobType: maybeText("jobType", input.jobType, MAX_WORD) ?? undefined,
    program: maybeText("program", input.program, MAX_WORD) ?? undefined,
    host: maybeText("host", input.host, MAX_WORD) ?? undefined,
    commit: maybeText("commit", input.commit, MAX_WORD) ?? undefined,
    repo: maybeText("repo", input.repo, MAX_WORD) ?? undefined,
    eventLines:
      input.eventLines == null
        ? undefined
        : checkInteger("eventLines", input.eventLines, 0, Number.MAX_SAFE_INTEGER),
  };
  const params = run.sweepId === null && input.config ? toParams(input.config) : undefined;
  await inTransaction(db, async (tx) => {
    const [locked] = await lockRuns(tx, [run.runId]);
    if (locked === undefined) throw unknownRun(run.runId);
    await writeRunRecord(tx, run.runId, change);
    if (params !== undefined) await writeLooseParams(tx, { runId: run.runId, params });
    if (displayName) await writeDisplayName(tx, { runId: run.runId, displayName });
  });
  emitChange(run.projectId, run.sweepId, run.runId, "run");
  return { runId: run.runId };
}

function toText(name: string, value: ValueMap | undefined): string | undefined {
  if (value === undefined) return undefined;
  const text = toStorable(stringifyJson(value));
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_RECORD_BYTES) return text;
  throw new AppError("INPUT_TOO_LARGE", `${name} has ${bytes} bytes, at most ${MAX_RECORD_BYTES} are kept`, {
    details: { name, bytes, max: MAX_RECORD_BYTES },
  });
}

/** PostgreSQL's jsonb holds neither NUL nor halves of surrogate pairs; a client's log line may. */
export const toStorable = (json: string): string =>
  json.replaceAll(
    /((?<!\\)(?:\\\\)*)(\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})/g,
    "$1\\ufffd",
  );

/** `{name: {value}}` as `{name: value}`; larger than parameters may be, it stays in the record alone. */
function toParams(config: ValueMap): string | undefined {
  const entries = Object.entries(config).flatMap(([name, wrapped]) => {
    if (name === OWN_NAME) return [];
    const inner =
      typeof wrapped === "object" && wrapped !== null && "value" in wrapped
        ? (wrapped as ValueMap).value
        : wrapped;
    return inner === undefined ? [] : [[name, inner] as const];
  });
  const text = toStorable(stringifyJson(toValueMap(entries)));
  return Buffer.byteLength(text) <= MAX_PARAMS_BYTES ? text : undefined;
}
