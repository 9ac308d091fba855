import { AppError, isAppError } from "@/core/errors";
import { isList, isValueMap, stringifyJson, toValueMap, type Value, type ValueMap } from "@/core/value";
import { badInput, isStorableJson, MAX_PARAMS_BYTES, STORABLE_JSON } from "@/engine/check";
import { enqueueRun } from "@/engine/enqueue-run";
import type { ControllerWish } from "@/engine/follow-controller";
import type { GatewayContext } from "./context";
import { parseObject, toWords } from "./words";

/*
 * Runs that a program on somebody's machine chose: `wandb controller`, which writes all that it wants into one JSON object, and
 * `wandb sweep-scheduler` or `sweep.enqueue_run()`, which ask for one run at a time (W99, W100).
 */

/** The client schedules one run at a time. */
const MOST_ENTRIES = 100;
const MOST_STOPS = 1_000;
const MOST_CHARACTERS = 4 * MAX_PARAMS_BYTES;

/**
 * `{"schedule": [{"id": "x", "data": {"args": {"lr": {"value": 0.1}}}}], "earlystop": ["run"]}`; `{}` begins anew.
 * @throws AppError BAD_INPUT, INPUT_TOO_LARGE
 */
export function readControllerWish(sweepId: string, text: string): ControllerWish {
  if (text.length > MOST_CHARACTERS)
    throw new AppError(
      "INPUT_TOO_LARGE",
      `controller has ${text.length} characters, at most ${MOST_CHARACTERS} are taken`,
    );
  const wish = parseObject("controller", text);
  const said = stringifyJson(wish);
  if (!isStorableJson(said)) throw badInput("controller", said, STORABLE_JSON);
  const schedule = listOf(wish, "schedule", MOST_ENTRIES).map(readEntry);
  const stop = listOf(wish, "earlystop", MOST_STOPS).map((name) => {
    if (typeof name === "string") return name;
    throw wrong("earlystop", name, "a list of names of runs");
  });
  return { sweepId, said, schedule, stop };
}

function listOf(said: ValueMap, name: string, most: number): readonly Value[] {
  const list = said[name] ?? [];
  if (isList(list) && list.length <= most) return list;
  throw wrong(name, list, `a list of at most ${most}`);
}

/** Arguments that are null say that nothing more will come. */
function readEntry(entry: Value): ControllerWish["schedule"][number] {
  const { id = null, data = null } = isValueMap(entry) ? entry : {};
  const args = isValueMap(data) ? (data.args ?? null) : null;
  const isId = typeof id === "string" && id.length > 0 && id.length <= 128;
  if (!isId || !isValueMap(data) || (args !== null && !isValueMap(args)))
    throw wrong("schedule", entry, '{"id": TEXT, "data": {"args": {NAME: {"value": VALUE}}}}');
  if (args === null) return { id, params: null };
  const params = toParams(args);
  const { length } = stringifyJson(params);
  if (length > MAX_PARAMS_BYTES)
    throw new AppError(
      "INPUT_TOO_LARGE",
      `the arguments of ${id} have ${length} characters, at most ${MAX_PARAMS_BYTES} are taken`,
    );
  return { id, params };
}

const wrong = (name: string, value: Value, expected: string): AppError =>
  new AppError(
    "BAD_INPUT",
    `controller.${name} has ${stringifyJson(value).slice(0, 200)}, expected ${expected}`,
  );

/** `{"lr": {"value": 0.1}}` as `{"lr": 0.1}`. Whoever calls `enqueue_run` may write it either way. */
export function toParams(config: ValueMap): ValueMap {
  const entries = Object.entries(config).filter(([name]) => name !== "_wandb");
  const wrapped = entries.map(
    ([name, value]) => [name, isValueMap(value) ? value.value : undefined] as const,
  );
  const isWrapped = entries.every(
    ([, value]) =>
      isValueMap(value) &&
      "value" in value &&
      Object.keys(value).every((key) => key === "value" || key === "desc"),
  );
  return toValueMap(
    isWrapped
      ? wrapped.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
      : entries,
  );
}

export interface EnqueueSweepRunInput {
  /** Of the sweep. */
  readonly id: string;
  readonly config: string;
  readonly displayName?: string | null;
}

/**
 * W99. A scheduler that meets the end of `run_cap`, or a full queue, is to ask again: it looks first whether the sweep has ended meanwhile,
 * and leaves well then, where a refusal would end it with an error.
 * @throws AppError as `enqueueRun` does, RATE_LIMITED
 */
export async function enqueueSweepRun({ input }: { input: EnqueueSweepRunInput }, context: GatewayContext) {
  try {
    const { name } = await enqueueRun(context, {
      sweepId: input.id,
      params: stringifyJson(toParams(parseObject("config", input.config))),
      displayName: toWords(input.displayName, 500),
    });
    return { id: name, runQueueItemId: null };
  } catch (error) {
    if (context.publicClient || !isAppError(error) || !isForNow(error)) throw error;
    throw new AppError("RATE_LIMITED", error.message, { details: { retryAfterMs: ASK_AGAIN_MS } });
  }
}
const ASK_AGAIN_MS = 5_000;

const isForNow = ({ code, details: { state } }: AppError): boolean =>
  code === "ILLEGAL_MOVE" && state !== "finished" && state !== "canceled";
