import { AppError } from "@/core/errors";
import { parseJson } from "@/core/value";
import type { HistoryRecord, Item, StatsRecord } from "./wandb-records";

/**
 * A record of the history as the client would send it: one object, nested as it was logged, since a picture is an object by its `_type`.
 * @throws AppError BAD_INPUT
 */
export function toHistoryLine({ step, items }: HistoryRecord): string {
  const own: Item[] = step === undefined ? [] : [{ path: ["_step"], json: String(step) }];
  return toObject([...own, ...items.filter(({ path }) => step === undefined || path[0] !== "_step")], 0);
}

/** A sample of the machine. @throws AppError BAD_INPUT */
export const toEventLine = ({ timeMs, items }: StatsRecord): string =>
  toObject(
    [
      { path: ["_timestamp"], json: String((timeMs ?? 0) / 1_000) },
      ...items.map(({ path, json }) => ({ path: [`system.${path.join(".")}`], json })),
    ],
    0,
  );

function toObject(items: readonly Item[], depth: number): string {
  const inside = new Map<string, Item[]>();
  const fields: string[] = [];
  for (const item of items) {
    const name = item.path[depth] ?? "";
    if (item.path.length === depth + 1) {
      fields.push(`${JSON.stringify(name)}:${checkJson(item.path, item.json)}`);
      continue;
    }
    const group = inside.get(name);
    if (group) group.push(item);
    else inside.set(name, [item]);
  }
  for (const [name, group] of inside) fields.push(`${JSON.stringify(name)}:${toObject(group, depth + 1)}`);
  return `{${fields.join(",")}}`;
}

/** What nearly every value of a history is, and needs no reading. */
const PLAIN =
  /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|-?Infinity|true|false|null|"[^"\\\p{Cc}]*")$/u;

/** A text that is no JSON would take all of its line with it. */
export function checkJson(path: readonly string[], json: string): string {
  if (PLAIN.test(json)) return json;
  try {
    parseJson(json);
    return json;
  } catch (cause) {
    throw new AppError(
      "BAD_INPUT",
      `the value of ${path.join(".")} is ${JSON.stringify(json.slice(0, 80))}, expected JSON text`,
      { cause },
    );
  }
}
