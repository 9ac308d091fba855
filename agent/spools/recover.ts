import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openClient } from "@/client/client";
import { Delivery } from "@/client/delivery";
import { type AppError, isAppError } from "@/core/errors";
import { FinishRun } from "@/graphql/operations";
import type { Verdict } from "../run/verdict";
import { ATTEMPT_FILE, END_FILE, OWNER_FILE, type SpooledAttempt } from "./home";
import { isAlive, type Owner, thisOwner } from "./owner";

export interface RecoverOptions {
  root: string;
  userAgent: string;
  say: (message: string) => void;
  /** Ends the tries; what isn't delivered by then stays. */
  signal: AbortSignal;
  /** Told whenever the server took something. */
  onProgress?: () => void;
}

export interface Recovered {
  delivered: number;
  /** Still there: the server could not be reached. */
  left: number;
  /** The server does not want them, or they are too old. */
  givenUp: number;
}

/** After a week nobody waits for it, and the server may have forgotten the run. */
const KEPT_DAYS = 7;
const KEPT_MS = KEPT_DAYS * 24 * 3_600_000;
/** An owner that can't be seen from here, and gave no sign of life for so long, is gone. */
const SILENT_MS = 15 * 60_000;
const AT_ONCE = 4;
const MARK = ".taken-";

/**
 * Delivers what agents that died left behind, under the attempts and the numbers that it had. Several may try at once: a folder is
 * taken by renaming it, which one of them can do; a living agent's folder is left alone.
 */
export async function recover(options: RecoverOptions): Promise<Recovered> {
  const total: Recovered = { delivered: 0, left: 0, givenUp: 0 };
  for (const dir of takeAbandoned(options)) {
    const attempts = attemptsIn(dir);
    while (attempts.length > 0) {
      const some = attempts.splice(0, AT_ONCE);
      for (const outcome of await Promise.all(some.map((attempt) => deliver(attempt, options))))
        total[outcome]++;
    }
    if (attemptsIn(dir).length === 0) rmSync(dir, { recursive: true, force: true });
  }
  return total;
}

/** Folders whose owner is gone, now ours. Those that are too old go. */
function takeAbandoned({ root, say }: RecoverOptions): string[] {
  return listFolders(root).flatMap((name) => {
    const dir = join(root, name);
    try {
      const owner = readJson<Owner & { leftAtMs?: number }>(join(dir, OWNER_FILE));
      const newestMs = newestIn(dir);
      if (isOwned(owner, Date.now() - newestMs)) return [];
      // Whoever takes it over writes into it, and must not make it younger.
      const leftAtMs = owner?.leftAtMs ?? newestMs;
      const ageMs = Date.now() - leftAtMs;
      if (ageMs > KEPT_MS) {
        rmSync(dir, { recursive: true, force: true });
        say(`what an agent left in ${dir} more than ${KEPT_DAYS} days ago is given up`);
        return [];
      }
      const taken = join(root, `${name.split(MARK)[0]}${MARK}${process.pid}-${Date.now()}`);
      renameSync(dir, taken);
      writeFileSync(join(taken, OWNER_FILE), JSON.stringify({ ...thisOwner(), leftAtMs }), { mode: 0o600 });
      return [taken];
    } catch {
      // Another agent was faster.
      return [];
    }
  });
}

function isOwned(owner: Owner | undefined, ageMs: number): boolean {
  const alive = owner && isAlive(owner);
  // Without a word about its owner it may be in the making.
  return alive ?? ageMs < (owner ? SILENT_MS : 60_000);
}

/** When something was last written there. */
function newestIn(dir: string): number {
  const times = readdirSync(dir).map((name) => statSync(join(dir, name)).mtimeMs);
  return Math.max(statSync(dir).mtimeMs, ...times);
}

async function deliver(dir: string, options: RecoverOptions): Promise<keyof Recovered> {
  const { signal, say, userAgent, onProgress } = options;
  const attempt = readJson<SpooledAttempt>(join(dir, ATTEMPT_FILE));
  if (!attempt?.apiKey) return giveUp(dir, say, "it does not say whose it is");
  const { url, runId, attempt: number, apiKey, displayName } = attempt;
  const client = openClient({ url, key: apiKey, userAgent });
  const refused: AppError[] = [];
  const delivery = new Delivery({
    client,
    runId,
    attempt: number,
    spoolDir: dir,
    resume: true,
    signal,
    onRoom: () => onProgress?.(),
    onRefused: (_what, error) => refused.push(error),
  });
  try {
    await delivery.drain();
    if (delivery.hasRest) return "left";
    const fatal = refused.find(({ code }) => FATAL.has(code));
    if (fatal) return giveUp(dir, say, `${displayName}, attempt ${number}: ${fatal.message}`);
    const verdict = readJson<Verdict>(join(dir, END_FILE));
    if (verdict) {
      const input = { runId, attempt: number, ...verdict, clientMutationId: `finish ${runId}/${number}` };
      await client.mutate(FinishRun, { input }, { patienceMs: Number.POSITIVE_INFINITY, signal });
    }
  } catch (error) {
    if (!isAppError(error)) throw error;
    if (signal.aborted) return "left";
    if (error.code !== "STALE_ATTEMPT") return giveUp(dir, say, `${displayName}: ${error.message}`);
  } finally {
    delivery.close({ keep: true });
    await client.close();
  }
  rmSync(dir, { recursive: true, force: true });
  say(`${displayName}: what an agent that is gone had not delivered is with the server`);
  onProgress?.();
  return "delivered";
}

/** Nothing will change them. */
const FATAL: ReadonlySet<string> = new Set(["NOT_FOUND", "UNAUTHENTICATED", "FORBIDDEN"]);

function giveUp(dir: string, say: (message: string) => void, why: string): "givenUp" {
  rmSync(dir, { recursive: true, force: true });
  say(`what an agent that is gone left is given up: ${why}`);
  return "givenUp";
}

function listFolders(root: string): string[] {
  try {
    return readdirSync(root).filter((name) => name.startsWith("agent-"));
  } catch {
    return [];
  }
}

const attemptsIn = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => name !== OWNER_FILE)
    .map((name) => join(dir, name));

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}
