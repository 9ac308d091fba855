import { insertSamples, lockSystem, mergeNeighbours, type SystemSample } from "@/db/queries/system-samples";
import { inTransaction } from "@/db/transaction";
import { authorizeAttempt } from "./authorize";
import { badInput, checkId, checkInteger, isStorable } from "./check";
import type { EngineContext } from "./context";
import { unknownAttempt } from "./describe-attempt";
import { runFacts } from "./facts";

export interface LogSystemInput {
  readonly runId: number;
  readonly attempt: number;
  readonly samples: readonly { readonly timeMs: number; readonly values?: unknown }[];
}

export const MAX_SAMPLES_A_CALL = 1_000;
export const MAX_NAMES = 200;
const MAX_NAME = 100;
/** Beyond it two neighbours become one: a sample each 10 s fills it in 11 hours, and a chart shows 300. */
export const MAX_SAMPLES_KEPT = 4_000;
/** Far beyond any machine's bytes; means and their squares have to fit into a float64, or no chart of the run can be read. */
const MAX_VALUE = 1e30;
const MAX_TIME_MS = 253_402_300_799_999;

/**
 * What an attempt's machine was doing, beside what the training program logs and apart from it. Only what is later than the last sample
 * kept is new, so that sending again is safe; it is no sign of life.
 * @throws AppError BAD_INPUT, NOT_FOUND, FORBIDDEN, UNAVAILABLE
 */
export async function logSystem(
  context: EngineContext,
  input: LogSystemInput,
): Promise<{ runId: number; kept: number }> {
  const { db } = context;
  const { runId, ...run } = await runFacts(db, checkId("runId", input.runId));
  const attempt = checkInteger("attempt", input.attempt, 1, 2_147_483_647);
  await authorizeAttempt(context, { ...run, runId }, attempt, "member");
  const samples = checkSamples(input.samples);
  if (samples.length === 0) return { runId, kept: 0 };
  const kept = await inTransaction(db, async (tx) => {
    const locked = await lockSystem(tx, { runId, attempt });
    if (locked === undefined) throw unknownAttempt(runId, attempt);
    const { lastTime, count, dropped } = locked;
    const fresh = dropped ? [] : samples.filter(({ time }) => lastTime === null || time > lastTime);
    if (fresh.length === 0) return 0;
    await insertSamples(tx, { runId, attempt, samples: fresh });
    if (count + fresh.length > MAX_SAMPLES_KEPT) await mergeNeighbours(tx, { runId, attempt });
    return fresh.length;
  });
  return { runId, kept };
}

/** In the order of time, each moment once. */
function checkSamples(samples: LogSystemInput["samples"]): SystemSample[] {
  if (!Array.isArray(samples) || samples.length > MAX_SAMPLES_A_CALL) {
    const found = Array.isArray(samples) ? samples.length : samples;
    throw badInput("samples", found, `a list of at most ${MAX_SAMPLES_A_CALL}`);
  }
  const names = new Set<string>();
  const byTime = new Map<number, SystemSample>();
  for (const [i, { timeMs, values }] of samples.entries()) {
    if (!(timeMs >= 0 && timeMs <= MAX_TIME_MS))
      throw badInput(`samples[${i}].timeMs`, timeMs, "milliseconds since 1970");
    const time = Math.round(timeMs);
    const known = checkValues(`samples[${i}].values`, values);
    for (const name of Object.keys(known)) names.add(name);
    if (!byTime.has(time)) byTime.set(time, { time, values: known });
  }
  if (names.size > MAX_NAMES) throw badInput("samples", `${names.size} names`, `at most ${MAX_NAMES}`);
  return [...byTime.values()].sort((a, b) => a.time - b.time);
}

function checkValues(place: string, values: unknown): Record<string, number> {
  if (typeof values !== "object" || values === null || Array.isArray(values))
    throw badInput(place, values, "a JSON object of numbers by name");
  for (const [name, value] of Object.entries(values)) {
    if (name.length === 0 || name.length > MAX_NAME || !isStorable(name))
      throw badInput(`a name in ${place}`, name, `text of 1 to ${MAX_NAME} characters`);
    if (typeof value !== "number" || !(Math.abs(value) <= MAX_VALUE))
      throw badInput(`${place}.${name}`, value, `a number from -${MAX_VALUE} to ${MAX_VALUE}`);
  }
  return values as Record<string, number>;
}
