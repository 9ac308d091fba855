import { parseJson, stringifyJson, toKept, type Value } from "@/core/value";
import type { Point, Points } from "./point";

/** What a run has that came by the number of its point, as it is stored. */
export interface HandedOut {
  readonly run: string;
  /** The last of several numbers that hold the point. */
  readonly index: bigint;
  /** Hex. */
  readonly hash: string;
  readonly repeat: number;
  /** JSON text. */
  readonly params: string;
}

export interface PointDifference {
  readonly index: string;
  /** Null where no run has the point. */
  readonly run: string | null;
  /** What differs: params, hash, repeat, index, run. */
  readonly field: string;
  readonly stored: unknown;
  readonly derived: unknown;
}

/** Derives the point of a run again, from its number, and compares it to the last bit. */
export function comparePoint(points: Points, run: HandedOut): PointDifference[] {
  const { index } = run;
  const place = { index: String(index), run: run.run };
  if (index < 0n || (points.size !== null && index >= points.size))
    return [{ ...place, field: "index", stored: String(index), derived: null }];
  const point = points.at(index);
  const stored = { params: toText(parseJson(run.params)), hash: run.hash, repeat: run.repeat };
  const derived = { params: toText(point.params), hash: toHex(point), repeat: point.repeat };
  return (["params", "hash", "repeat"] as const)
    .filter((field) => stored[field] !== derived[field])
    .map((field) => ({ ...place, field, stored: stored[field], derived: derived[field] }));
}

/**
 * Points that were passed over, though nobody has them.
 * @param from the first number that was handed out
 * @param to where the next claim would go on
 * @param isHad whether any run has the point, one of before included
 */
export function* passedOver(
  points: Points,
  { from, to }: { from: bigint; to: bigint },
  isHad: (hash: string, repeat: number) => boolean,
): Generator<PointDifference> {
  for (let number = from; number < to; ) {
    const point = points.at(number);
    const index = point.through ?? number;
    if (!isHad(toHex(point), point.repeat))
      yield { index: String(index), run: null, field: "run", stored: null, derived: toText(point.params) };
    number = index + 1n;
  }
}

const toHex = ({ hash }: Point): string => Buffer.from(hash).toString("hex");
const toText = (params: Value): string => stringifyJson(toKept(params));
