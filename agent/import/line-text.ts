import { AppError } from "@/core/errors";
import { parseJson } from "@/core/value";
import type { HistoryRecord, Item, StatsRecord } from "./wandb-records";

/** A record of the history as the client would send it: one object, nested names with dots. @throws AppError BAD_INPUT */
export function toHistoryLine({ step, items }: HistoryRecord): string {
  const own = step === undefined ? [] : [`"_step":${step}`];
  const values = items.filter(({ path }) => step === undefined || path[0] !== "_step").map(toField);
  return `{${[...own, ...values].join(",")}}`;
}

/** A sample of the machine. @throws AppError BAD_INPUT */
export const toEventLine = ({ timeMs, items }: StatsRecord): string =>
  `{"_timestamp":${(timeMs ?? 0) / 1_000}${items
    .map(({ path, json }) => `,${toField({ path: [`system.${path.join(".")}`], json })}`)
    .join("")}}`;

const toField = ({ path, json }: Item): string =>
  `${JSON.stringify(path.join("."))}:${checkJson(path, json)}`;

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
