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
import { type CandidateRun, findCandidates, type PriorRun, storePriorRuns } from "@/db/queries/prior-runs";
import { readRunMetrics } from "@/db/queries/search-log";
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
): Promise<Diagnostic[]> {
  if (asked.length === 0) return [];
  const ids = asked.flatMap((text) => (/^[1-9]\d{0,15}$/.test(text) ? [Number(text)] : []));
  const found = await findCandidates(tx, telling.projectId, { names: asked, ids });
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
  return await tell(tx, telling, [...runs]);
}

const ENDED: ReadonlySet<string> = new Set(["finished", "failed", "crashed", "killed"]);

/** The same runs for another configuration of the sweep; one that was deleted since drops out with a warning, too. */
export async function tellAgain(tx: Tx, telling: Telling, runIds: readonly number[]): Promise<Diagnostic[]> {
  if (runIds.length === 0) return [];
  const found = await findCandidates(tx, telling.projectId, { names: [], ids: runIds });
  const byId = new Map(found.map((run) => [run.runId, run]));
  const gone = runIds.filter((id) => !byId.has(id)).map((id) => leftOut(String(id), "it was deleted"));
  const left = await tell(
    tx,
    telling,
    runIds.flatMap((id) => byId.get(id) ?? []),
  );
  return [...gone, ...left];
}

const leftOut = (run: string, why: string): Diagnostic => ({
  code: "PRIOR_RUN_LEFT_OUT",
  message: `prior run ${run} is left out: ${why}`,
  path: [],
});

/** Nothing is kept of a run that is left out, so a file that is mended later comes too late for it. */
const WAY_OUT = "an update of the sweep won't ask for it again, a new sweep can (--prior-run)";

async function tell(
  tx: Tx,
  { sweepId, config }: Telling,
  runs: readonly CandidateRun[],
): Promise<Diagnostic[]> {
  const domain = openDomain(config);
  const metrics = await readRunMetrics(tx, runs, metricsAsked(config));
  const repeats = new Map<string, number>();
  const priors: PriorRun[] = [];
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
    const number = -1 - priors.length;
    const repeat = repeats.get(values.hash) ?? 0;
    repeats.set(values.hash, repeat + 1);
    const objectives = isSearched(config.method) ? outcome.objectives : [];
    const { details } = toLogged({ type: "prior", number, params: values.params, ...outcome, objectives });
    priors.push({ number, runId: run.runId, hash: values.hash, repeat, details: details ?? "{}" });
  }
  await storePriorRuns(tx, sweepId, priors);
  return warnings;
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
