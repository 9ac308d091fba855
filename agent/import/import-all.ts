import { resolve } from "node:path";
import { type Client, TRANSIENT } from "@/client/client";
import { findCredentials } from "@/client/credentials";
import { AppError, isAppError } from "@/core/errors";
import { toShown } from "../cells";
import { requireKey, type Terminal, withClient } from "../commands/context";
import { EXIT, type ExitCode } from "../exit-code";
import { VERSION } from "../version";
import { isFileError } from "./file-error";
import { findRuns } from "./find-runs";
import type { FoundRun, RunHead } from "./found-run";
import { type Imported, type ImportOptions, importRun, placeOf } from "./import-run";
import { openWandbDoor } from "./wandb-door";

export interface ImportAllOptions {
  readonly project?: string;
  readonly entity?: string;
  /** Only read, and say what is found. */
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** All runs at these paths, one after the other. @throws AppError BAD_USAGE; what a server that is away or refuses all says */
export async function importAll(
  terminal: Terminal,
  exit: ExitCode,
  paths: readonly string[],
  options: ImportAllOptions,
): Promise<void> {
  const runs = findRuns(paths.map((path) => resolve(terminal.cwd, path)));
  const entity = options.entity ?? (terminal.env.BESOM_ENTITY || undefined);
  const where = { entity, project: options.project };
  if (options.dryRun) {
    const look = async (run: FoundRun): Promise<Imported> => {
      const head = run.readHead();
      return { head, path: placeOf(head, where), outcome: "unchanged", leftOut: [] };
    };
    return each(terminal, exit, runs, options, look, "found");
  }
  const credentials = findCredentials(terminal.env);
  const key = requireKey(credentials);
  const door = openWandbDoor({ url: credentials.url, key, userAgent: `besom/${VERSION}` });
  try {
    await withClient(terminal, (client: Client) => {
      const onLines = sayNowAndThen(terminal);
      const bring = (run: FoundRun) => importRun(run, { ...where, client, door, onLines });
      return each(terminal, exit, runs, options, bring);
    });
  } finally {
    await door.close();
  }
}

/** One after the other; one that can't be moved does not keep the others from it, a server that is away or refuses all does. */
async function each(
  terminal: Terminal,
  exit: ExitCode,
  runs: readonly FoundRun[],
  { json }: ImportAllOptions,
  bring: (run: FoundRun) => Promise<Imported>,
  word?: string,
): Promise<void> {
  const counts = new Map<string, number>();
  for (const [i, run] of runs.entries()) {
    const told = await tell(run, bring, word);
    const { outcome } = told;
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    for (const remark of told.remarks) terminal.err(`besom: warning: ${toShown(remark)}`);
    if (told.error !== undefined) terminal.err(`besom: ${toShown(told.error)}`);
    if (json) terminal.out(JSON.stringify(told));
    else if (told.error === undefined) terminal.out(`[${i + 1}/${runs.length}] ${toShown(toSentence(told))}`);
  }
  const sum = WORDS.flatMap(([outcome, words]) => {
    const count = counts.get(outcome);
    return count === undefined ? [] : [`${count} ${words}`];
  });
  terminal.err(sum.join(", "));
  if (counts.has("failed")) exit.set(EXIT.failed);
}
const WORDS = [
  ["found", "found"],
  ["imported", "moved in"],
  ["unchanged", "there already"],
  ["failed", "not moved in: see above"],
] as const;

/** What is printed of a run. */
interface Told {
  readonly place: string;
  readonly outcome: string;
  readonly remarks: readonly string[];
  readonly error?: string;
  readonly code?: string;
  readonly entity?: string | undefined;
  readonly project?: string;
  readonly name?: string;
  readonly displayName?: string | undefined;
  readonly state?: string;
  readonly historyLines?: number;
}

async function tell(
  run: FoundRun,
  bring: (run: FoundRun) => Promise<Imported>,
  word: string | undefined,
): Promise<Told> {
  const { place } = run;
  try {
    const { head, path, outcome, leftOut } = await bring(run);
    return {
      ...{ place, outcome: word ?? outcome, remarks: [...head.remarks, ...leftOut], ...path },
      ...{ displayName: head.displayName, state: head.end.state, historyLines: head.historyLines },
    };
  } catch (cause) {
    const error = isFileError(cause) ? toAppError(cause) : cause;
    if (!isAppError(error) || TRANSIENT.has(error.code) || STOPPING.has(error.code)) throw error;
    const { code, message } = error;
    // What the server refuses says nothing of where it lies.
    const named = message.includes(place) ? message : `${place}: ${message}`;
    return { place, outcome: "failed", remarks: [], code, error: named };
  }
}
/** What every other run would be told as well. */
const STOPPING: ReadonlySet<string> = new Set(["UNAUTHENTICATED", "FORBIDDEN", "BAD_USAGE"]);

function toSentence({ entity, project, name, outcome, state, historyLines = 0 }: Told): string {
  const path = [...(entity === undefined ? [] : [entity]), project, name].join("/");
  const what = `${historyLines} ${historyLines === 1 ? "line" : "lines"} of history, ${state}`;
  return outcome === "unchanged" ? `${path} is there already` : `${path} ${outcome}: ${what}`;
}

const toAppError = ({ path, code, message }: NodeJS.ErrnoException): AppError =>
  new AppError("BAD_INPUT", `can't read ${path}: ${code === "EACCES" ? "permission denied" : message}`);

const EVERY_MS = 5_000;

/** A run of a million steps takes its time. */
function sayNowAndThen({ err }: Terminal): ImportOptions["onLines"] {
  let lastMs = performance.now();
  return ({ id, historyLines }: RunHead, sent) => {
    if (sent === historyLines || performance.now() - lastMs < EVERY_MS) return;
    lastMs = performance.now();
    err(`${toShown(id)}: ${sent} of ${historyLines} lines of history`);
  };
}
