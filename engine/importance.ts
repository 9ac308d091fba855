import { openPool, type Pool } from "@/compute/threads/pool";
import { AppError } from "@/core/errors";
import type { Importance } from "@/core/importance";
import type { Database } from "@/db/client";
import { type ResultsQuery, readResults, readResultsState } from "@/db/queries/results";
import { maybeText } from "./check";
import type { EngineContext } from "./context";
import { perDatabase, Recent } from "./recent";

/** A thread of its own: a page that looks at importance must not make a proposal wait. */
interface Memory {
  readonly pool: Pool;
  /** By what was asked and the version of the results. Those under way are among them, so that ten pages ask once. */
  readonly answers: Recent<string, Promise<Importance>>;
}

const memory = perDatabase<Memory>(() => ({ pool: openPool(), answers: new Recent(200) }));

/** 50,000 runs of 50 parameters take about 10 s. */
const COMPUTE_MS = 60_000;

/**
 * How much each parameter of a sweep matters to a metric, from its finished runs.
 * @throws AppError NOT_FOUND, and BAD_INPUT for a metric that can be none
 */
export async function readImportance(
  { db, access }: Pick<EngineContext, "db" | "access">,
  query: ResultsQuery,
): Promise<Importance> {
  const { sweepId } = query;
  if (query.metric) maybeText("metric", query.metric.name, 1_000);
  const state = await readResultsState(db, access, sweepId);
  if (state === undefined)
    throw new AppError("NOT_FOUND", `sweep ${sweepId} is unknown`, { details: { sweepId } });
  const { pool, answers } = memory(db);
  const key = JSON.stringify([query, state.version]);
  const known = answers.get(key);
  if (known !== undefined) return known;
  const asked = compute(db, pool, query, state);
  answers.set(key, asked);
  // What failed is asked again by the next one.
  asked.catch(() => answers.delete(key));
  return asked;
}

async function compute(
  db: Database,
  pool: Pool,
  query: ResultsQuery,
  { goal, config }: { goal: "minimize" | "maximize" | null; config: string },
): Promise<Importance> {
  const { params, values } = await readResults(db, query);
  const own = values.flatMap((value, i) =>
    value !== null && Number.isFinite(value) ? [{ value, params: params[i] ?? "{}" }] : [],
  );
  return pool.run(
    "importance",
    {
      ...{ config, goal: goal ?? "minimize", without: values.length - own.length },
      params: own.map((run) => run.params),
      values: own.map((run) => run.value),
    },
    AbortSignal.timeout(COMPUTE_MS),
  );
}

/** Ends the thread. */
export const closeImportance = (db: Database): Promise<void> => memory(db).pool.close();
