import { AppError } from "@/core/errors";
import { MAX_TIME_MS } from "@/core/filter/kinds";
import { show } from "@/core/show";
import { isList, toNumber, type Value } from "@/core/value";
import { endOf, type RunEnd, type RunHead } from "./found-run";
import { readJsonFile } from "./json-files";

type About = Pick<
  RunHead,
  | "id"
  | "project"
  | "displayName"
  | "notes"
  | "tags"
  | "group"
  | "jobType"
  | "sweepId"
  | "git"
  | "startedMs"
  | "finishedMs"
  | "end"
>;

/**
 * `run.json`: what W&B's server says of a run. All of it is optional; without a file the folder is called as the run is.
 * @throws AppError BAD_INPUT naming the file and the value
 */
export function readAbout(path: string | undefined, folder: string): About {
  const given = readJsonFile(path);
  const refuse = (name: string, expected: string): AppError =>
    new AppError("BAD_INPUT", `${name} in ${path} is ${show(given[name])}, expected ${expected}`, {
      details: { path, name },
    });
  const text = (name: string): string | undefined => {
    const value = given[name] ?? "";
    if (typeof value !== "string") throw refuse(name, "text");
    return value || undefined;
  };
  const time = (name: string): number | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    // W&B writes times without their zone: they are UTC.
    const timeMs = Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(value) ? value : `${value}Z`);
    if (timeMs >= 0 && timeMs <= MAX_TIME_MS) return timeMs;
    throw refuse(name, "a moment such as 2024-01-31T12:00:00Z");
  };
  const tags = given.tags ?? [];
  if (!isList(tags) || !tags.every((tag) => typeof tag === "string")) throw refuse("tags", "a list of texts");
  const exitCode = wholeNumber(given.exitCode);
  if (exitCode === undefined) throw refuse("exitCode", "a whole number");
  const end = toEnd(text("state"), exitCode ?? undefined);
  if (end === undefined) throw refuse("state", `one of ${Object.keys(ENDS).join(", ")}`);
  const commit = text("commit");
  return {
    id: text("id") ?? folder,
    project: text("project"),
    displayName: text("name"),
    notes: text("notes"),
    tags: tags as readonly string[],
    group: text("group"),
    jobType: text("jobType"),
    sweepId: text("sweep"),
    git: commit === undefined ? undefined : { commit },
    startedMs: time("createdAt"),
    finishedMs: time("finishedAt"),
    end,
  };
}

/** Null where there is none, undefined for what is no whole number of 32 bits. */
function wholeNumber(value: Value | undefined): number | null | undefined {
  if (value === undefined || value === null) return null;
  const number = toNumber(value);
  return number !== undefined && (number | 0) === number ? number : undefined;
}

const ENDS: Readonly<Record<string, RunEnd>> = {
  finished: { state: "finished" },
  failed: { state: "failed" },
  crashed: { state: "crashed" },
  killed: { state: "killed" },
  preempted: { state: "killed", detail: "it was preempted" },
  preempting: { state: "crashed", detail: "it was being preempted when it was exported" },
  running: { state: "crashed", detail: "it was still running when it was exported" },
  pending: { state: "crashed", detail: "it had not begun when it was exported" },
};

function toEnd(state: string | undefined, exitCode: number | undefined): RunEnd | undefined {
  if (state === undefined) return endOf(exitCode ?? 0);
  const end = Object.hasOwn(ENDS, state) ? ENDS[state] : undefined;
  return end && { ...end, ...(exitCode !== undefined && { exitCode }) };
}
