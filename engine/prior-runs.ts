import { type Domain, openDomain } from "@/compute/search/domain";
import { toLogged } from "@/compute/search/logged-event";
import { isSearched } from "@/compute/search/points";
import { AppError } from "@/core/errors";
import { isRunName } from "@/core/ids";
import { valueAt } from "@/core/leaves";
import { toPythonText } from "@/core/python";
import { type Diagnostic, objectivesOf, type SweepConfig } from "@/core/sweep-config";
import { parseJson, sortKeys, type ValueMap } from "@/core/value";
import type { Tx } from "@/db/client";
import {
  addPriorRuns,
  type CandidateRun,
  countRepeats,
  findCandidates,
  type PriorRun,
  readPriorRunIds,
  storePriorRuns,
} from "@/db/queries/prior-runs";
import { appendLog, readRunMetrics } from "@/db/queries/search-log";
import { lockSearch, reserveForeigners } from "@/db/queries/searches";
import { badInput } from "./check";
import { metricsAsked, toOutcome } from "./search/outcome";

/**
 * Runs of before that a new sweep is told of: finished ones of the same project whose parameters belong to its space. Their
 * points are known from then on and their results are what its search begins with. A run that does not fit is left out with a
 * warning, since people name all runs of an older sweep; one that is not there, or has not ended, is a mistake.
 */
export const MOST_PRIOR_RUNS = 1_000;

/** @throws AppError BAD_INPUT, INPUT_TOO_LARGE */
export function checkPriorRuns(given: unknown): readonly string[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) throw badInput("priorRuns", given, "a list of names or ids of runs");
  if (given.length > MOST_PRIOR_RUNS)
    throw new AppError(
      "INPUT_TOO_LARGE",
      `there are ${given.length} prior runs, at most ${MOST_PRIOR_RUNS} are taken`,
    );
  const runs = given.map((run) => {
    if (typeof run === "string" && isRunName(run)) return run;
    throw badInput("priorRuns", run, "the name or the id of a run");
  });
  return [...new Set(runs)];
}

interface Telling {
  readonly sweepId: string;
  readonly projectId: number;
  readonly config: SweepConfig;
}

/**
 * Finds runs by their names or ids and tells the sweep of them, in the transaction that makes it.
 * @returns a warning for each run that was left out
 * @throws AppError NOT_FOUND, and ILLEGAL_MOVE for a run that has not ended
 */
export async function tellPriorRuns(
  tx: Tx,
  telling: Telling,
  asked: readonly string[],
): Promise<readonly Diagnostic[]> {
  const { priors, warnings } = await weigh(tx, telling, await findAsked(tx, telling.projectId, asked));
  if (asked.length > 0) await storePriorRuns(tx, telling.sweepId, number(priors, -1));
  return warnings;
}

export interface ToldMore {
  /** Runs that it was told of now. */
  readonly told: readonly number[];
  readonly warnings: readonly Diagnostic[];
}

/**
 * Tells a sweep that may have runs of its own of more runs of before. Those that it knows are passed over; a search hears of the others
 * with its next round, and no other run gets their points. The sweep's row is locked.
 * @throws AppError as `tellPriorRuns` does, INPUT_TOO_LARGE
 */
export async function tellMorePriorRuns(
  tx: Tx,
  telling: Telling,
  { asked, priors: known }: { asked: readonly string[]; priors: number },
): Promise<ToldMore> {
  const { sweepId } = telling;
  const found = await findAsked(tx, telling.projectId, asked);
  const before = new Set(await readPriorRunIds(tx, sweepId));
  const own = found.filter((run) => run.sweepId === sweepId);
  const others = found.filter((run) => run.sweepId !== sweepId && !before.has(run.runId));
  if (known + others.length > MOST_ALL_TOLD)
    throw new AppError(
      "INPUT_TOO_LARGE",
      `sweep ${sweepId} knows ${known} prior runs, ${others.length} more would be beyond ${MOST_ALL_TOLD}`,
    );
  const { priors, warnings } = await weigh(tx, telling, others, (hashes) =>
    countRepeats(tx, sweepId, hashes),
  );
  const search = await lockSearch(tx, sweepId);
  const first = search ? await reserveForeigners(tx, sweepId, priors.length) : -1 - known;
  const numbered = number(priors, first);
  await addPriorRuns(tx, sweepId, numbered);
  if (search !== undefined) {
    const events = numbered.map(({ number, details }) => ({ kind: "prior", number, details }));
    await appendLog(tx, search, events, events.length);
  }
  return {
    told: numbered.map(({ runId }) => runId),
    warnings: [
      ...own.map((run) => leftOut(run.name, "it is a run of this sweep, which knows it")),
      ...warnings,
    ],
  };
}

const MOST_ALL_TOLD = 10 * MOST_PRIOR_RUNS;

