import type { Importance } from "@/core/importance";
import { toPercentText } from "./importance";

/** What two parameters do together beyond the sum of both, as a heat map: half a table, and what each does alone on its diagonal. */
export interface Interactions {
  /** From above and from the left. */
  readonly names: readonly string[];
  readonly cells: readonly InteractionCell[];
  /** Of the strongest colour. */
  readonly most: number;
  readonly summary: string;
  readonly notes: readonly string[];
  /** Every pair that is known, the strongest first. */
  readonly table: { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] };
}

export interface InteractionCell {
  readonly row: number;
  readonly column: number;
  /** 0..1 of the strongest colour; undefined for next to nothing. */
  readonly ramp: number | undefined;
  readonly text: string;
  /** What it says, in words. */
  readonly title: string;
}

/** Names and figures that can be read on a phone. */
export const MOST_NAMES = 8;
/** Half a percent is within what chance makes. */
const NOTHING = 0.005;
/** Of the strongest colour: where no pair does more, none shall look as if it did much. */
const LEAST_TOP = 0.05;

/** Undefined where the method says nothing of pairs, and for fewer than two parameters. */
export function prepareInteractions(answer: Importance, metric: string): Interactions | undefined {
  const { parameters, pairs } = answer;
  if (answer.method === "good" || parameters.length < 2) return undefined;
  const shares = new Map(parameters.map(({ name, importance }) => [name, importance]));
  const together = new Map<string, number>(parameters.map(({ name }) => [name, 0]));
  for (const { a, b, importance } of pairs)
    for (const name of [a, b]) together.set(name, Math.max(together.get(name) ?? 0, importance));
  // Those of the strongest pairs, in the order of the bars above.
  const most = [...together].sort((x, y) => y[1] - x[1] || (shares.get(y[0]) ?? 0) - (shares.get(x[0]) ?? 0));
  const chosen = new Set(most.slice(0, MOST_NAMES).map(([name]) => name));
  const names = parameters.flatMap(({ name }) => (chosen.has(name) ? [name] : []));
  const known = new Map(pairs.map(({ a, b, importance }) => [keyOf(a, b), importance]));
  const strongest = Math.max(LEAST_TOP, ...pairs.map(({ importance }) => importance));
  const cells = names.flatMap((a, row) =>
    names.slice(0, row + 1).map((b, column): InteractionCell => {
      const alone = row === column;
      const share = (alone ? shares.get(a) : known.get(keyOf(a, b))) ?? 0;
      return {
        ...{ row, column },
        // The diagonal is read in figures: its shares would leave the pairs without colour.
        ramp: alone || share < NOTHING ? undefined : share / strongest,
        text: alone || share >= NOTHING ? toFigure(share) : "",
        title: alone
          ? `${a} by itself ${toPercentText(share)}`
          : `${a} with ${b} ${toPercentText(share)} beyond what each does alone`,
      };
    }),
  );
  const first = pairs[0];
  return {
    ...{ names, cells, most: strongest },
    summary:
      first && first.importance >= 0.01
        ? `What two parameters do to ${metric} together: most of all ${first.a} with ${first.b}, ${toPercentText(first.importance)} of the variation beyond what each does alone.`
        : `No two parameters together explain 1 % of the variation in ${metric} more than each does alone.`,
    notes:
      parameters.length > MOST_NAMES
        ? [`the ${MOST_NAMES} of ${parameters.length} parameters that do most together`]
        : [],
    table: {
      columns: ["Parameter", "With", "Share beyond both"],
      rows: pairs.map(({ a, b, importance }) => [a, b, toPercentText(importance)]),
    },
  };
}

const keyOf = (a: string, b: string): string => JSON.stringify(a < b ? [a, b] : [b, a]);

/** In percent, without the sign: a cell is small. */
const toFigure = (share: number): string => {
  const percent = Math.max(0, share) * 100;
  return percent > 0 && percent < 1 ? percent.toFixed(1) : String(Math.round(percent));
};
