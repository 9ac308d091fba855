import type { Brush } from "./brush";

/**
 * A brush as it stands in an address: `0.001..0.01|0.1..1` for ranges, `adam|sgd` for categories, `~` for runs without a value.
 * What has a meaning here is escaped with `%` inside a category.
 */
export function writeBrush({ ranges = [], values = [], missing = false }: Brush): string {
  return [
    ...ranges.map(([low, high]) => `${low}..${high}`),
    ...values.map(quote),
    ...(missing ? ["~"] : []),
  ].join("|");
}

/** @returns undefined for what says nothing */
export function readBrush(text: string): Brush | undefined {
  const ranges: [number, number][] = [];
  const values: string[] = [];
  let missing = false;
  for (const part of text.split("|")) {
    const range = RANGE.exec(part);
    const [low, high] = [Number(range?.[1]), Number(range?.[2])];
    if (range && !Number.isNaN(low) && !Number.isNaN(high))
      ranges.push(low <= high ? [low, high] : [high, low]);
    else if (part === "~") missing = true;
    else if (part !== "") values.push(unquote(part));
  }
  if (ranges.length + values.length === 0 && !missing) return undefined;
  return {
    ...(ranges.length > 0 && { ranges }),
    ...(values.length > 0 && { values }),
    ...(missing && { missing }),
  };
}

const RANGE = /^([^%]+?)\.\.([^%]+)$/;

/** A text of two dots is no range: one dot of it is escaped. */
const quote = (text: string): string =>
  text
    .replaceAll("%", "%25")
    .replaceAll("|", "%7C")
    .replaceAll("..", "%2E.")
    .replace(/^$/, "%")
    .replace(/^~$/, "%7E");

const unquote = (text: string): string =>
  text === "%"
    ? ""
    : text.replaceAll(/%(7C|7E|2E|25)/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
