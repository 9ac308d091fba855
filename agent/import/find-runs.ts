import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { AppError, isAppError } from "@/core/errors";
import { readAbout } from "./exported-about";
import { isExportedRun, openExportedRun } from "./exported-run";
import { isFileError } from "./file-error";
import type { FoundRun } from "./found-run";
import { openRunFiles, readIdentity } from "./run-file";

/** `wandb/offline-run-*` below a repository's folder is two levels; an export by project three. */
const MAX_DEPTH = 6;

/**
 * The runs that lie at these paths and below them, the oldest first: files and folders of W&B's client, and folders that were exported. Files of one run
 * are one run. What can't be read is among them, and says so when it is.
 * @throws AppError BAD_USAGE for a path that is not there, or that no run lies below
 */
export function findRuns(paths: readonly string[]): FoundRun[] {
  const found = new Map<string, Place>();
  for (const path of paths) {
    if (!existsSync(path))
      throw new AppError("BAD_USAGE", `${path} is not there: expected a folder or a .wandb file`);
    const places = [...placesIn(path, 0)];
    for (const place of places) found.set(realpathSync(place.path), place);
    if (places.length === 0)
      throw new AppError(
        "BAD_USAGE",
        `no run lies in ${path} or below it: expected run-*.wandb files, or folders with a run.json or a history.jsonl (docs/wandb.md)`,
      );
  }
  return [...exportedRuns([...found.values()]), ...clientRuns([...found.values()])]
    .sort((a, b) => a.startedMs - b.startedMs)
    .map(({ run }) => run);
}

interface Place {
  readonly path: string;
  readonly kind: "client" | "exported";
}

function* placesIn(path: string, depth: number): Generator<Place> {
  if (!statSync(path).isDirectory()) {
    if (path.endsWith(".wandb")) yield { path, kind: "client" };
    return;
  }
  const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  const records = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".wandb"));
  for (const { name } of records) yield { path: join(path, name), kind: "client" };
  if (records.length > 0) return;
  if (isExportedRun(path)) {
    yield { path, kind: "exported" };
    return;
  }
  if (depth >= MAX_DEPTH) return;
  // A link, `latest-run` above all, leads to what is found without it.
  for (const entry of entries)
    if (entry.isDirectory() && !PASSED.has(entry.name) && !entry.name.endsWith(".part"))
      yield* placesIn(join(path, entry.name), depth + 1);
}
/** Beside `*.part`, which an export has only begun. */
const PASSED: ReadonlySet<string> = new Set(["node_modules", ".git", ".venv", "venv", "__pycache__"]);

interface Dated {
  readonly startedMs: number;
  readonly run: FoundRun;
}

function exportedRuns(places: readonly Place[]): Dated[] {
  return places
    .filter(({ kind }) => kind === "exported")
    .map(({ path }) => {
      const about = join(path, "run.json");
      const startedMs = existsSync(about)
        ? (readOr(() => readAbout(about, basename(path)).startedMs) ?? 0)
        : 0;
      return { startedMs, run: openExportedRun(path) };
    });
}

function clientRuns(places: readonly Place[]): Dated[] {
  const files = places
    .filter(({ kind }) => kind === "client")
    .map(({ path }) => ({ path, identity: readOr(() => readIdentity(path)) }))
    .sort((a, b) => (a.identity?.startedMs ?? 0) - (b.identity?.startedMs ?? 0));
  const byRun = new Map<string, { startedMs: number; paths: string[] }>();
  for (const { path, identity } of files) {
    const key = identity ? JSON.stringify([identity.project, identity.id]) : path;
    const group = byRun.get(key) ?? { startedMs: identity?.startedMs ?? 0, paths: [] };
    group.paths.push(path);
    byRun.set(key, group);
  }
  return Array.from(byRun.values(), ({ startedMs, paths }) => ({ startedMs, run: openRunFiles(paths) }));
}

/** What is wrong with a run is said when its turn comes. */
function readOr<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isAppError(error) || isFileError(error)) return undefined;
    throw error;
  }
}
