import {
  isList,
  isValueMap,
  parseJson,
  stringifyJson,
  toFloat,
  toNumber,
  toValueMap,
  type Value,
  type ValueMap,
} from "@/core/value";
import { type Ledger, openLedger, type Trial } from "./ledger";
import type { Outcome, Prediction, Problem, Reached, SearchMethod, Snapshot } from "./method";

/**
 * A ledger, and whatever else a method keeps, as text and back. Numbers come back to the bit (minus zero and NaN too),
 * parameters with their lexical kinds.
 */
export function toSnapshot(
  { name, version }: Pick<SearchMethod, "name" | "version">,
  { trials, settled }: Ledger,
  own: Value = null,
): Snapshot {
  const data = toValueMap([
    ["trials", [...trials.values()].map(fromTrial)],
    ["settled", settled.map(({ number }) => number)],
    ["own", own],
  ]);
  return { method: name, version, data: stringifyJson(data) };
}

/** @throws RangeError when the snapshot is another method's or version's, or no snapshot */
export function readSnapshot(
  { name, version }: Pick<SearchMethod, "name" | "version">,
  problem: Problem,
  snapshot: Snapshot,
  read: Parameters<typeof openLedger>[1],
): { ledger: Ledger; own: Value } {
  if (snapshot.method !== name || snapshot.version !== version)
    throw new RangeError(
      `a snapshot of ${snapshot.method} ${snapshot.version} can't be restored by ${name} ${version}`,
    );
  const data = parseJson(snapshot.data);
  const trials = listOf(fieldOf(data, "trials")).map((value) => toTrial(value, read));
  const settled = toNumbers(fieldOf(data, "settled"));
  return { ledger: openLedger(problem.config, read, { trials, settled }), own: fieldOf(data, "own") };
}

/** Numbers of any kind, for a method's own state. */
export const fromNumbers = (numbers: Iterable<number>): Value => Array.from(numbers, toFloat);
export const toNumbers = (value: Value): number[] => listOf(value).map(numberOf);

/** The value under a name of a map. @throws RangeError when there is none */
export function fieldOf(map: Value, name: string): Value {
  const value = isValueMap(map) ? map[name] : undefined;
  if (value === undefined) throw new RangeError(`a snapshot without "${name}" can't be restored`);
  return value;
}

function fromTrial(trial: Trial): Value {
  const { predicted, memory, progress, reached, outcome } = trial;
  return toValueMap([
    ["number", trial.number],
    ["params", trial.params],
    ["hash", trial.hash],
    ["repeat", trial.repeat],
    ["reason", trial.reason],
    ["state", trial.state],
    ["keepsPoint", trial.keepsPoint],
    ["started", trial.started],
    [
      "predicted",
      predicted && [...[predicted.mean, predicted.sd, predicted.acquisition].map(toFloat), predicted.by],
    ],
    ["memory", memory && fromNumbers(memory)],
    ["progress", progress && fromNumbers([progress.count, progress.value])],
    ["reached", reached && [fromNumbers(reached.best), fromNumbers(reached.last)]],
    ["objectives", outcome && fromNumbers(outcome.objectives)],
    [
      "metrics",
      outcome?.metrics === undefined
        ? null
        : toValueMap(Object.entries(outcome.metrics).map(([name, x]) => [name, toFloat(x)])),
    ],
  ]);
}

function toTrial(value: Value, read: Parameters<typeof openLedger>[1]): Trial {
  const field = (name: string): Value => fieldOf(value, name);
  const params = field("params") as ValueMap;
  const [memory, progress] = [field("memory"), field("progress")];
  const [count = 0, best = 0] = progress === null ? [] : toNumbers(progress);
  return {
    number: numberOf(field("number")),
    params,
    hash: String(field("hash")),
    repeat: numberOf(field("repeat")),
    x: read(params)?.x,
    reason: field("reason") as Trial["reason"],
    state: field("state") as Trial["state"],
    keepsPoint: field("keepsPoint") === true,
    started: field("started") === true,
    predicted: toPrediction(field("predicted")),
    memory: memory === null ? null : toNumbers(memory),
    progress: progress === null ? null : { count, value: best },
    reached: toReached(field("reached")),
    outcome: toOutcome(field("objectives"), field("metrics")),
  };
}

function toReached(value: Value): Reached | null {
  if (value === null) return null;
  const [best = null, last = null] = listOf(value);
  return { best: toNumbers(best), last: toNumbers(last) };
}

function toPrediction(value: Value): Prediction | null {
  if (value === null) return null;
  const [mean = null, sd = null, acquisition = null, by = null] = listOf(value);
  return { mean: numberOf(mean), sd: numberOf(sd), acquisition: numberOf(acquisition), by: String(by) };
}

function toOutcome(objectives: Value, metrics: Value): Outcome | null {
  if (objectives === null) return null;
  const outcome = { objectives: toNumbers(objectives) };
  if (!isValueMap(metrics)) return outcome;
  const entries = Object.entries(metrics).map(([name, x]) => [name, numberOf(x)]);
  return { ...outcome, metrics: Object.fromEntries(entries) };
}

const listOf = (value: Value): readonly Value[] => (isList(value) ? value : []);

/** JSON has no NaN and no infinities: they come back as texts. */
function numberOf(value: Value): number {
  return typeof value === "string" ? Number(value) : (toNumber(value) ?? Number.NaN);
}