/** In the order in which they were named, each once. @throws AppError NOT_FOUND, and ILLEGAL_MOVE for a run that has not ended */
async function findAsked(tx: Tx, projectId: number, asked: readonly string[]): Promise<CandidateRun[]> {
  if (asked.length === 0) return [];
  const ids = asked.flatMap((text) => (/^[1-9]\d{0,15}$/.test(text) ? [Number(text)] : []));
  const found = await findCandidates(tx, projectId, { names: asked, ids });
  const byName = new Map(found.map((run) => [run.name, run]));
  const byId = new Map(found.map((run) => [String(run.runId), run]));
  const runs = new Set<CandidateRun>();
  for (const text of asked) {
    const run = byName.get(text) ?? byId.get(text);
    if (run === undefined)
      throw new AppError("NOT_FOUND", `prior run ${text} is unknown in the sweep's project`, {
        details: { priorRun: text },
      });
    if (!ENDED.has(run.state))
      throw new AppError("ILLEGAL_MOVE", `prior run ${text} is ${run.state}: it must have ended`, {
        details: { priorRun: text, state: run.state },
      });
    runs.add(run);
  }
  return [...runs];
}

const ENDED: ReadonlySet<string> = new Set(["finished", "failed", "crashed", "killed"]);

/** The same runs for another configuration of the sweep; one that was deleted since drops out with a warning, too. */
export async function tellAgain(
  tx: Tx,
  telling: Telling,
  runIds: readonly number[],
): Promise<readonly Diagnostic[]> {
  if (runIds.length === 0) return [];
  const found = await findCandidates(tx, telling.projectId, { names: [], ids: runIds });
  const byId = new Map(found.map((run) => [run.runId, run]));
  const gone = runIds.filter((id) => !byId.has(id)).map((id) => leftOut(String(id), "it was deleted"));
  const { priors, warnings } = await weigh(
    tx,
    telling,
    runIds.flatMap((id) => byId.get(id) ?? []),
  );
  await storePriorRuns(tx, telling.sweepId, number(priors, -1));
  return [...gone, ...warnings];
}

const leftOut = (run: string, why: string): Diagnostic => ({
  code: "PRIOR_RUN_LEFT_OUT",
  message: `prior run ${run} is left out: ${why}`,
  path: [],
});

/** Nothing is kept of a run that is left out, so a file that is mended later comes too late for it. */
const WAY_OUT = "an update of the sweep won't ask for it again, a new sweep can (--prior-run)";

type Weighed = Omit<PriorRun, "number">;

const number = (priors: readonly Weighed[], first: number): PriorRun[] =>
  priors.map((prior, i) => ({ ...prior, number: first - i }));

/** Which of them fit, and what the sweep is told of those. */
async function weigh(
  tx: Tx,
  { config }: Telling,
  runs: readonly CandidateRun[],
  count: (hashes: readonly string[]) => Promise<Map<string, number>> = async () => new Map(),
): Promise<{ priors: readonly Weighed[]; warnings: readonly Diagnostic[] }> {
  const domain = openDomain(config);
  const metrics = await readRunMetrics(tx, runs, metricsAsked(config));
  const priors: Omit<Weighed, "repeat">[] = [];
  const warnings: Diagnostic[] = [];
  for (const run of runs) {
    const params = sortKeys(parseJson(run.params)) as ValueMap;
    const values = domain.read(params);
    const outcome = toOutcome(
      config,
      metrics.filter(({ runId }) => runId === run.runId),
    );
    const outside = values === undefined ? whatIsOutside(domain, config, params) : undefined;
    const why = whyNot(run, config, outside, outcome.objectives);
    if (values === undefined || why !== undefined) {
      const way = run.state === "finished" ? `; ${WAY_OUT}` : "";
      warnings.push(leftOut(run.name, `${why}${way}`));
      continue;
    }
    const objectives = isSearched(config.method) ? outcome.objectives : [];
    const { details } = toLogged({
      type: "prior",
      number: -1,
      params: values.params,
      ...outcome,
      objectives,
    });
    priors.push({ runId: run.runId, hash: values.hash, details: details ?? "{}" });
  }
  const repeats = await count(priors.map(({ hash }) => hash));
  return {
    warnings,
    priors: priors.map((prior) => {
      const repeat = repeats.get(prior.hash) ?? 0;
      repeats.set(prior.hash, repeat + 1);
      return { ...prior, repeat };
    }),
  };
}

/** Undefined for a run that fits. */
function whyNot(
  { state }: CandidateRun,
  config: SweepConfig,
  outside: string | undefined,
  objectives: readonly number[],
): string | undefined {
  if (state !== "finished") return `it ${state === "killed" ? "was" : "has"} ${state}`;
  if (outside !== undefined || !isSearched(config.method)) return outside;
  const missing = objectivesOf(config).filter((_, i) => !Number.isFinite(objectives[i]));
  return missing.length > 0 ? `it logged no ${missing.map(({ name }) => name).join(" and ")}` : undefined;
}

/** Which parameter keeps a configuration out of the space. */
function whatIsOutside({ dimensions }: Domain, { parameters }: SweepConfig, params: ValueMap): string {
  for (const { name, path, toCoordinate } of dimensions) {
    const value = valueAt(params, path);
    if (value !== undefined && toCoordinate(value) === undefined)
      return `its ${name} (${toPythonText(value)}) is outside of the space`;
  }
  const missing = [...parameters.keys()].find((name) => params[name] === undefined);
  return missing === undefined ? "its parameters are outside of the space" : `it has no ${missing}`;
}
